/* zip: the central directory of a ZIP file. libarchive reads the members but does not say where they lie; WACZ files
 * store their archives, and knowing the place makes them seekable: segments, threads and `cat` work as on plain files.
 */
#include "warc/zip.h"

#include "warc/inputs_internal.h"

#include <stdlib.h>

#define DIRECTORY_MAX (256 * MIB)
#define TAIL_MAX (64 * KIB + 22 + 20)

static uint64_t little(const char *data, int bytes)
{
	uint64_t value = 0;
	while (bytes--)
		value = value << 8 | (unsigned char)data[bytes];
	return value;
}

static bool read_all(struct source *source, uint64_t offset, char *data, size_t size)
{
	while (size) {
		size_t got;
		if (source->class->read(source, offset, data, size, &got, NULL) || !got)
			return false;
		offset += got;
		data += got;
		size -= got;
	}
	return true;
}

/* The directory's place, from the records at the file's end. */
static bool find_directory(struct source *source, uint64_t *offset, uint64_t *size)
{
	size_t tail = source->size < TAIL_MAX ? (size_t)source->size : TAIL_MAX;
	char *bytes = memory_new(tail + 1), far[56];
	bool found = false;
	if (bytes && tail >= 22 && read_all(source, source->size - tail, bytes, tail))
		for (size_t at = tail - 22 + 1; at-- && !found;) {
			if (memcmp(bytes + at, "PK\5\6", 4))
				continue;
			*size = little(bytes + at + 12, 4);
			*offset = little(bytes + at + 16, 4);
			found = true;
			if (at < 20 || memcmp(bytes + at - 20, "PK\6\7", 4)) /* no ZIP64 */
				break;
			uint64_t place = little(bytes + at - 20 + 8, 8);
			if (place < source->size && read_all(source, place, far, sizeof far) &&
			    !memcmp(far, "PK\6\6", 4)) {
				*size = little(far + 40, 8);
				*offset = little(far + 48, 8);
			}
		}
	free(bytes);
	return found && *offset < source->size && *size <= source->size - *offset && *size <= DIRECTORY_MAX;
}

/* Sizes and offset that did not fit 32 bits stand in an extra field (APPNOTE 4.5.3). */
static void read_zip64(struct span extra, uint64_t *full, uint64_t *packed, uint64_t *local)
{
	while (extra.size >= 4) {
		size_t size = (size_t)little(extra.data + 2, 2), at = 4;
		if (size > extra.size - 4)
			return;
		uint64_t *const wanted[] = {full, packed, local};
		for (int i = 0; little(extra.data, 2) == 1 && i < 3; i++)
			if (*wanted[i] == UINT32_MAX && at + 8 <= size + 4) {
				*wanted[i] = little(extra.data + at, 8);
				at += 8;
			}
		extra.data += 4 + size;
		extra.size -= 4 + size;
	}
}

static enum status add_member(struct zip_members *members, size_t *capacity, struct zip_member member)
{
	if (members->count == *capacity) {
		*capacity = *capacity ? 2 * *capacity : 16;
		struct zip_member *grown = memory_grow(members->list, *capacity * sizeof *grown);
		if (!grown)
			return STATUS_MEMORY;
		members->list = grown;
	}
	members->list[members->count++] = member;
	return STATUS_OK;
}

static bool is_named_archive(struct span name)
{
	char text[512];
	if (name.size >= sizeof text)
		return false;
	memcpy(text, name.data, name.size);
	text[name.size] = 0;
	return looks_like_archive(text);
}

static int compare_members(const void *a, const void *b)
{
	const struct zip_member *left = a, *right = b;
	int order = span_compare(left->name, right->name);
	return order ? order : (left->offset > right->offset) - (left->offset < right->offset);
}

enum status zip_stored(struct source *source, struct zip_members *members)
{
	*members = (struct zip_members){0};
	buffer_init(&members->directory, DIRECTORY_MAX);
	uint64_t offset, size;
	size_t capacity = 0;
	if (!source->seekable || !find_directory(source, &offset, &size))
		return STATUS_OK;
	if (buffer_reserve(&members->directory, (size_t)size + 1))
		return STATUS_MEMORY;
	if (!read_all(source, offset, members->directory.data, (size_t)size))
		return STATUS_OK;
	struct span rest = {members->directory.data, (size_t)size};
	while (rest.size >= 46 && !memcmp(rest.data, "PK\1\2", 4)) {
		size_t name = (size_t)little(rest.data + 28, 2), extra = (size_t)little(rest.data + 30, 2);
		size_t all = 46 + name + extra + (size_t)little(rest.data + 32, 2);
		if (all > rest.size)
			break;
		uint64_t packed = little(rest.data + 20, 4), full = little(rest.data + 24, 4),
			 local = little(rest.data + 42, 4);
		uint64_t method = little(rest.data + 10, 2); /* 0: stored, 8: deflate */
		struct span named = {rest.data + 46, name};
		bool readable =
			!(little(rest.data + 8, 2) & 1) && (!method || (method == 8 && is_named_archive(named)));
		read_zip64((struct span){rest.data + 46 + name, extra}, &full, &packed, &local);
		char head[30];
		if (readable && (method || packed == full) && local < source->size &&
		    read_all(source, local, head, sizeof head) && !memcmp(head, "PK\3\4", 4)) {
			uint64_t data = local + 30 + little(head + 26, 2) + little(head + 28, 2);
			struct zip_member member = {named, data, packed, method == 8};
			if (data <= source->size && packed <= source->size - data &&
			    add_member(members, &capacity, member))
				return STATUS_MEMORY;
		}
		rest.data += all;
		rest.size -= all;
	}
	if (members->count > 1)
		qsort(members->list, members->count, sizeof *members->list, compare_members);
	return STATUS_OK;
}

const struct zip_member *zip_find(const struct zip_members *members, struct span name)
{
	size_t low = 0, high = members->count;
	while (low < high) { /* behind the last of that name: the directory's later entry holds */
		size_t middle = low + (high - low) / 2;
		if (span_compare(members->list[middle].name, name) <= 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low && span_equal(members->list[low - 1].name, name) ? &members->list[low - 1] : NULL;
}

void zip_free(struct zip_members *members)
{
	free(members->list);
	buffer_free(&members->directory);
}
