/* article_markdown: a block's text with its links, emphasis and code as CommonMark.
 *
 * The block remembers its first and last text node; each text node's inline ancestors say which marks are open. Marks
 * are closed before and opened after white space, since "** bold**" is not bold. */
#include "extract/article_internal.h"

struct marks {
	bool strong, emphasis, code;
	uint32_t link; /* the a element, HTML_NONE none */
};

struct writer {
	const struct blocks *blocks;
	const struct html_tree *tree;
	struct buffer *out;
	struct arena *arena; /* of one address */
	struct span base;
	struct marks open;
	bool space, line, any, cell, heading, one_line;
	bool start;           /* nothing stands on the line yet but its prefix */
	unsigned digits;      /* that alone stand on it */
	bool after_word;      /* what is written ends in a character of a word */
	size_t opened, solid; /* in OUT: the stars that are open; behind the last word within them, or 0 */
	uint32_t previous;
};

struct span article_link_base(const struct page *page, struct arena *arena)
{
	/* Every relative address of a page grows by the base: a longer one could make a page many times its size. */
	enum { LONGEST = 512 };
	const struct html_tree *tree = page->tree;
	struct span base = page->url;
	uint32_t head = html_head(tree);
	for (uint32_t at = head == HTML_NONE ? head : html_first(tree, head); at != HTML_NONE;
	     at = html_next(tree, at)) {
		struct span href =
			html_tag(tree, at) == HTML_TAG_BASE ? html_attr(tree, at, HTML_ATTR_HREF) : SPAN_NONE;
		if (!href.data)
			continue;
		struct span resolved = url_resolve(arena, base, href);
		base = resolved.size ? resolved : base;
		break; /* the first one counts (WHATWG HTML 4.2.3) */
	}
	return base.size <= LONGEST ? base : SPAN_NONE;
}

/* Where a script or the page's own data would be all that follows, there is no link, nor from a heading to a place of
 * its own page, which is itself. */
static bool leads_somewhere(struct span href, bool heading)
{
	href = span_trim(href);
	if (span_starts(href, SPAN("#")) && (heading || href.size == 1))
		return false;
	return href.size && !span_starts_nocase(href, SPAN("javascript:")) && !span_starts_nocase(href, SPAN("data:"));
}

static struct marks marks_of(const struct html_tree *tree, uint32_t node, uint32_t stop, bool heading)
{
	struct marks marks = {.link = HTML_NONE};
	for (uint32_t at = html_parent(tree, node); at != HTML_NONE && at != stop; at = html_parent(tree, at)) {
		switch (html_tag(tree, at)) {
		case HTML_TAG_B:
		case HTML_TAG_STRONG:
			marks.strong = true;
			break;
		case HTML_TAG_I:
		case HTML_TAG_EM:
			marks.emphasis = true;
			break;
		case HTML_TAG_CODE:
		case HTML_TAG_KBD:
		case HTML_TAG_SAMP:
		case HTML_TAG_TT:
			marks.code = true;
			break;
		case HTML_TAG_A:
			if (leads_somewhere(html_attr(tree, at, HTML_ATTR_HREF), heading))
				marks.link = at;
			break;
		default:
			break;
		}
	}
	return marks;
}

static void put_address(struct writer *w, struct span href)
{
	struct buffer *out = w->out;
	struct url url;
	href = span_trim(href);
	if (w->base.size && !url_parse(href, &url)) {
		arena_reset(w->arena);
		struct span resolved = url_resolve(w->arena, w->base, href);
		href = resolved.size ? resolved : href;
	}
	for (size_t i = 0; i < href.size; i++) {
		unsigned char c = (unsigned char)href.data[i];
		if (c <= ' ' || c == '(' || c == ')' || c == '<' || c == '>')
			buffer_print(out, "%%%02X", c);
		else
			buffer_append_byte(out, (char)c);
	}
}

/* CommonMark 6.2: stars behind punctuation do not close where a word follows. They go before the punctuation then, and
 * where nothing else stands between them, there is no emphasis. */
static void close_stars(struct writer *w, bool word_follows)
{
	struct buffer *out = w->out;
	size_t width = (w->open.strong ? 2u : 0u) + (w->open.emphasis ? 1u : 0u), tail = out->size - w->solid;
	bool sound = w->after_word || !word_follows || w->open.code || w->open.link != HTML_NONE;
	if (!sound && !w->solid) {
		memmove(out->data + w->opened, out->data + w->opened + width, out->size - w->opened - width);
		out->size -= width;
	} else if (!buffer_append(out, "***", width) && !sound) {
		memmove(out->data + w->solid + width, out->data + w->solid, tail);
		memset(out->data + w->solid, '*', width);
	}
}

static void close_marks(struct writer *w, bool word_follows)
{
	if (w->open.code)
		buffer_append_byte(w->out, '`');
	if (w->open.strong || w->open.emphasis)
		close_stars(w, word_follows);
	if (w->open.link != HTML_NONE) {
		buffer_append_span(w->out, SPAN("]("));
		put_address(w, html_attr(w->tree, w->open.link, HTML_ATTR_HREF));
		buffer_append_byte(w->out, ')');
	}
	w->open = (struct marks){.link = HTML_NONE};
}

static void open_marks(struct writer *w, struct marks marks)
{
	if (marks.link != HTML_NONE) {
		if (span_ends(buffer_span(w->out), SPAN("!"))) { /* else it were an image */
			w->out->data[w->out->size - 1] = '\\';
			buffer_append_byte(w->out, '!');
		}
		buffer_append_byte(w->out, '[');
	}
	w->opened = w->out->size;
	w->solid = 0;
	if (marks.strong)
		buffer_append_span(w->out, SPAN("**"));
	if (marks.emphasis)
		buffer_append_byte(w->out, '*');
	if (marks.code)
		buffer_append_byte(w->out, '`');
	w->open = marks;
}

static bool same_marks(struct marks a, struct marks b)
{
	return a.strong == b.strong && a.emphasis == b.emphasis && a.code == b.code && a.link == b.link;
}

static bool only_code_differs(struct marks a, struct marks b)
{
	b.code = !b.code;
	return same_marks(a, b);
}

/* Would CODE, with AT..END behind it, make the line something else than text: a list, a heading, a quote, a rule
 * (CommonMark 4 and 5)? */
static bool starts_block(const struct writer *w, uint32_t code, const char *at, const char *end)
{
	/* What is not ASCII may be a blank of another kind. */
	bool blank = at == end || ascii_is_space((unsigned char)*at) || (unsigned char)*at >= 0x80;
	if (w->digits)
		return w->digits <= 9 && (code == '.' || code == ')') && blank;
	if (!w->start || !code || code >= 0x80 || !strchr("-+#>=~", (int)code))
		return false;
	return blank || code == '>' || *at == (char)code;
}

/* Would an ampersand before AT..END be read as a character reference? */
static bool is_reference(const char *at, const char *end)
{
	enum { LONGEST = 33 };
	const char *from = at;
	if (at < end && *at == '#')
		at++;
	while (at < end && at - from < LONGEST &&
	       (ascii_is_alpha((unsigned char)*at) || ascii_is_digit((unsigned char)*at)))
		at++;
	return at < end && *at == ';' && at > from;
}

/* To the rules for stars a character is space, punctuation, or as good as a letter. */
static bool is_word(uint32_t code, unsigned class)
{
	if (class & (CHAR_LETTER | CHAR_DIGIT | CHAR_CJK))
		return true;
	return code >= 0x300 && !(code >= 0x2000 && code < 0x2c00) && !(code >= 0x3000 && code < 0x3040) &&
	       !(code >= 0xfe30 && code < 0xff66); /* signs of scripts that combine */
}

/* Stars between a word and punctuation do not open: they wait for the next word. */
static struct marks marks_here(const struct writer *w, struct marks marks, bool word)
{
	bool open = w->open.strong == marks.strong && w->open.emphasis == marks.emphasis;
	if (!open && !word && w->after_word && !w->space && !w->line && marks.link == HTML_NONE)
		marks.strong = marks.emphasis = false;
	return marks;
}

static void put_text(struct writer *w, struct span text, struct marks wanted)
{
	const char *at = text.data, *end = at + text.size;
	wanted.code = wanted.code && span_find_byte(text, '`') == SIZE_MAX;
	if ((wanted.link != HTML_NONE || w->heading) && span_equal(span_trim(text), article_pilcrow))
		return;
	while (at < end) {
		const char *from = at;
		uint32_t code = utf8_next(&at, end);
		unsigned class = char_class(w->blocks, code);
		if (class & CHAR_SPACE) {
			w->space = w->any;
			continue;
		}
		if (class & CHAR_DROP || (class & CHAR_JOINER && !joiner_matters(w->previous)))
			continue;
		bool word = is_word(code, class);
		struct marks marks = marks_here(w, wanted, word);
		bool gap = !w->any || w->space || w->line;
		if (only_code_differs(marks, w->open)) {
			if (w->open.code)
				buffer_append_byte(w->out, '`');
			w->open.code = false;
		} else if (!same_marks(marks, w->open)) {
			close_marks(w, word && !gap);
		}
		if (w->line)
			buffer_append_span(w->out, SPAN("  \n"));
		else if (w->space)
			buffer_append_byte(w->out, ' ');
		w->start = !w->any || w->line;
		w->digits = w->start || w->space ? 0 : w->digits;
		w->line = w->space = false;
		if (only_code_differs(marks, w->open)) {
			buffer_append_byte(w->out, '`');
			w->open.code = true;
		} else if (!same_marks(marks, w->open)) {
			open_marks(w, marks);
			w->start = w->start && same_marks(marks, (struct marks){.link = HTML_NONE});
		}
		if ((!marks.code && code < 0x80 && strchr("\\*_[]`<", (int)code)) || (w->cell && code == '|') ||
		    (w->heading && gap && code == '#') || starts_block(w, code, at, end) ||
		    (!marks.code && code == '&' && is_reference(at, end)))
			buffer_append_byte(w->out, '\\');
		buffer_append(w->out, from, (size_t)(at - from));
		w->digits = code >= '0' && code <= '9' && (w->start || w->digits) ? w->digits + 1 : 0;
		w->any = true;
		w->after_word = word;
		w->previous = code;
		if (word)
			w->solid = w->out->size;
	}
}

static void put_body(struct writer *w, const struct block *block, uint32_t stop)
{
	uint32_t node = block->node_first;
	w->open.link = HTML_NONE;
	while (node != HTML_NONE) {
		if (html_kind(w->tree, node) == HTML_TEXT) {
			put_text(w, html_text(w->tree, node), marks_of(w->tree, node, stop, w->heading));
		} else if (html_tag(w->tree, node) == HTML_TAG_BR) {
			w->line = w->any && !w->one_line;
			w->space |= w->any && w->one_line;
		}
		if (node == block->node_last)
			break;
		bool hidden = html_kind(w->tree, node) == HTML_ELEMENT && blocks_skip(w->blocks, w->tree, node);
		node = hidden ? html_skip(w->tree, node, html_root(w->tree))
			      : html_walk(w->tree, node, html_root(w->tree));
	}
	close_marks(w, false);
}

enum status article_markdown_text(struct article_extractor *extractor, struct span text)
{
	struct writer writer = {.blocks = &extractor->blocks, .out = &extractor->spare};
	struct marks none = {.link = HTML_NONE};
	writer.open = none;
	put_text(&writer, text, none);
	return extractor->spare.status;
}

static void put_pre(struct writer *w, const struct block *block)
{
	struct span text = block_text(w->blocks, block), line;
	size_t run = 0, longest = 2;
	for (size_t i = 0; i < text.size; i++) {
		run = text.data[i] == '`' ? run + 1 : 0;
		longest = run > longest ? run : longest;
	}
	for (size_t i = 0; i <= longest; i++)
		buffer_append_byte(w->out, '`');
	while (span_cut(&text, '\n', &line)) {
		buffer_append_byte(w->out, '\n');
		buffer_append_span(w->out, line);
	}
	buffer_append_byte(w->out, '\n');
	for (size_t i = 0; i <= longest; i++)
		buffer_append_byte(w->out, '`');
}

static bool is_ordered(const struct blocks *blocks, const struct html_tree *tree, const struct article_block *item)
{
	return html_tag(tree, blocks->elements[item->group].node) == HTML_TAG_OL;
}

enum status article_markdown(struct article_extractor *extractor, const struct html_tree *tree,
			     const struct block *block, const struct article_block *form, struct span base)
{
	const struct blocks *blocks = &extractor->blocks;
	struct buffer *out = &extractor->spare;
	struct writer writer = {.blocks = blocks,
				.tree = tree,
				.out = out,
				.arena = extractor->address,
				.base = base,
				.cell = form->form == ARTICLE_CELL,
				.heading = form->form == ARTICLE_HEADING,
				.one_line = form->form == ARTICLE_CELL || form->form == ARTICLE_HEADING ||
					    form->form == ARTICLE_LIST_ITEM};
	switch (form->form) {
	case ARTICLE_HEADING:
		buffer_append_span(out, span_slice(SPAN("###### "), (size_t)(6 - form->level), 7));
		break;
	case ARTICLE_LIST_ITEM:
		/* CommonMark 5.2: three blanks stand below the text of a bullet's and of a number's item alike, and a
		 * list is counted by whoever shows it, whatever its numbers are. */
		for (int i = 1; i < form->level; i++)
			buffer_append_span(out, SPAN("   "));
		buffer_append_span(out, is_ordered(blocks, tree, form) ? SPAN("1. ") : SPAN("- "));
		break;
	case ARTICLE_QUOTE:
		buffer_append_span(out, SPAN("> "));
		break;
	case ARTICLE_PRE:
		put_pre(&writer, block);
		return out->status;
	default:
		break;
	}
	put_body(&writer, block, blocks->elements[block->element].node);
	return out->status;
}
