/* duplicates: documents whose copies are known, clusterings of them, and the scores between them. */
#ifndef WARCMILL_BENCH_DUPLICATES_H
#define WARCMILL_BENCH_DUPLICATES_H

#include "bench/bench.h"

struct document {
	struct span id, text;  /* text: SPAN_NONE where it is not known */
	uint32_t cluster, cls; /* of the truth; cls indexes class names, 0 is the empty name */
	bool labelled;         /* the truth knows it; others only have a text */
};
/* A labelled pair, for truths that judge pairs and not clusters. */
struct judged_pair {
	uint32_t a, b, cls;
	bool same;
};
/* Truth by clusters: lines of id, cluster, and optionally cls and text. Truth by pairs: lines of a, b, same (true or
 * false) and optionally cls; the texts then come from another file (documents_add_texts). */
struct documents {
	struct document *at; /* in the order of the file */
	uint32_t *by_id;     /* sorted by id */
	size_t count, capacity;
	struct judged_pair *pairs;
	size_t pair_count, pair_capacity;
	struct span *classes;
	size_t class_count, class_capacity;
	bool by_pairs;
	struct arena *arena;
	struct buffer source, text_source;
};
void documents_open(const char *path, struct documents *documents);
void documents_add_texts(struct documents *documents, const char *path); /* lines of id, text */
void documents_close(struct documents *documents);
uint32_t documents_find(const struct documents *documents, struct span id); /* UINT32_MAX: none */

/* FOUND[i] is the cluster's label of document i. */
struct clustering {
	uint32_t *found;
	size_t missing, unknown; /* truth's documents without a line; lines about other documents */
};
/* Lines of id <TAB> cluster. A document that is missing is a cluster of its own. */
void clustering_read(const struct documents *documents, const char *path, struct clustering *out);

struct class_recall {
	uint32_t cls;
	uint64_t pairs, hits;
};
struct duplicate_score {
	size_t documents, missing, unknown;
	double precision, recall, f1, ari; /* over pairs of documents (by pairs: over the judged pairs; no ari) */
	double bcubed_precision, bcubed_recall, bcubed_f1; /* Bagga and Baldwin 1998 */
	struct class_recall *classes;                      /* pairs in which a side has the class; sorted by name */
	size_t class_count;
};
void duplicate_score(const struct documents *documents, const struct clustering *clustering,
		     struct duplicate_score *out);
void duplicate_score_free(struct duplicate_score *score);
void duplicate_print(FILE *out, const struct documents *documents, const struct duplicate_score *score);
void duplicate_json(struct json_writer *json, const struct documents *documents, const struct duplicate_score *score);

/* ---- Scored pairs and the threshold sweep
 * ------------------------------------------------------------------------------ */

struct edge {
	uint32_t a, b;
	float score; /* the higher, the more alike */
};
struct edges {
	struct edge *at;
	size_t count, capacity;
};
void edges_add(struct edges *edges, uint32_t a, uint32_t b, float score);
void edges_sort(struct edges *edges); /* highest first, then ids; doubles removed */
/* Lines of id <TAB> id <TAB> score. */
void edges_read(const struct documents *documents, const char *path, struct edges *edges);
/* Clusters: union-find over the edges with score >= THRESHOLD. EDGES sorted. Free found. */
void edges_cluster(const struct documents *documents, const struct edges *edges, float threshold,
		   struct clustering *out);

struct sweep_point {
	float threshold;
	double precision, recall, f1;
};
/* At most MOST thresholds, evenly over the distinct scores. Returns how many; POINTS has room for MOST. */
size_t edges_sweep(const struct documents *documents, const struct edges *edges, struct sweep_point *points,
		   size_t most);

/* ---- Baselines
 * ----------------------------------------------------------------------------------------------------------- */

struct baseline_run {
	struct edges edges;
	double sign_seconds, match_seconds;
};
struct baseline {
	const char *name, *about;
	float threshold; /* as its papers and libraries set it */
	void (*run)(const struct documents *documents, struct baseline_run *out);
};
extern const struct baseline baselines[];
extern const size_t baseline_count;

#endif
