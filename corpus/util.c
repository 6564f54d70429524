/* util: small things several stages need: comma lists, texts made clean, variable-length integers, paths, folders. */
#include "corpus/corpus_internal.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

bool list_has(struct span list, struct span item)
{
	struct span piece;
	while (span_cut(&list, ',', &piece))
		if (span_equal_nocase(span_trim(piece), item))
			return true;
	return false;
}

static bool is_clean(struct span text)
{
	for (size_t i = 0; i < text.size; i++)
		if ((unsigned char)text.data[i] < 0x20 || text.data[i] == 0x7F)
			return false;
	return utf8_valid(text);
}

struct span text_clean(struct arena *arena, struct span bytes)
{
	bytes = span_trim(bytes);
	if (!bytes.size)
		return SPAN_NONE;
	if (is_clean(bytes))
		return arena_copy(arena, bytes);
	char *out = arena_alloc(arena, 3 * bytes.size + 1), *at = out;
	if (!out)
		return SPAN_NONE;
	const char *from = bytes.data, *end = bytes.data + bytes.size;
	while (from < end) {
		uint32_t code = utf8_next(&from, end);
		at += code < 0x20 || code == 0x7F ? (*at = ' ', 1) : utf8_encode(code, at);
	}
	*at = '\0';
	return (struct span){out, (size_t)(at - out)};
}

struct span url_clean(struct arena *arena, struct span bytes)
{
	bytes = span_trim(bytes);
	if (!bytes.size)
		return SPAN_NONE;
	if (is_clean(bytes))
		return arena_copy(arena, bytes);
	char *out = arena_alloc(arena, 3 * bytes.size + 1), *at = out;
	if (!out)
		return SPAN_NONE;
	while (bytes.size) {
		size_t good = utf8_valid_prefix(bytes);
		for (size_t i = 0; i < good + (good < bytes.size); i++) {
			unsigned char c = (unsigned char)bytes.data[i];
			if (i < good && c >= 0x20 && c != 0x7F)
				*at++ = (char)c;
			else
				at += sprintf(at, "%%%02X", c);
		}
		bytes = span_slice(bytes, good + (good < bytes.size), SIZE_MAX);
	}
	*at = '\0';
	return (struct span){out, (size_t)(at - out)};
}

void varint_put(struct buffer *out, uint64_t value)
{
	char bytes[10];
	size_t size = 0;
	while (value >= 128) {
		bytes[size++] = (char)(value | 128);
		value >>= 7;
	}
	bytes[size++] = (char)value;
	buffer_append(out, bytes, size);
}

bool varint_get(struct span *from, uint64_t *value)
{
	*value = 0;
	for (unsigned shift = 0; shift < 64 && from->size; shift += 7) {
		unsigned char byte = (unsigned char)*from->data++;
		from->size--;
		*value |= (uint64_t)(byte & 127) << shift;
		if (byte < 128)
			return true;
	}
	return false;
}

char *path_join(const char *folder, const char *format, ...)
{
	char *name = NULL, *path = NULL;
	va_list arguments;
	va_start(arguments, format);
	if (vasprintf(&name, format, arguments) < 0) {
		memory_fail();
		name = NULL;
	}
	va_end(arguments);
	if (name)
		path = memory_format("%s/%s", folder, name);
	free(name);
	return path;
}

/* One level deep only: working folders and tables hold files, and a tree that is deeper is not ours to remove. */
static enum status remove_files(const char *path, struct fault *fault)
{
	DIR *folder = opendir(path);
	if (!folder)
		return fault_set(fault, STATUS_IO, 0, "cannot open %.120s: %s", path, strerror(errno));
	enum status status = STATUS_OK;
	for (struct dirent *entry; status == STATUS_OK && (entry = readdir(folder));) {
		if (!strcmp(entry->d_name, ".") || !strcmp(entry->d_name, ".."))
			continue;
		if (unlinkat(dirfd(folder), entry->d_name, 0) != 0)
			status = fault_set(fault, STATUS_IO, 0, "cannot remove %.120s in %.80s: %s", entry->d_name,
					   path, strerror(errno));
	}
	closedir(folder);
	return status;
}

enum status folder_remove(const char *path, struct fault *fault)
{
	struct stat about;
	if (lstat(path, &about) != 0)
		return errno == ENOENT
			       ? STATUS_OK
			       : fault_set(fault, STATUS_IO, 0, "cannot look at %.120s: %s", path, strerror(errno));
	if (!S_ISDIR(about.st_mode))
		return fault_set(fault, STATUS_IO, 0, "%.120s is not a folder", path);
	enum status status = remove_files(path, fault);
	if (status == STATUS_OK && rmdir(path) != 0)
		status = fault_set(fault, STATUS_IO, 0, "cannot remove %.120s: %s", path, strerror(errno));
	return status;
}
