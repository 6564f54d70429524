/* cluster: accepted pairs to clusters, and a row of the result for each document.
 *
 * Union-find alone chains: a follow-up story that quotes two reports joins them (pair precision 0.74). Average link
 * asks, before two clusters become one, which share of the pairs across them would be accepted (0.98). All pairs across
 * two large clusters would be quadratic, so each cluster carries a panel of eight members, the smallest by a hash of
 * their index (a uniform sample that merges), and the panels are compared. Pairs come strongest first, ties by
 * documents, so the outcome depends on the set of pairs alone. */
#include "dedup/dedup_internal.h"

#include <omp.h>
#include <stdlib.h>

#define PANEL 8

struct node {
	uint32_t document, parent, size, old_keeper;
	uint32_t panel_count, panel[PANEL];
};

struct clustering {
	const struct dedup_input *input;
	const struct dedup_options *options;
	struct node *nodes;
	size_t node_count;
	uint32_t *node_of;             /* [documents] + 1; 0: in no pair */
	struct signature_cache *cache; /* of panels: a large cluster's is asked for again and again; may be NULL */
};

uint64_t document_order_hash(uint32_t document)
{
	return mix_mul((uint64_t)document ^ MIX_A, MIX_B) ^ document;
}

static uint32_t find(struct node *nodes, uint32_t at)
{
	while (nodes[at].parent != at)
		at = nodes[at].parent = nodes[nodes[at].parent].parent;
	return at;
}

static void panels_merge(struct node *into, const struct node *from)
{
	uint32_t merged[PANEL], count = 0, i = 0, k = 0;
	while (count < PANEL && (i < into->panel_count || k < from->panel_count)) {
		bool first = k == from->panel_count ||
			     (i < into->panel_count &&
			      document_order_hash(into->panel[i]) < document_order_hash(from->panel[k]));
		merged[count++] = first ? into->panel[i++] : from->panel[k++];
	}
	memcpy(into->panel, merged, sizeof merged);
	into->panel_count = count;
}

static void join(struct node *nodes, uint32_t a, uint32_t b)
{
	uint32_t big = nodes[a].size >= nodes[b].size ? a : b, small = big == a ? b : a;
	panels_merge(&nodes[big], &nodes[small]);
	nodes[small].parent = big;
	nodes[big].size += nodes[small].size;
	if (nodes[big].old_keeper == DOCUMENT_NONE)
		nodes[big].old_keeper = nodes[small].old_keeper;
}

/* Share of accepted pairs between the panels of two clusters. */
static bool linked(const struct clustering *self, const struct node *a, const struct node *b)
{
	struct pair_evidence evidence;
	struct signature copies[PANEL + 1];
	const struct signature_table *table = self->input->table;
	unsigned accepted = 0, all = a->panel_count * b->panel_count;
	if (a->old_keeper != DOCUMENT_NONE && b->old_keeper != DOCUMENT_NONE)
		return a->old_keeper == b->old_keeper;
	if (a->size == 1 && b->size == 1)
		return true;
	ceiling_check(self->options->ceiling);
	for (unsigned k = 0; k < b->panel_count; k++)
		copies[k] = *signature_cached(table, self->cache, b->panel[k], &copies[k]);
	for (unsigned i = 0; i < a->panel_count; i++) {
		const struct signature *left = signature_cached(table, self->cache, a->panel[i], &copies[PANEL]);
		for (unsigned k = 0; k < b->panel_count; k++)
			accepted += pair_verify(left, &copies[k], self->options, &evidence);
	}
	return accepted * 1000 >= all * (unsigned)(self->options->link_min * 1000 + 0.5);
}

/* ---- Nodes: the documents that are in a pair
 * ----------------------------------------------------------------------------- */

static enum status nodes_make(struct clustering *self, const struct pair_list *pairs, size_t documents)
{
	size_t count = 0;
	self->node_of = ceiling_array(self->options->ceiling, documents + 1, sizeof *self->node_of);
	if (!self->node_of)
		return STATUS_MEMORY;
	for (size_t i = 0; i < pairs->count; i++) {
		if (i % CEILING_STRIDE == 0)
			ceiling_check(self->options->ceiling);
		self->node_of[pairs->at[i].a] = self->node_of[pairs->at[i].b] = 1;
	}
	for (size_t i = 0; i < documents; i++)
		count += self->node_of[i];
	self->nodes = ceiling_array(self->options->ceiling, count + 1, sizeof *self->nodes);
	if (!self->nodes)
		return STATUS_MEMORY;
	for (size_t i = 0; i < documents; i++) {
		if (!self->node_of[i])
			continue;
		uint32_t at = (uint32_t)self->node_count++;
		bool old = i < self->input->old_count;
		self->nodes[at] = (struct node){.document = (uint32_t)i,
						.parent = at,
						.size = 1,
						.panel_count = 1,
						.old_keeper = old ? self->input->old_keeper[i] : DOCUMENT_NONE};
		self->nodes[at].panel[0] = (uint32_t)i;
		self->node_of[i] = at + 1;
	}
	return STATUS_OK;
}

struct old_node {
	uint32_t keeper, node;
};

static int by_keeper(const void *left, const void *right)
{
	const struct old_node *a = left, *b = right;
	if (a->keeper != b->keeper)
		return a->keeper < b->keeper ? -1 : 1;
	return a->node < b->node ? -1 : a->node > b->node;
}

/* Old documents that share a keeper are one cluster from the start. */
static enum status join_old(struct clustering *self)
{
	struct old_node *old = ceiling_array(self->options->ceiling, self->node_count + 1, sizeof *old);
	size_t count = 0;
	if (!old)
		return STATUS_MEMORY;
	for (uint32_t i = 0; i < self->node_count; i++)
		if (self->nodes[i].old_keeper != DOCUMENT_NONE)
			old[count++] = (struct old_node){self->nodes[i].old_keeper, i};
	qsort(old, count, sizeof *old, by_keeper);
	for (size_t i = 1; i < count; i++)
		if (old[i].keeper == old[i - 1].keeper)
			join(self->nodes, find(self->nodes, old[i - 1].node), find(self->nodes, old[i].node));
	ceiling_drop(self->options->ceiling, old);
	return STATUS_OK;
}

/* Strongest pairs first; a counting sort that keeps the order of (a, b) among equals. */
static enum status join_pairs(struct clustering *self, const struct pair_list *pairs)
{
	size_t starts[1002] = {0};
	struct {
		uint32_t a, b;
	} *order = ceiling_array(self->options->ceiling, pairs->count + 1, sizeof *order);
	if (!order)
		return STATUS_MEMORY;
	for (size_t i = 0; i < pairs->count; i++)
		starts[1000 - pairs->at[i].evidence.score + 1]++;
	for (unsigned i = 0; i < 1001; i++)
		starts[i + 1] += starts[i];
	for (size_t i = 0; i < pairs->count; i++)
		memcpy(&order[starts[1000 - pairs->at[i].evidence.score]++], &pairs->at[i], sizeof *order);
	for (size_t i = 0; i < pairs->count; i++) {
		if (i % CEILING_STRIDE == 0)
			ceiling_check(self->options->ceiling);
		uint32_t a = find(self->nodes, self->node_of[order[i].a] - 1),
			 b = find(self->nodes, self->node_of[order[i].b] - 1);
		if (a != b && linked(self, &self->nodes[a], &self->nodes[b]))
			join(self->nodes, a, b);
	}
	ceiling_drop(self->options->ceiling, order);
	return STATUS_OK;
}

/* ---- Rows
 * ---------------------------------------------------------------------------------------------------------------------
 */

/* Members by cluster: ORDER[starts[label] …] ascending, labels being the smallest member. */
struct grouping {
	uint32_t *label, *starts, *order;
};

static void grouping_free(struct grouping *g, struct ceiling *ceiling)
{
	ceiling_drop(ceiling, g->order);
	ceiling_drop(ceiling, g->starts);
	ceiling_drop(ceiling, g->label);
}

static enum status grouping_make(struct clustering *self, const struct exact_groups *groups, struct grouping *g)
{
	size_t count = signature_table_count(self->input->table);
	struct ceiling *ceiling = self->options->ceiling;
	uint32_t *smallest = ceiling_array(ceiling, self->node_count + 1, sizeof *smallest);
	*g = (struct grouping){ceiling_array(ceiling, count + 1, sizeof *g->label),
			       ceiling_array(ceiling, count + 2, sizeof *g->starts),
			       ceiling_array(ceiling, count + 1, sizeof *g->order)};
	if (!smallest || !g->label || !g->starts || !g->order) {
		ceiling_drop(ceiling, smallest);
		return STATUS_MEMORY;
	}
	memset(smallest, 255, (self->node_count + 1) * sizeof *smallest);
	/* Old documents are gathered under their keeper, whether a pair names them or not. */
	for (size_t i = 0; i < count; i++) {
		if (i % CEILING_STRIDE == 0)
			ceiling_check(ceiling);
		uint32_t first = exact_first(groups, i);
		bool old = i < self->input->old_count;
		uint32_t node = self->node_of[first];
		if (node && !old) {
			uint32_t root = find(self->nodes, node - 1);
			if (self->nodes[root].old_keeper != DOCUMENT_NONE)
				g->label[i] = self->nodes[root].old_keeper;
			else
				g->label[i] = smallest[root] == DOCUMENT_NONE ? (smallest[root] = (uint32_t)i)
									      : smallest[root];
		} else if (old) {
			g->label[i] = self->input->old_keeper[i];
		} else {
			g->label[i] = first < self->input->old_count ? self->input->old_keeper[first] : first;
		}
	}
	ceiling_drop(ceiling, smallest);
	for (size_t i = 0; i < count; i++) {
		if (i % CEILING_STRIDE == 0)
			ceiling_check(ceiling);
		g->starts[g->label[i] + 1]++;
	}
	for (size_t i = 0; i < count; i++)
		g->starts[i + 1] += g->starts[i];
	for (size_t i = 0; i < count; i++) {
		if (i % CEILING_STRIDE == 0)
			ceiling_check(ceiling);
		g->order[g->starts[g->label[i]]++] = (uint32_t)i;
	}
	for (size_t i = count; i > 0; i--)
		g->starts[i] = g->starts[i - 1];
	g->starts[0] = 0;
	return STATUS_OK;
}

static bool cluster_rows(const struct clustering *self, const struct exact_groups *groups, const uint32_t *members,
			 size_t count, struct dedup_row *rows)
{
	uint32_t small[64],
		*scratch = count <= 64 ? small : ceiling_array(self->options->ceiling, count, sizeof *scratch);
	uint8_t rule;
	if (!scratch)
		return false;
	uint32_t keeper = keeper_choose(self->input, self->options, members, count, scratch, &rule);
	struct signature copies[2];
	const struct signature *kept = signature_read(self->input->table, keeper, &copies[0]);
	for (size_t i = 0; i < count; i++) {
		if (i % CEILING_STRIDE == 0)
			ceiling_check(self->options->ceiling);
		struct dedup_row *row = &rows[members[i]];
		*row = (struct dedup_row){.keeper = keeper, .size = (uint32_t)count, .keeper_rule = rule};
		if (exact_first(groups, members[i]) ==
		    exact_first(groups, keeper)) { /* equal texts, equal signatures */
			if (members[i] != keeper)
				pair_verify(kept, kept, self->options, &row->evidence);
			continue;
		}
		if (members[i] != keeper && !pair_verify(signature_read(self->input->table, members[i], &copies[1]),
							 kept, self->options, &row->evidence))
			row->evidence.rule = PAIR_LINKED;
	}
	if (scratch != small)
		ceiling_drop(self->options->ceiling, scratch);
	return true;
}

static enum status rows_make(const struct clustering *self, const struct exact_groups *groups, const struct grouping *g,
			     struct dedup_result *result)
{
	int threads = self->options->threads ? (int)self->options->threads : omp_get_max_threads();
	bool failed = false;
	size_t count = result->count;
	struct dedup_row *rows = result->rows;
#pragma omp parallel for schedule(dynamic, 4096) num_threads(threads) reduction(|| : failed)
	for (size_t i = 0; i < count; i++) {
		if (i % (CEILING_STRIDE / 2) == 0)
			ceiling_check(self->options->ceiling);
		size_t from = g->starts[i], size = g->starts[i + 1] - from;
		if (size == 1)
			rows[g->order[from]] = (struct dedup_row){.keeper = g->order[from], .size = 1};
		else if (size > 1)
			failed = failed || !cluster_rows(self, groups, g->order + from, size, rows);
	}
	if (failed)
		return STATUS_MEMORY;
	for (size_t i = 0; i < count; i++) {
		bool kept = rows[i].keeper == i;
		result->clusters += kept && rows[i].size > 1;
		result->exact += !kept && rows[i].evidence.rule == PAIR_EXACT;
		result->near += !kept && rows[i].evidence.rule != PAIR_EXACT;
	}
	return STATUS_OK;
}

void dedup_result_free(struct dedup_result *result)
{
	ceiling_drop(result->ceiling, result->rows);
	if (result->own_ceiling)
		ceiling_free(result->ceiling);
	memset(result, 0, sizeof *result);
}

enum status dedup_cluster(const struct dedup_input *input, const struct exact_groups *groups,
			  const struct pair_list *pairs, const struct dedup_options *options,
			  struct dedup_result *result, struct fault *fault)
{
	struct clustering self = {.input = input, .options = options};
	struct grouping grouping = {NULL, NULL, NULL};
	size_t count = signature_table_count(input->table);
	memset(result, 0, sizeof *result);
	if (count >= DOCUMENT_NONE)
		return fault_set(fault, STATUS_LIMIT, 0, "more than 2^32 - 2 documents in one run");
	for (size_t i = 0; i < input->old_count; i++)
		if (input->old_keeper[i] >= input->old_count)
			return fault_set(fault, STATUS_DATA, i,
					 "an old document's keeper is not among the old documents");
	result->count = count;
	result->ceiling = options->ceiling;
	result->rows = ceiling_array(options->ceiling, count + 1, sizeof *result->rows);
	if (signature_is_read(input->table))
		self.cache = memory_zeroed(1, sizeof *self.cache);
	enum status status = result->rows ? nodes_make(&self, pairs, count) : STATUS_MEMORY;
	if (!status)
		status = join_old(&self);
	if (!status)
		status = join_pairs(&self, pairs);
	if (!status)
		status = grouping_make(&self, groups, &grouping);
	if (!status)
		status = rows_make(&self, groups, &grouping, result);
	free(self.cache);
	result->accepted = pairs->count;
	result->candidates = pairs->candidates;
	result->full_buckets = pairs->full_buckets;
	grouping_free(&grouping, options->ceiling);
	ceiling_drop(options->ceiling, self.nodes);
	ceiling_drop(options->ceiling, self.node_of);
	if (status) {
		dedup_result_free(result);
		return fault_set(fault, status, 0, "no memory to cluster %zu documents", count);
	}
	return STATUS_OK;
}
