/* html_stack: the stack of open elements (WHATWG HTML 13.2.4.2), the list of active formatting elements (13.2.4.3), and
 * the adoption agency algorithm (13.2.6.4.7).
 *
 * A count of open elements per tag answers most scope questions without looking at the stack ("is a p open?", asked at
 * every block). Marks in the nodes say whether an element is on the stack or in the list. The loops that remain are
 * charged to the parser's budget of work (html_work). */
#include "extract/html_internal.h"

#define SP FLAG_SPECIAL
#define SC (FLAG_SPECIAL | FLAG_SCOPE)

/* clang-format off */
const uint16_t html_tag_flags[HTML_TAG_COUNT] = {
	[HTML_TAG_ADDRESS] = SP, [HTML_TAG_APPLET] = SC, [HTML_TAG_AREA] = SP, [HTML_TAG_ARTICLE] = SP,
	[HTML_TAG_ASIDE] = SP, [HTML_TAG_BASE] = SP, [HTML_TAG_BASEFONT] = SP, [HTML_TAG_BGSOUND] = SP,
	[HTML_TAG_BLOCKQUOTE] = SP, [HTML_TAG_BODY] = SP, [HTML_TAG_BR] = SP, [HTML_TAG_BUTTON] = SP | FLAG_BUTTON_SCOPE,
	[HTML_TAG_CAPTION] = SC | FLAG_IMPLIED_THOROUGH, [HTML_TAG_CENTER] = SP, [HTML_TAG_COL] = SP,
	[HTML_TAG_COLGROUP] = SP | FLAG_IMPLIED_THOROUGH, [HTML_TAG_DD] = SP | FLAG_IMPLIED_END, [HTML_TAG_DETAILS] = SP,
	[HTML_TAG_DIR] = SP, [HTML_TAG_DIV] = SP, [HTML_TAG_DL] = SP, [HTML_TAG_DT] = SP | FLAG_IMPLIED_END,
	[HTML_TAG_EMBED] = SP, [HTML_TAG_FIELDSET] = SP, [HTML_TAG_FIGCAPTION] = SP, [HTML_TAG_FIGURE] = SP,
	[HTML_TAG_FOOTER] = SP, [HTML_TAG_FORM] = SP, [HTML_TAG_FRAME] = SP, [HTML_TAG_FRAMESET] = SP,
	[HTML_TAG_H1] = SP | FLAG_HEADING, [HTML_TAG_H2] = SP | FLAG_HEADING, [HTML_TAG_H3] = SP | FLAG_HEADING,
	[HTML_TAG_H4] = SP | FLAG_HEADING, [HTML_TAG_H5] = SP | FLAG_HEADING, [HTML_TAG_H6] = SP | FLAG_HEADING,
	[HTML_TAG_HEAD] = SP, [HTML_TAG_HEADER] = SP, [HTML_TAG_HGROUP] = SP, [HTML_TAG_HR] = SP,
	[HTML_TAG_HTML] = SC | FLAG_TABLE_SCOPE, [HTML_TAG_IFRAME] = SP, [HTML_TAG_IMG] = SP, [HTML_TAG_INPUT] = SP,
	[HTML_TAG_KEYGEN] = SP, [HTML_TAG_LI] = SP | FLAG_IMPLIED_END, [HTML_TAG_LINK] = SP, [HTML_TAG_LISTING] = SP,
	[HTML_TAG_MAIN] = SP, [HTML_TAG_MARQUEE] = SC, [HTML_TAG_MENU] = SP, [HTML_TAG_META] = SP, [HTML_TAG_NAV] = SP,
	[HTML_TAG_NOEMBED] = SP, [HTML_TAG_NOFRAMES] = SP, [HTML_TAG_NOSCRIPT] = SP, [HTML_TAG_OBJECT] = SC,
	[HTML_TAG_OL] = SP | FLAG_LIST_SCOPE, [HTML_TAG_OPTGROUP] = FLAG_IMPLIED_END, [HTML_TAG_OPTION] = FLAG_IMPLIED_END,
	[HTML_TAG_P] = SP | FLAG_IMPLIED_END, [HTML_TAG_PARAM] = SP, [HTML_TAG_PLAINTEXT] = SP, [HTML_TAG_PRE] = SP,
	[HTML_TAG_RB] = FLAG_IMPLIED_END, [HTML_TAG_RP] = FLAG_IMPLIED_END, [HTML_TAG_RT] = FLAG_IMPLIED_END,
	[HTML_TAG_RTC] = FLAG_IMPLIED_END, [HTML_TAG_SCRIPT] = SP, [HTML_TAG_SEARCH] = SP, [HTML_TAG_SECTION] = SP,
	[HTML_TAG_SELECT] = SC, [HTML_TAG_SELECTEDCONTENT] = FLAG_MORE, [HTML_TAG_SOURCE] = SP, [HTML_TAG_STYLE] = SP, [HTML_TAG_SUMMARY] = SP,
	[HTML_TAG_TABLE] = SC | FLAG_TABLE_SCOPE | FLAG_TABLE_PART,
	[HTML_TAG_TBODY] = SP | FLAG_TABLE_PART | FLAG_IMPLIED_THOROUGH, [HTML_TAG_TD] = SC | FLAG_IMPLIED_THOROUGH,
	[HTML_TAG_TEMPLATE] = SC | FLAG_TABLE_SCOPE | FLAG_MORE, [HTML_TAG_TEXTAREA] = SP,
	[HTML_TAG_TFOOT] = SP | FLAG_TABLE_PART | FLAG_IMPLIED_THOROUGH, [HTML_TAG_TH] = SC | FLAG_IMPLIED_THOROUGH,
	[HTML_TAG_THEAD] = SP | FLAG_TABLE_PART | FLAG_IMPLIED_THOROUGH, [HTML_TAG_TITLE] = SP,
	[HTML_TAG_TR] = SP | FLAG_TABLE_PART | FLAG_IMPLIED_THOROUGH, [HTML_TAG_TRACK] = SP, [HTML_TAG_UL] = SP | FLAG_LIST_SCOPE,
	[HTML_TAG_WBR] = SP, [HTML_TAG_XMP] = SP,
};

/* clang-format on */
#undef SP
#undef SC

/* Whether an annotation-xml element is an HTML integration point (13.2.6.5). */
static bool annotation_is_html(const struct html_parser *p, uint32_t node)
{
	struct span encoding = html_attr(&p->tree, node, HTML_ATTR_ENCODING);
	return span_equal_nocase(encoding, SPAN("text/html")) ||
	       span_equal_nocase(encoding, SPAN("application/xhtml+xml"));
}

static uint16_t foreign_flags(const struct html_parser *p, uint32_t node, enum html_namespace ns, enum html_tag tag)
{
	if (ns == HTML_NS_SVG)
		return tag == HTML_TAG_FOREIGNOBJECT || tag == HTML_TAG_DESC || tag == HTML_TAG_TITLE
			       ? FLAG_SPECIAL | FLAG_SCOPE | FLAG_HTML_POINT
			       : 0;
	switch (tag) {
	case HTML_TAG_MI:
	case HTML_TAG_MO:
	case HTML_TAG_MN:
	case HTML_TAG_MS:
	case HTML_TAG_MTEXT:
		return FLAG_SPECIAL | FLAG_SCOPE | FLAG_MATH_TEXT;
	case HTML_TAG_ANNOTATION_XML:
		return FLAG_SPECIAL | FLAG_SCOPE | (annotation_is_html(p, node) ? FLAG_HTML_POINT : 0);
	default:
		return 0;
	}
}

static uint16_t counter_of(const struct html_node *node)
{
	return (uint16_t)html_unknown_counter((struct span){node->data, node->name_size});
}

static void open_set(struct html_parser *p, struct html_open *entry, uint32_t node)
{
	struct html_node *n = &p->tree.nodes[node];
	entry->node = node;
	entry->tag = n->tag;
	entry->ns = n->ns & NODE_NS;
	n->ns |= NODE_OPEN;
	if (__builtin_expect(entry->ns == HTML_NS_HTML, 1)) {
		entry->flags = html_tag_flags[n->tag];
		entry->counter = n->tag != HTML_TAG_UNKNOWN ? n->tag : counter_of(n);
		p->tag_open[entry->counter]++;
	} else {
		entry->flags = foreign_flags(p, node, (enum html_namespace)entry->ns, (enum html_tag)n->tag);
	}
}

static void open_unset(struct html_parser *p, const struct html_open *entry)
{
	p->tree.nodes[entry->node].ns &= (uint8_t)~NODE_OPEN;
	if (entry->ns == HTML_NS_HTML)
		p->tag_open[entry->counter]--;
}

void html_push(struct html_parser *p, uint32_t node)
{
	open_set(p, &p->open[p->open_count++], node);
}

void html_pop(struct html_parser *p)
{
	open_unset(p, &p->open[--p->open_count]);
}

void html_pop_to(struct html_parser *p, uint32_t index)
{
	while (p->open_count > index && p->open_count > 1)
		html_pop(p);
}

bool html_pop_until(struct html_parser *p, enum html_tag tag)
{
	if (p->tag_open[tag] == 0)
		return false;
	while (p->open_count > 1) {
		bool found = html_current_is(p, tag);
		html_pop(p);
		if (found)
			return true;
	}
	return false;
}

uint32_t html_scope_find(struct html_parser *p, enum html_tag tag, unsigned boundary)
{
	if (p->tag_open[tag] == 0)
		return HTML_NONE;
	if (!html_work(p, 0)) { /* hostile: the nearest elements have to do */
		p->tree.cut = true;
		return html_current_is(p, tag) ? p->open_count - 1 : HTML_NONE;
	}
	uint32_t at = p->open_count;
	while (at-- > 0) {
		bool found = html_is(&p->open[at], tag);
		if (found || p->open[at].flags & boundary) {
			html_work(p, p->open_count - at);
			return found ? at : HTML_NONE;
		}
	}
	return HTML_NONE;
}

bool html_in_scope(struct html_parser *p, enum html_tag tag, unsigned boundary)
{
	return html_scope_find(p, tag, boundary) != HTML_NONE;
}

uint32_t html_open_find(const struct html_parser *p, uint32_t node)
{
	if (!(p->tree.nodes[node].ns & NODE_OPEN))
		return HTML_NONE;
	uint32_t at = p->open_count;
	while (at-- > 0)
		if (p->open[at].node == node)
			return at;
	return HTML_NONE;
}

void html_open_remove(struct html_parser *p, uint32_t index)
{
	open_unset(p, &p->open[index]);
	p->open_count--;
	memmove(&p->open[index], &p->open[index + 1], (p->open_count - index) * sizeof *p->open);
}

static void open_insert(struct html_parser *p, uint32_t index, uint32_t node)
{
	memmove(&p->open[index + 1], &p->open[index], (p->open_count - index) * sizeof *p->open);
	p->open_count++;
	open_set(p, &p->open[index], node);
}

void html_implied_end(struct html_parser *p, enum html_tag except)
{
	while (html_current(p)->flags & FLAG_IMPLIED_END && html_current(p)->tag != except)
		html_pop(p);
}

void html_implied_end_thorough(struct html_parser *p)
{
	while (html_current(p)->flags & (FLAG_IMPLIED_END | FLAG_IMPLIED_THOROUGH) && p->open_count > 1)
		html_pop(p);
}

void html_close_p(struct html_parser *p)
{
	if (p->tag_open[HTML_TAG_P] == 0)
		return;
	if (html_current_is(p, HTML_TAG_P) && p->open_count > 1) {
		html_pop(p);
		return;
	}
	uint32_t at = html_scope_find(p, HTML_TAG_P, FLAG_SCOPE | FLAG_BUTTON_SCOPE);
	if (at != HTML_NONE)
		html_pop_to(p, at);
}

/* ---- Active formatting elements --------------------------------------------------------------------------- */

static void formatting_delete(struct html_parser *p, uint32_t index)
{
	uint32_t node = p->formatting[index];
	if (node != HTML_NONE)
		p->tree.nodes[node].ns &= (uint8_t)~NODE_LISTED;
	p->formatting_count--;
	for (; index < p->formatting_count; index++) /* a few: no call */
		p->formatting[index] = p->formatting[index + 1];
}

static bool formatting_insert(struct html_parser *p, uint32_t index, uint32_t node)
{
	if (p->formatting_count == p->formatting_capacity &&
	    !html_list_grow(p, &p->formatting, &p->formatting_capacity, sizeof *p->formatting))
		return false;
	for (uint32_t i = p->formatting_count; i > index; i--)
		p->formatting[i] = p->formatting[i - 1];
	p->formatting[index] = node;
	p->formatting_count++;
	if (node != HTML_NONE)
		p->tree.nodes[node].ns |= NODE_LISTED;
	return true;
}

static uint32_t formatting_index(const struct html_parser *p, uint32_t node)
{
	if (!(p->tree.nodes[node].ns & NODE_LISTED))
		return HTML_NONE;
	uint32_t at = p->formatting_count;
	while (at-- > 0)
		if (p->formatting[at] == node)
			return at;
	return HTML_NONE;
}

void html_formatting_remove(struct html_parser *p, uint32_t node)
{
	uint32_t at = formatting_index(p, node);
	if (at != HTML_NONE)
		formatting_delete(p, at);
}

void html_formatting_marker(struct html_parser *p)
{
	formatting_insert(p, p->formatting_count, HTML_NONE);
}

void html_formatting_clear(struct html_parser *p)
{
	while (p->formatting_count > 0) {
		bool marker = p->formatting[p->formatting_count - 1] == HTML_NONE;
		formatting_delete(p, p->formatting_count - 1);
		if (marker)
			break;
	}
}

uint32_t html_formatting_find(const struct html_parser *p, enum html_tag tag)
{
	for (uint32_t at = p->formatting_count; at-- > 0 && p->formatting[at] != HTML_NONE;)
		if (p->tree.nodes[p->formatting[at]].tag == tag)
			return p->formatting[at];
	return HTML_NONE;
}

/* Same attributes in any order, values compared as decoded. */
static bool attributes_equal(struct html_parser *p, const struct html_node *a, const struct html_node *b)
{
	if (a->count != b->count)
		return false;
	if (!html_work(p, a->count * 4))
		return false;
	struct html_attribute *all = p->tree.attributes;
	for (uint32_t i = 0; i < a->count; i++) {
		struct html_attribute *x = &all[a->attributes + i], *y = NULL;
		for (uint32_t j = 0; j < b->count && y == NULL; j++) {
			struct html_attribute *z = &all[b->attributes + (i + j) % b->count];
			if (z->id == x->id && z->name_size == x->name_size &&
			    memcmp(z->name, x->name, x->name_size) == 0)
				y = z;
		}
		if (y == NULL)
			return false;
		if (x->raw)
			html_attribute_decode(&p->tree, x);
		if (y->raw)
			html_attribute_decode(&p->tree, y);
		if (x->value_size != y->value_size || memcmp(x->value, y->value, x->value_size) != 0)
			return false;
	}
	return true;
}

/* "Push onto the list of active formatting elements", with the Noah's Ark clause: three of a kind at most. */
void html_formatting_push(struct html_parser *p, uint32_t node)
{
	const struct html_node *nodes = p->tree.nodes, *new = &nodes[node];
	uint32_t same = 0, earliest = 0, at = html_work(p, 0) ? p->formatting_count : 0;
	p->tree.cut |= at < p->formatting_count; /* hostile: not compared any more */
	for (; at-- > 0 && p->formatting[at] != HTML_NONE;) {
		const struct html_node *other = &nodes[p->formatting[at]];
		p->work++;
		if (other->tag == new->tag && other->count == new->count &&
		    (new->count == 0 || attributes_equal(p, other, new))) {
			same++;
			earliest = at;
		}
	}
	if (same >= 3)
		formatting_delete(p, earliest);
	formatting_insert(p, p->formatting_count, node);
}

/* "Reconstruct the active formatting elements", when the last entry is not open. */
void html_formatting_reopen(struct html_parser *p)
{
	uint32_t at = p->formatting_count - 1;
	const struct html_node *nodes = p->tree.nodes;
	while (at > 0 && p->formatting[at - 1] != HTML_NONE && !(nodes[p->formatting[at - 1]].ns & NODE_OPEN))
		at--;
	if (!html_work(p, 16 * (p->formatting_count - at))) {
		p->tree.cut = true; /* hostile: forget them instead of opening all of them again and again */
		while (p->formatting_count > at)
			formatting_delete(p, p->formatting_count - 1);
		return;
	}
	for (; at < p->formatting_count; at++) {
		uint32_t old = p->formatting[at];
		uint32_t count = p->formatting_count;
		uint32_t copy = html_insert_copy(p, old);
		if (p->formatting_count != count) /* the ceiling of depth took entries away */
			return;
		p->tree.nodes[old].ns &= (uint8_t)~NODE_LISTED;
		p->tree.nodes[copy].ns |= NODE_LISTED;
		p->formatting[at] = copy;
	}
}

/* ---- Adoption agency -------------------------------------------------------------------------------------- */

enum verdict html_any_end(struct html_parser *p)
{
	const struct html_token *token = &p->token;
	unsigned counter = token->tag != HTML_TAG_UNKNOWN ? token->tag : html_unknown_counter(token->name);
	if (p->tag_open[counter] == 0)
		return TOKEN_DONE;
	uint32_t at = p->open_count;
	while (at-- > 0) {
		const struct html_open *entry = &p->open[at];
		if (entry->tag == token->tag && entry->ns == HTML_NS_HTML &&
		    (token->tag != HTML_TAG_UNKNOWN || html_unknown_is(p, entry->node, token->name))) {
			html_implied_end(p, token->tag == HTML_TAG_UNKNOWN ? HTML_TAG_COUNT : token->tag);
			html_pop_to(p, at);
			break;
		}
		if (entry->flags & FLAG_SPECIAL)
			break;
		if (!html_work(p, 1)) {
			p->tree.cut = true;
			break;
		}
	}
	return TOKEN_DONE;
}

/* Steps 4.13 of the algorithm: walk from the furthest block up to the formatting element, reopening what lies between.
 * Returns the last node, which is to be inserted; *BOOKMARK moves along. */
static uint32_t adoption_inner(struct html_parser *p, uint32_t formatting_at, uint32_t furthest_at, uint32_t *bookmark)
{
	uint32_t furthest = p->open[furthest_at].node, last = furthest, at = furthest_at;
	for (unsigned inner = 1;; inner++) {
		uint32_t node = p->open[--at].node;
		if (at == formatting_at)
			return last;
		uint32_t listed = formatting_index(p, node);
		if (inner > 3 && listed != HTML_NONE) {
			formatting_delete(p, listed);
			*bookmark -= listed < *bookmark;
			listed = HTML_NONE;
		}
		if (listed == HTML_NONE) {
			html_open_remove(p, at);
			continue;
		}
		uint32_t copy = html_node_copy(p, node);
		p->tree.nodes[node].ns &= (uint8_t)~NODE_LISTED;
		p->tree.nodes[copy].ns |= NODE_LISTED;
		p->formatting[listed] = copy;
		open_unset(p, &p->open[at]);
		open_set(p, &p->open[at], copy);
		if (last == furthest)
			*bookmark = listed + 1;
		html_detach(p, last);
		html_append(p, copy, last);
		last = copy;
	}
}

/* Steps 4.9 to 4.19, the formatting element at FORMATTING_AT and the furthest block at FURTHEST_AT of the stack. */
static void adoption_move(struct html_parser *p, uint32_t formatting_at, uint32_t furthest_at)
{
	uint32_t formatting = p->open[formatting_at].node, furthest = p->open[furthest_at].node;
	uint32_t ancestor = p->open[formatting_at - 1].node;
	uint32_t bookmark = formatting_index(p, formatting);
	uint32_t last = adoption_inner(p, formatting_at, furthest_at, &bookmark);
	html_detach(p, last);
	struct html_place place = html_insertion_place(p, ancestor);
	html_insert_before(p, place.parent, last, place.before);

	uint32_t copy = html_node_copy(p, formatting);
	html_move_children(p, furthest, copy);
	html_append(p, furthest, copy);
	uint32_t listed = formatting_index(p, formatting);
	formatting_delete(p, listed);
	bookmark -= listed < bookmark;
	formatting_insert(p, bookmark, copy);
	html_open_remove(p, html_open_find(p, formatting));
	open_insert(p, html_open_find(p, furthest) + 1, copy);
}

/* The topmost special element above stack index AT, or HTML_NONE. */
static uint32_t furthest_block(const struct html_parser *p, uint32_t at)
{
	for (at++; at < p->open_count; at++)
		if (p->open[at].flags & FLAG_SPECIAL)
			return at;
	return HTML_NONE;
}

void html_adoption(struct html_parser *p)
{
	enum html_tag tag = p->token.tag;
	if (html_current_is(p, tag) && !(p->tree.nodes[html_current(p)->node].ns & NODE_LISTED)) {
		html_pop(p);
		return;
	}
	for (int outer = 0; outer < 8; outer++) {
		uint32_t formatting = html_formatting_find(p, tag);
		if (formatting == HTML_NONE) {
			html_any_end(p);
			return;
		}
		if (html_current(p)->node == formatting) { /* nothing inside: closed as anything else */
			html_pop(p);
			html_formatting_remove(p, formatting);
			return;
		}
		uint32_t at = html_open_find(p, formatting);
		if (at == HTML_NONE) {
			html_formatting_remove(p, formatting);
			return;
		}
		uint32_t depth = p->open_count - at;
		for (uint32_t i = at + 1; i < p->open_count; i++)
			if (p->open[i].flags & FLAG_SCOPE)
				return; /* not in scope */
		uint32_t furthest = furthest_block(p, at);
		if (furthest == HTML_NONE || !html_work(p, depth)) {
			p->tree.cut |= furthest != HTML_NONE;
			html_pop_to(p, at);
			html_formatting_remove(p, formatting);
			return;
		}
		adoption_move(p, at, furthest);
	}
}
