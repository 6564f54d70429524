/* sigv4: signing of S3 requests. libcurl's own signing changed with its versions (headers it signs, how it encodes
 * paths); this is short, and tested with the example of Amazon's documentation. */
#include "warc/sigv4.h"

#include <stdio.h>

#define TEXT_MAX_BYTES ((size_t)64 << 10)
#define EMPTY_SHA256 "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

/* HMAC-SHA256 (RFC 2104). */
static bool hmac(struct span key, struct span text, uint8_t out[DIGEST_MAX])
{
	uint8_t pad[64], inner[DIGEST_MAX], hashed[DIGEST_MAX];
	struct digest *digest = digest_new(DIGEST_SHA256);
	if (!digest)
		return false;
	if (key.size > 64) {
		digest_update(digest, key.data, key.size);
		key = (struct span){(const char *)hashed, digest_final(digest, hashed)};
	}
	for (size_t i = 0; i < 64; i++)
		pad[i] = 0x36 ^ (i < key.size ? (uint8_t)key.data[i] : 0);
	digest_update(digest, pad, 64);
	digest_update(digest, text.data, text.size);
	digest_final(digest, inner);
	for (size_t i = 0; i < 64; i++)
		pad[i] ^= 0x36 ^ 0x5c;
	digest_update(digest, pad, 64);
	digest_update(digest, inner, 32);
	digest_final(digest, out);
	digest_free(digest);
	return true;
}

enum status sigv4_encode_path(struct span path, struct buffer *out)
{
	for (size_t i = 0; i < path.size; i++) {
		unsigned char c = (unsigned char)path.data[i];
		if (ascii_is_alpha(c) || ascii_is_digit(c) || c == '/' || c == '-' || c == '_' || c == '.' || c == '~')
			buffer_append_byte(out, (char)c);
		else
			buffer_print(out, "%%%02X", c);
	}
	return out->status;
}

static void canonical_request(const struct sigv4 *request, const char *stamp, const char *signed_names,
			      struct buffer *out)
{
	buffer_print(out, "GET\n%.*s\n\nhost:%s\n", SPAN_ARG(request->path), request->host);
	if (request->range)
		buffer_print(out, "range:%s\n", request->range);
	buffer_print(out, "x-amz-content-sha256:" EMPTY_SHA256 "\nx-amz-date:%s\n", stamp);
	if (request->token)
		buffer_print(out, "x-amz-security-token:%s\n", request->token);
	buffer_print(out, "\n%s\n" EMPTY_SHA256, signed_names);
}

/* The signing key: the secret, then date, region, service and a constant, each hashed with the one before. */
static bool signing_key(const struct sigv4 *request, const char *day, uint8_t key[DIGEST_MAX])
{
	char first[256];
	int size = snprintf(first, sizeof first, "AWS4%s", request->secret);
	if (size < 0 || (size_t)size >= sizeof first || !hmac((struct span){first, (size_t)size}, span_of(day), key))
		return false;
	const char *const parts[] = {request->region, "s3", "aws4_request"};
	for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
		if (!hmac((struct span){(const char *)key, 32}, span_of(parts[i]), key))
			return false;
	return true;
}

enum status sigv4_headers(const struct sigv4 *request, struct buffer *out)
{
	char date[21], stamp[32], day[16], names[128], scope[160], hash[2 * DIGEST_MAX + 1];
	uint8_t value[DIGEST_MAX], key[DIGEST_MAX];
	struct buffer text;
	buffer_init(&text, TEXT_MAX_BYTES);
	date_format(request->now, date);
	snprintf(day, sizeof day, "%.4s%.2s%.2s", date, date + 5, date + 8);
	snprintf(stamp, sizeof stamp, "%sT%.2s%.2s%.2sZ", day, date + 11, date + 14, date + 17);
	snprintf(names, sizeof names, "host;%sx-amz-content-sha256;x-amz-date%s", request->range ? "range;" : "",
		 request->token ? ";x-amz-security-token" : "");
	snprintf(scope, sizeof scope, "%s/%.60s/s3/aws4_request", day, request->region);
	canonical_request(request, stamp, names, &text);
	hex_encode(value, digest_of(DIGEST_SHA256, buffer_span(&text), value), hash);
	buffer_clear(&text);
	buffer_print(&text, "AWS4-HMAC-SHA256\n%s\n%s\n%s", stamp, scope, hash);
	bool fine = !text.status && signing_key(request, day, key) &&
		    hmac((struct span){(const char *)key, 32}, buffer_span(&text), value);
	buffer_free(&text);
	if (!fine)
		return STATUS_MEMORY;
	hex_encode(value, 32, hash);
	buffer_print(out, "x-amz-date: %s\nx-amz-content-sha256: " EMPTY_SHA256 "\n", stamp);
	if (request->token)
		buffer_print(out, "x-amz-security-token: %s\n", request->token);
	buffer_print(out, "Authorization: AWS4-HMAC-SHA256 Credential=%s/%s, SignedHeaders=%s, Signature=%s\n",
		     request->key_id, scope, names, hash);
	return out->status;
}
