/* cmd_cat: one record by its address, as it is stored or as far decoded as asked for. */
#include "cli/each_record.h"
#include "extract/extract.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>

#define OUTPUT_MAX ((size_t)256 << 20)

enum part { PART_RECORD, PART_BLOCK, PART_PAYLOAD, PART_HTML, PART_TREE, PART_TEXT };

static int usage(FILE *out)
{
	fputs("usage: warcmill cat [OPTION] INPUT@OFFSET\n"
	      "\n"
	      "Write one record. INPUT@OFFSET is the address that warcmill ls and the corpus print, with the path in "
	      "place of the\n"
	      "name: archive.warc.gz@1234, site.wacz!archive/data.warc.gz@0, whole.warc.gz@0+5678.\n"
	      "\n"
	      "      --block      without the record's header\n"
	      "      --payload    the body: without HTTP header, chunks and content encoding\n"
	      "      --html       the body as UTF-8 text\n"
	      "      --tree       its tree, in the format of the html5lib tests\n"
	      "      --text       the article in it\n"
	      "      --help\n",
	      out);
	return out == stdout ? EXIT_DONE : EXIT_USAGE;
}

static int write_span(struct span bytes)
{
	if (fwrite(bytes.data, 1, bytes.size, stdout) != bytes.size || fflush(stdout))
		return cli_fail(EXIT_IO, "cat", "cannot write to standard output: %s", strerror(errno));
	return EXIT_DONE;
}

/* The page as text; UTF8 lives as long as DECODER. */
static enum status page_text(struct charset_decoder *decoder, const struct warc_record *record,
			     const struct warc_http *http, struct span *utf8)
{
	struct charset_result result;
	struct span type = http->present ? http->content_type : record->content_type;
	enum status status = charset_decode(decoder, http->body, type, utf8, &result);
	return status == STATUS_LIMIT ? STATUS_OK : status;
}

static int write_article(struct span utf8, const struct warc_record *record, const struct warc_http *http)
{
	struct html_parser *parser = html_parser_new(NULL);
	struct article_extractor *extractor = article_extractor_new(NULL);
	const struct html_tree *tree;
	struct article article;
	int code = parser && extractor ? EXIT_DONE : cli_fail(EXIT_IO, "cat", "out of memory");
	if (code == EXIT_DONE) {
		enum status status = html_parse(parser, utf8, &tree);
		struct page page = {.url = record->uri,
				    .fetch_time = record->date,
				    .html = utf8,
				    .tree = tree,
				    .last_modified = warc_field_get(http->fields, http->field_count, "Last-Modified"),
				    .content_language =
					    warc_field_get(http->fields, http->field_count, "Content-Language")};
		if (status == STATUS_OK || status == STATUS_LIMIT)
			status = article_extract(extractor, &page, &article);
		if (!status && article.rejected)
			fprintf(stderr, "warcmill cat: not an article: %s\n", article.rejected);
		code = status ? cli_fail(cli_status_exit(status), "cat", "out of memory") : write_span(article.text);
		if (!code && article.text.size)
			code = write_span(SPAN("\n"));
	}
	html_parser_free(parser);
	article_extractor_free(extractor);
	return code;
}

static int write_tree(struct span utf8)
{
	struct html_parser *parser = html_parser_new(NULL);
	const struct html_tree *tree;
	struct buffer out;
	buffer_init(&out, OUTPUT_MAX);
	enum status status = parser ? html_parse(parser, utf8, &tree) : STATUS_MEMORY;
	bool cut = status == STATUS_LIMIT;
	if (!status || cut)
		status = html_dump(tree, html_root(tree), &out);
	if (status == STATUS_LIMIT) {
		cut = true;
		status = STATUS_OK;
	}
	int code = status ? cli_fail(EXIT_IO, "cat", "out of memory") : write_span(buffer_span(&out));
	if (!code && cut)
		fputs("warcmill cat: the tree is not whole: a ceiling was reached\n", stderr);
	buffer_free(&out);
	html_parser_free(parser);
	return code;
}

static int write_part(enum part part, struct warc_reader *reader, struct warc_record *record)
{
	struct warc_http http;
	if (part == PART_RECORD) {
		int code = write_span(record->header);
		return code ? code : write_span(record->block);
	}
	if (part == PART_BLOCK)
		return write_span(record->block);
	if (record->flags & WARC_RECORD_SEGMENT && warc_record_join(reader, record, NULL))
		return cli_fail(EXIT_IO, "cat", "cannot read the record's other segments");
	if (warc_http_read(reader, record, &http))
		return cli_fail(EXIT_IO, "cat", "out of memory");
	if (part == PART_PAYLOAD)
		return write_span(http.body);
	struct charset_decoder *decoder = charset_decoder_new(OUTPUT_MAX);
	struct span utf8;
	int code = EXIT_IO;
	if (!decoder || page_text(decoder, record, &http, &utf8))
		code = cli_fail(EXIT_IO, "cat", "out of memory");
	else
		code = part == PART_HTML   ? write_span(utf8)
		       : part == PART_TREE ? write_tree(utf8)
					   : write_article(utf8, record, &http);
	charset_decoder_free(decoder);
	return code;
}

/* The record at (OFFSET, INNER) of INPUT. */
static int cat_input(const struct warc_input *input, uint64_t offset, uint64_t inner, enum part part)
{
	struct fault fault = {0};
	struct warc_record record;
	struct warc_damage damage;
	struct warc_reader *reader = warc_reader_new(NULL);
	if (!reader)
		return cli_fail(EXIT_IO, "cat", "out of memory");
	/* A stream has to be read from its start. */
	bool stream = warc_input_kind(input) == WARC_KIND_STREAM;
	enum status status = warc_reader_open(reader, input, stream ? 0 : offset, UINT64_MAX, true, &fault);
	int code = -1;
	while (!status && code < 0) {
		status = warc_next(reader, &record, &damage, &fault);
		uint64_t at = status == STATUS_OK ? record.offset : status == STATUS_DATA ? damage.offset : offset;
		if (status == STATUS_OK && record.offset == offset && record.inner == inner)
			code = write_part(part, reader, &record);
		else if (status == STATUS_DATA && at == offset && damage.inner == inner && !damage.padding)
			code = cli_fail(EXIT_DATA, "cat", "no record begins at %llu: %s", (unsigned long long)offset,
					damage.text);
		if (status == STATUS_DATA)
			status = STATUS_OK;
		if (at > offset)
			break;
	}
	if (code < 0)
		code = status == STATUS_OK || status == STATUS_END
			       ? cli_fail(EXIT_DATA, "cat", "no record begins at %llu", (unsigned long long)offset)
			       : cli_fail(cli_status_exit(status), "cat", "%s: %s", warc_input_path(input), fault.text);
	warc_reader_free(reader);
	return code;
}

/* PATH, perhaps with "!member". */
static int cat_path(char *path, uint64_t offset, uint64_t inner, enum part part)
{
	struct warc_inputs *inputs;
	struct fault fault = {0};
	const char *member = NULL;
	enum status status = warc_inputs_new((const char *const[]){path}, 1, NULL, &inputs, &fault);
	for (char *mark = strchr(path, '!'); status == STATUS_USAGE && mark; mark = strchr(mark + 1, '!')) {
		*mark = '\0';
		status = warc_inputs_new((const char *const[]){path}, 1, NULL, &inputs, &fault);
		member = mark + 1;
		if (status)
			*mark = '!';
	}
	if (status)
		return cli_fail(cli_status_exit(status), "cat", "%s", fault.text);
	const struct warc_input *found = !member && warc_inputs_count(inputs) == 1 ? warc_inputs_at(inputs, 0) : NULL;
	for (size_t i = 0; member && i < warc_inputs_count(inputs); i++) {
		const struct warc_input *input = warc_inputs_at(inputs, i);
		const char *mark = strchr(warc_input_name(input), '!');
		if (mark && !strcmp(mark + 1, member))
			found = input;
	}
	int code = found    ? cat_input(found, offset, inner, part)
		   : member ? cli_fail(EXIT_USAGE, "cat", "%s holds no %s", path, member)
			    : cli_fail(EXIT_USAGE, "cat", "%s holds %zu archives: name one, as %s!MEMBER@OFFSET", path,
				       warc_inputs_count(inputs), path);
	warc_inputs_free(inputs);
	return code;
}

int cli_cat(int argc, char **argv)
{
	static const struct option options[] = {
		{"block", no_argument, NULL, PART_BLOCK},
		{"payload", no_argument, NULL, PART_PAYLOAD},
		{"html", no_argument, NULL, PART_HTML},
		{"tree", no_argument, NULL, PART_TREE},
		{"text", no_argument, NULL, PART_TEXT},
		{"help", no_argument, NULL, 'h'},
		{NULL, 0, NULL, 0},
	};
	enum part part = PART_RECORD;
	for (int option; (option = cli_option(argc, argv, "cat", ":h", options)) != -1;) {
		if (option >= PART_BLOCK && option <= PART_TEXT)
			part = (enum part)option;
		else
			return option == 'h' ? usage(stdout) : EXIT_USAGE;
	}
	if (optind + 1 != argc)
		return cli_fail(EXIT_USAGE, "cat", "one INPUT@OFFSET is needed; see warcmill cat --help");
	char *path = argv[optind], *at = strrchr(path, '@');
	uint64_t offset, inner;
	if (!at || at == path || !warc_address_parse(span_of(at + 1), &offset, &inner))
		return cli_fail(EXIT_USAGE, "cat", "%s is not INPUT@OFFSET", path);
	*at = '\0';
	return cat_path(path, offset, inner, part);
}
