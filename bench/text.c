/* text: tokens as the scorers of the field define them, which is what Python's re and str do: \w is a letter, any of
 * the three sorts of numbers (Nd, Nl, No) or an underscore; \s is what str.isspace says; lower() is Unicode's full
 * mapping with the final sigma. Tokens are kept as 64-bit hashes: with 10^6 different tokens a collision has odds of
 * 10^-8. */
#include "bench/bench.h"

#include <stdlib.h>
#include <utf8proc.h>

void tokens_free(struct tokens *tokens)
{
	free(tokens->at);
	*tokens = (struct tokens){0};
}

static void tokens_add(struct tokens *tokens, uint64_t token)
{
	if (tokens->count == tokens->capacity)
		need_more(&tokens->at, &tokens->capacity, tokens->count + 1, sizeof *tokens->at);
	tokens->at[tokens->count++] = token;
}

static int compare_u64(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
	return (x > y) - (x < y);
}

void tokens_sort(struct tokens *tokens)
{
	if (tokens->count)
		qsort(tokens->at, tokens->count, sizeof *tokens->at, compare_u64);
}

size_t tokens_common(const struct tokens *a, const struct tokens *b)
{
	size_t i = 0, j = 0, common = 0;
	while (i < a->count && j < b->count) {
		if (a->at[i] < b->at[j])
			i++;
		else if (a->at[i] > b->at[j])
			j++;
		else
			common++, i++, j++;
	}
	return common;
}

bool tokens_equal(const struct tokens *a, const struct tokens *b)
{
	return a->count == b->count && (a->count == 0 || memcmp(a->at, b->at, a->count * sizeof *a->at) == 0);
}

void tokens_shingles(const struct tokens *words, size_t n, struct tokens *out)
{
	out->count = 0;
	if (words->count == 0)
		return;
	size_t width = words->count < n ? words->count : n;
	for (size_t i = 0; i + width <= words->count; i++)
		tokens_add(out, hash64(words->at + i, width * sizeof *words->at, width));
}

bool text_is_word(uint32_t code)
{
	if (code < 128)
		return ascii_is_alpha((unsigned char)code) || ascii_is_digit((unsigned char)code) || code == '_';
	switch (utf8proc_category((utf8proc_int32_t)code)) {
	case UTF8PROC_CATEGORY_LU:
	case UTF8PROC_CATEGORY_LL:
	case UTF8PROC_CATEGORY_LT:
	case UTF8PROC_CATEGORY_LM:
	case UTF8PROC_CATEGORY_LO:
	case UTF8PROC_CATEGORY_ND:
	case UTF8PROC_CATEGORY_NL:
	case UTF8PROC_CATEGORY_NO:
		return true;
	default:
		return false;
	}
}

bool text_is_space(uint32_t code)
{
	if (code < 128)
		return ascii_is_space((unsigned char)code) || (code >= 0x1c && code <= 0x1f);
	return code == 0x85 || utf8proc_category((utf8proc_int32_t)code) == UTF8PROC_CATEGORY_ZS || code == 0x2028 ||
	       code == 0x2029;
}

/* ---- Lower case ---------------------------------------------------------------------------------------------- */

/* Unicode's Cased, near enough for the sigma rule: cased letters, and letters that a mapping changes. */
static bool is_cased(uint32_t code)
{
	utf8proc_int32_t c = (utf8proc_int32_t)code;
	utf8proc_category_t category = utf8proc_category(c);
	return category == UTF8PROC_CATEGORY_LU || category == UTF8PROC_CATEGORY_LL ||
	       category == UTF8PROC_CATEGORY_LT || utf8proc_tolower(c) != c || utf8proc_toupper(c) != c;
}

/* Unicode's Case_Ignorable (§3.13 D136): marks, formats, modifiers, and what may stand inside a word. */
static bool is_case_ignorable(uint32_t code)
{
	switch (code) {
	case '\'':
	case '.':
	case ':':
	case 0xb7:
	case 0x387:
	case 0x55f:
	case 0x5f4:
	case 0x2018:
	case 0x2019:
	case 0x2024:
	case 0x2027:
	case 0xfe13:
	case 0xfe52:
	case 0xfe55:
	case 0xff07:
	case 0xff0e:
	case 0xff1a:
		return true;
	default:
		break;
	}
	switch (utf8proc_category((utf8proc_int32_t)code)) {
	case UTF8PROC_CATEGORY_MN:
	case UTF8PROC_CATEGORY_ME:
	case UTF8PROC_CATEGORY_CF:
	case UTF8PROC_CATEGORY_LM:
	case UTF8PROC_CATEGORY_SK:
		return true;
	default:
		return false;
	}
}

/* The code point that ends before AT; START <= result. */
static uint32_t code_before(const char *start, const char **at)
{
	const char *from = *at - 1;
	while (from > start && ((unsigned char)*from & 0xc0) == 0x80)
		from--;
	const char *step = from;
	uint32_t code = utf8_next(&step, *at);
	*at = from;
	return code;
}

/* Final_Sigma (Unicode table 3-17): a cased letter before, none after, case-ignorables skipped. [SIGMA, AFTER) is it.
 */
static bool is_final_sigma(struct span text, const char *sigma, const char *after)
{
	const char *end = text.data + text.size;
	bool before = false;
	while (sigma > text.data) {
		uint32_t code = code_before(text.data, &sigma);
		if (!is_case_ignorable(code)) {
			before = is_cased(code);
			break;
		}
	}
	if (!before)
		return false;
	while (after < end) {
		uint32_t code = utf8_next(&after, end);
		if (!is_case_ignorable(code))
			return !is_cased(code);
	}
	return true;
}

static void put_code(struct buffer *out, uint32_t code)
{
	char bytes[4];
	buffer_append(out, bytes, utf8_encode(code, bytes));
}

void text_lower(struct span text, struct buffer *out)
{
	const char *at = text.data, *end = at + text.size;
	buffer_reserve(out, text.size);
	while (at < end) {
		unsigned char c = (unsigned char)*at;
		if (c < 128) {
			buffer_append_byte(out, (char)ascii_lower(c));
			at++;
			continue;
		}
		const char *start = at;
		uint32_t code = utf8_next(&at, end);
		if (code == 0x3a3)
			put_code(out, is_final_sigma(text, start, at) ? 0x3c2 : 0x3c3);
		else if (code == 0x130) /* the one lower-case mapping to two code points */
			buffer_append_span(out, SPAN("i\xcc\x87"));
		else
			put_code(out, (uint32_t)utf8proc_tolower((utf8proc_int32_t)code));
	}
}

/* ---- Tokens ---------------------------------------------------------------------------------------------------- */

void text_words(struct span text, struct tokens *out)
{
	const char *at = text.data, *end = at + text.size, *word = NULL;
	out->count = 0;
	while (at < end) {
		const char *start = at;
		bool in = text_is_word(utf8_next(&at, end));
		if (in && !word) {
			word = start;
		} else if (!in && word) {
			tokens_add(out, hash64(word, (size_t)(start - word), 0));
			word = NULL;
		}
	}
	if (word)
		tokens_add(out, hash64(word, (size_t)(end - word), 0));
}

void text_letters(struct span text, struct tokens *out)
{
	const char *at = text.data, *end = at + text.size;
	out->count = 0;
	while (at < end) {
		uint32_t code = utf8_next(&at, end);
		if (text_is_word(code))
			tokens_add(out, code);
	}
}

void text_squeeze(struct span text, struct buffer *out)
{
	const char *at = text.data, *end = at + text.size;
	bool gap = false, any = false;
	while (at < end) {
		const char *start = at;
		if (text_is_space(utf8_next(&at, end))) {
			gap = any;
			continue;
		}
		if (gap)
			buffer_append_byte(out, ' ');
		buffer_append(out, start, (size_t)(at - start));
		gap = false;
		any = true;
	}
}

void text_only_words(struct span text, struct buffer *out)
{
	const char *at = text.data, *end = at + text.size;
	while (at < end) {
		const char *start = at;
		if (text_is_word(utf8_next(&at, end)))
			buffer_append(out, start, (size_t)(at - start));
	}
}
