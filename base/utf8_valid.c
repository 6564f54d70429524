/* utf8_valid: is this UTF-8?
 *
 * Every page is asked once, so it has to run at memory speed. Three table look-ups per byte, done for a whole vector at
 * once, classify each pair of neighbouring bytes; a bit left over is an error (J. Keiser, D. Lemire, "Validating UTF-8
 * In Less Than One Instruction Per Byte", 2021). ASCII is skipped 64 bytes at a time. The vector code only says how far
 * everything is surely well-formed; the plain code finishes from there, finds the exact place of an error, and is the
 * twin that the tests compare with (WARCMILL_PLAIN builds have nothing else). */
#include "base/base.h"

#if defined(__x86_64__) && !defined(WARCMILL_PLAIN)
#include <immintrin.h>
#define UTF8_X86 1
#elif defined(__ARM_NEON) && defined(__aarch64__) && !defined(WARCMILL_PLAIN)
#include <arm_neon.h>
#define UTF8_NEON 1
#endif

/* ---- Plain -------------------------------------------------------------------------------------------------- */

static size_t prefix_plain(struct span text, size_t from)
{
	const char *at = text.data + from, *end = text.data + text.size;
	while (at < end) {
		uint64_t word;
		while (end - at >= 8 && (memcpy(&word, at, 8), (word & 0x8080808080808080u) == 0))
			at += 8;
		if (at == end)
			break;
		const char *before = at;
		if (utf8_next(&at, end) == 0xFFFD && !(at - before == 3))
			return (size_t)(before - text.data);
	}
	return text.size;
}

/* ---- Vectors ------------------------------------------------------------------------------------------------ */

#if defined(UTF8_X86) || defined(UTF8_NEON)

enum {
	TOO_SHORT = 1,
	TOO_LONG = 2,
	OVERLONG_3 = 4,
	TOO_LARGE = 8,
	SURROGATE = 16,
	OVERLONG_2 = 32,
	TOO_LARGE_1000 = 64,
	OVERLONG_4 = 64,
	TWO_CONTINUATIONS = 128,
	CARRY = TOO_SHORT | TOO_LONG | TWO_CONTINUATIONS,
	LARGE = CARRY | TOO_LARGE | TOO_LARGE_1000,
	MIDDLE = TOO_LONG | OVERLONG_2 | TWO_CONTINUATIONS,
};

/* What a pair of bytes can be wrong in, by the first one's high half, its low half, and the second one's high half. */
#define EIGHT(x) x, x, x, x, x, x, x, x
#define FOUR(x) x, x, x, x
static const uint8_t first_high[16] = {
	EIGHT(TOO_LONG),
	FOUR(TWO_CONTINUATIONS),
	TOO_SHORT | OVERLONG_2,
	TOO_SHORT,
	TOO_SHORT | OVERLONG_3 | SURROGATE,
	TOO_SHORT | TOO_LARGE | TOO_LARGE_1000 | OVERLONG_4,
};
static const uint8_t first_low[16] = {
	CARRY | OVERLONG_3 | OVERLONG_2 | OVERLONG_4,
	CARRY | OVERLONG_2,
	CARRY,
	CARRY,
	CARRY | TOO_LARGE,
	EIGHT(LARGE),
	LARGE | SURROGATE,
	LARGE,
	LARGE,
};
static const uint8_t second_high[16] = {
	EIGHT(TOO_SHORT),
	MIDDLE | OVERLONG_3 | TOO_LARGE_1000 | OVERLONG_4,
	MIDDLE | OVERLONG_3 | TOO_LARGE,
	MIDDLE | SURROGATE | TOO_LARGE,
	MIDDLE | SURROGATE | TOO_LARGE,
	FOUR(TOO_SHORT),
};

/* Where the plain code has to take over when everything before AT has been found good: not inside a character. */
static size_t step_back(struct span text, size_t at)
{
	size_t lead = at;
	for (int i = 0; i < 3 && lead > 0; i++)
		if (((unsigned char)text.data[--lead] & 0xC0) != 0x80)
			return (unsigned char)text.data[lead] >= 0xC0 ? lead : at;
	return at;
}

#endif

#ifdef UTF8_X86

#define AVX2 __attribute__((target("avx2")))

AVX2 static inline __m256i shift_in_avx2(__m256i block, __m256i carried, int count)
{
	return count == 1   ? _mm256_alignr_epi8(block, carried, 15)
	       : count == 2 ? _mm256_alignr_epi8(block, carried, 14)
			    : _mm256_alignr_epi8(block, carried, 13);
}

AVX2 static inline __m256i errors_avx2(__m256i block, __m256i previous)
{
	const __m256i nibble = _mm256_set1_epi8(15);
	const __m256i table1 = _mm256_broadcastsi128_si256(_mm_loadu_si128((const __m128i *)(const void *)first_high));
	const __m256i table2 = _mm256_broadcastsi128_si256(_mm_loadu_si128((const __m128i *)(const void *)first_low));
	const __m256i table3 = _mm256_broadcastsi128_si256(_mm_loadu_si128((const __m128i *)(const void *)second_high));
	__m256i carried = _mm256_permute2x128_si256(previous, block, 0x21);
	__m256i one = shift_in_avx2(block, carried, 1), two = shift_in_avx2(block, carried, 2),
		three = shift_in_avx2(block, carried, 3);
	__m256i pair = _mm256_and_si256(
		_mm256_and_si256(_mm256_shuffle_epi8(table1, _mm256_and_si256(_mm256_srli_epi16(one, 4), nibble)),
				 _mm256_shuffle_epi8(table2, _mm256_and_si256(one, nibble))),
		_mm256_shuffle_epi8(table3, _mm256_and_si256(_mm256_srli_epi16(block, 4), nibble)));
	/* the third byte of three or four, the fourth of four must be the second continuation in a row */
	__m256i must = _mm256_or_si256(_mm256_subs_epu8(two, _mm256_set1_epi8((char)(0xE0 - 0x80))),
				       _mm256_subs_epu8(three, _mm256_set1_epi8((char)(0xF0 - 0x80))));
	return _mm256_xor_si256(_mm256_and_si256(must, _mm256_set1_epi8((char)0x80)), pair);
}

/* Bytes of whole 64-byte steps that are well-formed, save for a character begun at their end. */
AVX2 static size_t good_avx2(struct span text)
{
	__m256i previous = _mm256_setzero_si256();
	size_t at = 0;
	for (; text.size - at >= 64; at += 64) {
		const __m256i *from = (const __m256i *)(const void *)(text.data + at);
		__m256i low = _mm256_loadu_si256(from), high = _mm256_loadu_si256(from + 1);
		__m256i bad;
		if (_mm256_movemask_epi8(_mm256_or_si256(low, high)) == 0) {
			if (_mm256_movemask_epi8(previous) >= 0) {
				previous = high;
				continue; /* the usual case: the step before did not end in a non-ASCII byte */
			}
			bad = errors_avx2(low, previous);
		} else {
			bad = _mm256_or_si256(errors_avx2(low, previous), errors_avx2(high, low));
		}
		if (!_mm256_testz_si256(bad, bad))
			break;
		previous = high;
	}
	return at;
}

#define SSSE3 __attribute__((target("ssse3")))

SSSE3 static inline __m128i errors_ssse3(__m128i block, __m128i previous)
{
	const __m128i nibble = _mm_set1_epi8(15);
	__m128i one = _mm_alignr_epi8(block, previous, 15), two = _mm_alignr_epi8(block, previous, 14),
		three = _mm_alignr_epi8(block, previous, 13);
	__m128i pair =
		_mm_and_si128(_mm_and_si128(_mm_shuffle_epi8(_mm_loadu_si128((const __m128i *)(const void *)first_high),
							     _mm_and_si128(_mm_srli_epi16(one, 4), nibble)),
					    _mm_shuffle_epi8(_mm_loadu_si128((const __m128i *)(const void *)first_low),
							     _mm_and_si128(one, nibble))),
			      _mm_shuffle_epi8(_mm_loadu_si128((const __m128i *)(const void *)second_high),
					       _mm_and_si128(_mm_srli_epi16(block, 4), nibble)));
	__m128i must = _mm_or_si128(_mm_subs_epu8(two, _mm_set1_epi8((char)(0xE0 - 0x80))),
				    _mm_subs_epu8(three, _mm_set1_epi8((char)(0xF0 - 0x80))));
	return _mm_xor_si128(_mm_and_si128(must, _mm_set1_epi8((char)0x80)), pair);
}

SSSE3 static size_t good_ssse3(struct span text)
{
	__m128i previous = _mm_setzero_si128();
	size_t at = 0;
	for (; text.size - at >= 16; at += 16) {
		__m128i block = _mm_loadu_si128((const __m128i *)(const void *)(text.data + at));
		if (_mm_movemask_epi8(_mm_or_si128(block, previous)) != 0) {
			__m128i bad = errors_ssse3(block, previous);
			if (_mm_movemask_epi8(_mm_cmpeq_epi8(bad, _mm_setzero_si128())) != 0xFFFF)
				break;
		}
		previous = block;
	}
	return at;
}

#elif defined(UTF8_NEON)

static inline uint8x16_t errors_neon(uint8x16_t block, uint8x16_t previous)
{
	uint8x16_t one = vextq_u8(previous, block, 15), two = vextq_u8(previous, block, 14),
		   three = vextq_u8(previous, block, 13);
	uint8x16_t pair = vandq_u8(vandq_u8(vqtbl1q_u8(vld1q_u8(first_high), vshrq_n_u8(one, 4)),
					    vqtbl1q_u8(vld1q_u8(first_low), vandq_u8(one, vdupq_n_u8(15)))),
				   vqtbl1q_u8(vld1q_u8(second_high), vshrq_n_u8(block, 4)));
	uint8x16_t must = vorrq_u8(vqsubq_u8(two, vdupq_n_u8(0xE0 - 0x80)), vqsubq_u8(three, vdupq_n_u8(0xF0 - 0x80)));
	return veorq_u8(vandq_u8(must, vdupq_n_u8(0x80)), pair);
}

static size_t good_neon(struct span text)
{
	uint8x16_t previous = vdupq_n_u8(0);
	size_t at = 0;
	for (; text.size - at >= 16; at += 16) {
		uint8x16_t block = vld1q_u8((const uint8_t *)text.data + at);
		if (vmaxvq_u8(vorrq_u8(block, previous)) >= 0x80 && vmaxvq_u8(errors_neon(block, previous)) != 0)
			break;
		previous = block;
	}
	return at;
}

#endif

size_t utf8_valid_prefix(struct span text)
{
	size_t good = 0;
#ifdef UTF8_X86
	if (text.size >= 64 && __builtin_cpu_supports("avx2"))
		good = step_back(text, good_avx2(text));
	else if (text.size >= 32 && __builtin_cpu_supports("ssse3"))
		good = step_back(text, good_ssse3(text));
#elif defined(UTF8_NEON)
	if (text.size >= 32)
		good = step_back(text, good_neon(text));
#endif
	return prefix_plain(text, good);
}

bool utf8_valid(struct span text)
{
	return utf8_valid_prefix(text) == text.size;
}
