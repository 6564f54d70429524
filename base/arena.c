/* arena: bump allocation in chunks that are kept over resets.
 *
 * One chunk of 64 KiB to start with; a chunk that is too small is followed by one of twice the size. A reset after an
 * ordinary page keeps one chunk that would have held all of it; chunks beyond 8 MiB are given back, so one giant page
 * does not stay in memory for the rest of the run. */
#include "base/base.h"

#include <stdio.h>
#include <stdlib.h>

#if defined(__SANITIZE_ADDRESS__)
#define ARENA_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define ARENA_ASAN 1
#endif
#endif
#ifdef ARENA_ASAN
#include <sanitizer/asan_interface.h>
#else
#define ASAN_POISON_MEMORY_REGION(data, size) ((void)(data), (void)(size))
#define ASAN_UNPOISON_MEMORY_REGION(data, size) ((void)(data), (void)(size))
#endif

enum { CHUNK_FIRST = 64 << 10, CHUNK_KEPT = 8 << 20 };

struct chunk {
	struct chunk *older;
	size_t size, used;
	_Alignas(16) char data[];
};

struct arena {
	struct chunk *newest;
	size_t used, max;
};

struct arena *arena_new(size_t max)
{
	struct arena *arena = memory_zeroed(1, sizeof *arena);
	if (arena)
		arena->max = max;
	return arena;
}

static struct chunk *chunk_new(size_t size, struct chunk *older)
{
	struct chunk *chunk = memory_new(sizeof *chunk + size);
	if (!chunk)
		return NULL;
	*chunk = (struct chunk){.older = older, .size = size};
	ASAN_POISON_MEMORY_REGION(chunk->data, size);
	return chunk;
}

static void chunk_free(struct chunk *chunk)
{
	ASAN_UNPOISON_MEMORY_REGION(chunk->data, chunk->size);
	free(chunk);
}

void *arena_alloc(struct arena *arena, size_t size)
{
	if (size > arena->max || arena->used > arena->max - size)
		return NULL;
	size_t rounded = (size + 15) & ~(size_t)15;
	struct chunk *chunk = arena->newest;
	if (!chunk || chunk->size - chunk->used < rounded) {
		size_t want = chunk ? 2 * chunk->size : CHUNK_FIRST;
		if (want > CHUNK_KEPT)
			want = CHUNK_KEPT;
		if (want < rounded)
			want = rounded;
		chunk = chunk_new(want, chunk);
		if (!chunk)
			return NULL;
		arena->newest = chunk;
	}
	char *data = chunk->data + chunk->used;
	ASAN_UNPOISON_MEMORY_REGION(data, size);
	chunk->used += rounded;
	arena->used += rounded;
	return data;
}

void *arena_zalloc(struct arena *arena, size_t size)
{
	void *data = arena_alloc(arena, size);
	return data ? memset(data, 0, size) : NULL;
}

struct span arena_copy(struct arena *arena, struct span bytes)
{
	char *data = bytes.data && bytes.size < SIZE_MAX ? arena_alloc(arena, bytes.size + 1) : NULL;
	if (!data)
		return SPAN_NONE;
	if (bytes.size)
		memcpy(data, bytes.data, bytes.size);
	data[bytes.size] = '\0';
	return (struct span){data, bytes.size};
}

struct span arena_print(struct arena *arena, const char *format, ...)
{
	va_list arguments;
	va_start(arguments, format);
	int size = vsnprintf(NULL, 0, format, arguments);
	va_end(arguments);
	char *data = size < 0 ? NULL : arena_alloc(arena, (size_t)size + 1);
	if (!data)
		return SPAN_NONE;
	va_start(arguments, format);
	vsnprintf(data, (size_t)size + 1, format, arguments);
	va_end(arguments);
	return (struct span){data, (size_t)size};
}

size_t arena_used(const struct arena *arena)
{
	return arena->used;
}

void arena_reset(struct arena *arena)
{
	struct chunk *chunk = arena->newest;
	if (!chunk)
		return;
	size_t used = arena->used;
	struct chunk *older = chunk->older;
	chunk->older = NULL;
	while (older) {
		struct chunk *next = older->older;
		chunk_free(older);
		older = next;
	}
	if (chunk->size < used || chunk->size > CHUNK_KEPT) {
		size_t want = chunk->size > CHUNK_KEPT || used > CHUNK_KEPT ? CHUNK_KEPT : used + used / 4;
		if (want != chunk->size) {
			chunk_free(chunk);
			chunk = chunk_new(want, NULL);
		}
	}
	arena->newest = chunk;
	arena->used = 0;
	if (chunk) {
		chunk->used = 0;
		ASAN_POISON_MEMORY_REGION(chunk->data, chunk->size);
	}
}

void arena_free(struct arena *arena)
{
	if (!arena)
		return;
	for (struct chunk *chunk = arena->newest, *older; chunk; chunk = older) {
		older = chunk->older;
		chunk_free(chunk);
	}
	free(arena);
}
