/* metadata_class: what an element says it is, by its class, id and itemprop.
 *
 * The words of class and id are judged by a table, and the judgement of a whole value is memorised: a page repeats few
 * values many times. Words are found eight bytes at a time, and nearly all end at a look at their first two letters. */
#include "base/bytes8.h"
#include "extract/metadata_internal.h"

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

_Static_assert(sizeof hint_rows / sizeof *hint_rows < HINT_MAX, "rows are numbered by a byte and must fit the chain");

/* The chain of the rows that may begin with these two bytes, the first a letter. */
static inline size_t pair_of(char first, char second)
{
	return (size_t)(first & 31) << 5 | (second & 31);
}

void hint_index(struct metadata_reader *reader)
{
	for (size_t i = sizeof hint_rows / sizeof *hint_rows; i-- > 0;) {
		uint8_t *head = &reader->hint_head[pair_of(hint_rows[i].text[0], hint_rows[i].text[1])];
		reader->hint_next[i] = *head;
		*head = (uint8_t)(i + 1);
		reader->hint_front[i] = bytes8_at(hint_rows[i].text, 0, hint_rows[i].size);
		reader->hint_mask[i] =
			bytes8_at("\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF", 0, hint_rows[i].size < 8 ? hint_rows[i].size : 8);
	}
}

enum { VALUE_MAX = 200 };

static inline bool is_capital(char c)
{
	return (unsigned char)(c - 'A') < 26;
}

/* Where the word that begins at START ends: before what is no letter, or a capital behind a small letter. */
static size_t word_end(const char *text, size_t start, size_t size)
{
	size_t end = start + 1;
	while (end < size && ascii_is_alpha((unsigned char)text[end]) &&
	       (!is_capital(text[end]) || is_capital(text[end - 1])))
		end++;
	return end;
}

/* What the word says that begins at START, the first of its chain being ROW. Most of a chain fails by its first eight
 * letters, before the word's end is looked for. */
static unsigned hints_of_word(const struct metadata_reader *reader, struct span value, size_t start, size_t size,
			      size_t row)
{
	uint64_t front = bytes8_at(value.data, start, size) | BYTES8(0x20);
	for (size_t end = 0; row; row = reader->hint_next[row - 1]) {
		const struct hint_row *hint = &hint_rows[row - 1];
		if ((front ^ reader->hint_front[row - 1]) & reader->hint_mask[row - 1])
			continue;
		end = end ? end : word_end(value.data, start, size);
		if (end == size && value.size >= VALUE_MAX)
			return 0; /* a word that is cut there */
		if ((hint->exact ? end - start == hint->size : end - start >= hint->size) &&
		    (hint->size <= 8 || span_starts_nocase((struct span){value.data + start, end - start},
							   (struct span){hint->text, hint->size})))
			return hint->hints;
	}
	return 0;
}

/* A word begins where a letter follows what is none, or a capital a small letter. */
static unsigned hints_of(const struct metadata_reader *reader, struct span value)
{
	unsigned hints = 0;
	size_t size = value.size < VALUE_MAX ? value.size : VALUE_MAX;
	uint64_t letter = 0, capital = 0; /* of the byte before */
	for (size_t at = 0; at + 1 < size; at += 8) {
		uint64_t bytes = bytes8_at(value.data, at, size), letters = bytes8_letters(bytes);
		uint64_t capitals = letters & ~(bytes << 2); /* bit 5 is clear */
		uint64_t starts = letters & ~(letters << 8 | letter);
		letter = letters >> 56;
		if (capitals)
			starts |= capitals & ~(capitals << 8 | capital);
		capital = capitals >> 56;
		if (size - at <= 8) /* a last letter is no word */
			starts &= ((uint64_t)1 << 8 * (size - at - 1)) - 1;
		for (; starts; starts &= starts - 1) {
			size_t start = at + bytes8_first(starts);
			size_t row = reader->hint_head[pair_of(value.data[start], value.data[start + 1])];
			if (row)
				hints |= hints_of_word(reader, value, start, size, row);
		}
	}
	return hints;
}

/* VALUE is not empty. Values that share a key by chance or by craft are taken for one another on their own page only.
 */
static inline uint64_t class_key(struct span value)
{
	uint64_t key = value.size * 0x9E3779B97F4A7C15u;
	if (value.size < 8) {
		key ^= bytes8_part(value.data, value.size);
	} else {
		const char *at = value.data, *last = at + value.size - 8;
		for (; at < last; at += 8) {
			key = (key ^ bytes8(at)) * 0xFF51AFD7ED558CCDu;
			key ^= key >> 32;
		}
		key ^= bytes8(last);
	}
	key *= 0xC4CEB9FE1A85EC53u;
	return key ^ key >> 29;
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

unsigned element_hints(struct metadata_reader *reader, uint32_t node, struct span *prop)
{
	enum { CLASSES = 1, UNIQUE, VALUE };
	static const uint8_t wanted[HTML_ATTR_COUNT] = {
		[HTML_ATTR_CLASS] = CLASSES,   [HTML_ATTR_DATA_TESTID] = CLASSES,
		[HTML_ATTR_DATA_QA] = CLASSES, [HTML_ATTR_ID] = UNIQUE, /* on its page: not worth a memory */
		[HTML_ATTR_ITEMPROP] = VALUE,  [HTML_ATTR_PROPERTY] = VALUE};
	const struct html_tree *tree = reader->page->tree;
	const struct html_node *n = &tree->nodes[node];
	unsigned hints = 0;
	*prop = SPAN_NONE;
	if (!n->count) /* a page without attributes has no list of them */
		return 0;
	for (const struct html_attribute *a = tree->attributes + n->attributes, *end = a + n->count; a < end; a++) {
		if (!wanted[a->id])
			continue;
		struct span value = {a->value, a->value_size};
		switch (wanted[a->id]) {
		case CLASSES:
			hints |= class_hints(reader, value);
			break;
		case UNIQUE:
			hints |= hints_of(reader, value);
			break;
		case VALUE:
			*prop = value;
		}
	}
	return hints;
}
