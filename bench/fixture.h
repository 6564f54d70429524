/* fixture: archives taken apart once, so that each stage can be measured on what the stage before it gives. */
#ifndef WARCMILL_BENCH_FIXTURE_H
#define WARCMILL_BENCH_FIXTURE_H

#include "bench/bench.h"
#include "warc/warc.h"

struct fixture_page {
	struct span body, content_type; /* decoded HTTP body; SPAN_NONE where there is no header */
	struct span html;               /* UTF-8 */
	struct span url;
	int64_t fetch_time;
};
struct fixture {
	const char *const *paths;
	size_t path_count;
	struct warc_inputs *inputs;
	struct buffer stored, inflated; /* all files; all their members */
	struct buffer zstd;             /* the same records, a zstd frame each, level 3 */
	uint64_t records;
	size_t largest_member;      /* inflated */
	struct fixture_page *pages; /* HTML responses with status 200 */
	size_t page_count, page_capacity;
	uint64_t body_bytes, html_bytes;
	uint64_t page_record_bytes; /* of `inflated`, what was read until the last page that is kept */
	struct span *texts;         /* the articles */
	size_t text_count, text_capacity;
	uint64_t text_bytes;
	struct arena *arena;
};
/* Dies when PATHS cannot be read. PAGES_MAX: at most so many pages are kept, 0: all. */
void fixture_open(const char *const *paths, size_t count, size_t pages_max, struct fixture *fixture);
void fixture_close(struct fixture *fixture);

/* The size of the gzip member at the start of BYTES, inflated into OUT (room for MAX); 0: none. */
struct libdeflate_decompressor;
size_t fixture_inflate(struct libdeflate_decompressor *inflate, struct span bytes, char *out, size_t max, size_t *used);
bool fixture_is_html(const struct warc_record *record, const struct warc_http *http);

#endif
