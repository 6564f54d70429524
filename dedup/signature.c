/* signature: tokens to SimHash, sketch and anchors.
 *
 * All three are built on distinct shingles of three words with a weight from the df table. SimHash (Charikar 2002,
 * Manku 2007) is summed in bit-sliced counters: one 128-bit word holds a binary digit of all 128 sums, a carry-save
 * adder takes in eight features at once, and weights enter digit by digit, so that the cost does not depend on them.
 * That needs no wide vectors: 128 bits are one register on every machine. The sketch is a weighted bottom-64 sample
 * (priority sampling, Duffield 2007): a shingle's rank is its hash divided by its weight, the same in every document.
 * Anchors are the same with five words and 16 places, and serve as keys. */
#include "dedup/dedup_internal.h"

#include <stdio.h>
#include <stdlib.h>

#define RANK_BITS 40
#define RANK_MASK (((uint64_t)1 << RANK_BITS) - 1)

struct signer *signer_new(const struct df_table *table, enum fingerprint fingerprint)
{
	struct signer *signer = memory_zeroed(1, sizeof *signer);
	if (!signer)
		return NULL;
	signer->table = table;
	signer->fingerprint = fingerprint;
	if (normaliser_init(&signer->normaliser)) {
		signer_free(signer);
		return NULL;
	}
	return signer;
}

void signer_free(struct signer *signer)
{
	if (!signer)
		return;
	normaliser_free(&signer->normaliser);
	free(signer->shingles);
	free(signer->classes);
	free(signer->distinct);
	free(signer->distinct_classes);
	free(signer->set);
	free(signer->ranks);
	free(signer->keys);
	free(signer);
}

/* ---- Shingles -----------------------------------------------------------------------------------------------------
 */

uint64_t shingle_hash(const uint64_t *tokens, unsigned n)
{
	uint64_t sum = tokens[0] * MIX_B + (n > 1 ? tokens[1] : 0) * MIX_C + (n > 2 ? tokens[2] : 0) * MIX_D;
	return mix_mul(sum, (sum >> 32) ^ MIX_A);
}

static bool room(void *array, size_t count, size_t size)
{
	void *old, *grown;
	memcpy(&old, array, sizeof old);
	grown = memory_grow(old, count * size);
	if (grown)
		memcpy(array, &grown, sizeof grown);
	return grown != NULL;
}

static enum status signer_room(struct signer *self, size_t count)
{
	if (count > self->capacity) {
		size_t capacity = count + count / 2 + 64;
		if (!room(&self->shingles, capacity, sizeof *self->shingles) ||
		    !room(&self->classes, capacity, sizeof *self->classes) ||
		    !room(&self->distinct, capacity, sizeof *self->distinct) ||
		    !room(&self->distinct_classes, capacity, sizeof *self->distinct_classes) ||
		    !room(&self->ranks, capacity, sizeof *self->ranks) ||
		    !room(&self->keys, capacity, 2 * sizeof *self->keys))
			return STATUS_MEMORY;
		self->capacity = capacity;
	}
	size_t slots = 64;
	while (slots < 2 * count)
		slots *= 2;
	if (slots > self->set_capacity) {
		if (!room(&self->set, slots, sizeof *self->set))
			return STATUS_MEMORY;
		self->set_capacity = slots;
	}
	memset(self->set, 0, slots * sizeof *self->set);
	return STATUS_OK;
}

/* Every distinct shingle once, in order of first appearance. The set holds the upper half of each hash, so two of a
 * thousand different ones are taken for one once in ten thousand texts: nothing that a fingerprint notices. */
static uint32_t shingles_distinct(struct signer *self, uint32_t count)
{
	size_t mask = 63;
	while (mask + 1 < 2 * (size_t)count)
		mask = 2 * mask + 1;
	uint32_t distinct = 0, *set = self->set;
	for (uint32_t i = 0; i < count; i++) {
		uint64_t hash = self->shingles[i];
		uint32_t tag = (uint32_t)(hash >> 32) | 1; /* 0 is an empty slot */
		size_t slot = hash & mask;
		while (set[slot] && set[slot] != tag)
			slot = (slot + 1) & mask;
		self->distinct[distinct] = hash;
		self->distinct_classes[distinct] = self->classes[i];
		distinct += set[slot] == 0;
		set[slot] = tag;
	}
	return distinct;
}

enum status signer_shingles(struct signer *self, uint32_t *count, uint32_t *distinct)
{
	const uint64_t *tokens = self->normaliser.tokens;
	uint32_t n = self->normaliser.token_count;
	n = n > TOKEN_MAX ? TOKEN_MAX : n;
	*count = n >= 3 ? n - 2 : n > 0;
	*distinct = 0;
	enum status status = signer_room(self, *count);
	if (status || n == 0)
		return status;
	const struct df_table *table = self->table;
	if (n < 3)
		self->shingles[0] = shingle_hash(tokens, n) | 1;
	for (uint32_t i = 0; i + 2 < n; i++) {
		self->shingles[i] = shingle_hash(tokens + i, 3) | 1;
		if (table)
			__builtin_prefetch(table->slots + df_slot(self->shingles[i], table->bits));
	}
	if (table)
		for (uint32_t i = 0; i < *count; i++)
			self->classes[i] = table->class_of[table->slots[df_slot(self->shingles[i], table->bits)]];
	else
		memset(self->classes, 0, *count);
	*distinct = shingles_distinct(self, *count);
	return STATUS_OK;
}

/* ---- SimHash -------------------------------------------------------------------------------------------------------
 */

typedef uint64_t lanes __attribute__((vector_size(16)));
#define PLANES 30 /* 2^20 features of weight 64 sum to 27 bits */

/* a + b + c in every lane: *SUM the low digit, returned the carry. */
static inline lanes carry_save(lanes a, lanes b, lanes c, lanes *sum)
{
	lanes half = a ^ b;
	*sum = half ^ c;
	return (a & b) | (half & c);
}

static inline void plane_add(lanes *planes, unsigned at, lanes carry)
{
	for (; (carry[0] | carry[1]) && at < PLANES; at++) {
		lanes next = planes[at] & carry;
		planes[at] ^= carry;
		carry = next;
	}
}

static inline lanes feature_lanes(uint64_t hash)
{
	return (lanes){hash, mix_mul(hash, MIX_C)};
}

static void planes_add(lanes *planes, const uint64_t *features, size_t count)
{
	lanes ones = planes[0], twos = planes[1], fours = planes[2];
	size_t i = 0;
	for (; i < count; i += 8) {
		lanes f[8];
		for (unsigned k = 0; k < 8; k++)
			f[k] = i + k < count ? feature_lanes(features[i + k]) : (lanes){0, 0};
		lanes two_a = carry_save(ones, f[0], f[1], &ones), two_b = carry_save(ones, f[2], f[3], &ones);
		lanes four_a = carry_save(twos, two_a, two_b, &twos);
		two_a = carry_save(ones, f[4], f[5], &ones), two_b = carry_save(ones, f[6], f[7], &ones);
		lanes four_b = carry_save(twos, two_a, two_b, &twos);
		plane_add(planes, 3, carry_save(fours, four_a, four_b, &fours));
	}
	planes[0] = ones, planes[1] = twos, planes[2] = fours;
}

/* 1 where the sum is over HALF, digit by digit from the top. */
static void planes_compare(const lanes *planes, uint64_t half, uint64_t out[2])
{
	lanes over = {0, 0}, equal = {UINT64_MAX, UINT64_MAX};
	for (unsigned at = PLANES; at-- > 0;) {
		if (half >> at & 1) {
			equal &= planes[at];
		} else {
			over |= equal & planes[at];
			equal &= ~planes[at];
		}
	}
	out[0] = over[0];
	out[1] = over[1];
}

/* FEATURES grouped by class; STARTS[c] … STARTS[c + 1] are those of class c. */
static void simhash_grouped(const uint64_t *features, const size_t starts[WEIGHT_CLASSES + 1], uint64_t out[2])
{
	lanes planes[PLANES] = {{0, 0}};
	uint64_t total = 0;
	for (unsigned digit = 7; digit-- > 0;) { /* Horner's rule: double what is there, add those with this digit */
		memmove(planes + 1, planes, (PLANES - 1) * sizeof *planes);
		planes[0] = (lanes){0, 0};
		for (unsigned c = 0; c < WEIGHT_CLASSES; c++)
			if (weight_units[c] >> digit & 1)
				planes_add(planes, features + starts[c], starts[c + 1] - starts[c]);
	}
	for (unsigned c = 0; c < WEIGHT_CLASSES; c++)
		total += weight_units[c] * (uint64_t)(starts[c + 1] - starts[c]);
	planes_compare(planes, total / 2, out);
}

static void group(const uint64_t *features, const uint8_t *classes, size_t count, uint64_t *grouped,
		  size_t starts[WEIGHT_CLASSES + 1])
{
	size_t next[WEIGHT_CLASSES + 1] = {0};
	for (size_t i = 0; i < count; i++)
		next[classes[i] + 1]++;
	for (unsigned c = 0; c < WEIGHT_CLASSES; c++)
		next[c + 1] += next[c];
	memcpy(starts, next, sizeof next);
	for (size_t i = 0; i < count; i++)
		grouped[next[classes[i]]++] = features[i];
}

/* The classic: every pair of neighbouring words counts one. */
static uint64_t simhash_classic(struct signer *self, uint32_t tokens)
{
	const uint64_t *token = self->normaliser.tokens;
	size_t starts[WEIGHT_CLASSES + 1], count = tokens > 1 ? tokens - 1 : tokens;
	uint64_t out[2];
	for (size_t i = 0; i < count; i++)
		self->keys[i] = shingle_hash(token + i, tokens > 1 ? 2 : 1);
	for (unsigned c = 0; c <= WEIGHT_CLASSES; c++)
		starts[c] = c ? count : 0;
	simhash_grouped(self->keys, starts, out);
	return out[0];
}

/* ---- Bottom-k samples
 * ------------------------------------------------------------------------------------------------ */

/* A rank of up to 51 bits in 28: 5 bits of exponent, 23 of mantissa, monotone. */
static uint32_t rank_encode(uint64_t rank)
{
	if (rank >> 23 == 0)
		return (uint32_t)rank;
	unsigned exponent = 64 - 23 - (unsigned)__builtin_clzll(rank); /* >= 1 */
	return exponent << 23 | ((uint32_t)(rank >> (exponent - 1)) & 0x7FFFFF);
}

static int by_value64(const void *left, const void *right)
{
	uint64_t a, b;
	memcpy(&a, left, 8);
	memcpy(&b, right, 8);
	return a < b ? -1 : a > b;
}

/* Sort COUNT values that spread evenly: one bucket a value or so, then insertion. TEMP has room for COUNT. */
static void sort_even(uint64_t *values, size_t count, uint64_t *temp)
{
	if (count > 1024) {
		qsort(values, count, sizeof *values, by_value64);
		return;
	}
	uint16_t starts[1026] = {0};
	uint64_t most = 0;
	unsigned shift = 0;
	size_t wanted = count < 128 ? 128 : 1024;
	for (size_t i = 0; i < count; i++)
		most = values[i] > most ? values[i] : most;
	while (most >> shift >= wanted)
		shift++;
	for (size_t i = 0; i < count; i++)
		starts[(values[i] >> shift) + 1]++;
	for (size_t i = 0; i < wanted; i++)
		starts[i + 1] = (uint16_t)(starts[i + 1] + starts[i]);
	for (size_t i = 0; i < count; i++)
		temp[starts[values[i] >> shift]++] = values[i];
	for (size_t i = 0; i < count; i++) {
		uint64_t value = temp[i];
		size_t at = i;
		for (; at > 0 && values[at - 1] > value; at--)
			values[at] = values[at - 1];
		values[at] = value;
	}
}

static size_t collect(const uint64_t *values, size_t count, uint64_t limit, uint64_t *out)
{
	size_t found = 0;
	for (size_t i = 0; i < count; i++) {
		out[found] = values[i];
		found += values[i] <= limit;
	}
	return found;
}

/* A shingle's rank is its hash over its weight; the class stands below it, to tell the weight afterwards. */
static inline uint64_t rank_make(uint64_t hash, unsigned class)
{
	return (hash & RANK_MASK) * weight_inverse[class] << 4 | class;
}
#define RANK_TOP (RANK_MASK << 14 | 15)

/* The PLACES smallest distinct ranks among self->ranks[COUNT], ascending, into self->keys; how many. UNITS is the sum
 * of weights, which tells how far to look; *WHOLE says that there are no others. */
static size_t bottom(struct signer *self, size_t count, size_t places, uint64_t units, bool *whole)
{
	uint64_t limit = RANK_TOP, *out = self->keys;
	if (count > 2 * places && units > 128 * places) /* below (RANK_MASK << 10) / units one shingle is expected */
		limit = ((RANK_MASK << 10) / units * (places + places / 4 + 4)) << 4;
	for (;;) {
		size_t found = collect(self->ranks, count, limit, out), distinct = 0;
		if (found >= places || limit == RANK_TOP) {
			sort_even(out, found, out + found);
			for (size_t i = 0; i < found; i++)
				if (distinct == 0 || out[i] != out[distinct - 1])
					out[distinct++] = out[i];
		}
		if (distinct >= places || limit == RANK_TOP) {
			*whole = distinct <= places && found == count;
			return distinct < places ? distinct : places;
		}
		limit = limit > RANK_TOP / 4 ? RANK_TOP : limit * 4;
	}
}

static void sketch_make(struct signer *self, uint32_t distinct, struct signature *out)
{
	uint64_t units = 0;
	bool whole;
	for (uint32_t i = 0; i < distinct; i++) {
		unsigned class = self->distinct_classes[i];
		self->ranks[i] = rank_make(self->distinct[i] >> 1, class);
		units += weight_units[class];
	}
	size_t count = bottom(self, distinct, SIGNATURE_SKETCH, units, &whole);
	for (size_t i = 0; i < count; i++)
		out->sketch[i] = rank_encode(self->keys[i] >> 4) << 4 | (uint32_t)(self->keys[i] & 15);
	out->sketch_count = (uint8_t)count;
	out->flags |= whole ? SIGNATURE_SKETCH_WHOLE : 0;
}

/* Keys must spread evenly over 40 bits although small ranks were chosen: an odd factor permutes them. */
#define ANCHOR_FACTOR 0x9E3779B97F4A7C15u

/* Five words: two shingles, two words apart. They weigh what the commoner of the two weighs, so one df table serves
 * both. */
#define ANCHOR_STEP 2

static void anchors_make(struct signer *self, uint32_t count, struct signature *out)
{
	uint64_t units = 0, sum = 0;
	bool whole;
	uint32_t n = count > ANCHOR_STEP ? count - ANCHOR_STEP : 1;
	for (uint32_t i = 0; i + ANCHOR_STEP < count; i++) {
		unsigned a = self->classes[i], b = self->classes[i + ANCHOR_STEP], class = a > b ? a : b;
		uint64_t hash = mix_mul(self->shingles[i] ^ MIX_A, self->shingles[i + ANCHOR_STEP] ^ MIX_B);
		self->ranks[i] = rank_make(hash, class);
		units += weight_units[class];
	}
	if (count <= ANCHOR_STEP) { /* fewer than five words: all of them are the one anchor */
		for (uint32_t i = 0; i < count; i++)
			sum = mix_mul(sum ^ MIX_C, self->shingles[i] ^ MIX_D);
		self->ranks[0] = rank_make(sum, 0);
	}
	size_t found = bottom(self, n, SIGNATURE_ANCHORS, units, &whole);
	for (size_t i = 0; i < found; i++) {
		uint64_t hash = (self->keys[i] >> 4) / weight_inverse[self->keys[i] & 15];
		uint64_t key = hash * ANCHOR_FACTOR & RANK_MASK;
		out->anchors[i] = (uint32_t)key;
		out->anchors_high[i] = (uint8_t)(key >> 32);
	}
	out->anchor_count = (uint8_t)found;
}

static void numbers_make(const struct normaliser *normaliser, struct signature *out)
{
	unsigned count = 0;
	bool whole = true;
	for (uint32_t i = 0; i < normaliser->number_count; i++) {
		uint16_t value = (uint16_t)(normaliser->numbers[i] >> 48);
		unsigned at = count;
		while (at > 0 && out->numbers[at - 1] >= value)
			at--;
		if (at < count && out->numbers[at] == value)
			continue;
		if (count == SIGNATURE_NUMBERS) {
			whole = false;
			if (at == count)
				continue;
			count--;
		}
		memmove(out->numbers + at + 1, out->numbers + at, (count - at) * sizeof *out->numbers);
		out->numbers[at] = value;
		count++;
	}
	out->number_count = (uint8_t)count;
	out->flags |= whole ? SIGNATURE_NUMBERS_WHOLE : 0;
}

#define HEAD_SHINGLES 46

static void head_make(const struct signer *self, uint32_t count, struct signature *out)
{
	unsigned found = 0;
	for (uint32_t i = 0; i < count && i < HEAD_SHINGLES; i++) {
		uint16_t value = (uint16_t)(self->shingles[i] >> 8);
		unsigned at = found;
		while (at > 0 && out->head[at - 1] >= value)
			at--;
		if (at == SIGNATURE_HEAD || (at < found && out->head[at] == value))
			continue;
		found -= found == SIGNATURE_HEAD;
		memmove(out->head + at + 1, out->head + at, (found - at) * sizeof *out->head);
		out->head[at] = value;
		found++;
	}
	out->head_count = (uint8_t)found;
	out->foreign = (uint8_t)((uint64_t)self->normaliser.foreign * 255 / out->tokens);
}

/* ---- The whole ------------------------------------------------------------------------------------------------------
 */

enum status signer_sign(struct signer *self, struct span text, struct signature *out)
{
	uint32_t count, distinct;
	size_t starts[WEIGHT_CLASSES + 1];
	memset(out, 0, sizeof *out);
	enum status status = normaliser_run(&self->normaliser, text);
	if (!status)
		status = signer_shingles(self, &count, &distinct);
	if (status)
		return status;
	out->exact = normaliser_exact(&self->normaliser, text);
	out->tokens = self->normaliser.token_count;
	out->flags = SIGNATURE_SKETCH_WHOLE | SIGNATURE_NUMBERS_WHOLE;
	if (out->tokens == 0)
		return STATUS_OK;
	out->flags = 0;
	if (self->fingerprint == SIMHASH_64) {
		out->simhash[0] = simhash_classic(self, out->tokens > TOKEN_MAX ? TOKEN_MAX : out->tokens);
	} else {
		group(self->distinct, self->distinct_classes, distinct, self->keys, starts);
		simhash_grouped(self->keys, starts, out->simhash);
	}
	sketch_make(self, distinct, out);
	anchors_make(self, count, out);
	numbers_make(&self->normaliser, out);
	head_make(self, count, out);
	return STATUS_OK;
}

enum status signer_exact(struct signer *self, struct span text, struct hash128 *out, uint32_t *tokens)
{
	enum status status = normaliser_run(&self->normaliser, text);
	if (status)
		return status;
	*out = normaliser_exact(&self->normaliser, text);
	if (tokens)
		*tokens = self->normaliser.token_count;
	return STATUS_OK;
}

enum status signer_normalise(struct signer *self, struct span text, struct buffer *out)
{
	enum status status = normaliser_run(&self->normaliser, text);
	return status ? status : normaliser_tokens_text(&self->normaliser, out);
}

void simhash_hex(const uint64_t simhash[2], enum fingerprint fingerprint, char hex[33])
{
	if (fingerprint == SIMHASH_64)
		snprintf(hex, 33, "%016llx", (unsigned long long)simhash[0]);
	else
		snprintf(hex, 33, "%016llx%016llx", (unsigned long long)simhash[1], (unsigned long long)simhash[0]);
}
