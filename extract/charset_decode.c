/* charset_decode: the decoders of the WHATWG Encoding standard (§8 to §14), errors replaced.
 *
 * Own tables rather than iconv: glibc's converters differ from the standard in hundreds of places (euro sign in GBK,
 * private use, windows-31j, error recovery), and a table look-up per character is faster than iconv by half. Runs of
 * ASCII, most of any page, are copied sixteen bytes at a time in every encoding that has them. */
#include "extract/charset_internal.h"
#include "extract/charset_tables.h"
#include "extract/html_scan.h"

enum { ROOM = 64 }; /* bytes free at the start of each step; no step writes more than 16 */

/* ---- The sink --------------------------------------------------------------------------------------------- */

static void sink_sync(struct charset_sink *sink)
{
	struct buffer *out = sink->out;
	if (out->data == NULL)
		return;
	sink->at = out->data + out->size;
	sink->limit = out->data + (out->capacity < out->max ? out->capacity : out->max);
}

static bool sink_grow(struct charset_sink *sink)
{
	struct buffer *out = sink->out;
	out->size = sink->at ? (size_t)(sink->at - out->data) : 0;
	size_t want = out->capacity / 2 + 4096;
	if (out->size + want > out->max)
		want = out->max > out->size ? out->max - out->size : 0;
	if (want < ROOM || buffer_reserve(out, want) != STATUS_OK) {
		sink->full = true;
		return false;
	}
	sink_sync(sink);
	return true;
}

static inline bool sink_room(struct charset_sink *sink)
{
	return __builtin_expect(sink->limit - sink->at >= ROOM, 1) || sink_grow(sink);
}

static inline void put_code(struct charset_sink *sink, uint32_t code)
{
	char *at = sink->at;
	if (code < 0x80) {
		*at++ = (char)code;
	} else if (code < 0x800) {
		*at++ = (char)(0xC0 | code >> 6);
		*at++ = (char)(0x80 | (code & 63));
	} else if (code < 0x10000) {
		*at++ = (char)(0xE0 | code >> 12);
		*at++ = (char)(0x80 | (code >> 6 & 63));
		*at++ = (char)(0x80 | (code & 63));
	} else {
		*at++ = (char)(0xF0 | code >> 18);
		*at++ = (char)(0x80 | (code >> 12 & 63));
		*at++ = (char)(0x80 | (code >> 6 & 63));
		*at++ = (char)(0x80 | (code & 63));
	}
	sink->at = at;
}

static inline void put_error(struct charset_sink *sink)
{
	put_code(sink, 0xFFFD);
	sink->replaced++;
}

/* Copy ASCII from AT as far as it goes and there is room. */
static inline const uint8_t *copy_ascii(const uint8_t *at, const uint8_t *end, struct charset_sink *sink)
{
	while (end - at >= 16 && sink->limit - sink->at >= ROOM) {
		block_mask high = block_high(block_load((const char *)at));
		memcpy(sink->at, at, 16);
		if (high) {
			sink->at += block_first(high);
			return at + block_first(high);
		}
		at += 16;
		sink->at += 16;
	}
	while (at < end && *at < 0x80 && sink->limit > sink->at)
		*sink->at++ = (char)*at++;
	return at;
}

/* ---- UTF-8 (§8.1) ----------------------------------------------------------------------------------------- */

/* Bytes of the ill-formed sequence AT that one U+FFFD stands for, or 0 when it is well-formed, *SIZE bytes long. */
static size_t utf8_bad(const uint8_t *at, const uint8_t *end, size_t *size)
{
	uint8_t lead = *at, low = 0x80, high = 0xBF;
	size_t need = lead >= 0xC2 && lead <= 0xDF   ? 1
		      : (lead & 0xF0) == 0xE0        ? 2
		      : lead >= 0xF0 && lead <= 0xF4 ? 3
						     : 0;
	if (need == 0)
		return 1;
	if (lead == 0xE0)
		low = 0xA0;
	else if (lead == 0xED)
		high = 0x9F;
	else if (lead == 0xF0)
		low = 0x90;
	else if (lead == 0xF4)
		high = 0x8F;
	for (size_t i = 1; i <= need; i++) {
		if (at + i == end || at[i] < low || at[i] > high)
			return i;
		low = 0x80;
		high = 0xBF;
	}
	*size = need + 1;
	return 0;
}

static void run_utf8(const uint8_t *at, const uint8_t *end, struct charset_sink *sink)
{
	while (at < end && sink_room(sink)) {
		if (*at < 0x80) {
			at = copy_ascii(at, end, sink);
			continue;
		}
		size_t size = 0, bad = utf8_bad(at, end, &size);
		if (bad) {
			put_error(sink);
			at += bad;
		} else {
			memcpy(sink->at, at, size);
			sink->at += size;
			at += size;
		}
	}
}

/* ---- Single bytes (§9, §14.5) ------------------------------------------------------------------------------ */

static void run_single(const uint8_t *at, const uint8_t *end, const char16_t *table, struct charset_sink *sink)
{
	while (at < end && sink_room(sink)) {
		at = copy_ascii(at, end, sink);
		for (; at < end && *at >= 0x80 && sink->limit - sink->at >= ROOM; at++) {
			uint32_t code = table[*at - 0x80];
			sink->replaced += code == 0xFFFD;
			put_code(sink, code);
		}
	}
}

static void run_user_defined(const uint8_t *at, const uint8_t *end, struct charset_sink *sink)
{
	for (; at < end && sink_room(sink); at++)
		put_code(sink, *at < 0x80 ? *at : 0xF780u + *at - 0x80);
}

/* ---- gb18030 and GBK (§10) --------------------------------------------------------------------------------- */

static uint32_t gb18030_range(uint32_t pointer)
{
	if ((pointer > 39419 && pointer < 189000) || pointer > 1237575)
		return 0xFFFD;
	if (pointer == 7457)
		return 0xE7C7;
	size_t from = 0, to = sizeof charset_gb18030_ranges / sizeof *charset_gb18030_ranges;
	while (to - from > 1) {
		size_t middle = (from + to) / 2;
		if (charset_gb18030_ranges[middle].pointer <= pointer)
			from = middle;
		else
			to = middle;
	}
	return charset_gb18030_ranges[from].code + pointer - charset_gb18030_ranges[from].pointer;
}

/* The four-byte sequence AT, whose second byte is a digit. Returns its bytes. */
static size_t gb18030_four(const uint8_t *at, const uint8_t *end, struct charset_sink *sink)
{
	uint32_t code = 0xFFFD;
	size_t used = 1; /* on an error the other bytes are read again */
	if (end - at < 4 && (end - at == 2 || (at[2] >= 0x81 && at[2] <= 0xFE))) {
		used = (size_t)(end - at);
	} else if (at[2] >= 0x81 && at[2] <= 0xFE && at[3] >= 0x30 && at[3] <= 0x39) {
		code = gb18030_range(((at[0] - 0x81u) * 10 + at[1] - 0x30u) * 1260 + (at[2] - 0x81u) * 10 + at[3] -
				     0x30u);
		used = 4;
	}
	sink->replaced += code == 0xFFFD;
	put_code(sink, code);
	return used;
}

static void run_gb18030(const uint8_t *at, const uint8_t *end, struct charset_sink *sink)
{
	while (at < end && sink_room(sink)) {
		uint8_t lead = *at;
		if (lead < 0x80) {
			at = copy_ascii(at, end, sink);
		} else if (lead == 0x80) {
			put_code(sink, 0x20AC);
			at++;
		} else if (lead == 0xFF || end - at < 2) {
			put_error(sink);
			at++;
		} else if (at[1] >= 0x30 && at[1] <= 0x39) {
			at += gb18030_four(at, end, sink);
		} else {
			uint8_t trail = at[1];
			uint32_t code = 0xFFFD;
			if (trail >= 0x40 && trail != 0x7F && trail != 0xFF)
				code = charset_gb18030[(lead - 0x81u) * 190 + trail - (trail < 0x7F ? 0x40u : 0x41u)];
			sink->replaced += code == 0xFFFD;
			put_code(sink, code);
			at += code == 0xFFFD && trail < 0x80 ? 1 : 2;
		}
	}
}

/* ---- Big5 (§11.1) ------------------------------------------------------------------------------------------ */

/* Pointers that stand for a letter and a combining mark. */
static uint32_t big5_pair(uint32_t pointer, uint32_t *mark)
{
	*mark = pointer == 1133 || pointer == 1164 ? 0x304 : pointer == 1135 || pointer == 1166 ? 0x30C : 0;
	return pointer < 1164 ? 0xCA : 0xEA;
}

static void run_big5(const uint8_t *at, const uint8_t *end, struct charset_sink *sink)
{
	while (at < end && sink_room(sink)) {
		uint8_t lead = *at;
		if (lead < 0x80) {
			at = copy_ascii(at, end, sink);
			continue;
		}
		if (lead == 0x80 || lead == 0xFF || end - at < 2) {
			put_error(sink);
			at++;
			continue;
		}
		uint8_t trail = at[1];
		uint32_t code = 0xFFFD, mark = 0;
		if ((trail >= 0x40 && trail <= 0x7E) || (trail >= 0xA1 && trail <= 0xFE)) {
			uint32_t pointer = (lead - 0x81u) * 157 + trail - (trail < 0x7F ? 0x40u : 0x62u);
			uint32_t letter = big5_pair(pointer, &mark);
			code = mark ? letter
				    : charset_big5[pointer] |
					       (uint32_t)(charset_big5_plane2[pointer >> 3] >> (pointer & 7) & 1) << 17;
		}
		sink->replaced += code == 0xFFFD;
		put_code(sink, code);
		if (mark)
			put_code(sink, mark);
		at += code == 0xFFFD && trail < 0x80 ? 1 : 2;
	}
}

/* ---- Japanese (§12) ---------------------------------------------------------------------------------------- */

static inline bool in_94(uint8_t byte)
{
	return byte >= 0xA1 && byte <= 0xFE;
}

static void run_euc_jp(const uint8_t *at, const uint8_t *end, struct charset_sink *sink)
{
	while (at < end && sink_room(sink)) {
		if (*at < 0x80) {
			at = copy_ascii(at, end, sink);
			continue;
		}
		uint32_t code = 0xFFFD;
		size_t used = 1;
		uint8_t lead = *at;
		if (!in_94(lead) && lead != 0x8E && lead != 0x8F) {
			;
		} else if (end - at < 2) {
			;
		} else if (lead == 0x8E) {
			used = at[1] < 0x80 ? 1 : 2;
			if (at[1] >= 0xA1 && at[1] <= 0xDF)
				code = 0xFF61u + at[1] - 0xA1;
		} else if (lead == 0x8F && in_94(at[1])) {
			used = end - at < 3 ? 2 : at[2] < 0x80 ? 2 : 3;
			if (used == 3 && in_94(at[2]))
				code = charset_jis0212[(at[1] - 0xA1u) * 94 + at[2] - 0xA1u];
		} else {
			used = at[1] < 0x80 ? 1 : 2;
			if (in_94(lead) && in_94(at[1]))
				code = charset_jis0208[(lead - 0xA1u) * 94 + at[1] - 0xA1u];
		}
		sink->replaced += code == 0xFFFD;
		put_code(sink, code);
		at += used;
	}
}

static void run_shift_jis(const uint8_t *at, const uint8_t *end, struct charset_sink *sink)
{
	while (at < end && sink_room(sink)) {
		uint8_t lead = *at;
		if (lead < 0x80) {
			at = copy_ascii(at, end, sink);
			continue;
		}
		uint32_t code = 0xFFFD;
		size_t used = 1;
		if (lead == 0x80) {
			code = 0x80;
		} else if (lead >= 0xA1 && lead <= 0xDF) {
			code = 0xFF61u + lead - 0xA1;
		} else if (lead != 0xA0 && lead <= 0xFC && end - at >= 2) {
			uint8_t trail = at[1];
			if (trail >= 0x40 && trail != 0x7F && trail <= 0xFC) {
				uint32_t pointer = (lead - (lead < 0xA0 ? 0x81u : 0xC1u)) * 188 + trail -
						   (trail < 0x7F ? 0x40u : 0x41u);
				if (pointer >= 8836 && pointer <= 10715)
					code = 0xE000 - 8836 + pointer;
				else if (pointer < sizeof charset_jis0208 / sizeof *charset_jis0208 - 1)
					code = charset_jis0208[pointer];
			}
			used = code == 0xFFFD && trail < 0x80 ? 1 : 2;
		}
		sink->replaced += code == 0xFFFD;
		put_code(sink, code);
		at += used;
	}
}

enum jis_state { JIS_ASCII, JIS_ROMAN, JIS_KATAKANA, JIS_KANJI };

/* The state an escape sequence AT (after ESC) asks for, or -1. */
static int jis_escape(const uint8_t *at, const uint8_t *end)
{
	if (end - at < 2)
		return -1;
	if (at[0] == '(')
		return at[1] == 'B' ? JIS_ASCII : at[1] == 'J' ? JIS_ROMAN : at[1] == 'I' ? JIS_KATAKANA : -1;
	return at[0] == '$' && (at[1] == '@' || at[1] == 'B') ? JIS_KANJI : -1;
}

/* One character AT in STATE; returns its bytes. */
static size_t jis_character(const uint8_t *at, const uint8_t *end, enum jis_state state, struct charset_sink *sink)
{
	uint32_t code = 0xFFFD;
	size_t used = 1;
	uint8_t byte = *at;
	if (state == JIS_KATAKANA) {
		if (byte >= 0x21 && byte <= 0x5F)
			code = 0xFF61u + byte - 0x21;
	} else if (state == JIS_KANJI) {
		if (byte >= 0x21 && byte <= 0x7E && end - at >= 2) {
			used = at[1] == 0x1B ? 1 : 2;
			if (at[1] >= 0x21 && at[1] <= 0x7E)
				code = charset_jis0208[(byte - 0x21u) * 94 + at[1] - 0x21u];
		}
	} else if (byte < 0x80 && byte != 0x0E && byte != 0x0F) {
		code = state == JIS_ROMAN && byte == 0x5C ? 0xA5 : state == JIS_ROMAN && byte == 0x7E ? 0x203E : byte;
	}
	sink->replaced += code == 0xFFFD;
	put_code(sink, code);
	return used;
}

static void run_iso_2022_jp(const uint8_t *at, const uint8_t *end, struct charset_sink *sink)
{
	enum jis_state state = JIS_ASCII;
	bool escaped = false; /* an escape sequence came last: a second one is an error */
	while (at < end && sink_room(sink)) {
		if (*at != 0x1B) {
			at += jis_character(at, end, state, sink);
			escaped = false;
			continue;
		}
		int next = jis_escape(at + 1, end);
		if (next < 0 || escaped)
			put_error(sink);
		escaped = next >= 0;
		if (next >= 0)
			state = (enum jis_state)next;
		at += next < 0 ? 1 : 3;
	}
}

/* ---- EUC-KR (§13), UTF-16 (§14.2), replacement (§14.1) ---------------------------------------------------- */

static void run_euc_kr(const uint8_t *at, const uint8_t *end, struct charset_sink *sink)
{
	while (at < end && sink_room(sink)) {
		uint8_t lead = *at;
		if (lead < 0x80) {
			at = copy_ascii(at, end, sink);
			continue;
		}
		uint32_t code = 0xFFFD;
		size_t used = 1;
		if (lead != 0x80 && lead != 0xFF && end - at >= 2) {
			if (at[1] >= 0x41 && at[1] <= 0xFE)
				code = charset_euc_kr[(lead - 0x81u) * 190 + at[1] - 0x41u];
			used = code == 0xFFFD && at[1] < 0x80 ? 1 : 2;
		}
		sink->replaced += code == 0xFFFD;
		put_code(sink, code);
		at += used;
	}
}

static void run_utf16(const uint8_t *at, const uint8_t *end, bool big, struct charset_sink *sink)
{
	while (at < end && sink_room(sink)) {
		if (end - at < 2) {
			put_error(sink);
			return;
		}
		uint32_t unit = big ? (uint32_t)at[0] << 8 | at[1] : (uint32_t)at[1] << 8 | at[0];
		at += 2;
		if (unit < 0xD800 || unit > 0xDFFF) {
			put_code(sink, unit);
			continue;
		}
		if (unit < 0xDC00 && end - at == 1) { /* the end comes in the middle of the pair: one error in all */
			put_error(sink);
			return;
		}
		uint32_t low = end - at < 2 ? 0 : big ? (uint32_t)at[0] << 8 | at[1] : (uint32_t)at[1] << 8 | at[0];
		if (unit < 0xDC00 && low >= 0xDC00 && low <= 0xDFFF) {
			put_code(sink, 0x10000 + ((unit - 0xD800) << 10) + (low - 0xDC00));
			at += 2;
		} else {
			put_error(sink);
		}
	}
}

void charset_run(int charset, struct span bytes, struct charset_sink *sink)
{
	const uint8_t *at = (const uint8_t *)bytes.data, *end = at + bytes.size;
	sink_sync(sink);
	switch (charset) {
	case CHARSET_UTF_8:
		run_utf8(at, end, sink);
		break;
	case CHARSET_GBK:
	case CHARSET_GB18030:
		run_gb18030(at, end, sink);
		break;
	case CHARSET_BIG5:
		run_big5(at, end, sink);
		break;
	case CHARSET_EUC_JP:
		run_euc_jp(at, end, sink);
		break;
	case CHARSET_ISO_2022_JP:
		run_iso_2022_jp(at, end, sink);
		break;
	case CHARSET_SHIFT_JIS:
		run_shift_jis(at, end, sink);
		break;
	case CHARSET_EUC_KR:
		run_euc_kr(at, end, sink);
		break;
	case CHARSET_REPLACEMENT:
		if (at < end && sink_room(sink))
			put_error(sink);
		break;
	case CHARSET_UTF_16BE:
	case CHARSET_UTF_16LE:
		run_utf16(at, end, charset == CHARSET_UTF_16BE, sink);
		break;
	case CHARSET_X_USER_DEFINED:
		run_user_defined(at, end, sink);
		break;
	default:
		run_single(at, end, charset_single[charset - CHARSET_SINGLE], sink);
	}
	if (sink->at)
		sink->out->size = (size_t)(sink->at - sink->out->data);
}

/* ---- Names ------------------------------------------------------------------------------------------------- */

const char *charset_name(int charset)
{
	return charset_names[charset];
}

const int charset_windows_1252 = CHARSET_WINDOWS_1252_ID;

int charset_of_label(struct span label)
{
	label = span_trim(label);
	size_t from = 0, to = sizeof charset_labels / sizeof *charset_labels;
	char folded[24];
	if (label.size == 0 || label.size >= sizeof folded)
		return CHARSET_NONE;
	for (size_t i = 0; i < label.size; i++)
		folded[i] = (char)ascii_lower((unsigned char)label.data[i]);
	while (from < to) {
		size_t middle = (from + to) / 2;
		int order = span_compare((struct span){folded, label.size}, span_of(charset_labels[middle].label));
		if (order == 0)
			return charset_labels[middle].id;
		if (order < 0)
			to = middle;
		else
			from = middle + 1;
	}
	return CHARSET_NONE;
}
