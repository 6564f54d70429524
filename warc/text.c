/* text: inflated bytes in one piece, with the stored place they come from. A member or frame that is small is inflated
 * at one go behind what is in memory, a larger one piece by piece; without a codec the text is the window itself and
 * nothing is copied. The next record usually starts in the member that was begun last; where lengths are wrong it may
 * start further up, so members are remembered as long as bytes of them are in memory. */
#include "warc/warc_internal.h"

#include <stdio.h>
#include <stdlib.h>

void text_open(struct text *text, struct source *source, uint64_t member_max)
{
	text_jump(text, 0);
	text->codec = CODEC_NONE;
	text->member_max = member_max;
	window_start(&text->window, source);
	zstd_forget(text);
}

void text_start(struct text *text, enum codec codec, uint64_t stored)
{
	text->codec = codec;
	text->data = codec != CODEC_NONE && text->owned ? text->owned : (char *)(uintptr_t) "";
	text_jump(text, stored);
}

void text_jump(struct text *text, uint64_t stored)
{
	if (text->open && text->codec == CODEC_GZIP)
		gzip_end(text);
	if (text->open && text->codec == CODEC_ZSTD)
		zstd_end(text);
	text->at = text->size = 0;
	text->origin = text->member_origin = 0;
	text->earlier_count = 0;
	text->floor = UINT64_MAX;
	text->stored = text->member = text->consumed = stored;
	text->open = text->broken = text->cut = text->cut_checked = false;
}

enum status text_begin_member(struct text *text)
{
	uint64_t here = text->origin + text->at, end = text->origin + text->size;
	bool some = here < end || text->floor < end;
	here = text->floor < here ? text->floor : here;
	size_t gone = 0; /* members all of whose bytes were dropped */
	while (gone < text->earlier_count &&
	       (gone + 1 < text->earlier_count ? text->earlier[gone + 1].origin : text->member_origin) <= here)
		gone++;
	if (gone) {
		text->earlier_count -= gone;
		memmove(text->earlier, text->earlier + gone, text->earlier_count * sizeof *text->earlier);
	}
	if (text->member_origin < end && some && text->earlier_count < TEXT_MEMBERS_MAX) {
		if (text->earlier_count == text->earlier_capacity) {
			size_t capacity = text->earlier_capacity ? 2 * text->earlier_capacity : 16;
			struct text_member *grown = realloc(text->earlier, capacity * sizeof *grown);
			if (!grown)
				return STATUS_MEMORY;
			text->earlier = grown;
			text->earlier_capacity = capacity;
		}
		text->earlier[text->earlier_count++] = (struct text_member){text->member, text->member_origin};
	}
	text->member = text->stored;
	text->member_origin = end;
	return STATUS_OK;
}

enum status text_unread(struct text *text, struct span bytes)
{
	if (text->codec == CODEC_NONE) {
		enum status status = window_unread(&text->window, text->stored, bytes);
		text->stored -= status ? 0 : bytes.size;
		text->data = text->window.data;
		text->at = 0;
		text->size = text->window.size;
		return status;
	}
	size_t rest = text->size - text->at;
	if (text->at < bytes.size && text_reserve(text, bytes.size))
		return STATUS_MEMORY;
	if (text->at < bytes.size) { /* all of it one after the other, from the front */
		text->origin += text->at;
		memmove(text->data + bytes.size, text->data + text->at, rest);
		text->origin -= bytes.size;
		text->at = bytes.size;
		text->size = bytes.size + rest;
	}
	text->at -= bytes.size;
	memcpy(text->data + text->at, bytes.data, bytes.size);
	return STATUS_OK;
}

enum status text_reserve(struct text *text, size_t extra)
{
	if (text->at && text->capacity - text->size < extra) {
		memmove(text->data, text->data + text->at, text->size - text->at);
		text->origin += text->at;
		text->size -= text->at;
		text->at = 0;
	}
	if (text->capacity - text->size >= extra)
		return STATUS_OK;
	size_t capacity = text->capacity ? text->capacity : SCALED(MIB);
	while (capacity - text->size < extra)
		capacity *= 2;
	char *grown = memory_grow(text->owned, capacity);
	if (!grown)
		return STATUS_MEMORY;
	text->data = text->owned = grown;
	text->capacity = capacity;
	return STATUS_OK;
}

static enum status plain_more(struct text *text, size_t want, struct fault *fault)
{
	size_t have = text->size - text->at;
	struct span bytes;
	enum status status = window_need(&text->window, text->stored, want > have ? want : have + 1, &bytes, fault);
	if (status)
		return status;
	text->data = (char *)(uintptr_t)bytes.data;
	text->at = 0;
	text->size = bytes.size;
	return bytes.size > have ? STATUS_OK : STATUS_END;
}

enum status text_more(struct text *text, size_t want, struct fault *fault)
{
	if (text->codec == CODEC_NONE)
		return plain_more(text, want, fault);
	if (text->broken)
		return STATUS_END;
	if (text->at == text->size) { /* nothing to keep */
		text->origin += text->size;
		text->at = text->size = 0;
	}
	return text->codec == CODEC_GZIP ? gzip_more(text, fault) : zstd_more(text, fault);
}

void text_drop(struct text *text, size_t size)
{
	text->at += size;
	if (text->codec == CODEC_NONE)
		text->stored += size;
}

bool text_at_member_end(const struct text *text)
{
	return text->codec != CODEC_NONE && text->at == text->size && !text->open;
}

void text_break(struct text *text, bool cut, uint64_t from, const char *why)
{
	text->broken = true;
	text->cut = cut;
	text->broken_from = from;
	snprintf(text->why, sizeof text->why, "%s", why);
}

void text_free(struct text *text)
{
	free(text->owned);
	free(text->earlier);
	gzip_free(text);
	zstd_free(text);
	window_free(&text->window);
	*text = (struct text){0};
}
