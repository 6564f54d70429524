/* html_scan: sixteen bytes at a time to the next byte of interest.
 *
 * Most spans of a page are shorter than a cache line (names, values, text between tags), so the first blocks are
 * scanned inline with the baseline vectors of the machine (SSE2, NEON), which need no dispatch; only longer runs
 * (scripts, comments, long paragraphs) are worth the call to a kernel chosen at run time (html_scan_kernel).
 * With WARCMILL_PLAIN, or on other machines, the same operations are plain C: the twin that the tests compare with. */
#ifndef WARCMILL_HTML_SCAN_H
#define WARCMILL_HTML_SCAN_H

#include "base/base.h"

/* Find C in [AT, END): its address, or END. *SPECIAL becomes true when a carriage return, a NUL or AMP comes before
 * (give C again as AMP where ampersands mean nothing). */
typedef const char *html_scan_function(const char *at, const char *end, char c, char amp, bool *special);
html_scan_function *html_scan_kernel(
	const char *name); /* "plain", "sse2", "avx2", "avx512", "neon"; NULL: the best here */

#if defined(__SSE2__) && !defined(WARCMILL_PLAIN)
#include <emmintrin.h>
typedef __m128i block16;
typedef uint32_t block_mask; /* one bit a byte */
#define BLOCK_SHIFT 0
static inline block16 block_load(const char *at)
{
	return _mm_loadu_si128((const __m128i *)(const void *)at);
}
static inline block16 block_is(block16 block, char c)
{
	return _mm_cmpeq_epi8(block, _mm_set1_epi8(c));
}
static inline block16 block_or(block16 a, block16 b)
{
	return _mm_or_si128(a, b);
}
static inline block_mask block_bits(block16 block)
{
	return (block_mask)_mm_movemask_epi8(block);
}
/* Bytes in FROM..TO, both below 0x80. */
static inline block16 block_range(block16 block, char from, char to)
{
	return _mm_and_si128(_mm_cmpgt_epi8(block, _mm_set1_epi8((char)(from - 1))),
			     _mm_cmplt_epi8(block, _mm_set1_epi8((char)(to + 1))));
}
static inline block16 block_at_most(block16 block, unsigned char most) /* unsigned */
{
	return _mm_cmpeq_epi8(_mm_min_epu8(block, _mm_set1_epi8((char)most)), block);
}
static inline block16 block_and(block16 a, block16 b)
{
	return _mm_and_si128(a, b);
}
static inline block16 block_all(char c) /* C sixteen times */
{
	return _mm_set1_epi8(c);
}
static inline block16 block_xor(block16 a, block16 b)
{
	return _mm_xor_si128(a, b);
}
static inline block16 block_equal(block16 a, block16 b)
{
	return _mm_cmpeq_epi8(a, b);
}
static inline void block_store(char *at, block16 block)
{
	_mm_storeu_si128((__m128i *)(void *)at, block);
}
static inline void block_halves(block16 block, uint64_t *low, uint64_t *high)
{
	*low = (uint64_t)_mm_cvtsi128_si64(block);
	*high = (uint64_t)_mm_cvtsi128_si64(_mm_unpackhi_epi64(block, block));
}
#elif defined(__ARM_NEON) && defined(__aarch64__) && !defined(WARCMILL_PLAIN)
#include <arm_neon.h>
typedef uint8x16_t block16;
typedef uint64_t block_mask; /* four bits a byte */
#define BLOCK_SHIFT 2
static inline block16 block_load(const char *at)
{
	return vld1q_u8((const uint8_t *)at);
}
static inline block16 block_is(block16 block, char c)
{
	return vceqq_u8(block, vdupq_n_u8((uint8_t)c));
}
static inline block16 block_or(block16 a, block16 b)
{
	return vorrq_u8(a, b);
}
static inline block_mask block_bits(block16 block)
{
	return vget_lane_u64(vreinterpret_u64_u8(vshrn_n_u16(vreinterpretq_u16_u8(block), 4)), 0);
}
static inline block16 block_range(block16 block, char from, char to)
{
	return vandq_u8(vcgeq_u8(block, vdupq_n_u8((uint8_t)from)), vcleq_u8(block, vdupq_n_u8((uint8_t)to)));
}
static inline block16 block_at_most(block16 block, unsigned char most)
{
	return vcleq_u8(block, vdupq_n_u8(most));
}
static inline block16 block_and(block16 a, block16 b)
{
	return vandq_u8(a, b);
}
static inline block16 block_all(char c)
{
	return vdupq_n_u8((uint8_t)c);
}
static inline block16 block_xor(block16 a, block16 b)
{
	return veorq_u8(a, b);
}
static inline block16 block_equal(block16 a, block16 b)
{
	return vceqq_u8(a, b);
}
static inline void block_store(char *at, block16 block)
{
	vst1q_u8((uint8_t *)at, block);
}
static inline void block_halves(block16 block, uint64_t *low, uint64_t *high)
{
	*low = vgetq_lane_u64(vreinterpretq_u64_u8(block), 0);
	*high = vgetq_lane_u64(vreinterpretq_u64_u8(block), 1);
}
#else
#define HTML_SCAN_PLAIN 1
typedef struct {
	uint8_t byte[16];
} block16;
typedef uint32_t block_mask;
#define BLOCK_SHIFT 0
static inline block16 block_load(const char *at)
{
	block16 block;
	memcpy(block.byte, at, 16);
	return block;
}
#define BLOCK_EACH(expression)                                                                                         \
	block16 out;                                                                                                   \
	for (int i = 0; i < 16; i++)                                                                                   \
		out.byte[i] = (uint8_t)(expression);                                                                   \
	return out
static inline block16 block_is(block16 block, char c)
{
	BLOCK_EACH(block.byte[i] == (uint8_t)c ? 255 : 0);
}
static inline block16 block_or(block16 a, block16 b)
{
	BLOCK_EACH(a.byte[i] | b.byte[i]);
}
static inline block16 block_and(block16 a, block16 b)
{
	BLOCK_EACH(a.byte[i] & b.byte[i]);
}
static inline block16 block_xor(block16 a, block16 b)
{
	BLOCK_EACH(a.byte[i] ^ b.byte[i]);
}
static inline block16 block_equal(block16 a, block16 b)
{
	BLOCK_EACH(a.byte[i] == b.byte[i] ? 255 : 0);
}
static inline void block_store(char *at, block16 block)
{
	memcpy(at, block.byte, 16);
}
static inline block16 block_all(char c)
{
	block16 out;
	memset(out.byte, (unsigned char)c, sizeof out.byte);
	return out;
}
static inline block16 block_range(block16 block, char from, char to)
{
	BLOCK_EACH(block.byte[i] >= (uint8_t)from && block.byte[i] <= (uint8_t)to ? 255 : 0);
}
static inline block16 block_at_most(block16 block, unsigned char most)
{
	BLOCK_EACH(block.byte[i] <= most ? 255 : 0);
}
static inline block_mask block_bits(block16 block)
{
	block_mask mask = 0;
	for (int i = 0; i < 16; i++)
		mask |= (block_mask)(block.byte[i] >> 7) << i;
	return mask;
}
static inline void block_halves(block16 block, uint64_t *low, uint64_t *high)
{
	*low = *high = 0;
	for (int i = 7; i >= 0; i--) {
		*low = *low << 8 | block.byte[i];
		*high = *high << 8 | block.byte[i + 8];
	}
}
#endif

/* The mask of the bytes above 0x7F. block_bits itself wants bytes that are all ones or all zeros. */
static inline block_mask block_high(block16 block)
{
#if BLOCK_SHIFT == 0
	return block_bits(block); /* which takes the upper bits */
#else
	return block_bits(vcgeq_u8(block, vdupq_n_u8(0x80)));
#endif
}

static inline unsigned block_first(block_mask mask) /* position of the first byte found; MASK is not 0 */
{
	return (unsigned)__builtin_ctzll(mask) >> BLOCK_SHIFT;
}
/* The mask of the first N bytes is 16 bytes at block_masks + 16 - N. */
static const uint8_t block_masks[32] = {
	255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255,
};
static inline block16 block_keep(block16 block, size_t n) /* the first N bytes, zeros behind; N <= 16 */
{
	return block_and(block, block_load((const char *)block_masks + 16 - n));
}

static inline unsigned block_first_or_16(block_mask mask) /* the same; 16 where there is none */
{
#if BLOCK_SHIFT == 0
	return (unsigned)__builtin_ctz(mask | 0x10000);
#else
	return mask ? block_first(mask) : 16;
#endif
}
static inline block_mask block_below(unsigned n) /* the mask of the first N bytes, N < 16 */
{
	return (block_mask)(((uint64_t)1 << (n << BLOCK_SHIFT)) - 1);
}

/* Up to 16 bytes from AT, zeros where END comes before. */
static inline block16 block_load_until(const char *at, const char *end)
{
	if (__builtin_expect(end - at >= 16, 1))
		return block_load(at);
	char tail[16] = {0};
	memcpy(tail, at, (size_t)(end - at));
	return block_load(tail);
}

/* As the kernels, with the first blocks inline. */
static inline const char *html_scan(html_scan_function *kernel, const char *at, const char *end, char c, char amp,
				    bool *special)
{
	for (int i = 0; i < 3; i++) {
		if (end - at < 16)
			break;
		block16 block = block_load(at);
		block_mask found = block_bits(block_is(block, c));
		block_mask odd = block_bits(
			block_or(block_or(block_is(block, amp), block_is(block, '\r')), block_is(block, '\0')));
		if (found) {
			unsigned n = block_first(found);
			*special |= (odd & block_below(n)) != 0;
			return at + n;
		}
		*special |= odd != 0;
		at += 16;
	}
	return kernel(at, end, c, amp, special);
}

#endif
