/* span: borrowed bytes. Searching leans on memchr and memmem of the C library, which are vectorised. */
#include "base/base.h"
#include "base/bytes8.h"

struct span span_of(const char *string)
{
	return string ? (struct span){string, strlen(string)} : SPAN_NONE;
}

bool span_equal(struct span a, struct span b)
{
	return a.size == b.size && (a.size == 0 || memcmp(a.data, b.data, a.size) == 0);
}

static bool equal_nocase(const char *a, const char *b, size_t size)
{
	for (size_t i = 0; i < size; i++)
		if (ascii_lower((unsigned char)a[i]) != ascii_lower((unsigned char)b[i]))
			return false;
	return true;
}

bool span_equal_nocase(struct span a, struct span b)
{
	return a.size == b.size && equal_nocase(a.data, b.data, a.size);
}

bool span_starts(struct span text, struct span prefix)
{
	return text.size >= prefix.size && (prefix.size == 0 || memcmp(text.data, prefix.data, prefix.size) == 0);
}

bool span_starts_nocase(struct span text, struct span prefix)
{
	return text.size >= prefix.size && equal_nocase(text.data, prefix.data, prefix.size);
}

bool span_ends(struct span text, struct span suffix)
{
	return text.size >= suffix.size &&
	       (suffix.size == 0 || memcmp(text.data + (text.size - suffix.size), suffix.data, suffix.size) == 0);
}

int span_compare(struct span a, struct span b)
{
	size_t common = a.size < b.size ? a.size : b.size;
	int order = common ? memcmp(a.data, b.data, common) : 0;
	return order ? order : (a.size > b.size) - (a.size < b.size);
}

size_t span_find(struct span text, struct span needle)
{
	if (needle.size == 0)
		return 0;
	if (text.size < needle.size)
		return SIZE_MAX;
	const char *hit = memmem(text.data, text.size, needle.data, needle.size);
	return hit ? (size_t)(hit - text.data) : SIZE_MAX;
}

size_t span_find_nocase(struct span text, struct span needle)
{
	if (needle.size == 0)
		return 0;
	unsigned char first = (unsigned char)*needle.data | 0x20; /* letters fold to this, and few other bytes */
	for (size_t i = 0; i + needle.size <= text.size; i += 8) {
		uint64_t hits = bytes8_equal(bytes8_at(text.data, i, text.size) | BYTES8(0x20), first);
		for (; hits; hits &= hits - 1) {
			size_t at = i + bytes8_first(hits);
			if (at + needle.size > text.size)
				return SIZE_MAX;
			if (equal_nocase(text.data + at, needle.data, needle.size))
				return at;
		}
	}
	return SIZE_MAX;
}

size_t span_find_byte(struct span text, char byte)
{
	const char *hit = text.size ? memchr(text.data, byte, text.size) : NULL;
	return hit ? (size_t)(hit - text.data) : SIZE_MAX;
}

struct span span_slice(struct span text, size_t from, size_t size)
{
	if (!text.data)
		return SPAN_NONE;
	if (from > text.size)
		from = text.size;
	if (size > text.size - from)
		size = text.size - from;
	return (struct span){text.data + from, size};
}

struct span span_trim(struct span text)
{
	while (text.size && ascii_is_space((unsigned char)text.data[text.size - 1]))
		text.size--;
	while (text.size && ascii_is_space((unsigned char)*text.data))
		text.data++, text.size--;
	return text;
}

bool span_cut(struct span *rest, char delimiter, struct span *piece)
{
	if (!rest->data)
		return false;
	size_t at = span_find_byte(*rest, delimiter);
	if (at == SIZE_MAX) {
		*piece = *rest;
		*rest = SPAN_NONE;
	} else {
		*piece = (struct span){rest->data, at};
		*rest = (struct span){rest->data + at + 1, rest->size - at - 1};
	}
	return true;
}

bool span_to_u64(struct span text, uint64_t *value)
{
	uint64_t sum = 0;
	if (text.size == 0)
		return false;
	for (size_t i = 0; i < text.size; i++) {
		unsigned char c = (unsigned char)text.data[i];
		if (!ascii_is_digit(c) || __builtin_mul_overflow(sum, 10, &sum) ||
		    __builtin_add_overflow(sum, (uint64_t)(c - '0'), &sum))
			return false;
	}
	*value = sum;
	return true;
}
