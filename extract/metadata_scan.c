/* metadata_scan: one walk over the tree that notes everything that may be metadata.
 *
 * Elements are judged by what they are (meta, link, time, h1), by what they say they are (itemprop, rel, datetime) and
 * by the words of class and id (metadata_class.c). Texts are looked at only when short, so the body's prose costs a
 * length check. */
#include "base/bytes8.h"
#include "extract/metadata_internal.h"
#include "extract/optout_internal.h"

/* ---- Evidence ------------------------------------------------------------------------------------------- */

void evidence_add(struct metadata_reader *reader, enum metadata_source source, struct span text, uint32_t at,
		  bool aside)
{
	bool date = source >= AUTHOR_SOURCES;
	struct evidence_list *list = date                      ? &reader->dates
				     : source >= TITLE_SOURCES ? &reader->authors
							       : &reader->titles;
	if (list->count == EVIDENCE_MAX || !text.size || text.size > 4000)
		return;
	struct evidence *row = &list->rows[list->count];
	*row = (struct evidence){.source = (uint16_t)source, .at = at, .aside = aside, .text = text};
	if (date && source != DATE_URL && source != DATE_IMAGE) {
		size_t same = 0; /* pages say a date in several places the same way */
		while (same < list->count &&
		       !(list->rows[same].text.size == text.size && span_equal(list->rows[same].text, text)))
			same++;
		if (same < list->count)
			row->date = list->rows[same].date;
		else if (!metadata_date_read(reader->months, text, reader->order, &row->date))
			return;
	} else if (!date) {
		row->text = metadata_clean(reader, text);
		if (!row->text.size)
			return;
	}
	list->count++;
}

static void date_add(struct metadata_reader *reader, enum metadata_source source, const struct metadata_date *date,
		     uint32_t at, bool aside)
{
	struct evidence_list *list = &reader->dates;
	if (list->count < EVIDENCE_MAX)
		list->rows[list->count++] =
			(struct evidence){.source = (uint16_t)source, .at = at, .aside = aside, .date = *date};
}

/* ---- Elements ------------------------------------------------------------------------------------------- */

struct walk {
	struct metadata_reader *reader;
	const struct html_tree *tree;
	uint32_t aside_end; /* node behind the part that is aside; HTML_NONE: to the end */
	bool aside, open;
	uint32_t date_end,
		author_end; /* behind the element that was noted last, so that what is in it is not noted twice */
};

static void on_meta(struct metadata_reader *reader, uint32_t node)
{
	const struct html_tree *tree = reader->page->tree;
	struct span content = html_attr(tree, node, HTML_ATTR_CONTENT);
	if (!content.size)
		content = html_attr(tree, node, HTML_ATTR_VALUE);
	if (!content.size)
		return;
	static const enum html_attr keys[] = {HTML_ATTR_NAME, HTML_ATTR_PROPERTY, HTML_ATTR_ITEMPROP,
					      HTML_ATTR_HTTP_EQUIV};
	for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
		struct span key = html_attr(tree, node, keys[i]);
		if (key.size)
			metadata_key(reader, key, content);
	}
}

static bool has_word(struct span list, const char *word)
{
	struct span piece;
	if (!memchr(list.data, *word, list.size) && !memchr(list.data, *word - 'a' + 'A', list.size))
		return false;
	while (span_cut(&list, ' ', &piece))
		if (span_equal_nocase(span_trim(piece), span_of(word)))
			return true;
	return false;
}

static void keep_first(struct span *field, struct span value)
{
	if (!field->size && value.size)
		*field = value;
}

static bool is_licence(struct span href)
{
	size_t at = 0;
	while (at < 15 && href.size > 30 && (href.data[at] != '/' || href.data[at + 1] != '/'))
		at++;
	if (at == 15 || href.size <= 30)
		return false;
	struct span rest = {href.data + at + 2, href.size - at - 2};
	if (((bytes4(rest.data) | 0x202020) ^ bytes4("www.")) == 0)
		rest = span_slice(rest, 4, SIZE_MAX);
	if (rest.size < 20 || (*rest.data | 0x20) != 'c' || !span_starts_nocase(rest, SPAN("creativecommons.org/")))
		return false;
	rest = span_slice(rest, 20, SIZE_MAX);
	return span_starts(rest, SPAN("licenses/")) || span_starts(rest, SPAN("publicdomain/"));
}

enum rel { REL_TAG = 1, REL_AUTHOR = 2, REL_LICENSE = 4, REL_CANONICAL = 8 };

/* The words of a rel attribute, as a set. */
static unsigned rel_of(struct span list)
{
	static const struct {
		struct span word;
		unsigned rel;
	} rows[] = {{{"tag", 3}, REL_TAG},
		    {{"author", 6}, REL_AUTHOR},
		    {{"license", 7}, REL_LICENSE},
		    {{"canonical", 9}, REL_CANONICAL}};
	unsigned set = 0;
	struct span piece;
	while (span_cut(&list, ' ', &piece)) {
		piece = span_trim(piece);
		for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
			if (piece.size == rows[i].word.size && span_equal_nocase(piece, rows[i].word))
				set |= rows[i].rel;
	}
	return set;
}

static void on_link(struct metadata_reader *reader, uint32_t node)
{
	const struct html_tree *tree = reader->page->tree;
	struct span rel = html_attr(tree, node, HTML_ATTR_REL), href = span_trim(html_attr(tree, node, HTML_ATTR_HREF));
	unsigned set = rel.size && href.size ? rel_of(rel) : 0;
	if (set & REL_CANONICAL)
		keep_first(&reader->canonical, href);
	else if (set & REL_LICENSE)
		keep_first(&reader->license, href);
}

#define PATH(text)                                                                                                     \
	{                                                                                                              \
		text, sizeof(text) - 1                                                                                 \
	}
/* Behind a slash. */
static const struct span author_paths[] = {
	PATH("author/"),   PATH("authors/"),    PATH("autor/"),           PATH("autoren/"),  PATH("autores/"),
	PATH("auteur/"),   PATH("auteurs/"),    PATH("people/"),          PATH("staff/"),    PATH("profile/"),
	PATH("profiles/"), PATH("contributor"), PATH("journalist"),       PATH("reporter"),  PATH("writer"),
	PATH("by/"),       PATH("redaktion/"),  PATH("person/"),          PATH("redacteur"), PATH("columnist"),
	PATH("team/"),     PATH("?author="),    PATH("index.php?author=")};

/* The chain of the addresses that may begin with these two bytes. */
static inline uint8_t path_slot(const char *path)
{
	return (uint8_t)((uint8_t)path[0] * 37u + (uint8_t)path[1]);
}

/* Each part of the address is looked at once; most fail by their first bytes. */
static bool is_author_address(const struct metadata_reader *reader, struct span href)
{
	if (href.size < 5 || href.size > 300)
		return false;
	for (size_t i = 0; i + 3 < href.size; i += 8)
		for (uint64_t found = bytes8_equal(bytes8_at(href.data, i, href.size), '/'); found;
		     found &= found - 1) {
			const char *at = href.data + i + bytes8_first(found);
			struct span rest = {at + 1, (size_t)(href.data + href.size - at) - 1};
			if (rest.size < 3)
				return false;
			for (size_t k = reader->path_head[path_slot(rest.data)]; k; k = reader->path_next[k - 1])
				if (span_starts(rest, author_paths[k - 1]))
					return true;
		}
	return false;
}

_Static_assert(sizeof author_paths / sizeof *author_paths < PATH_MAX_COUNT, "as for the hints");

void path_index(struct metadata_reader *reader)
{
	for (size_t i = sizeof author_paths / sizeof *author_paths; i-- > 0;) {
		uint8_t *head = &reader->path_head[path_slot(author_paths[i].data)];
		reader->path_next[i] = *head;
		*head = (uint8_t)(i + 1);
	}
}

static void on_anchor(struct walk *walk, uint32_t node)
{
	struct metadata_reader *reader = walk->reader;
	const struct html_node *n = &walk->tree->nodes[node];
	struct span href = SPAN_NONE;
	unsigned set = 0;
	for (uint16_t i = 0; i < n->count; i++) {
		struct html_attribute *a = &walk->tree->attributes[n->attributes + i];
		if (a->id != HTML_ATTR_HREF && a->id != HTML_ATTR_REL)
			continue;
		if (a->raw)
			html_attribute_decode(walk->tree, a);
		struct span value = {a->value, a->value_size};
		if (a->id == HTML_ATTR_HREF)
			href = value;
		else if (value.size)
			set = rel_of(value);
	}
	if (set & REL_TAG && !walk->aside) {
		struct span text = metadata_text(reader, node, 60);
		if (text.size)
			metadata_tags(reader, text);
	}
	bool author = set & REL_AUTHOR;
	if (set & REL_LICENSE || is_licence(href))
		keep_first(&reader->license, href);
	if (!author && (reader->authors.count > EVIDENCE_MAX / 2 || !is_author_address(reader, href)))
		return;
	struct span text = metadata_text(reader, node, 120);
	if (text.size)
		evidence_add(reader, author ? AUTHOR_REL : AUTHOR_HREF, text, reader->text_count, walk->aside);
}

/* A heading of several elements is often a kicker and the headline proper. */
static void add_parts(struct walk *walk, uint32_t node, uint32_t at)
{
	const struct html_tree *tree = walk->tree;
	unsigned parts = 0;
	for (uint32_t part = html_first(tree, node); part != HTML_NONE && parts < 4; part = html_next(tree, part)) {
		if (html_kind(tree, part) != HTML_ELEMENT ||
		    (html_next(tree, part) == HTML_NONE && html_previous(tree, part) == HTML_NONE))
			continue;
		struct span text = metadata_text(walk->reader, part, 600), prop;
		if (!text.size)
			continue;
		parts++;
		evidence_add(walk->reader,
			     element_hints(walk->reader, part, &prop) & HINT_TITLE ? TITLE_PART_CLASS : TITLE_PART,
			     text, at, walk->aside);
	}
}

/* What stands in a heading outside its elements: the headline behind a label or kicker. */
static void add_own(struct walk *walk, uint32_t node, struct span whole, uint32_t at)
{
	const struct html_tree *tree = walk->tree;
	struct buffer *out = &walk->reader->text;
	bool elements = false;
	buffer_clear(out);
	for (uint32_t part = html_first(tree, node); part != HTML_NONE && out->size < whole.size;
	     part = html_next(tree, part)) {
		if (html_kind(tree, part) == HTML_TEXT)
			buffer_append_span(out, html_text(tree, part));
		else
			elements |= html_kind(tree, part) == HTML_ELEMENT;
	}
	struct span own = span_trim(buffer_span(out));
	if (elements && own.size >= 8 && own.size < whole.size && span_find_byte(own, ' ') != SIZE_MAX)
		evidence_add(walk->reader, TITLE_OWN, arena_copy(walk->reader->arena, own), at, walk->aside);
}

static void on_heading(struct walk *walk, uint32_t node, enum html_tag tag, unsigned hints)
{
	struct metadata_reader *reader = walk->reader;
	if (tag != HTML_TAG_H1 && reader->h1_count + reader->h2_count > 12)
		return;
	struct span text = metadata_text(reader, node, 600);
	while (span_ends(text, SPAN("\xC2\xB6"))) /* a link to the heading itself */
		text = span_trim(span_slice(text, 0, text.size - 2));
	if (!text.size)
		return;
	uint32_t at = reader->text_count;
	if (tag == HTML_TAG_H1) {
		if (walk->open)
			walk->aside = walk->open = false; /* what holds the page's heading is not aside */
		evidence_add(reader, reader->h1_count++ ? TITLE_H1 : TITLE_H1_FIRST, text, at, walk->aside);
	} else if (tag == HTML_TAG_H2 && reader->h2_count++ == 0) {
		evidence_add(reader, TITLE_H2_FIRST, text, at, walk->aside);
	}
	if (hints & HINT_TITLE)
		evidence_add(reader, TITLE_CLASS, text, at, walk->aside);
	if (tag == HTML_TAG_H1) {
		add_parts(walk, node, at);
		add_own(walk, node, text, at);
		reader->heading_text = at + 1;
	}
}

static void on_time(struct walk *walk, uint32_t node, unsigned hints)
{
	struct metadata_reader *reader = walk->reader;
	struct span value = html_attr(walk->tree, node, HTML_ATTR_DATETIME);
	struct span prop = html_attr(walk->tree, node, HTML_ATTR_ITEMPROP);
	if (!value.size)
		value = html_attr(walk->tree, node, HTML_ATTR_CONTENT);
	if (!value.size || value.size > 60)
		value = metadata_text(reader, node, 100);
	if (!value.size)
		return;
	enum metadata_source source = DATE_TIME;
	if (span_equal_nocase(prop, SPAN("datemodified")) || ((hints & HINT_UPDATED) && !(hints & HINT_PUBLISHED)))
		source = DATE_TIME_MODIFIED;
	else if (span_equal_nocase(prop, SPAN("datepublished")) || (hints & HINT_PUBLISHED) ||
		 html_attr(walk->tree, node, HTML_ATTR_PUBDATE).data)
		source = DATE_TIME_PUBLISHED;
	evidence_add(reader, source, value, reader->text_count, walk->aside);
}

/* The first element below NODE whose itemprop is NAME; NODE itself where there is none. */
static uint32_t find_prop(const struct html_tree *tree, uint32_t node, const char *name)
{
	unsigned steps = 0;
	for (uint32_t at = html_first(tree, node); at != HTML_NONE && steps < 30;
	     at = html_walk(tree, at, node), steps++)
		if (span_equal_nocase(html_attr(tree, at, HTML_ATTR_ITEMPROP), span_of(name)))
			return at;
	return node;
}

static struct span value_of(struct metadata_reader *reader, uint32_t node, size_t max)
{
	struct span value = html_attr(reader->page->tree, node, HTML_ATTR_CONTENT);
	return value.size && value.size <= max ? value : metadata_text(reader, node, max);
}

static void on_prop(struct walk *walk, uint32_t node, struct span prop, bool heading)
{
	struct metadata_reader *reader = walk->reader;
	uint32_t at = reader->text_count;
	if (has_word(prop, "author") || has_word(prop, "creator") || has_word(prop, "dc:creator")) {
		struct span text = value_of(reader, find_prop(walk->tree, node, "name"), 160);
		evidence_add(reader, AUTHOR_MICRO, text, at, walk->aside);
	} else if (has_word(prop, "datePublished") || has_word(prop, "dateCreated") || has_word(prop, "dateModified")) {
		struct span value = html_attr(walk->tree, node, HTML_ATTR_DATETIME);
		if (!value.size)
			value = value_of(reader, node, 100);
		evidence_add(reader, has_word(prop, "dateModified") ? DATE_MICRO_MODIFIED : DATE_MICRO, value, at,
			     walk->aside);
	} else if (has_word(prop, "headline")) {
		evidence_add(reader, TITLE_MICRO_HEADLINE, value_of(reader, node, 600), at, walk->aside);
	} else if (has_word(prop, "name") && heading) {
		evidence_add(reader, TITLE_MICRO_NAME, value_of(reader, node, 600), at, walk->aside);
	} else if (has_word(prop, "comment") || has_word(prop, "review")) {
		if (!walk->open) {
			walk->aside = walk->open = true;
			walk->aside_end = html_skip(walk->tree, node, html_root(walk->tree));
		}
	}
}

static void on_hints(struct walk *walk, uint32_t node, unsigned hints)
{
	struct metadata_reader *reader = walk->reader;
	if ((hints & (HINT_AUTHOR | HINT_BYLINE)) && reader->authors.count < EVIDENCE_MAX * 3 / 4) {
		struct span text = metadata_text(reader, node, 160);
		evidence_add(reader, hints & HINT_BYLINE ? AUTHOR_BYLINE : AUTHOR_CLASS, text, reader->text_count,
			     walk->aside);
	}
	if ((hints & (HINT_DATE | HINT_UPDATED)) && reader->dates.count < EVIDENCE_MAX * 3 / 4 &&
	    reader->date_tries < 100) {
		struct span text = metadata_text(reader, node, 120);
		if (text.size >= 6) {
			reader->date_tries++;
			evidence_add(reader,
				     (hints & HINT_UPDATED) && !(hints & HINT_PUBLISHED) ? DATE_UPDATED : DATE_CLASS,
				     text, reader->text_count, walk->aside);
		}
	}
}

/* ---- Short texts ---------------------------------------------------------------------------------------- */

enum { BESIDE = 16 }; /* texts behind a headline */
enum date_label { LABEL_NONE, LABEL_PUBLISHED, LABEL_UPDATED };

#define LABEL(text, label)                                                                                             \
	{                                                                                                              \
		{text, sizeof(text) - 1}, label                                                                        \
	}
static const struct {
	struct span text;
	uint8_t label;
} label_rows[] = {
	LABEL("publi", LABEL_PUBLISHED),
	LABEL("posted", LABEL_PUBLISHED),
	LABEL("pubbl", LABEL_PUBLISHED),
	LABEL("veröffentlicht", LABEL_PUBLISHED),
	LABEL("erstellt", LABEL_PUBLISHED),
	LABEL("erschienen", LABEL_PUBLISHED),
	LABEL("created", LABEL_PUBLISHED),
	LABEL("first published", LABEL_PUBLISHED),
	LABEL("date", LABEL_PUBLISHED),
	LABEL("datum", LABEL_PUBLISHED),
	LABEL("opublikowan", LABEL_PUBLISHED),
	LABEL("опубликован", LABEL_PUBLISHED),
	LABEL("gepubliceerd", LABEL_PUBLISHED),
	LABEL("geplaatst", LABEL_PUBLISHED),
	LABEL("julkaistu", LABEL_PUBLISHED),
	LABEL("publicerad", LABEL_PUBLISHED),
	LABEL("δημοσίευση", LABEL_PUBLISHED),
	LABEL("发布", LABEL_PUBLISHED),
	LABEL("发表", LABEL_PUBLISHED),
	LABEL("公開日", LABEL_PUBLISHED),
	LABEL("投稿日", LABEL_PUBLISHED),
	LABEL("入力", LABEL_PUBLISHED),
	LABEL("입력", LABEL_PUBLISHED),
	LABEL("등록", LABEL_PUBLISHED),
	LABEL("تاريخ النشر", LABEL_PUBLISHED),
	LABEL("نشر", LABEL_PUBLISHED),
	LABEL("stand", LABEL_PUBLISHED),
	LABEL("fecha", LABEL_PUBLISHED),
	LABEL("data", LABEL_PUBLISHED),
	LABEL("issued", LABEL_PUBLISHED),
	LABEL("released", LABEL_PUBLISHED),
	LABEL("yayın", LABEL_PUBLISHED),
	LABEL("giriş", LABEL_PUBLISHED),
	LABEL("oluşturulma", LABEL_PUBLISHED),
	LABEL("udgivet", LABEL_PUBLISHED),
	LABEL("updated", LABEL_UPDATED),
	LABEL("last updated", LABEL_UPDATED),
	LABEL("update", LABEL_UPDATED),
	LABEL("last modified", LABEL_UPDATED),
	LABEL("modified", LABEL_UPDATED),
	LABEL("aktualisiert", LABEL_UPDATED),
	LABEL("mis à jour", LABEL_UPDATED),
	LABEL("actualizado", LABEL_UPDATED),
	LABEL("aggiornato", LABEL_UPDATED),
	LABEL("atualizado", LABEL_UPDATED),
	LABEL("обновлено", LABEL_UPDATED),
	LABEL("更新", LABEL_UPDATED),
	LABEL("güncelle", LABEL_UPDATED),
	LABEL("last edited", LABEL_UPDATED),
	LABEL("bijgewerkt", LABEL_UPDATED),
	LABEL("päivitetty", LABEL_UPDATED),
	LABEL("oppdatert", LABEL_UPDATED),
	LABEL("uppdaterad", LABEL_UPDATED),
	LABEL("수정", LABEL_UPDATED),
	LABEL("zuletzt aktualisiert", LABEL_UPDATED),
	LABEL("reviewed", LABEL_UPDATED),
};

_Static_assert(sizeof label_rows / sizeof *label_rows < LABEL_MAX, "as for the hints");

void label_index(struct metadata_reader *reader)
{
	for (size_t i = sizeof label_rows / sizeof *label_rows; i-- > 0;) {
		uint8_t *head = &reader->label_head[(uint8_t)*label_rows[i].text.data];
		reader->label_next[i] = *head;
		*head = (uint8_t)(i + 1);
	}
}

static enum date_label label_of(const struct metadata_reader *reader, struct span text)
{
	unsigned char second = text.size > 1 ? ascii_lower((unsigned char)text.data[1]) : 0;
	for (size_t i = reader->label_head[ascii_lower((unsigned char)*text.data)]; i; i = reader->label_next[i - 1])
		if ((unsigned char)label_rows[i - 1].text.data[1] == second &&
		    span_starts_nocase(text, label_rows[i - 1].text))
			return (enum date_label)label_rows[i - 1].label;
	return LABEL_NONE;
}

/* Whether TEXT can hold a date: a year, or numbers divided by points or slashes, or digits of another script. */
static bool may_hold_date(struct span text)
{
	unsigned digits = 0, dividers = 0;
	for (size_t i = 0; i < text.size; i += 8) {
		uint64_t bytes = bytes8_at(text.data, i, text.size), found = bytes8_digits(bytes);
		if (bytes & BYTES8_HIGH) /* 0xD9 and 0xDB differ by one bit */
			found |= bytes8_equal(bytes | BYTES8(0x02), 0xDB) | bytes8_equal(bytes, 0xE0);
		if (found)
			digits += bytes8_count(found);
	}
	if (digits < 3 || digits >= 5)
		return digits >= 5;
	for (size_t i = 1; i < text.size; i++)
		dividers += (unsigned char)(text.data[i] - '-') < 3 && ascii_is_digit((unsigned char)text.data[i - 1]);
	return dividers >= 2;
}

/* Whether the first byte is that of a label below. */
static inline bool begins_label(unsigned char c)
{
	return c == 'S' || c == 'Q' || c == 'F' || c == 'B' || c == 0xD0 || c == 0xE6 || c == 0xCE;
}

/* "(AGENCY) —" within the first bytes of a paragraph, and "Source: NAME". Not asked before the headline. */
static void agency(struct metadata_reader *reader, struct span text)
{
	static const char *const labels[] = {"Source: ",
					     "Source : ",
					     "Quelle: ",
					     "Fuente: ",
					     "Fonte: ",
					     "Bron: ",
					     "\xD0\x98\xD1\x81\xD1\x82\xD0\xBE\xD1\x87\xD0\xBD\xD0\xB8\xD0\xBA: ",
					     "\xE6\x9D\xA5\xE6\xBA\x90\xEF\xBC\x9A",
					     "\xE6\x9D\xA5\xE6\xBA\x90:",
					     "\xCE\xA0\xCE\xB7\xCE\xB3\xCE\xAE: "};
	bool maybe = text.size < 80 && begins_label((unsigned char)*text.data);
	for (size_t i = 0; maybe && i < sizeof labels / sizeof *labels; i++)
		if (*text.data == *labels[i] && span_starts_nocase(text, span_of(labels[i]))) {
			struct span name = span_slice(text, span_of(labels[i]).size, SIZE_MAX);
			size_t end = 0;
			while (end < name.size && !strchr(",;|(", name.data[end]))
				end++;
			reader->source_name = metadata_clean(reader, span_slice(name, 0, end));
			return;
		}
	if (text.size < 60)
		return;
	struct span front = span_slice(text, 0, 90);
	size_t open = span_find_byte(front, '(');
	if (open == SIZE_MAX || open == 0 || open > 60)
		return;
	struct span name = span_slice(front, open + 1, SIZE_MAX);
	size_t close = span_find_byte(name, ')');
	if (close == SIZE_MAX || close < 2 || close > 24)
		return;
	struct span after = span_trim(span_slice(text, open + close + 2, 8));
	bool dash = span_starts(after, SPAN("-")) || span_starts(after, SPAN("\xE2\x80\x94")) ||
		    span_starts(after, SPAN("\xE2\x80\x93")) || span_starts(after, SPAN("\xE2\x94\x80"));
	unsigned char first = (unsigned char)*text.data;
	if (!dash || !(first >= 0x80 || (first >= 'A' && first <= 'Z')))
		return;
	name = span_slice(name, 0, close);
	size_t slash = span_find_byte(name, '/');
	name = span_slice(name, 0, slash);
	for (size_t i = 0; i < name.size; i++)
		if (ascii_is_digit((unsigned char)name.data[i]))
			return;
	reader->source_name = metadata_clean(reader, name);
}

/* Whether TEXT holds a date. */
static bool on_text_date(struct walk *walk, struct span text, uint32_t at)
{
	struct metadata_reader *reader = walk->reader;
	bool may = may_hold_date(text), found = false;
	enum date_label label = may || text.size <= 40 ? label_of(reader, text) : LABEL_NONE;
	if (may) {
		struct metadata_date date;
		reader->date_tries++;
		found = metadata_date_find(reader->months, text, reader->order, &date, NULL);
		if (found) {
			if (label == LABEL_NONE)
				label = (enum date_label)reader->text_label;
			date_add(reader,
				 label == LABEL_PUBLISHED ? DATE_LABEL
				 : label == LABEL_UPDATED ? DATE_UPDATED
							  : DATE_TEXT,
				 &date, at, walk->aside);
		}
	}
	reader->text_label = (uint8_t)(text.size <= 40 ? label : LABEL_NONE);
	return found;
}

/* Signs alone: what stands between a name and a date. */
static bool is_sign(struct span text)
{
	return text.size <= 3 && !ascii_is_alpha((unsigned char)*text.data) &&
	       !ascii_is_digit((unsigned char)*text.data);
}

/* In Chinese, Japanese and Korean a date's neighbour is the source or a link more often than a name. */
static bool begins_cjk(struct span text)
{
	return (unsigned char)*text.data >= 0xE3 && (unsigned char)*text.data <= 0xED;
}

/* A name and a date side by side, shortly behind a headline, are most often a by-line without a word for "by". */
static void on_neighbour(struct walk *walk, struct span text, uint32_t at, bool date)
{
	struct metadata_reader *reader = walk->reader;
	if (!reader->heading_text || at < reader->heading_text || at > reader->heading_text + BESIDE)
		return;
	if (date) {
		if (at == reader->name_next && author_begins_name(reader->name))
			evidence_add(reader, AUTHOR_BESIDE, reader->name, at, walk->aside);
		reader->date_next = at + 1;
	} else if (is_sign(text)) {
		reader->date_next += at == reader->date_next;
		reader->name_next += at == reader->name_next;
	} else if (text.size <= 80 && !begins_cjk(text)) {
		if (at == reader->date_next && author_begins_name(text))
			evidence_add(reader, AUTHOR_BESIDE, text, at, walk->aside);
		reader->name = text;
		reader->name_next = at + 1;
	}
}

/* Between two names of a list. */
static bool is_joint(struct span text)
{
	static const char *const joints[] = {",",  "and", "&",  "und", "et", "y",  "e",
					     "en", "i",   "og", "och", "и",  "、", ", and"};
	for (size_t i = 0; i < sizeof joints / sizeof *joints; i++)
		if (span_equal_nocase(text, span_of(joints[i])))
			return true;
	return false;
}

static void on_byline(struct walk *walk, struct span text, uint32_t at)
{
	struct metadata_reader *reader = walk->reader;
	if (reader->by_at == at && text.size < 80) {
		struct evidence_list *list = &reader->authors;
		size_t before = list->count;
		evidence_add(reader, AUTHOR_TEXT, text, at, walk->aside);
		if (reader->by_row && list->count > before) { /* one by-line: one list */
			struct evidence *row = &list->rows[reader->by_row - 1];
			row->text = arena_print(reader->arena, "%.*s; %.*s", SPAN_ARG(row->text),
						SPAN_ARG(list->rows[before].text));
			list->count = before;
		} else {
			reader->by_row = list->count > before ? list->count : 0;
		}
		reader->by_end = at + 1;
	} else if (reader->by_end == at && text.size <= 5 && is_joint(text)) {
		reader->by_at = at + 1;
	} else {
		reader->by_row = 0;
	}
	if (reader->authors.count >= EVIDENCE_MAX / 2 || text.size > 120 || !reader->h1_count)
		return;
	bool label;
	if (author_is_byline(reader, text, &label))
		evidence_add(reader, AUTHOR_TEXT, text, at, walk->aside);
	else if (label)
		reader->by_at = at + 1;
}

static bool on_reporter(struct walk *walk, struct span text, uint32_t at)
{
	struct metadata_reader *reader = walk->reader;
	if (reader->authors.count >= EVIDENCE_MAX / 2)
		return false;
	enum metadata_source source;
	struct span names = metadata_reporter(reader->arena, text, &source);
	if (names.size)
		evidence_add(reader, source, names, at, walk->aside);
	return names.size > 0;
}

/* White space at the start of TEXT: indentation, and nearly all of the texts between elements. */
static size_t blanks_at(struct span text)
{
	size_t start = 0;
	if (text.size && (unsigned char)*text.data > ' ')
		return 0;
	for (; start + 8 <= text.size; start += 8) {
		uint64_t bytes = bytes8(text.data + start);
		uint64_t solid = ~(bytes8_range(bytes, '\t', '\r') | bytes8_equal(bytes, ' ')) & BYTES8_HIGH;
		if (solid)
			return start + bytes8_first(solid);
	}
	while (start < text.size && ascii_is_space((unsigned char)text.data[start]))
		start++;
	return start;
}

static void on_text(struct walk *walk, struct span text)
{
	struct metadata_reader *reader = walk->reader;
	size_t start = blanks_at(text);
	if (start == text.size)
		return;
	uint32_t at = reader->text_count++;
	bool wants_agency = !reader->source_name.size && reader->h1_count;
	text.data += start;
	text.size -= start;
	if (text.size > 160) {
		reader->text_label = LABEL_NONE;
		if (wants_agency && reader->text_count < 4000)
			agency(reader, text);
		on_reporter(walk, text, at);
		return;
	}
	while (ascii_is_space((unsigned char)text.data[text.size - 1]))
		text.size--;
	if (wants_agency && (text.size >= 60 || begins_label((unsigned char)*text.data)))
		agency(reader, text);
	bool reporter = span_starts(text, SPAN("记者")) || span_starts(text, SPAN("記者")); /* also of what one did */
	if (!on_reporter(walk, text, at) && !reporter)
		on_byline(walk, text, at);
	on_neighbour(walk, text, at, reader->date_tries < 60 && on_text_date(walk, text, at));
}

/* ---- The walk ------------------------------------------------------------------------------------------- */

static void on_script(struct metadata_reader *reader, uint32_t node)
{
	const struct html_tree *tree = reader->page->tree;
	struct span type = html_attr(tree, node, HTML_ATTR_TYPE);
	uint32_t child = html_first(tree, node);
	if (child == HTML_NONE)
		return;
	struct span text = html_text(tree, child);
	if (type.size && span_find_nocase(type, SPAN("ld+json")) != SIZE_MAX)
		metadata_jsonld(reader, text);
	else if (text.size <= 120 && reader->h1_count + reader->text_count > 1 && may_hold_date(text))
		evidence_add(reader, DATE_TEXT, text, reader->text_count, false); /* text that a script writes */
	else if (reader->script_count < LD_MAX && text.size > 60)
		reader->scripts[reader->script_count++] = text;
}

/* How the walk takes an element, by its tag. */
enum take {
	TAKE_ELEMENT,
	TAKE_HEADING, /* h1 to h3 */
	TAKE_SMALLER, /* h4, h5: where the class says that it is a title */
	TAKE_ASIDE,
	TAKE_WHOLE, /* the page or its article: never aside, nor a value */
	TAKE_ANCHOR,
	TAKE_TIME,
	TAKE_OTHER, /* from here on no element of the text */
	TAKE_HIDDEN,
};

static const uint8_t takes[HTML_TAG_COUNT] = {
	[HTML_TAG_H1] = TAKE_HEADING,    [HTML_TAG_H2] = TAKE_HEADING,      [HTML_TAG_H3] = TAKE_HEADING,
	[HTML_TAG_H4] = TAKE_SMALLER,    [HTML_TAG_H5] = TAKE_SMALLER,      [HTML_TAG_ASIDE] = TAKE_ASIDE,
	[HTML_TAG_FOOTER] = TAKE_ASIDE,  [HTML_TAG_NAV] = TAKE_ASIDE,       [HTML_TAG_BODY] = TAKE_WHOLE,
	[HTML_TAG_ARTICLE] = TAKE_WHOLE, [HTML_TAG_MAIN] = TAKE_WHOLE,      [HTML_TAG_A] = TAKE_ANCHOR,
	[HTML_TAG_TIME] = TAKE_TIME,     [HTML_TAG_META] = TAKE_OTHER,      [HTML_TAG_LINK] = TAKE_OTHER,
	[HTML_TAG_TITLE] = TAKE_OTHER,   [HTML_TAG_SCRIPT] = TAKE_OTHER,    [HTML_TAG_HTML] = TAKE_OTHER,
	[HTML_TAG_STYLE] = TAKE_HIDDEN,  [HTML_TAG_SVG] = TAKE_HIDDEN,      [HTML_TAG_TEMPLATE] = TAKE_HIDDEN,
	[HTML_TAG_SELECT] = TAKE_HIDDEN, [HTML_TAG_TEXTAREA] = TAKE_HIDDEN, [HTML_TAG_MATH] = TAKE_HIDDEN,
	[HTML_TAG_IFRAME] = TAKE_HIDDEN};

/* Whether an element has an itemprop or property. */
static bool element_has_prop(const struct html_tree *tree, const struct html_node *n)
{
	const struct html_attribute *a = tree->attributes + n->attributes;
	for (uint16_t i = 0; i < n->count; i++)
		if (a[i].id == HTML_ATTR_ITEMPROP || a[i].id == HTML_ATTR_PROPERTY)
			return true;
	return false;
}

static void on_element(struct walk *walk, uint32_t node, enum html_tag tag, enum take take)
{
	const struct html_node *n = &walk->tree->nodes[node];
	struct span prop = SPAN_NONE;
	unsigned hints = 0;
	/* Words of classes are about the text below: without one only a time or an itemprop is a value. */
	if (n->count && (n->first != HTML_NONE || take == TAKE_TIME || element_has_prop(walk->tree, n)))
		hints = element_hints(walk->reader, node, &prop);
	if (!hints && !prop.size && take == TAKE_ELEMENT)
		return; /* most */
	if ((take == TAKE_ASIDE || ((hints & HINT_ASIDE) && take != TAKE_WHOLE)) && !walk->open) {
		walk->aside = walk->open = true;
		walk->aside_end = html_skip(walk->tree, node, html_root(walk->tree));
	}
	if (take == TAKE_HEADING || (take == TAKE_SMALLER && hints & HINT_TITLE))
		on_heading(walk, node, tag, hints);
	if (prop.size)
		on_prop(walk, node, prop, take == TAKE_HEADING);
	if (take == TAKE_TIME)
		on_time(walk, node, hints);
	else if (hints & (HINT_AUTHOR | HINT_BYLINE | HINT_DATE | HINT_UPDATED) && tag != HTML_TAG_BODY)
		on_hints(walk, node, hints);
	if (take == TAKE_ANCHOR)
		on_anchor(walk, node);
}

/* The elements that are no part of the text. Whether what is in it is skipped. */
static bool on_other(struct metadata_reader *reader, uint32_t node, enum html_tag tag)
{
	const struct html_tree *tree = reader->page->tree;
	switch (tag) {
	case HTML_TAG_META:
		on_meta(reader, node);
		return false;
	case HTML_TAG_LINK:
		on_link(reader, node);
		return false;
	case HTML_TAG_HTML:
		keep_first(&reader->language, html_attr(tree, node, HTML_ATTR_LANG));
		keep_first(&reader->language, html_attr(tree, node, HTML_ATTR_XML_LANG));
		return false;
	case HTML_TAG_TITLE:
		if (!reader->element_title.size) {
			reader->element_title = metadata_text(reader, node, 1000);
			evidence_add(reader, TITLE_ELEMENT, reader->element_title, 0, false);
		}
		return true;
	default:
		on_script(reader, node);
		return true;
	}
}

void metadata_scan(struct metadata_reader *reader)
{
	const struct html_tree *tree = reader->page->tree;
	const struct html_node *nodes = tree->nodes, *n;
	uint32_t node = html_root(tree);
	struct walk walk = {.reader = reader, .tree = tree, .aside_end = HTML_NONE};
	while (node != HTML_NONE) {
		n = &nodes[node];
		uint32_t next = n->first;
		if (node == walk.aside_end)
			walk.aside = walk.open = false;
		if (n->kind == HTML_TEXT) {
			on_text(&walk, (struct span){n->data, n->size});
		} else if (n->kind == HTML_ELEMENT) {
			enum take take = (enum take)takes[n->tag];
			if (take < TAKE_OTHER)
				on_element(&walk, node, (enum html_tag)n->tag, take);
			else if (take == TAKE_HIDDEN || on_other(reader, node, (enum html_tag)n->tag))
				next = HTML_NONE;
		}
		while (next == HTML_NONE && (next = n->next) == HTML_NONE && n->parent != HTML_NONE)
			n = &nodes[n->parent];
		node = next;
	}
}
