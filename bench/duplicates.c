/* duplicates: pair precision and recall, adjusted Rand index, B-cubed, recall by class of copy; and the threshold
 * sweep. Pairs are counted from cluster sizes and from the sizes of the cells (true cluster, found cluster), never one
 * by one, except for the recall by class, which has no closed form: a pair counts for both its sides' classes. */
#include "bench/duplicates.h"

#include <stdlib.h>

static uint64_t pairs_of(uint64_t n)
{
	return n * (n - (n > 0)) / 2;
}

/* A document in its cell. */
struct cell {
	uint32_t cluster, found, document;
};

static int compare_cells(const void *a, const void *b)
{
	const struct cell *x = a, *y = b;
	if (x->cluster != y->cluster)
		return x->cluster < y->cluster ? -1 : 1;
	if (x->found != y->found)
		return x->found < y->found ? -1 : 1;
	return (x->document > y->document) - (x->document < y->document);
}

static int compare_u32(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
	return (x > y) - (x < y);
}

/* The labelled documents' cells, sorted by true cluster. Returns how many. */
static size_t cells_of(const struct documents *documents, const uint32_t *found, struct cell *cells)
{
	size_t count = 0;
	for (uint32_t i = 0; i < documents->count; i++)
		if (documents->at[i].labelled)
			cells[count++] = (struct cell){documents->at[i].cluster, found[i], i};
	if (count)
		qsort(cells, count, sizeof *cells, compare_cells);
	return count;
}

struct pair_counts {
	uint64_t of_true, of_found, of_both;
	double bcubed_precision, bcubed_recall; /* sums over documents */
};

/* Sizes of found clusters: SIZES[label]. */
static uint32_t *found_sizes(const struct cell *cells, size_t count, uint32_t **labels, size_t *label_count)
{
	uint32_t *sorted = need(count * sizeof *sorted), *sizes = need(count * sizeof *sizes);
	for (size_t i = 0; i < count; i++)
		sorted[i] = cells[i].found;
	if (count)
		qsort(sorted, count, sizeof *sorted, compare_u32);
	*label_count = 0;
	for (size_t i = 0, j; i < count; i = j) {
		for (j = i; j < count && sorted[j] == sorted[i];)
			j++;
		sizes[*label_count] = (uint32_t)(j - i);
		sorted[(*label_count)++] = sorted[i];
	}
	*labels = sorted;
	return sizes;
}

static uint32_t size_of(const uint32_t *labels, const uint32_t *sizes, size_t count, uint32_t label)
{
	const uint32_t *at = bsearch(&label, labels, count, sizeof *labels, compare_u32);
	return sizes[at - labels];
}

static struct pair_counts count_pairs(const struct cell *cells, size_t count)
{
	struct pair_counts pairs = {0};
	uint32_t *labels;
	size_t label_count;
	uint32_t *sizes = found_sizes(cells, count, &labels, &label_count);
	for (size_t i = 0; i < label_count; i++)
		pairs.of_found += pairs_of(sizes[i]);
	for (size_t i = 0, end; i < count; i = end) {
		for (end = i; end < count && cells[end].cluster == cells[i].cluster;)
			end++;
		pairs.of_true += pairs_of(end - i);
		for (size_t j = i, k; j < end; j = k) {
			for (k = j; k < end && cells[k].found == cells[j].found;)
				k++;
			double both = (double)(k - j);
			pairs.of_both += pairs_of(k - j);
			pairs.bcubed_precision += both * both / size_of(labels, sizes, label_count, cells[j].found);
			pairs.bcubed_recall += both * both / (double)(end - i);
		}
	}
	free(labels);
	free(sizes);
	return pairs;
}

static double f1_of(double precision, double recall)
{
	return precision + recall > 0 ? 2 * precision * recall / (precision + recall) : 0;
}

static void score_counts(const struct pair_counts *pairs, size_t count, struct duplicate_score *out)
{
	double of_true = (double)pairs->of_true, of_found = (double)pairs->of_found, both = (double)pairs->of_both;
	out->precision = of_found > 0 ? both / of_found : 1;
	out->recall = of_true > 0 ? both / of_true : 1;
	out->f1 = f1_of(out->precision, out->recall);
	double expected = count > 1 ? of_true * of_found / (double)pairs_of(count) : 0;
	double most = (of_true + of_found) / 2;
	out->ari = most != expected ? (both - expected) / (most - expected) : 1;
	out->bcubed_precision = count ? pairs->bcubed_precision / (double)count : 1;
	out->bcubed_recall = count ? pairs->bcubed_recall / (double)count : 1;
	out->bcubed_f1 = f1_of(out->bcubed_precision, out->bcubed_recall);
}

static void count_classes(const struct documents *documents, const struct cell *cells, size_t count,
			  struct class_recall *classes)
{
	for (size_t i = 0, end; i < count; i = end) {
		for (end = i; end < count && cells[end].cluster == cells[i].cluster;)
			end++;
		for (size_t a = i; a < end; a++)
			for (size_t b = a + 1; b < end; b++) {
				uint32_t x = documents->at[cells[a].document].cls;
				uint32_t y = documents->at[cells[b].document].cls;
				bool hit = cells[a].found == cells[b].found;
				classes[x].pairs++;
				classes[x].hits += hit;
				if (x == y)
					continue;
				classes[y].pairs++;
				classes[y].hits += hit;
			}
	}
}

static void judge_pairs(const struct documents *documents, const uint32_t *found, struct duplicate_score *out)
{
	uint64_t tp = 0, fp = 0, fn = 0;
	for (size_t i = 0; i < documents->pair_count; i++) {
		const struct judged_pair *pair = &documents->pairs[i];
		bool together = found[pair->a] == found[pair->b];
		tp += together && pair->same;
		fp += together && !pair->same;
		fn += !together && pair->same;
		if (out->classes && pair->same) {
			out->classes[pair->cls].pairs++;
			out->classes[pair->cls].hits += together;
		}
	}
	out->precision = tp + fp ? (double)tp / (double)(tp + fp) : 1;
	out->recall = tp + fn ? (double)tp / (double)(tp + fn) : 1;
	out->f1 = f1_of(out->precision, out->recall);
}

/* By name, and without the classes that have no pair. */
static void classes_tidy(const struct documents *documents, struct duplicate_score *out)
{
	size_t kept = 0;
	for (size_t i = 0; i < out->class_count; i++)
		if (out->classes[i].pairs)
			out->classes[kept++] = out->classes[i];
	out->class_count = kept;
	for (size_t i = 1; i < kept; i++)
		for (size_t j = i; j > 0 && span_compare(documents->classes[out->classes[j].cls],
							 documents->classes[out->classes[j - 1].cls]) < 0;
		     j--) {
			struct class_recall swap = out->classes[j];
			out->classes[j] = out->classes[j - 1];
			out->classes[j - 1] = swap;
		}
}

void duplicate_score(const struct documents *documents, const struct clustering *clustering,
		     struct duplicate_score *out)
{
	struct cell *cells = need(documents->count * sizeof *cells);
	size_t count = cells_of(documents, clustering->found, cells);
	struct pair_counts pairs = count_pairs(cells, count);
	*out = (struct duplicate_score){
		.documents = count, .missing = clustering->missing, .unknown = clustering->unknown};
	out->class_count = documents->class_count;
	out->classes = need_zero(out->class_count * sizeof *out->classes);
	for (uint32_t i = 0; i < out->class_count; i++)
		out->classes[i].cls = i;
	score_counts(&pairs, count, out);
	if (documents->by_pairs)
		judge_pairs(documents, clustering->found, out);
	else
		count_classes(documents, cells, count, out->classes);
	classes_tidy(documents, out);
	free(cells);
}

void duplicate_score_free(struct duplicate_score *score)
{
	free(score->classes);
	score->classes = NULL;
}

void duplicate_print(FILE *out, const struct documents *documents, const struct duplicate_score *score)
{
	fprintf(out, "documents %zu  missing %zu  unknown %zu\n", score->documents, score->missing, score->unknown);
	for (size_t i = 0; i < score->class_count; i++) {
		const struct class_recall *cls = &score->classes[i];
		fprintf(out, "  recall %.3f  of %7llu pairs  %.*s\n", (double)cls->hits / (double)cls->pairs,
			(unsigned long long)cls->pairs, SPAN_ARG(documents->classes[cls->cls]));
	}
	if (documents->by_pairs) {
		fprintf(out, "judged pairs %zu  precision %.4f  recall %.4f  F1 %.4f\n", documents->pair_count,
			score->precision, score->recall, score->f1);
		return;
	}
	fprintf(out, "pair precision %.4f  recall %.4f  F1 %.4f  ARI %.4f\n", score->precision, score->recall,
		score->f1, score->ari);
	fprintf(out, "B-cubed precision %.4f  recall %.4f  F1 %.4f\n", score->bcubed_precision, score->bcubed_recall,
		score->bcubed_f1);
}

static void put_real(struct json_writer *json, const char *key, double value)
{
	json_key(json, key);
	json_real(json, value, 6);
}

void duplicate_json(struct json_writer *json, const struct documents *documents, const struct duplicate_score *score)
{
	json_put_uint(json, "documents", score->documents);
	json_put_uint(json, "missing", score->missing);
	put_real(json, "precision", score->precision);
	put_real(json, "recall", score->recall);
	put_real(json, "f1", score->f1);
	if (!documents->by_pairs) {
		put_real(json, "ari", score->ari);
		put_real(json, "bcubed_precision", score->bcubed_precision);
		put_real(json, "bcubed_recall", score->bcubed_recall);
		put_real(json, "bcubed_f1", score->bcubed_f1);
	}
	json_key(json, "classes");
	json_begin(json, '[');
	for (size_t i = 0; i < score->class_count; i++) {
		json_begin(json, '{');
		json_key(json, "name");
		json_text(json, documents->classes[score->classes[i].cls]);
		json_put_uint(json, "pairs", score->classes[i].pairs);
		put_real(json, "recall", (double)score->classes[i].hits / (double)score->classes[i].pairs);
		json_end(json, '}');
	}
	json_end(json, ']');
}

/* ---- Edges
 * ------------------------------------------------------------------------------------------------------------------ */

void edges_add(struct edges *edges, uint32_t a, uint32_t b, float score)
{
	need_more(&edges->at, &edges->capacity, edges->count + 1, sizeof *edges->at);
	edges->at[edges->count++] = (struct edge){a < b ? a : b, a < b ? b : a, score};
}

static int compare_edges(const void *a, const void *b)
{
	const struct edge *x = a, *y = b;
	if (x->score != y->score)
		return x->score < y->score ? 1 : -1;
	if (x->a != y->a)
		return x->a < y->a ? -1 : 1;
	return (x->b > y->b) - (x->b < y->b);
}

void edges_sort(struct edges *edges)
{
	size_t kept = 0;
	if (edges->count)
		qsort(edges->at, edges->count, sizeof *edges->at, compare_edges);
	for (size_t i = 0; i < edges->count; i++)
		if (!kept || memcmp(&edges->at[kept - 1], &edges->at[i], sizeof *edges->at) != 0)
			edges->at[kept++] = edges->at[i];
	edges->count = kept;
}

static uint32_t find_root(uint32_t *parent, uint32_t i)
{
	while (parent[i] != i)
		i = parent[i] = parent[parent[i]];
	return i;
}

/* Join what edges [FROM, …) with a score >= THRESHOLD connect; the place after the last one. */
static size_t join(uint32_t *parent, const struct edges *edges, size_t from, float threshold)
{
	for (; from < edges->count && edges->at[from].score >= threshold; from++) {
		uint32_t a = find_root(parent, edges->at[from].a), b = find_root(parent, edges->at[from].b);
		parent[a > b ? a : b] = a > b ? b : a;
	}
	return from;
}

static uint32_t *singles(size_t count)
{
	uint32_t *parent = need(count * sizeof *parent);
	for (uint32_t i = 0; i < count; i++)
		parent[i] = i;
	return parent;
}

void edges_cluster(const struct documents *documents, const struct edges *edges, float threshold,
		   struct clustering *out)
{
	*out = (struct clustering){.found = singles(documents->count)};
	join(out->found, edges, 0, threshold);
	for (uint32_t i = 0; i < documents->count; i++)
		out->found[i] = find_root(out->found, i);
}

size_t edges_sweep(const struct documents *documents, const struct edges *edges, struct sweep_point *points,
		   size_t most)
{
	float *distinct = need((edges->count + 1) * sizeof *distinct);
	size_t levels = 0, count = 0, next = 0;
	for (size_t i = 0; i < edges->count; i++)
		if (!levels || distinct[levels - 1] != edges->at[i].score)
			distinct[levels++] = edges->at[i].score;
	uint32_t *parent = singles(documents->count), *found = need(documents->count * sizeof *found);
	struct cell *cells = need(documents->count * sizeof *cells);
	size_t steps = levels < most ? levels : most;
	for (size_t step = 0; step < steps; step++) {
		float threshold = distinct[steps > 1 ? step * (levels - 1) / (steps - 1) : 0];
		struct duplicate_score score = {0};
		next = join(parent, edges, next, threshold);
		for (uint32_t i = 0; i < documents->count; i++)
			found[i] = find_root(parent, i);
		if (documents->by_pairs) {
			judge_pairs(documents, found, &score);
		} else {
			size_t labelled = cells_of(documents, found, cells);
			struct pair_counts pairs = count_pairs(cells, labelled);
			score_counts(&pairs, labelled, &score);
		}
		points[count++] = (struct sweep_point){threshold, score.precision, score.recall, score.f1};
	}
	free(distinct);
	free(parent);
	free(found);
	free(cells);
	return count;
}
