/* blocks: one pre-order walk over the body that makes blocks of text and the skeleton of elements above them.
 *
 * Everything a feature may count about a character is counted here, while it is copied, so that no later pass touches
 * text again. Counts are integers; nothing depends on the machine. Splitting at block-level elements, hr and a double
 * br (rather than at every element) follows what a reader sees as a paragraph; inline markup stays inside its block as
 * counts (links, bold). */
#include "extract/blocks_internal.h"
#include "extract/html_scan.h"

#include <stdlib.h>

/* The tags that are not block-level boxes of kind "other". */
static const uint16_t skipped[] = {
	HTML_TAG_SCRIPT,   HTML_TAG_STYLE,    HTML_TAG_TEMPLATE, HTML_TAG_SVG,      HTML_TAG_HEAD,     HTML_TAG_IFRAME,
	HTML_TAG_OBJECT,   HTML_TAG_EMBED,    HTML_TAG_CANVAS,   HTML_TAG_AUDIO,    HTML_TAG_VIDEO,    HTML_TAG_SELECT,
	HTML_TAG_OPTION,   HTML_TAG_TEXTAREA, HTML_TAG_MAP,      HTML_TAG_MATH,     HTML_TAG_DATALIST, HTML_TAG_APPLET,
	HTML_TAG_NOFRAMES, HTML_TAG_FRAMESET, HTML_TAG_INPUT,    HTML_TAG_PROGRESS, HTML_TAG_METER};
static const uint16_t inlined[] = {
	HTML_TAG_SPAN, HTML_TAG_I,       HTML_TAG_EM,   HTML_TAG_U,       HTML_TAG_FONT,   HTML_TAG_SMALL,
	HTML_TAG_SUB,  HTML_TAG_SUP,     HTML_TAG_CODE, HTML_TAG_ABBR,    HTML_TAG_CITE,   HTML_TAG_Q,
	HTML_TAG_TIME, HTML_TAG_MARK,    HTML_TAG_S,    HTML_TAG_DEL,     HTML_TAG_INS,    HTML_TAG_TT,
	HTML_TAG_BIG,  HTML_TAG_KBD,     HTML_TAG_VAR,  HTML_TAG_SAMP,    HTML_TAG_BDI,    HTML_TAG_BDO,
	HTML_TAG_WBR,  HTML_TAG_ACRONYM, HTML_TAG_NOBR, HTML_TAG_PICTURE, HTML_TAG_SOURCE, HTML_TAG_STRIKE,
	HTML_TAG_DFN,  HTML_TAG_RUBY,    HTML_TAG_RB,   HTML_TAG_RT,      HTML_TAG_RP,     HTML_TAG_DATA};

#define OTHER BLOCK_TAG_other, ANCESTOR_COUNT, 0
#define KIND(kind) BLOCK_TAG_##kind, ANCESTOR_COUNT, 0
static const struct {
	uint16_t tag;
	struct tag_rule rule;
} boxes[] = {
	{HTML_TAG_B, {TAG_INLINE | TAG_BOLD, OTHER}},
	{HTML_TAG_STRONG, {TAG_INLINE | TAG_BOLD, OTHER}},
	{HTML_TAG_A, {TAG_INLINE, BLOCK_TAG_other, ANCESTOR_a, 0}},
	{HTML_TAG_LABEL, {TAG_INLINE, BLOCK_TAG_other, ANCESTOR_button, 0}},
	{HTML_TAG_P, {0, KIND(p)}},
	{HTML_TAG_DIV, {0, KIND(div)}},
	{HTML_TAG_TD, {0, KIND(td)}},
	{HTML_TAG_TH, {0, KIND(td)}},
	{HTML_TAG_DD, {0, KIND(dd)}},
	{HTML_TAG_DT, {0, KIND(dd)}},
	{HTML_TAG_CAPTION, {0, KIND(figcaption)}},
	{HTML_TAG_PRE, {TAG_PRE, KIND(pre)}},
	{HTML_TAG_TR, {TAG_ROW, OTHER}},
	{HTML_TAG_UL, {TAG_LIST, OTHER}},
	{HTML_TAG_OL, {TAG_LIST, OTHER}},
	{HTML_TAG_H1, {0, BLOCK_TAG_h1, ANCESTOR_COUNT, 1}},
	{HTML_TAG_H2, {0, BLOCK_TAG_h2, ANCESTOR_COUNT, 2}},
	{HTML_TAG_H3, {0, BLOCK_TAG_h3, ANCESTOR_COUNT, 3}},
	{HTML_TAG_H4, {0, BLOCK_TAG_h4, ANCESTOR_COUNT, 4}},
	{HTML_TAG_H5, {0, BLOCK_TAG_h4, ANCESTOR_COUNT, 5}},
	{HTML_TAG_H6, {0, BLOCK_TAG_h4, ANCESTOR_COUNT, 6}},
	{HTML_TAG_LI, {0, BLOCK_TAG_li, ANCESTOR_li, 0}},
	{HTML_TAG_BLOCKQUOTE, {0, BLOCK_TAG_blockquote, ANCESTOR_blockquote, 0}},
	{HTML_TAG_FIGCAPTION, {0, BLOCK_TAG_figcaption, ANCESTOR_figure, 0}},
	{HTML_TAG_SECTION, {0, BLOCK_TAG_section, ANCESTOR_section, 0}},
	{HTML_TAG_ARTICLE, {0, BLOCK_TAG_article, ANCESTOR_article, 0}},
	{HTML_TAG_MAIN, {0, BLOCK_TAG_article, ANCESTOR_main, 0}},
	{HTML_TAG_BUTTON, {0, BLOCK_TAG_button, ANCESTOR_button, 0}},
	{HTML_TAG_ASIDE, {0, BLOCK_TAG_other, ANCESTOR_aside, 0}},
	{HTML_TAG_NAV, {0, BLOCK_TAG_other, ANCESTOR_nav, 0}},
	{HTML_TAG_FOOTER, {0, BLOCK_TAG_other, ANCESTOR_footer, 0}},
	{HTML_TAG_HEADER, {0, BLOCK_TAG_other, ANCESTOR_header, 0}},
	{HTML_TAG_FORM, {0, BLOCK_TAG_other, ANCESTOR_form, 0}},
	{HTML_TAG_FIGURE, {0, BLOCK_TAG_other, ANCESTOR_figure, 0}},
	{HTML_TAG_TABLE, {0, BLOCK_TAG_other, ANCESTOR_table, 0}},
	{HTML_TAG_DL, {0, BLOCK_TAG_other, ANCESTOR_dl, 0}},
	{HTML_TAG_DETAILS, {0, BLOCK_TAG_other, ANCESTOR_details, 0}},
	{HTML_TAG_ADDRESS, {0, BLOCK_TAG_other, ANCESTOR_address, 0}},
	{HTML_TAG_DIALOG, {0, BLOCK_TAG_other, ANCESTOR_hidden, 0}},
};

static void tag_rules_fill(struct tag_rule rules[HTML_TAG_COUNT])
{
	for (int tag = 0; tag < HTML_TAG_COUNT; tag++)
		rules[tag] = (struct tag_rule){0, OTHER};
	for (size_t i = 0; i < sizeof skipped / sizeof *skipped; i++)
		rules[skipped[i]].flags = TAG_SKIP;
	for (size_t i = 0; i < sizeof inlined / sizeof *inlined; i++)
		rules[inlined[i]].flags = TAG_INLINE;
	for (size_t i = 0; i < sizeof boxes / sizeof *boxes; i++)
		rules[boxes[i].tag] = boxes[i].rule;
}

/* ---- The walk ----------------------------------------------------------------------------------------- */

struct reader {
	struct blocks *blocks;
	const struct html_tree *tree;
	struct block block; /* the open one */
	uint32_t current;   /* element */
	uint32_t bold, breaks, headings, pre;
	uint32_t token, previous_cjk, previous, ring; /* ring: where last_hashes goes on */
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
	reader->block.inline_from = (uint32_t)blocks->element_count;
	reader->ring = TOKENS_KEPT % TOKENS_LAST;
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
	} else {
		block->last_hashes[reader->ring] = hash;
		reader->ring = reader->ring + 1 < TOKENS_LAST ? reader->ring + 1 : 0;
	}
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

/* From I on to a byte that a date may begin with, or the middle of "ago". */
static size_t date_candidate(struct span text, size_t i)
{
	for (; text.size - i >= 16; i += 16) {
		block16 bytes = block_load(text.data + i);
		block_mask found = block_bits(block_or(block_range(bytes, '0', '9'), block_is(bytes, 'g')));
		if (found)
			return i + block_first(found);
	}
	while (i < text.size && !ascii_is_digit((unsigned char)text.data[i]) && text.data[i] != 'g')
		i++;
	return i;
}

/* What by-lines hold: a date, or "3 days ago". */
static bool looks_dated(struct span text)
{
	for (size_t i = 0; (i = date_candidate(text, i)) < text.size; i++) {
		unsigned char c = (unsigned char)text.data[i];
		if (ascii_is_digit(c)) {
			size_t n = 1;
			while (i + n < text.size && ascii_is_digit((unsigned char)text.data[i + n]))
				n++;
			if (number_dates(text, i, n))
				return true;
			i += n - 1;
		} else if (i && i + 1 < text.size && (text.data[i - 1] | 0x20) == 'a' && text.data[i + 1] == 'o' &&
			   (i < 2 || text.data[i - 2] == ' ') &&
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
	void *bigger = memory_grow(*items, target * size);
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
	if (!(block->chars | block->breaks | block->links | block->pre) && blocks->text.size == block->offset) {
		block->inline_from = (uint32_t)blocks->element_count; /* as block_start left it */
		return;
	}
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
	block->inline_to = (uint32_t)blocks->element_count;
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
		reader->token = TOKEN_STEP(reader->token, class & CHAR_UPPER ? char_lower(code) : code);
		reader->in_token = true;
	} else if (reader->in_token) {
		token_end(reader);
	}
}

/* Most characters of most pages: a run of a-z, counted as count_character would. OUT has room for 16 more bytes than
 * the text. */
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
	for (unsigned n = 16; n == 16 && end - at >= 16; at += n, out += n) {
		block16 bytes = block_load(at);
		n = block_first_or_16(block_bits(block_is(block_range(bytes, 'a', 'z'), 0)));
		block_store(out, bytes);
		token = token_run(token, at, n);
	}
	for (; at < end && (unsigned char)(*at - 'a') < 26; at++) {
		token = TOKEN_STEP(token, (unsigned char)*at);
		*out++ = *at;
	}
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

static inline bool is_blank(char c)
{
	return c == ' ' || c == '\n' || c == '\t' || c == '\r';
}

/* The indentation of markup is long. */
static inline const char *skip_blanks(const char *at, const char *end)
{
	for (; end - at >= 16; at += 16) {
		block16 bytes = block_load(at);
		block16 blank = block_or(block_or(block_is(bytes, ' '), block_is(bytes, '\n')),
					 block_or(block_is(bytes, '\t'), block_is(bytes, '\r')));
		block_mask other = block_bits(block_is(blank, 0));
		if (other)
			return at + block_first(other);
	}
	while (at < end && is_blank(*at))
		at++;
	return at;
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
	if (!block->chars)
		at = skip_blanks(at, end);
	if (at == end)
		return;
	if (buffer_reserve(&blocks->text, (size_t)(end - at) * 2 + 80)) { /* a pending tab may widen */
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
		if (is_blank(*at) && !block->pre) { /* space_seen, inlined for the commonest characters */
			if (reader->in_token)
				token_end(reader);
			reader->previous_cjk = 0;
			reader->piece = false;
			reader->space = block->chars > 0;
			at++;
			if (at < end && is_blank(*at))
				at = skip_blanks(at, end);
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

/* Highlighters make a line of code an element of its own, which a style sheet puts on its own line: a child of pre >
 * code that is a div, or a span of class "line". */
static bool is_code_line(const struct reader *reader, uint32_t node)
{
	enum html_tag tag = html_tag(reader->tree, node);
	uint32_t parent = html_parent(reader->tree, node);
	if (!reader->pre || (tag != HTML_TAG_DIV && tag != HTML_TAG_SPAN) ||
	    html_tag(reader->tree, parent) != HTML_TAG_CODE ||
	    html_tag(reader->tree, html_parent(reader->tree, parent)) != HTML_TAG_PRE)
		return false;
	return tag == HTML_TAG_DIV || span_equal(html_attr(reader->tree, node, HTML_ATTR_CLASS), SPAN("line"));
}

static void element_open(struct reader *reader, uint32_t node, struct tag_rule rule)
{
	struct blocks *blocks = reader->blocks;
	if (is_code_line(reader, node)) {
		rule.flags |= TAG_INLINE;
		if (reader->block.chars && !reader->newlines)
			space_seen(reader, '\n');
	}
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
	struct element *element = &blocks->elements[blocks->element_count];
	const struct element *parent = blocks->element_count ? &blocks->elements[reader->current] : NULL;
	memset(element, 0, sizeof *element);
	element->node = node;
	element->parent = UINT32_MAX;
	element->row = element->list = UINT32_MAX;
	element->tag = rule.tag;
	element->inline_level = (rule.flags & TAG_INLINE) != 0;
	element->readable = INT32_MIN;
	element->level = rule.level;
	if (parent) {
		element->parent = reader->current;
		element->depth = parent->depth + 1;
		memcpy(element->ancestors, parent->ancestors, sizeof element->ancestors);
		element->row = parent->row;
		element->list = parent->list;
		element->list_depth = parent->list_depth;
		element->level += element->inline_level ? parent->level : 0;
	}
	if (rule.ancestor < ANCESTOR_COUNT && element->ancestors[rule.ancestor] < 5)
		element->ancestors[rule.ancestor]++;
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
	reader->block.links += rule.ancestor == ANCESTOR_a;
	reader->bold += (rule.flags & TAG_BOLD) != 0;
	reader->pre += (rule.flags & TAG_PRE) != 0;
}

static void element_close(struct reader *reader, uint32_t node)
{
	struct blocks *blocks = reader->blocks;
	if (blocks->elements[reader->current].node != node)
		return; /* over the ceiling, never opened */
	struct tag_rule rule = reader->blocks->rules[html_tag(reader->tree, node)];
	if (!blocks->elements[reader->current].inline_level)
		block_end(reader);
	reader->bold -= (rule.flags & TAG_BOLD) != 0;
	reader->pre -= (rule.flags & TAG_PRE) != 0;
	blocks->elements[reader->current].last = (uint32_t)blocks->count;
	if (blocks->elements[reader->current].parent != UINT32_MAX)
		reader->current = blocks->elements[reader->current].parent;
}

bool blocks_skip(const struct blocks *blocks, const struct html_tree *tree, uint32_t node)
{
	enum html_tag tag = html_tag(tree, node);
	return blocks->rules[tag].flags & TAG_SKIP || (tag == HTML_TAG_NOSCRIPT && !blocks->noscript) ||
	       html_ns(tree, node) != HTML_NS_HTML;
}

/* True when NODE has children to walk. */
static bool node_open(struct reader *reader, uint32_t node)
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
	struct tag_rule rule = reader->blocks->rules[html_tag(reader->tree, node)];
	if (blocks_skip(reader->blocks, reader->tree, node))
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

/* Score, path and signature of an element, which follow from its attributes and its parent's. */
static void element_score(struct blocks *blocks, const struct html_tree *tree, struct element *element,
			  const struct model_tokens *tokens)
{
	const struct class_memo *look = element_look(blocks, tree, element->node, tokens);
	enum html_tag tag = html_tag(tree, element->node);
	uint32_t above = 0;
	if (element->parent != UINT32_MAX) {
		const struct element *parent = &blocks->elements[element->parent];
		above = parent->signature;
		element->path_sum = parent->path_sum;
		element->path_min = parent->path_min;
		element->path_max = parent->path_max;
		element->ancestors[ANCESTOR_hidden] = parent->ancestors[ANCESTOR_hidden];
		if (blocks->rules[tag].ancestor == ANCESTOR_hidden && element->ancestors[ANCESTOR_hidden] < 5)
			element->ancestors[ANCESTOR_hidden]++;
	}
	element->signature = mix32(above * 31 + look->signature + (uint32_t)tag);
	element->score = look->score;
	int sum = element->path_sum + look->score;
	element->path_sum = (int16_t)(sum < -20000 ? -20000 : sum > 20000 ? 20000 : sum);
	if (look->score < element->path_min)
		element->path_min = look->score;
	if (look->score > element->path_max)
		element->path_max = look->score;
	if (look->hidden && element->ancestors[ANCESTOR_hidden] < 5)
		element->ancestors[ANCESTOR_hidden]++;
}

/* Attributes are dear to read, and half of a page's elements hold no text: only those above a block, and the inline
 * ones inside, are looked at, once it is known which they are. Pre-order: a parent comes before its children. */
static void score_elements(struct blocks *blocks, const struct html_tree *tree, const struct model_tokens *tokens)
{
	size_t b = 0;
	memset(blocks->memo, 0, sizeof *blocks->memo << MEMO_BITS);
	for (size_t k = 0; k < blocks->element_count; k++) {
		struct element *element = &blocks->elements[k];
		while (b < blocks->count && blocks->items[b].inline_to <= k)
			b++;
		bool inside = element->inline_level && b < blocks->count && blocks->items[b].inline_from <= k;
		if (element->first == element->last && !inside)
			continue;
		element_score(blocks, tree, element, tokens);
		if (!inside)
			continue;
		struct block *block = &blocks->items[b];
		if (element->score < block->inline_min)
			block->inline_min = element->score;
		if (element->score > block->inline_max)
			block->inline_max = element->score;
	}
}

enum status blocks_read(struct blocks *blocks, const struct html_tree *tree, bool noscript,
			const struct model_tokens *tokens)
{
	uint32_t body = html_body(tree);
	struct reader reader = {.blocks = blocks, .tree = tree};
	blocks->element_count = blocks->count = blocks->hash_count = 0;
	buffer_clear(&blocks->text);
	blocks->cut = false;
	blocks->noscript = noscript;
	if (body == HTML_NONE)
		return STATUS_OK;
	reader.status = grow((void **)&blocks->hashes, &blocks->hash_capacity, TOKENS_KEPT, sizeof *blocks->hashes);
	block_start(&reader);
	if (!reader.status)
		element_open(&reader, body, (struct tag_rule){0, OTHER});
	uint32_t node = body, next = reader.status ? HTML_NONE : html_first(tree, body); /* NEXT is a child of NODE */
	while (!reader.status) {
		if (next == HTML_NONE) {
			element_close(&reader, node);
			if (node == body)
				break;
			next = html_next(tree, node);
			node = html_parent(tree, node);
		} else if (node_open(&reader, next)) {
			node = next;
			next = html_first(tree, node);
		} else {
			next = html_next(tree, next);
		}
	}
	if (reader.status || blocks->text.status == STATUS_MEMORY)
		return reader.status ? reader.status : STATUS_MEMORY;
	score_elements(blocks, tree, tokens);
	return STATUS_OK;
}

/* ---- Life --------------------------------------------------------------------------------------------- */

enum status blocks_init(struct blocks *blocks)
{
	memset(blocks, 0, sizeof *blocks);
	buffer_init(&blocks->text, (size_t)256 << 20);
	blocks->memo = memory_zeroed((size_t)1 << MEMO_BITS, sizeof *blocks->memo);
	blocks->classes = memory_zeroed(CLASS_TABLE, sizeof *blocks->classes);
	if (!blocks->memo || !blocks->classes) {
		blocks_free(blocks);
		return STATUS_MEMORY;
	}
	char_classes_fill(blocks->classes);
	tag_rules_fill(blocks->rules);
	element_attributes_fill(blocks->looked_at);
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
