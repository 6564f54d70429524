/* floors: what this machine allows at best. Copying and scanning bytes, and inflating the same members with nothing
 * around it. A stage cannot be faster than the floor it names. */
#include "bench/stages.h"

#include <libdeflate.h>
#include <stdlib.h>
#include <zlib.h>
#include <zstd.h>

enum { PIECE = 1 << 20 };

void tasks_add(struct tasks *tasks, struct task task)
{
	if (tasks->count < STAGES_MAX)
		tasks->at[tasks->count++] = task;
}

/* In pieces that stay in the second-level cache on one side: memory is read once and not written back. */
static bool floor_copy(void *context, struct work *work)
{
	struct fixture *fixture = context;
	char *piece = need(PIECE);
	for (size_t at = 0; at < fixture->inflated.size; at += PIECE) {
		size_t size = fixture->inflated.size - at < PIECE ? fixture->inflated.size - at : PIECE;
		memcpy(piece, fixture->inflated.data + at, size);
		__asm__ volatile("" : : "r"(piece) : "memory");
		work->check += (unsigned char)piece[size - 1];
	}
	work->bytes = fixture->inflated.size;
	work->units = fixture->records;
	free(piece);
	return true;
}

/* Every byte looked at once, 64 at a time; a page's last ones are left out. */
static bool floor_read(void *context, struct work *work)
{
	struct fixture *fixture = context;
	for (size_t i = 0; i < fixture->page_count; i++) {
		struct span html = fixture->pages[i].html;
		uint64_t sums[8] = {0}, words[8];
		for (size_t at = 0; html.size - at >= sizeof words; at += sizeof words) {
			memcpy(words, html.data + at, sizeof words);
			for (int w = 0; w < 8; w++)
				sums[w] ^= words[w];
		}
		for (int w = 0; w < 8; w++)
			work->check += sums[w];
	}
	work->bytes = fixture->html_bytes;
	work->units = fixture->page_count;
	return true;
}

static bool floor_scan(void *context, struct work *work)
{
	struct fixture *fixture = context;
	for (size_t i = 0; i < fixture->page_count; i++) {
		struct span html = fixture->pages[i].html;
		for (const char *at = html.data, *end = at + html.size;
		     (at = memchr(at, '<', (size_t)(end - at))) != NULL; at++)
			work->check++;
	}
	work->bytes = fixture->html_bytes;
	work->units = fixture->page_count;
	return true;
}

static bool floor_zlib(void *context, struct work *work)
{
	struct fixture *fixture = context;
	unsigned char *piece = need(PIECE);
	z_stream stream = {0};
	int code = inflateInit2(&stream, 15 + 16);
	stream.next_in = (unsigned char *)fixture->stored.data;
	stream.avail_in = (uInt)fixture->stored.size;
	while (code == Z_OK && work->bytes < fixture->inflated.size) {
		stream.next_out = piece;
		stream.avail_out = PIECE;
		code = inflate(&stream, Z_NO_FLUSH);
		work->bytes += PIECE - stream.avail_out;
		if (code == Z_STREAM_END) {
			work->units++;
			code = inflateReset(&stream);
		}
	}
	inflateEnd(&stream);
	free(piece);
	work->check = work->bytes;
	return work->bytes == fixture->inflated.size;
}

static bool floor_libdeflate(void *context, struct work *work)
{
	struct fixture *fixture = context;
	struct libdeflate_decompressor *inflate = libdeflate_alloc_decompressor();
	size_t room = fixture->largest_member;
	char *out = need(room);
	struct span rest = buffer_span(&fixture->stored);
	while (inflate && work->bytes < fixture->inflated.size) {
		size_t used = 0, size = fixture_inflate(inflate, rest, out, room, &used);
		if (!size)
			break;
		rest = span_slice(rest, used, rest.size - used);
		work->bytes += size;
		work->units++;
	}
	libdeflate_free_decompressor(inflate);
	free(out);
	work->check = work->bytes;
	return work->bytes == fixture->inflated.size;
}

static bool floor_zstd(void *context, struct work *work)
{
	struct fixture *fixture = context;
	ZSTD_DCtx *zstd = ZSTD_createDCtx();
	size_t room = fixture->largest_member;
	char *out = need(room);
	struct span rest = buffer_span(&fixture->zstd);
	while (zstd && rest.size > 0) {
		size_t used = ZSTD_findFrameCompressedSize(rest.data, rest.size);
		if (ZSTD_isError(used))
			break;
		size_t size = ZSTD_decompressDCtx(zstd, out, room, rest.data, used);
		if (ZSTD_isError(size))
			break;
		rest = span_slice(rest, used, rest.size - used);
		work->bytes += size;
		work->units++;
	}
	ZSTD_freeDCtx(zstd);
	free(out);
	work->check = work->bytes;
	return work->bytes == fixture->inflated.size;
}

void floors_add(struct tasks *tasks, struct fixture *fixture)
{
	static const struct task floors[] = {
		{"copy", "floor", "memcpy of all inflated bytes, 1 MiB at a time", "record", NULL, NULL, floor_copy,
		 NULL, false},
		{"read", "floor", "every byte of the pages once, 64 at a time", "page", NULL, NULL, floor_read, NULL,
		 false},
		{"scan", "floor", "memchr for every '<' of the pages", "page", NULL, NULL, floor_scan, NULL, false},
		{"libdeflate", "floor", "libdeflate inflates every member, from memory", "member", NULL, NULL,
		 floor_libdeflate, NULL, false},
		{"zlib", "floor", "zlib inflates every member, from memory", "member", "libdeflate", NULL, floor_zlib,
		 NULL, false},
		{"zstd", "floor", "libzstd decompresses the same records, a frame each, level 3", "frame", NULL, NULL,
		 floor_zstd, NULL, false},
	};
	for (size_t i = 0; i < sizeof floors / sizeof *floors; i++) {
		struct task task = floors[i];
		task.context = fixture;
		if (!fixture->inflated.size &&
		    (task.run == floor_zlib || task.run == floor_libdeflate || task.run == floor_zstd))
			task.absent = "the archive is not made of gzip members";
		tasks_add(tasks, task);
	}
}
