/* Tokenizer cases (JSON). Expected and delivered tokens are both written out in one canonical form, with runs of
 * characters joined and attributes sorted, and compared as text. Parse errors are not compared: none are kept. */
#include "extract/html_internal.h"
#include "tests/html/html5lib.h"

#include <stdio.h>
#include <stdlib.h>

/* ---- Canonical form --------------------------------------------------------------------------------------- */

struct writer {
	struct buffer *out;
	bool in_text;
};

static void put(struct writer *writer, const char *kind, struct span text)
{
	bool is_text = strcmp(kind, "text") == 0;
	if (!(is_text && writer->in_text))
		buffer_print(writer->out, "\n%s ", kind);
	if (text.data)
		buffer_append_span(writer->out, text);
	else
		buffer_append(writer->out, "(absent)", 8);
	writer->in_text = is_text;
}

struct pair {
	struct span name, value;
};

static int pair_compare(const void *a, const void *b)
{
	return span_compare(((const struct pair *)a)->name, ((const struct pair *)b)->name);
}

static void put_pairs(struct writer *writer, struct pair *pairs, size_t count)
{
	qsort(pairs, count, sizeof *pairs, pair_compare);
	for (size_t i = 0; i < count; i++) {
		put(writer, " name", pairs[i].name);
		put(writer, " value", pairs[i].value);
	}
}

/* ---- Expected --------------------------------------------------------------------------------------------- */

static void unescape_into(struct buffer *out, struct span text)
{
	for (size_t i = 0; i < text.size; i++) {
		if (text.data[i] != '\\' || i + 6 > text.size || text.data[i + 1] != 'u') {
			buffer_append_byte(out, text.data[i]);
			continue;
		}
		uint8_t b[2];
		hex_decode(span_slice(text, i + 2, 4), b, 2);
		unsigned code = (unsigned)b[0] << 8 | b[1];
		if (code >= 0xD800 && code < 0xE000) { /* alone: as three bytes, which the tokenizer passes through */
			char wtf[3] = {(char)0xED, (char)(0x80 | (code >> 6 & 63)), (char)(0x80 | (code & 63))};
			buffer_append(out, wtf, 3);
		} else {
			char utf8[4];
			buffer_append(out, utf8, utf8_encode(code, utf8));
		}
		i += 5;
	}
}

static struct span unescape(struct arena *arena, struct span text, bool twice)
{
	if (!twice || text.data == NULL)
		return text;
	struct buffer buffer;
	buffer_init(&buffer, 1 << 20);
	unescape_into(&buffer, text);
	text = arena_copy(arena, buffer_span(&buffer));
	buffer_free(&buffer);
	return text;
}

static const struct json *at(const struct json *array, unsigned index)
{
	const struct json *item = array->first;
	while (item && index--)
		item = item->next;
	return item;
}

static struct span text_at(struct arena *arena, const struct json *array, unsigned index, bool twice)
{
	const struct json *item = at(array, index);
	return item && item->kind == JSON_STRING ? unescape(arena, item->text, twice) : SPAN_NONE;
}

static void expect_token(struct writer *writer, struct arena *arena, const struct json *token, bool twice)
{
	struct span kind = token->first->text;
	if (span_equal(kind, SPAN("Character"))) {
		put(writer, "text", text_at(arena, token, 1, twice));
	} else if (span_equal(kind, SPAN("Comment"))) {
		put(writer, "comment", text_at(arena, token, 1, twice));
	} else if (span_equal(kind, SPAN("EndTag"))) {
		put(writer, "end", text_at(arena, token, 1, twice));
	} else if (span_equal(kind, SPAN("DOCTYPE"))) {
		put(writer, "doctype", text_at(arena, token, 1, twice));
		put(writer, " public", text_at(arena, token, 2, twice));
		put(writer, " system", text_at(arena, token, 3, twice));
		put(writer, at(token, 4)->kind == JSON_TRUE ? " correct" : " quirks", SPAN(""));
	} else {
		struct pair pairs[512];
		size_t count = 0;
		put(writer, "start", text_at(arena, token, 1, twice));
		for (const struct json *a = at(token, 2)->first; a && count < 512; a = a->next)
			pairs[count++] = (struct pair){unescape(arena, a->key, twice), unescape(arena, a->text, twice)};
		put_pairs(writer, pairs, count);
		const struct json *closing = at(token, 3);
		if (closing && closing->kind == JSON_TRUE)
			put(writer, " self-closing", SPAN(""));
	}
}

/* ---- Delivered -------------------------------------------------------------------------------------------- */

static void got_token(struct writer *writer, struct html_parser *p)
{
	struct html_token *token = &p->token;
	switch (token->kind) {
	case TOKEN_TEXT:
		html_text_decode(p, 0);
		put(writer, "text", token->text);
		break;
	case TOKEN_COMMENT:
		put(writer, "comment", token->text);
		break;
	case TOKEN_END:
		put(writer, "end", token->name);
		break;
	case TOKEN_DOCTYPE:
		put(writer, "doctype", token->name);
		put(writer, " public", token->public_id);
		put(writer, " system", token->system_id);
		put(writer, token->force_quirks ? " quirks" : " correct", SPAN(""));
		break;
	default: {
		struct pair pairs[512];
		put(writer, "start", token->name);
		for (uint32_t i = 0; i < token->attribute_count; i++) {
			struct html_attribute *a = &p->tree.attributes[token->attributes + i];
			if (a->raw)
				html_attribute_decode(&p->tree, a);
			pairs[i] = (struct pair){{a->name, a->name_size}, {a->value, a->value_size}};
		}
		put_pairs(writer, pairs, token->attribute_count);
		if (token->self_closing)
			put(writer, " self-closing", SPAN(""));
	}
	}
}

static enum token_state state_of(struct span name)
{
	static const struct {
		const char *name;
		enum token_state state;
	} states[] = {
		{"Data state", STATE_DATA},           {"RCDATA state", STATE_RCDATA},
		{"RAWTEXT state", STATE_RAWTEXT},     {"Script data state", STATE_SCRIPT},
		{"PLAINTEXT state", STATE_PLAINTEXT}, {"CDATA section state", STATE_CDATA},
	};
	for (size_t i = 0; i < sizeof states / sizeof *states; i++)
		if (span_equal(name, span_of(states[i].name)))
			return states[i].state;
	return STATE_DATA;
}

static void tokenize(struct html_parser *p, struct span input, enum token_state state, struct span last,
		     struct buffer *out)
{
	const struct html_tree *tree;
	struct writer writer = {out, false};
	html_parse(p, SPAN(""), &tree); /* to reset */
	html_tokenizer_start(p, input);
	p->state = state;
	p->raw_name = last;
	for (;;) {
		html_token_next(p);
		if (p->token.kind == TOKEN_EOF)
			break;
		got_token(&writer, p);
	}
}

static void case_run(struct html_parser *p, struct arena *arena, const struct json *test, struct span state,
		     const char *file, struct score *score)
{
	struct buffer expected, got;
	buffer_init(&expected, 1 << 22);
	buffer_init(&got, 1 << 22);
	const struct json *escaped = json_get(test, "doubleEscaped");
	bool twice = escaped && escaped->kind == JSON_TRUE;
	struct writer writer = {&expected, false};
	for (const struct json *token = json_get(test, "output")->first; token; token = token->next)
		if (token->kind == JSON_ARRAY)
			expect_token(&writer, arena, token, twice);
	struct span input = unescape(arena, json_get_text(test, "input"), twice);
	tokenize(p, input, state_of(state), json_get_text(test, "lastStartTag"), &got);
	bool passed = span_equal(buffer_span(&expected), buffer_span(&got));
	score->total++;
	score->passed += passed;
	if (!passed && score->verbose)
		printf("FAIL tokenizer %s: %.*s (%.*s)\n%.*s\n--- expected%.*s\n--- got%.*s\n", file,
		       SPAN_ARG(json_get_text(test, "description")), SPAN_ARG(state), SPAN_ARG(input),
		       SPAN_ARG(buffer_span(&expected)), SPAN_ARG(buffer_span(&got)));
	buffer_free(&expected);
	buffer_free(&got);
}

bool html5lib_tokenizer_file(const char *path, const char *name, struct score *score)
{
	struct buffer file;
	buffer_init(&file, (size_t)1 << 24);
	struct html_parser *parser = html_parser_new(NULL);
	struct arena *arena = arena_new((size_t)1 << 28);
	const struct json *root = NULL;
	struct fault fault;
	bool ok = parser && arena && file_read(path, &file, NULL) == STATUS_OK &&
		  json_parse(arena, buffer_span(&file), 0, &root, &fault) == STATUS_OK;
	const struct json *tests = ok ? json_get(root, "tests") : NULL;
	/* "xmlViolationTests" are for parsers that rewrite what XML cannot hold; this one does not */
	for (const struct json *test = tests ? tests->first : NULL; test; test = test->next) {
		const struct json *states = json_get(test, "initialStates");
		if (states == NULL)
			case_run(parser, arena, test, SPAN("Data state"), name, score);
		for (const struct json *s = states ? states->first : NULL; s; s = s->next)
			case_run(parser, arena, test, s->text, name, score);
	}
	html_parser_free(parser);
	arena_free(arena);
	buffer_free(&file);
	return ok;
}
