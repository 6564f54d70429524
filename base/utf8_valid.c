/* utf8_valid: is this UTF-8? A word of ASCII at a time, else a byte-wise check by Unicode table 3-7. */
#include "base/base.h"

size_t utf8_valid_prefix(struct span text)
{
	const char *at = text.data, *end = at + text.size;
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

bool utf8_valid(struct span text)
{
	return utf8_valid_prefix(text) == text.size;
}
