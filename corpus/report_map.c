/* report_map: counts by name: an open-addressing table over entries in the order they came, sorted once at the end. */
#include "corpus/report_internal.h"

#include <stdlib.h>

enum { FIRST_SLOTS = 64 };

enum status report_map_init(struct report_map *map)
{
	*map = (struct report_map){.slot_count = FIRST_SLOTS, .arena = arena_new(SIZE_MAX / 2)};
	map->slots = memory_zeroed(FIRST_SLOTS, sizeof *map->slots);
	return map->slots && map->arena ? STATUS_OK : STATUS_MEMORY;
}

void report_map_free(struct report_map *map)
{
	free(map->entries);
	free(map->slots);
	arena_free(map->arena);
	*map = (struct report_map){0};
}

static size_t slot_of(const struct report_map *map, struct span name)
{
	size_t slot = hash64(name.data, name.size, 0) % map->slot_count;
	while (map->slots[slot] && !span_equal(map->entries[map->slots[slot] - 1].name, name))
		slot = (slot + 1) % map->slot_count;
	return slot;
}

static bool grow(struct report_map *map)
{
	size_t capacity = map->capacity ? 2 * map->capacity : FIRST_SLOTS / 2;
	struct report_count *entries = memory_grow(map->entries, capacity * sizeof *entries);
	if (!entries)
		return false;
	map->entries = entries;
	uint32_t *slots = memory_zeroed(2 * capacity, sizeof *slots);
	if (!slots)
		return false;
	free(map->slots);
	map->slots = slots;
	map->slot_count = 2 * capacity;
	map->capacity = capacity;
	for (size_t i = 0; i < map->count; i++)
		map->slots[slot_of(map, map->entries[i].name)] = (uint32_t)i + 1;
	return true;
}

struct report_count *report_map_at(struct report_map *map, struct span name)
{
	size_t slot = slot_of(map, name);
	if (map->slots[slot])
		return &map->entries[map->slots[slot] - 1];
	if (map->count == map->capacity) {
		if (map->count >= UINT32_MAX / 4 || !grow(map))
			return NULL;
		slot = slot_of(map, name);
	}
	struct span kept = arena_copy(map->arena, name.data ? name : SPAN(""));
	if (!kept.data)
		return NULL;
	map->entries[map->count] = (struct report_count){.name = kept};
	map->slots[slot] = (uint32_t)++map->count;
	return &map->entries[map->count - 1];
}

size_t report_map_find(const struct report_map *map, struct span name)
{
	uint32_t entry = map->slots[slot_of(map, name)];
	return entry ? entry - 1 : SIZE_MAX;
}

static int by_name(const void *a, const void *b)
{
	return span_compare(((const struct report_count *)a)->name, ((const struct report_count *)b)->name);
}

static int by_count(const void *a, const void *b)
{
	const struct report_count *x = a, *y = b;
	uint64_t m = x->n[COUNT_DOCUMENTS] + x->n[COUNT_DUPLICATES] + x->n[COUNT_REJECTED];
	uint64_t n = y->n[COUNT_DOCUMENTS] + y->n[COUNT_DUPLICATES] + y->n[COUNT_REJECTED];
	return m != n ? (m < n ? 1 : -1) : by_name(a, b);
}

void report_map_sort(struct report_map *map, bool name_alone)
{
	if (map->count)
		qsort(map->entries, map->count, sizeof *map->entries, name_alone ? by_name : by_count);
}
