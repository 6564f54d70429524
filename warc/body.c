/* body: taking encodings off HTTP bodies. Claims are often false (crawlers store the decoded body under the old
 * header), so every decoder says whether the bytes had the encoding at all. Output goes to two buffers in turn, each at
 * most body_max, that are kept between records. */
#include "warc/body.h"

#include <libdeflate.h>
#include <stdlib.h>
#include <zlib.h>
#include <zstd.h>
#include <zstd_errors.h>
#ifdef WARCMILL_HAVE_BROTLI
#include <brotli/decode.h>
#endif

#define STEP (256 * KIB)

struct body_decoder {
	size_t body_max;
	struct buffer chunks, out[2];
	unsigned turn;
	struct libdeflate_decompressor *fast;
	ZSTD_DCtx *zstd;
};

struct body_decoder *body_decoder_new(size_t body_max)
{
	struct body_decoder *decoder = memory_zeroed(1, sizeof *decoder);
	if (!decoder)
		return NULL;
	decoder->body_max = body_max;
	buffer_init(&decoder->chunks, body_max);
	buffer_init(&decoder->out[0], body_max);
	buffer_init(&decoder->out[1], body_max);
	decoder->fast = libdeflate_alloc_decompressor();
	if (!decoder->fast) {
		free(decoder);
		return NULL;
	}
	return decoder;
}

void body_decoder_free(struct body_decoder *decoder)
{
	if (!decoder)
		return;
	libdeflate_free_decompressor(decoder->fast);
	ZSTD_freeDCtx(decoder->zstd);
	buffer_free(&decoder->chunks);
	buffer_free(&decoder->out[0]);
	buffer_free(&decoder->out[1]);
	free(decoder);
}

/* ---- Chunks --------------------------------------------------------------------------------------------------- */

static int hex_value(char c)
{
	unsigned char u = (unsigned char)c;
	return ascii_is_digit(u)                                ? u - '0'
	       : ascii_lower(u) >= 'a' && ascii_lower(u) <= 'f' ? ascii_lower(u) - 'a' + 10
								: -1;
}

/* "1f4 ;x=y CRLF", the size perhaps with zeros or blanks around it. False: no chunk begins here. */
static bool chunk_size(struct span in, size_t *at, uint64_t *size)
{
	size_t i = *at, digits = 0;
	*size = 0;
	while (i < in.size && (in.data[i] == ' ' || in.data[i] == '\t'))
		i++;
	for (int value; i < in.size && (value = hex_value(in.data[i])) >= 0; i++, digits++) {
		if (*size >> 60)
			return false;
		*size = *size << 4 | (unsigned)value;
	}
	if (!digits)
		return false;
	while (i < in.size && (in.data[i] == ' ' || in.data[i] == '\t'))
		i++;
	if (i < in.size && in.data[i] == ';') /* extension */
		for (size_t stop = i + 4 * KIB; i < in.size && i < stop && in.data[i] != '\r' && in.data[i] != '\n';)
			i++;
	if (i < in.size && in.data[i] == '\r')
		i++;
	if (i >= in.size || in.data[i] != '\n')
		return false;
	*at = i + 1;
	return true;
}

/* The line end after a chunk's data. False: something else is there. */
static bool chunk_end(struct span in, size_t *at)
{
	if (*at < in.size && in.data[*at] == '\r')
		++*at;
	if (*at < in.size && in.data[*at] != '\n')
		return false;
	*at += *at < in.size;
	return true;
}

enum decode body_dechunk(struct body_decoder *decoder, struct span in, struct span *out)
{
	struct buffer *chunks = &decoder->chunks;
	size_t at = 0, count = 0;
	struct span first = {in.data, 0};
	enum decode result = DECODE_PART;
	buffer_clear(chunks);
	for (;; count++) {
		uint64_t size;
		if (!chunk_size(in, &at, &size)) {
			if (!count)
				return DECODE_NOT;
			break;
		}
		if (!size) {
			result = DECODE_WHOLE; /* trailers are of no use here */
			break;
		}
		struct span data = span_slice(in, at, size < SIZE_MAX ? (size_t)size : SIZE_MAX);
		at += data.size;
		bool whole = data.size == size && chunk_end(in, &at);
		if (!count && data.size == size && !whole)
			return DECODE_NOT;
		if (!count)
			first = data;
		if (count == 1)
			buffer_append_span(chunks, first);
		if (count)
			buffer_append_span(chunks, data);
		if (chunks->status == STATUS_MEMORY)
			return DECODE_MEMORY;
		if (chunks->status) {
			result = DECODE_LARGE;
			break;
		}
		if (!whole) {
			count++;
			break;
		}
	}
	*out = count > 1 ? buffer_span(chunks) : first;
	return result;
}

/* ---- gzip and deflate ----------------------------------------------------------------------------------------- */

static struct buffer *next_buffer(struct body_decoder *decoder)
{
	struct buffer *buffer = &decoder->out[decoder->turn ^= 1];
	buffer_clear(buffer);
	return buffer;
}

/* Room for STEP more bytes, or what is left under the ceiling; 0: none. */
static size_t make_room(struct buffer *buffer, bool *memory)
{
	size_t room = buffer->max - buffer->size < STEP ? buffer->max - buffer->size : STEP;
	*memory = room && buffer_reserve(buffer, room) == STATUS_MEMORY;
	return *memory ? 0 : room;
}

/* zlib, piece by piece. BITS as inflateInit2. All members of a gzip body. */
static enum decode inflate_slow(struct span in, int bits, struct buffer *out)
{
	z_stream stream = {0};
	if (inflateInit2(&stream, bits) != Z_OK)
		return DECODE_MEMORY;
	stream.next_in = (Bytef *)(uintptr_t)in.data;
	enum decode decode = DECODE_PART;
	size_t left = in.size;
	for (;;) {
		bool memory;
		size_t room = make_room(out, &memory);
		if (!room) {
			decode = memory ? DECODE_MEMORY : DECODE_LARGE;
			break;
		}
		uInt given = (uInt)(left < 1u << 30 ? left : 1u << 30);
		stream.avail_in = given;
		stream.next_out = (Bytef *)out->data + out->size;
		stream.avail_out = (uInt)room;
		int result = inflate(&stream, Z_NO_FLUSH);
		left -= given - stream.avail_in;
		size_t made = room - stream.avail_out;
		out->size += made;
		if (result == Z_STREAM_END) {
			decode = DECODE_WHOLE;
			if (bits < 16 || left < 18 || stream.next_in[0] != 0x1f || stream.next_in[1] != 0x8b)
				break;
			decode = DECODE_PART; /* another member */
			inflateReset(&stream);
		} else if (result == Z_MEM_ERROR) {
			decode = DECODE_MEMORY;
			break;
		} else if (result != Z_OK && result != Z_BUF_ERROR) {
			decode = out->size ? DECODE_PART : DECODE_NOT;
			if (bits < 0)
				decode =
					DECODE_NOT; /* raw deflate has no mark of its own: any error is a false claim */
			break;
		} else if (!left && stream.avail_out) {
			break; /* ends early */
		}
	}
	inflateEnd(&stream);
	return decode;
}

/* libdeflate, when the size in the trailer is plausible and the body is one member. */
static enum decode gunzip(struct body_decoder *decoder, struct span in, struct buffer *out)
{
	const unsigned char *tail = (const unsigned char *)in.data + in.size - 4;
	size_t hint = in.size < 18
			      ? 0
			      : (size_t)tail[0] | (size_t)tail[1] << 8 | (size_t)tail[2] << 16 | (size_t)tail[3] << 24;
	if (hint && hint <= out->max && hint / 1100 <= in.size && !buffer_reserve(out, hint)) {
		size_t used, made;
		enum libdeflate_result result =
			libdeflate_gzip_decompress_ex(decoder->fast, in.data, in.size, out->data, hint, &used, &made);
		if (result == LIBDEFLATE_SUCCESS && used == in.size) {
			out->size = made;
			return DECODE_WHOLE;
		}
	}
	return inflate_slow(in, 31, out);
}

static bool is_gzip(struct span in)
{
	return in.size >= 10 && in.data[0] == '\x1f' && in.data[1] == '\x8b' && in.data[2] == 8;
}

static bool is_zlib(struct span in)
{
	const unsigned char *bytes = (const unsigned char *)in.data;
	return in.size >= 6 && (bytes[0] & 0x8f) == 8 && (bytes[0] << 8 | bytes[1]) % 31 == 0 && !(bytes[1] & 0x20);
}

static enum decode decode_gzip(struct body_decoder *decoder, struct span in, struct buffer *out)
{
	if (in.size >= 12 && in.data[0] == '\r' && in.data[1] == '\n' &&
	    in.data[2] == '\x1f') /* a stray line end first */
		in = span_slice(in, 2, in.size);
	if (is_gzip(in))
		return gunzip(decoder, in, out);
	return is_zlib(in) ? inflate_slow(in, 15, out) : DECODE_NOT;
}

static enum decode decode_deflate(struct body_decoder *decoder, struct span in, struct buffer *out)
{
	if (is_gzip(in))
		return gunzip(decoder, in, out);
	if (is_zlib(in)) {
		enum decode decode = inflate_slow(in, 15, out);
		if (decode != DECODE_NOT)
			return decode;
		buffer_clear(out);
	}
	return inflate_slow(in, -15, out);
}

/* ---- br and zstd ---------------------------------------------------------------------------------------------- */

static enum decode decode_brotli(struct body_decoder *decoder, struct span in, struct buffer *out)
{
	(void)decoder;
#ifdef WARCMILL_HAVE_BROTLI
	BrotliDecoderState *state = BrotliDecoderCreateInstance(NULL, NULL, NULL);
	if (!state)
		return DECODE_MEMORY;
	const uint8_t *next_in = (const uint8_t *)in.data;
	size_t left = in.size;
	enum decode decode = DECODE_PART;
	for (;;) {
		bool memory;
		size_t room = make_room(out, &memory), rest = room;
		if (!room) {
			decode = memory ? DECODE_MEMORY : DECODE_LARGE;
			break;
		}
		uint8_t *next_out = (uint8_t *)out->data + out->size;
		BrotliDecoderResult result =
			BrotliDecoderDecompressStream(state, &left, &next_in, &rest, &next_out, NULL);
		out->size += room - rest;
		if (result == BROTLI_DECODER_RESULT_NEEDS_MORE_OUTPUT)
			continue;
		if (result == BROTLI_DECODER_RESULT_SUCCESS)
			decode = DECODE_WHOLE;
		else if (result == BROTLI_DECODER_RESULT_ERROR)
			decode = DECODE_NOT; /* br has no mark of its own */
		break;
	}
	BrotliDecoderDestroyInstance(state);
	bool markup = in.size && *in.data == '<'; /* text that happens to begin like a br stream */
	return decode == DECODE_PART && (markup || !out->size) ? DECODE_NOT : decode;
#else
	(void)in, (void)out;
	return DECODE_UNKNOWN;
#endif
}

static enum decode decode_zstd(struct body_decoder *decoder, struct span in, struct buffer *out)
{
	if (in.size < 4 || memcmp(in.data, "\x28\xb5\x2f\xfd", 4))
		return DECODE_NOT;
	if (!decoder->zstd && !(decoder->zstd = ZSTD_createDCtx()))
		return DECODE_MEMORY;
	ZSTD_DCtx_reset(decoder->zstd, ZSTD_reset_session_and_parameters);
	ZSTD_inBuffer from = {in.data, in.size, 0};
	for (;;) {
		bool memory;
		size_t room = make_room(out, &memory);
		if (!room)
			return memory ? DECODE_MEMORY : DECODE_LARGE;
		ZSTD_outBuffer to = {out->data + out->size, room, 0};
		size_t result = ZSTD_decompressStream(decoder->zstd, &to, &from);
		out->size += to.pos;
		if (ZSTD_getErrorCode(result) == ZSTD_error_memory_allocation)
			return DECODE_MEMORY;
		if (ZSTD_isError(result))
			return out->size ? DECODE_PART : DECODE_NOT;
		if (from.pos == from.size && to.pos < to.size)
			return result ? DECODE_PART : DECODE_WHOLE;
	}
}

static enum decode decode_nothing(struct body_decoder *decoder, struct span in, struct buffer *out)
{
	(void)decoder, (void)in, (void)out;
	return DECODE_WHOLE;
}

static const struct coding {
	const char *name;
	enum decode (*decode)(struct body_decoder *decoder, struct span in, struct buffer *out);
} codings[] = {
	{"gzip", decode_gzip},    {"x-gzip", decode_gzip}, {"deflate", decode_deflate},
	{"br", decode_brotli},    {"zstd", decode_zstd},   {"identity", decode_nothing},
	{"none", decode_nothing}, {"", decode_nothing},    {"x-deflate", decode_deflate},
};

enum decode body_decode(struct body_decoder *decoder, struct span name, struct span in, struct span *out)
{
	for (size_t i = 0; i < sizeof codings / sizeof *codings; i++) {
		if (!span_equal_nocase(name, span_of(codings[i].name)))
			continue;
		if (codings[i].decode == decode_nothing) {
			*out = in;
			return DECODE_WHOLE;
		}
		struct buffer *buffer = next_buffer(decoder);
		enum decode decode = codings[i].decode(decoder, in, buffer);
		*out = decode == DECODE_NOT || decode == DECODE_UNKNOWN ? in : buffer_span(buffer);
		return decode;
	}
	*out = in;
	return DECODE_UNKNOWN;
}
