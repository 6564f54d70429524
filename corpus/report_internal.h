/* report_internal: what the report counts, and the table it counts in. */
#ifndef WARCMILL_REPORT_INTERNAL_H
#define WARCMILL_REPORT_INTERNAL_H

#include "corpus/reading.h"

/* ---- Counts by name (report_map.c) ---------------------------------------------------------------------- */

enum { COUNT_DOCUMENTS, COUNT_DUPLICATES, COUNT_REJECTED, COUNT_WORDS, COUNT_FIELDS };
struct report_count {
	struct span name; /* in the map's arena */
	uint64_t n[COUNT_FIELDS];
};
struct report_map {
	struct report_count *entries; /* [count], in the order of their first appearance until sorted */
	size_t count, capacity;
	uint32_t *slots; /* [slot_count] entry + 1 */
	size_t slot_count;
	struct arena *arena;
};
enum status report_map_init(struct report_map *map);
void report_map_free(struct report_map *map);
/* The entry of NAME, made when there is none. NULL without memory. Valid until the next call. */
struct report_count *report_map_at(struct report_map *map, struct span name);
/* Index of NAME, SIZE_MAX when there is none. */
size_t report_map_find(const struct report_map *map, struct span name);
/* Most first (all fields but words added up), ties by name; or by name alone. Nothing can be added afterwards. */
void report_map_sort(struct report_map *map, bool by_name);

/* ---- Everything counted (report_stats.c) ------------------------------------------------------------------ */

enum {
	LENGTH_BUCKETS = 24, /* [0], [1], [2,3], [4,7], … words */
	SIZE_BUCKETS = 24,   /* of clusters, from 2 on, the same way */
	CONFIDENCE_BUCKETS = 10,
	HAMMING_MAX = 128,
	LARGEST = 50, /* clusters shown one by one */
	MEMBERS = 60, /* of each, listed */
};

struct cluster_member {
	struct span id, url, host, kind, fetch_time;
	int64_t hamming;             /* -1: absent */
	double jaccard, containment; /* negative: absent */
};
struct report_cluster {
	uint64_t size;
	struct span id, url, title, language, first, last; /* fetch times, W3CDTF */
	struct cluster_member *members;                    /* [member_count], the keeper first */
	size_t member_count;
	struct report_map hosts;
};

struct report_stats {
	struct arena *arena;
	struct report_map hosts, languages, published, fetched, charsets, methods, kinds, rules, signals, licenses,
		splits, reasons;
	uint64_t words, text_bytes, masked[3];
	uint64_t lengths[LENGTH_BUCKETS], sizes[SIZE_BUCKETS], confidence[CONFIDENCE_BUCKETS], hamming[HAMMING_MAX + 1];
	struct report_cluster largest[LARGEST]; /* largest first, ties by id */
	size_t largest_count;
	struct report_map error_files; /* n[0] places, n[COUNT_WORDS] bytes */
	uint64_t error_count, error_bytes;
	struct span errors[200]; /* the first lines of errors.jsonl as they stand */
	size_t errors_listed;
	bool rows_read; /* false: the format of the parts does not hold what is counted */
};
enum status report_stats_new(const struct corpus *corpus, struct report_stats **out, struct fault *fault);
void report_stats_free(struct report_stats *stats); /* NULL is fine */
void report_stats_json(const struct report_stats *stats, const struct corpus *corpus, struct json_writer *writer);

/* Embedded by the build from report.html, report.css, report.js. */
extern const char report_html[], report_css[], report_js[];

#endif
