/* baselines: what other pipelines do, built in so that a comparison happens in one run on the same documents and the
 * same words: lower case, runs of \w, one word per CJK character.
 *
 *  - MinHash-LSH (Broder 1997; Leskovec, Rajaraman, Ullman ch. 3): 256 permutations of 3-word shingles in 64 bands of
 * 4, the pairs of a bucket compared by their signatures, accepted from Jaccard 0.7, joined by union-find.
 *  - SimHash (Charikar 2002; Manku 2007): 64 bits over 2-word features, accepted up to Hamming 3, joined by union-find.
 */
#include "bench/clock.h"
#include "bench/duplicates.h"

#include <stdlib.h>

enum {
	PERMUTATIONS = 256,
	ROWS = 4,
	BANDS = PERMUTATIONS / ROWS,
	BUCKET_MAX = 200, /* larger buckets: each member with its next NEIGHBOURS only */
	NEIGHBOURS = 3,
	HAMMING_MAX = 20,  /* of the pairs kept for the sweep */
	BRUTE_MAX = 60000, /* documents; above, only Hamming <= 3, by four tables */
};

static bool is_cjk(uint32_t code)
{
	return (code >= 0x3040 && code <= 0x30ff) || (code >= 0x3400 && code <= 0x9fff) ||
	       (code >= 0xf900 && code <= 0xfaff) || (code >= 0x20000 && code <= 0x3ffff);
}

static void put_word(struct tokens *out, const char *from, const char *to)
{
	need_more(&out->at, &out->capacity, out->count + 1, sizeof *out->at);
	out->at[out->count++] = hash64(from, (size_t)(to - from), 0);
}

static void words_of(struct span text, struct buffer *lower, struct tokens *out)
{
	buffer_clear(lower);
	text_lower(text.data ? text : SPAN(""), lower);
	const char *at = lower->data, *end = at + lower->size, *word = NULL;
	out->count = 0;
	while (lower->size && at < end) {
		const char *start = at;
		uint32_t code = utf8_next(&at, end);
		bool alone = is_cjk(code), in = !alone && text_is_word(code);
		if (!in && word) {
			put_word(out, word, start);
			word = NULL;
		}
		if (in && !word)
			word = start;
		if (alone)
			put_word(out, start, at);
	}
	if (word)
		put_word(out, word, end);
}

/* ---- MinHash
 * ---------------------------------------------------------------------------------------------------------------- */

static void minhash_sign(const struct tokens *shingles, const uint64_t *factors, uint32_t *signature)
{
	memset(signature, 0xff, PERMUTATIONS * sizeof *signature);
	for (size_t i = 0; i < shingles->count; i++) {
		uint64_t shingle = shingles->at[i];
		for (size_t p = 0; p < PERMUTATIONS; p++) {
			uint32_t value = (uint32_t)((shingle * factors[p] + factors[PERMUTATIONS + p]) >> 32);
			if (value < signature[p])
				signature[p] = value;
		}
	}
}

struct band_key {
	uint64_t key;
	uint32_t document;
};

static int compare_keys(const void *a, const void *b)
{
	const struct band_key *x = a, *y = b;
	if (x->key != y->key)
		return x->key < y->key ? -1 : 1;
	return (x->document > y->document) - (x->document < y->document);
}

static float minhash_jaccard(const uint32_t *a, const uint32_t *b)
{
	unsigned same = 0;
	for (size_t p = 0; p < PERMUTATIONS; p++)
		same += a[p] == b[p];
	return (float)same / PERMUTATIONS;
}

static bool shares_earlier_band(const uint32_t *a, const uint32_t *b, size_t band)
{
	for (size_t i = 0; i < band; i++)
		if (memcmp(a + i * ROWS, b + i * ROWS, ROWS * sizeof *a) == 0)
			return true;
	return false;
}

static void minhash_band(const uint32_t *signatures, struct band_key *keys, size_t count, size_t band,
			 struct edges *edges)
{
	qsort(keys, count, sizeof *keys, compare_keys);
	for (size_t i = 0, end; i < count; i = end) {
		for (end = i; end < count && keys[end].key == keys[i].key;)
			end++;
		size_t reach = end - i > BUCKET_MAX ? NEIGHBOURS : end - i;
		for (size_t a = i; a < end; a++)
			for (size_t b = a + 1; b < end && b <= a + reach; b++) {
				const uint32_t *x = signatures + (size_t)keys[a].document * PERMUTATIONS;
				const uint32_t *y = signatures + (size_t)keys[b].document * PERMUTATIONS;
				if (!shares_earlier_band(x, y, band))
					edges_add(edges, keys[a].document, keys[b].document, minhash_jaccard(x, y));
			}
	}
}

static void minhash_run(const struct documents *documents, struct baseline_run *out)
{
	struct dice dice = {42};
	uint64_t factors[2 * PERMUTATIONS];
	for (size_t i = 0; i < 2 * PERMUTATIONS; i++)
		factors[i] = dice_next(&dice) | (i < PERMUTATIONS);
	struct buffer lower;
	struct tokens words = {0}, shingles = {0};
	buffer_init(&lower, SIZE_MAX / 2);
	uint32_t *signatures = need(documents->count * PERMUTATIONS * sizeof *signatures);
	struct band_key *keys = need(documents->count * sizeof *keys);
	double start = clock_seconds();
	for (size_t i = 0; i < documents->count; i++) {
		words_of(documents->at[i].text, &lower, &words);
		tokens_shingles(&words, 3, &shingles);
		minhash_sign(&shingles, factors, signatures + i * PERMUTATIONS);
	}
	double signed_at = clock_seconds();
	for (size_t band = 0; band < BANDS; band++) {
		size_t count = 0;
		for (size_t i = 0; i < documents->count; i++) {
			const uint32_t *rows = signatures + i * PERMUTATIONS + band * ROWS;
			if (documents->at[i].text.size)
				keys[count++] = (struct band_key){hash64(rows, ROWS * sizeof *rows, band), (uint32_t)i};
		}
		minhash_band(signatures, keys, count, band, &out->edges);
	}
	edges_sort(&out->edges);
	out->sign_seconds = signed_at - start;
	out->match_seconds = clock_seconds() - signed_at;
	free(keys);
	free(signatures);
	tokens_free(&words);
	tokens_free(&shingles);
	buffer_free(&lower);
}

/* ---- SimHash
 * ------------------------------------------------------------------------------------------------------------------ */

static uint64_t simhash_sign(const struct tokens *features)
{
	int32_t sums[64] = {0};
	uint64_t hash = 0;
	for (size_t i = 0; i < features->count; i++)
		for (unsigned bit = 0; bit < 64; bit++)
			sums[bit] += (int32_t)(features->at[i] >> bit & 1) * 2 - 1;
	for (unsigned bit = 0; bit < 64; bit++)
		hash |= (uint64_t)(sums[bit] > 0) << bit;
	return hash;
}

static void simhash_brute(const uint64_t *hashes, const struct documents *documents, struct edges *edges)
{
	for (uint32_t a = 0; a < documents->count; a++)
		for (uint32_t b = a + 1; b < documents->count; b++) {
			int distance = __builtin_popcountll(hashes[a] ^ hashes[b]);
			if (distance <= HAMMING_MAX && documents->at[a].text.size && documents->at[b].text.size)
				edges_add(edges, a, b, (float)(64 - distance));
		}
}

/* Hamming <= 3 leaves one of four 16-bit blocks whole (Manku 2007). */
static void simhash_blocks(const uint64_t *hashes, const struct documents *documents, struct edges *edges)
{
	struct band_key *keys = need(documents->count * sizeof *keys);
	for (unsigned block = 0; block < 4; block++) {
		size_t count = 0;
		for (uint32_t i = 0; i < documents->count; i++)
			if (documents->at[i].text.size)
				keys[count++] = (struct band_key){hashes[i] >> block * 16 & 0xffff, i};
		qsort(keys, count, sizeof *keys, compare_keys);
		for (size_t i = 0; i < count; i++)
			for (size_t j = i + 1; j < count && keys[j].key == keys[i].key; j++) {
				uint32_t a = keys[i].document, b = keys[j].document;
				int distance = __builtin_popcountll(hashes[a] ^ hashes[b]);
				if (distance <= 3)
					edges_add(edges, a, b, (float)(64 - distance));
			}
	}
	free(keys);
}

static void simhash_run(const struct documents *documents, struct baseline_run *out)
{
	struct buffer lower;
	struct tokens words = {0}, features = {0};
	buffer_init(&lower, SIZE_MAX / 2);
	uint64_t *hashes = need(documents->count * sizeof *hashes);
	double start = clock_seconds();
	for (size_t i = 0; i < documents->count; i++) {
		words_of(documents->at[i].text, &lower, &words);
		tokens_shingles(&words, 2, &features);
		hashes[i] = simhash_sign(&features);
	}
	double signed_at = clock_seconds();
	if (documents->count <= BRUTE_MAX)
		simhash_brute(hashes, documents, &out->edges);
	else
		simhash_blocks(hashes, documents, &out->edges);
	edges_sort(&out->edges);
	out->sign_seconds = signed_at - start;
	out->match_seconds = clock_seconds() - signed_at;
	free(hashes);
	tokens_free(&words);
	tokens_free(&features);
	buffer_free(&lower);
}

const struct baseline baselines[] = {
	{"MinHash-LSH", "256 permutations of 3-word shingles, 64 bands of 4, Jaccard >= 0.7, union-find", 0.7f,
	 minhash_run},
	{"SimHash-64", "2-word features, Hamming <= 3, union-find", 61, simhash_run},
};
const size_t baseline_count = sizeof baselines / sizeof *baselines;
