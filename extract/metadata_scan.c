/* metadata_scan: one walk over the tree that notes everything that may be metadata.
 *
 * Elements are judged by what they are (meta, link, time, h1), by what they say they are (itemprop, rel, datetime) and
 * by the words of class and id, whose judgement is memorised: a page repeats few class values many times. Texts are
 * looked at only when short, so the body's prose costs a length check. */
#include "extract/metadata_internal.h"
#include "extract/optout_internal.h"

enum hint {
	HINT_AUTHOR = 1,
	HINT_BYLINE = 2,
	HINT_DATE = 4,
	HINT_PUBLISHED = 8,
	HINT_UPDATED = 16,
	HINT_TITLE = 32,
	HINT_ASIDE = 64,
};

/* A word of a class or id that starts with TEXT (EXACT: is it). Words are divided by - _ and changes of case. */
#define HINT(text, exact, hints)                                                                                       \
	{                                                                                                              \
		text, sizeof(text) - 1, exact, hints                                                                   \
	}
static const struct hint_row {
	const char *text;
	uint8_t size, exact, hints;
} hint_rows[] = {
	HINT("author", 0, HINT_AUTHOR),
	HINT("auteur", 0, HINT_AUTHOR),
	HINT("autor", 0, HINT_AUTHOR),
	HINT("writer", 0, HINT_AUTHOR),
	HINT("contributor", 0, HINT_AUTHOR),
	HINT("reporter", 0, HINT_AUTHOR),
	HINT("vcard", 1, HINT_AUTHOR),
	HINT("fn", 1, HINT_AUTHOR),
	HINT("journalist", 0, HINT_AUTHOR),
	HINT("byline", 0, HINT_BYLINE),
	HINT("username", 0, HINT_AUTHOR),
	HINT("signature", 0, HINT_BYLINE),
	HINT("redactor", 0, HINT_AUTHOR),

	HINT("verfasser", 0, HINT_AUTHOR),
	HINT("date", 0, HINT_DATE),
	HINT("datum", 0, HINT_DATE),
	HINT("fecha", 0, HINT_DATE),
	HINT("time", 1, HINT_DATE),
	HINT("timestamp", 0, HINT_DATE),
	HINT("datetime", 0, HINT_DATE),
	HINT("pubdate", 0, HINT_DATE | HINT_PUBLISHED),
	HINT("publish", 0, HINT_DATE | HINT_PUBLISHED),
	HINT("posted", 0, HINT_DATE | HINT_PUBLISHED),
	HINT("postdate", 0, HINT_DATE | HINT_PUBLISHED),
	HINT("created", 0, HINT_DATE | HINT_PUBLISHED),
	HINT("pub", 1, HINT_DATE),
	HINT("day", 1, HINT_DATE),
	HINT("meta", 1, HINT_DATE),
	HINT("updated", 0, HINT_UPDATED),
	HINT("modified", 0, HINT_UPDATED),
	HINT("dateline", 0, HINT_DATE),
	HINT("articledate", 0, HINT_DATE),
	HINT("pubtime", 0, HINT_DATE),
	HINT("headline", 0, HINT_TITLE),
	HINT("title", 0, HINT_TITLE),
	HINT("heading", 0, HINT_TITLE),
	HINT("titel", 0, HINT_TITLE),
	HINT("titre", 0, HINT_TITLE),
	HINT("titulo", 0, HINT_TITLE),
	HINT("comment", 0, HINT_ASIDE),
	HINT("related", 0, HINT_ASIDE),
	HINT("sidebar", 0, HINT_ASIDE),
	HINT("footer", 0, HINT_ASIDE),
	HINT("recommend", 0, HINT_ASIDE),
	HINT("newsletter", 0, HINT_ASIDE),
	HINT("promo", 0, HINT_ASIDE),
	HINT("popular", 0, HINT_ASIDE),
	HINT("trending", 0, HINT_ASIDE),
	HINT("recent", 0, HINT_ASIDE),
	HINT("latest", 0, HINT_ASIDE),
	HINT("similar", 0, HINT_ASIDE),
	HINT("teaser", 0, HINT_ASIDE),
	HINT("reply", 0, HINT_ASIDE),
	HINT("replies", 0, HINT_ASIDE),
	HINT("breadcrumb", 0, HINT_ASIDE),
	HINT("copyright", 0, HINT_ASIDE),
	HINT("carousel", 0, HINT_ASIDE),
	HINT("cookie", 0, HINT_ASIDE),
	HINT("modal", 0, HINT_ASIDE),
	HINT("advert", 0, HINT_ASIDE),
};

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
		if (!metadata_date_read(reader->months, text, reader->order, &row->date))
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

/* ---- Classes -------------------------------------------------------------------------------------------- */

_Static_assert(sizeof hint_rows / sizeof *hint_rows < HINT_MAX, "rows are numbered by a byte and must fit the chain");

void hint_index(struct metadata_reader *reader)
{
	for (unsigned char c = 'a'; c <= 'z'; c++) {
		reader->letter_case[c] = 1;
		reader->letter_case[c - 'a' + 'A'] = 2;
	}
	for (size_t i = sizeof hint_rows / sizeof *hint_rows; i-- > 0;) {
		uint8_t *head = &reader->hint_head[*hint_rows[i].text - 'a'];
		reader->hint_next[i] = *head;
		*head = (uint8_t)(i + 1);
		reader->hint_seconds[*hint_rows[i].text - 'a'] |= 1u << (hint_rows[i].text[1] & 31);
	}
}

enum { VALUE_MAX = 200 };

/* Whether a word of classes may begin with A, a letter, and B: most fail here. */
static inline bool may_be_hint(const struct metadata_reader *reader, uint8_t a, uint8_t b)
{
	return reader->hint_seconds[(a | 0x20) - 'a'] >> (b & 31) & 1;
}

/* WORD is two or more ASCII letters. */
static unsigned hints_of_word(const struct metadata_reader *reader, struct span word)
{
	unsigned first = ascii_lower((unsigned char)*word.data) - 'a' + 0u;
	for (size_t i = reader->hint_head[first]; i; i = reader->hint_next[i - 1]) {
		const struct hint_row *row = &hint_rows[i - 1];
		if ((row->exact ? word.size == row->size : word.size >= row->size) &&
		    (row->size == 2 || ascii_lower((unsigned char)word.data[2]) == (unsigned char)row->text[2]) &&
		    span_starts_nocase(word, (struct span){row->text, row->size}))
			return row->hints;
	}
	return 0;
}

/* A word begins where a letter follows what is none or a capital follows a small letter: where a byte's case is larger
 * than that of the byte before. */
static unsigned hints_of(const struct metadata_reader *reader, struct span value)
{
	unsigned hints = 0;
	const uint8_t *cases = reader->letter_case, *at = (const uint8_t *)value.data;
	const uint8_t *end = at + (value.size < VALUE_MAX ? value.size : VALUE_MAX);
	for (uint8_t last = 0, now; at < end; at++, last = now) {
		now = cases[*at];
		if (now <= last || at + 1 == end || !may_be_hint(reader, at[0], at[1]))
			continue;
		const uint8_t *stop = at + 1;
		while (stop < end && (uint8_t)(cases[*stop] - 1) < cases[stop[-1]])
			stop++;
		if (stop == end && value.size >= VALUE_MAX)
			break; /* a word that is cut there */
		if (stop > at + 1)
			hints |= hints_of_word(reader, (struct span){(const char *)at, (size_t)(stop - at)});
	}
	return hints;
}

/* Of a short text without a call: most classes are no longer than two words of memory. */
static inline uint64_t class_key(struct span value)
{
	uint64_t front = 0, back = 0;
	if (value.size > 16)
		return hash64(value.data, value.size, 1);
	if (value.size >= 8) {
		memcpy(&front, value.data, 8);
		memcpy(&back, value.data + value.size - 8, 8);
	} else {
		for (size_t i = 0; i < value.size; i++)
			front = front << 8 | (unsigned char)value.data[i];
	}
	uint64_t key = (front ^ value.size) * 0x9E3779B97F4A7C15u;
	return (key ^ key >> 29 ^ back) * 0xBF58476D1CE4E5B9u;
}

static unsigned class_hints(struct metadata_reader *reader, struct span value)
{
	if (value.size < 2)
		return 0;
	uint64_t key = class_key(value) | 1;
	struct class_memo *memo = &reader->memo[(key >> 20) % CLASS_MEMO];
	if (memo->key != key) {
		memo->key = key;
		memo->hints = (uint16_t)hints_of(reader, value);
	}
	return memo->hints;
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
	if (at == 15 || href.size <= 30 || (!strchr("cCwW", href.data[at + 2]) || !href.data[at + 2]))
		return false;
	struct span rest = span_slice(href, at + 2, SIZE_MAX);
	if (span_starts_nocase(rest, SPAN("www.")))
		rest = span_slice(rest, 4, SIZE_MAX);
	if (!span_starts_nocase(rest, SPAN("creativecommons.org/")))
		return false;
	rest = span_slice(rest, 20, SIZE_MAX);
	return span_starts(rest, SPAN("licenses/")) || span_starts(rest, SPAN("publicdomain/"));
}

static void on_link(struct metadata_reader *reader, uint32_t node)
{
	const struct html_tree *tree = reader->page->tree;
	struct span rel = html_attr(tree, node, HTML_ATTR_REL), href = span_trim(html_attr(tree, node, HTML_ATTR_HREF));
	if (!rel.size || !href.size)
		return;
	if (has_word(rel, "canonical"))
		keep_first(&reader->canonical, href);
	else if (has_word(rel, "license"))
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

/* Each part of the address is looked at once; most fail by their first byte. */
static bool is_author_address(const struct metadata_reader *reader, struct span href)
{
	if (href.size < 5 || href.size > 300)
		return false;
	const char *at = href.data, *end = href.data + href.size - 3;
	while (at < end && (at = memchr(at, '/', (size_t)(end - at)))) {
		struct span rest = {at + 1, (size_t)(href.data + href.size - at) - 1};
		for (size_t k = reader->path_head[(uint8_t)at[1]]; k; k = reader->path_next[k - 1])
			if (at[2] == author_paths[k - 1].data[1] && span_starts(rest, author_paths[k - 1]))
				return true;
		at++;
	}
	return false;
}

_Static_assert(sizeof author_paths / sizeof *author_paths < PATH_MAX_COUNT, "as for the hints");

void path_index(struct metadata_reader *reader)
{
	for (size_t i = sizeof author_paths / sizeof *author_paths; i-- > 0;) {
		uint8_t *head = &reader->path_head[(uint8_t)*author_paths[i].data];
		reader->path_next[i] = *head;
		*head = (uint8_t)(i + 1);
	}
}

static void on_anchor(struct walk *walk, uint32_t node)
{
	struct metadata_reader *reader = walk->reader;
	struct span rel = html_attr(walk->tree, node, HTML_ATTR_REL),
		    href = html_attr(walk->tree, node, HTML_ATTR_HREF);
	if (rel.size && !walk->aside && has_word(rel, "tag")) {
		struct span text = metadata_text(reader, node, 60);
		if (text.size)
			metadata_tags(reader, text);
	}
	bool author = rel.size && has_word(rel, "author");
	if (rel.size && has_word(rel, "license"))
		keep_first(&reader->license, href);
	else if (is_licence(href))
		keep_first(&reader->license, href);
	if (!author && (reader->authors.count > EVIDENCE_MAX / 2 || !is_author_address(reader, href)))
		return;
	struct span text = metadata_text(reader, node, 120);
	if (text.size)
		evidence_add(reader, author ? AUTHOR_REL : AUTHOR_HREF, text, reader->text_count, walk->aside);
}

/* Class, id and itemprop of an element in one look at its attributes. */
static unsigned look(struct walk *walk, uint32_t node, struct span *prop)
{
	static const uint8_t wanted[HTML_ATTR_COUNT] = {
		[HTML_ATTR_CLASS] = 1,    [HTML_ATTR_ID] = 1,          [HTML_ATTR_ITEMPROP] = 2,
		[HTML_ATTR_PROPERTY] = 2, [HTML_ATTR_DATA_TESTID] = 1, [HTML_ATTR_DATA_QA] = 1};
	const struct html_tree *tree = walk->tree;
	const struct html_node *n = &tree->nodes[node];
	unsigned hints = 0;
	*prop = SPAN_NONE;
	if (!n->count)
		return 0;
	for (const struct html_attribute *a = tree->attributes + n->attributes, *end = a + n->count; a < end; a++) {
		if (!wanted[a->id])
			continue;
		struct span value = {a->value, a->value_size};
		if (wanted[a->id] == 1)
			hints |= class_hints(walk->reader, value);
		else
			*prop = value;
	}
	return hints;
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
		evidence_add(walk->reader, look(walk, part, &prop) & HINT_TITLE ? TITLE_PART_CLASS : TITLE_PART, text,
			     at, walk->aside);
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

static const struct {
	const char *text;
	uint8_t label;
} label_rows[] = {
	{"publi", LABEL_PUBLISHED},
	{"posted", LABEL_PUBLISHED},
	{"pubbl", LABEL_PUBLISHED},
	{"veröffentlicht", LABEL_PUBLISHED},
	{"erstellt", LABEL_PUBLISHED},
	{"erschienen", LABEL_PUBLISHED},
	{"created", LABEL_PUBLISHED},
	{"first published", LABEL_PUBLISHED},
	{"date", LABEL_PUBLISHED},
	{"datum", LABEL_PUBLISHED},
	{"opublikowan", LABEL_PUBLISHED},
	{"опубликован", LABEL_PUBLISHED},
	{"gepubliceerd", LABEL_PUBLISHED},
	{"geplaatst", LABEL_PUBLISHED},
	{"julkaistu", LABEL_PUBLISHED},
	{"publicerad", LABEL_PUBLISHED},
	{"δημοσίευση", LABEL_PUBLISHED},
	{"发布", LABEL_PUBLISHED},
	{"发表", LABEL_PUBLISHED},
	{"公開日", LABEL_PUBLISHED},
	{"投稿日", LABEL_PUBLISHED},
	{"入力", LABEL_PUBLISHED},
	{"입력", LABEL_PUBLISHED},
	{"등록", LABEL_PUBLISHED},
	{"تاريخ النشر", LABEL_PUBLISHED},
	{"نشر", LABEL_PUBLISHED},
	{"stand", LABEL_PUBLISHED},
	{"fecha", LABEL_PUBLISHED},
	{"data", LABEL_PUBLISHED},
	{"issued", LABEL_PUBLISHED},
	{"released", LABEL_PUBLISHED},
	{"yayın", LABEL_PUBLISHED},
	{"giriş", LABEL_PUBLISHED},
	{"oluşturulma", LABEL_PUBLISHED},
	{"udgivet", LABEL_PUBLISHED},
	{"updated", LABEL_UPDATED},
	{"last updated", LABEL_UPDATED},
	{"update", LABEL_UPDATED},
	{"last modified", LABEL_UPDATED},
	{"modified", LABEL_UPDATED},
	{"aktualisiert", LABEL_UPDATED},
	{"mis à jour", LABEL_UPDATED},
	{"actualizado", LABEL_UPDATED},
	{"aggiornato", LABEL_UPDATED},
	{"atualizado", LABEL_UPDATED},
	{"обновлено", LABEL_UPDATED},
	{"更新", LABEL_UPDATED},
	{"güncelle", LABEL_UPDATED},
	{"last edited", LABEL_UPDATED},
	{"bijgewerkt", LABEL_UPDATED},
	{"päivitetty", LABEL_UPDATED},
	{"oppdatert", LABEL_UPDATED},
	{"uppdaterad", LABEL_UPDATED},
	{"수정", LABEL_UPDATED},
	{"zuletzt aktualisiert", LABEL_UPDATED},
	{"reviewed", LABEL_UPDATED},
};

_Static_assert(sizeof label_rows / sizeof *label_rows < LABEL_MAX, "as for the hints");

void label_index(struct metadata_reader *reader)
{
	for (size_t i = sizeof label_rows / sizeof *label_rows; i-- > 0;) {
		uint8_t *head = &reader->label_head[(uint8_t)*label_rows[i].text];
		reader->label_next[i] = *head;
		*head = (uint8_t)(i + 1);
	}
}

static enum date_label label_of(const struct metadata_reader *reader, struct span text)
{
	unsigned char second = text.size > 1 ? ascii_lower((unsigned char)text.data[1]) : 0;
	for (size_t i = reader->label_head[ascii_lower((unsigned char)*text.data)]; i; i = reader->label_next[i - 1])
		if ((unsigned char)label_rows[i - 1].text[1] == second &&
		    span_starts_nocase(text, span_of(label_rows[i - 1].text)))
			return (enum date_label)label_rows[i - 1].label;
	return LABEL_NONE;
}

/* Whether TEXT can hold a date: a year, or numbers divided by points or slashes, or digits of another script. */
static bool may_hold_date(struct span text)
{
	uint8_t digits = 0; /* of at most 160 bytes */
	unsigned dividers = 0;
	for (size_t i = 0; i < text.size; i++) { /* a loop without branches: sixteen bytes at a time */
		uint8_t c = (uint8_t)text.data[i];
		digits = (uint8_t)(digits + ((uint8_t)((uint8_t)(c - '0') < 10) | (uint8_t)(c == 0xD9) |
					     (uint8_t)(c == 0xDB) | (uint8_t)(c == 0xE0)));
	}
	if (digits < 3 || digits >= 5)
		return digits >= 5;
	for (size_t i = 1; i < text.size; i++)
		dividers += memchr("./-", text.data[i], 3) && ascii_is_digit((unsigned char)text.data[i - 1]);
	return dividers >= 2;
}

/* "(AGENCY) —" within the first bytes of a paragraph, and "Source: NAME". */
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
	if (reader->source_name.size || !reader->h1_count)
		return;
	bool maybe = text.size < 80 && memchr("SQFB\xD0\xE6\xCE", *text.data, 7);
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

/* A name and a date side by side, shortly behind a headline, are most often a by-line without a word for "by". */
static void on_neighbour(struct walk *walk, struct span text, uint32_t at, bool date)
{
	struct metadata_reader *reader = walk->reader;
	if (!reader->heading_text || at > reader->heading_text + BESIDE)
		return;
	if (date) {
		if (at == reader->name_next && author_begins_name(reader->name))
			evidence_add(reader, AUTHOR_BESIDE, reader->name, at, walk->aside);
		reader->date_next = at + 1;
	} else if (is_sign(text)) {
		reader->date_next += at == reader->date_next;
		reader->name_next += at == reader->name_next;
	} else if (text.size <= 80) {
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

/* White space at the start of TEXT: indentation, and nearly all of the texts between elements. */
static size_t blanks_at(struct span text)
{
	static const char eight[] = "        ";
	size_t start = 0;
	while (start < text.size && ascii_is_space((unsigned char)text.data[start])) {
		start++;
		while (start + 8 <= text.size && memcmp(text.data + start, eight, 8) == 0)
			start += 8;
	}
	return start;
}

static void on_text(struct walk *walk, struct span text)
{
	struct metadata_reader *reader = walk->reader;
	size_t start = blanks_at(text);
	if (start == text.size)
		return;
	uint32_t at = reader->text_count++;
	if (text.size - start > 160) {
		reader->text_label = LABEL_NONE;
		if (reader->text_count < 4000)
			agency(reader, span_slice(text, start, SIZE_MAX));
		return;
	}
	text = span_slice(text, start, SIZE_MAX);
	while (ascii_is_space((unsigned char)text.data[text.size - 1]))
		text.size--;
	agency(reader, text);
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

static void on_element(struct walk *walk, uint32_t node, enum html_tag tag)
{
	struct span prop;
	unsigned hints = look(walk, node, &prop);
	bool heading = tag == HTML_TAG_H1 || tag == HTML_TAG_H2 || tag == HTML_TAG_H3;
	bool aside = tag == HTML_TAG_ASIDE || tag == HTML_TAG_FOOTER || tag == HTML_TAG_NAV ||
		     ((hints & HINT_ASIDE) && tag != HTML_TAG_BODY && tag != HTML_TAG_ARTICLE && tag != HTML_TAG_MAIN);
	if (aside && !walk->open) {
		walk->aside = walk->open = true;
		walk->aside_end = html_skip(walk->tree, node, html_root(walk->tree));
	}
	if (heading || (hints & HINT_TITLE && tag != HTML_TAG_A && (tag == HTML_TAG_H4 || tag == HTML_TAG_H5)))
		on_heading(walk, node, tag, hints);
	if (prop.size)
		on_prop(walk, node, prop, heading);
	if (tag == HTML_TAG_TIME)
		on_time(walk, node, hints);
	else if (hints & (HINT_AUTHOR | HINT_BYLINE | HINT_DATE | HINT_UPDATED) && tag != HTML_TAG_BODY &&
		 tag != HTML_TAG_HTML)
		on_hints(walk, node, hints);
	if (tag == HTML_TAG_A)
		on_anchor(walk, node);
}

void metadata_scan(struct metadata_reader *reader)
{
	const struct html_tree *tree = reader->page->tree;
	uint32_t root = html_root(tree), node = root;
	struct walk walk = {.reader = reader, .tree = tree, .aside_end = HTML_NONE};
	while (node != HTML_NONE) {
		bool skip = false;
		if (walk.open && node == walk.aside_end)
			walk.aside = walk.open = false;
		if (html_kind(tree, node) == HTML_TEXT) {
			on_text(&walk, html_text(tree, node));
		} else if (html_kind(tree, node) == HTML_ELEMENT) {
			enum html_tag tag = html_tag(tree, node);
			switch (tag) {
			case HTML_TAG_META:
				on_meta(reader, node);
				break;
			case HTML_TAG_LINK:
				on_link(reader, node);
				break;
			case HTML_TAG_TITLE:
				if (!reader->element_title.size) {
					struct span text = metadata_text(reader, node, 1000);
					reader->element_title = text;
					evidence_add(reader, TITLE_ELEMENT, text, 0, false);
				}
				skip = true;
				break;
			case HTML_TAG_SCRIPT:
				on_script(reader, node);
				skip = true;
				break;
			case HTML_TAG_HTML:
				keep_first(&reader->language, html_attr(tree, node, HTML_ATTR_LANG));
				keep_first(&reader->language, html_attr(tree, node, HTML_ATTR_XML_LANG));
				break;
			default:
				skip = metadata_hidden_tag(tag);
				if (!skip)
					on_element(&walk, node, tag);
			}
		}
		node = skip ? html_skip(tree, node, root) : html_walk(tree, node, root);
	}
}
