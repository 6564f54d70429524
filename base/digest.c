/* digest: message digests by libcrypto, their text forms, and the fast hashes (xxHash) for everything internal. */
#include "base/base.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <stdlib.h>
#include <unistd.h>
#include <xxhash.h>

struct digest {
	EVP_MD_CTX *context;
	const EVP_MD *method;
};

static const EVP_MD *method_of(enum digest_kind kind)
{
	return kind == DIGEST_MD5 ? EVP_md5() : kind == DIGEST_SHA1 ? EVP_sha1() : EVP_sha256();
}

bool digest_start(void)
{
	uint8_t out[DIGEST_MAX];
	return digest_of(DIGEST_SHA1, SPAN_NONE, out) && digest_of(DIGEST_SHA256, SPAN_NONE, out);
}

struct digest *digest_new(enum digest_kind kind)
{
	struct digest *digest = memory_zeroed(1, sizeof *digest);
	if (!digest)
		return NULL;
	digest->method = method_of(kind);
	digest->context = EVP_MD_CTX_new();
	if (!digest->context)
		memory_fail();
	if (!digest->context || EVP_DigestInit_ex(digest->context, digest->method, NULL) != 1) {
		digest_free(digest);
		return NULL;
	}
	return digest;
}

void digest_update(struct digest *digest, const void *data, size_t size)
{
	EVP_DigestUpdate(digest->context, data, size);
}

size_t digest_final(struct digest *digest, uint8_t out[DIGEST_MAX])
{
	unsigned size = 0;
	EVP_DigestFinal_ex(digest->context, out, &size);
	EVP_DigestInit_ex(digest->context, digest->method, NULL);
	return size;
}

void digest_free(struct digest *digest)
{
	if (digest)
		EVP_MD_CTX_free(digest->context);
	free(digest);
}

size_t digest_of(enum digest_kind kind, struct span bytes, uint8_t out[DIGEST_MAX])
{
	unsigned size = 0;
	if (EVP_Digest(bytes.size ? bytes.data : "", bytes.size, out, &size, method_of(kind), NULL) == 1)
		return size;
	if (kind != DIGEST_MD5) /* some systems forbid that one */
		memory_fail();
	return 0;
}

enum status digest_file(enum digest_kind kind, const char *path, uint8_t out[DIGEST_MAX], uint64_t *size,
			struct fault *fault)
{
	enum { PIECE = 1 << 18 };
	uint64_t total = 0;
	ssize_t got = -1;
	struct digest *digest = digest_new(kind);
	char *piece = memory_new(PIECE);
	int file = open(path, O_RDONLY | O_CLOEXEC);
	if (digest && piece && file >= 0)
		while ((got = read(file, piece, PIECE)) > 0) {
			digest_update(digest, piece, (size_t)got);
			total += (uint64_t)got;
		}
	enum status status = !digest || !piece ? fault_set(fault, STATUS_MEMORY, 0, "no memory for a digest")
			     : file < 0        ? fault_set(fault, STATUS_IO, 0, "cannot open: %s", strerror(errno))
			     : got < 0         ? fault_set(fault, STATUS_IO, total, "cannot read: %s", strerror(errno))
					       : STATUS_OK;
	if (status == STATUS_OK) {
		digest_final(digest, out);
		if (size)
			*size = total;
	}
	if (file >= 0)
		close(file);
	free(piece);
	digest_free(digest);
	return status;
}

void hex_encode(const uint8_t *bytes, size_t size, char *out)
{
	for (size_t i = 0; i < size; i++) {
		*out++ = "0123456789abcdef"[bytes[i] >> 4];
		*out++ = "0123456789abcdef"[bytes[i] & 15];
	}
	*out = '\0';
}

static int hex_value(unsigned char c)
{
	c = ascii_lower(c);
	return ascii_is_digit(c) ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

size_t hex_decode(struct span text, uint8_t *out, size_t max)
{
	if (text.size % 2 || text.size / 2 > max)
		return 0;
	for (size_t i = 0; i < text.size; i += 2) {
		int high = hex_value((unsigned char)text.data[i]), low = hex_value((unsigned char)text.data[i + 1]);
		if (high < 0 || low < 0)
			return 0;
		out[i / 2] = (uint8_t)(high << 4 | low);
	}
	return text.size / 2;
}

void base32_encode(const uint8_t *bytes, size_t size, char *out)
{
	uint32_t bits = 0;
	int count = 0;
	for (size_t i = 0; i < size; i++) {
		bits = bits << 8 | bytes[i];
		for (count += 8; count >= 5; count -= 5)
			*out++ = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"[bits >> (count - 5) & 31];
	}
	if (count)
		*out++ = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"[bits << (5 - count) & 31];
	*out = '\0';
}

size_t base32_decode(struct span text, uint8_t *out, size_t max)
{
	uint32_t bits = 0;
	int count = 0;
	size_t size = 0;
	while (text.size && text.data[text.size - 1] == '=')
		text.size--;
	for (size_t i = 0; i < text.size; i++) {
		unsigned char c = ascii_lower((unsigned char)text.data[i]);
		int value = ascii_is_alpha(c) ? c - 'a' : c >= '2' && c <= '7' ? c - '2' + 26 : -1;
		if (value < 0)
			return 0;
		bits = bits << 5 | (uint32_t)value;
		if ((count += 5) >= 8) {
			count -= 8;
			if (size == max)
				return 0;
			out[size++] = (uint8_t)(bits >> count);
		}
	}
	return size;
}

uint64_t hash64(const void *data, size_t size, uint64_t seed)
{
	return XXH3_64bits_withSeed(data, size, seed);
}

struct hash128 hash128_of(const void *data, size_t size)
{
	XXH128_hash_t hash = XXH3_128bits(data, size);
	return (struct hash128){hash.low64, hash.high64};
}
