/* normalise: text to hashed tokens.
 *
 * Lower case, accents folded, apostrophes and invisible characters dropped, quotes and dashes unified, one token a CJK
 * character, overlapping groups of four letters in scripts without blanks, and numbers with their inner points and
 * commas as one token. Two passes over the text: the first, here, writes folded UTF-8 (ASCII runs by vector code, the
 * rest through a table of 65,536 entries that fills itself), the second cuts it (tokens.c). */
#include "dedup/dedup_internal.h"

#include <stdlib.h>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

/* ---- Kernels ------------------------------------------------------------------------------------------------- */

static size_t lower_plain(const uint8_t *in, size_t size, uint8_t *out)
{
	size_t i = 0;
	for (; i < size && in[i] < 0x80 && in[i] != '\''; i++)
		out[i] = ascii_lower(in[i]);
	return i;
}

const struct normalise_kernels normalise_plain = {lower_plain, tokens_cut_plain, "plain"};

#if defined(__x86_64__)
__attribute__((target("avx2"))) static size_t lower_avx2(const uint8_t *in, size_t size, uint8_t *out)
{
	const __m256i before = _mm256_set1_epi8('A' - 1), after = _mm256_set1_epi8('Z' + 1);
	const __m256i bit = _mm256_set1_epi8(0x20), apostrophe = _mm256_set1_epi8('\'');
	size_t i = 0;
	for (; i + 32 <= size; i += 32) {
		__m256i x = _mm256_loadu_si256((const __m256i *)(in + i));
		__m256i upper = _mm256_and_si256(_mm256_cmpgt_epi8(x, before), _mm256_cmpgt_epi8(after, x));
		_mm256_storeu_si256((__m256i *)(out + i), _mm256_or_si256(x, _mm256_and_si256(upper, bit)));
		uint32_t stop = (uint32_t)_mm256_movemask_epi8(_mm256_or_si256(x, _mm256_cmpeq_epi8(x, apostrophe)));
		if (stop)
			return i + (size_t)__builtin_ctz(stop);
	}
	return i + lower_plain(in + i, size - i, out + i);
}

static const struct normalise_kernels normalise_avx2 = {lower_avx2, tokens_cut_avx2, "avx2"};
#endif

const struct normalise_kernels *normalise_best(void)
{
#if defined(__x86_64__)
	if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("bmi2"))
		return &normalise_avx2;
#endif
	return &normalise_plain;
}

/* ---- First pass: folding --------------------------------------------------------------------------------------- */

#define SLOW_BYTES 128 /* more than one code point makes: four pieces of an unspaced script, fourteen bytes each */

static enum status text_room(struct normaliser *self, size_t size)
{
	if (size <= self->capacity)
		return STATUS_OK;
	size_t capacity = size + size / 2 + 4096;
	uint8_t *text = memory_grow(self->text, capacity + NORMALISE_PAD);
	if (!text)
		return STATUS_MEMORY;
	self->text = text;
	self->capacity = capacity;
	return STATUS_OK;
}

struct folding {
	uint32_t window[4]; /* last letters of a script without blanks */
	unsigned window_count;
	uint32_t jamo; /* a Hangul syllable under composition, 0 none */
};

static uint8_t *put_code(uint8_t *out, uint32_t code)
{
	if (code < 0x80) {
		*out = (uint8_t)code;
		return out + 1;
	}
	return out + utf8_encode(code, (char *)out);
}

/* A token of its own, whatever stands before and after. */
static uint8_t *put_alone(uint8_t *start, uint8_t *out, const uint32_t *codes, unsigned count)
{
	if (out > start && out[-1] != ' ')
		*out++ = ' ';
	for (unsigned i = 0; i < count; i++)
		out = put_code(out, codes[i]);
	*out++ = ' ';
	return out;
}

static uint8_t *put_unspaced(struct folding *state, uint8_t *start, uint8_t *out, uint32_t code)
{
	if (state->window_count == 4)
		memmove(state->window, state->window + 1, 3 * sizeof *state->window);
	else
		state->window_count++;
	state->window[state->window_count - 1] = code;
	return put_alone(start, out, state->window, state->window_count);
}

/* Hangul letters typed or stored apart (NFD) make the syllable that NFC has (Unicode 3.12). True: CODE was taken up. */
static bool compose_jamo(struct folding *state, uint32_t code)
{
	uint32_t s = state->jamo;
	if (code - 0x1100 < 19 && !s) {
		state->jamo = code;
		return true;
	}
	if (s >= 0x1100 && s < 0x1113 && code - 0x1161 < 21) {
		state->jamo = 0xAC00 + ((s - 0x1100) * 21 + (code - 0x1161)) * 28;
		return true;
	}
	if (s >= 0xAC00 && (s - 0xAC00) % 28 == 0 && code - 0x11A8 < 27) {
		state->jamo = s + (code - 0x11A7);
		return true;
	}
	return false;
}

static uint8_t *put_folded(struct folding *state, uint8_t *start, uint8_t *out, uint32_t code)
{
	if (code >= 0x1100 && code < 0x1200 && compose_jamo(state, code))
		return out;
	if (state->jamo) {
		uint32_t syllable = state->jamo;
		state->jamo = 0;
		out = put_alone(start, out, &syllable, 1);
		if (code >= 0x1100 && code < 0x1200 && compose_jamo(state, code))
			return out;
	}
	if (code >= 0xE00 && fold_is_unspaced(code))
		return put_unspaced(state, start, out, code);
	state->window_count = 0;
	if (code >= 0x3040 && fold_is_ideograph(code))
		return put_alone(start, out, &code, 1);
	return put_code(out, code);
}

static uint8_t *end_run(struct folding *state, uint8_t *start, uint8_t *out)
{
	state->window_count = 0;
	if (state->jamo) {
		out = put_alone(start, out, &state->jamo, 1);
		state->jamo = 0;
	}
	return out;
}

static uint8_t *put_slow(struct normaliser *self, struct folding *state, uint8_t *out, uint32_t code)
{
	uint32_t codes[FOLD_MAX];
	enum fold_kind kind;
	size_t count = fold_slow(code, codes, &kind);
	if (code < 0x10000) /* remember what fits */
		self->fold[code] = (uint16_t)(count == 0                         ? kind
					      : count == 1 && codes[0] < 0x10000 ? codes[0]
										 : FOLD_MANY);
	if (count == 0 && kind == FOLD_SEPARATOR) {
		out = end_run(state, self->text, out);
		*out++ = ' ';
	}
	for (size_t i = 0; i < count; i++)
		out = put_folded(state, self->text, out, codes[i]);
	return out;
}

/* One code point that is not ASCII, or an apostrophe. */
static uint8_t *put_one(struct normaliser *self, struct folding *state, uint8_t *out, uint32_t code)
{
	if (code == '\'')
		return out;
	uint32_t fold = code < 0x10000 ? self->fold[code] : FOLD_UNKNOWN;
	switch (fold) {
	case FOLD_UNKNOWN:
	case FOLD_MANY:
		return put_slow(self, state, out, code);
	case FOLD_SKIP:
		return out;
	case FOLD_SEPARATOR:
		out = end_run(state, self->text, out);
		*out++ = ' ';
		return out;
	default:
		return put_folded(state, self->text, out, fold);
	}
}

static enum status fold_text(struct normaliser *self, struct span text)
{
	const uint8_t *in = (const uint8_t *)text.data, *end = in + text.size;
	struct folding state = {{0}, 0, 0};
	enum status status = text_room(self, text.size + SLOW_BYTES);
	if (status)
		return status;
	uint8_t *out = self->text;
	while (in < end) {
		size_t done = self->kernels->lower(in, (size_t)(end - in), out);
		if (done && (state.jamo || state.window_count)) {
			/* the pending syllable goes before the run: write it, then the run again */
			out = end_run(&state, self->text, out);
			continue;
		}
		in += done;
		out += done;
		while (in < end && (*in >= 0x80 || *in == '\'')) {
			size_t used = (size_t)(out - self->text), left = (size_t)(end - in);
			if (self->capacity < used + left + SLOW_BYTES) {
				if ((status = text_room(self, used + left + SLOW_BYTES)))
					return status;
				out = self->text + used;
			}
			out = put_one(self, &state, out, utf8_next((const char **)&in, (const char *)end));
		}
	}
	out = end_run(&state, self->text, out);
	self->size = (size_t)(out - self->text);
	memset(out, ' ', NORMALISE_PAD);
	return STATUS_OK;
}

/* ---- Second pass: tokens (tokens.c)
 * ----------------------------------------------------------------------------------------- */

static enum status tokens_room(struct normaliser *self)
{
	size_t most = self->size / 2 + 2;
	if (most > self->token_capacity) {
		uint64_t *tokens = memory_grow(self->tokens, (most + most / 2) * sizeof *tokens);
		if (!tokens)
			return STATUS_MEMORY;
		self->tokens = tokens;
		self->token_capacity = most + most / 2;
	}
	if (most > self->number_capacity) {
		uint64_t *numbers = memory_grow(self->numbers, (most + most / 2) * sizeof *numbers);
		if (!numbers)
			return STATUS_MEMORY;
		self->numbers = numbers;
		self->number_capacity = most + most / 2;
	}
	return STATUS_OK;
}

/* ---- The whole ------------------------------------------------------------------------------------------------------
 */

enum status normaliser_init(struct normaliser *self)
{
	memset(self, 0, sizeof *self);
	self->kernels = normalise_best();
	self->fold = memory_zeroed(65536, sizeof *self->fold);
	return self->fold ? STATUS_OK : STATUS_MEMORY;
}

void normaliser_free(struct normaliser *self)
{
	free(self->fold);
	free(self->text);
	free(self->tokens);
	free(self->numbers);
	memset(self, 0, sizeof *self);
}

enum status normaliser_run(struct normaliser *self, struct span text)
{
	if (text.size > TEXT_MAX)
		text.size = TEXT_MAX;
	enum status status = fold_text(self, text);
	if (!status)
		status = tokens_room(self);
	if (!status)
		self->kernels->cut(self);
	return status;
}

struct hash128 normaliser_exact(const struct normaliser *self, struct span text)
{
	struct hash128 hash = hash128_of(self->tokens, self->token_count * sizeof *self->tokens);
	if (text.size > TEXT_MAX) { /* what made no tokens must be equal as it stands */
		struct hash128 rest = hash128_of(text.data + TEXT_MAX, text.size - TEXT_MAX);
		hash.low ^= rest.low;
		hash.high ^= rest.high;
	}
	return hash;
}

enum status normaliser_tokens_text(const struct normaliser *self, struct buffer *out)
{
	bool inside = false, any = false;
	for (size_t i = 0; i < self->size; i++) {
		unsigned char c = self->text[i];
		bool joins = token_byte_class(c) == CLASS_JOINER && i && ascii_is_digit(self->text[i - 1]) &&
			     ascii_is_digit(self->text[i + 1]);
		bool word = joins || (token_byte_class(c) & CLASS_WORD);
		if (word && !inside && any)
			buffer_append_byte(out, ' ');
		if (word)
			buffer_append_byte(out, (char)c);
		inside = word;
		any |= word;
	}
	return out->status;
}
