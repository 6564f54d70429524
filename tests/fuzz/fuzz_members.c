/* fuzz_members: gzip members and zstd frames. The first byte tells how the rest is made into a file: as it is; or cut
 * into pieces at bytes of 0xff, each packed as a member, so that the fuzzer need not find check sums; then one byte is
 * damaged. */
#include "tests/fuzz/reading.h"

#include <libdeflate.h>
#include <zstd.h>

static struct libdeflate_compressor *deflater; /* kept over all runs: making them costs more than a run */
static ZSTD_CCtx *zstd;

static void put_member(struct buffer *out, const uint8_t *data, size_t size, bool gzip)
{
	size_t room = ZSTD_compressBound(size) + size / 8 + 128;
	CHECK(!buffer_reserve(out, room));
	if (gzip) {
		out->size += libdeflate_gzip_compress(deflater, data, size, out->data + out->size, room);
	} else {
		size_t made = ZSTD_compressCCtx(zstd, out->data + out->size, room, data, size, 1);
		CHECK(!ZSTD_isError(made));
		out->size += made;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size < 4)
		return 0;
	unsigned mode = data[0] & 3;
	size_t hit = data[1] | (size_t)data[2] << 8;
	data += 4;
	size -= 4;
	if (mode == 0) {
		fuzz_file(data, size);
		return 0;
	}
	deflater = deflater ? deflater : libdeflate_alloc_compressor(1);
	zstd = zstd ? zstd : ZSTD_createCCtx();
	CHECK(deflater && zstd);
	struct buffer file;
	buffer_init(&file, SIZE_MAX);
	for (size_t at = 0; at < size;) {
		const uint8_t *cut = memchr(data + at, 0xff, size - at);
		size_t piece = cut ? (size_t)(cut - data) - at : size - at;
		put_member(&file, data + at, piece, mode != 2);
		at += piece + 1;
	}
	if (mode == 3 && file.size)
		file.data[hit % file.size] ^= (char)(data[-1] | 1);
	fuzz_file(file.data, file.size);
	buffer_free(&file);
	return 0;
}
