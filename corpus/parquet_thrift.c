/* parquet_thrift: Thrift's compact protocol, the writing half: what Parquet's page headers and footer are made of.
 * (Apache Thrift, "Thrift compact protocol encoding".) */
#include "corpus/parquet_internal.h"

enum { KIND_TRUE = 1, KIND_FALSE = 2, KIND_BYTE = 3, KIND_LIST = 9 };

static void put_varint(struct thrift *thrift, uint64_t value)
{
	for (; value >= 128; value >>= 7)
		buffer_append_byte(thrift->out, (char)(value | 128));
	buffer_append_byte(thrift->out, (char)value);
}

static void put_zigzag(struct thrift *thrift, int64_t value)
{
	put_varint(thrift, ((uint64_t)value << 1) ^ (value < 0 ? UINT64_MAX : 0));
}

/* Field ids rise by less than 16 in all of Parquet's structures, so the short form always fits. */
static void put_field(struct thrift *thrift, int16_t field, int kind)
{
	int16_t *last = &thrift->last[thrift->depth - 1];
	buffer_append_byte(thrift->out, (char)((field - *last) << 4 | kind));
	*last = field;
}

static void descend(struct thrift *thrift)
{
	if (thrift->depth == THRIFT_DEPTH)
		thrift->out->status = STATUS_LIMIT;
	else
		thrift->last[thrift->depth++] = 0;
}

void thrift_start(struct thrift *thrift, struct buffer *out)
{
	*thrift = (struct thrift){.out = out, .depth = 1};
}

void thrift_stop(struct thrift *thrift)
{
	buffer_append_byte(thrift->out, 0);
	thrift->depth--;
}

void thrift_i32(struct thrift *thrift, int16_t field, int32_t value)
{
	put_field(thrift, field, THRIFT_I32);
	put_zigzag(thrift, value);
}

void thrift_i64(struct thrift *thrift, int16_t field, int64_t value)
{
	put_field(thrift, field, 6);
	put_zigzag(thrift, value);
}

void thrift_byte(struct thrift *thrift, int16_t field, int8_t value)
{
	put_field(thrift, field, KIND_BYTE);
	buffer_append_byte(thrift->out, (char)value);
}

void thrift_bool(struct thrift *thrift, int16_t field, bool value)
{
	put_field(thrift, field, value ? KIND_TRUE : KIND_FALSE);
}

void thrift_binary(struct thrift *thrift, int16_t field, struct span value)
{
	put_field(thrift, field, THRIFT_BINARY);
	thrift_element_binary(thrift, value);
}

void thrift_struct(struct thrift *thrift, int16_t field)
{
	put_field(thrift, field, THRIFT_STRUCT);
	descend(thrift);
}

void thrift_list(struct thrift *thrift, int16_t field, enum thrift_element element, size_t count)
{
	put_field(thrift, field, KIND_LIST);
	if (count < 15) {
		buffer_append_byte(thrift->out, (char)(count << 4 | (size_t)element));
		return;
	}
	buffer_append_byte(thrift->out, (char)(0xF0 | (int)element));
	put_varint(thrift, count);
}

void thrift_element_i32(struct thrift *thrift, int32_t value)
{
	put_zigzag(thrift, value);
}

void thrift_element_binary(struct thrift *thrift, struct span value)
{
	put_varint(thrift, value.size);
	buffer_append_span(thrift->out, value);
}

void thrift_element_struct(struct thrift *thrift)
{
	descend(thrift);
}
