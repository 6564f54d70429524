/* metadata: a page's metadata, from evidence to the struct. Owns the reader and the fields that need no choice. */
#include "extract/metadata_internal.h"
#include "extract/optout_internal.h"

#include <stdlib.h>

enum { SCRATCH_MAX = 64 << 20, TEXT_MAX = 4 << 20 };

struct metadata_reader *metadata_reader_new(void)
{
	struct metadata_reader *reader = memory_zeroed(1, sizeof *reader);
	if (!reader)
		return NULL;
	reader->arena = arena_new(SCRATCH_MAX);
	reader->months = month_names_new();
	author_index(reader);
	hint_index(reader);
	label_index(reader);
	path_index(reader);
	key_index(reader);
	buffer_init(&reader->text, TEXT_MAX);
	buffer_init(&reader->scratch, TEXT_MAX);
	if (!reader->arena || !reader->months) {
		metadata_reader_free(reader);
		return NULL;
	}
	return reader;
}

void metadata_reader_free(struct metadata_reader *reader)
{
	if (!reader)
		return;
	arena_free(reader->arena);
	month_names_free(reader->months);
	buffer_free(&reader->text);
	buffer_free(&reader->scratch);
	free(reader);
}

/* Forget the page before, the memo of classes too: a page made to collide in it must not change what another says. */
static void reset(struct metadata_reader *reader, const struct page *page)
{
	arena_reset(reader->arena);
	buffer_clear(&reader->text);
	buffer_clear(&reader->scratch);
	memset(reader->memo, 0, sizeof reader->memo);
	reader->page = page;
	reader->order = DATE_DAY_FIRST;
	reader->titles.count = reader->authors.count = reader->dates.count = 0;
	reader->site_name_count = reader->tag_count = reader->description_count = reader->script_count = 0;
	struct span *const spans[] = {&reader->element_title, &reader->og_title,  &reader->publisher,
				      &reader->site_host,     &reader->canonical, &reader->og_url,
				      &reader->license,       &reader->language,  &reader->http_language,
				      &reader->image,         &reader->page_type, &reader->ld_type,
				      &reader->og_type,       &reader->body,      &reader->source_name,
				      &reader->label,         &reader->tdm_policy};
	for (size_t i = 0; i < sizeof spans / sizeof *spans; i++)
		*spans[i] = SPAN_NONE;
	reader->robots = 0;
	reader->tdm = -1;
	reader->ld_article = false;
	reader->ld_articles = reader->date_tries = 0;
	reader->text_count = 1; /* 0 is the head */
	reader->heading_at = reader->h1_count = reader->h2_count = reader->by_at = reader->by_end = 0;
	reader->by_row = 0;
	reader->heading_text = reader->date_next = reader->name_next = 0;
	reader->text_label = 0;
}

/* 03/04/2020 is March 4 in American English, and April 3 nearly everywhere else. */
static enum date_order order_of(const struct metadata_reader *reader)
{
	static const char *const month_first[] = {"en-us", "en_us", "en-ph", "fil"};
	struct span language = SPAN_NONE, host = reader->site_host;
	const struct html_tree *tree = reader->page->tree;
	for (uint32_t node = html_first(tree, html_root(tree)); node != HTML_NONE; node = html_next(tree, node))
		if (html_tag(tree, node) == HTML_TAG_HTML)
			language = html_attr(tree, node, HTML_ATTR_LANG);
	for (size_t i = 0; i < sizeof month_first / sizeof *month_first; i++)
		if (span_equal_nocase(language, span_of(month_first[i])))
			return DATE_MONTH_FIRST;
	static const char *const day_first[] = {".uk", ".au", ".nz", ".ie", ".in", ".za", ".ng",
						".ke", ".eu", ".gh", ".pk", ".lk", ".sg", ".my"};
	for (size_t i = 0; i < sizeof day_first / sizeof *day_first; i++)
		if (span_ends(host, span_of(day_first[i])))
			return DATE_DAY_FIRST;
	return span_equal_nocase(language, SPAN("en")) ? DATE_MONTH_FIRST : DATE_DAY_FIRST;
}

/* NFC copy in ARENA. */
static struct span finish(struct metadata_reader *reader, struct arena *arena, struct span text)
{
	if (!text.size)
		return SPAN_NONE;
	if (utf8_is_nfc(text))
		return arena_copy(arena, text);
	buffer_clear(&reader->scratch);
	if (utf8_nfc(text, &reader->scratch) != STATUS_OK)
		return SPAN_NONE;
	return arena_copy(arena, buffer_span(&reader->scratch));
}

static const struct span *finish_list(struct metadata_reader *reader, struct arena *arena, const struct span *texts,
				      size_t *count)
{
	struct span *list = *count ? arena_alloc(arena, *count * sizeof *list) : NULL;
	size_t n = 0;
	for (size_t i = 0; list && i < *count; i++) {
		struct span text = finish(reader, arena, texts[i]);
		if (text.size)
			list[n++] = text;
	}
	*count = n;
	return list;
}

/* An http(s) address, resolved against the page's. */
static struct span address(struct metadata_reader *reader, struct arena *arena, struct span value)
{
	struct url url;
	value = span_trim(value);
	if (!value.size || value.size > 4000)
		return SPAN_NONE;
	if (reader->page->url.size)
		value = url_resolve(arena, reader->page->url, value);
	if (!value.size || !url_parse(value, &url) ||
	    !(span_equal_nocase(url.scheme, SPAN("http")) || span_equal_nocase(url.scheme, SPAN("https"))))
		return SPAN_NONE;
	return finish(reader, arena, value);
}

static bool is_language_tag(struct span text)
{
	if (text.size < 2 || text.size > 35 || !ascii_is_alpha((unsigned char)text.data[0]) ||
	    !ascii_is_alpha((unsigned char)text.data[1]))
		return false;
	for (size_t i = 0; i < text.size; i++)
		if (!ascii_is_alpha((unsigned char)text.data[i]) && !ascii_is_digit((unsigned char)text.data[i]) &&
		    text.data[i] != '-' && text.data[i] != '_')
			return false;
	return true;
}

/* The language the page declares (BCP 47, hyphens): html lang, else meta, else the header. */
static struct span language_of(struct metadata_reader *reader, struct arena *arena)
{
	const struct span rows[] = {reader->language, reader->http_language, reader->page->content_language};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct span text = span_trim(rows[i]);
		size_t comma = span_find_byte(text, ',');
		text = span_trim(span_slice(text, 0, comma));
		if (!is_language_tag(text))
			continue;
		struct span copy = arena_copy(arena, text);
		for (size_t k = 0; copy.data && k < copy.size; k++)
			if (copy.data[k] == '_')
				((char *)copy.data)[k] = '-';
		return copy;
	}
	return SPAN_NONE;
}

static void read_headers(struct metadata_reader *reader)
{
	const struct page *page = reader->page;
	reader->robots |= robots_header(page->x_robots_tag, page->fetch_time);
	int header = tdm_value(page->tdm_reservation);
	if (header >= 0)
		reader->tdm = header;
	if (page->tdm_policy.size)
		reader->tdm_policy = span_trim(page->tdm_policy);
}

/* A body as JSON-LD has it: tags removed, paragraphs kept. */
static struct span body_of(struct metadata_reader *reader, struct arena *arena)
{
	return reader->body.size < 200 ? SPAN_NONE : metadata_body_text(reader, arena, reader->body);
}

static void add_addresses(struct metadata_reader *reader)
{
	struct metadata_date date;
	struct evidence_list *list = &reader->dates;
	const struct span urls[] = {reader->page->url, reader->canonical, reader->og_url};
	bool found = false, said = false;
	for (size_t i = 0; i < sizeof urls / sizeof *urls; i++) {
		if (!urls[i].size || found || list->count == EVIDENCE_MAX)
			continue;
		if (!i || !span_equal(urls[i], urls[i - 1])) /* mostly the same address */
			said = metadata_date_of_url(urls[i], &date);
		if (said) {
			list->rows[list->count++] = (struct evidence){.source = DATE_URL, .date = date};
			found = date.precision >= PRECISION_DAY;
		}
	}
	if (reader->image.size && list->count < EVIDENCE_MAX && metadata_date_of_url(reader->image, &date) &&
	    date.precision >= PRECISION_DAY)
		list->rows[list->count++] = (struct evidence){.source = DATE_IMAGE, .date = date};
}

/* Whether a machine-readable source gave a date of publication. */
static bool has_published(const struct metadata_reader *reader)
{
	for (size_t i = 0; i < reader->dates.count; i++)
		if (reader->dates.rows[i].source <= DATE_META_NEWS && reader->dates.rows[i].source != DATE_LD_MODIFIED)
			return true;
	return false;
}

void metadata_collect(struct metadata_reader *reader, const struct page *page)
{
	reset(reader, page);
	struct span place = page->url;
	if (place.size)
		reader->site_host = url_host(reader->arena, place);
	reader->order = order_of(reader);
	metadata_scan(reader);
	if (!reader->site_host.size && (reader->canonical.size || reader->og_url.size))
		reader->site_host =
			url_host(reader->arena, reader->canonical.size ? reader->canonical : reader->og_url);
	read_headers(reader);
	if (!has_published(reader))
		metadata_scripts(reader);
	add_addresses(reader);
	title_fold_sites(reader);
}

static void read_choices(struct metadata_reader *reader, struct arena *arena, struct page_metadata *out)
{
	group_titles(reader, &reader->groups);
	const struct group *group = group_choose(&reader->groups, 0);
	struct span title = group ? group->text : SPAN_NONE;
	out->title = finish(reader, arena, title);
	out->title_full =
		finish(reader, arena,
		       reader->element_title.size ? reader->element_title : metadata_clean(reader, reader->og_title));
	place_heading(reader, title);
	group_authors(reader, &reader->groups);
	group = group_choose(&reader->groups, 1);
	if (group) {
		out->author_count = group->name_count;
		out->authors = finish_list(reader, arena, group->names, &out->author_count);
	}
	group_dates(reader, &reader->groups);
	group = group_choose(&reader->groups, 2);
	struct metadata_date published = {0}, modified;
	if (group) {
		published = group->date;
		out->date_published = metadata_date_print(&published, arena);
	}
	if (choose_modified(reader, group ? &published : NULL, &modified))
		out->date_modified = metadata_date_print(&modified, arena);
}

enum status metadata_read(struct metadata_reader *reader, const struct page *page, struct arena *arena,
			  struct page_metadata *out)
{
	memset(out, 0, sizeof *out);
	metadata_collect(reader, page);
	read_choices(reader, arena, out);
	struct span site = reader->site_name_count ? reader->site_names[0] : reader->publisher;
	out->site_name = finish(reader, arena, metadata_clean(reader, site));
	out->canonical_url = address(reader, arena, reader->canonical.size ? reader->canonical : reader->og_url);
	out->license = address(reader, arena, reader->license);
	out->image = address(reader, arena, reader->image);
	out->language_declared = language_of(reader, arena);
	out->description_count = reader->description_count;
	out->descriptions = finish_list(reader, arena, reader->descriptions, &out->description_count);
	out->description = out->description_count ? out->descriptions[0] : SPAN_NONE;
	out->tag_count = reader->tag_count;
	out->tags = finish_list(reader, arena, reader->tags, &out->tag_count);
	out->robots = reader->robots | (reader->tdm == 1 ? ROBOTS_TDM_RESERVATION : 0u);
	out->tdm_policy = finish(reader, arena, reader->tdm_policy);
	out->page_type = finish(reader, arena, reader->ld_type.size ? reader->ld_type : reader->og_type);
	out->json_body = body_of(reader, arena);
	out->source_name = finish(reader, arena, reader->source_name);
	out->ld_article = reader->ld_article;
	return STATUS_OK;
}
