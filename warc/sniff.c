/* sniff: what a file is, by its first bytes. */
#include "warc/warc_internal.h"

static struct span past_blank(struct span text)
{
	if (text.size >= 3 && !memcmp(text.data, "\xef\xbb\xbf", 3))
		text.data += 3, text.size -= 3;
	while (text.size && ascii_is_space((unsigned char)*text.data))
		text.data++, text.size--;
	return text;
}

/* PLAIN, ARC or UNKNOWN. */
static enum warc_kind sniff_text(struct span text)
{
	struct arc_line line;
	text = past_blank(text);
	if (text.size >= 6 && !strncasecmp(text.data, "WARC/", 5) && ascii_is_digit((unsigned char)text.data[5]))
		return WARC_KIND_PLAIN;
	if (span_starts_nocase(text, SPAN("filedesc:")) ||
	    (text.size && parse_arc_line(text, true, &line) == PARSE_YES))
		return WARC_KIND_ARC;
	return WARC_KIND_UNKNOWN;
}

enum warc_kind sniff_kind(struct span head, bool *arc)
{
	*arc = true;
	if (!head.size)
		return WARC_KIND_EMPTY;
	const unsigned char *bytes = (const unsigned char *)head.data;
	if (head.size >= 3 && bytes[0] == 0x1f && bytes[1] == 0x8b && bytes[2] == 8) {
		char out[2 * KIB];
		*arc = sniff_text((struct span){out, gzip_peek(head, out, sizeof out)}) != WARC_KIND_PLAIN;
		return WARC_KIND_GZIP;
	}
	if (head.size >= 4 &&
	    ((bytes[0] == 0x28 && bytes[1] == 0xb5 && bytes[2] == 0x2f && bytes[3] == 0xfd) ||
	     ((bytes[0] & 0xf0) == 0x50 && bytes[1] == 0x2a && bytes[2] == 0x4d && bytes[3] == 0x18))) {
		*arc = false;
		return WARC_KIND_ZSTD;
	}
	enum warc_kind kind = sniff_text(head);
	*arc = kind != WARC_KIND_PLAIN;
	return kind;
}
