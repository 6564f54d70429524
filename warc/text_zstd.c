/* text_zstd: zstd frames (RFC 8878) as the `.warc.zst` draft uses them: a frame a record, perhaps a skippable frame
 * 0x184D2A5D at the very start that holds the dictionary of all others, raw or as a zstd frame. Frames that tell their
 * size and fit are inflated at one go; others stream. Other skippable frames are passed over. */
#include "warc/warc_internal.h"

#include <stdlib.h>
#include <zstd.h>
#include <zstd_errors.h>

#define ZSTD_FAST_MAX SCALED(8 * MIB)
#define ZSTD_AHEAD SCALED(256 * KIB)
#define ZSTD_DICTIONARY_MAX SCALED(64 * MIB)
#define ZSTD_WINDOW_LOG_MAX 27 /* what the zstd program accepts unasked: 128 MiB */
#define DICTIONARY_MAGIC 0x184D2A5Du

struct zstd_state {
	ZSTD_DCtx *context, *peek;
	ZSTD_DDict *dictionary;
	bool searched; /* the source's dictionary was looked for */
};

static uint32_t read_le32(const char *data)
{
	const unsigned char *bytes = (const unsigned char *)data;
	return (uint32_t)bytes[0] | (uint32_t)bytes[1] << 8 | (uint32_t)bytes[2] << 16 | (uint32_t)bytes[3] << 24;
}

void zstd_free(struct text *text)
{
	if (!text->zstd)
		return;
	ZSTD_freeDCtx(text->zstd->context);
	ZSTD_freeDCtx(text->zstd->peek);
	ZSTD_freeDDict(text->zstd->dictionary);
	free(text->zstd);
	text->zstd = NULL;
}

void zstd_forget(struct text *text)
{
	if (!text->zstd)
		return;
	ZSTD_freeDDict(text->zstd->dictionary);
	text->zstd->dictionary = NULL;
	text->zstd->searched = false;
}

void zstd_end(struct text *text)
{
	text->open = false;
}

/* The dictionary in a skippable frame's CONTENT. NULL: none that can be used. */
static ZSTD_DDict *dictionary_new(struct span content)
{
	if (content.size < 4 || read_le32(content.data) != ZSTD_MAGICNUMBER)
		return ZSTD_createDDict(content.data, content.size);
	unsigned long long size = ZSTD_getFrameContentSize(content.data, content.size);
	if (size == ZSTD_CONTENTSIZE_ERROR || (size != ZSTD_CONTENTSIZE_UNKNOWN && size > ZSTD_DICTIONARY_MAX))
		return NULL;
	size_t room = size == ZSTD_CONTENTSIZE_UNKNOWN ? SCALED(8 * MIB) : (size_t)size;
	char *plain = memory_new(room ? room : 1);
	if (!plain)
		return NULL;
	size_t made = ZSTD_decompress(plain, room, content.data, content.size);
	ZSTD_DDict *dictionary = ZSTD_isError(made) ? NULL : ZSTD_createDDict(plain, made);
	free(plain);
	return dictionary;
}

/* Read the dictionary at the source's start, once a source. A stream meets it when it is read anyway (zstd_skip). */
enum status zstd_prepare(struct text *text, struct fault *fault)
{
	struct zstd_state *zstd = text->zstd;
	if (!zstd) {
		zstd = text->zstd = memory_zeroed(1, sizeof *zstd);
		if (!zstd)
			return fault_set(fault, STATUS_MEMORY, text->stored, "out of memory");
	}
	if (!zstd->context)
		zstd->context = ZSTD_createDCtx();
	if (!zstd->context)
		return fault_set(fault, STATUS_MEMORY, text->stored, "out of memory");
	ZSTD_DCtx_setParameter(zstd->context, ZSTD_d_windowLogMax, ZSTD_WINDOW_LOG_MAX);
	if (zstd->searched)
		return STATUS_OK;
	zstd->searched = true;
	if (!text->window.source->seekable)
		return STATUS_OK;
	struct span head;
	enum status status = window_need(&text->window, 0, 8, &head, fault);
	if (status || head.size < 8 || read_le32(head.data) != DICTIONARY_MAGIC)
		return status;
	uint32_t size = read_le32(head.data + 4);
	if (size > WINDOW_MAX - 8)
		return STATUS_OK;
	status = window_need(&text->window, 0, (size_t)size + 8, &head, fault);
	if (!status && head.size >= (size_t)size + 8)
		zstd->dictionary = dictionary_new((struct span){head.data + 8, size});
	return status;
}

/* Pass a skippable frame. */
static enum status zstd_skip(struct text *text, struct span in, struct fault *fault)
{
	uint32_t size = read_le32(in.data + 4);
	if (read_le32(in.data) == DICTIONARY_MAGIC && !text->stored && size <= WINDOW_MAX - 8) {
		enum status status = window_need(&text->window, 0, (size_t)size + 8, &in, fault);
		if (status)
			return status;
		if (!text->zstd->dictionary && in.size >= (size_t)size + 8)
			text->zstd->dictionary = dictionary_new((struct span){in.data + 8, size});
	}
	uint64_t end = text->stored + 8 + size;
	struct span last; /* its last byte has to be there */
	enum status status = window_need(&text->window, end - 1, 1, &last, fault);
	if (status)
		return status;
	if (!last.size) {
		text_break(text, true, text->stored, "the file ends inside a skippable frame");
		return STATUS_END;
	}
	text->stored = text->consumed = end;
	return STATUS_OK;
}

/* A whole frame at one go when it says its size. *DONE false: stream it. */
static enum status zstd_fast(struct text *text, bool *done, struct fault *fault)
{
	struct span in;
	enum status status = window_need(&text->window, text->stored, ZSTD_AHEAD, &in, fault);
	if (status)
		return status;
	unsigned long long size = ZSTD_getFrameContentSize(in.data, in.size);
	if (size == ZSTD_CONTENTSIZE_ERROR || size == ZSTD_CONTENTSIZE_UNKNOWN || size > ZSTD_FAST_MAX)
		return STATUS_OK;
	size_t stored = ZSTD_findFrameCompressedSize(in.data, in.size);
	if (ZSTD_isError(stored) && !text->window.at_end &&
	    in.size < ZSTD_FAST_MAX) { /* perhaps it goes on past the window */
		status = window_need(&text->window, text->stored, ZSTD_FAST_MAX / 4 + in.size, &in, fault);
		if (status)
			return status;
		stored = ZSTD_findFrameCompressedSize(in.data, in.size);
	}
	if (ZSTD_isError(stored))
		return STATUS_OK;
	if (text_reserve(text, (size_t)size))
		return fault_set(fault, STATUS_MEMORY, text->stored, "out of memory");
	size_t made = ZSTD_decompress_usingDDict(text->zstd->context, text->data + text->size, (size_t)size, in.data,
						 stored, text->zstd->dictionary);
	if (ZSTD_isError(made))
		return STATUS_OK;
	text->size += made;
	text->stored += stored;
	text->consumed = text->stored;
	*done = true;
	return STATUS_OK;
}

static enum status zstd_begin(struct text *text, struct fault *fault)
{
	ZSTD_DCtx_reset(text->zstd->context, ZSTD_reset_session_only);
	if (ZSTD_isError(ZSTD_DCtx_refDDict(text->zstd->context, text->zstd->dictionary)))
		return fault_set(fault, STATUS_MEMORY, text->stored, "out of memory");
	text->open = true;
	text->consumed = text->stored;
	return STATUS_OK;
}

static enum status zstd_piece(struct text *text, struct fault *fault)
{
	if (text_reserve(text, TEXT_CHUNK))
		return fault_set(fault, STATUS_MEMORY, text->consumed, "out of memory");
	struct span bytes;
	enum status status = window_need(&text->window, text->consumed, 1, &bytes, fault);
	if (status)
		return status;
	ZSTD_inBuffer in = {bytes.data, bytes.size, 0};
	ZSTD_outBuffer out = {text->data + text->size, TEXT_CHUNK, 0};
	size_t result = ZSTD_decompressStream(text->zstd->context, &out, &in);
	text->consumed += in.pos;
	text->size += out.pos;
	if (ZSTD_isError(result)) {
		if (ZSTD_getErrorCode(result) == ZSTD_error_memory_allocation)
			return fault_set(fault, STATUS_MEMORY, text->consumed, "out of memory");
		text_break(text, false, text->member + 1, ZSTD_getErrorName(result));
		return STATUS_END;
	}
	if (!result) {
		text->open = false;
		text->stored = text->consumed;
		return STATUS_OK;
	}
	if (!bytes.size && !out.pos) {
		text_break(text, true, text->consumed, "the file ends inside a zstd frame");
		return STATUS_END;
	}
	uint64_t made = text->origin + text->size - text->member_origin;
	if (made > text->member_max && made / 100 > text->consumed - text->member) {
		text_break(text, false, text->consumed, "a zstd frame inflates beyond the limit");
		return STATUS_END;
	}
	return STATUS_OK;
}

enum status zstd_more(struct text *text, struct fault *fault)
{
	enum status status = zstd_prepare(text, fault);
	if (status)
		return status;
	if (text->open)
		return zstd_piece(text, fault);
	struct span in;
	status = window_need(&text->window, text->stored, 8, &in, fault);
	if (status)
		return status;
	if (!in.size)
		return STATUS_END;
	if (text_begin_member(text))
		return fault_set(fault, STATUS_MEMORY, text->stored, "out of memory");
	uint32_t magic = in.size >= 8 ? read_le32(in.data) : 0;
	if ((magic & 0xfffffff0u) == ZSTD_MAGIC_SKIPPABLE_START)
		return zstd_skip(text, in, fault);
	if (magic != ZSTD_MAGICNUMBER) {
		text_break(text, false, text->stored, "no zstd frame begins here");
		return STATUS_END;
	}
	bool done = false;
	status = zstd_fast(text, &done, fault);
	if (status || done)
		return status;
	status = zstd_begin(text, fault);
	return status ? status : zstd_piece(text, fault);
}

size_t zstd_peek(struct text *text, struct span stored, char *out, size_t max)
{
	struct zstd_state *zstd = text->zstd;
	if (!zstd || stored.size < 9 || read_le32(stored.data) != ZSTD_MAGICNUMBER)
		return 0;
	if (!zstd->peek)
		zstd->peek = ZSTD_createDCtx();
	if (!zstd->peek) {
		memory_fail();
		return 0;
	}
	ZSTD_DCtx_reset(zstd->peek, ZSTD_reset_session_and_parameters);
	ZSTD_DCtx_setParameter(zstd->peek, ZSTD_d_windowLogMax, ZSTD_WINDOW_LOG_MAX);
	ZSTD_DCtx_refDDict(zstd->peek, zstd->dictionary);
	ZSTD_inBuffer in = {stored.data, stored.size < 160 * KIB ? stored.size : 160 * KIB,
			    0}; /* a block is at most 128 KiB */
	ZSTD_outBuffer to = {out, max, 0};
	size_t result = ZSTD_decompressStream(zstd->peek, &to, &in);
	return ZSTD_isError(result) ? 0 : to.pos;
}
