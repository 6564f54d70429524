/* page: what one record is, and the row that is kept of it. The checks stand in the order of their cost: type, filters
 * on the address, HTTP, status, MIME type, digest; only then the page is decoded, parsed and read. Each record that
 * does not become a row of a page is counted under one reason. */
#include "corpus/corpus_internal.h"

#include <stdlib.h>

enum { PAGE_MAX = 64 << 20, ARENA_MAX = 256 << 20 };

struct page_maker {
	const struct plan *plan;
	struct charset_decoder *decoder;
	struct html_parser *parser;
	struct article_extractor *extractor;
	struct arena *arena;
	struct article_block *blocks;
	size_t block_capacity;
	struct buffer url; /* NUL-terminated for regexec */
	bool explaining;   /* rejected pages keep their blocks */
};

/* Everything about the record in hand. */
struct job {
	struct page_maker *maker;
	struct warc_reader *reader;
	struct warc_record *record;
	struct tally *tally;
	struct row *row;
	struct warc_http http;
	struct span essence; /* of the declared type */
	const char *detected;
};

static const char *const skipped_types[] = {
	[WARC_TYPE_OTHER] = "not-a-response",
	[WARC_TYPE_WARCINFO] = "not-a-response",
	[WARC_TYPE_REQUEST] = "not-a-response",
	[WARC_TYPE_METADATA] = "not-a-response",
	[WARC_TYPE_CONVERSION] = "conversion",
	[WARC_TYPE_CONTINUATION] = "continuation",
	[WARC_TYPE_RESPONSE] = NULL,
	[WARC_TYPE_RESOURCE] = NULL,
	[WARC_TYPE_REVISIT] = NULL,
};

struct page_maker *page_maker_new(const struct plan *plan, struct fault *fault)
{
	const struct article_options options = {.text = plan->settings.text,
						.keep_all = plan->settings.keep_all,
						.blocks = plan->settings.host_evidence,
						.model = plan->model};
	struct page_maker *maker = memory_zeroed(1, sizeof *maker);
	if (maker) {
		maker->plan = plan;
		maker->decoder = charset_decoder_new(PAGE_MAX);
		maker->parser = html_parser_new(NULL);
		maker->extractor = article_extractor_new(&options);
		maker->arena = arena_new(ARENA_MAX);
		buffer_init(&maker->url, 1 << 20);
	}
	if (maker && maker->decoder && maker->parser && maker->extractor && maker->arena)
		return maker;
	page_maker_free(maker);
	fault_set(fault, STATUS_MEMORY, 0, "no memory for a worker");
	return NULL;
}

void page_maker_explain(struct page_maker *maker)
{
	maker->explaining = true;
}

void page_maker_free(struct page_maker *maker)
{
	if (!maker)
		return;
	charset_decoder_free(maker->decoder);
	html_parser_free(maker->parser);
	article_extractor_free(maker->extractor);
	arena_free(maker->arena);
	free(maker->blocks);
	buffer_free(&maker->url);
	free(maker);
}

/* ---- Filters ------------------------------------------------------------------------------------------------ */

static bool host_wanted(struct span hosts, struct span host)
{
	struct span wanted;
	while (span_cut(&hosts, ',', &wanted)) {
		wanted = span_trim(wanted);
		if (wanted.size > host.size)
			continue;
		struct span tail = span_slice(host, host.size - wanted.size, SIZE_MAX);
		if (span_equal_nocase(tail, wanted) &&
		    (tail.data == host.data || tail.data[-1] == '.' || span_starts(wanted, SPAN("."))))
			return true;
	}
	return false;
}

static const char *filter_address(struct page_maker *maker, const struct page_source *page)
{
	const struct settings *settings = &maker->plan->settings;
	if (settings->since != DATE_NONE && (page->fetch_time == DATE_NONE || page->fetch_time < settings->since))
		return "filter-date";
	if (settings->until != DATE_NONE && (page->fetch_time == DATE_NONE || page->fetch_time > settings->until))
		return "filter-date";
	if (settings->hosts.data && !host_wanted(settings->hosts, page->url_host_name))
		return "filter-host";
	if (!settings->has_include && !settings->has_exclude)
		return NULL;
	buffer_clear(&maker->url);
	buffer_append_span(&maker->url, page->url);
	buffer_append_byte(&maker->url, '\0');
	if (maker->url.status != STATUS_OK)
		return "filter-url";
	if (settings->has_include && regexec(&settings->include, maker->url.data, 0, NULL, 0) != 0)
		return "filter-url";
	if (settings->has_exclude && regexec(&settings->exclude, maker->url.data, 0, NULL, 0) == 0)
		return "filter-url";
	return NULL;
}

static const char *filter_article(const struct settings *settings, const struct article *article)
{
	const char *signal = settings_signal(settings->respect & article->metadata.robots);
	if (signal)
		return signal;
	if (settings->languages.data && !list_has(settings->languages, article->language))
		return "language";
	if (article->words < settings->min_words)
		return "min-words";
	return NULL;
}

static bool status_wanted(struct span statuses, int status)
{
	char text[16];
	snprintf(text, sizeof text, "%d", status);
	return list_has(statuses, span_of(text));
}

/* ---- The address and the record ------------------------------------------------------------------------------ */

static struct span record_id(struct arena *arena, struct span id)
{
	if (span_starts(id, SPAN("<")) && span_ends(id, SPAN(">")))
		id = span_slice(id, 1, id.size - 2);
	return text_clean(arena, id);
}

static void fill_source(struct job *job, uint32_t input)
{
	const struct warc_record *record = job->record;
	struct arena *arena = job->maker->arena;
	struct page_source *page = &job->row->document.page;
	job->row->input = input;
	page->url = url_clean(arena, record->uri);
	page->url_host_name = text_clean(arena, url_host(arena, page->url));
	page->fetch_time = record->date;
	page->warc_record_offset = record->offset;
	page->warc_record_inner = record->inner;
	page->warc_record_length = record->length;
	page->warc_record_id = record_id(arena, record->id);
	page->warc_type = span_of(warc_type_name(record->type));
	page->content_digest =
		text_clean(arena, warc_field_get(record->fields, record->field_count, "WARC-Payload-Digest"));
	if (record->flags & WARC_RECORD_CUT)
		page->content_truncated = SPAN("damaged");
	else if (record->flags & WARC_RECORD_TOO_LARGE)
		page->content_truncated = SPAN("length");
	else
		page->content_truncated = text_clean(arena, record->truncated);
}

static enum status skip(struct job *job, const char *reason, bool *has_row)
{
	*has_row = false;
	tally_reason(job->tally, "skipped", span_of(reason), 1);
	return STATUS_OK;
}

static void fill_payload(struct job *job)
{
	struct arena *arena = job->maker->arena;
	struct page_source *page = &job->row->document.page;
	uint8_t digest[DIGEST_MAX];
	page->fetch_status = job->http.present ? job->http.status : 0;
	page->content_mime_type = text_clean(arena, job->essence);
	page->content_mime_detected = span_of(job->detected);
	page->url_host_registered_domain = host_registered_domain(arena, page->url_host_name);
	if (!page->content_truncated.data && (job->http.truncated || job->http.too_large))
		page->content_truncated = job->http.too_large ? SPAN("length") : SPAN("unspecified");
	if (!page->content_digest.data) {
		char text[64] = "sha1:";
		struct span entity = job->http.present ? job->http.entity : job->http.body;
		if (digest_of(DIGEST_SHA1, entity, digest) == 20) {
			base32_encode(digest, 20, text + 5);
			page->content_digest = arena_copy(arena, span_of(text));
		}
	}
}

/* The type that counts: what the crawler identified, else what the server said, else the record's own. */
static struct span declared_type(const struct job *job)
{
	const struct warc_record *record = job->record;
	struct span identified = warc_field_get(record->fields, record->field_count, "WARC-Identified-Payload-Type");
	if (mime_essence(identified).size)
		return mime_essence(identified);
	if (job->http.present)
		return mime_essence(job->http.content_type);
	struct span essence = mime_essence(record->content_type);
	return span_equal_nocase(essence, SPAN("application/http")) ? SPAN_NONE : essence;
}

/* NULL for a page that is HTML with a wanted status, else the reason to skip it. */
static const char *not_a_page(struct job *job)
{
	const struct settings *settings = &job->maker->plan->settings;
	if (job->http.present && !status_wanted(settings->statuses, job->http.status))
		return "status";
	job->essence = declared_type(job);
	job->detected = mime_sniff(job->http.body);
	bool looks_html = mime_is_html(span_of(job->detected));
	bool looks_other =
		!looks_html && span_of(job->detected).size && !span_starts(span_of(job->detected), SPAN("text/")) &&
		strcmp(job->detected, "application/xml") != 0 && strcmp(job->detected, "application/octet-stream") != 0;
	if (mime_is_html(job->essence) ? looks_other : !(mime_is_unknown(job->essence) && looks_html))
		return "mime";
	if (settings->check_digests && warc_payload_digest_check(job->record, &job->http) == WARC_DIGEST_MISMATCH)
		return "digest";
	return NULL;
}

/* ---- The article ---------------------------------------------------------------------------------------------- */

/* Blocks that host evidence may bar or let in; the others can never be part of the text. */
static void keep_blocks(struct job *job, const struct article *article)
{
	struct page_maker *maker = job->maker;
	bool any = false;
	job->row->blocks = NULL;
	job->row->block_count = 0;
	if (article->block_count > maker->block_capacity) {
		struct article_block *grown = memory_grow(maker->blocks, article->block_count * sizeof *grown);
		if (!grown)
			return;
		maker->blocks = grown;
		maker->block_capacity = article->block_count;
	}
	size_t count = 0;
	for (size_t i = 0; i < article->block_count; i++)
		if (article->blocks[i].kept || article->blocks[i].score >= ARTICLE_SCORE_FLOOR) {
			any |= article->blocks[i].kept;
			maker->blocks[count++] = article->blocks[i];
		}
	if (any || maker->explaining) {
		job->row->blocks = maker->blocks;
		job->row->block_count = count;
	}
}

static void fill_document(struct job *job, const struct article *article)
{
	struct document *document = &job->row->document;
	const struct page_metadata *metadata = &article->metadata;
	document->text = article->text;
	document->title = metadata->title;
	document->site_name = metadata->site_name;
	document->canonical_url = metadata->canonical_url;
	document->description = metadata->description;
	document->license = metadata->license;
	document->date_published = metadata->date_published;
	document->date_modified = metadata->date_modified;
	document->image = metadata->image;
	document->authors = metadata->authors;
	document->author_count = metadata->author_count;
	document->tags = metadata->tags;
	document->tag_count = metadata->tag_count;
	document->languages = article->languages;
	document->language_declared = metadata->language_declared;
	document->page_type = metadata->page_type;
	document->source_name = metadata->source_name;
	document->robots = metadata->robots;
	document->tdm_policy = metadata->tdm_policy;
	document->extraction_method = span_of(article->method);
	document->extraction_confidence = article->confidence;
	document->words = article->words;
}

static struct span header(const struct job *job, const char *name)
{
	return job->http.present ? warc_field_get(job->http.fields, job->http.field_count, name) : SPAN_NONE;
}

enum { HEADERS_MAX = 8192 };

/* All headers of NAME, one a line: an agent named in one holds to its end only. */
static struct span headers(const struct job *job, const char *name)
{
	struct span all = SPAN_NONE;
	for (size_t i = 0; job->http.present && i < job->http.field_count && all.size < HEADERS_MAX; i++) {
		const struct warc_field *field = &job->http.fields[i];
		if (!span_equal_nocase(field->name, span_of(name)))
			continue;
		all = all.data ? arena_print(job->maker->arena, "%.*s\n%.*s", SPAN_ARG(all), SPAN_ARG(field->value))
			       : field->value;
	}
	return all;
}

static enum status read_article(struct job *job, struct article *article, struct fault *fault)
{
	struct page_maker *maker = job->maker;
	struct charset_result charset;
	const struct html_tree *tree;
	struct page page = {.url = job->row->document.page.url, .fetch_time = job->record->date};
	struct span type = job->http.present ? job->http.content_type : job->record->content_type;
	enum status status = charset_decode(maker->decoder, job->http.body, type, &page.html, &charset);
	if (status != STATUS_OK && status != STATUS_LIMIT)
		return fault_set(fault, status, job->record->offset, "cannot decode the page: %s", status_name(status));
	bool cut = status == STATUS_LIMIT;
	status = html_parse(maker->parser, page.html, &tree);
	if (status != STATUS_OK && status != STATUS_LIMIT)
		return fault_set(fault, status, job->record->offset, "cannot parse the page: %s", status_name(status));
	cut |= status == STATUS_LIMIT;
	page.tree = tree;
	page.x_robots_tag = headers(job, "X-Robots-Tag");
	page.tdm_reservation = header(job, "tdm-reservation");
	page.tdm_policy = header(job, "tdm-policy");
	page.content_language = header(job, "Content-Language");
	page.last_modified = header(job, "Last-Modified");
	page.link = header(job, "Link");
	job->row->document.page.content_charset = span_of(charset.name);
	if (cut && !job->row->document.page.content_truncated.data)
		job->row->document.page.content_truncated = SPAN("length");
	status = article_extract(maker->extractor, &page, article);
	return status == STATUS_OK ? STATUS_OK
				   : fault_set(fault, status, job->record->offset, "cannot extract the article: %s",
					       status_name(status));
}

static enum status make_page(struct job *job, bool *has_row, struct fault *fault)
{
	struct article article;
	memset(&article, 0, sizeof article);
	fill_payload(job);
	enum status status = read_article(job, &article, fault);
	if (status != STATUS_OK)
		return status;
	fill_document(job, &article);
	const char *reason = article.rejected;
	if (!reason && !job->maker->plan->settings.keep_all && !article.text.size)
		reason = "empty";
	if (!reason)
		reason = filter_article(&job->maker->plan->settings, &article);
	*has_row = true;
	job->row->kind = reason ? ROW_REJECTED : ROW_PAGE;
	if (reason) {
		job->row->reason = span_of(reason);
		if (job->maker->explaining)
			keep_blocks(job, &article);
		job->row->document.text = SPAN_NONE;
		tally_reason(job->tally, "rejected", job->row->reason, 1);
		return STATUS_OK;
	}
	keep_blocks(job, &article);
	job->tally->pages++;
	return STATUS_OK;
}

/* ---- Revisits --------------------------------------------------------------------------------------------------- */

static enum status make_revisit(struct job *job, bool *has_row)
{
	struct warc_revisit target;
	struct arena *arena = job->maker->arena;
	warc_revisit_target(job->record, &target);
	job->row->kind = ROW_REVISIT;
	job->row->target_id = record_id(arena, target.id);
	job->row->target_uri = url_clean(arena, target.uri);
	job->row->target_digest = text_clean(arena, target.digest);
	job->row->target_date = target.date;
	job->tally->revisits++;
	*has_row = true;
	return STATUS_OK;
}

enum status page_make(struct page_maker *maker, struct warc_reader *reader, struct warc_record *record, uint32_t input,
		      struct tally *tally, struct row *row, bool *has_row, struct fault *fault)
{
	struct job job = {
		.maker = maker, .reader = reader, .record = record, .tally = tally, .row = row, .detected = ""};
	arena_reset(maker->arena);
	memset(row, 0, sizeof *row);
	row->target_date = DATE_NONE;
	if (skipped_types[record->type])
		return skip(&job, skipped_types[record->type], has_row);
	if (record->flags & WARC_RECORD_SEGMENT) {
		enum status status = warc_record_join(reader, record, fault);
		if (status != STATUS_OK)
			return status;
	}
	fill_source(&job, input);
	const char *reason = filter_address(maker, &row->document.page);
	if (reason)
		return skip(&job, reason, has_row);
	if (record->type == WARC_TYPE_REVISIT)
		return make_revisit(&job, has_row);
	enum status status = warc_http_read(reader, record, &job.http);
	if (status != STATUS_OK)
		return fault_set(fault, status, record->offset, "no memory for the record's body");
	reason = not_a_page(&job);
	return reason ? skip(&job, reason, has_row) : make_page(&job, has_row, fault);
}
