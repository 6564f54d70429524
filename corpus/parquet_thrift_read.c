/* parquet_thrift_read: Thrift's compact protocol, the reading half. Nothing in it is trusted: lengths are held against
 * the bytes that are there, and structures may lie in one another THRIFT_DEPTH deep and no deeper. */
#include "corpus/parquet_internal.h"

enum { KIND_TRUE = 1, KIND_FALSE = 2, KIND_BYTE = 3, KIND_I64 = 6, KIND_DOUBLE = 7, KIND_LIST = 9, KIND_SET = 10 };

static void fail(struct thrift_reader *reader)
{
	reader->bad = true;
	reader->at = reader->end;
}

static unsigned get_byte(struct thrift_reader *reader)
{
	if (reader->at < reader->end)
		return *reader->at++;
	fail(reader);
	return 0;
}

static uint64_t get_varint(struct thrift_reader *reader)
{
	uint64_t value = 0;
	for (unsigned shift = 0; shift < 64; shift += 7) {
		unsigned byte = get_byte(reader);
		value |= (uint64_t)(byte & 127) << shift;
		if (byte < 128)
			return value;
	}
	fail(reader);
	return 0;
}

static int64_t get_zigzag(struct thrift_reader *reader)
{
	uint64_t value = get_varint(reader);
	return (int64_t)(value >> 1 ^ (value & 1 ? UINT64_MAX : 0));
}

static void descend(struct thrift_reader *reader)
{
	if (reader->depth == THRIFT_DEPTH)
		fail(reader);
	else
		reader->last[reader->depth++] = 0;
}

void thrift_read_start(struct thrift_reader *reader, struct span bytes)
{
	const unsigned char *at = (const unsigned char *)bytes.data;
	*reader = (struct thrift_reader){.at = at, .end = at + bytes.size, .depth = 1};
}

bool thrift_read_field(struct thrift_reader *reader, int16_t *field, int *kind)
{
	unsigned byte = get_byte(reader);
	if (reader->bad || reader->depth == 0)
		return false;
	*kind = (int)(byte & 15);
	if (byte == 0) {
		reader->depth--;
		return false;
	}
	int16_t *last = &reader->last[reader->depth - 1];
	*last = (int16_t)(byte >> 4 ? *last + (int)(byte >> 4) : get_zigzag(reader));
	*field = *last;
	return !reader->bad;
}

int64_t thrift_read_int(struct thrift_reader *reader, int kind)
{
	if (kind == THRIFT_I32 || kind == KIND_I64 || kind == 4)
		return get_zigzag(reader);
	fail(reader);
	return 0;
}

struct span thrift_read_binary(struct thrift_reader *reader, int kind)
{
	uint64_t size = kind == THRIFT_BINARY ? get_varint(reader) : UINT64_MAX;
	if (reader->bad || size > (size_t)(reader->end - reader->at)) {
		fail(reader);
		return SPAN("");
	}
	struct span value = {(const char *)reader->at, (size_t)size};
	reader->at += size;
	return value;
}

size_t thrift_read_list(struct thrift_reader *reader, int kind, int *element)
{
	unsigned byte = kind == KIND_LIST || kind == KIND_SET ? get_byte(reader) : (fail(reader), 0U);
	uint64_t count = byte >> 4;
	*element = (int)(byte & 15);
	if (count == 15)
		count = get_varint(reader);
	/* An element has a byte at least. */
	if (count > (size_t)(reader->end - reader->at)) {
		fail(reader);
		return 0;
	}
	return (size_t)count;
}

void thrift_read_struct(struct thrift_reader *reader, int kind)
{
	if (kind == THRIFT_STRUCT)
		descend(reader);
	else
		fail(reader);
}

/* A value without an inside; false for lists and structures. */
static bool skip_flat(struct thrift_reader *reader, int kind)
{
	switch (kind) {
	case KIND_TRUE:
	case KIND_FALSE:
		return true;
	case KIND_BYTE:
		get_byte(reader);
		return true;
	case 4:
	case THRIFT_I32:
	case KIND_I64:
		get_varint(reader);
		return true;
	case KIND_DOUBLE:
		for (int i = 0; i < 8; i++)
			get_byte(reader);
		return true;
	case THRIFT_BINARY:
		thrift_read_binary(reader, kind);
		return true;
	case KIND_LIST:
	case KIND_SET:
	case THRIFT_STRUCT:
		return false;
	default: /* maps do not occur in Parquet */
		fail(reader);
		return true;
	}
}

/* What is open: a structure whose fields follow, or a list with so many elements left. */
struct level {
	int element; /* 0: a structure */
	size_t left;
};

void thrift_read_skip(struct thrift_reader *reader, int kind)
{
	struct level levels[2 * THRIFT_DEPTH];
	size_t depth = 0;
	for (;;) {
		if (!skip_flat(reader, kind)) {
			struct level *level = &levels[depth++];
			*level = (struct level){0};
			if (kind == THRIFT_STRUCT)
				descend(reader);
			else
				level->left = thrift_read_list(reader, kind, &level->element);
			if (depth == 2 * THRIFT_DEPTH || (kind != THRIFT_STRUCT && !level->element))
				fail(reader);
		}
		/* Up to where something follows. Elements that are truth values have a byte each. */
		for (bool found = false; !found; depth -= !found) {
			int16_t field;
			if (!depth || reader->bad)
				return;
			struct level *level = &levels[depth - 1];
			if (level->element) {
				found = level->left > 0;
				level->left -= found;
				kind = level->element <= KIND_FALSE ? KIND_BYTE : level->element;
			} else {
				found = thrift_read_field(reader, &field, &kind);
			}
		}
	}
}
