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

/* ASCII letters in lower case and digits; 0 for the rest. */
#define FOLD_LETTER(c) [c] = (c), [(c) - 'a' + 'A'] = (c)
static const uint8_t folded_ascii[128] = {
	['0'] = '0',      ['1'] = '1',      ['2'] = '2',      ['3'] = '3',      ['4'] = '4',      ['5'] = '5',
	['6'] = '6',      ['7'] = '7',      ['8'] = '8',      ['9'] = '9',      FOLD_LETTER('a'), FOLD_LETTER('b'),
	FOLD_LETTER('c'), FOLD_LETTER('d'), FOLD_LETTER('e'), FOLD_LETTER('f'), FOLD_LETTER('g'), FOLD_LETTER('h'),
	FOLD_LETTER('i'), FOLD_LETTER('j'), FOLD_LETTER('k'), FOLD_LETTER('l'), FOLD_LETTER('m'), FOLD_LETTER('n'),
	FOLD_LETTER('o'), FOLD_LETTER('p'), FOLD_LETTER('q'), FOLD_LETTER('r'), FOLD_LETTER('s'), FOLD_LETTER('t'),
	FOLD_LETTER('u'), FOLD_LETTER('v'), FOLD_LETTER('w'), FOLD_LETTER('x'), FOLD_LETTER('y'), FOLD_LETTER('z')};

uint64_t metadata_fold_key(struct span text, size_t *letters)
{
	uint64_t hash = 0xcbf29ce484222325u;
	size_t count = 0;
	for (const char *at = text.size ? text.data : "", *end = at + text.size; at < end;) {
		uint32_t code = (unsigned char)*at;
		if (code < 0x80) {
			at++;
			code = folded_ascii[code];
			if (!code)
				continue;
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
		c = c < 0x80 ? folded_ascii[c] : c;
		out[size] = (char)c; /* written over where it is no letter */
		size += c != 0;
	}
	return size;
}

/* "The Daily Example" and "Daily Example", "Example" and "Example.com". X is squashed. */
static bool same_name(struct span x, struct span y)
{
	if (x.size < 2 || y.size < 2)
		return false;
	if (span_equal(x, y))
		return true;
	struct span longer = x.size > y.size ? x : y, shorter = x.size > y.size ? y : x;
	return shorter.size >= 4 && shorter.size * 2 >= longer.size &&
	       (span_starts(longer, shorter) || span_ends(longer, shorter));
}

/* A label of the host against the piece: example.com and "Example", "Example News", news-example.co.uk. */
static bool same_label(struct span x, struct span y)
{
	return span_equal(x, y) || (y.size >= 4 && x.size <= y.size * 3 && span_find(x, y) != SIZE_MAX) ||
	       (x.size >= 4 && y.size <= x.size * 3 && span_find(y, x) != SIZE_MAX);
}

static void fold_site(struct folded_sites *sites, struct span name)
{
	if (sites->count == FOLDED_MAX)
		return;
	struct folded_site *site = &sites->rows[sites->count++];
	site->size = (uint8_t)squash(name, site->text, sizeof site->text);
}

void title_fold_sites(struct metadata_reader *reader)
{
	struct folded_sites *sites = &reader->sites;
	sites->count = 0;
	for (size_t i = 0; i < reader->site_name_count; i++)
		fold_site(sites, reader->site_names[i]);
	if (reader->publisher.size)
		fold_site(sites, reader->publisher);
	sites->names = sites->count;
	struct span rest = reader->site_host, label;
	while (span_cut(&rest, '.', &label)) {
		fold_site(sites, label);
		struct span y = {sites->rows[sites->count - 1].text, sites->rows[sites->count - 1].size};
		if (y.size < 3 || span_equal(y, SPAN("www")) || span_equal(y, SPAN("com")))
			sites->count--;
	}
	sites->labels = sites->count;
	if (reader->site_host.size)
		fold_site(sites, reader->site_host);
}

static bool is_site(const struct metadata_reader *reader, struct span piece)
{
	char folded[FOLDED_SIZE];
	if (piece.size > 64)
		return false;
	struct span x = {folded, squash(piece, folded, sizeof folded)};
	const struct folded_sites *sites = &reader->sites;
	for (size_t i = 0; i < sites->count; i++) {
		struct span y = {sites->rows[i].text, sites->rows[i].size};
		if (i < sites->names    ? same_name(x, y)
		    : x.size < 3        ? false
		    : i < sites->labels ? same_label(x, y)
					: span_equal(x, y))
			return true;
	}
	return false;
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

/* The first and the last separator of a title. */
struct seams {
	size_t first, first_size, last, last_size; /* sizes 0: none */
};

static struct seams seams_of(struct span title, bool colon)
{
	static const uint8_t begins[256] = {[' '] = 1, ['|'] = 1, ['_'] = 1, [':'] = 1, [0xEF] = 1};
	struct seams seams = {0};
	for (size_t i = 1; i < title.size; i++) {
		unsigned char c = (unsigned char)title.data[i];
		if (!begins[c])
			continue;
		if (c == ' ' && i + 1 < title.size &&
		    (ascii_is_alpha((unsigned char)title.data[i + 1]) ||
		     ascii_is_digit((unsigned char)title.data[i + 1])))
			continue; /* the blank between two words */
		size_t found = separator_size(span_slice(title, i, 8), colon);
		if (!found || i + found >= title.size)
			continue;
		seams.last = i;
		seams.last_size = found;
		if (!seams.first_size) {
			seams.first = i;
			seams.first_size = found;
		}
		i += found - 1;
	}
	return seams;
}

static bool cut_at(struct span title, const struct seams *seams, bool last, struct span *kept, struct span *cut)
{
	size_t at = last ? seams->last : seams->first, size = last ? seams->last_size : seams->first_size;
	if (!size)
		return false;
	struct span front = span_trim(span_slice(title, 0, at)),
		    back = span_trim(span_slice(title, at + size, SIZE_MAX));
	*kept = last ? front : back;
	*cut = last ? back : front;
	return front.size && back.size;
}

bool title_cut(struct span title, bool last, bool colon, struct span *kept, struct span *cut)
{
	struct seams seams = seams_of(title, colon);
	return cut_at(title, &seams, last, kept, cut);
}

bool title_halves(struct span title, struct span *front, struct span *back)
{
	struct seams seams = seams_of(title, false);
	struct span cut;
	if (!cut_at(title, &seams, true, front, &cut))
		*front = SPAN_NONE;
	if (!cut_at(title, &seams, false, back, &cut))
		*back = SPAN_NONE;
	return front->size || back->size;
}

struct span title_strip(const struct metadata_reader *reader, struct span title)
{
	struct span kept, cut;
	for (int n = 0; n < 3; n++) {
		struct seams seams = seams_of(title, true);
		if (!(cut_at(title, &seams, true, &kept, &cut) && is_site(reader, cut)) &&
		    !(cut_at(title, &seams, false, &kept, &cut) && is_site(reader, cut)))
			break;
		title = kept;
	}
	return title;
}
