/* buffer: bytes that grow up to a ceiling given at birth; the append checks it. This is the answer to bombs: whatever a
 * page or an archive claims, no buffer outgrows its maximum. A failure sticks until buffer_clear. */
#include "base/base.h"

#include <stdio.h>
#include <stdlib.h>

void buffer_init(struct buffer *buffer, size_t max)
{
	*buffer = (struct buffer){.max = max};
}

void buffer_clear(struct buffer *buffer)
{
	buffer->size = 0;
	buffer->status = STATUS_OK;
}

void buffer_free(struct buffer *buffer)
{
	free(buffer->data);
	*buffer = (struct buffer){.max = buffer->max};
}

enum status buffer_reserve(struct buffer *buffer, size_t extra)
{
	if (buffer->status != STATUS_OK)
		return buffer->status;
	if (extra <= buffer->capacity - buffer->size)
		return STATUS_OK;
	if (extra > buffer->max - buffer->size)
		return buffer->status = STATUS_LIMIT;
	size_t want = buffer->size + extra;
	size_t grown = buffer->capacity < 256 ? 256 : buffer->capacity + buffer->capacity / 2;
	if (grown < want)
		grown = want;
	if (grown > buffer->max)
		grown = buffer->max;
	char *data = memory_grow(buffer->data, grown);
	if (!data)
		return buffer->status = STATUS_MEMORY;
	buffer->data = data;
	buffer->capacity = grown;
	return STATUS_OK;
}

enum status buffer_append(struct buffer *buffer, const void *data, size_t size)
{
	if (size && buffer_reserve(buffer, size) == STATUS_OK) {
		memcpy(buffer->data + buffer->size, data, size);
		buffer->size += size;
	}
	return buffer->status;
}

enum status buffer_append_span(struct buffer *buffer, struct span bytes)
{
	return buffer_append(buffer, bytes.data, bytes.size);
}

enum status buffer_append_byte(struct buffer *buffer, char byte)
{
	if (buffer->size < buffer->capacity && buffer->status == STATUS_OK) {
		buffer->data[buffer->size++] = byte;
		return STATUS_OK;
	}
	return buffer_append(buffer, &byte, 1);
}

enum status buffer_print(struct buffer *buffer, const char *format, ...)
{
	va_list arguments;
	va_start(arguments, format);
	int size = vsnprintf(NULL, 0, format, arguments);
	va_end(arguments);
	if (size < 0)
		return buffer->status = STATUS_LIMIT;
	if (buffer_reserve(buffer, (size_t)size + 1) == STATUS_OK) {
		va_start(arguments, format);
		vsnprintf(buffer->data + buffer->size, (size_t)size + 1, format, arguments);
		va_end(arguments);
		buffer->size += (size_t)size;
	}
	return buffer->status;
}

struct span buffer_span(const struct buffer *buffer)
{
	return (struct span){buffer->data ? buffer->data : "", buffer->size};
}
