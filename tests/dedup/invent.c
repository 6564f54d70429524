#include "invent.h"

#include <stdlib.h>

uint64_t invent_next(uint64_t *state)
{
	uint64_t x = *state += 0x9E3779B97F4A7C15u;
	x = (x ^ x >> 30) * 0xBF58476D1CE4E5B9u;
	x = (x ^ x >> 27) * 0x94D049BB133111EBu;
	return x ^ x >> 31;
}

/* One of 4,096 words of two or three syllables, the frequent ones more often. */
static void word(struct buffer *out, uint64_t *state)
{
	static const char *const syllables[] = {"ka",  "to", "mi", "rel", "van", "dos", "pe", "lun",
						"sar", "bo", "ti", "gen", "ul",  "fra", "ne", "wim"};
	uint64_t draw = invent_next(state), index = (draw & 4095) * (draw >> 20 & 4095) / 4096;
	for (unsigned i = 0; i < 3; i++)
		buffer_append_span(out, span_of(syllables[index >> (4 * i) & 15]));
}

void invent(struct buffer *out, uint64_t seed, unsigned words)
{
	uint64_t state = seed * 77 + 5;
	for (unsigned i = 0; i < words; i++) {
		word(out, &state);
		buffer_append_span(out, i % 10 == 9 ? SPAN(".\n") : SPAN(" "));
	}
}

void invent_edit(struct buffer *out, struct span text, uint64_t seed, unsigned per_mille)
{
	uint64_t state = seed * 131 + 7;
	struct span piece;
	while (span_cut(&text, ' ', &piece)) {
		if (invent_next(&state) % 1000 < per_mille)
			word(out, &state);
		else
			buffer_append_span(out, piece);
		buffer_append_byte(out, ' ');
	}
}

void texts_init(struct texts *texts)
{
	buffer_init(&texts->bytes, (size_t)1 << 30);
	texts->starts[0] = texts->count = 0;
}

void texts_end(struct texts *texts)
{
	texts->starts[++texts->count] = texts->bytes.size;
}

struct span texts_at(const struct texts *texts, size_t index)
{
	return (struct span){texts->bytes.data + texts->starts[index], texts->starts[index + 1] - texts->starts[index]};
}

void texts_free(struct texts *texts)
{
	buffer_free(&texts->bytes);
}

struct signature *texts_sign(const struct texts *texts, enum fingerprint fingerprint)
{
	struct signature *all = calloc(texts->count + 1, sizeof *all);
	struct signer *signer = signer_new(NULL, fingerprint);
	for (size_t i = 0; all && signer && i < texts->count; i++)
		if (signer_sign(signer, texts_at(texts, i), &all[i]))
			abort();
	signer_free(signer);
	return all;
}
