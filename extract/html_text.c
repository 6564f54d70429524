/* html_text: character references (WHATWG HTML 13.2.5.72 ff.), newlines, NULs, and the strings they end up in.
 *
 * Only text that holds one of these is ever copied. References are looked up by narrowing the sorted table of names
 * byte by byte, which gives the longest match the standard asks for in one walk. */
#include "extract/html_entities_table.h"
#include "extract/html_internal.h"

#include <stdlib.h>

enum { CHUNK_SIZE = 65536 };

/* ---- Strings ---------------------------------------------------------------------------------------------- */

static struct string_chunk *chunk_new(struct html_parser *p, size_t size)
{
	if (size < CHUNK_SIZE)
		size = CHUNK_SIZE;
	if (p->string_total + size > p->limits.memory_max) {
		p->status = STATUS_LIMIT;
		return NULL;
	}
	struct string_chunk *chunk = malloc(sizeof *chunk + size);
	if (chunk == NULL) {
		p->status = STATUS_MEMORY;
		return NULL;
	}
	chunk->next = NULL;
	chunk->size = size;
	chunk->used = 0;
	p->string_total += size;
	return chunk;
}

char *html_string_reserve(struct html_parser *p, size_t size)
{
	struct string_chunk *chunk = p->chunk;
	while (chunk && chunk->size - chunk->used < size && chunk->next) {
		chunk = chunk->next;
		chunk->used = 0;
	}
	if (chunk == NULL || chunk->size - chunk->used < size) {
		struct string_chunk *more = chunk_new(p, size);
		if (more == NULL)
			return NULL;
		if (chunk)
			chunk->next = more;
		else
			p->chunks = more;
		chunk = more;
	}
	p->chunk = chunk;
	return chunk->data + chunk->used;
}

void html_string_claim(struct html_parser *p, size_t size)
{
	p->chunk->used += size;
}

struct span html_string_copy(struct html_parser *p, struct span text)
{
	char *out = html_string_reserve(p, text.size);
	if (out == NULL)
		return SPAN_NONE;
	memcpy(out, text.data, text.size);
	html_string_claim(p, text.size);
	return (struct span){out, text.size};
}

struct span html_name_fold(struct html_parser *p, struct span name)
{
	char *start = html_string_reserve(p, 3 * name.size), *out = start;
	if (out == NULL)
		return SPAN_NONE;
	for (size_t i = 0; i < name.size; i++) {
		if (name.data[i] == '\0') {
			memcpy(out, "\xEF\xBF\xBD", 3);
			out += 3;
		} else {
			*out++ = (char)ascii_lower((unsigned char)name.data[i]);
		}
	}
	html_string_claim(p, (size_t)(out - start));
	return (struct span){start, (size_t)(out - start)};
}

/* ---- References ------------------------------------------------------------------------------------------- */

/* What numeric references 0x80 to 0x9F mean: windows-1252 (13.2.5.80); 0 keeps the number. */
static const uint16_t windows_1252[32] = {
	0x20AC, 0,      0x201A, 0x0192, 0x201E, 0x2026, 0x2020, 0x2021, 0x02C6, 0x2030, 0x0160,
	0x2039, 0x0152, 0,      0x017D, 0,      0,      0x2018, 0x2019, 0x201C, 0x201D, 0x2022,
	0x2013, 0x2014, 0x02DC, 0x2122, 0x0161, 0x203A, 0x0153, 0,      0x017E, 0x0178,
};

static int digit_value(char c, bool hex)
{
	if (ascii_is_digit((unsigned char)c))
		return c - '0';
	char low = (char)(c | 32);
	return hex && low >= 'a' && low <= 'f' ? low - 'a' + 10 : -1;
}

static size_t reference_numeric(const char **at, const char *end, char *out)
{
	const char *from = *at + 2; /* after "&#" */
	bool hex = from < end && (*from | 32) == 'x';
	from += hex;
	uint32_t code = 0;
	const char *to = from;
	for (int digit; to < end && (digit = digit_value(*to, hex)) >= 0; to++)
		if (code <= 0x10FFFF)
			code = code * (hex ? 16 : 10) + (uint32_t)digit;
	if (to == from)
		return 0;
	*at = to + (to < end && *to == ';');
	if (code == 0)
		code = 0xFFFD;
	else if (code >= 0x80 && code <= 0x9F && windows_1252[code - 0x80])
		code = windows_1252[code - 0x80];
	return utf8_encode(code, out);
}

/* Byte DEPTH of an entity's name, or -1 past its end, which sorts first. */
static int name_byte(unsigned index, size_t depth)
{
	const struct html_entity *entity = &html_entities[index];
	return depth < entity->size ? (unsigned char)html_entity_blob[entity->at + depth] : -1;
}

/* The first index in [from, to) whose byte DEPTH is at least BYTE. */
static unsigned name_lower_bound(unsigned from, unsigned to, size_t depth, int byte)
{
	while (from < to) {
		unsigned middle = (from + to) / 2;
		if (name_byte(middle, depth) < byte)
			from = middle + 1;
		else
			to = middle;
	}
	return from;
}

/* The longest name that [at, end) begins with; NULL if none. */
static const struct html_entity *reference_find(const char *at, const char *end)
{
	if (at == end || (unsigned char)*at >= 128)
		return NULL;
	unsigned from = html_entity_first[(unsigned char)*at][0], to = html_entity_first[(unsigned char)*at][1];
	const struct html_entity *best = NULL;
	for (size_t depth = 1; from < to; depth++) {
		if (html_entities[from].size == depth)
			best = &html_entities[from];
		if (at + depth == end)
			break;
		int byte = (unsigned char)at[depth];
		from = name_lower_bound(from, to, depth, byte);
		to = name_lower_bound(from, to, depth, byte + 1);
	}
	return best;
}

size_t html_reference(const char **at, const char *end, bool attribute, char *out)
{
	const char *from = *at + 1;
	if (from < end && *from == '#')
		return reference_numeric(at, end, out);
	const struct html_entity *entity = reference_find(from, end);
	if (entity == NULL)
		return 0;
	const char *to = from + entity->size;
	if (attribute && to[-1] != ';' && to < end &&
	    (*to == '=' || ascii_is_digit((unsigned char)*to) || ascii_is_alpha((unsigned char)*to)))
		return 0; /* for historical reasons, as the standard says */
	memcpy(out, entity->out, 6);
	*at = to;
	return entity->out_size;
}

/* ---- Text -------------------------------------------------------------------------------------------------- */

struct span html_decode(struct html_parser *p, struct span text, unsigned flags)
{
	/* the worst growth: NUL, one byte to three; a reference at most doubles (checked by the generator) */
	char *start = html_string_reserve(p, 3 * text.size + 8), *out = start;
	if (out == NULL)
		return SPAN_NONE;
	const char *at = text.data, *end = at + text.size;
	char amp = flags & DECODE_REFERENCES ? '&' : '\r';
	while (at < end) {
		const char *from = at;
		while (at < end && *at != amp && *at != '\r' && *at != '\0')
			at++;
		memcpy(out, from, (size_t)(at - from));
		out += at - from;
		if (at == end)
			break;
		if (*at == '\r' && flags & DECODE_KEEP_CR) {
			*out++ = *at++;
		} else if (*at == '\r') {
			*out++ = '\n';
			at += at + 1 < end && at[1] == '\n' ? 2 : 1;
		} else if (*at == '\0') {
			size_t size = flags & DECODE_NUL_REPLACE ? 3 : flags & DECODE_NUL_DROP ? 0 : 1;
			memcpy(out, flags & DECODE_NUL_REPLACE ? "\xEF\xBF\xBD" : "\0\0\0", 3);
			out += size;
			at++;
		} else if (at + 1 == end || (at[1] != '#' && !ascii_is_alpha((unsigned char)at[1]))) {
			*out++ = *at++;
		} else {
			size_t size = html_reference(&at, end, (flags & DECODE_ATTRIBUTE) != 0, out);
			if (size == 0)
				*out++ = *at++;
			out += size;
		}
	}
	html_string_claim(p, (size_t)(out - start));
	return (struct span){start, (size_t)(out - start)};
}

void html_attribute_decode(const struct html_tree *tree, struct html_attribute *attribute)
{
	struct span raw = {attribute->value, attribute->value_size};
	struct span value = html_decode(tree->parser, raw, DECODE_REFERENCES | DECODE_ATTRIBUTE | DECODE_NUL_REPLACE);
	if (value.data != NULL) { /* else, at the ceiling, it stays as it was written */
		attribute->value = value.data;
		attribute->value_size = (uint32_t)value.size;
	}
	attribute->raw = 0;
}
