/* blocks_chars: what a character counts as, and text to token hashes. Unicode categories come from utf8proc; below
 * U+0800 from a table that each thread fills once. */
#include "extract/blocks_internal.h"

#include <utf8proc.h>

/* Scripts written without blanks count a token a character. Hangul has blanks. */
static bool is_cjk(uint32_t code)
{
	return (code >= 0x3040 && code <= 0x30ff) || (code >= 0x3400 && code <= 0x4dbf) ||
	       (code >= 0x4e00 && code <= 0x9fff) || (code >= 0xf900 && code <= 0xfaff) ||
	       (code >= 0xe00 && code <= 0xeff) || (code >= 0x1000 && code <= 0x109f) ||
	       (code >= 0x1780 && code <= 0x17ff) || (code >= 0x20000 && code <= 0x3ffff);
}

static const struct {
	uint32_t code;
	uint16_t class;
} special[] = {{'.', CHAR_STOP | CHAR_END},
	       {'!', CHAR_STOP | CHAR_END},
	       {'?', CHAR_STOP | CHAR_END},
	       {0x3002, CHAR_STOP | CHAR_END},
	       {0xff01, CHAR_STOP | CHAR_END},
	       {0xff1f, CHAR_STOP | CHAR_END},
	       {0x2026, CHAR_STOP | CHAR_END},
	       {0x964, CHAR_STOP | CHAR_END},
	       {0x61f, CHAR_STOP | CHAR_END},
	       {0x6d4, CHAR_STOP | CHAR_END},
	       {'"', CHAR_END | CHAR_QUOTE},
	       {0x201d, CHAR_END},
	       {0x2019, CHAR_END},
	       {'\'', CHAR_END | CHAR_QUOTE},
	       {0xbb, CHAR_END | CHAR_SYMBOL},
	       {')', CHAR_END},
	       {0x300d, CHAR_END},
	       {0x300f, CHAR_END},
	       {0x201c, CHAR_QUOTE},
	       {0xab, CHAR_QUOTE},
	       {0x300c, CHAR_QUOTE},
	       {0x2018, CHAR_QUOTE},
	       {0x2014, CHAR_QUOTE},
	       {0x2013, CHAR_QUOTE},
	       {'-', CHAR_QUOTE},
	       {',', CHAR_COMMA},
	       {0x60c, CHAR_COMMA},
	       {0x3001, CHAR_COMMA},
	       {0xff0c, CHAR_COMMA},
	       {';', CHAR_COMMA},
	       {0xff1b, CHAR_COMMA},
	       {'|', CHAR_SYMBOL},
	       {0xa9, CHAR_SYMBOL},
	       {0xae, CHAR_SYMBOL},
	       {0x2022, CHAR_SYMBOL},
	       {0x203a, CHAR_SYMBOL},
	       {0x2192, CHAR_SYMBOL},
	       {0x25b6, CHAR_SYMBOL},
	       {0x2605, CHAR_SYMBOL},
	       {0xb7, CHAR_SYMBOL},
	       {0xa0, CHAR_SPACE},
	       {0x85, CHAR_SPACE},
	       {0x1680, CHAR_SPACE},
	       {0x2028, CHAR_SPACE},
	       {0x2029, CHAR_SPACE},
	       {0x202f, CHAR_SPACE},
	       {0x205f, CHAR_SPACE},
	       {0x3000, CHAR_SPACE},
	       {0xad, CHAR_DROP},
	       {0x200b, CHAR_DROP},
	       {0x200c, CHAR_JOINER},
	       {0x200d, CHAR_JOINER},
	       {0x200e, CHAR_DROP},
	       {0x200f, CHAR_DROP},
	       {0x2060, CHAR_DROP},
	       {0xfeff, CHAR_DROP},
	       {0xfffd, CHAR_DROP},
	       {'_', CHAR_LETTER},
	       {'$', CHAR_MONEY},
	       {0xa3, CHAR_MONEY},
	       {0xa5, CHAR_MONEY},
	       {0x20ac, CHAR_MONEY},
	       {0x20b9, CHAR_MONEY},
	       {0x20bd, CHAR_MONEY}};

/* Of characters that are not special. */
static unsigned common_class(uint32_t code)
{
	if (code <= ' ')
		return (code >= 9 && code <= 13) || code == ' ' ? CHAR_SPACE : CHAR_DROP;
	if ((code >= 0x2000 && code <= 0x200a))
		return CHAR_SPACE;
	if ((code >= 0x202a && code <= 0x202e) || (code >= 0x2061 && code <= 0x206f) || (code >= 0x7f && code < 0xa0))
		return CHAR_DROP;
	if (is_cjk(code))
		return CHAR_CJK | CHAR_LETTER;
	switch (utf8proc_category((utf8proc_int32_t)code)) {
	case UTF8PROC_CATEGORY_LU:
	case UTF8PROC_CATEGORY_LT:
		return CHAR_LETTER | CHAR_UPPER;
	case UTF8PROC_CATEGORY_LL:
	case UTF8PROC_CATEGORY_LM:
	case UTF8PROC_CATEGORY_LO:
	case UTF8PROC_CATEGORY_MN:
	case UTF8PROC_CATEGORY_MC:
	case UTF8PROC_CATEGORY_ME:
		return CHAR_LETTER;
	case UTF8PROC_CATEGORY_ND:
	case UTF8PROC_CATEGORY_NL:
	case UTF8PROC_CATEGORY_NO:
		return CHAR_DIGIT;
	default:
		return 0;
	}
}

static unsigned slow_class(uint32_t code)
{
	for (size_t i = 0; i < sizeof special / sizeof *special; i++)
		if (special[i].code == code)
			return special[i].class;
	return common_class(code);
}

unsigned char_class_beyond(uint32_t code)
{
	if ((code >= 0x4e00 && code <= 0x9fff) || (code >= 0x3040 && code <= 0x30ff))
		return CHAR_CJK | CHAR_LETTER;
	return slow_class(code);
}

uint32_t char_lower(uint32_t code)
{
	return code < 0x80 ? code | 0x20 : (uint32_t)utf8proc_tolower((utf8proc_int32_t)code);
}

void char_classes_fill(uint16_t classes[CLASS_TABLE])
{
	for (uint32_t code = 0; code < CLASS_TABLE; code++)
		classes[code] = (uint16_t)common_class(code);
	for (size_t i = 0; i < sizeof special / sizeof *special; i++)
		if (special[i].code < CLASS_TABLE)
			classes[special[i].code] = special[i].class;
}

size_t text_tokens(const struct blocks *blocks, struct span text, uint32_t *out, size_t max)
{
	const char *at = text.data, *end = at + text.size;
	uint32_t token = TOKEN_SEED, cjk = 0;
	bool in_token = false;
	size_t count = 0;
	while (at < end && count < max) {
		uint32_t code = (unsigned char)*at;
		if (code < 0x80)
			at++;
		else
			code = utf8_next(&at, end);
		unsigned class = char_class(blocks, code);
		if (class & (CHAR_DROP | CHAR_JOINER))
			continue;
		bool word = (class & (CHAR_LETTER | CHAR_DIGIT)) && !(class & CHAR_CJK);
		if (word) {
			token = TOKEN_STEP(token, class & CHAR_UPPER ? char_lower(code) : code);
			in_token = true;
			cjk = 0;
			continue;
		}
		if (in_token)
			out[count++] = mix32(token);
		token = TOKEN_SEED;
		in_token = false;
		if (class & CHAR_CJK && count < max)
			out[count++] = mix32(TOKEN_STEP(TOKEN_STEP(TOKEN_SEED, cjk), code));
		cjk = class & CHAR_CJK ? code : 0;
	}
	if (in_token && count < max)
		out[count++] = mix32(token);
	return count;
}
