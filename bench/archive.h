/* archive: writes web archives from a folder of pages, with what else a crawl brings home. */
#ifndef WARCMILL_BENCH_ARCHIVE_H
#define WARCMILL_BENCH_ARCHIVE_H

#include "bench/bench.h"

enum archive_compress { ARCHIVE_GZIP, ARCHIVE_ZSTD, ARCHIVE_NONE };

/* Shares from 0 to 1. The first four are per page: how many such captures come with each page on average. */
struct archive_mix {
	double images, assets, redirects, missing;
	double requests, metadata; /* share of captures that have such a record */
	double chunked, encoded;   /* share of HTML responses stored with chunks, with gzip content coding */
};
/* "crawl": an archival crawler's file. "pages": what the big research crawls keep, nearly all HTML. */
bool archive_mix_named(const char *name, struct archive_mix *out);

struct archive_options {
	uint64_t seed;
	uint64_t bytes; /* stored size to reach, 0: every page once */
	size_t pages;   /* pages to write, 0: no limit. When the folder is used up it starts again, with other addresses
			 */
	enum archive_compress compress;
	int level; /* of the compressor, 0: 6 for gzip, 3 for zstd */
	struct archive_mix mix;
};
struct archive_stats {
	uint64_t records, pages, passes;
	uint64_t stored_bytes, record_bytes, html_bytes; /* of the file; inflated; of the pages' bodies */
};

/* The pages of a folder: html/ of a set (with the truth's addresses), or every .html, .htm and .html.gz below it. */
struct page_source {
	char *path;
	char *url;
};
struct page_sources {
	struct page_source *at;
	size_t count, capacity;
};
void page_sources_add(struct page_sources *sources, const char *folder);
void page_sources_free(struct page_sources *sources);

/* Write PATH. The same sources, options and version give the same bytes (of one version of the compressor). */
void archive_write(const char *path, const struct page_sources *sources, const struct archive_options *options,
		   struct archive_stats *stats);

#endif
