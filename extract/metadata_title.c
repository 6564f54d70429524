/* metadata_title: titles without the name of the site.
 *
 * Pages write "Headline | Section | Site" or "Site: Headline". A piece at an end is dropped when it says the site's
 * name: as og:site_name, JSON-LD or the address have it. Where nothing names the site the choice (metadata_choose.c)
 * decides between the whole and the cut title by what the page's headings say. */
#include "extract/metadata_internal.h"

#include <utf8proc.h>

#define SEPARATOR(text)                                                                                                \
	{                                                                                                              \
		text, sizeof(text) - 1                                                                                 \
	}
/* Longer before shorter where one starts another. */
static const struct span separators[] = {SEPARATOR(" | "),
					 SEPARATOR(" - "),
					 SEPARATOR(" \xE2\x80\x93 "),
					 SEPARATOR(" \xE2\x80\x94 "),
					 SEPARATOR(" \xC2\xB7 "),
					 SEPARATOR(" \xC2\xBB "),
					 SEPARATOR(" \xC2\xAB "),
					 SEPARATOR(" \xE2\x80\xA2 "),
					 SEPARATOR(" :: "),
					 SEPARATOR(" // "),
					 SEPARATOR(" / "),
					 SEPARATOR(" \xE2\x80\xB9 "),
					 SEPARATOR(" \xE2\x80\xBA "),
					 SEPARATOR(" -- "),
					 SEPARATOR(" ~ "),
					 SEPARATOR(" < "),
					 SEPARATOR(" > "),
					 SEPARATOR(" \xE2\x98\x85 "),
					 SEPARATOR(" \xE2\x8B\x86 "),
					 SEPARATOR(" \xE2\x97\x86 "),
					 SEPARATOR("\xEF\xBD\x9C"),
					 SEPARATOR("\xEF\xBC\x8D"),
					 SEPARATOR(" \xE2\x94\x82 "),
					 SEPARATOR(" \xC2\xA6 "),
					 SEPARATOR("_"),
					 SEPARATOR("|"),
					 SEPARATOR(" \xE2\x80\x93"),
					 SEPARATOR(" \xE2\x80\x94"),
					 SEPARATOR(": ")};

uint64_t metadata_fold_key(struct span text, size_t *letters)
{
	uint64_t hash = 0xcbf29ce484222325u;
	size_t count = 0;
	for (const char *at = text.size ? text.data : "", *end = at + text.size; at < end;) {
		uint32_t code = (unsigned char)*at;
		if (code < 0x80) {
			at++;
			if (!ascii_is_alpha((unsigned char)code) && !ascii_is_digit((unsigned char)code))
				continue;
			code = ascii_lower((unsigned char)code);
		} else {
			code = utf8_next(&at, end);
			utf8proc_category_t category = utf8proc_category((utf8proc_int32_t)code);
			if (category < UTF8PROC_CATEGORY_LU || category > UTF8PROC_CATEGORY_NO)
				continue;
			code = (uint32_t)utf8proc_tolower((utf8proc_int32_t)code);
		}
		hash = (hash ^ code) * 0x100000001b3u;
		count++;
	}
	if (letters)
		*letters = count;
	return hash;
}

/* Letters and digits of TEXT, ASCII case folded, at most MAX bytes. */
static size_t squash(struct span text, char *out, size_t max)
{
	size_t size = 0;
	for (size_t i = 0; i < text.size && size < max; i++) {
		unsigned char c = (unsigned char)text.data[i];
		if (c >= 0x80 || ascii_is_alpha(c) || ascii_is_digit(c))
			out[size++] = (char)ascii_lower(c);
	}
	return size;
}

enum { NAME_SIZE = 128, LABEL_SIZE = 96 };

/* X is squashed. */
static bool same_name(struct span x, struct span name)
{
	char b[NAME_SIZE];
	struct span y = {b, squash(name, b, sizeof b)};
	if (x.size < 2 || y.size < 2)
		return false;
	if (span_equal(x, y))
		return true;
	/* "The Daily Example" and "Daily Example", "Example" and "Example.com" */
	struct span longer = x.size > y.size ? x : y, shorter = x.size > y.size ? y : x;
	return shorter.size >= 4 && shorter.size * 2 >= longer.size &&
	       (span_starts(longer, shorter) || span_ends(longer, shorter));
}

/* The host's labels against the piece: example.com and "Example", "Example News", news-example.co.uk. */
static bool same_host(const struct metadata_reader *reader, struct span x)
{
	char b[LABEL_SIZE];
	struct span rest = reader->site_host, label;
	if (x.size < 3)
		return false;
	while (span_cut(&rest, '.', &label)) {
		struct span y = {b, squash(label, b, sizeof b)};
		if (y.size < 3 || span_equal(y, SPAN("www")) || span_equal(y, SPAN("com")))
			continue;
		if (span_equal(x, y) || (y.size >= 4 && x.size <= y.size * 3 && span_find(x, y) != SIZE_MAX) ||
		    (x.size >= 4 && y.size <= x.size * 3 && span_find(y, x) != SIZE_MAX))
			return true;
	}
	struct span all = {b, squash(reader->site_host, b, sizeof b)};
	return span_equal(x, all);
}

static bool is_site(const struct metadata_reader *reader, struct span piece)
{
	if (piece.size > 64)
		return false;
	char a[NAME_SIZE];
	struct span x = {a, squash(piece, a, sizeof a)};
	for (size_t i = 0; i < reader->site_name_count; i++)
		if (same_name(x, reader->site_names[i]))
			return true;
	return (reader->publisher.size && same_name(x, reader->publisher)) ||
	       same_host(reader, span_slice(x, 0, LABEL_SIZE));
}

bool title_is_site(const struct metadata_reader *reader, struct span text)
{
	return is_site(reader, text);
}

/* The size of the separator at the start of TEXT, 0 when there is none. */
static size_t separator_size(struct span text, bool colon)
{
	for (size_t i = 0; i < sizeof separators / sizeof *separators; i++)
		if (*separators[i].data == *text.data && span_starts(text, separators[i]) &&
		    (colon || *text.data != ':'))
			return separators[i].size;
	return 0;
}

bool title_cut(struct span title, bool last, bool colon, struct span *kept, struct span *cut)
{
	size_t at = 0, size = 0;
	for (size_t i = 1; i < title.size; i++) {
		unsigned char c = (unsigned char)title.data[i];
		if (c != ' ' && c != '|' && c != '_' && c != ':' && c != 0xEF)
			continue;
		if (c == ' ' && i + 1 < title.size &&
		    (ascii_is_alpha((unsigned char)title.data[i + 1]) ||
		     ascii_is_digit((unsigned char)title.data[i + 1])))
			continue; /* the blank between two words */
		size_t found = separator_size(span_slice(title, i, 8), colon);
		if (!found || i + found >= title.size)
			continue;
		at = i;
		size = found;
		if (!last)
			break;
		i += found - 1;
	}
	if (!size)
		return false;
	struct span front = span_trim(span_slice(title, 0, at)),
		    back = span_trim(span_slice(title, at + size, SIZE_MAX));
	*kept = last ? front : back;
	*cut = last ? back : front;
	return front.size && back.size;
}

struct span title_strip(const struct metadata_reader *reader, struct span title)
{
	struct span kept, cut;
	for (int n = 0; n < 3; n++) {
		if (title_cut(title, true, true, &kept, &cut) && is_site(reader, cut)) {
			title = kept;
			continue;
		}
		if (title_cut(title, false, true, &kept, &cut) && is_site(reader, cut)) {
			title = kept;
			continue;
		}
		break;
	}
	return title;
}
