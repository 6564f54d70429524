/* table: signatures of all documents by index, in parts, and the groups of equal texts.
 *
 * Parts are arrays of the caller or mapped files; a mapped file costs no memory of ours, the kernel keeps what is in
 * use. */
#include "dedup/dedup_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <omp.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

struct part {
	size_t first, count;
	const struct signature *at;
	void *map;
	size_t map_size;
};
struct signature_table {
	struct part *parts;
	size_t part_count, count;
};

struct signature_table *signature_table_new(void)
{
	return calloc(1, sizeof(struct signature_table));
}

static enum status add_part(struct signature_table *table, struct part part)
{
	struct part *parts = realloc(table->parts, (table->part_count + 1) * sizeof *parts);
	if (!parts)
		return STATUS_MEMORY;
	table->parts = parts;
	part.first = table->count;
	parts[table->part_count++] = part;
	table->count += part.count;
	return STATUS_OK;
}

enum status signature_table_add(struct signature_table *table, const struct signature *at, size_t count)
{
	return count ? add_part(table, (struct part){.at = at, .count = count}) : STATUS_OK;
}

enum status signature_table_add_file(struct signature_table *table, const char *path, uint64_t offset, uint64_t count,
				     struct fault *fault)
{
	struct stat stat;
	int file = open(path, O_RDONLY | O_CLOEXEC);
	if (file < 0 || fstat(file, &stat)) {
		if (file >= 0)
			close(file);
		return fault_set(fault, STATUS_IO, 0, "cannot open the signatures: %s", strerror(errno));
	}
	uint64_t size = (uint64_t)stat.st_size;
	enum status status = STATUS_OK;
	void *map = MAP_FAILED;
	if (size < offset || offset % 8 || (size - offset) / sizeof(struct signature) < count ||
	    (count == 0 && (size - offset) % sizeof(struct signature)))
		status = fault_set(fault, STATUS_DATA, size, "the file of signatures is cut short");
	if (!status && count == 0)
		count = (size - offset) / sizeof(struct signature);
	if (!status && count) {
		map = mmap(NULL, (size_t)size, PROT_READ, MAP_SHARED, file, 0);
		if (map == MAP_FAILED)
			status = fault_set(fault, STATUS_IO, 0, "cannot map the signatures: %s", strerror(errno));
	}
	close(file);
	if (status || !count)
		return status;
	struct part part = {.count = (size_t)count, .map = map, .map_size = (size_t)size};
	part.at = (const struct signature *)(const void *)((const char *)map + offset);
	if (add_part(table, part)) {
		munmap(map, (size_t)size);
		return fault_set(fault, STATUS_MEMORY, 0, "no memory for the table of signatures");
	}
	return STATUS_OK;
}

size_t signature_table_count(const struct signature_table *table)
{
	return table->count;
}

const struct signature *signature_at(const struct signature_table *table, size_t document)
{
	size_t low = 0, high = table->part_count;
	while (high - low > 1) {
		size_t middle = low + (high - low) / 2;
		if (table->parts[middle].first <= document)
			low = middle;
		else
			high = middle;
	}
	return table->parts[low].at + (document - table->parts[low].first);
}

void signature_table_release(const struct signature_table *table)
{
	for (size_t i = 0; i < table->part_count; i++)
		if (table->parts[i].map) /* pages come back from the file when they are touched again */
			madvise(table->parts[i].map, table->parts[i].map_size, MADV_DONTNEED);
}

void signature_table_free(struct signature_table *table)
{
	if (!table)
		return;
	for (size_t i = 0; i < table->part_count; i++)
		if (table->parts[i].map)
			munmap(table->parts[i].map, table->parts[i].map_size);
	free(table->parts);
	free(table);
}

/* ---- Equal texts
 * ------------------------------------------------------------------------------------------------------ */

#define EXACT_BINS 256

static bool same_text(const struct signature *a, const struct signature *b)
{
	return a->exact.low == b->exact.low && a->exact.high == b->exact.high;
}

/* ENTRIES of one bin, sorted: 32 bits of the hash and the document. Runs of equal bits are nearly always equal texts.
 */
static void link_equal(const struct signature_table *table, struct exact_groups *groups, const uint64_t *entries,
		       size_t count)
{
	for (size_t from = 0, to; from < count; from = to) {
		for (to = from + 1; to < count && entries[to] >> 32 == entries[from] >> 32; to++)
			;
		for (size_t i = from + 1; i < to; i++) {
			uint32_t document = (uint32_t)entries[i];
			const struct signature *own = signature_at(table, document);
			for (size_t k = from; k < i; k++) {
				uint32_t earlier = (uint32_t)entries[k];
				if (groups->first[earlier] == earlier && same_text(own, signature_at(table, earlier))) {
					groups->first[document] = earlier;
					break;
				}
			}
		}
	}
}

struct exact_bins {
	size_t starts[EXACT_BINS + 1];
	uint64_t *entries, *temp;
};

/* Documents in ascending order within a bin, as the stable sort wants them. */
static void exact_fill(const struct signature_table *table, struct exact_bins *bins)
{
	size_t next[EXACT_BINS + 1] = {0};
	for (size_t i = 0; i < table->count; i++)
		next[(signature_at(table, i)->exact.low >> 56) + 1] += signature_at(table, i)->tokens > 0;
	for (unsigned i = 0; i < EXACT_BINS; i++)
		next[i + 1] += next[i];
	memcpy(bins->starts, next, sizeof next);
	for (size_t i = 0; i < table->count; i++) {
		const struct signature *s = signature_at(table, i);
		if (s->tokens)
			bins->entries[next[s->exact.low >> 56]++] = s->exact.low << 32 | i;
	}
}

enum status dedup_exact(const struct signature_table *table, const struct dedup_options *options,
			struct exact_groups **out)
{
	int threads = options->threads ? (int)options->threads : omp_get_max_threads();
	size_t count = table->count;
	struct exact_bins bins;
	struct exact_groups *groups = calloc(1, sizeof *groups);
	bins.entries = malloc((count + 1) * sizeof *bins.entries);
	bins.temp = malloc((count + 1) * sizeof *bins.temp);
	if (groups)
		groups->first = malloc((count + 1) * sizeof *groups->first);
	if (!groups || !groups->first || !bins.entries || !bins.temp) {
		exact_groups_free(groups);
		free(bins.entries);
		free(bins.temp);
		return STATUS_MEMORY;
	}
	groups->count = count;
	for (size_t i = 0; i < count; i++)
		groups->first[i] = (uint32_t)i;
	exact_fill(table, &bins);
#pragma omp parallel for schedule(dynamic, 1) num_threads(threads)
	for (unsigned i = 0; i < EXACT_BINS; i++) {
		size_t from = bins.starts[i], size = bins.starts[i + 1] - from;
		sort_u64(bins.entries + from, size, 32, bins.temp + from);
		link_equal(table, groups, bins.entries + from, size);
	}
	for (size_t i = 0; i < count; i++)
		groups->distinct += groups->first[i] == i;
	free(bins.entries);
	free(bins.temp);
	*out = groups;
	return STATUS_OK;
}

uint32_t exact_first(const struct exact_groups *groups, size_t document)
{
	return groups ? groups->first[document] : (uint32_t)document;
}

void exact_groups_free(struct exact_groups *groups)
{
	if (groups)
		free(groups->first);
	free(groups);
}
