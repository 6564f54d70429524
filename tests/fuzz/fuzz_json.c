/* JSON: what was read is written and read again to the same tree; sources lie inside the text. */
#include "base/base.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define CHECK(condition)                                                                                               \
	do {                                                                                                           \
		if (!(condition))                                                                                      \
			abort();                                                                                       \
	} while (0)

static bool same(const struct json *a, const struct json *b)
{
	for (; a && b; a = a->next, b = b->next) /* one level; the levels below are compared as sources */
		if (a->kind != b->kind || !span_equal(a->key, b->key) || !span_equal(a->text, b->text))
			return false;
	return !a && !b;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span text = {(const char *)data, size};
	struct arena *arena = arena_new(1 << 22);
	const struct json *json, *again;
	struct fault fault;
	struct buffer out;
	buffer_init(&out, 1 << 24);
	if (json_parse(arena, text, 0, &json, &fault) == STATUS_OK) {
		CHECK(json->source.data >= text.data && json->source.data + json->source.size <= text.data + text.size);
		CHECK(json_parse(arena, json->source, 0, &again, &fault) != STATUS_DATA);
		struct json_writer writer;
		json_start(&writer, &out);
		json_begin(&writer, '[');
		for (const struct json *node = json->first; node; node = node->next)
			json_raw(&writer, node->source);
		json_end(&writer, ']');
		if (json->kind == JSON_ARRAY && json_parse(arena, buffer_span(&out), 0, &again, &fault) == STATUS_OK)
			CHECK(same(json->first, again->first));
	}
	if (utf8_valid(text)) {
		buffer_clear(&out);
		json_escape(&out, text);
		arena_reset(arena);
		CHECK(json_parse(arena, buffer_span(&out), 0, &json, &fault) != STATUS_DATA);
		CHECK(!json || span_equal(json->text, text));
	}
	buffer_free(&out);
	arena_free(arena);
	return 0;
}
