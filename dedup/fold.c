/* fold: what a code point is for comparing texts, and which code points it stands for.
 *
 * Compatibility decomposition and full case folding (Unicode 15, UAX #15 and CaseFolding.txt) by utf8proc, then marks
 * dropped, so that accents, width, ligatures and case do not count. Marks that carry vowels in Indic and South-East
 * Asian scripts (combining class 0) stay: without them words would fall together. A few Latin letters with strokes have
 * no decomposition in Unicode; editors write them without, so a table does it. */
#include "dedup/dedup_internal.h"

#include <utf8proc.h>

/* Digits are ten in a row from these; only the full-width and mathematical ones decompose. */
static const uint32_t digit_zeros[] = {0x660,  0x6F0,  0x7C0,  0x966,  0x9E6,  0xA66, 0xAE6, 0xB66,
				       0xBE6,  0xC66,  0xCE6,  0xD66,  0xE50,  0xED0, 0xF20, 0x1040,
				       0x17E0, 0x1810, 0x1946, 0x19D0, 0xA9D0, 0xAA50};

static const struct {
	uint16_t code;
	char to[3];
} strokes[] = {
	{0xE6, "ae"}, {0xF0, "d"},  {0xF8, "o"},   {0xFE, "th"}, {0x111, "d"}, {0x127, "h"},
	{0x131, "i"}, {0x142, "l"}, {0x153, "oe"}, {0x167, "t"}, {0x180, "b"}, {0x1B6, "z"},
};

static const struct {
	uint32_t first, last;
} ideographs[] = {{0x3040, 0x30FF}, {0x3105, 0x312F}, {0x31A0, 0x31BF}, {0x31F0, 0x31FF},  {0x3400, 0x4DBF},
		  {0x4E00, 0x9FFF}, {0xAC00, 0xD7A3}, {0xF900, 0xFAFF}, {0x20000, 0x3FFFF}},
  unspaced[] = {{0x0E00, 0x0EFF}, {0x1000, 0x109F}, {0x1780, 0x17FF}, {0x1950, 0x19DF},
		{0x1A20, 0x1AAF}, {0xA9E0, 0xA9FF}, {0xAA60, 0xAADF}};

bool fold_is_ideograph(uint32_t code)
{
	if (code < ideographs[0].first)
		return false;
	for (size_t i = 0; i < sizeof ideographs / sizeof *ideographs; i++)
		if (code >= ideographs[i].first && code <= ideographs[i].last)
			return true;
	return false;
}

bool fold_is_unspaced(uint32_t code)
{
	if (code < unspaced[0].first || code > 0xAADF)
		return false;
	for (size_t i = 0; i < sizeof unspaced / sizeof *unspaced; i++)
		if (code >= unspaced[i].first && code <= unspaced[i].last)
			return true;
	return false;
}

static bool is_apostrophe(uint32_t code)
{
	switch (code) {
	case '\'':
	case 0x60:
	case 0xB4:
	case 0x2B9:
	case 0x2BB:
	case 0x2BC:
	case 0x2018:
	case 0x2019:
	case 0x201B:
	case 0x2032:
	case 0xFF07:
		return true;
	default:
		return false;
	}
}

/* How a code point without decomposition counts. */
static enum fold_kind kind_of(uint32_t code)
{
	const utf8proc_property_t *property = utf8proc_get_property((utf8proc_int32_t)code);
	switch (property->category) {
	case UTF8PROC_CATEGORY_MN:
	case UTF8PROC_CATEGORY_ME: { /* class 7 is nukta, 8 kana voicing, 9 virama: they tell words apart */
		unsigned ccc = property->combining_class;
		return (ccc == 0 && property->category == UTF8PROC_CATEGORY_MN && code >= 0x900) ||
				       (ccc >= 7 && ccc <= 9)
			       ? FOLD_FIRST
			       : FOLD_SKIP;
	}
	case UTF8PROC_CATEGORY_CF:
		return FOLD_SKIP;
	case UTF8PROC_CATEGORY_LU:
	case UTF8PROC_CATEGORY_LL:
	case UTF8PROC_CATEGORY_LT:
	case UTF8PROC_CATEGORY_LM:
	case UTF8PROC_CATEGORY_LO:
	case UTF8PROC_CATEGORY_MC:
	case UTF8PROC_CATEGORY_ND:
	case UTF8PROC_CATEGORY_NL:
	case UTF8PROC_CATEGORY_NO:
		return FOLD_FIRST;
	default:
		return FOLD_SEPARATOR;
	}
}

/* One decomposed code point as it goes into the text; 0 when it vanishes or separates (*KIND tells). */
static uint32_t fold_piece(uint32_t code, enum fold_kind *kind)
{
	for (size_t i = 0; i < sizeof digit_zeros / sizeof *digit_zeros; i++)
		if (code - digit_zeros[i] < 10)
			return '0' + (code - digit_zeros[i]);
	if (code == ',' || code == '.' || code == '-' || code == '/' || code == ':')
		return code;
	utf8proc_category_t category = utf8proc_category((utf8proc_int32_t)code);
	if (category == UTF8PROC_CATEGORY_PD || code == 0x2212)
		return '-';
	*kind = is_apostrophe(code) ? FOLD_SKIP : kind_of(code);
	return *kind == FOLD_FIRST ? code : 0;
}

static size_t fold_stroke(uint32_t code, uint32_t out[FOLD_MAX])
{
	for (size_t i = 0; i < sizeof strokes / sizeof *strokes; i++)
		if (strokes[i].code == code) {
			size_t n = strlen(strokes[i].to);
			for (size_t k = 0; k < n; k++)
				out[k] = (uint32_t)strokes[i].to[k];
			return n;
		}
	return 0;
}

size_t fold_slow(uint32_t code, uint32_t out[FOLD_MAX], enum fold_kind *kind)
{
	*kind = FOLD_SEPARATOR;
	if (is_apostrophe(code)) {
		*kind = FOLD_SKIP;
		return 0;
	}
	if ((code >= 0x3040 && code <= 0x30FF) || (code >= 0xAC00 && code <= 0xD7A3)) { /* voicing and syllables stay */
		*kind = kind_of(code);
		out[0] = code;
		return *kind == FOLD_FIRST;
	}
	utf8proc_int32_t pieces[32];
	int boundary = 0;
	utf8proc_ssize_t n =
		utf8proc_decompose_char((utf8proc_int32_t)code, pieces, 32,
					UTF8PROC_DECOMPOSE | UTF8PROC_COMPAT | UTF8PROC_CASEFOLD, &boundary);
	if (n <= 0 || n > FOLD_MAX / 2) { /* a whole phrase in one character, or unassigned: take it as it is */
		pieces[0] = (utf8proc_int32_t)code;
		n = 1;
	}
	size_t count = 0;
	bool skipped = false;
	for (utf8proc_ssize_t i = 0; i < n; i++) {
		enum fold_kind piece_kind = FOLD_SEPARATOR;
		size_t more = fold_stroke((uint32_t)pieces[i], out + count);
		if (more == 0 && (out[count] = fold_piece((uint32_t)pieces[i], &piece_kind)) != 0)
			more = 1;
		skipped |= more == 0 && piece_kind == FOLD_SKIP;
		count += more;
	}
	if (count)
		*kind = FOLD_FIRST;
	else if (skipped && n == 1)
		*kind = FOLD_SKIP;
	return count;
}
