/* inputs: what a result was measured on, named so that someone else can tell whether theirs is the same: name, bytes,
 * SHA-256. A set's digest is of its truth and of the pages that were used, one after another. */
#include "bench/extraction.h"

#include <stdlib.h>

static struct span base_name(const char *path)
{
	const char *slash = strrchr(path, '/');
	return span_of(slash ? slash + 1 : path);
}

static void put_input(struct json_writer *json, struct span name, uint64_t size, const uint8_t *digest)
{
	char hex[2 * DIGEST_MAX + 1];
	hex_encode(digest, 32, hex);
	json_begin(json, '{');
	json_put_text(json, "name", name);
	json_put_uint(json, "bytes", size);
	json_put_text(json, "sha256", span_of(hex));
	json_end(json, '}');
}

void inputs_put_file(struct json_writer *json, const char *path)
{
	uint8_t digest[DIGEST_MAX];
	uint64_t size;
	struct fault fault;
	if (digest_file(DIGEST_SHA256, path, digest, &size, &fault))
		bench_die(BENCH_IO, "%s: %s", path, fault.text);
	put_input(json, base_name(path), size, digest);
}

static uint64_t add_file(struct digest *digest, const char *path)
{
	struct buffer bytes;
	bench_read(path, &bytes);
	uint64_t size = bytes.size;
	digest_update(digest, bytes.data, bytes.size);
	buffer_free(&bytes);
	return size;
}

void inputs_put_set(struct json_writer *json, const struct truth_set *set)
{
	uint8_t out[DIGEST_MAX];
	struct digest *digest = digest_new(DIGEST_SHA256);
	if (!digest)
		bench_die(BENCH_IO, "no memory");
	uint64_t size = add_file(digest, set->truth);
	for (size_t i = 0; i < set->count; i++)
		if (set->pages[i].path)
			size += add_file(digest, set->pages[i].path);
	digest_final(digest, out);
	digest_free(digest);
	put_input(json, span_of(set->name), size, out);
}
