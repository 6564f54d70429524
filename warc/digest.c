/* digest: WARC-Block-Digest and WARC-Payload-Digest (WARC/1.1 §5.8, §5.9). Writers differ in what they call the
 * payload, how they spell the value and in its case, so everything that occurs is tried before a digest counts as
 * wrong. */
#include "warc/warc_internal.h"

static const struct algorithm {
	const char *name;
	enum digest_kind kind;
	size_t size;
} algorithms[] = {
	{"sha1", DIGEST_SHA1, 20},      {"sha-1", DIGEST_SHA1, 20}, {"sha256", DIGEST_SHA256, 32},
	{"sha-256", DIGEST_SHA256, 32}, {"md5", DIGEST_MD5, 16},
};

/* "sha1:BASE32", "sha256:hex" … NULL: not a spelling that is known. */
static const struct algorithm *digest_parse(struct span text, uint8_t value[DIGEST_MAX])
{
	size_t colon = span_find_byte(text, ':');
	if (colon == SIZE_MAX)
		return NULL;
	struct span name = span_trim(span_slice(text, 0, colon));
	struct span digits = span_trim(span_slice(text, colon + 1, text.size));
	while (digits.size && digits.data[digits.size - 1] == '=')
		digits.size--;
	for (size_t i = 0; i < sizeof algorithms / sizeof *algorithms; i++) {
		const struct algorithm *algorithm = &algorithms[i];
		if (!span_equal_nocase(name, span_of(algorithm->name)))
			continue;
		if (digits.size == 2 * algorithm->size && hex_decode(digits, value, DIGEST_MAX) == algorithm->size)
			return algorithm;
		return base32_decode(digits, value, DIGEST_MAX) == algorithm->size ? algorithm : NULL;
	}
	return NULL;
}

static bool fits(const struct algorithm *algorithm, const uint8_t *value, struct span bytes)
{
	uint8_t got[DIGEST_MAX];
	return digest_of(algorithm->kind, bytes, got) == algorithm->size && !memcmp(got, value, algorithm->size);
}

static enum warc_digest check(const struct warc_record *record, const char *field, const struct span *parts,
			      size_t count)
{
	uint8_t value[DIGEST_MAX];
	struct span text = warc_field_get(record->fields, record->field_count, field);
	if (!text.data)
		return WARC_DIGEST_ABSENT;
	const struct algorithm *algorithm = digest_parse(text, value);
	/* A revisit's payload digest is that of the record it points at. */
	if (!algorithm || (record->flags & (WARC_RECORD_CUT | WARC_RECORD_TOO_LARGE | WARC_RECORD_SEGMENT)))
		return WARC_DIGEST_UNKNOWN;
	for (size_t i = 0; i < count; i++)
		if (fits(algorithm, value, parts[i]))
			return WARC_DIGEST_MATCH;
	return WARC_DIGEST_MISMATCH;
}

enum warc_digest warc_block_digest_check(const struct warc_record *record)
{
	return check(record, "WARC-Block-Digest", &record->block, 1);
}

enum warc_digest warc_payload_digest_check(const struct warc_record *record, const struct warc_http *http)
{
	if (record->type == WARC_TYPE_REVISIT)
		return warc_field_get(record->fields, record->field_count, "WARC-Payload-Digest").data
			       ? WARC_DIGEST_UNKNOWN
			       : WARC_DIGEST_ABSENT;
	const struct span parts[] = {http->entity, http->raw_body, http->body, record->block};
	return check(record, "WARC-Payload-Digest", parts, http->present ? 4 : 1);
}
