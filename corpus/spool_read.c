/* spool_read: the finished spools of all shards, mapped. Frames are the unit of pass 2's parallel loops: about 1 MiB of
 * rows, each decoded on its own. */
#include "corpus/spool_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zstd.h>

enum { RAW_MAX = 1 << 30 };

static enum status map_shard(const struct plan *plan, size_t shard, struct spool_shard *out, struct fault *fault)
{
	struct stat about;
	char *path = path_join(plan->work, "spool-%05zu", shard);
	int file = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
	enum status status = STATUS_OK;
	if (file < 0 || fstat(file, &about) != 0)
		status = fault_set(fault, STATUS_IO, 0, "cannot open %.160s: %s", path ? path : "a spool",
				   strerror(errno));
	else if (about.st_size > 0) {
		out->size = (size_t)about.st_size;
		out->map = mmap(NULL, out->size, PROT_READ, MAP_SHARED, file, 0);
		if (out->map == MAP_FAILED) {
			out->map = NULL;
			status = fault_set(fault, STATUS_IO, 0, "cannot map %.160s: %s", path, strerror(errno));
		}
	}
	if (file >= 0)
		close(file);
	free(path);
	return status;
}

static enum status add_frame(struct spool *spool, size_t *capacity, struct spool_frame frame)
{
	if (spool->frame_count == *capacity) {
		size_t more = *capacity ? 2 * *capacity : 256;
		struct spool_frame *grown = memory_grow(spool->frames, more * sizeof *grown);
		if (!grown)
			return STATUS_MEMORY;
		spool->frames = grown;
		*capacity = more;
	}
	spool->frames[spool->frame_count++] = frame;
	return STATUS_OK;
}

/* Index the block at the start of REST: a page of the file is touched for each MiB of it, as frames are checked when
 * they are decoded. */
static enum status index_block(struct spool *spool, size_t *capacity, const struct plan *plan, uint64_t segment,
			       struct span *rest, struct tally *tally)
{
	struct block_header header;
	if (rest->size < sizeof header)
		return STATUS_DATA;
	memcpy(&header, rest->data, sizeof header);
	*rest = span_slice(*rest, sizeof header, SIZE_MAX);
	if (memcmp(header.magic, "WMSPOOL2", 8) != 0 || memcmp(header.plan, plan->digest, 16) != 0 ||
	    header.header_hash != hash64(&header, offsetof(struct block_header, header_hash), 0) ||
	    header.segment != segment || header.tally_bytes > rest->size ||
	    header.packed_bytes > rest->size - header.tally_bytes)
		return STATUS_DATA;
	struct span bytes = span_slice(*rest, 0, header.tally_bytes);
	struct span frames = span_slice(*rest, header.tally_bytes, header.packed_bytes);
	*rest = span_slice(*rest, header.tally_bytes + header.packed_bytes, SIZE_MAX);
	if (header.tally_hash != hash64(bytes.data, bytes.size, 0) || !tally_unpack(&bytes, tally))
		return STATUS_DATA;
	for (uint64_t i = 0; i < header.frames; i++) {
		struct frame_header frame;
		if (frames.size < sizeof frame)
			return STATUS_DATA;
		memcpy(&frame, frames.data, sizeof frame);
		if (frame.packed > frames.size - sizeof frame)
			return STATUS_DATA;
		struct spool_frame made = {frames.data + sizeof frame, frame.packed,     frame.raw, frame.rows,
					   spool->row_count,           spool->page_count};
		if (add_frame(spool, capacity, made) != STATUS_OK)
			return STATUS_MEMORY;
		spool->row_count += frame.rows;
		spool->page_count += frame.pages;
		frames = span_slice(frames, sizeof frame + frame.packed, SIZE_MAX);
	}
	return frames.size == 0 ? STATUS_OK : STATUS_DATA;
}

static enum status index_shard(struct spool *spool, size_t *capacity, const struct plan *plan, size_t shard,
			       struct tally *tally, struct fault *fault)
{
	struct span rest = {spool->shards[shard].map, spool->shards[shard].size};
	spool->shards[shard].first_frame = spool->frame_count;
	spool->shards[shard].first_page = spool->page_count;
	for (size_t i = plan->shard_segments[shard]; i < plan->shard_segments[shard + 1]; i++) {
		enum status status = index_block(spool, capacity, plan, i, &rest, tally);
		if (status != STATUS_OK)
			return fault_set(fault, status, 0, "spool-%05zu is damaged at segment %zu", shard, i);
		tally_add(&spool->tally, tally);
		tally_add(&spool->input_tallies[plan->segments[i].input], tally);
	}
	return rest.size ? fault_set(fault, STATUS_DATA, 0, "spool-%05zu is longer than its segments", shard)
			 : STATUS_OK;
}

enum status spool_open(const struct plan *plan, struct spool **out, struct fault *fault)
{
	size_t capacity = 0;
	struct tally *tally = memory_new(sizeof *tally);
	struct spool *spool = memory_zeroed(1, sizeof *spool);
	*out = NULL;
	if (spool) {
		spool->shards = memory_zeroed(plan->shard_count, sizeof *spool->shards);
		spool->input_tallies = memory_zeroed(plan->input_count, sizeof *spool->input_tallies);
		spool->shard_count = plan->shard_count;
	}
	enum status status = tally && spool && spool->shards && spool->input_tallies
				     ? STATUS_OK
				     : fault_set(fault, STATUS_MEMORY, 0, "no memory for the spool's index");
	for (size_t s = 0; status == STATUS_OK && s < plan->shard_count; s++) {
		status = map_shard(plan, s, &spool->shards[s], fault);
		if (status == STATUS_OK)
			status = index_shard(spool, &capacity, plan, s, tally, fault);
	}
	free(tally);
	if (status == STATUS_OK)
		*out = spool;
	else
		spool_free(spool);
	return status;
}

void spool_free(struct spool *spool)
{
	if (!spool)
		return;
	for (size_t s = 0; spool->shards && s < spool->shard_count; s++)
		if (spool->shards[s].map)
			munmap(spool->shards[s].map, spool->shards[s].size);
	free(spool->shards);
	free(spool->frames);
	free(spool->input_tallies);
	free(spool);
}

enum status spool_cursor_init(struct spool_cursor *cursor, const struct plan *plan, const struct spool *spool)
{
	memset(cursor, 0, sizeof *cursor);
	cursor->plan = plan;
	cursor->spool = spool;
	buffer_init(&cursor->raw, RAW_MAX);
	cursor->arena = arena_new(RAW_MAX);
	cursor->zstd = ZSTD_createDCtx();
	return cursor->arena && cursor->zstd ? STATUS_OK : STATUS_MEMORY;
}

void spool_cursor_free(struct spool_cursor *cursor)
{
	buffer_free(&cursor->raw);
	arena_free(cursor->arena);
	ZSTD_freeDCtx(cursor->zstd);
	memset(cursor, 0, sizeof *cursor);
}

enum status spool_cursor_frame(struct spool_cursor *cursor, size_t frame, struct fault *fault)
{
	const struct spool_frame *at = &cursor->spool->frames[frame];
	buffer_clear(&cursor->raw);
	if (buffer_reserve(&cursor->raw, at->raw) != STATUS_OK)
		return fault_set(fault, STATUS_MEMORY, 0, "no memory for a spool frame");
	size_t got = ZSTD_decompressDCtx(cursor->zstd, cursor->raw.data, at->raw, at->data, at->packed);
	if (ZSTD_isError(got) || got != at->raw)
		return fault_set(fault, STATUS_DATA, 0, "the spool is damaged at row %llu",
				 (unsigned long long)at->first_row);
	cursor->raw.size = at->raw;
	cursor->rest = buffer_span(&cursor->raw);
	cursor->row = at->first_row - 1;
	cursor->page = at->first_page;
	cursor->next_page = at->first_page;
	return STATUS_OK;
}

enum status spool_cursor_next(struct spool_cursor *cursor, struct row *row, struct fault *fault)
{
	if (!cursor->rest.size)
		return STATUS_END;
	arena_reset(cursor->arena);
	cursor->row++;
	cursor->page = cursor->next_page;
	if (!row_unpack(&cursor->rest, cursor->plan->inputs, cursor->arena, row))
		return fault_set(fault, STATUS_DATA, 0, "the spool is damaged at row %llu",
				 (unsigned long long)cursor->row);
	cursor->next_page += row->kind == ROW_PAGE;
	return STATUS_OK;
}
