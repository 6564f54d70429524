/* fixture: reads archives into memory, and their pages and articles. */
#include "bench/fixture.h"

#include "extract/extract.h"

#include <libdeflate.h>
#include <stdlib.h>
#include <zstd.h>

enum { MEMBER_MAX = 256 << 20, PAGE_MAX = 64 << 20 };

size_t fixture_inflate(struct libdeflate_decompressor *inflate, struct span bytes, char *out, size_t max, size_t *used)
{
	size_t size = 0;
	if (libdeflate_gzip_decompress_ex(inflate, bytes.data, bytes.size, out, max, used, &size))
		return 0;
	return size;
}

bool fixture_is_html(const struct warc_record *record, const struct warc_http *http)
{
	return record->type == WARC_TYPE_RESPONSE && http->status == 200 &&
	       (span_starts_nocase(http->content_type, SPAN("text/html")) ||
		span_starts_nocase(http->content_type, SPAN("application/xhtml")));
}

static struct span keep(struct fixture *fixture, struct span bytes)
{
	if (!bytes.data)
		return SPAN_NONE;
	struct span copy = arena_copy(fixture->arena, bytes);
	if (!copy.data)
		bench_die(BENCH_IO, "no memory for the pages");
	return copy;
}

static void keep_page(struct fixture *fixture, struct charset_decoder *decoder, const struct warc_record *record,
		      const struct warc_http *http)
{
	struct charset_result charset;
	struct span html;
	if (charset_decode(decoder, http->body, http->content_type, &html, &charset) == STATUS_MEMORY)
		bench_die(BENCH_IO, "no memory");
	need_more(&fixture->pages, &fixture->page_capacity, fixture->page_count + 1, sizeof *fixture->pages);
	struct fixture_page *page = &fixture->pages[fixture->page_count++];
	page->body = keep(fixture, http->body);
	page->html = html.data == http->body.data ? span_slice(page->body, 0, html.size) : keep(fixture, html);
	page->content_type = keep(fixture, http->content_type);
	page->url = keep(fixture, record->uri);
	page->fetch_time = record->date;
	fixture->body_bytes += page->body.size;
	fixture->html_bytes += page->html.size;
}

static void keep_records(struct fixture *fixture, size_t pages_max)
{
	struct warc_reader *reader = warc_reader_new(NULL);
	struct charset_decoder *decoder = charset_decoder_new(PAGE_MAX);
	if (!reader || !decoder)
		bench_die(BENCH_IO, "no memory");
	double all = 0, until = 0; /* bytes of blocks */
	for (size_t i = 0; i < warc_inputs_count(fixture->inputs); i++) {
		struct fault fault = {0};
		struct warc_record record;
		struct warc_http http;
		enum status status =
			warc_reader_open(reader, warc_inputs_at(fixture->inputs, i), 0, UINT64_MAX, true, &fault);
		while (!status && (status = warc_next(reader, &record, NULL, &fault)) != STATUS_END) {
			if (status == STATUS_DATA) {
				status = STATUS_OK;
				continue;
			}
			if (status)
				break;
			fixture->records++;
			bool wanted = !pages_max || fixture->page_count < pages_max;
			all += (double)record.block.size;
			until = wanted ? all : until;
			if (wanted && record.type == WARC_TYPE_RESPONSE && !warc_http_read(reader, &record, &http) &&
			    fixture_is_html(&record, &http))
				keep_page(fixture, decoder, &record, &http);
		}
		if (status != STATUS_END)
			bench_die(BENCH_IO, "%s: %s", warc_input_path(warc_inputs_at(fixture->inputs, i)), fault.text);
	}
	fixture->page_record_bytes = all > 0 ? (uint64_t)((double)fixture->inflated.size * until / all) : 0;
	warc_reader_free(reader);
	charset_decoder_free(decoder);
}

/* All members inflated one after the other, and each as a zstd frame. */
static void inflate_all(struct fixture *fixture)
{
	struct libdeflate_decompressor *inflate = libdeflate_alloc_decompressor();
	ZSTD_CCtx *zstd = ZSTD_createCCtx();
	struct span rest = buffer_span(&fixture->stored);
	if (!inflate || !zstd)
		bench_die(BENCH_IO, "no memory");
	while (rest.size > 0) {
		size_t used = 0, room = 4 << 20, size = 0;
		while (!size && room <= MEMBER_MAX) {
			if (buffer_reserve(&fixture->inflated, room))
				bench_die(BENCH_IO, "no memory");
			size = fixture_inflate(inflate, rest, fixture->inflated.data + fixture->inflated.size, room,
					       &used);
			room *= 4;
		}
		if (!size)
			break; /* not gzip, or damaged: the floors cover what came before */
		size_t bound = ZSTD_compressBound(size);
		if (buffer_reserve(&fixture->zstd, bound))
			bench_die(BENCH_IO, "no memory");
		size_t packed = ZSTD_compressCCtx(zstd, fixture->zstd.data + fixture->zstd.size, bound,
						  fixture->inflated.data + fixture->inflated.size, size, 3);
		if (!ZSTD_isError(packed))
			fixture->zstd.size += packed;
		fixture->inflated.size += size;
		fixture->largest_member = size > fixture->largest_member ? size : fixture->largest_member;
		rest = span_slice(rest, used, rest.size - used);
	}
	libdeflate_free_decompressor(inflate);
	ZSTD_freeCCtx(zstd);
}

static void keep_articles(struct fixture *fixture)
{
	struct html_parser *parser = html_parser_new(NULL);
	struct article_extractor *extractor = article_extractor_new(NULL);
	if (!parser || !extractor)
		bench_die(BENCH_IO, "no memory");
	for (size_t i = 0; i < fixture->page_count; i++) {
		const struct html_tree *tree;
		struct article article;
		struct page page = {.url = fixture->pages[i].url,
				    .fetch_time = fixture->pages[i].fetch_time,
				    .html = fixture->pages[i].html};
		enum status status = html_parse(parser, page.html, &tree);
		page.tree = tree;
		if ((status && status != STATUS_LIMIT) || article_extract(extractor, &page, &article) ||
		    article.rejected || !article.text.size)
			continue;
		need_more(&fixture->texts, &fixture->text_capacity, fixture->text_count + 1, sizeof *fixture->texts);
		fixture->texts[fixture->text_count++] = keep(fixture, article.text);
		fixture->text_bytes += article.text.size;
	}
	html_parser_free(parser);
	article_extractor_free(extractor);
}

void fixture_open(const char *const *paths, size_t count, size_t pages_max, struct fixture *fixture)
{
	struct fault fault;
	*fixture = (struct fixture){.paths = paths, .path_count = count, .arena = arena_new((size_t)64 << 30)};
	buffer_init(&fixture->stored, SIZE_MAX / 2);
	buffer_init(&fixture->inflated, SIZE_MAX / 2);
	buffer_init(&fixture->zstd, SIZE_MAX / 2);
	if (!fixture->arena)
		bench_die(BENCH_IO, "no memory");
	if (warc_inputs_new(paths, count, NULL, &fixture->inputs, &fault))
		bench_die(BENCH_IO, "%s", fault.text);
	for (size_t i = 0; i < warc_inputs_count(fixture->inputs); i++)
		if (file_read(warc_input_path(warc_inputs_at(fixture->inputs, i)), &fixture->stored, &fault))
			bench_die(BENCH_IO, "%s", fault.text);
	inflate_all(fixture);
	keep_records(fixture, pages_max);
	keep_articles(fixture);
}

void fixture_close(struct fixture *fixture)
{
	warc_inputs_free(fixture->inputs);
	buffer_free(&fixture->stored);
	buffer_free(&fixture->inflated);
	buffer_free(&fixture->zstd);
	free(fixture->pages);
	free(fixture->texts);
	arena_free(fixture->arena);
	*fixture = (struct fixture){0};
}
