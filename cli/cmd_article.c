/* cmd_article: pages in files and folders to articles, one JSON object a line; or, with --explain, pages to HTML that
 * shows what was kept and why. */
#include "cli/cli.h"
#include "extract/extract.h"

#include <dirent.h>
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

enum { PAGE_MAX = 256 << 20 };

struct article_command {
	struct article_options options;
	const char *url;
	bool explain, strict;
	struct charset_decoder *decoder;
	struct html_parser *parser;
	struct article_extractor *extractor;
	struct arena *arena;
	struct buffer bytes, out;
	int exit_code;
};

static int usage(FILE *out)
{
	fputs("usage: warcmill article [OPTION]... FILE|FOLDER|-...\n"
	      "\n"
	      "Print the article of each HTML page as one JSON object a line: id (the file's stem), url, title, "
	      "author, date,\n"
	      "language, text and more. Of a folder, all files in it (not below it), in name order. A page that is no "
	      "article has\n"
	      "\"rejected\" with the reason; its text is the best effort.\n"
	      "\n"
	      "      --url URL          address of the page; of one FILE only\n"
	      "      --text FORM        plain (default) or markdown\n"
	      "      --blocks           also each block of text with its score and whether it was kept\n"
	      "      --explain          HTML instead: every block coloured by its score, with the reason; of\n"
	      "                         one FILE only\n"
	      "      --keep-all         no page is rejected\n"
	      "      --model FILE       a model of extract/train instead of the built-in one\n"
	      "      --help\n",
	      out);
	return out == stdout ? EXIT_DONE : EXIT_USAGE;
}

static void put_list(struct json_writer *writer, const char *key, const struct span *items, size_t count)
{
	if (!count)
		return;
	json_key(writer, key);
	json_begin(writer, '[');
	for (size_t i = 0; i < count; i++)
		json_text(writer, items[i]);
	json_end(writer, ']');
}

/* A file's name and an argument may be any bytes; JSON is UTF-8. */
static void put_bytes(struct json_writer *writer, const char *key, struct span bytes)
{
	char *text = utf8_percent(bytes);
	if (!text)
		writer->out->status = STATUS_MEMORY;
	json_put_text(writer, key, span_of(text));
	free(text);
}

static void put_robots(struct json_writer *writer, unsigned robots)
{
	static const char *const names[] = {"noindex",  "noarchive",       "noai", "noimageai", "nosnippet",
					    "nofollow", "tdm-reservation", "noml"};
	if (!robots)
		return;
	json_key(writer, "robots");
	json_begin(writer, '[');
	for (unsigned i = 0; i < sizeof names / sizeof *names; i++)
		if (robots & 1u << i)
			json_text(writer, span_of(names[i]));
	json_end(writer, ']');
}

static void put_blocks(struct json_writer *writer, const struct article *article)
{
	json_key(writer, "blocks");
	json_begin(writer, '[');
	for (size_t i = 0; i < article->block_count; i++) {
		const struct article_block *block = &article->blocks[i];
		json_begin(writer, '{');
		json_key(writer, "kept");
		json_bool(writer, block->kept);
		json_key(writer, "score");
		json_real(writer, (double)block->score, 3);
		json_put_text(writer, "why", span_of(block->why));
		json_put_text(writer, "text", block->text);
		json_end(writer, '}');
	}
	json_end(writer, ']');
}

static void put_article(struct article_command *c, struct span id, const struct article *article)
{
	const struct page_metadata *m = &article->metadata;
	struct json_writer writer;
	json_start(&writer, &c->out);
	json_begin(&writer, '{');
	put_bytes(&writer, "id", id);
	put_bytes(&writer, "url", span_of(c->url));
	json_put_text(&writer, "title", m->title);
	put_list(&writer, "author", m->authors, m->author_count);
	json_put_text(&writer, "date", m->date_published);
	json_put_text(&writer, "date_modified", m->date_modified);
	json_put_text(&writer, "language", article->language);
	json_put_text(&writer, "languages", article->languages);
	json_put_text(&writer, "language_declared", m->language_declared);
	json_put_text(&writer, "site_name", m->site_name);
	json_put_text(&writer, "canonical_url", m->canonical_url);
	json_put_text(&writer, "description", m->description);
	put_list(&writer, "tags", m->tags, m->tag_count);
	json_put_text(&writer, "license", m->license);
	json_put_text(&writer, "image", m->image);
	put_robots(&writer, m->robots);
	json_put_text(&writer, "rejected", span_of(article->rejected));
	json_put_text(&writer, "method", span_of(article->method));
	json_key(&writer, "confidence");
	json_real(&writer, article->confidence, 3);
	json_put_uint(&writer, "words", article->words);
	json_key(&writer, "text");
	json_text(&writer, article->text);
	if (c->options.blocks)
		put_blocks(&writer, article);
	json_end(&writer, '}');
	buffer_append_byte(&c->out, '\n');
}

/* What is surely no page, by its first bytes; NULL for anything else. Read as a page it would be an article of noise.
 */
static const char *foreign_kind(struct span bytes)
{
	static const struct {
		const char *bytes, *name;
	} rows[] = {
		{"WARC/", "a web archive"},   {"\x1F\x8B", "gzip data"}, {"\x28\xB5\x2F\xFD", "zstd data"},
		{"PK\x03\x04", "a zip file"}, {"%PDF-", "a PDF file"},
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		if (span_starts(bytes, span_of(rows[i].bytes)))
			return rows[i].name;
	return NULL;
}

static int page_run(struct article_command *c, const char *path, struct span id)
{
	struct fault fault = {0};
	struct page page = {.url = c->url ? span_of(c->url) : SPAN_NONE, .fetch_time = DATE_NONE};
	struct charset_result charset;
	struct article article;
	buffer_clear(&c->bytes);
	buffer_clear(&c->out);
	enum status status = file_read(path, &c->bytes, &fault);
	if (status)
		return cli_fail(cli_status_exit(file_named(status, path)), "article", "%s: %s", path,
				fault.text[0] ? fault.text : status_name(status));
	const char *foreign = foreign_kind(buffer_span(&c->bytes));
	if (foreign)
		return cli_fail(EXIT_DATA, "article",
				"%s: this is %s, not a page; warcmill ls, cat and build read archives", path, foreign);
	status = charset_decode(c->decoder, buffer_span(&c->bytes), SPAN_NONE, &page.html, &charset);
	if (!status || status == STATUS_LIMIT)
		status = html_parse(c->parser, page.html, &page.tree);
	if (!status || status == STATUS_LIMIT)
		status = article_extract(c->extractor, &page, &article);
	if (status)
		return cli_fail(cli_status_exit(status), "article", "%s: %s", path, status_name(status));
	if (c->explain)
		status = article_explain(&page, &article, &c->out);
	else
		put_article(c, id, &article);
	if (status || c->out.status)
		return cli_fail(EXIT_IO, "article", "%s: no memory for the result", path);
	if (fwrite(c->out.data, 1, c->out.size, stdout) != c->out.size)
		return cli_fail(EXIT_IO, "article", "cannot write to standard output: %s", strerror(errno));
	return EXIT_DONE;
}

/* A file's name without folder and suffix. */
static struct span stem_of(const char *path)
{
	const char *name = strrchr(path, '/') ? strrchr(path, '/') + 1 : path;
	const char *dot = strrchr(name, '.');
	return (struct span){name, dot && dot > name ? (size_t)(dot - name) : strlen(name)};
}

static void file_run(struct article_command *c, const char *path)
{
	bool pipe = !strcmp(path, "-");
	if (ferror(stdout)) /* said already */
		return;
	int code = page_run(c, pipe ? "/dev/stdin" : path, pipe ? SPAN("-") : stem_of(path));
	if (code > c->exit_code)
		c->exit_code = code;
}

static void folder_run(struct article_command *c, const char *path)
{
	struct dirent **entries = NULL;
	int count = scandir(path, &entries, NULL, alphasort);
	if (count < 0) {
		c->exit_code = cli_fail(EXIT_IO, "article", "%s: %s", path, strerror(errno));
		return;
	}
	for (int i = 0; i < count; i++) {
		struct stat info;
		struct span name = arena_print(c->arena, "%s/%s", path, entries[i]->d_name);
		if (entries[i]->d_name[0] != '.' && name.data && !stat(name.data, &info) && S_ISREG(info.st_mode))
			file_run(c, name.data);
		arena_reset(c->arena);
		free(entries[i]);
	}
	free(entries);
}

static bool options_read(struct article_command *c, int argc, char **argv, const char **model)
{
	static const struct option longs[] = {
		{"url", required_argument, NULL, 'u'}, {"text", required_argument, NULL, 't'},
		{"blocks", no_argument, NULL, 'b'},    {"explain", no_argument, NULL, 'e'},
		{"keep-all", no_argument, NULL, 'k'},  {"model", required_argument, NULL, 'm'},
		{"help", no_argument, NULL, 'h'},      {NULL, 0, NULL, 0},
	};
	int option;
	while ((option = cli_option(argc, argv, "article", ":", longs)) != -1) {
		switch (option) {
		case 'u':
			c->url = optarg;
			break;
		case 't':
			if (strcmp(optarg, "plain") && strcmp(optarg, "markdown")) {
				c->exit_code = cli_fail(EXIT_USAGE, "article", "--text is plain or markdown, not '%s'",
							optarg);
				return false;
			}
			c->options.text = optarg[0] == 'm' ? ARTICLE_MARKDOWN : ARTICLE_PLAIN;
			break;
		case 'b':
			c->options.blocks = true;
			break;
		case 'e':
			c->explain = true;
			break;
		case 'k':
			c->options.keep_all = true;
			break;
		case 'm':
			*model = optarg;
			break;
		case 'h':
			c->exit_code = usage(stdout);
			return false;
		default:
			c->exit_code = EXIT_USAGE;
			return false;
		}
	}
	if (optind == argc) {
		c->exit_code = cli_fail(EXIT_USAGE, "article", "no FILE was given; see warcmill article --help");
		return false;
	}
	struct stat info;
	bool several = argc - optind > 1 || (!stat(argv[optind], &info) && S_ISDIR(info.st_mode));
	if (several && (c->url || c->explain)) {
		c->exit_code = cli_fail(EXIT_USAGE, "article", "%s; give one FILE",
					c->url ? "--url is the address of one page" : "--explain writes one page");
		return false;
	}
	return true;
}

int cli_article(int argc, char **argv)
{
	struct article_command c = {0};
	struct article_model *model = NULL;
	struct fault fault = {0};
	const char *path = NULL;
	if (!options_read(&c, argc, argv, &path))
		return c.exit_code;
	buffer_init(&c.bytes, PAGE_MAX);
	buffer_init(&c.out, (size_t)4 * PAGE_MAX);
	if (path) {
		enum status status = file_read(path, &c.bytes, &fault);
		if (status || !(model = article_model_open(buffer_span(&c.bytes), &fault))) {
			int code = status ? cli_status_exit(file_named(status, path)) : EXIT_DATA;
			c.exit_code = cli_fail(code, "article", "--model %s: %s", path, fault.text);
			goto done;
		}
		c.options.model = model;
	}
	c.decoder = charset_decoder_new(PAGE_MAX);
	c.parser = html_parser_new(NULL);
	c.extractor = article_extractor_new(&c.options);
	c.arena = arena_new(1 << 20);
	if (!c.decoder || !c.parser || !c.extractor || !c.arena) {
		c.exit_code = cli_fail(EXIT_IO, "article", "no memory");
		goto done;
	}
	for (int i = optind; i < argc; i++) {
		struct stat info;
		if (strcmp(argv[i], "-") && !stat(argv[i], &info) && S_ISDIR(info.st_mode))
			folder_run(&c, argv[i]);
		else
			file_run(&c, argv[i]);
	}
done:
	article_extractor_free(c.extractor);
	article_model_free(model);
	html_parser_free(c.parser);
	charset_decoder_free(c.decoder);
	arena_free(c.arena);
	buffer_free(&c.bytes);
	buffer_free(&c.out);
	return c.exit_code;
}
