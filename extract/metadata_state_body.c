/* metadata_state_body: the article's text in the state that a page's scripts render from.
 *
 * A page's state is all that the page shows and more: menus, settings, messages, other articles. The article is where
 * most prose stands close together. That alone took a site's settings for the body of a page whose own text is short,
 * so the text must also say what the page's title or description says: of news, 99 % of articles do and 5 % of other
 * articles. Where the page shows the beginning, the text goes on where that stands. Each value that is assigned or
 * handed over is weighed by itself, and the largest that fits is taken. */
#include "extract/metadata_state.h"

enum {
	NODES_MAX = 300000,
	BYTES_MAX = 3 * STATE_MAX, /* of all scripts */
	PROSE_MIN = 40,            /* bytes of a string */
	PROSE_FRONT = 400,         /* bytes of text that tell, … */
	MARKUP_FRONT = 2000,       /* … in so many with their tags */
	BODY_MIN = 400,
	UP_MAX = 4,         /* levels between a container and its text */
	SAID_MAX = 1 << 12, /* strings remembered */
	WRAPPED_MAX = 2,    /* functions and blocks around an assignment */
	CANDIDATES = 8,
	SHOWN_START = 30, /* bytes of a string that the page shows, too */
	SHOWN_MAX = 2000
};

/* Whether a string is prose: words, and no address, code or markup of another kind. Tags are passed over. */
static bool is_prose(struct span text)
{
	size_t blanks = 0, wide = 0, odd = 0, size = 0;
	if (text.size < PROSE_MIN || span_starts(text, SPAN("http")))
		return false;
	struct span front = span_slice(text, 0, MARKUP_FRONT);
	for (size_t i = 0; i < front.size && size < PROSE_FRONT; i++) {
		unsigned char c = (unsigned char)front.data[i];
		if (c == '<') {
			size_t end = span_find_byte(span_slice(front, i, SIZE_MAX), '>');
			if (end == SIZE_MAX)
				break;
			i += end;
			continue;
		}
		size++;
		blanks += c == ' ';
		wide += c >= 0xE3;
		odd += strchr("{};=|\\", c) != NULL && c;
	}
	return size >= PROSE_MIN / 2 && odd * 40 < size && (blanks * 12 >= size || wide * 6 >= size);
}

struct candidate {
	const struct state_node *node;
	size_t prose; /* in its strings, and in those of the containers in it down to UP_MAX levels */
	size_t shown; /* of it, what the page shows */
	size_t strings;
};

struct state {
	struct state_budget budget;
	struct span shown; /* what was found on the page */
	struct candidate open[STATE_DEPTH];
	struct candidate best, candidates[CANDIDATES]; /* of the value that is weighed; of the page, in order */
	size_t candidate_count;
	uint64_t values;             /* weighed */
	struct span flight[1 << 12]; /* pieces of a stream */
	size_t flight_count, flight_size;
	uint64_t said[SAID_MAX]; /* hashes; a later string may take an earlier one's place */
};

/* Whether TEXT was said before in this value, as far as is remembered: a state often holds its article twice. */
static bool said_before(struct state *state, struct span text)
{
	uint64_t hash = hash64(text.data, text.size, state->values) | 1,
		 *slot = &state->said[hash >> 32 & (SAID_MAX - 1)];
	bool same = *slot == hash;
	*slot = hash;
	return same;
}

/* Whether a string starts with words that the page shows. */
static bool is_shown(const struct state *state, struct span text)
{
	while (text.size && *text.data == '<') {
		size_t end = span_find_byte(text, '>');
		text = end == SIZE_MAX ? SPAN_NONE : span_trim(span_slice(text, end + 1, SIZE_MAX));
	}
	return text.size >= SHOWN_START && span_find(state->shown, span_slice(text, 0, SHOWN_START)) != SIZE_MAX;
}

static bool has_members(const struct state_node *node)
{
	return node->kind >= STATE_ARRAY && node->kind != STATE_CODE && node->first;
}

/* Whether CONTAINER, which was read to its end, is rather the body's than BEST: the smallest that holds all that the
 * page shows of it and more than one paragraph; where nothing of that is known, the smallest whose parents hold less
 * than twice its prose. On pages that show their article this finds 160 of it (F > .7) and something else (F < .3) 97
 * times; parents of a quarter more, 148 and 119. */
static bool is_better(const struct candidate *container, const struct candidate *best)
{
	if (container->shown && container->strings < 2 && container->prose < BODY_MIN)
		return false;
	if (container->shown || best->shown)
		return container->shown > best->shown;
	return container->prose > 2 * best->prose;
}

static void credit(struct state *state, size_t depth, struct span text)
{
	size_t shown = is_shown(state, text) ? text.size : 0;
	for (size_t up = 1; up <= UP_MAX && up <= depth; up++) {
		state->open[depth - up].prose += text.size;
		state->open[depth - up].shown += shown;
		state->open[depth - up].strings++;
	}
}

/* Depth-first over the tree; each string's size goes to the containers one to four levels up. */
static void weigh(struct state *state, const struct state_node *root)
{
	size_t depth = 0;
	const struct state_node *node = root;
	for (;;) {
		if (node->kind == STATE_STRING && is_prose(node->text) && !said_before(state, node->text))
			credit(state, depth, node->text);
		if (has_members(node) && depth < STATE_DEPTH) {
			state->open[depth++] = (struct candidate){.node = node};
			node = node->first;
			continue;
		}
		while (depth && !node->next) {
			depth--;
			if (is_better(&state->open[depth], &state->best))
				state->best = state->open[depth];
			node = state->open[depth].node;
		}
		if (!depth)
			return;
		node = node->next;
	}
}

/* The prose below NODE, at most four levels down, in order. */
static void gather(struct state *state, const struct state_node *node, struct buffer *out)
{
	const struct state_node *open[UP_MAX];
	size_t depth = 0;
	state->values++;
	buffer_clear(out);
	for (;;) {
		if (node->kind == STATE_STRING && is_prose(node->text) && !said_before(state, node->text)) {
			buffer_append_span(out, node->text);
			buffer_append(out, "\n\n", 2);
		}
		if (has_members(node) && depth < UP_MAX) {
			open[depth++] = node;
			node = node->first;
			continue;
		}
		while (depth && !node->next)
			node = open[--depth];
		if (!depth)
			return;
		node = node->next;
	}
}

/* The order of candidates: what the page shows of it, then prose. */
static bool is_before(const struct candidate *a, const struct candidate *b)
{
	return a->shown != b->shown ? a->shown > b->shown : a->prose > b->prose;
}

static void take_value(struct state *state, struct state_node *value, bool whole, struct state_scope *scope)
{
	state->values++;
	state->best = (struct candidate){.node = NULL};
	state_link(&state->budget, value, whole, scope);
	weigh(state, value);
	if (state->best.prose < BODY_MIN)
		return;
	size_t at = state->candidate_count;
	if (at < CANDIDATES)
		state->candidate_count++;
	else if (!is_before(&state->best, &state->candidates[--at]))
		return;
	for (; at && is_before(&state->best, &state->candidates[at - 1]); at--)
		state->candidates[at] = state->candidates[at - 1];
	state->candidates[at] = state->best;
}

/* A piece of a stream of server components: self.__next_f.push([1, "…"]). */
static bool take_flight(struct state *state, const struct state_node *call)
{
	const struct state_node *list = call->first, *kind = list ? list->first : NULL;
	const struct state_node *piece = kind ? kind->next : NULL;
	if (!span_ends(call->text, SPAN(".push")) || !piece || piece->kind != STATE_STRING ||
	    kind->kind != STATE_WORD || !span_equal(kind->text, SPAN("1")))
		return false;
	if (state->flight_count < sizeof state->flight / sizeof *state->flight &&
	    piece->text.size <= STATE_MAX - state->flight_size) {
		state->flight[state->flight_count++] = piece->text;
		state->flight_size += piece->text.size;
	}
	return true;
}

static void end_flight(struct state *state)
{
	struct state_scope *scope;
	if (!state->flight_count)
		return;
	char *bytes = arena_alloc(state->budget.arena, state->flight_size + 1);
	size_t size = 0;
	for (size_t i = 0; bytes && i < state->flight_count; i++) {
		memcpy(bytes + size, state->flight[i].data, state->flight[i].size);
		size += state->flight[i].size;
	}
	struct state_node *rows = bytes ? state_flight(&state->budget, (struct span){bytes, size}, &scope) : NULL;
	if (rows)
		take_value(state, rows, false, scope);
}

/* Functions that are given a page's state: kit.start(app, element, {…}), streamController.enqueue("…"). */
static bool takes_state(const struct state_node *call)
{
	return call && call->kind == STATE_CALL &&
	       (span_ends(call->text, SPAN(".start")) || span_ends(call->text, SPAN(".enqueue")));
}

/* Whether NODE, an argument or a member of PARENT, is a value that a page renders from: what is assigned, what such a
 * function is given. */
static bool is_state(const struct state_node *node, const struct state_node *parent)
{
	bool group = node->kind == STATE_OBJECT || node->kind == STATE_ARRAY ||
		     (node->kind == STATE_CALL && !span_starts(node->text, SPAN("function")));
	if (!group && (node->kind != STATE_STRING || !state_is_json(node->text)))
		return false;
	return takes_state(parent) || (node->name.size && !span_equal(node->name, SPAN("return")));
}

/* All values of a script that may be the page's state. */
static void take_script(struct state *state, struct state_node *script)
{
	struct state_node *open[STATE_DEPTH + 1], *node = script->first;
	size_t depth = 0, wrapped = 0;
	if (node && !node->next && (node->kind == STATE_OBJECT || node->kind == STATE_ARRAY)) {
		take_value(state, node, true, NULL);
		return;
	}
	open[depth++] = script;
	while (depth) {
		if (!node) {
			node = open[--depth];
			wrapped -= node->kind == STATE_CODE;
			node = node->next;
			continue;
		}
		struct state_node *parent = open[depth - 1];
		if (is_state(node, parent))
			take_value(state, node, false, NULL);
		else if (node->first && depth <= STATE_DEPTH && !take_flight(state, node) &&
			 (node->kind == STATE_CALL || (node->kind == STATE_CODE && wrapped < WRAPPED_MAX))) {
			wrapped += node->kind == STATE_CODE;
			open[depth++] = node;
			node = node->first;
			continue;
		}
		node = node->next;
	}
}

/* ---- Whose text it is ------------------------------------------------------------------------------------ */

enum { WORDS_MAX = 64, WORD_SLOTS = 256, WORD_MIN = 4, WORD_MAX = 32, WIDE = 3 };

static bool is_wide(struct span text)
{
	return text.size >= WIDE && (unsigned char)*text.data >= 0xE3 && (unsigned char)*text.data < 0xF0;
}

/* The hash of the next word of REST: letters and digits without case, two neighbours where words are not divided; 0 for
 * short words and at the end. */
static uint64_t next_word(struct span *rest)
{
	char word[WORD_MAX];
	size_t size = 0;
	if (is_wide(*rest)) {
		bool more = is_wide(span_slice(*rest, WIDE, SIZE_MAX));
		uint64_t hash = hash64(rest->data, more ? 2 * WIDE : WIDE, 0);
		*rest = span_slice(*rest, WIDE, SIZE_MAX);
		return hash;
	}
	for (; rest->size && !is_wide(*rest); *rest = span_slice(*rest, 1, SIZE_MAX)) {
		unsigned char c = (unsigned char)*rest->data;
		if (!ascii_is_alpha(c) && !ascii_is_digit(c) && c < 0x80) {
			*rest = span_slice(*rest, 1, SIZE_MAX);
			break;
		}
		if (size < sizeof word)
			word[size++] = (char)ascii_lower(c);
	}
	return size < WORD_MIN ? 0 : hash64(word, size, 0);
}

/* How many words of WANTED, which are COUNT, are in TEXT. */
static size_t count_found(struct span wanted, struct span text, size_t *count)
{
	uint64_t slots[WORD_SLOTS] = {0};
	bool found[WORD_SLOTS] = {false};
	size_t hits = 0;
	*count = 0;
	while (wanted.size && *count < WORDS_MAX) {
		uint64_t word = next_word(&wanted);
		size_t at = word % WORD_SLOTS;
		while (slots[at] && slots[at] != word)
			at = (at + 1) % WORD_SLOTS;
		*count += word && !slots[at];
		slots[at] = word;
	}
	while (text.size) {
		uint64_t word = next_word(&text);
		size_t at = word % WORD_SLOTS;
		while (word && slots[at] && slots[at] != word)
			at = (at + 1) % WORD_SLOTS;
		if (word && slots[at] && !found[at]) {
			found[at] = true;
			hits++;
		}
	}
	return hits;
}

/* Whether TEXT is the page's: it has half the words of the title or three of five of the description, or the page has
 * neither. */
static bool is_of_page(const struct page_metadata *metadata, struct span text)
{
	size_t title_words, description_words;
	size_t title = count_found(metadata->title, text, &title_words);
	size_t description = count_found(metadata->description, text, &description_words);
	if (!title_words && !description_words)
		return true;
	return (title_words && 2 * title >= title_words) ||
	       (description_words && 5 * description >= 3 * description_words);
}

enum status metadata_page_state_body(struct metadata_reader *reader, const struct page *page,
				     const struct page_metadata *metadata, struct span shown, struct arena *arena,
				     struct span *body)
{
	const struct html_tree *tree = page->tree;
	uint32_t root = html_root(tree);
	struct state *state = arena_zalloc(reader->arena, sizeof *state);
	*body = SPAN_NONE;
	if (!state)
		return STATUS_LIMIT;
	state->shown = span_slice(shown, 0, SHOWN_MAX);
	state->budget = (struct state_budget){reader->arena, NODES_MAX, BYTES_MAX, STATE_MAX};
	for (uint32_t node = root; node != HTML_NONE; node = html_walk(tree, node, root)) {
		if (html_tag(tree, node) != HTML_TAG_SCRIPT || html_first(tree, node) == HTML_NONE ||
		    span_find_nocase(html_attr(tree, node, HTML_ATTR_TYPE), SPAN("ld+json")) != SIZE_MAX)
			continue;
		struct state_node *script = state_read(&state->budget, html_text(tree, html_first(tree, node)));
		if (script)
			take_script(state, script);
	}
	end_flight(state);
	struct buffer *out = &reader->scratch;
	for (size_t i = 0; i < state->candidate_count; i++) {
		gather(state, state->candidates[i].node, out);
		if (out->status != STATUS_OK || !is_of_page(metadata, buffer_span(out)))
			continue;
		struct span text = arena_copy(reader->arena, buffer_span(out));
		*body = metadata_body_text(reader, arena, text);
		break;
	}
	return STATUS_OK;
}
