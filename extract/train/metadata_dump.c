/* metadata_dump: the groups of evidence of each page with their features, one JSON line a page, for
 * extract/train/metadata_weights.py. With --plain the chosen metadata instead: {"id","title","author","date",…}, which
 * the extraction scorer reads.
 *
 * usage: metadata_dump [--plain] TRUTH.jsonl FOLDER   (FOLDER/<id>.html; the truth's lines give id and url) */
#include "extract/metadata_internal.h"

#include <stdio.h>
#include <stdlib.h>

static void put_features(struct json_writer *writer, const struct group_list *list, size_t index, int field)
{
	const struct group *group = &list->rows[index];
	uint8_t said[METADATA_SOURCE_COUNT], x[DESCRIBE_MAX];
	json_key(writer, "f");
	json_begin(writer, '[');
	for (size_t i = 0; i < group->feature_count; i++)
		json_uint(writer, group->features[i]);
	json_end(writer, ']');
	json_key(writer, "x");
	json_begin(writer, '[');
	group_said(list, said);
	for (size_t i = 0, n = group_describe(list, index, said, field, x); i < n; i++)
		json_uint(writer, x[i]);
	json_end(writer, ']');
	json_end(writer, '}');
}

static void put_groups(struct json_writer *writer, struct metadata_reader *reader)
{
	struct group_list *list = &reader->groups;
	group_titles(reader, list);
	json_key(writer, "title");
	json_begin(writer, '[');
	for (size_t i = 0; i < list->count; i++) {
		json_begin(writer, '{');
		json_put_text(writer, "v", list->rows[i].text);
		put_features(writer, list, i, 0);
	}
	json_end(writer, ']');
	const struct group *title = group_choose(list, 0);
	place_heading(reader, title ? title->text : SPAN_NONE);
	group_authors(reader, list);
	json_key(writer, "author");
	json_begin(writer, '[');
	for (size_t i = 0; i < list->count; i++) {
		json_begin(writer, '{');
		json_key(writer, "v");
		json_begin(writer, '[');
		for (size_t k = 0; k < list->rows[i].name_count; k++)
			json_text(writer, list->rows[i].names[k]);
		json_end(writer, ']');
		put_features(writer, list, i, 1);
	}
	json_end(writer, ']');
	group_dates(reader, list);
	json_key(writer, "date");
	json_begin(writer, '[');
	for (size_t i = 0; i < list->count; i++) {
		json_begin(writer, '{');
		struct span value = metadata_date_print(&list->rows[i].date, reader->arena);
		json_put_text(writer, "v", value);
		put_features(writer, list, i, 2);
	}
	json_end(writer, ']');
}

static void put_list(struct json_writer *writer, const char *key, const struct span *texts, size_t count)
{
	if (!count)
		return;
	json_key(writer, key);
	json_begin(writer, '[');
	for (size_t i = 0; i < count; i++)
		json_text(writer, texts[i]);
	json_end(writer, ']');
}

static void put_plain(struct json_writer *writer, const struct page_metadata *metadata)
{
	json_put_text(writer, "title", metadata->title);
	put_list(writer, "author", metadata->authors, metadata->author_count);
	json_put_text(writer, "date", metadata->date_published);
	json_put_text(writer, "modified", metadata->date_modified);
	json_put_text(writer, "site_name", metadata->site_name);
	json_put_text(writer, "canonical_url", metadata->canonical_url);
	json_put_text(writer, "description", metadata->description);
	json_put_text(writer, "license", metadata->license);
	json_put_text(writer, "language_declared", metadata->language_declared);
	json_put_text(writer, "page_type", metadata->page_type);
	json_put_text(writer, "source_name", metadata->source_name);
	put_list(writer, "tags", metadata->tags, metadata->tag_count);
	json_put_uint(writer, "robots", metadata->robots);
	json_put_uint(writer, "json_body", metadata->json_body.size);
}

struct work {
	struct arena *arena;
	struct html_parser *parser;
	struct metadata_reader *reader;
	struct charset_decoder *decoder;
	struct buffer html, out;
};

static void one_page(struct work *work, const struct json *row, const char *folder, bool plain)
{
	char path[4096];
	struct span id = json_get_text(row, "id");
	snprintf(path, sizeof path, "%s/%.*s.html", folder, SPAN_ARG(id));
	buffer_clear(&work->html);
	struct fault fault;
	if (file_read(path, &work->html, &fault) != STATUS_OK) {
		fprintf(stderr, "%s: %s\n", path, fault.text);
		return;
	}
	struct page page = {.url = json_get_text(row, "url"), .fetch_time = DATE_NONE};
	struct charset_result charset;
	charset_decode(work->decoder, buffer_span(&work->html), SPAN_NONE, &page.html, &charset);
	if (html_parse(work->parser, page.html, &page.tree) == STATUS_MEMORY)
		return;
	struct json_writer writer;
	buffer_clear(&work->out);
	json_start(&writer, &work->out);
	json_begin(&writer, '{');
	json_put_text(&writer, "id", id);
	if (plain) {
		struct page_metadata metadata;
		metadata_read(work->reader, &page, work->arena, &metadata);
		put_plain(&writer, &metadata);
	} else {
		metadata_collect(work->reader, &page);
		put_groups(&writer, work->reader);
	}
	json_end(&writer, '}');
	printf("%.*s\n", SPAN_ARG(buffer_span(&work->out)));
}

int main(int argc, char **argv)
{
	bool plain = argc == 4 && strcmp(argv[1], "--plain") == 0;
	if (argc != 3 + plain) {
		fprintf(stderr, "usage: metadata_dump [--plain] TRUTH.jsonl FOLDER\n");
		return 64;
	}
	struct work work = {.arena = arena_new(64 << 20),
			    .parser = html_parser_new(NULL),
			    .reader = metadata_reader_new(),
			    .decoder = charset_decoder_new(64 << 20)};
	struct buffer truth;
	struct fault fault;
	buffer_init(&truth, 1 << 30);
	buffer_init(&work.html, 1 << 28);
	buffer_init(&work.out, 1 << 28);
	if (file_read(argv[1 + plain], &truth, &fault) != STATUS_OK) {
		fprintf(stderr, "%s: %s\n", argv[1 + plain], fault.text);
		return 74;
	}
	struct span rest = buffer_span(&truth), line;
	while (span_cut(&rest, '\n', &line)) {
		const struct json *row;
		arena_reset(work.arena);
		if (line.size && json_parse(work.arena, line, 0, &row, &fault) == STATUS_OK)
			one_page(&work, row, argv[2 + plain], plain);
	}
	buffer_free(&truth);
	buffer_free(&work.html);
	buffer_free(&work.out);
	charset_decoder_free(work.decoder);
	metadata_reader_free(work.reader);
	html_parser_free(work.parser);
	arena_free(work.arena);
	return 0;
}
