/* metadata_body: an article's body out of JSON: JSON-LD's articleBody, or the page state that scripts render from. */
#include "base/bytes8.h"
#include "extract/metadata_internal.h"

static bool ends_paragraph(struct span tag)
{
	static const char *const names[] = {"p",  "div", "br", "li",         "h1", "h2",    "h3",      "h4",    "h5",
					    "h6", "ul",  "ol", "blockquote", "tr", "table", "section", "figure"};
	size_t from = tag.size > 1 && tag.data[1] == '/' ? 2 : 1, to = from;
	while (to < tag.size &&
	       (ascii_is_alpha((unsigned char)tag.data[to]) || ascii_is_digit((unsigned char)tag.data[to])))
		to++;
	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (span_equal_nocase(span_slice(tag, from, to - from), span_of(names[i])))
			return true;
	return false;
}

/* Bytes of an element whose content is no text, from its start tag to its end tag; 0 for others. */
static size_t skip_element(struct span text)
{
	static const struct {
		const char *start, *end;
	} rows[] = {{"<script", "</script>"},
		    {"<style", "</style>"},
		    {"<figcaption", "</figcaption>"},
		    {"<!--", "-->"},
		    {"<iframe", "</iframe>"}};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		if (span_starts_nocase(text, span_of(rows[i].start))) {
			size_t end = span_find_nocase(text, span_of(rows[i].end));
			return end == SIZE_MAX ? 0 : end + span_of(rows[i].end).size;
		}
	return 0;
}

static void end_paragraph(struct buffer *out)
{
	while (out->size && ascii_is_space((unsigned char)out->data[out->size - 1]))
		out->size--;
	if (out->size)
		buffer_append(out, "\n\n", 2);
}

/* Bytes from the start of TEXT that are copied as they are: no blank, or one blank inside a line; the first may also be
 * a < or & that is none. */
static size_t plain_run(struct span text)
{
	uint64_t blank_before = 0;
	if ((unsigned char)*text.data <= ' ')
		return 0;
	for (size_t i = 1; i < text.size; i += 8) {
		uint64_t bytes = bytes8_at(text.data, i, text.size), blanks = bytes8_equal(bytes, ' ');
		uint64_t stop = bytes8_range(bytes, 0, ' ' - 1) | bytes8_equal(bytes, '<') | bytes8_equal(bytes, '&') |
				(blanks & (blanks << 8 | blank_before));
		if (stop) /* at the latest behind the end */
			return i + bytes8_first(stop) < text.size ? i + bytes8_first(stop) : text.size;
		blank_before = blanks >> 56;
	}
	return text.size;
}

struct span metadata_body_text(struct metadata_reader *reader, struct arena *arena, struct span text)
{
	struct buffer *out = &reader->text;
	buffer_clear(out);
	if (span_find(span_slice(text, 0, 2000), SPAN("&lt;p")) != SIZE_MAX) { /* escaped twice */
		for (size_t i = 0, used; i < text.size; i += used) {
			used = text.data[i] == '&' ? metadata_reference(span_slice(text, i, 12), out) : 0;
			if (!used) {
				buffer_append_byte(out, text.data[i]);
				used = 1;
			}
		}
		text = arena_copy(reader->arena, buffer_span(out));
		buffer_clear(out);
	}
	for (size_t i = 0; i < text.size;) {
		struct span rest = span_slice(text, i, SIZE_MAX);
		size_t used = 1;
		if (*rest.data == '<' && rest.size > 1 &&
		    (ascii_is_alpha((unsigned char)rest.data[1]) || rest.data[1] == '/' || rest.data[1] == '!')) {
			used = skip_element(rest);
			if (!used) {
				size_t end = span_find_byte(rest, '>');
				used = end == SIZE_MAX ? 1 : end + 1;
				if (used > 1 && ends_paragraph(span_slice(rest, 0, used)))
					end_paragraph(out);
				else if (used == 1)
					buffer_append_byte(out, '<');
			}
		} else if (*rest.data == '&' && (used = metadata_reference(rest, out)) > 0) {
		} else if (*rest.data == '\n' || *rest.data == '\r') {
			end_paragraph(out);
			used = 1;
		} else {
			used = plain_run(rest);
			if (used)
				buffer_append(out, rest.data, used);
			else if (out->size && !ascii_is_space((unsigned char)out->data[out->size - 1]))
				buffer_append_byte(out, ' ');
			used += used == 0;
		}
		i += used;
	}
	end_paragraph(out);
	struct span result = span_trim(buffer_span(out));
	if (!result.size || out->status != STATUS_OK)
		return SPAN_NONE;
	if (utf8_is_nfc(result))
		return arena_copy(arena, result);
	buffer_clear(&reader->scratch);
	return utf8_nfc(result, &reader->scratch) == STATUS_OK ? arena_copy(arena, buffer_span(&reader->scratch))
							       : SPAN_NONE;
}

/* ---- Page state ------------------------------------------------------------------------------------------ */

enum { STATE_MAX = 4 << 20, STATE_DEPTH = 200, PROSE_MIN = 40 };

/* Whether a string is prose: words, and no address, code or markup of another kind. */
static bool is_prose(struct span text)
{
	size_t blanks = 0, wide = 0, odd = 0;
	if (text.size < PROSE_MIN)
		return false;
	struct span front = span_slice(text, 0, 400);
	for (size_t i = 0; i < front.size; i++) {
		unsigned char c = (unsigned char)front.data[i];
		blanks += c == ' ';
		wide += c >= 0xE3;
		odd += strchr("{};=|\\", c) != NULL && c;
	}
	return odd * 40 < front.size && (blanks * 12 >= front.size || wide * 6 >= front.size) &&
	       !span_starts(text, SPAN("http"));
}

/* A container's share: the prose in its strings and in those of the objects in it, one and two levels down. */
struct state {
	struct {
		const struct json *node;
		size_t prose;
	} open[STATE_DEPTH];
	const struct json *best;
	size_t best_prose;
};

/* Depth-first over the tree; each string's size goes to the containers one to four levels up, and the smallest
 * container that holds nearly the most prose is the body's. */
static void weigh(struct state *state, const struct json *root)
{
	size_t depth = 0;
	const struct json *node = root;
	for (;;) {
		bool descend =
			(node->kind == JSON_OBJECT || node->kind == JSON_ARRAY) && node->first && depth < STATE_DEPTH;
		if (node->kind == JSON_STRING && is_prose(node->text))
			for (size_t up = 1; up <= 4 && up <= depth; up++)
				state->open[depth - up].prose += node->text.size;
		if (descend) {
			state->open[depth].node = node;
			state->open[depth++].prose = 0;
			node = node->first;
			continue;
		}
		while (depth && !node->next) {
			depth--;
			if (state->open[depth].prose > state->best_prose + state->best_prose / 4) {
				state->best_prose = state->open[depth].prose;
				state->best = state->open[depth].node;
			}
			node = state->open[depth].node;
		}
		if (!depth)
			return;
		node = node->next;
	}
}

/* The prose below NODE, at most four levels down, in order. */
static void gather(const struct json *root, struct buffer *out)
{
	const struct json *open[6], *node = root;
	size_t depth = 0;
	for (;;) {
		if (node->kind == JSON_STRING && is_prose(node->text)) {
			size_t size = node->text.size;
			struct span before =
				span_slice(buffer_span(out), out->size > size + 2 ? out->size - size - 2 : 0, size);
			if (!span_equal(before, node->text)) { /* not said twice */
				buffer_append_span(out, node->text);
				buffer_append(out, "\n\n", 2);
			}
		}
		if ((node->kind == JSON_OBJECT || node->kind == JSON_ARRAY) && node->first && depth < 4) {
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

/* The JSON in a script: all of it, or what an assignment assigns. */
static struct span state_json(struct span script)
{
	script = span_trim(script);
	if (script.size < 400 || script.size > STATE_MAX)
		return SPAN_NONE;
	if (*script.data != '{' && *script.data != '[') {
		size_t open = span_find_byte(script, '{'), equals = span_find_byte(span_slice(script, 0, 200), '=');
		if (open == SIZE_MAX || equals == SIZE_MAX || open > equals + 8 || open < equals)
			return SPAN_NONE;
		script = span_slice(script, open, SIZE_MAX);
	}
	while (script.size &&
	       (script.data[script.size - 1] == ';' || ascii_is_space((unsigned char)script.data[script.size - 1])))
		script.size--;
	return script;
}

enum status metadata_page_state_body(struct metadata_reader *reader, const struct page *page, struct arena *arena,
				     struct span *body)
{
	const struct html_tree *tree = page->tree;
	uint32_t root = html_root(tree);
	struct state *state = arena_zalloc(reader->arena, sizeof *state);
	*body = SPAN_NONE;
	if (!state)
		return STATUS_LIMIT;
	for (uint32_t node = root; node != HTML_NONE; node = html_walk(tree, node, root)) {
		if (html_tag(tree, node) != HTML_TAG_SCRIPT || html_first(tree, node) == HTML_NONE)
			continue;
		struct span type = html_attr(tree, node, HTML_ATTR_TYPE);
		struct span json = state_json(html_text(tree, html_first(tree, node)));
		const struct json *value;
		if (json.data && span_find_nocase(type, SPAN("ld+json")) == SIZE_MAX &&
		    json_parse_within(reader->arena, json, STATE_DEPTH, &value, NULL) == STATUS_OK)
			weigh(state, value);
	}
	if (!state->best || state->best_prose < 400)
		return STATUS_OK;
	struct buffer *out = &reader->scratch;
	buffer_clear(out);
	gather(state->best, out);
	struct span text = arena_copy(reader->arena, buffer_span(out));
	*body = metadata_body_text(reader, arena, text);
	return STATUS_OK;
}
