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

/* Mapped signatures up to so many bytes are touched where they lie. */
#define TOUCH_MAX ((uint64_t)16 << 20)

struct part {
	size_t first, count;
	const struct signature *at;
	void *map;
	size_t map_size;
	int file; /* -1: none */
	uint64_t offset;
};
struct signature_table {
	struct part *parts;
	size_t part_count, count;
	bool read; /* files are read, not touched, where access is at random */
};

struct signature_table *signature_table_new(void)
{
	return memory_zeroed(1, sizeof(struct signature_table));
}

static enum status add_part(struct signature_table *table, struct part part)
{
	struct part *parts = memory_grow(table->parts, (table->part_count + 1) * sizeof *parts);
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
	return count ? add_part(table, (struct part){.at = at, .count = count, .file = -1}) : STATUS_OK;
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
	if (status || !count) {
		close(file);
		return status;
	}
	struct part part = {
		.count = (size_t)count, .map = map, .map_size = (size_t)size, .file = file, .offset = offset};
	part.at = (const struct signature *)(const void *)((const char *)map + offset);
	if (add_part(table, part)) {
		munmap(map, (size_t)size);
		close(file);
		return fault_set(fault, STATUS_MEMORY, 0, "no memory for the table of signatures");
	}
	return STATUS_OK;
}

size_t signature_table_count(const struct signature_table *table)
{
	return table->count;
}

static const struct part *part_of(const struct signature_table *table, size_t document)
{
	size_t low = 0, high = table->part_count;
	while (high - low > 1) {
		size_t middle = low + (high - low) / 2;
		if (table->parts[middle].first <= document)
			low = middle;
		else
			high = middle;
	}
	return &table->parts[low];
}

const struct signature *signature_at(const struct signature_table *table, size_t document)
{
	const struct part *part = part_of(table, document);
	return part->at + (document - part->first);
}

const struct signature *signature_read(const struct signature_table *table, size_t document, struct signature *copy)
{
	const struct part *part = part_of(table, document);
	size_t at = document - part->first;
	if (table->read && part->file >= 0 &&
	    pread(part->file, copy, sizeof *copy, (off_t)(part->offset + at * sizeof *copy)) == (ssize_t)sizeof *copy)
		return copy;
	return part->at + at;
}

const struct signature *signature_cached(const struct signature_table *table, struct signature_cache *cache,
					 uint32_t document, struct signature *copy)
{
	if (!cache)
		return signature_read(table, document, copy);
	size_t place = document % SIGNATURE_CACHE;
	if (cache->document[place] == document + 1)
		return &cache->at[place];
	cache->document[place] = 0;
	const struct signature *got = signature_read(table, document, &cache->at[place]);
	if (got == &cache->at[place])
		cache->document[place] = document + 1;
	return got;
}

bool signature_is_read(const struct signature_table *table)
{
	return table->read;
}

void signature_prefetch(const struct signature_table *table, size_t document)
{
	if (!table->read)
		__builtin_prefetch(signature_at(table, document));
}

enum status signature_table_watch(struct signature_table *table, struct ceiling *ceiling)
{
	enum status status = STATUS_OK;
	/* What fits anyway is touched: faster. */
	uint64_t room = ceiling_limited(ceiling) ? ceiling_limit(ceiling) / 4 : TOUCH_MAX;
	table->read = table->count * sizeof(struct signature) > room;
	for (size_t i = 0; i < table->part_count && !status; i++)
		status = ceiling_watch(ceiling, table->parts[i].map, table->parts[i].map_size);
	return status;
}

void signature_table_unwatch(struct signature_table *table, struct ceiling *ceiling)
{
	for (size_t i = 0; i < table->part_count; i++)
		ceiling_unwatch(ceiling, table->parts[i].map);
}

void signature_table_free(struct signature_table *table)
{
	if (!table)
		return;
	for (size_t i = 0; i < table->part_count; i++)
		if (table->parts[i].map) {
			munmap(table->parts[i].map, table->parts[i].map_size);
			close(table->parts[i].file);
		}
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
			struct signature copies[2];
			uint32_t document = (uint32_t)entries[i];
			if (i % CEILING_STRIDE == 0)
				ceiling_check(groups->ceiling);
			const struct signature *own = signature_read(table, document, &copies[0]);
			for (size_t k = from; k < i; k++) {
				uint32_t earlier = (uint32_t)entries[k];
				if (groups->first[earlier] == earlier &&
				    same_text(own, signature_read(table, earlier, &copies[1]))) {
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
static void exact_fill(const struct signature_table *table, struct exact_bins *bins, struct ceiling *ceiling)
{
	size_t next[EXACT_BINS + 1] = {0};
	for (size_t i = 0; i < table->count; i++) {
		next[(signature_at(table, i)->exact.low >> 56) + 1] += signature_at(table, i)->tokens > 0;
		if (i % SCAN_STRIDE == 0)
			ceiling_scanned(ceiling);
	}
	for (unsigned i = 0; i < EXACT_BINS; i++)
		next[i + 1] += next[i];
	memcpy(bins->starts, next, sizeof next);
	for (size_t i = 0; i < table->count; i++) {
		const struct signature *s = signature_at(table, i);
		if (s->tokens)
			bins->entries[next[s->exact.low >> 56]++] = s->exact.low << 32 | i;
		if (i % SCAN_STRIDE == 0)
			ceiling_scanned(ceiling);
	}
}

enum status dedup_exact(const struct signature_table *table, const struct dedup_options *options,
			struct exact_groups **out)
{
	int threads = options->threads ? (int)options->threads : omp_get_max_threads();
	size_t count = table->count;
	struct exact_bins bins;
	struct ceiling *ceiling = options->ceiling;
	struct exact_groups *groups = memory_zeroed(1, sizeof *groups);
	bins.entries = ceiling_array(ceiling, count + 1, sizeof *bins.entries);
	bins.temp = ceiling_array(ceiling, count + 1, sizeof *bins.temp);
	if (groups) {
		groups->ceiling = ceiling;
		groups->first = ceiling_array(ceiling, count + 1, sizeof *groups->first);
	}
	if (!groups || !groups->first || !bins.entries || !bins.temp) {
		ceiling_drop(ceiling, bins.temp);
		ceiling_drop(ceiling, bins.entries);
		exact_groups_free(groups);
		return STATUS_MEMORY;
	}
	groups->count = count;
	for (size_t i = 0; i < count; i++)
		groups->first[i] = (uint32_t)i;
	exact_fill(table, &bins, ceiling);
#pragma omp parallel for schedule(dynamic, 1) num_threads(threads)
	for (unsigned i = 0; i < EXACT_BINS; i++) {
		size_t from = bins.starts[i], size = bins.starts[i + 1] - from;
		sort_u64(bins.entries + from, size, 32, bins.temp + from);
		link_equal(table, groups, bins.entries + from, size);
		ceiling_check(ceiling);
	}
	for (size_t i = 0; i < count; i++)
		groups->distinct += groups->first[i] == i;
	ceiling_drop(ceiling, bins.temp);
	ceiling_drop(ceiling, bins.entries);
	*out = groups;
	return STATUS_OK;
}

uint32_t exact_first(const struct exact_groups *groups, size_t document)
{
	return groups ? groups->first[document - groups->from] : (uint32_t)document;
}

void exact_groups_free(struct exact_groups *groups)
{
	if (groups)
		ceiling_drop(groups->ceiling, groups->first);
	free(groups);
}
