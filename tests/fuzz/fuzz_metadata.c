/* Metadata of any bytes: every text is valid UTF-8 and NFC, no date lies behind the fetch, lists have no empty members,
 * and a second reading gives the same. The first byte chooses whether the address and headers are known. */
#include "extract/extract.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define CHECK(condition)                                                                                               \
	do {                                                                                                           \
		if (!(condition))                                                                                      \
			abort();                                                                                       \
	} while (0)

static void check_text(struct span text)
{
	struct buffer nfc;
	if (!text.data)
		return;
	CHECK(text.size > 0 && utf8_valid(text));
	buffer_init(&nfc, text.size * 4 + 64);
	CHECK(utf8_nfc(text, &nfc) == STATUS_OK && span_equal(buffer_span(&nfc), text));
	buffer_free(&nfc);
}

static void check_list(const struct span *texts, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		CHECK(texts[i].data);
		check_text(texts[i]);
	}
}

static void check(const struct page_metadata *m, int64_t fetch_time)
{
	const struct span texts[] = {m->title,       m->title_full, m->site_name,         m->canonical_url,
				     m->description, m->license,    m->language_declared, m->image,
				     m->tdm_policy,  m->page_type,  m->json_body,         m->source_name};
	check_list(m->authors, m->author_count);
	check_list(m->tags, m->tag_count);
	check_list(m->descriptions, m->description_count);
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
		check_text(texts[i]);
	const struct span dates[] = {m->date_published, m->date_modified};
	for (size_t i = 0; i < 2; i++)
		if (dates[i].data) {
			int64_t date = date_parse_w3c(dates[i]);
			CHECK(date != DATE_NONE);
			CHECK(fetch_time == DATE_NONE || date < fetch_time + 3 * 86400);
		}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size < 1 || size > 1 << 16)
		return 0;
	struct span text = {(const char *)data + 1, size - 1};
	text.size = utf8_valid_prefix(text);
	struct html_parser *parser = html_parser_new(NULL);
	struct metadata_reader *reader = metadata_reader_new();
	struct arena *arena = arena_new(1 << 24);
	struct page page = {.fetch_time = DATE_NONE, .html = text};
	if (data[0] & 1) {
		page.url = SPAN("https://www.sampledaily.example/2020/06/07/river-rises");
		page.fetch_time = date_from_civil(2024, 6, 10, 0, 0, 0);
	}
	if (data[0] & 2)
		page.x_robots_tag = page.tdm_reservation = page.tdm_policy = page.content_language = text;
	struct page_metadata first, second;
	if (html_parse(parser, text, &page.tree) != STATUS_MEMORY) {
		CHECK(metadata_read(reader, &page, arena, &first) == STATUS_OK);
		check(&first, page.fetch_time);
		struct span body;
		CHECK(metadata_page_state_body(reader, &page, &first, span_slice(text, 0, 100), arena, &body) ==
		      STATUS_OK);
		check_text(body);
		CHECK(metadata_read(reader, &page, arena, &second) == STATUS_OK);
		CHECK(span_equal(first.title, second.title) && span_equal(first.date_published, second.date_published));
		CHECK(first.author_count == second.author_count && first.robots == second.robots);
		struct span language, languages;
		CHECK(language_detect(text, arena, &language, &languages) == STATUS_OK);
	}
	html_parser_free(parser);
	metadata_reader_free(reader);
	arena_free(arena);
	return 0;
}
