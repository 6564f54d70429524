/* keys: under which values documents meet, in bins, and the bins as run files.
 *
 * A bin is a slice of the key space small enough to be sorted in memory: 256 slices of the 40-bit anchors and 16 slices
 * of each of the SimHash's four 32-bit blocks, so that an entry is one 64-bit word (32 bits of key, 32 of document) and
 * 20 words a document are everything. Two fingerprints within Hamming distance 3 agree in one of four blocks (Manku
 * 2007); for the classic 64-bit fingerprint the blocks have 16 bits. */
#include "dedup/dedup_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <omp.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#define ANCHOR_BINS 256
#define BLOCK_BINS 16
_Static_assert(ANCHOR_BINS + 4 * BLOCK_BINS == KEY_BINS, "bins of anchors and of four blocks");

size_t keys_of(const struct signature *signature, const struct dedup_options *options, struct key out[KEYS_MAX])
{
	size_t count = 0;
	if (signature->tokens == 0)
		return 0;
	if (options->fingerprint == SIMHASH_64) {
		for (unsigned i = 0; i < 4; i++) {
			uint32_t value = signature->simhash[0] >> (16 * i) & 0xFFFF;
			out[count++] = (struct key){ANCHOR_BINS + i * BLOCK_BINS + (value >> 12), value};
		}
		return count;
	}
	for (unsigned i = 0; i < signature->anchor_count; i++)
		out[count++] = (struct key){signature->anchors_high[i], signature->anchors[i]};
	for (unsigned i = 0; i < 4; i++) {
		uint32_t value = (uint32_t)(signature->simhash[i / 2] >> (32 * (i % 2)));
		out[count++] = (struct key){ANCHOR_BINS + i * BLOCK_BINS + (value >> 28), value};
	}
	return count;
}

void key_bins_free(struct key_bins *bins)
{
	ceiling_drop(bins->ceiling, bins->entries);
	bins->entries = NULL;
}

/* ---- From the table
 * -------------------------------------------------------------------------------------------------- */

/* Keys of documents [FROM, TO) that fall into the bins: counted where PLACE is false, put at NEXT where it is true. */
static void bins_scan(struct key_bins *bins, const struct signature_table *table, const struct exact_groups *groups,
		      const struct dedup_options *options, size_t from, size_t to, size_t *next, bool place)
{
	struct key keys[KEYS_MAX];
	for (size_t i = from; i < to; i++) {
		if (i % SCAN_STRIDE == 0)
			ceiling_scanned(options->ceiling);
		if (exact_first(groups, i) != i)
			continue;
		size_t count = keys_of(signature_at(table, i), options, keys);
		for (size_t k = 0; k < count; k++) {
			if (keys[k].bin < bins->from || keys[k].bin >= bins->to)
				continue;
			size_t *at = next + (keys[k].bin - bins->from);
			if (place)
				bins->entries[*at] = (uint64_t)keys[k].value << 32 | i;
			++*at;
		}
	}
}

/* Counts by slice of documents become the places where each slice writes. */
static size_t places_of(size_t *counts, unsigned slices, struct key_bins *bins)
{
	unsigned width = bins->to - bins->from;
	size_t total = 0;
	for (unsigned bin = 0; bin < width; bin++) {
		bins->starts[bin] = total;
		for (unsigned slice = 0; slice < slices; slice++) {
			size_t count = counts[(size_t)slice * width + bin];
			counts[(size_t)slice * width + bin] = total;
			total += count;
		}
	}
	bins->starts[width] = total;
	return total;
}

static enum status collect_range(struct key_bins *bins, const struct signature_table *table,
				 const struct exact_groups *groups, const struct dedup_options *options, size_t first,
				 size_t last)
{
	int threads = options->threads ? (int)options->threads : omp_get_max_threads();
	unsigned slices = (unsigned)threads * 4, width = bins->to - bins->from;
	size_t *counts = memory_zeroed((size_t)slices * width + 1, sizeof *counts), documents = last - first;
	if (!counts)
		return STATUS_MEMORY;
	for (int place = 0; place < 2; place++) {
#pragma omp parallel for schedule(dynamic, 1) num_threads(threads)
		for (unsigned slice = 0; slice < slices; slice++)
			bins_scan(bins, table, groups, options, first + documents * slice / slices,
				  first + documents * (slice + 1) / slices, counts + (size_t)slice * width, place);
		if (!place) {
			size_t total = places_of(counts, slices, bins);
			bins->entries = ceiling_array(bins->ceiling, total + 1, sizeof *bins->entries);
			if (!bins->entries) {
				free(counts);
				return STATUS_MEMORY;
			}
		}
	}
	free(counts);
	return STATUS_OK;
}

enum status key_bins_collect(struct key_bins *bins, const struct signature_table *table,
			     const struct exact_groups *groups, const struct dedup_options *options, unsigned from,
			     unsigned to, struct fault *fault)
{
	*bins = (struct key_bins){.from = from, .to = to, .ceiling = options->ceiling};
	if (collect_range(bins, table, groups, options, 0, signature_table_count(table)))
		return fault_set(fault, STATUS_MEMORY, 0, "no memory for the keys of bins %u to %u", from, to);
	return STATUS_OK;
}

/* ---- Run files: magic, KEY_BINS + 1 counts before each bin, entries
 * ---------------------------------------------------- */

#define RUN_MAGIC "warcmill keys 1\n"
#define RUN_HEADER KEYS_HEADER

static enum status io_fault(struct fault *fault, const char *what)
{
	return fault_set(fault, STATUS_IO, 0, "cannot %s a file of keys: %s", what, strerror(errno));
}

enum status keys_write(const struct signature_table *table, const struct exact_groups *groups,
		       const struct dedup_options *options, size_t from, size_t to, const char *path,
		       struct fault *fault)
{
	struct key_bins bins = {.from = 0, .to = KEY_BINS, .ceiling = options->ceiling};
	if (collect_range(&bins, table, groups, options, from, to))
		return fault_set(fault, STATUS_MEMORY, 0, "no memory for the keys of %zu documents", to - from);
	struct buffer out;
	buffer_init(&out, SIZE_MAX / 2);
	uint64_t starts[KEY_BINS + 1];
	for (unsigned i = 0; i <= KEY_BINS; i++)
		starts[i] = bins.starts[i];
	buffer_append(&out, RUN_MAGIC, 16);
	buffer_append(&out, starts, sizeof starts);
	enum status status = buffer_append(&out, bins.entries, bins.starts[KEY_BINS] * sizeof *bins.entries);
	if (status)
		fault_set(fault, status, 0, "no memory for a file of keys");
	else
		status = file_write_atomic(path, buffer_span(&out), fault);
	buffer_free(&out);
	key_bins_free(&bins);
	return status;
}

struct run {
	int file;
	uint64_t starts[KEY_BINS + 1];
};

/* Bytes from AT on into the COUNT pieces of TO, which are used up: one system call unless the kernel gives less. */
static bool read_pieces(int file, struct iovec *to, int count, uint64_t at)
{
	for (;;) {
		for (; count && !to->iov_len; to++, count--)
			;
		if (!count)
			return true;
		ssize_t got = preadv(file, to, count, (off_t)at);
		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return false;
		at += (uint64_t)got;
		size_t rest = (size_t)got;
		for (; count && rest >= to->iov_len; to++, count--)
			rest -= to->iov_len;
		if (rest) {
			to->iov_base = (char *)to->iov_base + rest;
			to->iov_len -= rest;
		}
	}
}

static enum status run_open(struct run *run, const char *path, struct fault *fault)
{
	char magic[16];
	struct stat about;
	struct iovec head[2] = {{magic, 16}, {run->starts, sizeof run->starts}};
	run->file = open(path, O_RDONLY | O_CLOEXEC);
	if (run->file < 0 || fstat(run->file, &about) != 0)
		return io_fault(fault, "open");
	if (!read_pieces(run->file, head, 2, 0) || memcmp(magic, RUN_MAGIC, 16))
		return fault_set(fault, STATUS_DATA, 0, "not a file of keys");
	uint64_t size = (uint64_t)about.st_size;
	for (unsigned i = 0; i < KEY_BINS; i++)
		if (run->starts[i] > run->starts[i + 1])
			return fault_set(fault, STATUS_DATA, 16, "a file of keys is damaged");
	if (run->starts[0] != 0 || (size - RUN_HEADER) / 8 != run->starts[KEY_BINS])
		return fault_set(fault, STATUS_DATA, size, "a file of keys is cut short");
	return STATUS_OK;
}

/* Runs are in the order of documents, so bins stay in that order too. Bins that follow each other in a run are read in
 * one go, each to its place: on a shared file system short reads cost most. */
static enum status runs_read(struct key_bins *bins, const char *const *runs, size_t run_count, size_t *next, bool place,
			     struct fault *fault)
{
	enum status status = STATUS_OK;
	for (size_t r = 0; r < run_count && !status; r++) {
		struct run run = {-1, {0}};
		struct iovec pieces[KEY_BINS];
		int piece_count = 0;
		status = run_open(&run, runs[r], fault);
		for (unsigned bin = bins->from; bin < bins->to && !status; bin++) {
			size_t count = (size_t)(run.starts[bin + 1] - run.starts[bin]), *at = next + (bin - bins->from);
			if (place)
				pieces[piece_count++] = (struct iovec){bins->entries + *at, 8 * count};
			*at += count;
		}
		if (!status && !read_pieces(run.file, pieces, piece_count, RUN_HEADER + run.starts[bins->from] * 8))
			status = io_fault(fault, "read");
		if (run.file >= 0)
			close(run.file);
		ceiling_check(bins->ceiling);
	}
	return status;
}

enum status key_bins_read(struct key_bins *bins, const char *const *runs, size_t run_count, unsigned from, unsigned to,
			  struct ceiling *ceiling, struct fault *fault)
{
	size_t next[KEY_BINS] = {0};
	*bins = (struct key_bins){.from = from, .to = to, .ceiling = ceiling};
	enum status status = runs_read(bins, runs, run_count, next, false, fault);
	if (status)
		return status;
	size_t total = places_of(next, 1, bins);
	bins->entries = ceiling_array(bins->ceiling, total + 1, sizeof *bins->entries);
	if (!bins->entries)
		return fault_set(fault, STATUS_MEMORY, 0, "no memory for the keys of bins %u to %u", from, to);
	status = runs_read(bins, runs, run_count, next, true, fault);
	if (status)
		key_bins_free(bins);
	return status;
}
