/* text_gzip: gzip members (RFC 1952). libdeflate inflates 2.5 times as fast as zlib but only whole members whose input
 * is in memory, so it takes every member that fits, into a buffer that is used again and grows to the largest member
 * seen (the size in the trailer is not trusted: it lies before the next member, which is not known yet). Members that
 * are larger, cut or damaged go through zlib piece by piece, which also tells how far a damaged one can be read. */
#include "warc/warc_internal.h"

#include <libdeflate.h>
#include <stdlib.h>
#include <zlib.h>

#define GZIP_FAST_MAX SCALED(8 * MIB) /* inflated bytes of a member given to libdeflate */
#define GZIP_AHEAD                                                                                                     \
	SCALED(256 *                                                                                                   \
	       KIB) /* stored bytes in memory when a member is begun; an eighth of the window is moved per refill */

struct gzip_state {
	struct libdeflate_decompressor *fast;
	z_stream stream;
	bool ready; /* STREAM was initialised once */
};

static enum status gzip_state_new(struct text *text)
{
	if (text->gzip)
		return STATUS_OK;
	struct gzip_state *gzip = memory_zeroed(1, sizeof *gzip);
	if (!gzip)
		return STATUS_MEMORY;
	gzip->fast = libdeflate_alloc_decompressor();
	if (!gzip->fast) {
		free(gzip);
		return STATUS_MEMORY;
	}
	text->gzip = gzip;
	return STATUS_OK;
}

void gzip_free(struct text *text)
{
	if (!text->gzip)
		return;
	libdeflate_free_decompressor(text->gzip->fast);
	if (text->gzip->ready)
		inflateEnd(&text->gzip->stream);
	free(text->gzip);
	text->gzip = NULL;
}

void gzip_end(struct text *text)
{
	text->open = false;
}

/* A whole member at one go. *DONE false: it has to go through zlib. */
static enum status gzip_fast(struct text *text, bool *done, struct fault *fault)
{
	struct span in;
	size_t ahead = GZIP_AHEAD;
	enum status status = text_reserve(text, SCALED(64 * KIB));
	if (!status)
		status = window_need(&text->window, text->stored, ahead, &in, fault);
	while (!status) {
		size_t used, made, room = text->capacity - text->size;
		enum libdeflate_result result = libdeflate_gzip_decompress_ex(
			text->gzip->fast, in.data, in.size, text->data + text->size, room, &used, &made);
		if (result == LIBDEFLATE_SUCCESS) {
			text->size += made;
			text->stored += used;
			text->consumed = text->stored;
			*done = true;
			return STATUS_OK;
		}
		if (result == LIBDEFLATE_INSUFFICIENT_SPACE && room < GZIP_FAST_MAX) {
			status = text_reserve(text, room < SCALED(512 * KIB) ? SCALED(MIB) : 2 * room);
		} else if (result == LIBDEFLATE_BAD_DATA && !text->window.at_end && in.size < SCALED(4 * MIB)) {
			ahead = 2 * in.size; /* perhaps it only goes on past the window */
			status = window_need(&text->window, text->stored, ahead, &in, fault);
		} else {
			return STATUS_OK;
		}
	}
	return status == STATUS_MEMORY ? fault_set(fault, status, text->stored, "out of memory") : status;
}

static enum status gzip_begin(struct text *text, struct fault *fault)
{
	struct gzip_state *gzip = text->gzip;
	int result = gzip->ready ? inflateReset2(&gzip->stream, 31) : inflateInit2(&gzip->stream, 31);
	if (result != Z_OK)
		return fault_set(fault, STATUS_MEMORY, text->stored, "out of memory");
	gzip->ready = true;
	text->open = true;
	text->consumed = text->stored;
	return STATUS_OK;
}

/* A bomb: more than member_max bytes out of less than a hundredth of that. */
static bool gzip_is_bomb(const struct text *text)
{
	uint64_t made = text->origin + text->size - text->member_origin;
	return made > text->member_max && made / 100 > text->consumed - text->member;
}

/* The next piece of the open member. */
static enum status gzip_piece(struct text *text, struct fault *fault)
{
	z_stream *stream = &text->gzip->stream;
	if (text_reserve(text, TEXT_CHUNK))
		return fault_set(fault, STATUS_MEMORY, text->consumed, "out of memory");
	struct span in;
	enum status status = window_need(&text->window, text->consumed, 1, &in, fault);
	if (status)
		return status;
	if (!in.size) {
		text_break(text, true, text->consumed, "the file ends inside a gzip member");
		return STATUS_END;
	}
	stream->next_in = (Bytef *)(uintptr_t)in.data;
	stream->avail_in = (uInt)in.size; /* at most WINDOW_MAX */
	stream->next_out = (Bytef *)text->data + text->size;
	stream->avail_out = (uInt)TEXT_CHUNK;
	int result = inflate(stream, Z_NO_FLUSH);
	text->consumed += in.size - stream->avail_in;
	text->size += TEXT_CHUNK - stream->avail_out;
	if (result == Z_STREAM_END) {
		text->open = false;
		text->stored = text->consumed;
		return STATUS_OK;
	}
	if (result == Z_MEM_ERROR)
		return fault_set(fault, STATUS_MEMORY, text->consumed, "out of memory");
	if (result != Z_OK && result != Z_BUF_ERROR) {
		text_break(text, false, text->member + 1, stream->msg ? stream->msg : "not a gzip member");
		return STATUS_END;
	}
	if (gzip_is_bomb(text)) {
		text_break(text, false, text->consumed, "a gzip member inflates beyond the limit");
		return STATUS_END;
	}
	return STATUS_OK;
}

enum status gzip_more(struct text *text, struct fault *fault)
{
	if (gzip_state_new(text))
		return fault_set(fault, STATUS_MEMORY, text->stored, "out of memory");
	if (text->open)
		return gzip_piece(text, fault);
	struct span in;
	enum status status = window_need(&text->window, text->stored, 2, &in, fault);
	if (status)
		return status;
	if (!in.size)
		return STATUS_END;
	if (text_begin_member(text))
		return fault_set(fault, STATUS_MEMORY, text->stored, "out of memory");
	if (in.size < 2 || in.data[0] != '\x1f' || in.data[1] != '\x8b') {
		text_break(text, false, text->stored, "no gzip member begins here");
		return STATUS_END;
	}
	bool done = false;
	status = gzip_fast(text, &done, fault);
	if (status || done)
		return status;
	status = gzip_begin(text, fault);
	return status ? status : gzip_piece(text, fault);
}

/* Size of a member's header, 0 when it is none (RFC 1952 §2.3). */
static size_t gzip_header_size(struct span in)
{
	const unsigned char *bytes = (const unsigned char *)in.data;
	if (in.size < 18 || bytes[0] != 0x1f || bytes[1] != 0x8b || bytes[2] != 8 || (bytes[3] & 0xe0))
		return 0;
	size_t at = 10;
	if (bytes[3] & 4)
		at += 2 + (size_t)(bytes[10] | bytes[11] << 8);
	for (int flag = 8; flag <= 16; flag *= 2) { /* name, comment */
		if (!(bytes[3] & flag))
			continue;
		const void *end =
			at < in.size ? memchr(in.data + at, 0, in.size - at < KIB ? in.size - at : KIB) : NULL;
		if (!end)
			return 0;
		at = (size_t)((const char *)end - in.data) + 1;
	}
	if (bytes[3] & 2)
		at += 2;
	return at < in.size ? at : 0;
}

size_t gzip_peek(struct span stored, char *out, size_t max)
{
	size_t header = gzip_header_size(stored);
	if (!header)
		return 0;
	z_stream stream = {0};
	if (inflateInit2(&stream, -15) != Z_OK) {
		memory_fail();
		return 0;
	}
	/* A few KiB of input hold any first block's tables, and bound what a row of false starts costs. */
	size_t size = stored.size - header;
	stream.next_in = (Bytef *)(uintptr_t)(stored.data + header);
	stream.avail_in = (uInt)(size < 4 * KIB ? size : 4 * KIB);
	stream.next_out = (Bytef *)out;
	stream.avail_out = (uInt)max;
	int result = inflate(&stream, Z_SYNC_FLUSH);
	size_t made = max - stream.avail_out;
	if (result == Z_MEM_ERROR)
		memory_fail();
	inflateEnd(&stream);
	return result == Z_OK || result == Z_STREAM_END || result == Z_BUF_ERROR ? made : 0;
}
