/* lines: one reader for three forms. The decompressor fills a window; a line is a span of it where it fits, and is
 * gathered in a buffer with a ceiling where it does not. */
#include "cli/lines.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <zlib.h>
#include <zstd.h>

enum { WINDOW = 1 << 18 };

struct lines {
	FILE *file;
	bool owned, ended, zip_ended;
	z_stream gzip;
	bool gzip_ready;
	ZSTD_DStream *zstd;
	size_t zstd_left; /* not 0: inside a frame */
	uint8_t packed[WINDOW];
	size_t packed_at, packed_size;
	char window[WINDOW];
	size_t at, size;
	struct buffer gathered;
	uint64_t number, offset;
};

static enum status read_more(struct lines *l, struct fault *fault)
{
	l->packed_at = 0;
	l->packed_size = fread(l->packed, 1, WINDOW, l->file);
	l->offset += l->packed_size;
	if (ferror(l->file))
		return fault_set(fault, STATUS_IO, l->offset, "cannot read: %s", strerror(errno));
	l->ended = l->packed_size == 0;
	return STATUS_OK;
}

enum status lines_open(const char *path, size_t line_max, struct lines **out, struct fault *fault)
{
	struct lines *l = memory_zeroed(1, sizeof *l);
	if (!l)
		return fault_set(fault, STATUS_MEMORY, 0, "no memory to read lines");
	l->owned = strcmp(path, "-") != 0;
	l->file = l->owned ? fopen(path, "rb") : stdin;
	buffer_init(&l->gathered, line_max);
	enum status status =
		l->file ? read_more(l, fault) : fault_set(fault, STATUS_IO, 0, "cannot open: %s", strerror(errno));
	if (!status && l->packed_size >= 2 && l->packed[0] == 0x1f && l->packed[1] == 0x8b) {
		l->gzip_ready = inflateInit2(&l->gzip, 15 + 16) == Z_OK;
		status = l->gzip_ready ? STATUS_OK : STATUS_MEMORY;
	} else if (!status && l->packed_size >= 4 && !memcmp(l->packed, "\x28\xb5\x2f\xfd", 4)) {
		l->zstd = ZSTD_createDStream();
		status = l->zstd ? STATUS_OK : STATUS_MEMORY;
	}
	if (status) {
		lines_close(l);
		return status == STATUS_MEMORY ? fault_set(fault, status, 0, "no memory to decompress") : status;
	}
	*out = l;
	return STATUS_OK;
}

void lines_close(struct lines *l)
{
	if (!l)
		return;
	if (l->gzip_ready)
		inflateEnd(&l->gzip);
	ZSTD_freeDStream(l->zstd);
	if (l->file && l->owned)
		fclose(l->file);
	buffer_free(&l->gathered);
	free(l);
}

static enum status inflate_some(struct lines *l, struct fault *fault)
{
	l->gzip.next_in = l->packed + l->packed_at;
	l->gzip.avail_in = (unsigned)(l->packed_size - l->packed_at);
	l->gzip.next_out = (uint8_t *)l->window;
	l->gzip.avail_out = WINDOW;
	if (l->zip_ended) { /* the next member of the file */
		inflateReset(&l->gzip);
		l->zip_ended = false;
	}
	int code = inflate(&l->gzip, Z_NO_FLUSH);
	l->packed_at = l->packed_size - l->gzip.avail_in;
	l->size = WINDOW - l->gzip.avail_out;
	l->zip_ended = code == Z_STREAM_END;
	if (code != Z_OK && code != Z_STREAM_END && code != Z_BUF_ERROR)
		return fault_set(fault, STATUS_DATA, l->offset, "the gzip data is damaged");
	return STATUS_OK;
}

static enum status unzstd_some(struct lines *l, struct fault *fault)
{
	ZSTD_inBuffer in = {l->packed, l->packed_size, l->packed_at};
	ZSTD_outBuffer out = {l->window, WINDOW, 0};
	l->zstd_left = ZSTD_decompressStream(l->zstd, &out, &in);
	l->packed_at = in.pos;
	l->size = out.pos;
	if (ZSTD_isError(l->zstd_left))
		return fault_set(fault, STATUS_DATA, l->offset, "the zstd data is damaged");
	return STATUS_OK;
}

/* The next piece of text into the window; STATUS_END when there is none. */
static enum status fill(struct lines *l, struct fault *fault)
{
	l->at = l->size = 0;
	while (l->size == 0) {
		enum status status = STATUS_OK;
		if (l->packed_at == l->packed_size && (status = read_more(l, fault)))
			return status;
		if (l->ended) {
			bool cut = (l->gzip_ready && !l->zip_ended) || (l->zstd && l->zstd_left);
			l->zip_ended = true;
			l->zstd_left = 0;
			return cut ? fault_set(fault, STATUS_DATA, l->offset, "the compressed data is cut short")
				   : STATUS_END;
		}
		if (l->gzip_ready) {
			status = inflate_some(l, fault);
		} else if (l->zstd) {
			status = unzstd_some(l, fault);
		} else {
			memcpy(l->window, l->packed, l->packed_size);
			l->size = l->packed_size;
			l->packed_at = l->packed_size;
		}
		if (status)
			return status;
	}
	return STATUS_OK;
}

enum status lines_next(struct lines *l, struct span *line, uint64_t *number, struct fault *fault)
{
	bool gathering = false;
	buffer_clear(&l->gathered);
	*number = ++l->number;
	for (;;) {
		if (l->at == l->size) {
			enum status status = fill(l, fault);
			if (status == STATUS_END && gathering)
				break;
			if (status)
				return status;
		}
		struct span rest = {l->window + l->at, l->size - l->at};
		size_t end = span_find_byte(rest, '\n');
		bool whole = end != SIZE_MAX;
		struct span piece = span_slice(rest, 0, whole ? end : rest.size);
		l->at += piece.size + whole;
		if (whole && !gathering) {
			*line = piece;
			return STATUS_OK;
		}
		gathering = true;
		buffer_append_span(&l->gathered, piece);
		if (whole)
			break;
	}
	*line = buffer_span(&l->gathered);
	if (l->gathered.status)
		return fault_set(fault, l->gathered.status, 0, "the line is longer than %zu bytes", l->gathered.max);
	return STATUS_OK;
}
