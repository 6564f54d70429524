/* tokens: normalised text to token hashes.
 *
 * Bytes are classed 64 at a time into bit masks; the edges of the runs of word bytes are then positions, which are
 * written out in batches, and a loop without branches hashes what lies between them from two loads. A token's length
 * cannot be foreseen, so a loop that walks from edge to edge mispredicts once a token, which costs more than the hash:
 * this form takes half the time. Whether a run holds a digit comes out of one addition: adding the digits to the run
 * carries into the bit behind it exactly when there is one. */
#include "dedup/dedup_internal.h"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

/* ---- Classes of bytes ---------------------------------------------------------------------------------------------
 */

struct block {
	uint64_t word, digit, joiner; /* of 64 bytes, a bit a byte */
};

unsigned token_byte_class(uint8_t c)
{
	if (ascii_is_digit(c))
		return CLASS_WORD | CLASS_DIGIT;
	if (c >= 0x80 || (c >= 'a' && c <= 'z'))
		return CLASS_WORD;
	return (c >= ',' && c <= '/') || c == ':' ? CLASS_JOINER : 0;
}

static inline struct block classify_plain(const uint8_t *in)
{
	struct block out = {0, 0, 0};
	for (unsigned i = 0; i < 64; i++) {
		uint64_t c = token_byte_class(in[i]);
		out.word |= (c & 1) << i;
		out.digit |= (c >> 1 & 1) << i;
		out.joiner |= (c >> 2) << i;
	}
	return out;
}

#if defined(__x86_64__)
/* Classes by nibbles: a byte's class bits are those that the tables of its low and its high half agree on. */
__attribute__((target("avx2"))) static inline struct block classify_avx2(const uint8_t *in)
{
	/* 1: letters a–o, 2: p–z, 4: digits, 8: , - . /  16: the colon */
	const __m256i low =
		_mm256_broadcastsi128_si256(_mm_setr_epi8(6, 7, 7, 7, 7, 7, 7, 7, 7, 7, 3 | 16, 1, 9, 9, 9, 9));
	const __m256i high =
		_mm256_broadcastsi128_si256(_mm_setr_epi8(0, 0, 8, 20, 0, 0, 1, 2, 0, 0, 0, 0, 0, 0, 0, 0));
	const __m256i half = _mm256_set1_epi8(15), zero = _mm256_setzero_si256();
	struct block out = {0, 0, 0};
	for (unsigned i = 0; i < 64; i += 32) {
		__m256i x = _mm256_loadu_si256((const __m256i *)(in + i));
		__m256i c =
			_mm256_and_si256(_mm256_shuffle_epi8(low, x),
					 _mm256_shuffle_epi8(high, _mm256_and_si256(_mm256_srli_epi16(x, 4), half)));
		__m256i words = _mm256_cmpgt_epi8(_mm256_and_si256(c, _mm256_set1_epi8(7)), zero);
		__m256i joins = _mm256_cmpgt_epi8(_mm256_and_si256(c, _mm256_set1_epi8(24)), zero);
		out.word |= (uint64_t)(uint32_t)_mm256_movemask_epi8(_mm256_or_si256(words, x)) << i;
		out.digit |= (uint64_t)(uint32_t)_mm256_movemask_epi8(_mm256_slli_epi16(c, 5)) << i;
		out.joiner |= (uint64_t)(uint32_t)_mm256_movemask_epi8(joins) << i;
	}
	return out;
}
#endif

/* ---- Hashes -------------------------------------------------------------------------------------------------------
 */

static const uint8_t token_masks[32] = {255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255};

/* Small numbers are often spelled out, and results and scores differ in them. Each word stands where its eight bytes
 * times NUMBER_WORD have their upper four bits: one comparison decides. */
#define NUMBER_WORD 0x0a57af35b9b81635u
static const char number_words[16][8] = {"five",  "",    "four", "",    "one",   "eleven", "two",  "twelve",
					 "eight", "ten", "",     "six", "three", "",       "nine", "seven"};

#define DIGITS 0x80000000u /* beside the end of a token: it holds a digit */
#define BATCH 256

struct edges {
	unsigned starts, ends; /* how many; an open token has a start alone */
	uint32_t start[BATCH + 64 + 16], end[BATCH + 64 + 16];
};

/* A token over 16 bytes, folded to its last 16: where these begin. */
static inline const uint8_t *fold_long(const uint8_t *at, size_t *size, uint64_t *seed)
{
	for (; *size > 16; *size -= 16, at += 16) {
		uint64_t a, b;
		memcpy(&a, at, 8);
		memcpy(&b, at + 8, 8);
		*seed = mix_mul(a ^ MIX_A ^ *seed, b ^ MIX_D);
	}
	return at;
}

static inline void hash_tokens(struct normaliser *self, const struct edges *edges)
{
	uint64_t *tokens = self->tokens + self->token_count, *numbers = self->numbers + self->number_count;
	uint32_t foreign = 0;
	for (unsigned i = 0; i < edges->ends; i++) {
		const uint8_t *at = self->text + edges->start[i];
		size_t size = (edges->end[i] & ~DIGITS) - edges->start[i], whole = size;
		uint64_t seed = size * MIX_C, a, b, mask_a, mask_b, known;
		foreign += *at >= 0xCA; /* Latin letters end below U+0280 */
		if (size > 16)
			at = fold_long(at, &size, &seed);
		memcpy(&a, at, 8);
		memcpy(&b, at + 8, 8);
		memcpy(&mask_a, token_masks + 16 - size, 8);
		memcpy(&mask_b, token_masks + 24 - size, 8);
		a &= mask_a;
		memcpy(&known, number_words[a * NUMBER_WORD >> 60], 8);
		uint64_t hash = mix_mul(a ^ MIX_A ^ seed, (b & mask_b) ^ MIX_B);
		tokens[i] = *numbers = hash;
		numbers += (edges->end[i] >= DIGITS) | ((a == known) & (whole <= 8));
	}
	self->token_count += edges->ends;
	self->number_count = (uint32_t)(numbers - self->numbers);
	self->foreign += foreign;
}

/* ---- Cutting ------------------------------------------------------------------------------------------------------
 */

#define USUAL 12 /* edges of one kind in 64 bytes of text: written without asking how many there are */

/* Positions of the one bits of BITS plus BASE, at OUT; how many. Writes USUAL entries at least. */
static inline unsigned put_positions(uint32_t *out, uint64_t bits, uint32_t base)
{
	unsigned count = (unsigned)__builtin_popcountll(bits);
	for (unsigned i = 0; i < USUAL; i++, bits &= bits - 1)
		out[i] = base + (unsigned)__builtin_ctzll(bits | (uint64_t)1 << 63);
	for (unsigned i = USUAL; bits; i++, bits &= bits - 1)
		out[i] = base + (unsigned)__builtin_ctzll(bits);
	return count;
}

static inline void put_edges(struct edges *edges, uint64_t starts, uint64_t ends, uint64_t digit_ends, uint32_t base)
{
	edges->starts += put_positions(edges->start + edges->starts, starts, base);
	unsigned count = put_positions(edges->end + edges->ends, ends, base);
	for (; digit_ends; digit_ends &= digit_ends - 1) {
		uint64_t before = ends & ((digit_ends & -digit_ends) - 1);
		edges->end[edges->ends + (unsigned)__builtin_popcountll(before)] |= DIGITS;
	}
	edges->ends += count;
}

/* The body of both kernels. CLASSIFY is known where it is inlined. */
static inline __attribute__((always_inline)) void cut(struct normaliser *self,
						      struct block (*classify)(const uint8_t *in))
{
	struct edges edges;
	uint64_t inside = 0, last_digit = 0, carry = 0;
	edges.starts = edges.ends = 0;
	self->token_count = self->number_count = self->foreign = 0;
	for (size_t at = 0; at <= self->size; at += 64) {
		struct block b = classify(self->text + at);
		uint64_t next_digit = at + 64 < self->size && ascii_is_digit(self->text[at + 64]);
		uint64_t word = b.word | (b.joiner & (b.digit << 1 | last_digit) & (b.digit >> 1 | next_digit << 63));
		uint64_t before = word << 1 | inside, sum = word + b.digit, all = sum + carry;
		uint64_t ends = before & ~word;
		put_edges(&edges, word & ~before, ends, all & ends, (uint32_t)at);
		carry = (sum < word) | (all < sum);
		last_digit = b.digit >> 63;
		inside = word >> 63;
		if (edges.ends >= BATCH) {
			hash_tokens(self, &edges);
			edges.start[0] = edges.start[edges.ends];
			edges.starts -= edges.ends;
			edges.ends = 0;
		}
	}
	hash_tokens(self, &edges);
}

void tokens_cut_plain(struct normaliser *self)
{
	cut(self, classify_plain);
}

#if defined(__x86_64__)
__attribute__((target("avx2,bmi,bmi2,popcnt"))) void tokens_cut_avx2(struct normaliser *self)
{
	cut(self, classify_avx2);
}
#endif
