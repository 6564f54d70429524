/* html_text: character references (WHATWG HTML 13.2.5.72 ff.), newlines, NULs, and the strings they end up in.
 *
 * Only text that holds one of these is ever copied. References are looked up by hash; long names, and those near the
 * end of the input, by narrowing the sorted table of names byte by byte, which gives the longest match the standard
 * asks for in one walk. */
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
	struct string_chunk *chunk = memory_new(sizeof *chunk + size);
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

/* The longest name that [at, end) begins with, and its *SIZE; NULL if none. */
static const struct html_entity *reference_walk(const char *at, const char *end, size_t *size)
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
	*size = best ? best->size : 0;
	return best;
}

/* By hash: KEY is NAME's first 16 bytes, of which SIZE count. The entity, its name being NAME and perhaps ';'. */
static inline bool entity_is(const struct html_entity *entity, struct name_key key, size_t size)
{
	struct name_key other;
	block_halves(block_keep(block_load(html_entity_blob + entity->at), size), &other.low, &other.high);
	return ((other.low ^ key.low) | (other.high ^ key.high)) == 0;
}

static inline uint32_t entity_slot(struct name_key key, uint64_t k2, unsigned bits)
{
	return (uint32_t)(((key.low ^ (key.high * HTML_ENTITY_K1)) * k2) >> (64 - bits));
}

static const struct html_entity *reference_closed(struct name_key key, size_t size)
{
	uint32_t slot = entity_slot(key, HTML_ENTITY_K2, HTML_ENTITY_BITS);
	for (unsigned index; (index = html_entity_slots[slot]) != 0;
	     slot = (slot + 1) & ((1u << HTML_ENTITY_BITS) - 1)) {
		const struct html_entity *entity = &html_entities[index - 1];
		if (entity->size == size + 1 && entity_is(entity, key, size))
			return entity;
	}
	return NULL;
}

/* The longest name without ';' that the *SIZE letters in BLOCK begin with; *SIZE becomes its. */
static const struct html_entity *reference_legacy(block16 block, unsigned char first, size_t *size)
{
	for (unsigned sizes = html_legacy_sizes[first] & ((2u << (*size < 6 ? *size : 6)) - 1); sizes;) {
		unsigned n = 31 - (unsigned)__builtin_clz(sizes);
		struct name_key key;
		block_halves(block_keep(block, n), &key.low, &key.high);
		unsigned index = html_legacy_slots[entity_slot(key, HTML_LEGACY_K2, HTML_LEGACY_BITS)];
		if (index && html_entities[index - 1].size == n && entity_is(&html_entities[index - 1], key, n)) {
			*size = n;
			return &html_entities[index - 1];
		}
		sizes &= ~(1u << n);
	}
	return NULL;
}

/* The same as reference_walk: names are letters and digits, so one with ';' ends where they end, and is longer than any
 * without. The size does not come out of the table: what follows need not wait for it. */
static const struct html_entity *reference_find(const char *at, const char *end, size_t *found_size)
{
	if (end - at < 17)
		return reference_walk(at, end, found_size);
	block16 block = block_load(at);
	block16 inner = block_or(block_range(block_or(block, block_all(0x20)), 'a', 'z'), block_range(block, '0', '9'));
	size_t size = block_first_or_16(block_bits(block_is(inner, 0)));
	if (size == 16)
		return reference_walk(at, end, found_size);
	if (size == 0)
		return NULL;
	if (at[size] == ';') {
		struct name_key key;
		block_halves(block_keep(block, size), &key.low, &key.high);
		const struct html_entity *entity = reference_closed(key, size);
		if (entity) {
			*found_size = size + 1;
			return entity;
		}
	}
	*found_size = size;
	return reference_legacy(block, (unsigned char)*at, found_size);
}

size_t html_reference(const char **at, const char *end, bool attribute, char *out)
{
	const char *from = *at + 1;
	if (from < end && *from == '#')
		return reference_numeric(at, end, out);
	size_t size;
	const struct html_entity *entity = reference_find(from, end, &size);
	if (entity == NULL)
		return 0;
	const char *to = from + size;
	if (attribute && to[-1] != ';' && to < end &&
	    (*to == '=' || ascii_is_digit((unsigned char)*to) || ascii_is_alpha((unsigned char)*to)))
		return 0; /* for historical reasons, as the standard says */
	memcpy(out, entity->out, 6);
	*at = to;
	return entity->out_size;
}

/* ---- Text -------------------------------------------------------------------------------------------------- */

/* Copy from *AT to *OUT what needs no work: up to END, or to a byte that does (perhaps). Line ends are made on the way,
 * so that only CR LF stops, and ampersands stop before a letter or '#' alone. Writes up to 16 bytes more than it says.
 */
static inline void decode_copy(const char **from, const char *end, char **to, unsigned flags)
{
	const char *at = *from;
	char *out = *to;
	const block16 amp = block_all(flags & DECODE_REFERENCES ? '&' : '\r');
	const bool keep = flags & DECODE_KEEP_CR;
	while (end - at > 16) {
		block16 block = block_load(at), next = block_load(at + 1), cr = block_is(block, '\r');
		block16 named = block_or(block_range(block_or(next, block_all(0x20)), 'a', 'z'), block_is(next, '#'));
		block16 stop = block_or(block_is(block, '\0'), block_and(block_equal(block, amp), named));
		if (!keep) {
			stop = block_or(stop, block_and(cr, block_is(next, '\n')));
			block = block_xor(block, block_and(cr, block_all('\r' ^ '\n')));
		}
		block_store(out, block);
		size_t n = block_first_or_16(block_bits(stop));
		at += n;
		out += n;
		if (n < 16)
			break;
	}
	*from = at;
	*to = out;
}

struct span html_decode(struct html_parser *p, struct span text, unsigned flags)
{
	/* the worst growth: NUL, one byte to three; a reference at most doubles (checked by the generator) */
	char *start = html_string_reserve(p, 3 * text.size + 32), *out = start;
	if (out == NULL)
		return SPAN_NONE;
	const char *at = text.data, *end = at + text.size;
	char amp = flags & DECODE_REFERENCES ? '&' : '\r';
	while (at < end) {
		if (*at != '&' || end - at < 2 || !ascii_is_alpha((unsigned char)at[1]))
			decode_copy(&at, end, &out, flags);
		if (*at == '\r' && !(flags & DECODE_KEEP_CR)) {
			*out++ = '\n';
			at += at + 1 < end && at[1] == '\n' ? 2 : 1;
		} else if (*at == '\0') {
			size_t size = flags & DECODE_NUL_REPLACE ? 3 : flags & DECODE_NUL_DROP ? 0 : 1;
			memcpy(out, flags & DECODE_NUL_REPLACE ? "\xEF\xBF\xBD" : "\0\0\0", 3);
			out += size;
			at++;
		} else if (*at != amp || at + 1 == end || (at[1] != '#' && !ascii_is_alpha((unsigned char)at[1]))) {
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
