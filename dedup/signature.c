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

#define HEADS_MIN 4096
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
	free(signer->heads);
	free(signer->next);
	free(signer->common);
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
		    !room(&self->next, capacity, sizeof *self->next) ||
		    !room(&self->common, capacity, sizeof *self->common) ||
		    !room(&self->keys, capacity, 2 * sizeof *self->keys))
			return STATUS_MEMORY;
		self->capacity = capacity;
	}
	size_t slots = HEADS_MIN;
	while (slots < 2 * count)
		slots *= 2;
	if (slots > self->head_count) {
		if (!room(&self->heads, slots, sizeof *self->heads))
			return STATUS_MEMORY;
		memset(self->heads + self->head_count, 0, (slots - self->head_count) * sizeof *self->heads);
		self->head_count = slots;
	}
	return STATUS_OK;
}

#define CLASS_REPEATED 128 /* added to the class of a shingle that was there before */

/* Mark shingles that were there before. Chains through `next` start at `heads`, which is never cleared: an entry counts
 * when it names an earlier shingle of this text that belongs to the slot. Few do, so the first loop has no branch. */
static void repeated_mark(struct signer *self, uint32_t count)
{
	const uint64_t *shingles = self->shingles;
	uint32_t *heads = self->heads, *next = self->next, *suspects = (uint32_t *)self->keys, found = 0;
	size_t mask = HEADS_MIN - 1;
	while (mask + 1 < 2 * (size_t)count)
		mask = 2 * mask + 1;
	for (uint32_t i = 0; i < count; i++) {
		size_t slot = shingles[i] >> 1 & mask;
		uint32_t head = heads[slot], earlier = head < i ? head : i;
		bool used = ((shingles[earlier] >> 1 & mask) == slot) & (earlier < i);
		heads[slot] = i;
		next[i] = used ? earlier : i; /* the end of a chain names itself */
		suspects[found] = i;
		found += used;
	}
	for (uint32_t k = 0; k < found; k++) {
		uint32_t at = suspects[k], earlier = next[at];
		while (shingles[earlier] != shingles[at] && next[earlier] != earlier)
			earlier = next[earlier];
		if (shingles[earlier] == shingles[at])
			self->classes[at] |= CLASS_REPEATED;
	}
}
/* The class of every shingle; those that are not of class 0 are listed in self->common, RETURNED of them. Most shingles
 * are rare, so which slots of the table are not is a bit each, eight times denser than the table. */
static uint32_t classes_find(struct signer *self, uint32_t count)
{
	const struct df_table *table = self->table;
	const uint64_t *shingles = self->shingles;
	uint32_t *common = self->common, found = 0;
	memset(self->classes, 0, count);
	if (!table)
		return 0;
	unsigned bits = table->bits;
	const uint64_t *bitmap = table->common;
	for (uint32_t i = 0; i < count; i++) {
		size_t slot = df_slot(shingles[i], bits);
		common[found] = i;
		found += bitmap[slot >> 6] >> (slot & 63) & 1;
	}
	for (uint32_t k = 0; k < found; k++)
		__builtin_prefetch(table->slots + df_slot(shingles[common[k]], bits));
	for (uint32_t k = 0; k < found; k++)
		self->classes[common[k]] = table->class_of[table->slots[df_slot(shingles[common[k]], bits)]];
	return found;
}

/* Every distinct shingle once: those of class 0 in order of first appearance, then the COMMON others; how many. */
static uint32_t distinct_list(struct signer *self, uint32_t count, uint32_t common)
{
	const uint64_t *shingles = self->shingles;
	const uint8_t *classes = self->classes;
	uint64_t *distinct = self->distinct;
	uint32_t n = 0;
	for (uint32_t i = 0; i < count; i++) {
		distinct[n] = shingles[i];
		n += classes[i] == 0;
	}
	memset(self->distinct_classes, 0, n);
	self->rare = n;
	for (uint32_t k = 0; k < common; k++) {
		uint32_t at = self->common[k];
		distinct[n] = shingles[at];
		self->distinct_classes[n] = classes[at];
		n += classes[at] < CLASS_REPEATED;
	}
	return n;
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
	const uint64_t *bitmap = self->table ? self->table->common : NULL;
	uint64_t *shingles = self->shingles;
	unsigned bits = self->table ? self->table->bits : 0;
	if (n < 3)
		shingles[0] = shingle_hash(tokens, n) | 1;
	for (uint32_t i = 0; i + 2 < n; i++) {
		shingles[i] = shingle_hash(tokens + i, 3) | 1;
		if (bitmap)
			__builtin_prefetch(bitmap + (df_slot(shingles[i], bits) >> 6));
	}
	uint32_t common = classes_find(self, *count);
	repeated_mark(self, *count);
	*distinct = distinct_list(self, *count, common);
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

/* Four features into *ONES and *TWOS; returned the fours. */
static inline lanes add_four(const lanes f[4], lanes *ones, lanes *twos)
{
	lanes two_a = carry_save(*ones, f[0], f[1], ones), two_b = carry_save(*ones, f[2], f[3], ones);
	return carry_save(*twos, two_a, two_b, twos);
}

static inline void planes_add(lanes *planes, const uint64_t *features, size_t count)
{
	lanes ones = planes[0], twos = planes[1], fours = planes[2], eights = planes[3];
	for (size_t i = 0; i < count; i += 16) {
		lanes f[16], four[4];
		size_t more = count - i < 16 ? count - i : 16;
		for (size_t k = more; k < 16; k++)
			f[k] = (lanes){0, 0};
		for (size_t k = 0; k < more; k++)
			f[k] = feature_lanes(features[i + k]);
		for (unsigned k = 0; k < 4; k++)
			four[k] = add_four(f + 4 * k, &ones, &twos);
		lanes eight_a = carry_save(fours, four[0], four[1], &fours);
		lanes eight_b = carry_save(fours, four[2], four[3], &fours);
		plane_add(planes, 4, carry_save(eights, eight_a, eight_b, &eights));
	}
	planes[0] = ones, planes[1] = twos, planes[2] = fours, planes[3] = eights;
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

/* The first RARE features have class 0, the others CLASSES; CHOSEN has room for these. *UNITS: the sum of weights. */
static void simhash_weighted(const uint64_t *features, size_t rare, const uint8_t *classes, size_t count,
			     uint64_t *chosen, uint64_t *units, uint64_t out[2])
{
	lanes planes[PLANES] = {{0, 0}};
	uint64_t total = rare * (uint64_t)weight_units[0];
	for (size_t i = rare; i < count; i++)
		total += weight_units[classes[i]];
	planes_add(planes, features, rare);
	for (unsigned digit = 6; digit-- > 0;) { /* Horner's rule: double what is there, add those with this digit */
		size_t found = 0;
		memmove(planes + 1, planes, (PLANES - 1) * sizeof *planes);
		planes[0] = (lanes){0, 0};
		for (size_t i = rare; i < count; i++) {
			chosen[found] = features[i];
			found += weight_units[classes[i]] >> digit & 1;
		}
		planes_add(planes, chosen, found);
	}
	planes_compare(planes, total / 2, out);
	*units = total;
}

/* The classic: every pair of neighbouring words counts one. */
static uint64_t simhash_classic(struct signer *self, uint32_t tokens)
{
	const uint64_t *token = self->normaliser.tokens;
	size_t count = tokens > 1 ? tokens - 1 : tokens;
	uint64_t units, out[2];
	for (size_t i = 0; i < count; i++)
		self->keys[i] = shingle_hash(token + i, tokens > 1 ? 2 : 1);
	simhash_weighted(self->keys, count, NULL, count, NULL, &units, out);
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

#define BUCKETS 256

/* COUNTS[BUCKETS] bytes to the sums of those before each; all of them together are below 256. */
static void sums_before(uint8_t *counts)
{
	const uint64_t ones = 0x0101010101010101u;
	uint64_t before = 0, eight;
	for (unsigned i = 0; i < BUCKETS; i += 8) {
		memcpy(&eight, counts + i, 8);
		uint64_t sums = eight * ones + before * ones; /* byte k: BEFORE and the first k + 1 */
		before = sums >> 56;
		sums -= eight;
		memcpy(counts + i, &sums, 8);
	}
}

/* Sort COUNT values that spread evenly: a bucket a value or more, then insertion. TEMP has room for COUNT. */
static void sort_even(uint64_t *values, size_t count, uint64_t *temp)
{
	if (count >= BUCKETS) {
		qsort(values, count, sizeof *values, by_value64);
		return;
	}
	uint8_t starts[BUCKETS] = {0};
	uint64_t most = 1;
	for (size_t i = 0; i < count; i++)
		most = values[i] > most ? values[i] : most;
	unsigned bits = 64 - (unsigned)__builtin_clzll(most), shift = bits > 8 ? bits - 8 : 0;
	for (size_t i = 0; i < count; i++)
		starts[values[i] >> shift]++;
	sums_before(starts);
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

/* A shingle's rank is its hash over its weight; the class stands below it, to tell the weight afterwards. */
static inline uint64_t rank_make(uint64_t hash, unsigned class)
{
	return (hash & RANK_MASK) * weight_inverse[class] << 4 | class;
}
#define RANK_TOP (RANK_MASK << 14 | 15)

/* What a sample is drawn from: writes the ranks that are not above LIMIT; how many. */
typedef size_t collector(const struct signer *self, size_t count, uint64_t limit, uint64_t *out);

/* The PLACES smallest distinct ranks among the COUNT that COLLECT tells, ascending, into self->keys; how many. UNITS is
 * about the sum of weights, which tells how far to look; *WHOLE says that there are no others. */
static size_t bottom(struct signer *self, collector *collect, size_t count, size_t places, uint64_t units, bool *whole)
{
	uint64_t limit = RANK_TOP, *out = self->keys;
	if (count > 2 * places && units > 128 * places) /* below (RANK_MASK << 10) / units one shingle is expected */
		limit = ((RANK_MASK << 10) / units * (places + places / 4 + 4)) << 4;
	for (;;) {
		size_t found = collect(self, count, limit, out), distinct = 0;
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

static size_t collect_shingles(const struct signer *self, size_t count, uint64_t limit, uint64_t *out)
{
	size_t found = 0;
	for (size_t i = 0; i < self->rare; i++) {
		out[found] = rank_make(self->distinct[i] >> 1, 0);
		found += out[found] <= limit;
	}
	for (size_t i = self->rare; i < count; i++) {
		out[found] = rank_make(self->distinct[i] >> 1, self->distinct_classes[i]);
		found += out[found] <= limit;
	}
	return found;
}

static void sketch_make(struct signer *self, uint32_t distinct, uint64_t units, struct signature *out)
{
	bool whole;
	size_t count = bottom(self, collect_shingles, distinct, SIGNATURE_SKETCH, units, &whole);
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

/* No rank is below that of class 0: first those that may be small enough, then what they really are. */
static size_t collect_anchors(const struct signer *self, size_t count, uint64_t limit, uint64_t *out)
{
	const uint64_t *shingles = self->shingles;
	uint32_t *may = self->common;
	size_t found = 0, chosen = 0;
	for (size_t i = 0; i < count; i++) {
		uint64_t hash = mix_mul(shingles[i] ^ MIX_A, shingles[i + ANCHOR_STEP] ^ MIX_B) & RANK_MASK;
		out[found] = hash;
		may[found] = (uint32_t)i;
		found += rank_make(hash, 0) <= limit;
	}
	for (size_t k = 0; k < found; k++) {
		unsigned a = self->classes[may[k]] & 15, b = self->classes[may[k] + ANCHOR_STEP] & 15;
		out[chosen] = rank_make(out[k], a > b ? a : b);
		chosen += out[chosen] <= limit;
	}
	return chosen;
}

/* Fewer than five words: all of them are the one anchor. */
static size_t collect_short(const struct signer *self, size_t count, uint64_t limit, uint64_t *out)
{
	uint64_t sum = 0;
	uint32_t n = self->normaliser.token_count;
	(void)limit;
	for (uint32_t i = 0; i < (n > 2 ? n - 2 : 1); i++)
		sum = mix_mul(sum ^ MIX_C, self->shingles[i] ^ MIX_D);
	out[0] = rank_make(sum, 0);
	return count;
}

static void anchors_make(struct signer *self, uint32_t count, uint64_t units, struct signature *out)
{
	bool whole;
	size_t found = count > ANCHOR_STEP
			       ? bottom(self, collect_anchors, count - ANCHOR_STEP, SIGNATURE_ANCHORS, units, &whole)
			       : bottom(self, collect_short, 1, SIGNATURE_ANCHORS, units, &whole);
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
	uint64_t units = 0;
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
	simhash_weighted(self->distinct, self->rare, self->distinct_classes, distinct, self->keys, &units,
			 out->simhash);
	if (self->fingerprint == SIMHASH_64) {
		out->simhash[0] = simhash_classic(self, out->tokens > TOKEN_MAX ? TOKEN_MAX : out->tokens);
		out->simhash[1] = 0;
	}
	sketch_make(self, distinct, units, out);
	anchors_make(self, count, units, out);
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
