/* html_tree: nodes and their links, insertion (WHATWG HTML 13.2.6.1), and the parser's loop (13.2.6).
 *
 * The tree is one array of 40-byte nodes linked by index: a page of 150 KB has some 5,000 of them, which stay in the
 * second-level cache while the article is chosen. Nothing is freed while parsing; the arrays are kept for the next
 * page, and given back when one page needed far more than usual. */
#include "extract/html_internal.h"

#include <stdlib.h>

enum {
	NODES_KEPT = 1 << 18, /* arrays beyond these sizes are given back once a page has not needed them */
	CHUNKS_KEPT = 4 << 20,
	NODE_SLACK = 512,  /* nodes beyond the ceiling, to close the tree with */
	TOKEN_NODES = 160, /* what one token may make besides reopened formatting elements */
};

/* ---- Memory ----------------------------------------------------------------------------------------------- */

/* Give *ARRAY room for at least COUNT items of SIZE bytes, by doubling. */
static bool array_grow(struct html_parser *p, void *array, uint32_t *capacity, uint64_t count, size_t size)
{
	uint64_t want = *capacity ? *capacity : 64;
	while (want < count)
		want *= 2;
	void *more = want * size <= p->limits.memory_max ? memory_grow(*(void **)array, (size_t)want * size) : NULL;
	if (more == NULL) {
		p->status = want * size <= p->limits.memory_max ? STATUS_MEMORY : STATUS_LIMIT;
		return false;
	}
	*(void **)array = more;
	*capacity = (uint32_t)want;
	return true;
}

bool html_grow_attributes(struct html_parser *p)
{
	if (p->attribute_capacity >= UINT32_MAX / 2) {
		p->status = STATUS_LIMIT;
		return false;
	}
	return array_grow(p, &p->tree.attributes, &p->attribute_capacity, (uint64_t)p->attribute_capacity + 1,
			  sizeof *p->tree.attributes);
}

bool html_reserve_nodes(struct html_parser *p, uint32_t count)
{
	uint64_t need = (uint64_t)p->tree.count + count;
	if (__builtin_expect(need + NODE_SLACK <= p->node_capacity, 1))
		return true;
	if (need > p->limits.node_max) {
		p->status = STATUS_LIMIT;
		return false;
	}
	return array_grow(p, &p->tree.nodes, &p->node_capacity, need + NODE_SLACK, sizeof *p->tree.nodes);
}

/* Room for what the next token can make at most. */
static bool token_reserve(struct html_parser *p)
{
	return html_reserve_nodes(p, TOKEN_NODES + 2 * p->formatting_count);
}

bool html_list_grow(struct html_parser *p, void *array, uint32_t *capacity, size_t size)
{
	return array_grow(p, array, capacity, (uint64_t)*capacity + 1, size);
}

static void release_outliers(struct html_parser *p)
{
	if (p->node_capacity > NODES_KEPT && p->tree.count < p->node_capacity / 4) {
		free(p->tree.nodes);
		p->tree.nodes = NULL;
		p->node_capacity = 0;
	}
	if (p->attribute_capacity > NODES_KEPT && p->tree.attribute_count < p->attribute_capacity / 4) {
		free(p->tree.attributes);
		p->tree.attributes = NULL;
		p->attribute_capacity = 0;
	}
	size_t kept = 0;
	for (struct string_chunk **link = &p->chunks, *chunk; (chunk = *link) != NULL;) {
		if (kept + chunk->size > CHUNKS_KEPT) {
			*link = chunk->next;
			p->string_total -= chunk->size;
			free(chunk);
		} else {
			kept += chunk->size;
			chunk->used = 0;
			link = &chunk->next;
		}
	}
	p->chunk = p->chunks;
}

/* ---- Links ------------------------------------------------------------------------------------------------ */

uint32_t html_node_new(struct html_parser *p, enum html_kind kind)
{
	uint32_t node = p->tree.count++;
	p->tree.nodes[node] = (struct html_node){.parent = HTML_NONE,
						 .first = HTML_NONE,
						 .last = HTML_NONE,
						 .next = HTML_NONE,
						 .previous = HTML_NONE,
						 .kind = (uint8_t)kind};
	return node;
}

void html_append(struct html_parser *p, uint32_t parent, uint32_t child)
{
	struct html_node *nodes = p->tree.nodes, *up = &nodes[parent], *new = &nodes[child];
	new->parent = parent;
	new->previous = up->last;
	new->next = HTML_NONE;
	if (up->last == HTML_NONE)
		up->first = child;
	else
		nodes[up->last].next = child;
	up->last = child;
}

void html_insert_before(struct html_parser *p, uint32_t parent, uint32_t child, uint32_t before)
{
	if (before == HTML_NONE) {
		html_append(p, parent, child);
		return;
	}
	struct html_node *nodes = p->tree.nodes, *after = &nodes[before], *new = &nodes[child];
	new->parent = parent;
	new->next = before;
	new->previous = after->previous;
	if (after->previous == HTML_NONE)
		nodes[parent].first = child;
	else
		nodes[after->previous].next = child;
	after->previous = child;
}

void html_detach(struct html_parser *p, uint32_t node)
{
	struct html_node *nodes = p->tree.nodes, *old = &nodes[node];
	if (old->parent == HTML_NONE)
		return;
	if (old->previous == HTML_NONE)
		nodes[old->parent].first = old->next;
	else
		nodes[old->previous].next = old->next;
	if (old->next == HTML_NONE)
		nodes[old->parent].last = old->previous;
	else
		nodes[old->next].previous = old->previous;
	old->parent = old->next = old->previous = HTML_NONE;
}

void html_move_children(struct html_parser *p, uint32_t from, uint32_t to)
{
	struct html_node *nodes = p->tree.nodes;
	uint32_t steps = 0;
	for (uint32_t child = nodes[from].first; child != HTML_NONE; child = nodes[child].next, steps++)
		nodes[child].parent = to;
	if (steps == 0)
		return;
	uint32_t first = nodes[from].first, last = nodes[from].last;
	nodes[first].previous = nodes[to].last;
	if (nodes[to].last == HTML_NONE)
		nodes[to].first = first;
	else
		nodes[nodes[to].last].next = first;
	nodes[to].last = last;
	nodes[from].first = nodes[from].last = HTML_NONE;
	html_work(p, steps);
}

/* ---- Insertion -------------------------------------------------------------------------------------------- */

/* Foster parenting: where what does not belong in a table goes. */
static struct html_place foster_place(struct html_parser *p)
{
	struct html_node *nodes = p->tree.nodes;
	uint32_t at = p->open_count;
	while (at-- > 1) {
		const struct html_open *entry = &p->open[at];
		if (html_is(entry, HTML_TAG_TEMPLATE))
			return (struct html_place){nodes[entry->node].first, HTML_NONE};
		if (html_is(entry, HTML_TAG_TABLE)) {
			uint32_t parent = nodes[entry->node].parent;
			html_work(p, p->open_count - at);
			return parent != HTML_NONE ? (struct html_place){parent, entry->node}
						   : (struct html_place){p->open[at - 1].node, HTML_NONE};
		}
	}
	return (struct html_place){p->open[0].node, HTML_NONE};
}

struct html_place html_insertion_place(struct html_parser *p, uint32_t target)
{
	const struct html_node *node = &p->tree.nodes[target];
	if ((node->ns & NODE_NS) == HTML_NS_HTML) {
		if (p->foster && html_tag_flags[node->tag] & FLAG_TABLE_PART)
			return foster_place(p);
		if (node->tag == HTML_TAG_TEMPLATE)
			return (struct html_place){node->first, HTML_NONE};
	}
	return (struct html_place){target, HTML_NONE};
}

/* Add TEXT to the text node NODE. */
static void text_extend(struct html_parser *p, struct html_node *node, struct span text)
{
	if (node->data + node->size == text.data) {
		node->size += (uint32_t)text.size;
		return;
	}
	size_t size = node->size + text.size;
	if (size > UINT32_MAX / 4)
		return;
	if (node->capacity < size) {
		char *room = html_string_reserve(p, 2 * size);
		if (room == NULL)
			return;
		html_string_claim(p, 2 * size);
		memcpy(room, node->data, node->size);
		node->data = room;
		node->capacity = (uint32_t)(2 * size);
	}
	memcpy((char *)(uintptr_t)node->data + node->size, text.data, text.size);
	node->size = (uint32_t)size;
}

void html_insert_text(struct html_parser *p, struct span text)
{
	if (text.size == 0)
		return;
	struct html_place place = html_insertion_place(p, html_current(p)->node);
	struct html_node *nodes = p->tree.nodes;
	uint32_t before = place.before == HTML_NONE ? nodes[place.parent].last : nodes[place.before].previous;
	if (before != HTML_NONE && nodes[before].kind == HTML_TEXT) {
		text_extend(p, &nodes[before], text);
		return;
	}
	uint32_t node = html_node_new(p, HTML_TEXT);
	nodes[node].data = text.data;
	nodes[node].size = (uint32_t)text.size;
	html_insert_before(p, place.parent, node, place.before);
}

void html_comment_at(struct html_parser *p, uint32_t parent)
{
	uint32_t node = html_node_new(p, HTML_COMMENT);
	p->tree.nodes[node].data = p->token.text.data;
	p->tree.nodes[node].size = (uint32_t)p->token.text.size;
	struct html_place place = {parent, HTML_NONE};
	if (parent == HTML_NONE)
		place = html_insertion_place(p, html_current(p)->node);
	html_insert_before(p, place.parent, node, place.before);
}

/* A new element for the start tag token, in no tree yet. The tag's attributes become the tree's. */
static uint32_t element_new(struct html_parser *p, enum html_namespace ns)
{
	const struct html_token *token = &p->token;
	uint32_t node = html_node_new(p, HTML_ELEMENT);
	struct html_node *new = &p->tree.nodes[node];
	new->tag = (uint16_t)token->tag;
	new->ns = (uint8_t)ns;
	new->attributes = token->attributes;
	new->count = (uint16_t)token->attribute_count;
	if (p->tree.attribute_count == token->attributes)
		p->tree.attribute_count += token->attribute_count;
	if (token->tag == HTML_TAG_UNKNOWN) {
		new->data = token->name.data;
		new->name_size = (uint16_t)token->name.size;
	}
	return node;
}

/* At the ceiling of depth the deepest element is closed, so that what follows becomes its sibling. */
static void depth_relieve(struct html_parser *p)
{
	struct html_open top = *html_current(p);
	p->tree.cut = true;
	if (p->tree.nodes[top.node].ns & NODE_LISTED)
		html_formatting_remove(p, top.node);
	html_pop(p);
	if (top.ns != HTML_NS_HTML)
		return;
	if (top.tag == HTML_TAG_TEMPLATE && p->template_count > 0)
		p->template_count--;
	if (top.flags & FLAG_SCOPE && top.tag != HTML_TAG_TABLE && top.tag != HTML_TAG_SELECT)
		html_formatting_clear(p);
	if (top.flags & (FLAG_TABLE_PART | FLAG_IMPLIED_THOROUGH) || top.tag == HTML_TAG_TEMPLATE)
		html_reset_mode(p);
}

static void element_place(struct html_parser *p, uint32_t node, bool push)
{
	if (push && __builtin_expect(p->open_count >= p->limits.depth_max, 0))
		depth_relieve(p);
	struct html_place place = html_insertion_place(p, html_current(p)->node);
	html_insert_before(p, place.parent, node, place.before);
	if (push)
		html_push(p, node);
}

/* Elements whose place or name needs a look. */
static uint32_t insert_rare(struct html_parser *p)
{
	uint32_t node = element_new(p, HTML_NS_HTML);
	element_place(p, node, true);
	if (p->token.tag == HTML_TAG_TEMPLATE)
		html_append(p, node, html_node_new(p, HTML_CONTENT));
	p->selectedcontent |= p->token.tag == HTML_TAG_SELECTEDCONTENT;
	return node;
}

/* What every second token comes to: made, appended and pushed in one go. */
uint32_t html_insert_element(struct html_parser *p)
{
	const struct html_token *token = &p->token;
	if (__builtin_expect(p->open_count >= p->limits.depth_max, 0))
		depth_relieve(p);
	const struct html_open *top = html_current(p);
	const uint16_t tag = (uint16_t)token->tag, flags = html_tag_flags[tag];
	if (__builtin_expect(p->foster || top->tag == HTML_TAG_TEMPLATE || flags & FLAG_MORE || tag == HTML_TAG_UNKNOWN,
			     0))
		return insert_rare(p);
	struct html_node *nodes = p->tree.nodes;
	uint32_t node = p->tree.count++, parent = top->node, last = nodes[parent].last;
	nodes[node] = (struct html_node){.parent = parent,
					 .first = HTML_NONE,
					 .last = HTML_NONE,
					 .next = HTML_NONE,
					 .previous = last,
					 .kind = HTML_ELEMENT,
					 .ns = HTML_NS_HTML | NODE_OPEN,
					 .tag = tag,
					 .attributes = token->attributes,
					 .count = (uint16_t)token->attribute_count};
	*(last == HTML_NONE ? &nodes[parent].first : &nodes[last].next) = node;
	nodes[parent].last = node;
	if (token->attribute_count > 0 && p->tree.attribute_count == token->attributes)
		p->tree.attribute_count += token->attribute_count;
	p->open[p->open_count++] = (struct html_open){node, tag, flags, tag, HTML_NS_HTML};
	p->tag_open[tag]++;
	return node;
}

uint32_t html_insert_named(struct html_parser *p, enum html_tag tag)
{
	uint32_t node = html_node_new(p, HTML_ELEMENT);
	p->tree.nodes[node].tag = (uint16_t)tag;
	p->tree.nodes[node].attributes = p->tree.attribute_count;
	element_place(p, node, true);
	return node;
}

void html_insert_void(struct html_parser *p)
{
	element_place(p, element_new(p, HTML_NS_HTML), false);
}

uint32_t html_insert_foreign(struct html_parser *p, enum html_namespace ns, bool push)
{
	uint32_t node = element_new(p, ns);
	element_place(p, node, push);
	return node;
}

uint32_t html_insert_copy(struct html_parser *p, uint32_t original)
{
	uint32_t node = html_node_copy(p, original);
	element_place(p, node, true);
	return node;
}

/* A new element with the name and attributes of ORIGINAL, in no tree. Attributes never change, so they are shared. */
uint32_t html_node_copy(struct html_parser *p, uint32_t original)
{
	uint32_t node = html_node_new(p, HTML_ELEMENT);
	struct html_node *new = &p->tree.nodes[node], *old = &p->tree.nodes[original];
	new->tag = old->tag;
	new->ns = old->ns &NODE_NS;
	new->attributes = old->attributes;
	new->capacity = old->capacity; /* count and name_size */
	new->data = old->data;
	return node;
}

static bool attribute_present(const struct html_parser *p, const struct html_node *node, const struct html_attribute *a)
{
	const struct html_attribute *has = p->tree.attributes + node->attributes;
	for (uint32_t i = 0; i < node->count; i++)
		if (has[i].id == a->id && has[i].name_size == a->name_size &&
		    memcmp(has[i].name, a->name, a->name_size) == 0)
			return true;
	return false;
}

void html_add_attributes(struct html_parser *p, uint32_t node)
{
	const struct html_token *token = &p->token;
	uint32_t total = p->tree.nodes[node].count + token->attribute_count;
	if (token->attribute_count == 0 || total > p->limits.attribute_max || !html_work(p, 16 * total))
		return;
	uint32_t start = token->attributes + token->attribute_count; /* the token's are used up after this */
	while (start + total >= p->attribute_capacity)
		if (!html_grow_attributes(p))
			return;
	struct html_attribute *all = p->tree.attributes;
	struct html_node *target = &p->tree.nodes[node];
	uint32_t count = target->count;
	memcpy(all + start, all + target->attributes, count * sizeof *all);
	for (uint32_t i = 0; i < token->attribute_count; i++)
		if (!attribute_present(p, target, &all[token->attributes + i]))
			all[start + count++] = all[token->attributes + i];
	if (count > target->count) {
		target->attributes = start;
		target->count = (uint16_t)count;
		p->tree.attribute_count = start + count;
	}
}

/* ---- The loop --------------------------------------------------------------------------------------------- */

typedef enum verdict mode_function(struct html_parser *p);

static mode_function *const modes[MODE_COUNT] = {
	[MODE_INITIAL] = html_mode_initial,
	[MODE_BEFORE_HTML] = html_mode_before_html,
	[MODE_BEFORE_HEAD] = html_mode_before_head,
	[MODE_IN_HEAD] = html_mode_in_head,
	[MODE_IN_HEAD_NOSCRIPT] = html_mode_in_head_noscript,
	[MODE_AFTER_HEAD] = html_mode_after_head,
	[MODE_IN_BODY] = html_mode_in_body,
	[MODE_TEXT] = html_mode_text,
	[MODE_IN_TABLE] = html_mode_in_table,
	[MODE_IN_TABLE_TEXT] = html_mode_in_table_text,
	[MODE_IN_CAPTION] = html_mode_in_caption,
	[MODE_IN_COLUMN_GROUP] = html_mode_in_column_group,
	[MODE_IN_TABLE_BODY] = html_mode_in_table_body,
	[MODE_IN_ROW] = html_mode_in_row,
	[MODE_IN_CELL] = html_mode_in_cell,
	[MODE_IN_TEMPLATE] = html_mode_in_template,
	[MODE_AFTER_BODY] = html_mode_after_body,
	[MODE_IN_FRAMESET] = html_mode_in_frameset,
	[MODE_AFTER_FRAMESET] = html_mode_after_frameset,
	[MODE_AFTER_AFTER_BODY] = html_mode_after_after_body,
	[MODE_AFTER_AFTER_FRAMESET] = html_mode_after_after_frameset,
};

/* 13.2.6 "tree construction dispatcher": whether the token is for the insertion mode rather than foreign content. */
static inline bool for_mode(const struct html_parser *p)
{
	if (p->open_count == 0)
		return true;
	const struct html_open *node = html_adjusted(p);
	if (__builtin_expect(node->ns == HTML_NS_HTML, 1))
		return true;
	const struct html_token *token = &p->token;
	bool start = token->kind == TOKEN_START, text = token->kind == TOKEN_TEXT;
	if (token->kind == TOKEN_EOF)
		return true;
	if (node->flags & FLAG_MATH_TEXT &&
	    (text || (start && token->tag != HTML_TAG_MGLYPH && token->tag != HTML_TAG_MALIGNMARK)))
		return true;
	if (node->ns == HTML_NS_MATHML && node->tag == HTML_TAG_ANNOTATION_XML && start && token->tag == HTML_TAG_SVG)
		return true;
	return node->flags & FLAG_HTML_POINT && (start || text);
}

enum verdict html_mode_of(struct html_parser *p)
{
	return modes[p->mode](p);
}

static void token_process(struct html_parser *p)
{
	while ((for_mode(p) ? modes[p->mode](p) : html_foreign(p)) == TOKEN_AGAIN)
		;
}

/* What decoding means for text read in each tokenizer state. */
static const uint8_t decode_flags[] = {
	[STATE_DATA] = DECODE_REFERENCES,       [STATE_RCDATA] = DECODE_REFERENCES | DECODE_NUL_REPLACE,
	[STATE_RAWTEXT] = DECODE_NUL_REPLACE,   [STATE_SCRIPT] = DECODE_NUL_REPLACE,
	[STATE_PLAINTEXT] = DECODE_NUL_REPLACE, [STATE_CDATA] = 0,
};

/* Decode the token's text once; EXTRA says what becomes of NULs. */
void html_text_decode(struct html_parser *p, unsigned extra)
{
	if (!p->token.special)
		return;
	unsigned flags = decode_flags[p->token.state];
	if (!(flags & DECODE_NUL_REPLACE))
		flags |= extra;
	struct span text = html_decode(p, p->token.text, flags);
	p->token.text = text.data ? text : (struct span){p->token.text.data, 0};
	p->token.special = false;
}

/* The first characters of one kind: white space, NULs, or others. */
static size_t text_run(struct span text)
{
	size_t n = 1;
	if (text.data[0] == '\0')
		while (n < text.size && text.data[n] == '\0')
			n++;
	else if (html_space(text.data[0]))
		n = html_space_prefix(text);
	else
		while (n < text.size && text.data[n] != '\0' && !html_space(text.data[n]))
			n++;
	return n;
}

static bool takes_any_text(const struct html_parser *p)
{
	return p->mode == MODE_IN_BODY || p->mode == MODE_IN_CELL || p->mode == MODE_IN_CAPTION ||
	       p->mode == MODE_IN_TEMPLATE;
}

/* A line feed right after <pre>, <listing> or <textarea> is dropped (13.1.2.5). */
static void drop_newline(struct html_parser *p)
{
	p->skip_newline = false;
	html_text_decode(p, 0);
	if (p->token.text.size && p->token.text.data[0] == '\n')
		p->token.text = span_slice(p->token.text, 1, SIZE_MAX);
}

static void text_process(struct html_parser *p)
{
	if (p->skip_newline)
		drop_newline(p);
	if (p->mode == MODE_TEXT) {
		html_text_decode(p, 0);
		html_insert_text(p, p->token.text);
		return;
	}
	if (takes_any_text(p) && for_mode(p)) {
		html_text_decode(p, DECODE_NUL_DROP);
		html_body_text(p);
		return;
	}
	html_text_decode(p, 0);
	struct span rest = p->token.text;
	while (rest.size > 0) {
		bool whole = !for_mode(p) || (takes_any_text(p) && memchr(rest.data, '\0', rest.size) == NULL);
		size_t run = whole ? rest.size : text_run(rest);
		p->token.text = (struct span){rest.data, run};
		token_process(p);
		rest = span_slice(rest, run, SIZE_MAX);
	}
}

static void parse_loop(struct html_parser *p)
{
	do {
		if (!token_reserve(p))
			break;
		html_token_next(p);
		enum token_kind kind = p->token.kind;
		if (kind == TOKEN_TEXT) {
			text_process(p);
			continue;
		}
		p->skip_newline = false;
		bool body_tag = (kind == TOKEN_START || kind == TOKEN_END) && p->mode == MODE_IN_BODY &&
				html_adjusted(p)->ns == HTML_NS_HTML; /* most tokens: without the detour */
		if (!body_tag || html_body_tag(p) == TOKEN_AGAIN)
			token_process(p);
	} while (p->token.kind != TOKEN_EOF && p->status == STATUS_OK);
	if (p->token.kind != TOKEN_EOF) { /* cut: close the tree as at the end of the input */
		p->token.kind = TOKEN_EOF;
		p->tree.cut = true;
		if (p->node_capacity >= p->tree.count + TOKEN_NODES)
			token_process(p);
	}
}

/* ---- Entry ------------------------------------------------------------------------------------------------ */

struct html_parser *html_parser_new(const struct html_limits *limits)
{
	struct html_parser *p = memory_zeroed(1, sizeof *p);
	if (p == NULL)
		return NULL;
	if (limits)
		p->limits = *limits;
	struct html_limits *l = &p->limits;
	l->depth_max = l->depth_max == 0 ? 512 : l->depth_max < 16 ? 16 : l->depth_max;
	l->attribute_max = l->attribute_max == 0 ? 1000 : l->attribute_max > UINT16_MAX ? UINT16_MAX : l->attribute_max;
	l->node_max = l->node_max == 0 ? 4000000 : l->node_max > UINT32_MAX / 4 ? UINT32_MAX / 4 : l->node_max;
	l->memory_max = l->memory_max == 0 ? (size_t)512 << 20 : l->memory_max;
	p->scan = html_scan_kernel(NULL);
	p->tree.parser = p;
	p->open_capacity = l->depth_max + 8;
	p->open = memory_new(p->open_capacity * sizeof *p->open);
	for (p->attribute_slot_count = 64; p->attribute_slot_count < 2 * l->attribute_max;)
		p->attribute_slot_count *= 2;
	p->attribute_slots = memory_zeroed(p->attribute_slot_count, 2 * sizeof *p->attribute_slots);
	if (p->open == NULL || p->attribute_slots == NULL) {
		html_parser_free(p);
		return NULL;
	}
	return p;
}

void html_parser_free(struct html_parser *p)
{
	if (p == NULL)
		return;
	for (struct string_chunk *chunk = p->chunks, *next; chunk; chunk = next) {
		next = chunk->next;
		free(chunk);
	}
	free(p->tree.nodes);
	free(p->tree.attributes);
	free(p->template_modes);
	free(p->open);
	free(p->formatting);
	free(p->pending);
	free(p->attribute_slots);
	free(p);
}

static void parser_reset(struct html_parser *p)
{
	release_outliers(p);
	p->status = STATUS_OK;
	struct html_tree *tree = &p->tree;
	tree->count = tree->attribute_count = 0;
	tree->head = tree->body = HTML_NONE;
	tree->quirks = HTML_NO_QUIRKS;
	tree->cut = false;
	tree->doctype = tree->doctype_public = tree->doctype_system = SPAN_NONE;
	p->mode = p->original_mode = MODE_INITIAL;
	p->template_count = p->open_count = p->formatting_count = p->pending_count = 0;
	memset(p->tag_open, 0, sizeof p->tag_open);
	p->form = HTML_NONE;
	p->fragment = p->foster = p->skip_newline = p->pending_other = false;
	p->selectedcontent = false;
	p->frameset_ok = true;
	p->work = 0;
}

/* The marks of open and listed elements go; the tree is given out without them. */
static enum status parse_finish(struct html_parser *p, const struct html_tree **tree)
{
	if (p->selectedcontent && !p->tree.cut)
		html_fill_selected(p);
	for (uint32_t i = 0; i < p->open_count; i++)
		p->tree.nodes[p->open[i].node].ns &= NODE_NS;
	for (uint32_t i = 0; i < p->formatting_count; i++)
		if (p->formatting[i] != HTML_NONE)
			p->tree.nodes[p->formatting[i]].ns &= NODE_NS;
	if (p->status == STATUS_MEMORY)
		return STATUS_MEMORY;
	*tree = &p->tree;
	return p->tree.cut ? STATUS_LIMIT : STATUS_OK;
}

static enum status parse_start(struct html_parser *p, struct span *text)
{
	parser_reset(p);
	if (text->data == NULL)
		*text = SPAN("");
	if (text->size > UINT32_MAX / 4) { /* sizes are 32 bits and may double or triple */
		text->size = utf8_valid_prefix((struct span){text->data, UINT32_MAX / 4});
		p->tree.cut = true;
	}
	if (!token_reserve(p))
		return p->status;
	html_tokenizer_start(p, *text);
	html_node_new(p, HTML_DOCUMENT);
	return STATUS_OK;
}

enum status html_parse(struct html_parser *p, struct span text, const struct html_tree **tree)
{
	enum status status = parse_start(p, &text);
	if (status != STATUS_OK)
		return status;
	parse_loop(p);
	return parse_finish(p, tree);
}

/* The tokenizer's state inside an element (13.4 step 4). */
static enum token_state context_state(enum html_tag tag)
{
	switch (tag) {
	case HTML_TAG_TITLE:
	case HTML_TAG_TEXTAREA:
		return STATE_RCDATA;
	case HTML_TAG_STYLE:
	case HTML_TAG_XMP:
	case HTML_TAG_IFRAME:
	case HTML_TAG_NOEMBED:
	case HTML_TAG_NOFRAMES:
		return STATE_RAWTEXT;
	case HTML_TAG_SCRIPT:
		return STATE_SCRIPT;
	case HTML_TAG_PLAINTEXT:
		return STATE_PLAINTEXT;
	default:
		return STATE_DATA;
	}
}

enum status html_parse_fragment(struct html_parser *p, struct span text, struct span context, enum html_namespace ns,
				const struct html_tree **tree)
{
	enum status status = parse_start(p, &text);
	if (status != STATUS_OK)
		return status;
	p->fragment = true;
	uint32_t node = html_node_new(p, HTML_ELEMENT);
	p->tree.nodes[node].tag = (uint16_t)html_tag_of(context);
	p->tree.nodes[node].data = context.data;
	p->tree.nodes[node].name_size = (uint16_t)(context.size < UINT16_MAX ? context.size : UINT16_MAX);
	p->tree.nodes[node].ns = (uint8_t)ns;
	html_push(p, node);
	p->context = *html_current(p);
	html_pop(p);
	if (ns == HTML_NS_HTML)
		p->state =
			context_state((enum html_tag)p->context.tag); /* no end tag ends it: p->raw_name stays absent */
	uint32_t root = html_node_new(p, HTML_ELEMENT);
	p->tree.nodes[root].tag = HTML_TAG_HTML;
	html_append(p, 0, root);
	html_push(p, root);
	if (html_is(&p->context, HTML_TAG_TEMPLATE))
		html_template_push(p, MODE_IN_TEMPLATE);
	if (html_is(&p->context, HTML_TAG_FORM))
		p->form = node;
	html_reset_mode(p);
	parse_loop(p);
	return parse_finish(p, tree);
}

/* ---- Accessors that are not inline ------------------------------------------------------------------------ */

struct span html_name(const struct html_tree *tree, uint32_t node)
{
	const struct html_node *n = &tree->nodes[node];
	if (n->kind != HTML_ELEMENT)
		return SPAN_NONE;
	struct span name = n->tag ? html_tag_name((enum html_tag)n->tag) : (struct span){n->data, n->name_size};
	return n->ns == HTML_NS_SVG ? html_svg_tag_case(name) : name;
}

enum html_attr html_attr_at(const struct html_tree *tree, uint32_t node, uint32_t index, struct span *name,
			    struct span *value)
{
	const struct html_node *n = &tree->nodes[node];
	struct html_attribute *a = &tree->attributes[n->attributes + index];
	if (a->raw)
		html_attribute_decode(tree, a);
	*value = (struct span){a->value, a->value_size};
	*name = (struct span){a->name, a->name_size};
	if (n->ns != HTML_NS_HTML)
		*name = html_attr_case(*name, (enum html_namespace)n->ns);
	return (enum html_attr)a->id;
}
