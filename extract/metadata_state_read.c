/* metadata_state_read: a script to a tree of brackets, strings and words.
 *
 * What pages assign to their state is JSON or JavaScript that a serialiser wrote: keys without quotes, `void 0`, `!1`,
 * `new Date(1)`, calls and functions around it. Strict JSON readers give up on these, and an interpreter would run
 * what a stranger wrote. Here nothing is evaluated: brackets nest, a colon drops the key before it, an equals sign
 * notes what is assigned to, an operator is passed over. A script that is something else gives a tree without meaning,
 * never an error. Every byte is looked at once, or twice in a string. */
#include "extract/metadata_state.h"

enum { CLOSE_REACH = 4 }; /* a bracket may close others that were left open */

struct frame {
	struct state_node *node, *last;
	struct state_node *held; /* the last value, not linked yet: what follows may make it a key or a call */
	struct span pending;     /* what the next value is assigned to */
	char close;
	bool arrow; /* the next brace opens a function */
};

struct reading {
	struct state_budget *budget;
	size_t depth, over; /* frames; brackets open beyond them */
	struct frame frames[STATE_DEPTH + 1];
};

static struct frame *top(struct reading *r)
{
	return &r->frames[r->depth];
}

static void commit(struct frame *frame)
{
	if (!frame->held)
		return;
	if (frame->last)
		frame->last->next = frame->held;
	else
		frame->node->first = frame->held;
	frame->last = frame->held;
	frame->held = NULL;
}

static struct state_node *node_new(struct state_budget *budget, enum state_kind kind, struct span text)
{
	struct state_node *node = budget->nodes ? arena_zalloc(budget->arena, sizeof *node) : NULL;
	if (!node)
		return NULL;
	budget->nodes--;
	node->kind = kind;
	node->text = text;
	return node;
}

static bool add(struct reading *r, enum state_kind kind, struct span text)
{
	struct frame *frame = top(r);
	struct state_node *node = node_new(r->budget, kind, text);
	commit(frame);
	if (!node)
		return false;
	node->name = frame->pending;
	frame->pending = SPAN_NONE;
	frame->held = node;
	return true;
}

static bool open_group(struct reading *r, char bracket)
{
	struct frame *frame = top(r);
	struct state_node *held = frame->held;
	if (r->depth == STATE_DEPTH) {
		r->over++;
		return true;
	}
	enum state_kind kind = bracket == '[' ? STATE_ARRAY : bracket == '(' ? STATE_CALL : STATE_OBJECT;
	if (bracket == '{' && (frame->arrow || (held && (held->kind == STATE_CALL || held->kind == STATE_WORD))))
		kind = STATE_CODE;
	frame->arrow = false;
	if (bracket != '{' && held && held->kind == STATE_WORD)
		held->kind = kind; /* called, or given an index */
	else if (!add(r, kind, SPAN_NONE))
		return false;
	r->depth++;
	*top(r) = (struct frame){.node = frame->held, .close = (char)(bracket == '(' ? ')' : bracket + 2)};
	return true;
}

static void close_group(struct reading *r, char bracket)
{
	if (r->over) {
		r->over--;
		return;
	}
	for (size_t up = 0; up < CLOSE_REACH && up < r->depth; up++)
		if (r->frames[r->depth - up].close == bracket) {
			for (size_t i = 0; i <= up; i++) {
				commit(top(r));
				r->depth--;
			}
			return;
		}
}

/* Statements stand in these braces. */
static void mark_code(struct frame *frame)
{
	if (frame->node->kind == STATE_OBJECT)
		frame->node->kind = STATE_CODE;
}

static void assign(struct frame *frame)
{
	const struct state_node *held = frame->held;
	mark_code(frame);
	if (held && held->text.size && (held->kind == STATE_WORD || held->kind == STATE_ARRAY)) {
		frame->pending = held->text;
		frame->held = NULL;
	}
}

/* An equals sign at AT: behind it. */
static size_t read_equals(struct reading *r, struct span text, size_t at)
{
	size_t end = at + 1;
	while (end < text.size && text.data[end] == '=')
		end++;
	if (end < text.size && text.data[end] == '>') {
		top(r)->arrow = true;
		return end + 1;
	}
	if (end == at + 1 && (!at || !strchr("!<>+-*/%&|^", text.data[at - 1]) || !text.data[at - 1]))
		assign(top(r));
	return end;
}

static bool is_word_byte(unsigned char c)
{
	return ascii_is_alpha(c) || ascii_is_digit(c) || c == '_' || c == '$' || c == '.' || c >= 0x80;
}

static bool is_one_of(struct span word, const char *const *list)
{
	for (; *list; list++)
		if (span_equal(word, span_of(*list)))
			return true;
	return false;
}

/* A word at AT: *END behind it. False: no nodes left. */
static bool read_word(struct reading *r, struct span text, size_t at, size_t *end)
{
	static const char *const passed[] = {"var", "let", "const", "new", "void", "await", "typeof", NULL};
	size_t to = at + 1;
	while (to < text.size && is_word_byte((unsigned char)text.data[to]))
		to++;
	*end = to;
	struct span word = span_slice(text, at, to - at);
	if (is_one_of(word, passed))
		return true;
	if (span_equal(word, SPAN("return"))) {
		commit(top(r));
		top(r)->pending = word;
		return true;
	}
	return add(r, STATE_WORD, word);
}

static size_t read_hex(struct span digits, uint32_t *code)
{
	size_t i = 0;
	for (*code = 0; i < digits.size; i++) {
		unsigned char c = ascii_lower((unsigned char)digits.data[i]);
		unsigned digit = ascii_is_digit(c) ? c - 48u : c >= 'a' && c <= 'f' ? c - 'a' + 10u : 16;
		if (digit == 16)
			break;
		*code = *code << 4 | digit;
	}
	return i;
}

/* The code unit behind \u or \x at the start of REST; bytes used, 0 when there is none. */
static size_t read_unit(struct span rest, uint32_t *code)
{
	size_t digits = rest.data[0] == 'x' ? 2 : 4;
	if (rest.size > 2 && rest.data[0] == 'u' && rest.data[1] == '{') {
		size_t used = read_hex(span_slice(rest, 2, 6), code);
		return used && used + 2 < rest.size && rest.data[used + 2] == '}' ? used + 3 : 0;
	}
	return read_hex(span_slice(rest, 1, digits), code) == digits ? digits + 1 : 0;
}

/* The escape behind a backslash, at the start of REST, to OUT: bytes used. Never longer than it stands. */
static size_t unescape(struct span rest, char **out)
{
	static const char from[] = "nrtbfv0", to[] = "\n\r\t\b\f\v ";
	const char *row = *rest.data ? strchr(from, *rest.data) : NULL;
	uint32_t code = 0, low = 0;
	size_t used = *rest.data == 'u' || *rest.data == 'x' ? read_unit(rest, &code) : 0;
	if (!used) {
		if (*rest.data != '\n' && *rest.data != '\r')
			*(*out)++ = row ? to[row - from] : *rest.data;
		return 1;
	}
	if (code >= 0xD800 && code < 0xDC00 && used + 2 < rest.size && rest.data[used] == '\\' &&
	    rest.data[used + 1] == 'u') {
		size_t more = read_unit(span_slice(rest, used + 1, SIZE_MAX), &low);
		if (more && low >= 0xDC00 && low < 0xE000) {
			code = 0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00);
			used += more + 1;
		}
	}
	if (!code || code > 0x10FFFF || (code >= 0xD800 && code < 0xE000))
		code = *rest.data == 'x' ? ' ' : 0xFFFD;
	*out += utf8_encode(code, *out);
	return used;
}

/* RAW, the inside of a string, without escapes. Absent when the arena is full. */
static struct span decode(struct arena *arena, struct span raw)
{
	char *bytes = arena_alloc(arena, raw.size), *out = bytes;
	if (!bytes)
		return SPAN_NONE;
	for (size_t i = 0; i < raw.size;) {
		const char *stop = memchr(raw.data + i, '\\', raw.size - i);
		size_t plain = stop ? (size_t)(stop - raw.data) - i : raw.size - i;
		memcpy(out, raw.data + i, plain);
		out += plain;
		i += plain;
		if (i + 1 >= raw.size)
			break;
		i += 1 + unescape(span_slice(raw, i + 1, SIZE_MAX), &out);
	}
	return (struct span){bytes, (size_t)(out - bytes)};
}

/* The end of what starts at AT with a delimiter (a quote or a slash): where it ends, or the end of its line, in which
 * case it was none. */
static bool find_end(struct span text, size_t at, size_t *end, bool *escaped)
{
	char quote = text.data[at];
	bool class = false; /* in the brackets of a regular expression */
	size_t i = at + 1;
	*escaped = false;
	for (; i < text.size; i++) {
		char c = text.data[i];
		if (c == quote && !class) {
			*end = i;
			return true;
		}
		if (c == '\\') {
			*escaped = true;
			i++;
		} else if (c == '\n' && quote != '`') {
			break;
		} else if (quote == '/' && (c == '[' || c == ']')) {
			class = c == '[';
		}
	}
	*end = i < text.size ? i : text.size;
	return false;
}

static bool read_string(struct reading *r, struct span text, size_t at, size_t *end)
{
	bool escaped, closed = find_end(text, at, end, &escaped);
	if (!closed)
		return true;
	struct span inside = span_slice(text, at + 1, *end - at - 1);
	*end += 1;
	if (escaped)
		inside = decode(r->budget->arena, inside);
	return inside.data && add(r, STATE_STRING, inside);
}

/* A comment, a regular expression or a division at AT: behind it. */
static size_t read_slash(struct reading *r, struct span text, size_t at)
{
	char next = at + 1 < text.size ? text.data[at + 1] : 0;
	struct span rest = span_slice(text, at + 2, SIZE_MAX);
	size_t end = at + 1;
	bool escaped;
	if (next == '/' || next == '*') {
		size_t found = next == '/' ? span_find_byte(rest, '\n') : span_find(rest, SPAN("*/"));
		return found == SIZE_MAX ? text.size : at + 2 + found + 1;
	}
	if (!top(r)->held)
		find_end(text, at, &end, &escaped);
	return end;
}

/* One token at AT: behind it. 0: no nodes left. */
static size_t read_token(struct reading *r, struct span text, size_t at)
{
	unsigned char c = (unsigned char)text.data[at];
	size_t end = at + 1;
	bool more = true;
	if (c == '"' || c == '\'' || c == '`')
		more = read_string(r, text, at, &end);
	else if (c == '{' || c == '[' || c == '(')
		more = open_group(r, (char)c);
	else if (c == '}' || c == ']' || c == ')')
		close_group(r, (char)c);
	else if (c == ':')
		top(r)->held = NULL;
	else if (c == ',' || c == ';') {
		commit(top(r));
		top(r)->pending = SPAN_NONE;
		if (c == ';')
			mark_code(top(r));
	} else if (c == '=')
		end = read_equals(r, text, at);
	else if (c == '/')
		end = read_slash(r, text, at);
	else if (is_word_byte(c) || (c == '-' && end < text.size && ascii_is_digit((unsigned char)text.data[end])))
		more = read_word(r, text, at, &end);
	return more ? end : 0;
}

struct state_node *state_read(struct state_budget *budget, struct span text)
{
	if (!text.size || text.size > STATE_MAX || text.size > budget->bytes)
		return NULL;
	struct reading r; /* its frames are written as they open */
	struct state_node *root = node_new(budget, STATE_CALL, SPAN_NONE);
	if (!root)
		return NULL;
	budget->bytes -= text.size;
	r.budget = budget;
	r.depth = r.over = 0;
	r.frames[0] = (struct frame){.node = root};
	for (size_t at = 0; at < text.size;) {
		at = read_token(&r, text, at);
		if (!at)
			break;
	}
	for (size_t i = 0; i <= r.depth; i++)
		commit(&r.frames[i]);
	return root;
}
