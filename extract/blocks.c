/* blocks: one pre-order walk over the body that makes blocks of text and the skeleton of elements above them.
 *
 * Everything a feature may count about a character is counted here, while it is copied, so that no later pass touches
 * text again. Counts are integers; nothing depends on the machine. Splitting at block-level elements, hr and a double
 * br (rather than at every element) follows what a reader sees as a paragraph; inline markup stays inside its block as
 * counts (links, bold). */
#include "extract/blocks_internal.h"

#include "extract/model.h"

#include <stdlib.h>
#include <utf8proc.h>

enum tag_flag { TAG_SKIP = 1, TAG_INLINE = 2, TAG_BOLD = 4, TAG_LIST = 8, TAG_ROW = 16, TAG_PRE = 32 };

struct tag_rule {
	uint8_t flags, tag, ancestor; /* tag: block_tag + 1, 0 other; ancestor + 1, 0 none */
	uint8_t level;
};

#define SKIP(name) [HTML_TAG_##name] = {TAG_SKIP, 0, 0, 0}
#define INLINE(name) [HTML_TAG_##name] = {TAG_INLINE, 0, 0, 0}
#define PLAIN(name, kind) [HTML_TAG_##name] = {0, BLOCK_TAG_##kind + 1, 0, 0}
#define INSIDE(name, kind, above) [HTML_TAG_##name] = {0, BLOCK_TAG_##kind + 1, ANCESTOR_##above + 1, 0}
#define HEADING(name, kind, depth) [HTML_TAG_##name] = {0, BLOCK_TAG_##kind + 1, 0, depth}

static const struct tag_rule tag_rules[] = {
	SKIP(SCRIPT),
	SKIP(STYLE),
	SKIP(TEMPLATE),
	SKIP(SVG),
	SKIP(HEAD),
	SKIP(IFRAME),
	SKIP(OBJECT),
	SKIP(EMBED),
	SKIP(CANVAS),
	SKIP(AUDIO),
	SKIP(VIDEO),
	SKIP(SELECT),
	SKIP(OPTION),
	SKIP(TEXTAREA),
	SKIP(MAP),
	SKIP(MATH),
	SKIP(DATALIST),
	SKIP(APPLET),
	SKIP(NOFRAMES),
	SKIP(FRAMESET),
	SKIP(INPUT),
	SKIP(PROGRESS),
	SKIP(METER),
	INLINE(SPAN),
	INLINE(I),
	INLINE(EM),
	INLINE(U),
	INLINE(FONT),
	INLINE(SMALL),
	INLINE(SUB),
	INLINE(SUP),
	INLINE(CODE),
	INLINE(ABBR),
	INLINE(CITE),
	INLINE(Q),
	INLINE(TIME),
	INLINE(MARK),
	INLINE(S),
	INLINE(DEL),
	INLINE(INS),
	INLINE(TT),
	INLINE(BIG),
	INLINE(KBD),
	INLINE(VAR),
	INLINE(SAMP),
	INLINE(BDI),
	INLINE(BDO),
	INLINE(WBR),
	INLINE(ACRONYM),
	INLINE(NOBR),
	INLINE(PICTURE),
	INLINE(SOURCE),
	INLINE(STRIKE),
	INLINE(DFN),
	INLINE(RUBY),
	INLINE(RB),
	INLINE(RT),
	INLINE(RP),
	INLINE(DATA),
	[HTML_TAG_B] = {TAG_INLINE | TAG_BOLD, 0, 0, 0},
	[HTML_TAG_STRONG] = {TAG_INLINE | TAG_BOLD, 0, 0, 0},
	[HTML_TAG_A] = {TAG_INLINE, 0, ANCESTOR_a + 1, 0},
	[HTML_TAG_LABEL] = {TAG_INLINE, 0, ANCESTOR_button + 1, 0},
	PLAIN(P, p),
	PLAIN(DIV, div),
	PLAIN(TD, td),
	PLAIN(TH, td),
	PLAIN(DD, dd),
	PLAIN(DT, dd),
	PLAIN(CAPTION, figcaption),
	[HTML_TAG_PRE] = {TAG_PRE, BLOCK_TAG_pre + 1, 0, 0},
	[HTML_TAG_TR] = {TAG_ROW, 0, 0, 0},
	[HTML_TAG_UL] = {TAG_LIST, 0, 0, 0},
	[HTML_TAG_OL] = {TAG_LIST, 0, 0, 0},
	HEADING(H1, h1, 1),
	HEADING(H2, h2, 2),
	HEADING(H3, h3, 3),
	HEADING(H4, h4, 4),
	HEADING(H5, h4, 5),
	HEADING(H6, h4, 6),
	INSIDE(LI, li, li),
	INSIDE(BLOCKQUOTE, blockquote, blockquote),
	INSIDE(FIGCAPTION, figcaption, figure),
	INSIDE(SECTION, section, section),
	INSIDE(ARTICLE, article, article),
	INSIDE(MAIN, article, main),
	INSIDE(BUTTON, button, button),
	INSIDE(ASIDE, other, aside),
	INSIDE(NAV, other, nav),
	INSIDE(FOOTER, other, footer),
	INSIDE(HEADER, other, header),
	INSIDE(FORM, other, form),
	INSIDE(FIGURE, other, figure),
	INSIDE(TABLE, other, table),
	INSIDE(DL, other, dl),
	INSIDE(DETAILS, other, details),
	INSIDE(ADDRESS, other, address),
	INSIDE(DIALOG, other, hidden),
};

static struct tag_rule tag_rule(const struct html_tree *tree, uint32_t node)
{
	static const struct tag_rule other = {0, 0, 0, 0};
	unsigned tag = (unsigned)html_tag(tree, node);
	return tag < sizeof tag_rules / sizeof *tag_rules ? tag_rules[tag] : other;
}

/* ---- Characters --------------------------------------------------------------------------------------- */

/* Scripts written without blanks count a token a character. Hangul has blanks. */
static bool is_cjk(uint32_t code)
{
	return (code >= 0x3040 && code <= 0x30ff) || (code >= 0x3400 && code <= 0x4dbf) ||
	       (code >= 0x4e00 && code <= 0x9fff) || (code >= 0xf900 && code <= 0xfaff) ||
	       (code >= 0xe00 && code <= 0xeff) || (code >= 0x1000 && code <= 0x109f) ||
	       (code >= 0x1780 && code <= 0x17ff) || (code >= 0x20000 && code <= 0x3ffff);
}

static const struct {
	uint32_t code;
	uint16_t class;
} special[] = {
	{'.', CHAR_STOP | CHAR_END},
	{'!', CHAR_STOP | CHAR_END},
	{'?', CHAR_STOP | CHAR_END},
	{0x3002, CHAR_STOP | CHAR_END},
	{0xff01, CHAR_STOP | CHAR_END},
	{0xff1f, CHAR_STOP | CHAR_END},
	{0x2026, CHAR_STOP | CHAR_END},
	{0x964, CHAR_STOP | CHAR_END},
	{0x61f, CHAR_STOP | CHAR_END},
	{0x6d4, CHAR_STOP | CHAR_END},
	{'"', CHAR_END | CHAR_QUOTE},
	{0x201d, CHAR_END},
	{0x2019, CHAR_END},
	{'\'', CHAR_END | CHAR_QUOTE},
	{0xbb, CHAR_END | CHAR_SYMBOL},
	{')', CHAR_END},
	{0x300d, CHAR_END},
	{0x300f, CHAR_END},
	{0x201c, CHAR_QUOTE},
	{0xab, CHAR_QUOTE},
	{0x300c, CHAR_QUOTE},
	{0x2018, CHAR_QUOTE},
	{0x2014, CHAR_QUOTE},
	{0x2013, CHAR_QUOTE},
	{'-', CHAR_QUOTE},
	{',', CHAR_COMMA},
	{0x60c, CHAR_COMMA},
	{0x3001, CHAR_COMMA},
	{0xff0c, CHAR_COMMA},
	{';', CHAR_COMMA},
	{0xff1b, CHAR_COMMA},
	{'|', CHAR_SYMBOL},
	{0xa9, CHAR_SYMBOL},
	{0xae, CHAR_SYMBOL},
	{0x2022, CHAR_SYMBOL},
	{0x203a, CHAR_SYMBOL},
	{0x2192, CHAR_SYMBOL},
	{0x25b6, CHAR_SYMBOL},
	{0x2605, CHAR_SYMBOL},
	{0xb7, CHAR_SYMBOL},
	{0xa0, CHAR_SPACE},
	{0x85, CHAR_SPACE},
	{0x1680, CHAR_SPACE},
	{0x2028, CHAR_SPACE},
	{0x2029, CHAR_SPACE},
	{0x202f, CHAR_SPACE},
	{0x205f, CHAR_SPACE},
	{0x3000, CHAR_SPACE},
	{0xad, CHAR_DROP},
	{0x200b, CHAR_DROP},
	{0x200c, CHAR_JOINER},
	{0x200d, CHAR_JOINER},
	{0x200e, CHAR_DROP},
	{0x200f, CHAR_DROP},
	{0x2060, CHAR_DROP},
	{0xfeff, CHAR_DROP},
	{0xfffd, CHAR_DROP},
	{'_', CHAR_LETTER},
	{'$', CHAR_MONEY},
	{0xa3, CHAR_MONEY},
	{0xa5, CHAR_MONEY},
	{0x20ac, CHAR_MONEY},
	{0x20b9, CHAR_MONEY},
	{0x20bd, CHAR_MONEY},
};

static unsigned slow_class(uint32_t code)
{
	if (code <= ' ')
		return (code >= 9 && code <= 13) || code == ' ' ? CHAR_SPACE : CHAR_DROP;
	for (size_t i = 0; i < sizeof special / sizeof *special; i++)
		if (special[i].code == code)
			return special[i].class;
	if ((code >= 0x2000 && code <= 0x200a))
		return CHAR_SPACE;
	if ((code >= 0x202a && code <= 0x202e) || (code >= 0x2061 && code <= 0x206f) || (code >= 0x7f && code < 0xa0))
		return CHAR_DROP;
	if (is_cjk(code))
		return CHAR_CJK | CHAR_LETTER;
	switch (utf8proc_category((utf8proc_int32_t)code)) {
	case UTF8PROC_CATEGORY_LU:
	case UTF8PROC_CATEGORY_LT:
		return CHAR_LETTER | CHAR_UPPER;
	case UTF8PROC_CATEGORY_LL:
	case UTF8PROC_CATEGORY_LM:
	case UTF8PROC_CATEGORY_LO:
	case UTF8PROC_CATEGORY_MN:
	case UTF8PROC_CATEGORY_MC:
	case UTF8PROC_CATEGORY_ME:
		return CHAR_LETTER;
	case UTF8PROC_CATEGORY_ND:
	case UTF8PROC_CATEGORY_NL:
	case UTF8PROC_CATEGORY_NO:
		return CHAR_DIGIT;
	default:
		return 0;
	}
}

#define CLASS_TABLE 0x800u

unsigned char_class(const struct blocks *blocks, uint32_t code)
{
	if (code < CLASS_TABLE)
		return blocks->classes[code];
	if ((code >= 0x4e00 && code <= 0x9fff) || (code >= 0x3040 && code <= 0x30ff))
		return CHAR_CJK | CHAR_LETTER;
	return slow_class(code);
}

static uint32_t lower(uint32_t code)
{
	return code < 0x80 ? code | 0x20 : (uint32_t)utf8proc_tolower((utf8proc_int32_t)code);
}

static uint32_t mix32(uint32_t h)
{
	h ^= h >> 16;
	h *= 0x85ebca6bu;
	h ^= h >> 13;
	h *= 0xc2b2ae35u;
	return h ^ h >> 16;
}

#define TOKEN_SEED 0x811c9dc5u
#define TOKEN_STEP(h, code) (((h) ^ (code)) * 0x01000193u)

/* ---- Element tokens ----------------------------------------------------------------------------------- */

struct token_set {
	uint32_t *out;
	size_t count;
};

static void token_add(struct token_set *set, uint32_t hash)
{
	if (set->count == ELEMENT_TOKENS)
		return;
	hash = mix32(hash);
	for (size_t i = 0; i < set->count; i++)
		if (set->out[i] == hash)
			return;
	set->out[set->count++] = hash;
}

/* The words of one blank-separated name: letters only, split at other characters and at camelCase; where there are
 * several, their chain "a-b-c" comes first, since "entry-content" says more than its parts. */
static void name_tokens(struct token_set *set, struct span name, char prefix)
{
	uint32_t parts[ELEMENT_TOKENS], start = prefix ? TOKEN_STEP(TOKEN_SEED, (unsigned char)prefix) : TOKEN_SEED;
	uint32_t hash = start, chain = start;
	size_t count = 0, size = 0, chained = 0;
	for (size_t i = 0; i <= name.size; i++) {
		unsigned char c = i < name.size ? (unsigned char)name.data[i] : 0;
		bool upper = c >= 'A' && c <= 'Z', letter = ascii_is_alpha(c);
		bool camel = upper && i && name.data[i - 1] >= 'a' && name.data[i - 1] <= 'z';
		if ((!letter || camel) && size) {
			if (size > 1 && count < ELEMENT_TOKENS)
				parts[count++] = hash;
			hash = start;
			size = 0;
		}
		if (!letter)
			continue;
		if (!size && chained)
			chain = TOKEN_STEP(chain, '-');
		c |= 0x20;
		hash = TOKEN_STEP(hash, c);
		if (chained++ < 40)
			chain = TOKEN_STEP(chain, c);
		size++;
	}
	if (count > 1 && !prefix)
		token_add(set, chain);
	for (size_t i = 0; i < count; i++)
		token_add(set, parts[i]);
}

static void list_tokens(struct token_set *set, struct span list)
{
	size_t i = 0;
	if (list.size > 300)
		list.size = 300;
	while (i < list.size) {
		while (i < list.size && ascii_is_space((unsigned char)list.data[i]))
			i++;
		size_t from = i;
		while (i < list.size && !ascii_is_space((unsigned char)list.data[i]))
			i++;
		if (i > from)
			name_tokens(set, span_slice(list, from, i - from), 0);
	}
}

/* Prefix that keeps the vocabularies of attributes apart; 0: not read. */
static char attribute_prefix(enum html_attr attr)
{
	switch (attr) {
	case HTML_ATTR_ITEMPROP:
	case HTML_ATTR_PROPERTY:
		return '@';
	case HTML_ATTR_ITEMTYPE:
		return '^';
	case HTML_ATTR_ROLE:
		return '%';
	case HTML_ATTR_REL:
		return '&';
	case HTML_ATTR_ARIA_LABEL:
		return '~';
	case HTML_ATTR_DATA_COMPONENT:
	case HTML_ATTR_DATA_COMPONENT_NAME:
	case HTML_ATTR_DATA_TESTID:
	case HTML_ATTR_DATA_QA:
	case HTML_ATTR_DATA_TYPE:
	case HTML_ATTR_DATA_MODULE:
	case HTML_ATTR_DATA_BLOCK:
	case HTML_ATTR_DATA_WIDGET:
		return '#';
	default:
		return 0;
	}
}

size_t element_tokens(const struct html_tree *tree, uint32_t node, uint32_t out[ELEMENT_TOKENS])
{
	struct token_set set = {out, 0};
	uint32_t count = html_attr_count(tree, node);
	struct span name, value;
	if (!count)
		return 0;
	list_tokens(&set, html_attr(tree, node, HTML_ATTR_CLASS));
	list_tokens(&set, html_attr(tree, node, HTML_ATTR_ID));
	for (uint32_t i = 0; i < count && i < 32; i++) {
		enum html_attr attr = html_attr_at(tree, node, i, &name, &value);
		char prefix = attribute_prefix(attr);
		if (!prefix || !value.size)
			continue;
		size_t slash = value.size;
		while (slash && value.data[slash - 1] != '/')
			slash--;
		name_tokens(&set, span_slice(value, slash, 60), prefix);
	}
	return set.count;
}

/* The memo answers for all attributes at once: pages of one site, and the rows of one list, repeat them endlessly. */
#define MEMO_BITS 12
struct class_memo {
	uint64_t key;
	uint32_t signature;
	int16_t score;
	bool hidden;
};

static uint32_t signature_of(struct span list)
{
	uint32_t hash = TOKEN_SEED;
	for (size_t i = 0; i < list.size; i++)
		if (!ascii_is_digit((unsigned char)list.data[i]))
			hash = TOKEN_STEP(hash, (unsigned char)list.data[i]);
	return mix32(hash);
}

static bool style_hides(struct span style)
{
	char text[200];
	size_t size = 0;
	for (size_t i = 0; i < style.size && size < sizeof text; i++)
		if (!ascii_is_space((unsigned char)style.data[i]))
			text[size++] = (char)ascii_lower((unsigned char)style.data[i]);
	struct span flat = {text, size};
	return span_find(flat, SPAN("display:none")) != SIZE_MAX ||
	       span_find(flat, SPAN("visibility:hidden")) != SIZE_MAX;
}

static const struct class_memo *element_look(struct blocks *blocks, const struct html_tree *tree, uint32_t node,
					     const struct model_tokens *tokens)
{
	static const struct class_memo bare = {0, 0, 0, false};
	uint32_t count = html_attr_count(tree, node);
	uint64_t key = 0x9e3779b97f4a7c15u;
	bool any = false, hidden = false;
	struct span name, value;
	for (uint32_t i = 0; i < count && i < 32; i++) {
		enum html_attr attr = html_attr_at(tree, node, i, &name, &value);
		bool listed = attr == HTML_ATTR_CLASS || attr == HTML_ATTR_ID;
		hidden |= attr == HTML_ATTR_HIDDEN;
		if (!listed && attr != HTML_ATTR_STYLE && attr != HTML_ATTR_ARIA_HIDDEN && !attribute_prefix(attr))
			continue;
		any = true;
		key = hash64(value.data, value.size < 300 ? value.size : 300, key + (uint64_t)attr);
	}
	key += hidden;
	if (!any && !hidden)
		return &bare;
	struct class_memo *memo = &blocks->memo[key >> (64 - MEMO_BITS)];
	if (memo->key == key)
		return memo;
	uint32_t out[ELEMENT_TOKENS];
	size_t n = element_tokens(tree, node, out);
	memo->key = key;
	memo->score = (int16_t)model_element_score(tokens, out, n);
	memo->signature = signature_of(html_attr(tree, node, HTML_ATTR_CLASS));
	memo->hidden = hidden || span_equal(html_attr(tree, node, HTML_ATTR_ARIA_HIDDEN), SPAN("true")) ||
		       style_hides(html_attr(tree, node, HTML_ATTR_STYLE));
	return memo;
}

/* ---- The walk ----------------------------------------------------------------------------------------- */

struct reader {
	struct blocks *blocks;
	const struct html_tree *tree;
	const struct model_tokens *tokens;
	struct block block; /* the open one */
	uint32_t current;   /* element */
	uint32_t bold, breaks, headings, pre;
	uint32_t token, previous_cjk, previous;
	uint64_t hash;
	bool in_token, space, line, piece;
	uint32_t newlines, blanks; /* pending inside pre */
	uint16_t images;
	enum status status;
};

static void block_start(struct reader *reader)
{
	struct blocks *blocks = reader->blocks;
	memset(&reader->block, 0, sizeof reader->block);
	reader->block.offset = (uint32_t)blocks->text.size;
	reader->block.hashes = (uint32_t)blocks->hash_count;
	reader->token = TOKEN_SEED;
	reader->hash = 0;
	reader->in_token = reader->space = reader->line = reader->piece = false;
	reader->newlines = reader->blanks = reader->previous_cjk = reader->previous = 0;
	reader->block.node_first = HTML_NONE;
}

static void token_end(struct reader *reader)
{
	struct block *block = &reader->block;
	uint32_t hash = mix32(reader->token);
	reader->hash = (reader->hash ^ hash) * 0x9e3779b97f4a7c15u;
	reader->hash ^= reader->hash >> 29;
	if (block->hash_count < TOKENS_KEPT) {
		reader->blocks->hashes[reader->blocks->hash_count++] = hash;
		block->hash_count++;
	}
	block->last_hashes[block->tokens % TOKENS_LAST] = hash;
	block->tokens++;
	reader->token = TOKEN_SEED;
	reader->in_token = false;
}

static bool is_month(const char *word)
{
	static const char months[] = "janfebmaraprmayjunjulaugsepoctnovdec";
	for (size_t m = 0; m + 3 < sizeof months; m += 3)
		if (((unsigned char)word[0] | 0x20) == months[m] && ((unsigned char)word[1] | 0x20) == months[m + 1] &&
		    ((unsigned char)word[2] | 0x20) == months[m + 2])
			return true;
	return false;
}

/* The number at AT (of DIGITS digits) as part of a date: a year, a clock time, 1.2.2003, or after an English month. */
static bool number_dates(struct span text, size_t at, size_t digits)
{
	struct span after = span_slice(text, at + digits, 6);
	if (digits == 4 && (!memcmp(text.data + at, "19", 2) || !memcmp(text.data + at, "20", 2)))
		return true;
	if (digits <= 2 && after.size >= 3 && strchr(":h./-", after.data[0]) &&
	    ascii_is_digit((unsigned char)after.data[1]) && ascii_is_digit((unsigned char)after.data[2]))
		return true;
	if (after.size >= 3 && (!memcmp(after.data, "\xe5\xb9\xb4", 3) || !memcmp(after.data, "\xe6\x9c\x88", 3)))
		return true;
	size_t end = at;
	while (end && (text.data[end - 1] == ' ' || text.data[end - 1] == '.'))
		end--;
	size_t from = end;
	while (from && ascii_is_alpha((unsigned char)text.data[from - 1]))
		from--;
	return end < at && end - from >= 3 && end - from <= 9 && is_month(text.data + from);
}

/* What by-lines hold: a date, or "3 days ago". */
static bool looks_dated(struct span text)
{
	for (size_t i = 0; i < text.size; i++) {
		unsigned char c = (unsigned char)text.data[i];
		if (ascii_is_digit(c)) {
			size_t n = 1;
			while (i + n < text.size && ascii_is_digit((unsigned char)text.data[i + n]))
				n++;
			if (number_dates(text, i, n))
				return true;
			i += n - 1;
		} else if (c == 'g' && i && i + 1 < text.size && (text.data[i - 1] | 0x20) == 'a' &&
			   text.data[i + 1] == 'o' && (i < 2 || text.data[i - 2] == ' ') &&
			   (i + 2 == text.size || !ascii_is_alpha((unsigned char)text.data[i + 2]))) {
			return true;
		}
	}
	return false;
}

static enum status grow(void **items, size_t *capacity, size_t need, size_t size)
{
	if (need <= *capacity)
		return STATUS_OK;
	size_t target = *capacity ? *capacity * 2 : 1024;
	void *bigger = realloc(*items, target * size);
	if (!bigger)
		return STATUS_MEMORY;
	*items = bigger;
	*capacity = target;
	return STATUS_OK;
}

static void block_end(struct reader *reader)
{
	struct blocks *blocks = reader->blocks;
	struct block *block = &reader->block;
	if (reader->in_token)
		token_end(reader);
	if (!block->chars || blocks->count == BLOCK_MAX) {
		blocks->cut |= block->chars > 0;
		blocks->text.size = block->offset;
		blocks->hash_count = block->hashes;
		block_start(reader);
		return;
	}
	uint32_t at = reader->current;
	while (blocks->elements[at].inline_level && blocks->elements[at].parent != UINT32_MAX)
		at = blocks->elements[at].parent;
	block->element = at;
	block->size = (uint32_t)(blocks->text.size - block->offset);
	block->words = block->tokens * WORD - block->cjk * (WORD - 11);
	block->is_long = block->words >= 18 * WORD && block->link_chars * 20 < block->chars * 7;
	block->hash = reader->hash ? reader->hash : hash64(blocks->text.data + block->offset, block->size, 0);
	block->images = reader->images;
	reader->images = 0;
	if (block->digits || block->tokens < 40)
		block->date = block->size < 200 && looks_dated(block_text(blocks, block));
	reader->status = grow((void **)&blocks->items, &blocks->capacity, blocks->count + 1, sizeof *blocks->items);
	if (!reader->status)
		blocks->items[blocks->count++] = *block;
	if (!reader->status)
		reader->status =
			grow((void **)&blocks->hashes, &blocks->hash_capacity, blocks->hash_count + TOKENS_KEPT, 4);
	block_start(reader);
}

/* White space that is due before the next character. */
static char *write_space(struct reader *reader, char *out)
{
	if (reader->block.pre && (reader->newlines || reader->blanks)) {
		for (; reader->newlines; reader->newlines--)
			*out++ = '\n';
		for (; reader->blanks; reader->blanks--)
			*out++ = ' ';
	} else if (reader->line) {
		*out++ = '\n';
	} else if (reader->space) {
		*out++ = ' ';
	}
	reader->space = reader->line = false;
	reader->newlines = reader->blanks = 0;
	return out;
}

static void space_seen(struct reader *reader, uint32_t code)
{
	if (reader->in_token)
		token_end(reader);
	reader->previous_cjk = 0;
	reader->piece = false;
	if (!reader->block.chars)
		return;
	reader->space = true;
	if (!reader->block.pre)
		return;
	if (code == '\n') {
		reader->newlines += reader->newlines < 2;
		reader->blanks = 0;
	} else {
		unsigned wide = code == '\t' ? 4 : 1;
		reader->blanks += reader->blanks + wide <= 64 ? wide : 0;
	}
}

/* A joiner matters between letters of Arabic and Indic scripts and inside emoji, and is dropped elsewhere. */
static bool joiner_matters(uint32_t before)
{
	return (before >= 0x600 && before < 0xe00) || before >= 0x1f000 || (before >= 0x2600 && before < 0x27c0);
}

static void count_character(struct reader *reader, uint32_t code, unsigned class)
{
	struct block *block = &reader->block;
	block->chars++;
	if (!reader->piece) {
		reader->piece = true;
		block->pieces++;
		block->caps += (class & CHAR_UPPER) != 0;
	}
	if (block->chars == 1)
		block->head_code = code;
	block->letters += (class & CHAR_LETTER) != 0;
	block->upper += (class & CHAR_UPPER) != 0;
	block->digits += (class & CHAR_DIGIT) != 0;
	block->stops += (class & CHAR_STOP) != 0;
	block->commas += (class & CHAR_COMMA) != 0;
	block->symbol |= (class & CHAR_SYMBOL) != 0;
	block->money += (class & CHAR_MONEY) != 0;
	if (class & CHAR_CJK) {
		if (reader->in_token)
			token_end(reader);
		/* pairs of characters say more than one */
		reader->token = TOKEN_STEP(TOKEN_STEP(TOKEN_SEED, reader->previous_cjk), code);
		reader->previous_cjk = code;
		block->cjk++;
		token_end(reader);
		return;
	}
	reader->previous_cjk = 0;
	if (class & (CHAR_LETTER | CHAR_DIGIT)) {
		reader->token = TOKEN_STEP(reader->token, class & CHAR_UPPER ? lower(code) : code);
		reader->in_token = true;
	} else if (reader->in_token) {
		token_end(reader);
	}
}

/* Most characters of most pages: a run of a-z, counted as count_character would. */
static inline char *add_small_letters(struct reader *reader, const char **from, const char *end, char *out)
{
	struct block *block = &reader->block;
	const char *at = *from;
	uint32_t token = reader->token;
	if (reader->space)
		*out++ = ' ';
	if (!reader->piece)
		block->pieces++;
	if (!block->chars)
		block->head_code = (unsigned char)*at;
	do {
		token = TOKEN_STEP(token, (unsigned char)*at);
		*out++ = *at++;
	} while (at < end && (unsigned char)(*at - 'a') < 26);
	uint32_t count = (uint32_t)(at - *from);
	block->chars += count;
	block->letters += count;
	reader->token = token;
	reader->previous = (unsigned char)at[-1];
	reader->previous_cjk = 0;
	reader->space = false;
	reader->piece = reader->in_token = true;
	*from = at;
	return out;
}

static void add_text(struct reader *reader, uint32_t node, struct span text)
{
	struct blocks *blocks = reader->blocks;
	struct block *block = &reader->block;
	const char *at = text.data, *end = at + text.size;
	if (!text.size || reader->status)
		return;
	if (!block->chars && reader->pre)
		block->pre = true;
	if (buffer_reserve(&blocks->text, text.size * 2 + 80)) { /* a pending tab may widen */
		blocks->cut = true;
		return;
	}
	uint32_t chars = block->chars;
	char *out = blocks->text.data + blocks->text.size;
	while (at < end) {
		if ((unsigned char)(*at - 'a') < 26 && !reader->line && !block->pre) {
			out = add_small_letters(reader, &at, end, out);
			continue;
		}
		const char *from = at;
		uint32_t code = (unsigned char)*at;
		if (code == ' ' && !block->pre) {
			space_seen(reader, code);
			at++;
			continue;
		}
		if (code < 0x80)
			at++;
		else
			code = utf8_next(&at, end);
		unsigned class = char_class(blocks, code);
		if (class & CHAR_SPACE) {
			space_seen(reader, code);
			continue;
		}
		if (class & CHAR_DROP || (class & CHAR_JOINER && !joiner_matters(reader->previous)))
			continue;
		if (reader->space | reader->line)
			out = write_space(reader, out);
		for (; from < at; from++)
			*out++ = *from;
		reader->previous = code;
		if (!(class & CHAR_JOINER))
			count_character(reader, code, class);
	}
	blocks->text.size = (size_t)(out - blocks->text.data);
	if (block->chars == chars)
		return;
	block->tail_code = reader->previous;
	reader->breaks = 0;
	if (block->node_first == HTML_NONE)
		block->node_first = node;
	block->node_last = node;
	if (blocks->elements[reader->current].ancestors[ANCESTOR_a])
		block->link_chars += block->chars - chars;
	if (reader->bold)
		block->bold_chars += block->chars - chars;
}

static void line_break(struct reader *reader)
{
	reader->block.breaks++;
	if (++reader->breaks >= 2) {
		uint32_t breaks = reader->breaks;
		block_end(reader);
		reader->breaks = breaks;
	} else if (reader->block.chars) {
		space_seen(reader, '\n');
		reader->line = true;
	}
}

static void element_open(struct reader *reader, uint32_t node, struct tag_rule rule)
{
	struct blocks *blocks = reader->blocks;
	if (!(rule.flags & TAG_INLINE))
		block_end(reader);
	if (blocks->element_count == ELEMENT_MAX) {
		blocks->cut = true;
		return;
	}
	reader->status = grow((void **)&blocks->elements, &blocks->element_capacity, blocks->element_count + 1,
			      sizeof(struct element));
	if (reader->status)
		return;
	const struct class_memo *look = element_look(blocks, reader->tree, node, reader->tokens);
	struct element *element = &blocks->elements[blocks->element_count];
	const struct element *parent = blocks->element_count ? &blocks->elements[reader->current] : NULL;
	memset(element, 0, sizeof *element);
	element->node = node;
	element->parent = UINT32_MAX;
	element->row = element->list = UINT32_MAX;
	element->tag = rule.tag ? rule.tag - 1 : BLOCK_TAG_other;
	element->inline_level = (rule.flags & TAG_INLINE) != 0;
	element->readable = INT32_MIN;
	element->level = rule.level;
	if (parent) {
		element->parent = reader->current;
		element->depth = parent->depth + 1;
		memcpy(element->ancestors, parent->ancestors, sizeof element->ancestors);
		element->path_sum = parent->path_sum;
		element->path_min = parent->path_min;
		element->path_max = parent->path_max;
		element->row = parent->row;
		element->list = parent->list;
		element->list_depth = parent->list_depth;
		element->signature = parent->signature;
		element->level += element->inline_level ? parent->level : 0;
	}
	element->signature = mix32(element->signature * 31 + look->signature + (uint32_t)html_tag(reader->tree, node));
	element->score = look->score;
	int sum = element->path_sum + look->score;
	element->path_sum = (int16_t)(sum < -20000 ? -20000 : sum > 20000 ? 20000 : sum);
	if (look->score < element->path_min)
		element->path_min = look->score;
	if (look->score > element->path_max)
		element->path_max = look->score;
	if (rule.ancestor && element->ancestors[rule.ancestor - 1] < 5)
		element->ancestors[rule.ancestor - 1]++;
	if (look->hidden && element->ancestors[ANCESTOR_hidden] < 5)
		element->ancestors[ANCESTOR_hidden]++;
	if (rule.flags & TAG_ROW)
		element->row = (uint32_t)blocks->element_count;
	if (rule.flags & TAG_LIST) {
		element->list = (uint32_t)blocks->element_count;
		element->list_depth += element->list_depth < 9;
	}
	reader->headings += rule.level > 0;
	element->heading = reader->headings;
	element->first = (uint32_t)blocks->count;
	reader->current = (uint32_t)blocks->element_count++;
	if (element->inline_level) {
		if (look->score < reader->block.inline_min)
			reader->block.inline_min = look->score;
		if (look->score > reader->block.inline_max)
			reader->block.inline_max = look->score;
	}
	reader->block.links += rule.ancestor == ANCESTOR_a + 1;
	reader->bold += (rule.flags & TAG_BOLD) != 0;
	reader->pre += (rule.flags & TAG_PRE) != 0;
}

static void element_close(struct reader *reader, uint32_t node)
{
	struct blocks *blocks = reader->blocks;
	if (blocks->elements[reader->current].node != node)
		return; /* over the ceiling, never opened */
	struct tag_rule rule = tag_rule(reader->tree, node);
	if (!(rule.flags & TAG_INLINE))
		block_end(reader);
	reader->bold -= (rule.flags & TAG_BOLD) != 0;
	reader->pre -= (rule.flags & TAG_PRE) != 0;
	blocks->elements[reader->current].last = (uint32_t)blocks->count;
	if (blocks->elements[reader->current].parent != UINT32_MAX)
		reader->current = blocks->elements[reader->current].parent;
}

/* True when NODE has children to walk. */
static bool node_open(struct reader *reader, uint32_t node, bool noscript)
{
	switch (html_kind(reader->tree, node)) {
	case HTML_TEXT:
		add_text(reader, node, html_text(reader->tree, node));
		return false;
	case HTML_ELEMENT:
		break;
	default:
		return false;
	}
	enum html_tag tag = html_tag(reader->tree, node);
	struct tag_rule rule = tag_rule(reader->tree, node);
	if (rule.flags & TAG_SKIP || (tag == HTML_TAG_NOSCRIPT && !noscript) ||
	    html_ns(reader->tree, node) != HTML_NS_HTML)
		return false;
	if (tag == HTML_TAG_BR) {
		line_break(reader);
		return false;
	}
	if (tag == HTML_TAG_HR) {
		block_end(reader);
		return false;
	}
	if (tag == HTML_TAG_IMG) {
		reader->blocks->elements[reader->current].images++;
		reader->images += reader->images < 100;
		return false;
	}
	element_open(reader, node, rule);
	return true;
}

enum status blocks_read(struct blocks *blocks, const struct html_tree *tree, bool noscript,
			const struct model_tokens *tokens)
{
	uint32_t body = html_body(tree);
	struct reader reader = {.blocks = blocks, .tree = tree, .tokens = tokens};
	blocks->element_count = blocks->count = blocks->hash_count = 0;
	buffer_clear(&blocks->text);
	blocks->cut = false;
	if (body == HTML_NONE)
		return STATUS_OK;
	reader.status = grow((void **)&blocks->hashes, &blocks->hash_capacity, TOKENS_KEPT, sizeof *blocks->hashes);
	block_start(&reader);
	if (!reader.status)
		element_open(&reader, body, (struct tag_rule){0, 0, 0, 0});
	uint32_t node = body, next = reader.status ? HTML_NONE : html_first(tree, body); /* NEXT is a child of NODE */
	while (!reader.status) {
		if (next == HTML_NONE) {
			element_close(&reader, node);
			if (node == body)
				break;
			next = html_next(tree, node);
			node = html_parent(tree, node);
		} else if (node_open(&reader, next, noscript)) {
			node = next;
			next = html_first(tree, node);
		} else {
			next = html_next(tree, next);
		}
	}
	return reader.status ? reader.status : blocks->text.status == STATUS_MEMORY ? STATUS_MEMORY : STATUS_OK;
}

/* ---- Life --------------------------------------------------------------------------------------------- */

enum status blocks_init(struct blocks *blocks)
{
	memset(blocks, 0, sizeof *blocks);
	buffer_init(&blocks->text, (size_t)256 << 20);
	blocks->memo = calloc((size_t)1 << MEMO_BITS, sizeof *blocks->memo);
	blocks->classes = calloc(CLASS_TABLE, sizeof *blocks->classes);
	if (!blocks->memo || !blocks->classes) {
		blocks_free(blocks);
		return STATUS_MEMORY;
	}
	for (uint32_t code = 0; code < CLASS_TABLE; code++)
		blocks->classes[code] = (uint16_t)slow_class(code);
	return STATUS_OK;
}

void blocks_free(struct blocks *blocks)
{
	free(blocks->elements);
	free(blocks->items);
	free(blocks->hashes);
	free(blocks->memo);
	free(blocks->classes);
	buffer_free(&blocks->text);
	memset(blocks, 0, sizeof *blocks);
}

size_t text_tokens(const struct blocks *blocks, struct span text, uint32_t *out, size_t max)
{
	const char *at = text.data, *end = at + text.size;
	uint32_t token = TOKEN_SEED, cjk = 0;
	bool in_token = false;
	size_t count = 0;
	while (at < end && count < max) {
		uint32_t code = utf8_next(&at, end);
		unsigned class = char_class(blocks, code);
		if (class & (CHAR_DROP | CHAR_JOINER))
			continue;
		bool word = (class & (CHAR_LETTER | CHAR_DIGIT)) && !(class & CHAR_CJK);
		if (word) {
			token = TOKEN_STEP(token, class & CHAR_UPPER ? lower(code) : code);
			in_token = true;
			cjk = 0;
			continue;
		}
		if (in_token)
			out[count++] = mix32(token);
		token = TOKEN_SEED;
		in_token = false;
		if (class & CHAR_CJK && count < max)
			out[count++] = mix32(TOKEN_STEP(TOKEN_STEP(TOKEN_SEED, cjk), code));
		cjk = class & CHAR_CJK ? code : 0;
	}
	if (in_token && count < max)
		out[count++] = mix32(token);
	return count;
}
