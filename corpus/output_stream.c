/* output_stream: one output file. Compression, temporary name, digest, fsync and rename live here and nowhere else.
 *
 * Bytes are gathered into pieces of one fixed size before a compressor sees them, so the compressed bytes depend on
 * what was written and never on how it was cut into writes. Both compressors are the streaming ones of their library: a
 * part may be larger than memory. zstd frames carry a checksum; a gzip member has its CRC anyway. */
#include "corpus/output.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include <zlib.h>
#include <zstd.h>

enum {
	PIECE = 1 << 18,
	ZSTD_LEVEL = 3,
	GZIP_LEVEL = 6,
};

struct part_stream {
	int file; /* -1 once closed */
	char *path, *temporary;
	enum compression compression;
	ZSTD_CCtx *zstd;
	z_stream gzip;
	bool gzip_ready, member_open, any_member;
	struct digest *digest;
	uint64_t written, stored; /* bytes given to write, bytes in the file */
	size_t piece_size;
	char piece[PIECE], packed[PIECE];
};

static const char *const suffixes[] = {[COMPRESS_ZSTD] = ".zst", [COMPRESS_GZIP] = ".gz", [COMPRESS_NONE] = ""};

static void stream_free(struct part_stream *stream)
{
	ZSTD_freeCCtx(stream->zstd);
	if (stream->gzip_ready)
		deflateEnd(&stream->gzip);
	digest_free(stream->digest);
	free(stream->path);
	free(stream->temporary);
	free(stream);
}

static bool compressor_start(struct part_stream *stream)
{
	if (stream->compression == COMPRESS_ZSTD) {
		stream->zstd = ZSTD_createCCtx();
		return stream->zstd &&
		       !ZSTD_isError(ZSTD_CCtx_setParameter(stream->zstd, ZSTD_c_compressionLevel, ZSTD_LEVEL)) &&
		       !ZSTD_isError(ZSTD_CCtx_setParameter(stream->zstd, ZSTD_c_checksumFlag, 1));
	}
	if (stream->compression == COMPRESS_GZIP) /* 15 + 16: a gzip member with the largest window */
		stream->gzip_ready =
			deflateInit2(&stream->gzip, GZIP_LEVEL, Z_DEFLATED, 15 + 16, 9, Z_DEFAULT_STRATEGY) == Z_OK;
	return stream->compression != COMPRESS_GZIP || stream->gzip_ready;
}

enum status part_stream_open(const char *path, enum compression compression, struct part_stream **out,
			     struct fault *fault)
{
	*out = NULL;
	struct part_stream *stream = memory_zeroed(1, sizeof *stream);
	if (!stream)
		return fault_set(fault, STATUS_MEMORY, 0, "no memory for an output file");
	stream->file = -1;
	stream->compression = compression;
	stream->digest = digest_new(DIGEST_SHA256);
	stream->path = memory_format("%s%s", path, suffixes[compression]);
	stream->temporary = stream->path ? file_temporary_name(stream->path) : NULL;
	if (!stream->digest || !stream->path || !stream->temporary || !compressor_start(stream)) {
		stream_free(stream);
		return fault_set(fault, STATUS_MEMORY, 0, "no memory for an output file");
	}
	stream->file = open(stream->temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
	if (stream->file < 0) {
		enum status status =
			fault_set(fault, STATUS_IO, 0, "cannot create %.160s: %s", stream->temporary, strerror(errno));
		stream_free(stream);
		return status;
	}
	*out = stream;
	return STATUS_OK;
}

static enum status store(struct part_stream *stream, struct span bytes, struct fault *fault)
{
	digest_update(stream->digest, bytes.data, bytes.size);
	stream->stored += bytes.size;
	while (bytes.size) {
		ssize_t put = write(stream->file, bytes.data, bytes.size);
		if (put < 0 && errno == EINTR)
			continue;
		if (put <= 0)
			return fault_set(fault, STATUS_IO, stream->stored - bytes.size, "cannot write %.160s: %s",
					 stream->path, put < 0 ? strerror(errno) : "nothing was taken");
		bytes = span_slice(bytes, (size_t)put, SIZE_MAX);
	}
	return STATUS_OK;
}

static enum status zstd_feed(struct part_stream *stream, struct span bytes, bool last, struct fault *fault)
{
	ZSTD_inBuffer in = {bytes.data, bytes.size, 0};
	for (;;) {
		ZSTD_outBuffer out = {stream->packed, sizeof stream->packed, 0};
		size_t left = ZSTD_compressStream2(stream->zstd, &out, &in, last ? ZSTD_e_end : ZSTD_e_continue);
		if (ZSTD_isError(left))
			return fault_set(fault, STATUS_MEMORY, 0, "cannot compress: %s", ZSTD_getErrorName(left));
		enum status status = store(stream, (struct span){stream->packed, out.pos}, fault);
		if (status != STATUS_OK || (last ? left == 0 : in.pos == in.size))
			return status;
	}
}

static enum status gzip_feed(struct part_stream *stream, struct span bytes, bool last, struct fault *fault)
{
	stream->gzip.next_in = (Bytef *)(uintptr_t)bytes.data;
	stream->gzip.avail_in = (uInt)bytes.size;
	for (;;) {
		stream->gzip.next_out = (Bytef *)stream->packed;
		stream->gzip.avail_out = sizeof stream->packed;
		int code = deflate(&stream->gzip, last ? Z_FINISH : Z_NO_FLUSH);
		if (code == Z_STREAM_ERROR)
			return fault_set(fault, STATUS_MEMORY, 0, "cannot compress");
		size_t size = sizeof stream->packed - stream->gzip.avail_out;
		enum status status = store(stream, (struct span){stream->packed, size}, fault);
		if (status != STATUS_OK || (last ? code == Z_STREAM_END : stream->gzip.avail_out != 0))
			return status;
	}
}

/* Give the gathered piece to the compressor; LAST ends the frame or member. */
static enum status feed(struct part_stream *stream, bool last, struct fault *fault)
{
	struct span piece = {stream->piece, stream->piece_size};
	stream->piece_size = 0;
	enum status status = stream->compression == COMPRESS_ZSTD   ? zstd_feed(stream, piece, last, fault)
			     : stream->compression == COMPRESS_GZIP ? gzip_feed(stream, piece, last, fault)
								    : store(stream, piece, fault);
	stream->member_open = !last;
	if (last) {
		stream->any_member = true;
		if (stream->gzip_ready)
			deflateReset(&stream->gzip);
	}
	return status;
}

enum status part_stream_write(struct part_stream *stream, struct span bytes, struct fault *fault)
{
	enum status status = STATUS_OK;
	stream->written += bytes.size;
	while (bytes.size && status == STATUS_OK) {
		size_t take = PIECE - stream->piece_size < bytes.size ? PIECE - stream->piece_size : bytes.size;
		memcpy(stream->piece + stream->piece_size, bytes.data, take);
		stream->piece_size += take;
		stream->member_open = true;
		bytes = span_slice(bytes, take, SIZE_MAX);
		if (stream->piece_size == PIECE)
			status = feed(stream, false, fault);
	}
	return status;
}

enum status part_stream_member(struct part_stream *stream, struct fault *fault)
{
	return stream->member_open ? feed(stream, true, fault) : STATUS_OK;
}

enum status part_stream_pledge(struct part_stream *stream, uint64_t size, struct fault *fault)
{
	enum status status = part_stream_member(stream, fault);
	if (status == STATUS_OK && stream->zstd &&
	    ZSTD_isError(ZSTD_CCtx_setPledgedSrcSize(stream->zstd, (unsigned long long)size)))
		return fault_set(fault, STATUS_MEMORY, 0, "cannot compress");
	return status;
}

uint64_t part_stream_offset(const struct part_stream *stream)
{
	return stream->written;
}

/* An empty file of the compressed kinds is one empty frame or member, which every reader takes for no bytes. */
static enum status finish(struct part_stream *stream, struct fault *fault)
{
	if (stream->member_open || !stream->any_member) {
		enum status status = feed(stream, true, fault);
		if (status != STATUS_OK)
			return status;
	}
	bool fine = fsync(stream->file) == 0;
	int why = errno;
	if (close(stream->file) != 0 && fine) {
		fine = false;
		why = errno;
	}
	stream->file = -1;
	if (fine && rename(stream->temporary, stream->path) != 0) {
		fine = false;
		why = errno;
	}
	if (!fine)
		return fault_set(fault, STATUS_IO, stream->stored, "cannot write %.160s: %s", stream->path,
				 strerror(why));
	file_sync_folder(stream->path);
	return STATUS_OK;
}

enum status part_stream_close(struct part_stream *stream, uint64_t *size, uint8_t sha256[DIGEST_MAX],
			      struct fault *fault)
{
	enum status status = finish(stream, fault);
	if (status != STATUS_OK) {
		part_stream_abandon(stream);
		return status;
	}
	*size = stream->stored;
	digest_final(stream->digest, sha256);
	stream_free(stream);
	return STATUS_OK;
}

void part_stream_abandon(struct part_stream *stream)
{
	if (!stream)
		return;
	if (stream->file >= 0)
		close(stream->file);
	unlink(stream->temporary);
	stream_free(stream);
}
