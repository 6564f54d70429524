/* earlier: which documents of a range repeat a text that stands before them, for tasks that have a shard of their own.
 *
 * A task that grouped all texts would hold all of them. This one holds the range's exact hashes in a table and lets
 * those of the documents before it pass by, 16 bytes each, once and in order; so memory follows the range alone, and
 * what is found first is the smallest document of that text, as dedup_exact finds it. */
#include "dedup/dedup_internal.h"

#include <stdlib.h>

#define NONE UINT32_MAX
#define AHEAD 16 /* hashes whose slots are fetched before their turn */

/* Open addressing; a slot holds an index in the range. At most half full. */
struct earlier_texts {
	const struct hash128 *own;
	size_t from, mask;
	struct exact_groups *groups;
	uint32_t slots[];
};

static bool is_text(const struct hash128 *hash)
{
	return (hash->low | hash->high) != 0;
}

/* The slot of HASH: taken by its text, or free. */
static uint32_t *slot_of(struct earlier_texts *self, const struct hash128 *hash)
{
	size_t at = (size_t)hash->low & self->mask;
	for (; self->slots[at] != NONE; at = (at + 1) & self->mask) {
		const struct hash128 *there = &self->own[self->slots[at]];
		if (there->low == hash->low && there->high == hash->high)
			break;
	}
	return &self->slots[at];
}

static void put_own(struct earlier_texts *self, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		self->groups->first[i] = (uint32_t)(self->from + i);
		if (!is_text(&self->own[i]))
			continue;
		uint32_t *slot = slot_of(self, &self->own[i]);
		if (*slot == NONE)
			*slot = (uint32_t)i;
		else
			self->groups->first[i] = (uint32_t)(self->from + *slot);
	}
}

struct earlier_texts *earlier_texts_new(const struct hash128 *own, size_t count, size_t from)
{
	size_t slots = 64;
	while (slots < 2 * count)
		slots *= 2;
	struct earlier_texts *self = memory_new(sizeof *self + slots * sizeof *self->slots);
	struct exact_groups *groups = memory_zeroed(1, sizeof *groups);
	uint32_t *first = ceiling_array(NULL, count + 1, sizeof *first);
	if (!self || !groups || !first) {
		free(self);
		free(groups);
		ceiling_drop(NULL, first);
		return NULL;
	}
	*groups = (struct exact_groups){.first = first, .from = from, .count = count};
	*self = (struct earlier_texts){.own = own, .from = from, .mask = slots - 1, .groups = groups};
	memset(self->slots, 0xFF, slots * sizeof *self->slots);
	put_own(self, count);
	return self;
}

void earlier_texts_see(struct earlier_texts *self, const struct hash128 *hashes, size_t count, size_t first_document)
{
	uint32_t *first = self->groups->first;
	for (size_t i = 0; i < count; i++) {
		if (i + AHEAD < count)
			__builtin_prefetch(&self->slots[(size_t)hashes[i + AHEAD].low & self->mask]);
		if (!is_text(&hashes[i]))
			continue;
		uint32_t own = *slot_of(self, &hashes[i]);
		/* Only the first time: what passes by later is a later document. */
		if (own != NONE && first[own] == self->from + own)
			first[own] = (uint32_t)(first_document + i);
	}
}

/* Own documents that repeat one of their own range point at it, and it may point further. */
struct exact_groups *earlier_texts_finish(struct earlier_texts *self)
{
	struct exact_groups *groups = self->groups;
	for (size_t i = 0; i < groups->count; i++) {
		uint32_t first = groups->first[i];
		if (first >= groups->from)
			groups->first[i] = groups->first[first - groups->from];
		groups->distinct += groups->first[i] == groups->from + i;
	}
	free(self);
	return groups;
}

void earlier_texts_free(struct earlier_texts *self)
{
	if (self)
		exact_groups_free(self->groups);
	free(self);
}
