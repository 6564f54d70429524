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

/* ---- Indexes --------------------------------------------------------------------------------------------------- */

static bool is_file_name(struct span word)
{
	static const struct span ends[] = {{".arc", 4}, {".warc", 5}, {".arc.gz", 7}, {".warc.gz", 8}};
	for (size_t i = 0; i < sizeof ends / sizeof *ends; i++)
		if (word.size > ends[i].size &&
		    span_equal_nocase(span_slice(word, word.size - ends[i].size, ends[i].size), ends[i]))
			return true;
	return false;
}

/* " CDX N b a m s …": fields named by one letter each. */
static bool is_cdx_header(struct span line)
{
	struct span word;
	line = span_trim(line);
	if (!span_cut(&line, ' ', &word) || !span_equal(word, SPAN("CDX")) || !line.data)
		return false;
	while (span_cut(&line, ' ', &word))
		if (word.size != 1 || !ascii_is_alpha((unsigned char)*word.data))
			return false;
	return true;
}

/* The last two words are an archive's name and a number, and a date stands before them; or key, date, JSON. */
static bool is_index_line(struct span line)
{
	struct span word, before = SPAN_NONE, last = SPAN_NONE;
	uint64_t number;
	bool dated = false;
	line = span_trim(line);
	for (size_t count = 0; span_cut(&line, ' ', &word); count++) {
		if (count == 2 && dated && span_starts(word, SPAN("{")))
			return true;
		bool date = word.size == 14 && span_to_u64(word, &number);
		dated = dated || (date && count);
		before = last;
		last = word;
	}
	return dated && before.data && is_file_name(before) && span_to_u64(last, &number);
}

bool sniff_is_index(struct span head)
{
	struct span rest = head, line;
	if (!span_cut(&rest, '\n', &line))
		return false;
	if (is_cdx_header(line))
		return true;
	/* An ARC 2.0 head ends like an index line, but no second one follows it. */
	if (!rest.data || span_starts_nocase(line, SPAN("filedesc:")) || !is_index_line(line))
		return false;
	return !span_cut(&rest, '\n', &line) || !line.size || is_index_line(line);
}
