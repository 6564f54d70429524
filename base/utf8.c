/* utf8: decoding, encoding and normalisation. Validation is in utf8_valid.c. */
#include "base/base.h"

#include <stdlib.h>
#include <utf8proc.h>

uint32_t utf8_next(const char **at, const char *end)
{
	const unsigned char *p = (const unsigned char *)*at;
	size_t left = (size_t)(end - *at);
	unsigned lead = p[0];
	if (lead < 0x80) {
		*at += 1;
		return lead;
	}
	/* The second byte's range depends on the lead (Unicode table 3-7): no overlong forms, no surrogates. */
	unsigned low = lead == 0xE0 ? 0xA0 : lead == 0xF0 ? 0x90 : 0x80;
	unsigned high = lead == 0xED ? 0x9F : lead == 0xF4 ? 0x8F : 0xBF;
	size_t size = lead < 0xC2 ? 0 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : lead < 0xF5 ? 4 : 0;
	if (size == 0 || left < size || p[1] < low || p[1] > high || (size > 2 && (p[2] & 0xC0) != 0x80) ||
	    (size > 3 && (p[3] & 0xC0) != 0x80)) {
		*at += 1;
		return 0xFFFD;
	}
	*at += size;
	if (size == 2)
		return (lead & 31) << 6 | (p[1] & 63);
	if (size == 3)
		return (lead & 15) << 12 | (uint32_t)(p[1] & 63) << 6 | (p[2] & 63);
	return (lead & 7) << 18 | (uint32_t)(p[1] & 63) << 12 | (uint32_t)(p[2] & 63) << 6 | (p[3] & 63);
}

size_t utf8_encode(uint32_t code, char out[4])
{
	if (code > 0x10FFFF || (code >= 0xD800 && code < 0xE000))
		code = 0xFFFD;
	if (code < 0x80) {
		out[0] = (char)code;
		return 1;
	}
	size_t size = code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
	for (size_t i = size - 1; i > 0; i--, code >>= 6)
		out[i] = (char)(0x80 | (code & 63));
	out[0] = (char)((size == 2 ? 0xC0 : size == 3 ? 0xE0 : 0xF0) | code);
	return size;
}

/* All characters below U+0300 are NFC_QC=Yes with combining class 0, so text of lead bytes below 0xCC needs no look at
 * the tables. Above that, the blocks that hold no character with NFC_QC other than Yes and no mark are let through:
 * general punctuation without U+2000 and U+2001, CJK and kana (without the voiced marks and compatibility forms),
 * Hangul syllables, basic Cyrillic, Greek letters. Everything else is "not surely". */
static bool surely_nfc(uint32_t c)
{
	static const struct range {
		uint32_t first, last;
	} fine[] = {
		{0x0000, 0x02FF}, {0x0388, 0x0482}, {0x048A, 0x0590}, {0x05D0, 0x05EA}, {0x060C, 0x060F},
		{0x061B, 0x064A}, {0x0E01, 0x0E30}, {0x10A0, 0x10FF}, {0x2002, 0x20CF}, {0x2150, 0x2328},
		{0x232B, 0x2ADB}, {0x3000, 0x3029}, {0x3030, 0x3098}, {0x309B, 0x309C}, {0x309D, 0x33FF},
		{0x3400, 0xA48C}, {0xAC00, 0xD7A3}, {0xFF00, 0xFFEF},
	};
	for (size_t i = 0; i < sizeof fine / sizeof *fine; i++)
		if (c <= fine[i].last)
			return c >= fine[i].first && !(c >= 0x2126 && c <= 0x212B);
	return c >= 0x1F300 && c <= 0x1FAFF;
}

bool utf8_is_nfc(struct span text)
{
	const char *at = text.data, *end = at + text.size;
	while (at < end) {
		uint64_t eight;
		if (end - at >= 8 && (memcpy(&eight, at, 8), !(eight & eight << 1 & 0x8080808080808080u))) {
			at += 8; /* none from 0xC0 on */
			continue;
		}
		if ((unsigned char)*at < 0xCC) { /* ASCII, continuation bytes and leads of U+0080 to U+02FF */
			at++;
			continue;
		}
		if (!surely_nfc(utf8_next(&at, end)))
			return false;
	}
	return true;
}

enum status utf8_nfc(struct span text, struct buffer *out)
{
	if (text.size == 0 || utf8_is_nfc(text))
		return buffer_append_span(out, text);
	utf8proc_uint8_t *composed = NULL;
	utf8proc_ssize_t size = utf8proc_map((const utf8proc_uint8_t *)text.data, (utf8proc_ssize_t)text.size,
					     &composed, UTF8PROC_STABLE | UTF8PROC_COMPOSE);
	if (size < 0) { /* UTF8PROC_ERROR_NOMEM or a text that was not valid after all */
		if (size == UTF8PROC_ERROR_NOMEM) {
			memory_fail();
			out->status = STATUS_MEMORY;
		}
		return out->status != STATUS_OK ? out->status : STATUS_DATA;
	}
	buffer_append(out, composed, (size_t)size);
	free(composed);
	return out->status;
}

char *utf8_percent(struct span bytes)
{
	struct buffer out;
	buffer_init(&out, 3 * bytes.size + 1);
	while (bytes.size) {
		size_t good = utf8_valid_prefix(bytes);
		buffer_append(&out, bytes.data, good);
		if (good < bytes.size)
			buffer_print(&out, "%%%02X", (unsigned char)bytes.data[good++]);
		bytes = span_slice(bytes, good, SIZE_MAX);
	}
	char *text = out.status == STATUS_OK ? memory_text(buffer_span(&out)) : NULL;
	buffer_free(&out);
	return text;
}
