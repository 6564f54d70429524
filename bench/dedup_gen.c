/* dedup_gen: random signatures with the invariants of real ones (sorted sketches, 40-bit anchors). Near copies differ
 * in a fifth of their sketch, ten bits of their fingerprint and six of their anchors. */
#include "bench/dedup_gen.h"

#include <string.h>

static uint64_t next(uint64_t *state)
{
	uint64_t x = *state += 0x9E3779B97F4A7C15u;
	x = (x ^ x >> 30) * 0xBF58476D1CE4E5B9u;
	x = (x ^ x >> 27) * 0x94D049BB133111EBu;
	return x ^ x >> 31;
}

static void sort32(uint32_t *values, unsigned count)
{
	for (unsigned i = 1; i < count; i++) {
		uint32_t value = values[i];
		unsigned at = i;
		for (; at > 0 && values[at - 1] > value; at--)
			values[at] = values[at - 1];
		values[at] = value;
	}
}

static void set_anchor(struct signature *s, unsigned at, uint64_t *state)
{
	uint64_t key = next(state);
	s->anchors[at] = (uint32_t)key;
	s->anchors_high[at] = (uint8_t)(key >> 32);
}

/* Ranks of a text of about 350 shingles: its 64 smallest end below a fifth of the range. */
static uint32_t rank(uint64_t *state)
{
	return (uint32_t)(next(state) % 0x7FFFFF) << 4 | 17u << 27;
}

static void make_new(struct signature *s, uint64_t *state)
{
	memset(s, 0, sizeof *s);
	s->simhash[0] = next(state);
	s->simhash[1] = next(state);
	for (unsigned i = 0; i < SIGNATURE_SKETCH; i++)
		s->sketch[i] = rank(state);
	sort32(s->sketch, SIGNATURE_SKETCH);
	for (unsigned i = 0; i < SIGNATURE_ANCHORS; i++)
		set_anchor(s, i, state);
	s->tokens = 350;
	s->sketch_count = SIGNATURE_SKETCH;
	s->anchor_count = SIGNATURE_ANCHORS;
	s->flags = SIGNATURE_NUMBERS_WHOLE;
}

static void make_near(struct signature *s, uint64_t *state)
{
	for (unsigned i = 0; i < 10; i++) {
		unsigned bit = (unsigned)(next(state) % 128);
		s->simhash[bit / 64] ^= (uint64_t)1 << bit % 64;
	}
	for (unsigned i = 0; i < SIGNATURE_SKETCH / 5; i++)
		s->sketch[next(state) % SIGNATURE_SKETCH] = rank(state);
	sort32(s->sketch, SIGNATURE_SKETCH);
	for (unsigned i = 0; i < 6; i++)
		set_anchor(s, (unsigned)(next(state) % SIGNATURE_ANCHORS), state);
}

void dedup_generate(struct signature *out, size_t count, uint64_t seed)
{
	for (size_t i = 0; i < count; i++) {
		unsigned kind = (unsigned)(next(&seed) % 10);
		if (i && kind < 4)
			out[i] = out[next(&seed) % i];
		else
			make_new(&out[i], &seed);
		if (i && kind == 3)
			make_near(&out[i], &seed);
		if (i == 0 || kind >= 3)
			out[i].exact = (struct hash128){next(&seed), next(&seed)};
	}
}

void dedup_generate_story(struct signature *out, size_t count, uint64_t seed)
{
	for (size_t i = 0; i < count; i++) {
		if (i == 0)
			make_new(&out[i], &seed);
		else
			out[i] = out[0];
		if (i)
			make_near(&out[i], &seed);
		out[i].exact = (struct hash128){next(&seed), next(&seed)};
	}
}
