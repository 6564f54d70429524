/* match: buckets of equal keys to candidate pairs, candidate pairs to accepted ones.
 *
 * A small bucket gives all its pairs. A full one of an anchor (boilerplate that many pages share, or a large cluster)
 * is not skipped, as MinHash implementations often do: each member is tied to the first three and to its three
 * neighbours, so that a cluster of 100,000 copies costs 100,000 comparisons and still hangs together. A full bucket of
 * a SimHash block keeps the promise for distance 3: equal fingerprints become one, the rest are compared bit by bit.
 * Candidates of a batch of bins are sorted and made distinct before any signature is touched; what a batch finds again
 * is dropped when lists merge. */
#include "dedup/dedup_internal.h"

#include <errno.h>
#include <omp.h>
#include <stdio.h>
#include <stdlib.h>

#define ANCHOR_BINS 256
#define BLOCK_DISTINCT_MAX 4096 /* 4096² / 2 comparisons of 1 ns: 8 ms */
#define SPARSE 3

/* ---- Candidates ----------------------------------------------------------------------------------------------------
 */

struct candidates {
	uint64_t *at; /* a << 32 | b, a < b */
	size_t count, capacity;
	bool failed;
	uint64_t full_buckets;
	struct ceiling *ceiling;
};

static void put_pair(struct candidates *out, uint32_t a, uint32_t b, size_t old_count)
{
	if (b < old_count) /* a < b: both are old */
		return;
	if (out->count == out->capacity) {
		size_t capacity = out->capacity ? out->capacity * 2 : 4096;
		uint64_t *at = out->failed ? NULL : ceiling_grow(out->ceiling, out->at, capacity * sizeof *at);
		if (!at) {
			out->failed = true;
			return;
		}
		out->at = at;
		out->capacity = capacity;
	}
	out->at[out->count++] = (uint64_t)a << 32 | b;
}

/* Sort and drop repetitions; TEMP is made here. */
static void candidates_distinct(struct candidates *c)
{
	uint64_t *temp = ceiling_array(c->ceiling, c->count + 1, sizeof *temp);
	if (!temp) {
		c->failed = true;
		return;
	}
	sort_u64(c->at, c->count, 0, temp);
	ceiling_drop(c->ceiling, temp);
	size_t kept = 0;
	for (size_t i = 0; i < c->count; i++)
		if (kept == 0 || c->at[i] != c->at[kept - 1])
			c->at[kept++] = c->at[i];
	c->count = kept;
}

struct matcher {
	const struct signature_table *table;
	const struct dedup_options *options;
	size_t old_count;
};

static void bucket_all(const struct matcher *m, const uint64_t *entries, size_t count, struct candidates *out)
{
	for (size_t i = 0; i < count; i++)
		for (size_t k = i + 1; k < count; k++)
			put_pair(out, (uint32_t)entries[i], (uint32_t)entries[k], m->old_count);
}

static void bucket_sparse(const struct matcher *m, const uint64_t *entries, size_t count, struct candidates *out)
{
	out->full_buckets++;
	for (size_t i = 0; i < count; i++) {
		for (size_t k = 0; k < SPARSE && k < i; k++)
			put_pair(out, (uint32_t)entries[k], (uint32_t)entries[i], m->old_count);
		for (size_t k = i + 1; k < count && k <= i + SPARSE; k++)
			put_pair(out, (uint32_t)entries[i], (uint32_t)entries[k], m->old_count);
	}
}

struct fingerprinted {
	uint64_t simhash[2];
	uint32_t document, root;
};

static int by_simhash(const void *left, const void *right)
{
	const struct fingerprinted *a = left, *b = right;
	for (int i = 1; i >= 0; i--)
		if (a->simhash[i] != b->simhash[i])
			return a->simhash[i] < b->simhash[i] ? -1 : 1;
	return a->document < b->document ? -1 : a->document > b->document;
}

static uint32_t root_of(struct fingerprinted *members, uint32_t at)
{
	while (members[at].root != at)
		at = members[at].root = members[members[at].root].root;
	return at;
}

/* Every pair of different fingerprints within the promise that is not joined yet. MEMBERS are distinct. */
static void bucket_near(const struct matcher *m, struct fingerprinted *members, size_t count, struct candidates *out)
{
	for (uint32_t i = 0; i < count; i++)
		members[i].root = i;
	for (uint32_t i = 0; i < count; i++)
		for (uint32_t k = 0; k < i; k++) {
			int distance = __builtin_popcountll(members[i].simhash[0] ^ members[k].simhash[0]) +
				       __builtin_popcountll(members[i].simhash[1] ^ members[k].simhash[1]);
			if (distance > PROMISE || root_of(members, i) == root_of(members, k))
				continue;
			uint32_t a = members[i].document, b = members[k].document;
			put_pair(out, a < b ? a : b, a < b ? b : a, m->old_count);
			members[root_of(members, i)].root = root_of(members, k);
		}
}

/* A full bucket of a block. With old documents in it joining is no proof of comparison (old ones are not compared with
 * each other), which does not matter: they are in their clusters already. */
static void bucket_block(const struct matcher *m, const uint64_t *entries, size_t count, struct candidates *out)
{
	struct fingerprinted *members = ceiling_array(m->options->ceiling, count, sizeof *members);
	if (!members) {
		out->failed = true;
		return;
	}
	for (size_t i = 0; i < count; i++) {
		struct signature copy;
		const struct signature *s = signature_read(m->table, (uint32_t)entries[i], &copy);
		if (i % CEILING_STRIDE == 0)
			ceiling_check(m->options->ceiling);
		members[i] = (struct fingerprinted){{s->simhash[0], s->simhash[1]}, (uint32_t)entries[i], 0};
	}
	qsort(members, count, sizeof *members, by_simhash);
	size_t distinct = 0;
	for (size_t i = 0; i < count; i++) {
		if (i && members[i].simhash[0] == members[distinct - 1].simhash[0] &&
		    members[i].simhash[1] == members[distinct - 1].simhash[1]) {
			put_pair(out, members[distinct - 1].document, members[i].document, m->old_count);
			continue;
		}
		members[distinct++] = members[i];
	}
	if (distinct <= BLOCK_DISTINCT_MAX)
		bucket_near(m, members, distinct, out);
	else
		bucket_sparse(m, entries, count, out);
	ceiling_drop(m->options->ceiling, members);
}

/* ENTRIES of one sorted bin. */
static void bin_pairs(const struct matcher *m, unsigned bin, const uint64_t *entries, size_t count,
		      struct candidates *out)
{
	for (size_t from = 0, to; from < count; from = to) {
		for (to = from + 1; to < count && entries[to] >> 32 == entries[from] >> 32; to++)
			;
		if (to - from <= m->options->bucket_max)
			bucket_all(m, entries + from, to - from, out);
		else if (bin < ANCHOR_BINS)
			bucket_sparse(m, entries + from, to - from, out);
		else
			bucket_block(m, entries + from, to - from, out);
	}
}

/* ---- Verification
 * ---------------------------------------------------------------------------------------------------- */

static bool pair_list_put(struct pair_list *list, const struct accepted_pair *pair)
{
	if (list->count == list->capacity) {
		size_t capacity = list->capacity ? list->capacity * 2 : 1024;
		struct accepted_pair *at = ceiling_grow(list->ceiling, list->at, capacity * sizeof *at);
		if (!at)
			return false;
		list->at = at;
		list->capacity = capacity;
	}
	list->at[list->count++] = *pair;
	return true;
}

void pair_list_free(struct pair_list *list)
{
	ceiling_drop(list->ceiling, list->at);
	memset(list, 0, sizeof *list);
}

static int by_pair(const void *left, const void *right)
{
	const struct accepted_pair *a = left, *b = right;
	if (a->a != b->a)
		return a->a < b->a ? -1 : 1;
	return a->b < b->b ? -1 : a->b > b->b;
}

void pair_list_sort(struct pair_list *list)
{
	size_t kept = 0;
	if (list->count)
		qsort(list->at, list->count, sizeof *list->at, by_pair);
	for (size_t i = 0; i < list->count; i++)
		if (kept == 0 || by_pair(&list->at[i], &list->at[kept - 1]))
			list->at[kept++] = list->at[i];
	list->count = kept;
}

static bool verify_range(const struct matcher *m, const uint64_t *pairs, size_t count, struct signature_cache *cache,
			 struct pair_list *out)
{
	struct signature copies[2];
	bool good = true;
	const struct signature *a = NULL;
	for (size_t i = 0; i < count && good; i++) {
		struct accepted_pair pair = {.a = (uint32_t)(pairs[i] >> 32), .b = (uint32_t)pairs[i]};
		if (i % (CEILING_STRIDE / 2) == 0)
			ceiling_check(m->options->ceiling);
		if (i + 4 < count)
			signature_prefetch(m->table, (uint32_t)pairs[i + 4]);
		if (i == 0 || pairs[i] >> 32 != pairs[i - 1] >> 32)
			a = signature_read(m->table, pair.a, &copies[0]);
		if (pair_verify(a, signature_cached(m->table, cache, pair.b, &copies[1]), m->options, &pair.evidence))
			good = pair_list_put(out, &pair);
	}
	return good;
}

#define VERIFY_SLICES 64

static enum status verify_all(const struct matcher *m, const struct candidates *c, int threads, struct pair_list *out)
{
	struct pair_list slices[VERIFY_SLICES];
	bool good[VERIFY_SLICES];
	struct signature_cache *caches = NULL;
	if (signature_is_read(m->table) && !(caches = memory_zeroed((size_t)threads, sizeof *caches)))
		return STATUS_MEMORY;
	memset(slices, 0, sizeof slices);
	for (unsigned i = 0; i < VERIFY_SLICES; i++)
		slices[i].ceiling = m->options->ceiling;
#pragma omp parallel for schedule(dynamic, 1) num_threads(threads)
	for (unsigned i = 0; i < VERIFY_SLICES; i++) {
		size_t from = c->count * i / VERIFY_SLICES, to = c->count * (i + 1) / VERIFY_SLICES;
		struct signature_cache *cache = caches ? &caches[omp_get_thread_num()] : NULL;
		good[i] = verify_range(m, c->at + from, to - from, cache, &slices[i]);
	}
	free(caches);
	enum status status = STATUS_OK;
	for (unsigned i = 0; i < VERIFY_SLICES; i++) {
		if (!good[i])
			status = STATUS_MEMORY;
		for (size_t k = 0; k < slices[i].count && !status; k++)
			if (!pair_list_put(out, &slices[i].at[k]))
				status = STATUS_MEMORY;
		pair_list_free(&slices[i]);
	}
	out->candidates += c->count;
	return status;
}

/* ---- A partition
 * -------------------------------------------------------------------------------------------------------- */

/* Candidates of all bins that are loaded; a thread sorts a bin and walks its buckets. */
static enum status bins_pairs(const struct matcher *m, struct key_bins *bins, int threads, struct candidates *all)
{
	unsigned width = bins->to - bins->from;
	size_t most = 0;
	for (unsigned i = 0; i < width; i++)
		most = bins->starts[i + 1] - bins->starts[i] > most ? bins->starts[i + 1] - bins->starts[i] : most;
	struct candidates *found = memory_zeroed(width, sizeof *found);
	uint64_t *temp = ceiling_array(all->ceiling, (most + 1) * (size_t)threads, sizeof *temp);
	if (!found || !temp) {
		free(found);
		ceiling_drop(all->ceiling, temp);
		return STATUS_MEMORY;
	}
#pragma omp parallel for schedule(dynamic, 1) num_threads(threads)
	for (unsigned i = 0; i < width; i++) {
		uint64_t *entries = bins->entries + bins->starts[i];
		found[i].ceiling = all->ceiling;
		size_t count = bins->starts[i + 1] - bins->starts[i];
		sort_u64(entries, count, 32, temp + (size_t)omp_get_thread_num() * most);
		bin_pairs(m, bins->from + i, entries, count, &found[i]);
		candidates_distinct(&found[i]);
		ceiling_check(all->ceiling);
	}
	ceiling_drop(all->ceiling, temp);
	size_t total = 0;
	for (unsigned i = 0; i < width; i++) {
		total += found[i].count;
		all->failed |= found[i].failed;
		all->full_buckets += found[i].full_buckets;
	}
	all->at = ceiling_array(all->ceiling, total + 1, sizeof *all->at);
	all->failed |= !all->at;
	for (unsigned i = 0; i < width; i++) {
		if (!all->failed && found[i].count)
			memcpy(all->at + all->count, found[i].at, found[i].count * sizeof *all->at);
		all->count += found[i].count;
		ceiling_drop(all->ceiling, found[i].at);
		ceiling_check(all->ceiling);
	}
	free(found);
	if (!all->failed)
		candidates_distinct(all);
	return all->failed ? STATUS_MEMORY : STATUS_OK;
}

enum status dedup_match(const struct signature_table *table, const struct exact_groups *groups,
			const struct dedup_options *options, unsigned partition, unsigned partitions,
			const char *const *runs, size_t run_count, size_t old_count, struct pair_list *out,
			struct fault *fault)
{
	int threads = options->threads ? (int)options->threads : omp_get_max_threads();
	struct matcher matcher = {table, options, old_count};
	struct candidates candidates = {.ceiling = options->ceiling};
	struct key_bins bins;
	memset(out, 0, sizeof *out);
	out->ceiling = options->ceiling;
	if (partitions == 0 || partition >= partitions)
		return fault_set(fault, STATUS_USAGE, 0, "there is no partition %u of %u", partition, partitions);
	unsigned from = (unsigned)((uint64_t)KEY_BINS * partition / partitions),
		 to = (unsigned)((uint64_t)KEY_BINS * (partition + 1) / partitions);
	if (options->exact_only || from == to)
		return STATUS_OK;
	enum status status = run_count ? key_bins_read(&bins, runs, run_count, from, to, options->ceiling, fault)
				       : key_bins_collect(&bins, table, groups, options, from, to, fault);
	if (status)
		return status;
	status = bins_pairs(&matcher, &bins, threads, &candidates);
	key_bins_free(&bins);
	if (!status)
		status = verify_all(&matcher, &candidates, threads, out);
	out->full_buckets = candidates.full_buckets;
	ceiling_drop(options->ceiling, candidates.at);
	if (status) {
		pair_list_free(out);
		return fault_set(fault, status, 0, "no memory for the pairs of partition %u of %u", partition,
				 partitions);
	}
	return STATUS_OK;
}

/* ---- Files
 * ----------------------------------------------------------------------------------------------------------------- */

#define PAIRS_MAGIC "warcmill pairs2\n"

enum status pair_list_save(const struct pair_list *list, const char *path, struct fault *fault)
{
	struct buffer out;
	uint64_t head[3] = {list->count, list->candidates, list->full_buckets};
	buffer_init(&out, SIZE_MAX / 2);
	buffer_append(&out, PAIRS_MAGIC, 16);
	buffer_append(&out, head, sizeof head);
	enum status status = buffer_append(&out, list->at, list->count * sizeof *list->at);
	if (status)
		fault_set(fault, status, 0, "no memory to write the pairs");
	else
		status = file_write_atomic(path, buffer_span(&out), fault);
	buffer_free(&out);
	return status;
}

enum status pair_list_load(struct pair_list *list, const char *path, struct fault *fault)
{
	char magic[16];
	uint64_t head[3];
	enum status status = STATUS_OK;
	FILE *file = fopen(path, "rb");
	if (!file)
		return fault_set(fault, STATUS_IO, 0, "cannot open a file of pairs: %s", strerror(errno));
	if (fread(magic, 16, 1, file) != 1 || fread(head, sizeof head, 1, file) != 1 || memcmp(magic, PAIRS_MAGIC, 16))
		status = fault_set(fault, STATUS_DATA, 0, "not a file of pairs");
	for (uint64_t i = 0; !status && i < head[0]; i++) {
		struct accepted_pair pair;
		if (fread(&pair, sizeof pair, 1, file) != 1)
			status = fault_set(fault, STATUS_DATA, 40 + i * sizeof pair, "a file of pairs is cut short");
		else if (!pair_list_put(list, &pair))
			status = fault_set(fault, STATUS_MEMORY, 0, "no memory for the pairs");
	}
	if (!status) {
		list->candidates += head[1];
		list->full_buckets += head[2];
	}
	fclose(file);
	return status;
}
