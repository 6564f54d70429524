/* search: where does reading go on after damage, or in the middle of a file? In text that is the next whole header
 * block with every line in order; in gzip and zstd the next member whose first inflated bytes are such a block as far
 * as they go. A payload may hold a WARC; reading from the start would have passed over it, and the seam between
 * segments repairs what a search in the middle took for a record (warc.h). */
#include "warc/reader_internal.h"

#define PEEK_OUT (2 * KIB)
#define PEEK_IN (192 * KIB) /* a gzip header with a full extra field and some data; a zstd block */

enum parse starts_record(const struct warc_reader *reader, struct span text, bool strict)
{
	size_t size;
	if (!text.size)
		return PARSE_SHORT;
	enum parse warc = parse_warc_extent(text, strict, reader->options.header_max, &size);
	if (warc != PARSE_NO || !reader->arc)
		return warc;
	struct arc_line line;
	return parse_arc_line(text, true, &line);
}

/* "WARC/" from FROM on, or SIZE_MAX. */
static size_t next_magic(struct span text, size_t from)
{
	const char *found = from < text.size ? memmem(text.data + from, text.size - from, "WARC/", 5) : NULL;
	return found ? (size_t)(found - text.data) : SIZE_MAX;
}

/* The start of a line from FROM on, or SIZE_MAX. */
static size_t next_line(struct span text, size_t from)
{
	if (from >= text.size)
		return SIZE_MAX;
	if (!from || text.data[from - 1] == '\n')
		return from;
	const char *line = memchr(text.data + from, '\n', text.size - from);
	return line && line + 1 < text.data + text.size ? (size_t)(line + 1 - text.data) : SIZE_MAX;
}

/* Is it a record that starts at AT, "WARC/" or, in ARC files, a line? */
static enum parse record_at(const struct warc_reader *reader, struct span text, size_t at, struct header_run *run)
{
	enum parse parse = parse_warc_strict(text, at, reader->options.header_max, run);
	struct arc_line line;
	if (parse != PARSE_NO || !reader->arc)
		return parse;
	return parse_arc_line(span_slice(text, at, text.size - at), true, &line);
}

size_t search_until(const struct warc_reader *reader, struct span text, size_t from, size_t last, size_t *short_at)
{
	*short_at = SIZE_MAX;
	struct header_run run = {.how = RUN_NONE};
	size_t magic = next_magic(text, from), line = reader->arc ? next_line(text, from) : SIZE_MAX;
	for (;;) {
		size_t at = magic < line ? magic : line;
		if (at == SIZE_MAX || at > last)
			return SIZE_MAX;
		enum parse parse = record_at(reader, text, at, &run);
		if (parse == PARSE_YES)
			return at;
		if (parse == PARSE_SHORT && *short_at == SIZE_MAX)
			*short_at = at;
		if (at == magic)
			magic = next_magic(text, at + 1);
		if (at == line)
			line = next_line(text, at + 1);
	}
}

size_t search_text(const struct warc_reader *reader, struct span text, size_t from, size_t *short_at)
{
	return search_until(reader, text, from, SIZE_MAX, short_at);
}

static enum status search_plain(struct warc_reader *reader, uint64_t from, uint64_t *at, bool *found,
				struct fault *fault)
{
	struct window *window = &reader->text.window;
	size_t want = SCALED(MIB);
	for (;;) {
		struct span text;
		enum status status = window_need(window, from, want, &text, fault);
		if (status)
			return status;
		size_t unsure, hit = search_text(reader, text, 0, &unsure);
		if (hit != SIZE_MAX && (hit < unsure || window->at_end)) {
			*at = from + hit;
			*found = true;
			return STATUS_OK;
		}
		if (window->at_end) { /* an unfinished block at the end is none */
			*at = from + text.size;
			return STATUS_OK;
		}
		want = SCALED(MIB);
		if (unsure == SIZE_MAX) { /* "WARC" may stand at the edge, and the line end an ARC line follows */
			from += text.size > 5 ? text.size - 5 : text.size;
		} else if (unsure) {
			from += unsure;
		} else {
			want = text.size + SCALED(MIB) < WINDOW_MAX ? text.size + SCALED(MIB) : WINDOW_MAX;
			from += text.size >= WINDOW_MAX; /* cannot be: a header is shorter */
		}
	}
}

static bool member_begins_record(struct warc_reader *reader, struct span stored)
{
	char out[PEEK_OUT];
	size_t size = reader->text.codec == CODEC_GZIP ? gzip_peek(stored, out, sizeof out)
						       : zstd_peek(&reader->text, stored, out, sizeof out);
	struct span text = {out, size};
	while (text.size && (*text.data == '\r' || *text.data == '\n'))
		text.data++, text.size--;
	return text.size >= 6 && starts_record(reader, text, true) != PARSE_NO;
}

static enum status search_members(struct warc_reader *reader, uint64_t from, uint64_t *at, bool *found,
				  struct fault *fault)
{
	struct window *window = &reader->text.window;
	bool gzip = reader->text.codec == CODEC_GZIP;
	struct span magic = gzip ? SPAN("\x1f\x8b\x08") : SPAN("\x28\xb5\x2f\xfd");
	for (;;) {
		struct span bytes;
		enum status status = window_need(window, from, PEEK_IN, &bytes, fault);
		if (status)
			return status;
		const char *hit = bytes.size ? memmem(bytes.data, bytes.size, magic.data, magic.size) : NULL;
		if (!hit && window->at_end) {
			*at = from + bytes.size;
			return STATUS_OK;
		}
		if (!hit) {
			from += bytes.size - (magic.size - 1);
			continue;
		}
		from += (size_t)(hit - bytes.data);
		status = window_need(window, from, PEEK_IN, &bytes, fault);
		if (status)
			return status;
		if (member_begins_record(reader, bytes)) {
			*at = from;
			*found = true;
			return STATUS_OK;
		}
		from++;
	}
}

enum status search_stored(struct warc_reader *reader, uint64_t from, uint64_t *at, bool *found, struct fault *fault)
{
	*found = false;
	if (reader->text.codec == CODEC_NONE)
		return search_plain(reader, from, at, found, fault);
	if (reader->text.codec == CODEC_ZSTD) {
		enum status status = zstd_prepare(&reader->text, fault);
		if (status)
			return status;
	}
	return search_members(reader, from, at, found, fault);
}

bool search_is_padding(struct warc_reader *reader, uint64_t from, uint64_t to)
{
	struct window *window = &reader->text.window;
	while (from < to) {
		struct span bytes;
		if ((!window->source->seekable && from < window->offset) ||
		    window_need(window, from, 1, &bytes, NULL) || !bytes.size)
			return false;
		for (size_t i = 0; i < bytes.size && from + i < to; i++)
			if (bytes.data[i] && !ascii_is_space((unsigned char)bytes.data[i]))
				return false;
		from += bytes.size;
	}
	return true;
}
