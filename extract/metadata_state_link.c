/* metadata_state_link: references in page state, put in the place of what they refer to.
 *
 * Serialisers write a value once and refer to it where it comes again: as a parameter of a function that is called at
 * once (Nuxt 2, SvelteKit), as an index of one long list (Nuxt 3, React Router), as the name of a row (React server
 * components), or as a string that holds JSON. A page could refer to a list from each member of another such list, and
 * so on, or to itself; so each list or object is given to one place, the first in order, and long strings that come
 * again are counted. Then the result is no larger than what was read, whoever wrote it. */
#include "extract/metadata_state.h"

enum {
	LONG_STRING = 40, /* shorter ones may come again as they like */
	JSON_MIN = 100,   /* bytes of a string worth reading as JSON */
	UNWRAP_MAX = 8,   /* calls within calls around one value */
	INDEX_DIGITS = 7
};

struct binding {
	struct span name;
	struct state_node *value, *last; /* and its last member */
};

struct state_scope {
	char mark;               /* before a name in a string; 0: names are words */
	struct binding *slots;   /* a hash table of names */
	struct state_node **row; /* instead, the members of a list by their index */
	size_t count;            /* of slots, a power of two, or of rows */
};

bool state_is_json(struct span text)
{
	text = span_trim(text);
	if (text.size < JSON_MIN)
		return false;
	char first = *text.data, last = text.data[text.size - 1];
	return (first == '{' && last == '}') || (first == '[' && last == ']');
}

/* ---- Scopes ---------------------------------------------------------------------------------------------- */

/* Room for COUNT names; NULL when the arena is full. */
static struct state_scope *scope_new(struct state_budget *budget, size_t count, char mark)
{
	struct state_scope *scope = arena_zalloc(budget->arena, sizeof *scope);
	size_t slots = 4;
	while (slots < 2 * count)
		slots *= 2;
	if (!scope)
		return NULL;
	scope->mark = mark;
	scope->count = slots;
	scope->slots = arena_zalloc(budget->arena, slots * sizeof *scope->slots);
	return scope->slots ? scope : NULL;
}

/* The slot of NAME, or the free one where it would stand. */
static struct binding *scope_slot(const struct state_scope *scope, struct span name)
{
	size_t at = hash64(name.data, name.size, 0) & (scope->count - 1);
	while (scope->slots[at].value && !span_equal(scope->slots[at].name, name))
		at = (at + 1) & (scope->count - 1);
	return &scope->slots[at];
}

static void scope_bind(struct state_scope *scope, struct span name, struct state_node *value)
{
	struct binding *slot = scope_slot(scope, name);
	if (!slot->value)
		*slot = (struct binding){.name = name, .value = value};
}

static bool read_index(struct span word, size_t *index)
{
	uint64_t value;
	if (word.size > INDEX_DIGITS || !span_to_u64(word, &value))
		return false;
	*index = (size_t)value;
	return true;
}

/* The row's name in "$1a", "$L1a", "$@1a". */
static struct span row_name(struct span text)
{
	size_t from = text.size > 1 && (text.data[1] == 'L' || text.data[1] == '@') ? 2 : 1;
	for (size_t i = from; i < text.size; i++) {
		unsigned char c = (unsigned char)text.data[i];
		if (!ascii_is_digit(c) && (c < 'a' || c > 'f'))
			return SPAN_NONE;
	}
	return text.size > from && text.size < 16 ? span_slice(text, from, SIZE_MAX) : SPAN_NONE;
}

/* What NODE refers to, or NULL. */
static struct state_node *scope_find(const struct state_scope *scope, const struct state_node *node)
{
	size_t index;
	if (!scope)
		return NULL;
	if (scope->row)
		return node->kind == STATE_WORD && read_index(node->text, &index) && index < scope->count
			       ? scope->row[index]
			       : NULL;
	struct span name = node->text;
	if (node->kind != (scope->mark ? STATE_STRING : STATE_WORD))
		return NULL;
	if (scope->mark)
		name = name.size && *name.data == scope->mark ? row_name(name) : SPAN_NONE;
	return name.size ? scope_slot(scope, name)->value : NULL;
}

/* ---- Values ---------------------------------------------------------------------------------------------- */

static bool is_group(const struct state_node *node)
{
	return node->kind >= STATE_ARRAY;
}

/* VALUE in NODE's place. */
static void put(struct state_budget *budget, struct state_node *node, struct state_node *value)
{
	bool large = value->kind == STATE_STRING && value->text.size >= LONG_STRING;
	if ((is_group(value) && value->used) || (large && value->text.size > budget->twice)) {
		*node = (struct state_node){.kind = STATE_WORD, .next = node->next};
		return;
	}
	value->used = true;
	if (large)
		budget->twice -= value->text.size;
	node->kind = value->kind;
	node->text = value->text;
	node->first = value->first;
	value->first = NULL;
}

/* NODE, (function(a, b){ a.x = 1; return R }(1, 2)) or (function…)(1, 2), becomes R. The scope of its names, or NULL
 * where it is no such call. */
static struct state_scope *call_function(struct state_budget *budget, struct state_node *node)
{
	struct state_node *names = node->first, *code = names ? names->next : NULL, *result = NULL;
	if (!code || names->kind != STATE_CALL || code->kind != STATE_CODE)
		return NULL;
	const struct state_node *arguments = code->next ? code->next : node->next;
	if (!arguments || arguments->kind != STATE_CALL)
		return NULL;
	size_t count = 0;
	for (const struct state_node *name = names->first; name; name = name->next)
		count++;
	struct state_scope *scope = scope_new(budget, count, 0);
	if (!scope)
		return NULL;
	struct state_node *value = arguments->first;
	for (const struct state_node *name = names->first; name && value; name = name->next, value = value->next)
		if (name->kind == STATE_WORD)
			scope_bind(scope, name->text, value);
	for (struct state_node *one = code->first; one && !result; one = one->next) {
		if (span_equal(one->name, SPAN("return"))) {
			result = one;
			continue;
		}
		size_t dot = span_find_byte(one->name, '.'); /* a.x = VALUE, a[0] = VALUE */
		struct binding *slot = one->name.size ? scope_slot(scope, span_slice(one->name, 0, dot)) : NULL;
		struct state_node *copy = slot && slot->value && is_group(slot->value) && budget->nodes
						  ? arena_alloc(budget->arena, sizeof *copy)
						  : NULL;
		if (!copy)
			continue;
		budget->nodes--;
		*copy = *one;
		copy->next = NULL;
		if (!slot->last)
			slot->value->first = copy;
		else
			slot->last->next = copy;
		slot->last = copy;
	}
	if (!result)
		return NULL;
	put(budget, node, result);
	return scope;
}

/* Whether the members of LIST refer to each other by index: lists and objects of indexes (of what is left out, too:
 * below zero), strings where a list says what kind of thing it is, and nothing else. */
static bool is_table(const struct state_node *list, size_t count)
{
	size_t groups = 0, strings = 0, index;
	if (list->kind != STATE_ARRAY || !list->first || !is_group(list->first) || !list->first->first)
		return false;
	for (const struct state_node *row = list->first; row; row = row->next) {
		strings += row->kind == STATE_STRING;
		if (!is_group(row))
			continue;
		groups++;
		for (const struct state_node *one = row->first; one; one = one->next) {
			if (one->kind == STATE_STRING && row->kind == STATE_ARRAY && row->first->kind == STATE_STRING)
				continue;
			if (one->kind != STATE_WORD || !one->text.size)
				return false;
			if (*one->text.data != '-' && (!read_index(one->text, &index) || index >= count))
				return false;
		}
	}
	return groups && strings;
}

/* LIST, if it is such a table, becomes its first member. The scope of the indexes, or NULL. */
static struct state_scope *open_table(struct state_budget *budget, struct state_node *list)
{
	size_t count = 0;
	for (const struct state_node *row = list->first; row; row = row->next)
		count++;
	if (!is_table(list, count))
		return NULL;
	struct state_scope *scope = arena_zalloc(budget->arena, sizeof *scope);
	if (!scope || !(scope->row = arena_alloc(budget->arena, count * sizeof *scope->row)))
		return NULL;
	scope->count = 0;
	for (struct state_node *row = list->first; row; row = row->next)
		scope->row[scope->count++] = row;
	put(budget, list, list->first);
	return scope;
}

/* NODE, a string of JSON, becomes what it says. */
static struct state_scope *open_string(struct state_budget *budget, struct state_node *node)
{
	struct state_node *read = state_read(budget, span_trim(node->text));
	if (!read || !read->first || read->first->next || !is_group(read->first))
		return NULL;
	put(budget, node, read->first);
	return open_table(budget, node);
}

/* NODE becomes the value it stands for. What names mean below it, where that is something else. */
static struct state_scope *open_value(struct state_budget *budget, struct state_node *node, struct state_scope *scope)
{
	bool referred = false;
	for (int i = 0; i < UNWRAP_MAX; i++) {
		struct state_node *value = referred ? NULL : scope_find(scope, node);
		if (value) {
			put(budget, node, value);
			referred = true;
		} else if (node->kind == STATE_CALL) {
			struct state_scope *inner = call_function(budget, node);
			if (inner) {
				scope = inner;
				referred = false;
			} else if (node->first && !node->first->next && !node->first->used) {
				put(budget, node, node->first); /* JSON.parse("…"), Object.freeze({…}) */
			} else {
				break;
			}
		} else if (node->kind == STATE_STRING && state_is_json(node->text)) {
			return open_string(budget, node);
		} else {
			break;
		}
	}
	return scope;
}

void state_link(struct state_budget *budget, struct state_node *root, bool whole, struct state_scope *scope)
{
	struct {
		struct state_node *node;
		struct state_scope *scope;
	} open[STATE_DEPTH];
	size_t depth = 0;
	struct state_node *node = root;
	struct state_scope *table = whole ? open_table(budget, root) : NULL;
	scope = table ? table : scope;
	for (;;) {
		node->used = true; /* so that nothing below takes it for its own */
		struct state_scope *inner = open_value(budget, node, scope);
		if (is_group(node) && node->kind != STATE_CODE && node->first && depth < STATE_DEPTH) {
			open[depth].node = node;
			open[depth++].scope = scope;
			scope = inner;
			node = node->first;
			continue;
		}
		while (depth && !node->next) {
			node = open[--depth].node;
			scope = open[depth].scope;
		}
		if (!depth)
			return;
		node = node->next;
	}
}

/* ---- React server components ---------------------------------------------------------------------------- */

/* A text row behind its T, at the start of REST: SIZE,TEXT. Bytes used, 0 when it is none. */
static size_t read_text_row(struct state_budget *budget, struct span rest, struct state_node **node)
{
	size_t size = 0, at = 0;
	for (; at < rest.size && at < 6 && rest.data[at] != ','; at++) {
		unsigned char c = (unsigned char)rest.data[at];
		if (!ascii_is_digit(c) && (c < 'a' || c > 'f'))
			return 0;
		size = size << 4 | (ascii_is_digit(c) ? c - 48u : c - 'a' + 10u);
	}
	if (at >= rest.size || rest.data[at] != ',' || !budget->nodes)
		return 0;
	struct span text = span_slice(rest, at + 1, size);
	size_t used = at + 1 + text.size;
	*node = arena_zalloc(budget->arena, sizeof **node);
	if (!*node)
		return 0;
	budget->nodes--;
	text.size = utf8_valid_prefix(text); /* a wrong size may end in a character */
	**node = (struct state_node){.kind = STATE_STRING, .text = text};
	return used;
}

/* One row at the start of REST: NAME:JSON and a line feed, NAME:T and a text with its size in hexadecimal, or something
 * for the renderer. Bytes used; *NODE, where it has a value. */
static size_t read_row(struct state_budget *budget, struct span rest, struct span *name, struct state_node **node)
{
	size_t colon = span_find_byte(span_slice(rest, 0, 16), ':'), used;
	*node = NULL;
	*name = span_slice(rest, 0, colon);
	if (colon != SIZE_MAX && colon + 1 < rest.size && rest.data[colon + 1] == 'T' &&
	    (used = read_text_row(budget, span_slice(rest, colon + 2, SIZE_MAX), node)) > 0)
		return colon + 2 + used;
	size_t line = span_find_byte(rest, '\n'), end = line == SIZE_MAX ? rest.size : line + 1;
	if (colon == SIZE_MAX || colon + 1 >= end)
		return end;
	struct span value = span_slice(rest, colon + 1, end - colon - 1);
	if (*value.data == '[' || *value.data == '{' || *value.data == '"') {
		struct state_node *read = state_read(budget, value);
		*node = read ? read->first : NULL;
	}
	return end;
}

struct state_node *state_flight(struct state_budget *budget, struct span stream, struct state_scope **scope)
{
	struct state_node *list = arena_zalloc(budget->arena, sizeof *list), *last = NULL, *node;
	size_t count = 1;
	for (size_t i = 0; i < stream.size; i++)
		count += stream.data[i] == '\n' ||
			 (stream.data[i] == ':' && i + 1 < stream.size && stream.data[i + 1] == 'T');
	*scope = scope_new(budget, count, '$');
	if (!list || !*scope)
		return NULL;
	list->kind = STATE_ARRAY;
	for (size_t at = 0; at < stream.size;) {
		struct span name;
		at += read_row(budget, span_slice(stream, at, SIZE_MAX), &name, &node);
		if (!node)
			continue;
		scope_bind(*scope, name, node);
		node->next = NULL;
		if (span_equal(name, SPAN("0"))) { /* the page's root: its order is the page's */
			node->next = list->first;
			list->first = node;
			last = last ? last : node;
		} else {
			if (last)
				last->next = node;
			else
				list->first = node;
			last = node;
		}
	}
	return list;
}
