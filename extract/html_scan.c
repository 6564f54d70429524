/* html_scan kernels: long runs to one byte, noting on the way whether anything will need decoding.
 *
 * One pass for both questions: a script of 200 KB would otherwise be read twice. The vector versions read whole
 * blocks only inside [at, end) and leave the rest to the plain loop, so no byte outside is ever touched. */
#include "extract/html_scan.h"

#if defined(__x86_64__) && !defined(WARCMILL_PLAIN)
#include <immintrin.h>
#define HTML_SCAN_X86 1
#endif

static const char *scan_plain(const char *at, const char *end, char c, char amp, bool *special)
{
	for (; at < end && *at != c; at++)
		*special |= *at == amp || *at == '\r' || *at == '\0';
	return at;
}

#if !defined(HTML_SCAN_PLAIN)
static const char *scan_block16(const char *at, const char *end, char c, char amp, bool *special)
{
	for (; end - at >= 16; at += 16) {
		block16 block = block_load(at);
		block_mask found = block_bits(block_is(block, c));
		block_mask odd = block_bits(
			block_or(block_or(block_is(block, amp), block_is(block, '\r')), block_is(block, '\0')));
		if (found) {
			*special |= (odd & block_below(block_first(found))) != 0;
			return at + block_first(found);
		}
		*special |= odd != 0;
	}
	return scan_plain(at, end, c, amp, special);
}
#endif

#ifdef HTML_SCAN_X86
__attribute__((target("avx2"))) static const char *scan_avx2(const char *at, const char *end, char c, char amp,
							     bool *special)
{
	const __m256i vc = _mm256_set1_epi8(c), va = _mm256_set1_epi8(amp), vr = _mm256_set1_epi8('\r');
	const __m256i zero = _mm256_setzero_si256();
	__m256i seen = zero;
	for (; end - at >= 32; at += 32) {
		__m256i block = _mm256_loadu_si256((const __m256i *)(const void *)at);
		__m256i odd =
			_mm256_or_si256(_mm256_or_si256(_mm256_cmpeq_epi8(block, va), _mm256_cmpeq_epi8(block, vr)),
					_mm256_cmpeq_epi8(block, zero));
		uint32_t found = (uint32_t)_mm256_movemask_epi8(_mm256_cmpeq_epi8(block, vc));
		if (found) {
			uint32_t before = (found & (0 - found)) - 1;
			*special |=
				((uint32_t)_mm256_movemask_epi8(odd) & before) != 0 || !_mm256_testz_si256(seen, seen);
			return at + __builtin_ctz(found);
		}
		seen = _mm256_or_si256(seen, odd);
	}
	*special |= !_mm256_testz_si256(seen, seen);
	return scan_block16(at, end, c, amp, special);
}

__attribute__((target("avx512bw,avx512f"))) static const char *scan_avx512(const char *at, const char *end, char c,
									   char amp, bool *special)
{
	const __m512i vc = _mm512_set1_epi8(c), va = _mm512_set1_epi8(amp), vr = _mm512_set1_epi8('\r');
	const __m512i zero = _mm512_setzero_si512();
	__mmask64 seen = 0;
	while (at < end) { /* masked loads: nothing outside is read, and no tail loop */
		__mmask64 inside = end - at >= 64 ? ~(__mmask64)0 : ((__mmask64)1 << (end - at)) - 1;
		__m512i block = _mm512_maskz_loadu_epi8(inside, at);
		__mmask64 odd = _mm512_cmpeq_epi8_mask(block, va) | _mm512_cmpeq_epi8_mask(block, vr) |
				_mm512_cmpeq_epi8_mask(block, zero);
		__mmask64 found = _mm512_cmpeq_epi8_mask(block, vc) & inside;
		odd &= inside;
		if (found) {
			*special |= (seen | (odd & ((found & (0 - found)) - 1))) != 0;
			return at + __builtin_ctzll(found);
		}
		seen |= odd;
		at += end - at >= 64 ? 64 : end - at;
	}
	*special |= seen != 0;
	return end;
}
#endif

html_scan_function *html_scan_kernel(const char *name)
{
	bool any = name == NULL;
#ifdef HTML_SCAN_X86
	__builtin_cpu_init();
	if ((any || strcmp(name, "avx512") == 0) && __builtin_cpu_supports("avx512bw"))
		return scan_avx512;
	if ((any || strcmp(name, "avx2") == 0) && __builtin_cpu_supports("avx2"))
		return scan_avx2;
	if (any || strcmp(name, "sse2") == 0)
		return scan_block16;
#elif !defined(HTML_SCAN_PLAIN)
	if (any || strcmp(name, "neon") == 0)
		return scan_block16;
#endif
	return any || strcmp(name, "plain") == 0 ? scan_plain : NULL;
}
