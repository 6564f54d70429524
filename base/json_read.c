/* json_read: yajl's events to a tree in an arena. yajl keeps its own heap stack, so depth costs no C stack; a ceiling
 * on depth still stops what no reader of the tree could use. `source` spans, of the root and its members (the levels
 * anyone passes through), come from yajl's count of consumed bytes: a value ends where yajl stands when it reports it,
 * and begins behind the value or key before. */
#include "base/base.h"

#include <setjmp.h>
#include <stdlib.h>
#include <string.h>
#include <yajl/yajl_parse.h>

enum { DEPTH_DEFAULT = 64, DEPTH_MAX = 1024 };

struct reading {
	struct arena *arena;
	struct span text;
	unsigned depth, depth_max;
	struct json *root;
	struct span key;
	yajl_handle parser;
	const char *at; /* behind the last value or key of the upper levels */
	bool all;       /* the end of the text was told: yajl no longer counts */
	bool within;    /* strings without escapes may be parts of the text */
	enum status status;
	jmp_buf full; /* yajl takes what its allocator gives without a look: a failure leaves it by the back door */
	struct json *open[DEPTH_MAX], *last[DEPTH_MAX]; /* written as they open */
};

/* yajl's memory lives in the arena too, behind its size. */
union room {
	size_t size;
	max_align_t align;
};

static void *room_new(void *context, size_t size)
{
	struct reading *r = context;
	union room *room = arena_alloc(r->arena, sizeof *room + size);
	if (!room)
		longjmp(r->full, 1);
	room->size = size;
	return room + 1;
}

static void *room_grow(void *context, void *old, size_t size)
{
	size_t was = old ? ((union room *)old - 1)->size : 0;
	void *room = room_new(context, size);
	return was ? memcpy(room, old, was < size ? was : size) : room;
}

static void room_free(void *context, void *room)
{
	(void)context, (void)room;
}

static int fail(struct reading *r, enum status status)
{
	r->status = status;
	return 0;
}

/* A string or key as yajl gives it: a part of the text unless it holds escapes. */
static struct span keep(struct reading *r, const unsigned char *text, size_t size)
{
	struct span given = {(const char *)text, size};
	uintptr_t first = (uintptr_t)r->text.data, at = (uintptr_t)text;
	bool part = r->within && at >= first && at - first <= r->text.size && size <= r->text.size - (at - first);
	return part ? given : arena_copy(r->arena, given);
}

static const char *skip_blank(const char *at, const char *end)
{
	while (at < end && ascii_is_space((unsigned char)*at))
		at++;
	return at;
}

/* Behind what yajl has read. */
static const char *place(const struct reading *r)
{
	return r->text.data + (r->all ? r->text.size : yajl_get_bytes_consumed(r->parser));
}

/* Where the value begins that is reported now: behind blanks and a colon or comma. */
static const char *value_start(const struct reading *r)
{
	const char *end = r->text.data + r->text.size, *at = skip_blank(r->at, end);
	return r->depth && at < end && (*at == ':' || *at == ',') ? skip_blank(at + 1, end) : at;
}

/* NODE, of an upper level, ends here. */
static void end_source(struct reading *r, struct json *node)
{
	r->at = place(r);
	node->source.size = (size_t)(r->at - node->source.data);
}

/* Hang a new node below the open one. */
static struct json *add(struct reading *r, enum json_kind kind)
{
	struct json *node = arena_zalloc(r->arena, sizeof *node);
	if (!node) {
		r->status = STATUS_LIMIT;
		return NULL;
	}
	node->kind = kind;
	node->key = r->key;
	r->key = SPAN_NONE;
	if (r->depth <= 1) {
		node->source.data = value_start(r);
		if (kind == JSON_ARRAY || kind == JSON_OBJECT)
			r->at = place(r); /* behind the bracket */
		else
			end_source(r, node);
	}
	if (r->depth == 0) {
		r->root = node;
		return node;
	}
	unsigned top = r->depth - 1;
	if (r->last[top])
		r->last[top]->next = node;
	else
		r->open[top]->first = node;
	r->last[top] = node;
	return node;
}

static int on_null(void *context)
{
	return add(context, JSON_NULL) != NULL;
}

static int on_bool(void *context, int value)
{
	return add(context, value ? JSON_TRUE : JSON_FALSE) != NULL;
}

static int on_number(void *context, const char *digits, size_t size)
{
	struct reading *r = context;
	struct json *node = add(r, JSON_NUMBER);
	if (!node)
		return 0;
	node->text = arena_copy(r->arena, (struct span){digits, size});
	return node->text.data ? 1 : fail(r, STATUS_LIMIT);
}

static int on_string(void *context, const unsigned char *text, size_t size)
{
	struct reading *r = context;
	struct json *node = add(r, JSON_STRING);
	if (!node)
		return 0;
	node->text = keep(r, text, size);
	return node->text.data ? 1 : fail(r, STATUS_LIMIT);
}

static int on_key(void *context, const unsigned char *text, size_t size)
{
	struct reading *r = context;
	r->key = keep(r, text, size);
	if (r->depth == 1)
		r->at = place(r);
	return r->key.data ? 1 : fail(r, STATUS_LIMIT);
}

static int begin(struct reading *r, enum json_kind kind)
{
	if (r->depth == r->depth_max)
		return fail(r, STATUS_LIMIT);
	struct json *node = add(r, kind);
	if (!node)
		return 0;
	r->open[r->depth] = node;
	r->last[r->depth] = NULL;
	r->depth++;
	return 1;
}

static int on_object(void *context)
{
	return begin(context, JSON_OBJECT);
}

static int on_array(void *context)
{
	return begin(context, JSON_ARRAY);
}

static int on_end(void *context)
{
	struct reading *r = context;
	r->depth--;
	if (r->depth <= 1)
		end_source(r, r->open[r->depth]);
	return 1;
}

static const yajl_callbacks callbacks = {
	.yajl_null = on_null,
	.yajl_boolean = on_bool,
	.yajl_number = on_number,
	.yajl_string = on_string,
	.yajl_start_map = on_object,
	.yajl_map_key = on_key,
	.yajl_end_map = on_end,
	.yajl_start_array = on_array,
	.yajl_end_array = on_end,
};

static enum status parse(struct reading *r, struct arena *arena, struct span text, unsigned depth, bool within,
			 const struct json **out, struct fault *fault)
{
	memset(r, 0, offsetof(struct reading, full));
	r->within = within;
	r->arena = arena;
	r->text = text;
	r->at = text.data;
	r->depth_max = depth == 0 ? DEPTH_DEFAULT : depth > DEPTH_MAX ? DEPTH_MAX : depth;
	if (setjmp(r->full))
		return fault_set(fault, STATUS_LIMIT, 0, "nested too deep or too large");
	yajl_alloc_funcs functions = {room_new, room_grow, room_free, r};
	r->parser = yajl_alloc(&callbacks, &functions, r);
	yajl_status state = yajl_parse(r->parser, (const unsigned char *)text.data, text.size);
	size_t consumed = yajl_get_bytes_consumed(r->parser);
	r->all = true;
	if (state == yajl_status_ok)
		state = yajl_complete_parse(r->parser);
	enum status status = r->status;
	if (status != STATUS_OK)
		fault_set(fault, status, consumed, "nested too deep or too large");
	else if (state != yajl_status_ok || !r->root)
		status = fault_set(fault, STATUS_DATA, consumed, "not valid JSON");
	if (status == STATUS_OK) {
		const char *end = text.data + text.size, *rest = r->root->source.data + r->root->source.size;
		if (skip_blank(rest, end) == end)
			*out = r->root;
		else /* yajl takes the open quote in `2"` for something still to come */
			status = fault_set(fault, STATUS_DATA, (uint64_t)(rest - text.data), "not valid JSON");
	}
	return status;
}

static enum status read_json(struct arena *arena, struct span text, unsigned depth, bool within,
			     const struct json **out, struct fault *fault)
{
	*out = NULL;
	struct reading *r = memory_new(sizeof *r);
	if (!r)
		return fault_set(fault, STATUS_MEMORY, 0, "no memory to read JSON");
	enum status status = parse(r, arena, text, depth, within, out, fault);
	free(r);
	return status;
}

enum status json_parse(struct arena *arena, struct span text, unsigned depth, const struct json **out,
		       struct fault *fault)
{
	return read_json(arena, text, depth, false, out, fault);
}

enum status json_parse_within(struct arena *arena, struct span text, unsigned depth, const struct json **out,
			      struct fault *fault)
{
	return read_json(arena, text, depth, true, out, fault);
}

const struct json *json_get(const struct json *object, const char *key)
{
	if (!object || object->kind != JSON_OBJECT)
		return NULL;
	struct span name = span_of(key);
	for (const struct json *node = object->first; node; node = node->next)
		if (span_equal(node->key, name))
			return node;
	return NULL;
}

struct span json_get_text(const struct json *object, const char *key)
{
	const struct json *node = json_get(object, key);
	return node && node->kind == JSON_STRING ? node->text : SPAN_NONE;
}

bool json_get_u64(const struct json *object, const char *key, uint64_t *value)
{
	const struct json *node = json_get(object, key);
	return node && node->kind == JSON_NUMBER && span_to_u64(node->text, value);
}

double json_get_real(const struct json *object, const char *key, double otherwise)
{
	const struct json *node = json_get(object, key);
	return node && node->kind == JSON_NUMBER ? strtod(node->text.data, NULL) : otherwise;
}
