/* archive: one WARC record at a time, made, compressed alone (a gzip member or a zstd frame each) and written.
 * Everything random comes from one seeded generator, dates count up from a fixed day, so that a benchmark's input can
 * be made again anywhere and named by its seed. Images are random bytes behind a real signature: like real ones they do
 * not compress, and a reader must step over them. */
#include "bench/archive.h"
#include "bench/extraction.h"

#include <libdeflate.h>
#include <stdlib.h>
#include <zstd.h>

enum { CHUNK = 16384, FIRST_DAY = 1704067200 /* 2024-01-01 */ };

static const struct {
	const char *name;
	struct archive_mix mix;
} mixes[] = {
	/* images, assets, redirects, missing, requests, metadata, chunked, encoded */
	{"pages", {0, 0, 0.02, 0.01, 1, 1, 0, 0}},
	{"crawl", {0.9, 0.4, 0.15, 0.06, 1, 0.3, 0.3, 0.2}},
	{"html", {0, 0, 0, 0, 0, 0, 0, 0}},
};

bool archive_mix_named(const char *name, struct archive_mix *out)
{
	for (size_t i = 0; i < sizeof mixes / sizeof *mixes; i++) {
		if (strcmp(mixes[i].name, name) != 0)
			continue;
		*out = mixes[i].mix;
		return true;
	}
	return false;
}

/* ---- Pages
 * ----------------------------------------------------------------------------------------------------------------- */

static void add_source(struct page_sources *sources, const char *path, struct span url)
{
	need_more(&sources->at, &sources->capacity, sources->count + 1, sizeof *sources->at);
	struct page_source *source = &sources->at[sources->count];
	source->path = need_print("%s", path);
	if (span_starts(url, SPAN("http")))
		source->url = need_print("%.*s", SPAN_ARG(url));
	else
		source->url = need_print("http://site%zu.example/%zu.html", sources->count % 97, sources->count);
	sources->count++;
}

void page_sources_add(struct page_sources *sources, const char *folder)
{
	char *lines = need_print("%s/truth.jsonl", folder), *whole = need_print("%s/ground-truth.json", folder);
	if (file_exists(lines) || file_exists(whole)) {
		struct truth_set set;
		truth_open(folder, &set);
		for (size_t i = 0; i < set.count; i++)
			if (set.pages[i].path)
				add_source(sources, set.pages[i].path, set.pages[i].url);
		truth_close(&set);
	} else {
		struct paths paths;
		paths_list(folder, true, &paths);
		for (size_t i = 0; i < paths.count; i++) {
			struct span path = span_of(paths.at[i]);
			if (span_ends(path, SPAN(".html")) || span_ends(path, SPAN(".htm")) ||
			    span_ends(path, SPAN(".html.gz")))
				add_source(sources, paths.at[i], SPAN_NONE);
		}
		paths_free(&paths);
	}
	free(lines);
	free(whole);
}

void page_sources_free(struct page_sources *sources)
{
	for (size_t i = 0; i < sources->count; i++) {
		free(sources->at[i].path);
		free(sources->at[i].url);
	}
	free(sources->at);
	*sources = (struct page_sources){0};
}

/* ---- Records
 * ----------------------------------------------------------------------------------------------------------------- */

struct writer {
	FILE *file;
	const char *path;
	const struct archive_options *options;
	struct archive_stats *stats;
	struct dice dice;
	struct libdeflate_compressor *deflate;
	ZSTD_CCtx *zstd;
	struct buffer record, packed, block, body;
	int64_t date;
};

static void print_uuid(struct writer *w, char out[64])
{
	uint64_t a = dice_next(&w->dice), b = dice_next(&w->dice);
	snprintf(out, 64, "<urn:uuid:%08x-%04x-4%03x-%04x-%012llx>", (unsigned)(a >> 32), (unsigned)(a >> 16 & 0xffff),
		 (unsigned)(a & 0xfff), (unsigned)(0x8000 | (b >> 48 & 0x3fff)),
		 (unsigned long long)(b & 0xffffffffffffu));
}

static void print_digest(struct buffer *out, const char *name, struct span bytes)
{
	uint8_t digest[DIGEST_MAX];
	char text[64];
	base32_encode(digest, digest_of(DIGEST_SHA1, bytes, digest), text);
	buffer_print(out, "%s: sha1:%s\r\n", name, text);
}

static struct span pack_gzip(struct writer *w, struct span record)
{
	buffer_clear(&w->packed);
	size_t bound = libdeflate_gzip_compress_bound(w->deflate, record.size);
	if (buffer_reserve(&w->packed, bound))
		return SPAN_NONE;
	w->packed.size = libdeflate_gzip_compress(w->deflate, record.data, record.size, w->packed.data, bound);
	return buffer_span(&w->packed);
}

static struct span pack_zstd(struct writer *w, struct span record)
{
	buffer_clear(&w->packed);
	size_t bound = ZSTD_compressBound(record.size);
	if (buffer_reserve(&w->packed, bound))
		return SPAN_NONE;
	int level = w->options->level ? w->options->level : 3;
	size_t size = ZSTD_compressCCtx(w->zstd, w->packed.data, bound, record.data, record.size, level);
	if (ZSTD_isError(size))
		return SPAN_NONE;
	w->packed.size = size;
	return buffer_span(&w->packed);
}

/* A record of TYPE with the block in w->block; the payload starts at PAYLOAD of it (SIZE_MAX: no payload digest). */
static void put_record(struct writer *w, const char *type, const char *url, const char *content_type, const char *id,
		       const char *concurrent, size_t payload)
{
	char date[21];
	struct buffer *out = &w->record;
	struct span block = buffer_span(&w->block);
	date_format(w->date, date);
	buffer_clear(out);
	buffer_print(out, "WARC/1.0\r\nWARC-Type: %s\r\nWARC-Record-ID: %s\r\nWARC-Date: %s\r\n", type, id, date);
	if (url)
		buffer_print(out, "WARC-Target-URI: %s\r\n", url);
	if (concurrent)
		buffer_print(out, "WARC-Concurrent-To: %s\r\n", concurrent);
	if (payload != SIZE_MAX) {
		buffer_append_span(out, SPAN("WARC-IP-Address: 192.0.2.7\r\n"));
		print_digest(out, "WARC-Payload-Digest", span_slice(block, payload, block.size));
		print_digest(out, "WARC-Block-Digest", block);
	}
	buffer_print(out, "Content-Type: %s\r\nContent-Length: %zu\r\n\r\n", content_type, block.size);
	buffer_append_span(out, block);
	buffer_append_span(out, SPAN("\r\n\r\n"));
	struct span bytes = buffer_span(out);
	w->stats->records++;
	w->stats->record_bytes += bytes.size;
	if (w->options->compress == ARCHIVE_GZIP)
		bytes = pack_gzip(w, bytes);
	else if (w->options->compress == ARCHIVE_ZSTD)
		bytes = pack_zstd(w, bytes);
	if (out->status || !bytes.data || fwrite(bytes.data, 1, bytes.size, w->file) != bytes.size)
		bench_die(BENCH_IO, "%s: cannot be written", w->path);
	w->stats->stored_bytes += bytes.size;
}

static void put_warcinfo(struct writer *w)
{
	char id[64];
	print_uuid(w, id);
	buffer_clear(&w->block);
	buffer_print(&w->block,
		     "software: warcmill-bench/%s\r\nformat: WARC File Format 1.0\r\nisPartOf: seed-%llu\r\n",
		     WARCMILL_VERSION, (unsigned long long)w->options->seed);
	put_record(w, "warcinfo", NULL, "application/warc-fields", id, NULL, SIZE_MAX);
}

/* One capture: request, response and metadata. HEAD is the response's header without the blank line, BODY as stored. */
static void put_capture(struct writer *w, const char *url, const char *head, struct span body)
{
	char request[64], response[64], metadata[64];
	print_uuid(w, request);
	print_uuid(w, response);
	w->date += (int64_t)dice_below(&w->dice, 3);
	struct url parts = {0};
	url_parse(span_of(url), &parts);
	struct span host = parts.host.data ? parts.host : SPAN(""), path = parts.path.size ? parts.path : SPAN("/");
	if (dice_real(&w->dice) < w->options->mix.requests) {
		buffer_clear(&w->block);
		buffer_print(&w->block,
			     "GET %.*s HTTP/1.1\r\nUser-Agent: bench/1.0\r\nHost: %.*s\r\nAccept: */*\r\n\r\n",
			     SPAN_ARG(path), SPAN_ARG(host));
		put_record(w, "request", url, "application/http; msgtype=request", request, response, SIZE_MAX);
	}
	buffer_clear(&w->block);
	buffer_print(&w->block,
		     "%sServer: bench\r\nDate: Mon, 01 Jan 2024 00:00:00 GMT\r\nCache-Control: no-cache\r\n\r\n", head);
	size_t payload = w->block.size;
	buffer_append_span(&w->block, body);
	put_record(w, "response", url, "application/http; msgtype=response", response, NULL, payload);
	if (dice_real(&w->dice) < w->options->mix.metadata) {
		print_uuid(w, metadata);
		buffer_clear(&w->block);
		buffer_print(&w->block, "fetchTimeMs: %llu\r\n", (unsigned long long)dice_below(&w->dice, 3000));
		put_record(w, "metadata", url, "application/warc-fields", metadata, response, SIZE_MAX);
	}
}

static void put_html(struct writer *w, const char *url, struct span html)
{
	char head[512];
	struct buffer stored;
	struct span body = html;
	bool encoded = dice_real(&w->dice) < w->options->mix.encoded,
	     chunked = dice_real(&w->dice) < w->options->mix.chunked;
	const char *charset = dice_below(&w->dice, 2) && utf8_valid(html) ? "; charset=UTF-8" : "";
	buffer_init(&stored, SIZE_MAX / 2);
	if (encoded) {
		body = pack_gzip(w, body);
		buffer_append_span(&stored, body);
		body = buffer_span(&stored);
	}
	if (chunked) {
		struct buffer chunks;
		buffer_init(&chunks, SIZE_MAX / 2);
		for (size_t at = 0; at < body.size; at += CHUNK) {
			struct span part = span_slice(body, at, CHUNK);
			buffer_print(&chunks, "%zx\r\n", part.size);
			buffer_append_span(&chunks, part);
			buffer_append_span(&chunks, SPAN("\r\n"));
		}
		buffer_append_span(&chunks, SPAN("0\r\n\r\n"));
		buffer_free(&stored);
		stored = chunks;
		body = buffer_span(&stored);
	}
	int size = snprintf(head, sizeof head, "HTTP/1.1 200 OK\r\nContent-Type: text/html%s\r\n%s", charset,
			    encoded ? "Content-Encoding: gzip\r\n" : "");
	if (chunked)
		snprintf(head + size, sizeof head - (size_t)size, "Transfer-Encoding: chunked\r\n");
	else
		snprintf(head + size, sizeof head - (size_t)size, "Content-Length: %zu\r\n", body.size);
	put_capture(w, url, head, body);
	buffer_free(&stored);
	w->stats->html_bytes += html.size;
	w->stats->pages++;
}

/* From a quarter of TYPICAL to sixteen times as much, small ones more often. Whole numbers only: the same on any
 * machine. */
static size_t draw_size(struct writer *w, size_t typical)
{
	size_t size = typical / 4 + dice_below(&w->dice, typical / 4);
	while (size < typical * 8 && dice_below(&w->dice, 8) < 5)
		size += size;
	return size;
}

static void put_image(struct writer *w, const char *url)
{
	char head[256], *name = need_print("%s.%llu.jpg", url, (unsigned long long)dice_below(&w->dice, 1000000));
	size_t size = draw_size(w, 40000);
	buffer_clear(&w->body);
	buffer_append_span(&w->body, SPAN("\xff\xd8\xff\xe0"));
	while (w->body.size < size) {
		uint64_t bytes = dice_next(&w->dice);
		buffer_append(&w->body, &bytes, sizeof bytes);
	}
	snprintf(head, sizeof head, "HTTP/1.1 200 OK\r\nContent-Type: image/jpeg\r\nContent-Length: %zu\r\n",
		 w->body.size);
	put_capture(w, name, head, buffer_span(&w->body));
	free(name);
}

static void put_asset(struct writer *w, const char *url)
{
	bool css = dice_below(&w->dice, 2);
	char head[256];
	char *name =
		need_print("%s.%llu.%s", url, (unsigned long long)dice_below(&w->dice, 1000000), css ? "css" : "js");
	size_t size = draw_size(w, 30000);
	buffer_clear(&w->body);
	while (w->body.size < size)
		buffer_print(&w->body, css ? ".c%llx{margin:%llupx}\n" : "function f%llx(a){return a+%llu}\n",
			     (unsigned long long)dice_below(&w->dice, 4096),
			     (unsigned long long)dice_below(&w->dice, 40));
	snprintf(head, sizeof head, "HTTP/1.1 200 OK\r\nContent-Type: %s\r\nContent-Length: %zu\r\n",
		 css ? "text/css" : "application/javascript", w->body.size);
	put_capture(w, name, head, buffer_span(&w->body));
	free(name);
}

static void put_redirect(struct writer *w, const char *url)
{
	char *from = need_print("%s/", url), *head = need_print("HTTP/1.1 301 Moved Permanently\r\nLocation: %s\r\n"
								"Content-Type: text/html\r\nContent-Length: 0\r\n",
								url);
	put_capture(w, from, head, SPAN(""));
	free(from);
	free(head);
}

static void put_missing(struct writer *w, const char *url)
{
	char *gone = need_print("%s.gone", url);
	struct span body =
		SPAN("<!doctype html><title>404</title><h1>Not found</h1><p>There is no such page here.</p>\n");
	char head[128];
	snprintf(head, sizeof head, "HTTP/1.1 404 Not Found\r\nContent-Type: text/html\r\nContent-Length: %zu\r\n",
		 body.size);
	put_capture(w, gone, head, body);
	free(gone);
}

/* How many of a thing that comes SHARE times a page on average. */
static unsigned draw_count(struct writer *w, double share)
{
	unsigned whole = (unsigned)share;
	return whole + (dice_real(&w->dice) < share - whole);
}

static void put_page(struct writer *w, const struct page_source *source, uint64_t pass)
{
	static const struct {
		size_t share;
		void (*put)(struct writer *w, const char *url);
	} others[] = {
		{offsetof(struct archive_mix, images), put_image},
		{offsetof(struct archive_mix, assets), put_asset},
		{offsetof(struct archive_mix, redirects), put_redirect},
		{offsetof(struct archive_mix, missing), put_missing},
	};
	struct buffer html;
	char *url = pass ? need_print("%s%cpass=%llu", source->url, strchr(source->url, '?') ? '&' : '?',
				      (unsigned long long)pass)
			 : need_print("%s", source->url);
	bench_read(source->path, &html);
	put_html(w, url, buffer_span(&html));
	for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
		double share = *(const double *)((const char *)&w->options->mix + others[i].share);
		for (unsigned n = draw_count(w, share); n > 0; n--)
			others[i].put(w, url);
	}
	buffer_free(&html);
	free(url);
}

static bool is_enough(const struct writer *w, size_t sources)
{
	const struct archive_options *o = w->options;
	if (o->pages && w->stats->pages >= o->pages)
		return true;
	if (o->bytes && w->stats->stored_bytes >= o->bytes)
		return true;
	return !o->pages && !o->bytes && w->stats->pages >= sources;
}

void archive_write(const char *path, const struct page_sources *sources, const struct archive_options *options,
		   struct archive_stats *stats)
{
	*stats = (struct archive_stats){0};
	struct writer w = {.file = fopen(path, "wb"),
			   .path = path,
			   .options = options,
			   .stats = stats,
			   .dice = {options->seed},
			   .date = FIRST_DAY};
	w.deflate =
		libdeflate_alloc_compressor(options->compress == ARCHIVE_GZIP && options->level ? options->level : 6);
	w.zstd = ZSTD_createCCtx();
	if (!w.file || !w.deflate || !w.zstd)
		bench_die(BENCH_IO, "%s: cannot be created", path);
	if (!sources->count)
		bench_die(BENCH_DATA, "%s: there are no pages to write", path);
	struct buffer *buffers[] = {&w.record, &w.packed, &w.block, &w.body};
	for (size_t i = 0; i < 4; i++)
		buffer_init(buffers[i], SIZE_MAX / 2);
	size_t *order = need(sources->count * sizeof *order);
	for (size_t i = 0; i < sources->count; i++)
		order[i] = i;
	put_warcinfo(&w);
	for (; !is_enough(&w, sources->count); stats->passes++) {
		for (size_t i = sources->count; i > 1; i--) {
			size_t j = dice_below(&w.dice, i), swap = order[i - 1];
			order[i - 1] = order[j];
			order[j] = swap;
		}
		for (size_t i = 0; i < sources->count && !is_enough(&w, sources->count); i++)
			put_page(&w, &sources->at[order[i]], stats->passes);
	}
	if (fclose(w.file))
		bench_die(BENCH_IO, "%s: cannot be written", path);
	for (size_t i = 0; i < 4; i++)
		buffer_free(buffers[i]);
	free(order);
	libdeflate_free_compressor(w.deflate);
	ZSTD_freeCCtx(w.zstd);
}
