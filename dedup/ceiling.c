/* ceiling: see the header. Files rather than fewer, smaller passes, because the arrays of clustering (what a document
 * belongs to, its members, its row) are touched at random and cannot be cut; the kernel's cache keeps what is hot.
 * Blocks are allocated when an array is made, so that a full disk is an error here and not a signal at some later
 * store. */
#include "dedup/ceiling.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#define MAPPED_FROM ((size_t)256 << 10)

struct area {
	char *at;
	size_t size;
	int file; /* -1: ordinary memory; -2: watched */
};
struct ceiling {
	uint64_t limit, soft, held, peak; /* soft: for watched areas alone, where there is no limit; 0: none */
	const char *folder;
	struct area *areas;
	size_t count, capacity;
	int statm;
};

struct ceiling *ceiling_new(uint64_t limit, const char *folder)
{
	struct ceiling *self = memory_zeroed(1, sizeof *self);
	if (!self)
		return NULL;
	self->limit = limit;
	self->folder = folder ? folder : getenv("TMPDIR");
	if (!self->folder || !*self->folder)
		self->folder = "/tmp";
	self->statm = open("/proc/self/statm", O_RDONLY | O_CLOEXEC);
	return self;
}

void ceiling_free(struct ceiling *self)
{
	if (!self)
		return;
	if (self->statm >= 0)
		close(self->statm);
	free(self->areas);
	free(self);
}

bool ceiling_limited(const struct ceiling *self)
{
	return self && self->limit;
}

uint64_t ceiling_limit(const struct ceiling *self)
{
	return self ? self->limit : 0;
}

uint64_t ceiling_peak(const struct ceiling *self)
{
	return self ? self->peak : 0;
}

/* ---- The list of areas; callers hold the lock ------------------------------------------------------------------- */

static size_t find(const struct ceiling *self, const void *at)
{
	for (size_t i = self->count; i-- > 0;) /* the last ones are dropped first */
		if (self->areas[i].at == at)
			return i;
	return SIZE_MAX;
}

static bool put(struct ceiling *self, struct area area)
{
	if (self->count == self->capacity) {
		size_t capacity = self->capacity ? 2 * self->capacity : 64;
		struct area *areas = memory_grow(self->areas, capacity * sizeof *areas);
		if (!areas)
			return false;
		self->areas = areas;
		self->capacity = capacity;
	}
	self->areas[self->count++] = area;
	return true;
}

static void held_change(struct ceiling *self, size_t before, size_t after)
{
	self->held += after - before;
	if (self->held > self->peak)
		self->peak = self->held;
}

/* ---- Files ------------------------------------------------------------------------------------------------------- */

static int file_new(const struct ceiling *self)
{
	char path[4096];
	if ((size_t)snprintf(path, sizeof path, "%s/.warcmill-XXXXXX", self->folder) >= sizeof path)
		return -1;
	int file = mkostemp(path, O_CLOEXEC);
	if (file >= 0)
		unlink(path); /* gone when the program is, however it ends */
	return file;
}

static bool file_room(int file, size_t from, size_t to)
{
	int why;
	while ((why = posix_fallocate(file, (off_t)from, (off_t)(to - from))) == EINTR)
		;
	return why == 0;
}

/* Map FILE, SIZE bytes, in place of what is at OLD (may be NULL). */
static void *file_map(int file, void *old, size_t before, size_t size)
{
	void *map = old ? mremap(old, before, size, MREMAP_MAYMOVE)
			: mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
	return map == MAP_FAILED ? NULL : map;
}

static void *mapped_new(struct ceiling *self, size_t size)
{
	struct area area = {NULL, size, file_new(self)};
	if (area.file >= 0 && file_room(area.file, 0, size))
		area.at = file_map(area.file, NULL, 0, size);
	if (area.at && put(self, area)) {
		held_change(self, 0, size);
		return area.at;
	}
	if (area.at)
		munmap(area.at, size);
	if (area.file >= 0)
		close(area.file);
	memory_fail();
	return NULL;
}

static void *plain_new(struct ceiling *self, size_t size)
{
	struct area area = {memory_zeroed(1, size), size, -1};
	if (area.at && put(self, area)) {
		held_change(self, 0, size);
		return area.at;
	}
	free(area.at);
	return NULL;
}

static void *array_new(struct ceiling *self, size_t size)
{
	return self->limit && size >= MAPPED_FROM ? mapped_new(self, size) : plain_new(self, size);
}

static void area_close(struct area *area)
{
	if (area->file >= 0) {
		munmap(area->at, area->size);
		close(area->file);
	} else if (area->file == -1) {
		free(area->at);
	}
}

/* ---- Arrays --------------------------------------------------------------------------------------------------------
 */

void *ceiling_array(struct ceiling *self, size_t count, size_t size)
{
	void *array;
	if (!self)
		return memory_zeroed(count > 0 ? count : 1, size);
	if (size && count > SIZE_MAX / 2 / size)
		return NULL;
	size_t bytes = count * size;
	bytes += bytes == 0;
#pragma omp critical(ceiling)
	array = array_new(self, bytes);
	return array;
}

/* A file grows in place; ordinary memory moves into a file where it has become large. */
static void *grow(struct ceiling *self, void *old, size_t size)
{
	size_t at = find(self, old);
	if (at == SIZE_MAX)
		return NULL;
	struct area *area = &self->areas[at];
	void *moved = NULL;
	if (size <= area->size)
		return old;
	if (area->file >= 0) {
		if (file_room(area->file, area->size, size))
			moved = file_map(area->file, area->at, area->size, size);
		if (!moved)
			memory_fail();
	} else if (self->limit && size >= MAPPED_FROM) {
		struct area before = *area;
		moved = mapped_new(self, size);
		if (moved) {
			memcpy(moved, before.at, before.size);
			held_change(self, before.size, 0);
			self->areas[at] = self->areas[--self->count];
			free(before.at);
		}
		return moved;
	} else {
		moved = memory_grow(area->at, size);
	}
	if (moved) {
		held_change(self, area->size, size);
		area->at = moved;
		area->size = size;
	}
	return moved;
}

void *ceiling_grow(struct ceiling *self, void *old, size_t size)
{
	void *array;
	if (!self)
		return memory_grow(old, size);
	if (!old)
		return ceiling_array(self, 1, size);
#pragma omp critical(ceiling)
	array = grow(self, old, size);
	return array;
}

static void remove_area(struct ceiling *self, const void *at)
{
	size_t place = find(self, at);
	if (place == SIZE_MAX)
		return;
	struct area area = self->areas[place];
	self->areas[place] = self->areas[--self->count];
	if (area.file != -2)
		held_change(self, area.size, 0);
	area_close(&area);
}

void ceiling_drop(struct ceiling *self, const void *array)
{
	if (!self) {
		void *plain;
		memcpy(&plain, &array, sizeof plain);
		free(plain);
		return;
	}
	if (!array)
		return;
#pragma omp critical(ceiling)
	remove_area(self, array);
}

/* ---- Watched mappings and the check ---------------------------------------------------------------------------------
 */

enum status ceiling_watch(struct ceiling *self, const void *at, size_t size)
{
	bool good = true;
	struct area area = {NULL, size, -2};
	memcpy(&area.at, &at, sizeof area.at);
	if (!self || !size)
		return STATUS_OK;
#pragma omp critical(ceiling)
	good = put(self, area);
	return good ? STATUS_OK : STATUS_MEMORY;
}

void ceiling_unwatch(struct ceiling *self, const void *at)
{
	if (self && at)
		ceiling_drop(self, at);
}

static uint64_t resident(const struct ceiling *self)
{
	char text[128];
	ssize_t size = self->statm >= 0 ? pread(self->statm, text, sizeof text - 1, 0) : -1;
	if (size <= 0)
		return UINT64_MAX;
	text[size] = 0;
	const char *second = strchr(text, ' ');
	return second ? strtoull(second, NULL, 10) * (uint64_t)sysconf(_SC_PAGESIZE) : UINT64_MAX;
}

/* Whole pages only; the ends of a watched area are cut. */
static void give_back(const struct area *area)
{
	uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE), from = (uintptr_t)area->at, to = from + area->size;
	uintptr_t cut = (page - from % page) % page;
	if (area->file >= 0)
		to += (page - to % page) % page;
	else
		to -= to % page;
	if (from + cut < to)
		madvise(area->at + cut, to - from - cut, MADV_DONTNEED);
}

void ceiling_soften(struct ceiling *self, uint64_t bytes)
{
	uint64_t now = self->limit ? UINT64_MAX : resident(self);
	self->soft = now < UINT64_MAX - bytes ? now + bytes : 0;
}

static void check(struct ceiling *self, uint64_t most)
{
	if (!most || resident(self) <= most)
		return;
#pragma omp critical(ceiling)
	if (resident(self) > most)
		for (size_t i = 0; i < self->count; i++)
			if (self->areas[i].file != -1)
				give_back(&self->areas[i]);
}

void ceiling_check(struct ceiling *self)
{
	if (self)
		check(self, self->limit);
}

void ceiling_scanned(struct ceiling *self)
{
	if (self)
		check(self, self->limit ? self->limit : self->soft);
}
