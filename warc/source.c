/* source: bytes of an input. Local files are read with pread into the reader's window, not mapped: a page-cached pread
 * runs at 30 GB/s with windows of a MiB or more (a hundred times the speed of inflate), an I/O error or a file cut
 * short while it is read is a status and not SIGBUS, and the memory a process holds stays what the windows are. */
#include "warc/warc_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

struct source_file {
	struct source source;
	int fd;
	bool keep_open; /* standard input */
	uint64_t first, at;
};

static enum status file_read_at(struct source *source, uint64_t offset, char *data, size_t size, size_t *got,
				struct fault *fault)
{
	struct source_file *file = (struct source_file *)source;
	*got = 0;
	if (source->size != SIZE_UNKNOWN) {
		if (offset >= source->size)
			return STATUS_OK;
		if (size > source->size - offset)
			size = (size_t)(source->size - offset);
	}
	ssize_t n;
	do
		n = source->seekable ? pread(file->fd, data, size, (off_t)(file->first + offset))
				     : read(file->fd, data, size);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return fault_set(fault, STATUS_IO, offset, "cannot read: %s", strerror(errno));
	if (!n && source->size != SIZE_UNKNOWN && size)
		return fault_set(fault, STATUS_IO, offset, "the file became shorter while it was read");
	*got = (size_t)n;
	file->at = offset + (size_t)n;
	return STATUS_OK;
}

static void file_close(struct source *source)
{
	struct source_file *file = (struct source_file *)source;
	if (!file->keep_open)
		close(file->fd);
	free(file);
}

static const struct source_class file_class = {file_read_at, file_close};

/* SIZE may be SIZE_UNKNOWN: as long as the file is now. A path that is no regular file (a pipe) is read as a stream. */
enum status source_open_file(const char *path, uint64_t first, uint64_t size, struct source **out, struct fault *fault)
{
	int fd = path ? open(path, O_RDONLY | O_CLOEXEC) : STDIN_FILENO;
	if (fd < 0)
		return fault_set(fault, STATUS_IO, 0, "cannot open: %s", strerror(errno));
	struct stat stat;
	struct source_file *file = memory_zeroed(1, sizeof *file);
	if (!file || fstat(fd, &stat)) {
		enum status status = file ? STATUS_IO : STATUS_MEMORY;
		fault_set(fault, status, 0, "cannot open: %s", file ? strerror(errno) : "out of memory");
		if (path)
			close(fd);
		free(file);
		return status;
	}
	file->fd = fd;
	file->keep_open = !path;
	file->first = first;
	file->source.class = &file_class;
	file->source.seekable = path && S_ISREG(stat.st_mode);
	file->source.size = SIZE_UNKNOWN;
	if (file->source.seekable) {
		uint64_t whole = (uint64_t)stat.st_size > first ? (uint64_t)stat.st_size - first : 0;
		file->source.size = size < whole ? size : whole;
	}
	*out = &file->source;
	return STATUS_OK;
}

static enum status note_read(struct source *source, uint64_t offset, char *data, size_t size, size_t *got,
			     struct fault *fault)
{
	(void)source, (void)offset, (void)data, (void)size, (void)fault;
	*got = 0;
	return STATUS_OK;
}

static void note_close(struct source *source)
{
	free(source);
}

static const struct source_class note_class = {note_read, note_close};

static enum status source_open_note(const struct warc_input *input, struct source **out, struct fault *fault)
{
	struct source *source = memory_zeroed(1, sizeof *source);
	if (!source)
		return fault_set(fault, STATUS_MEMORY, 0, "out of memory");
	*source = (struct source){.class = &note_class, .size = SIZE_UNKNOWN};
	snprintf(source->why, sizeof source->why, "%s", input->why);
	*out = source;
	return STATUS_OK;
}

enum status source_open(const struct warc_input *input, struct source **out, struct fault *fault)
{
	*out = NULL;
	switch (input->way) {
	case INPUT_FILE:
		return source_open_file(input->path, input->first, input->bytes, out, fault);
	case INPUT_STDIN:
		return source_open_file(NULL, 0, SIZE_UNKNOWN, out, fault);
	case INPUT_FILTER:
	case INPUT_MEMBER:
		return source_open_filter(input, out, fault);
	case INPUT_REMOTE:
		break;
	case INPUT_NOTE:
		return source_open_note(input, out, fault);
	}
	enum status status = source_open_remote(input, out, fault);
	return !status && input->packed ? source_inflate(out, fault) : status;
}

void source_close(struct source *source)
{
	if (source)
		source->class->close(source);
}

/* ---- Window --------------------------------------------------------------------------------------------- */

void window_start(struct window *window, struct source *source)
{
	window->source = source;
	window->size = 0;
	window->offset = 0;
	window->at_end = false;
}

/* Forget what lies before AT. */
static enum status window_slide(struct window *window, uint64_t at, struct fault *fault)
{
	if (at >= window->offset && at - window->offset <= window->size) {
		size_t drop = (size_t)(at - window->offset);
		memmove(window->data, window->data + drop, window->size - drop);
		window->size -= drop;
		window->offset = at;
		return STATUS_OK;
	}
	if (window->source->seekable) {
		window->offset = at;
		window->size = 0;
		window->at_end = false;
		return STATUS_OK;
	}
	if (at < window->offset)
		return fault_set(fault, STATUS_USAGE, at, "a stream cannot be read backwards");
	while (window->offset + window->size < at) { /* read over what nobody wants */
		window->offset += window->size;
		window->size = 0;
		uint64_t left = at - window->offset;
		enum status status = window->source->class->read(
			window->source, window->offset, window->data,
			left < window->capacity ? (size_t)left : window->capacity, &window->size, fault);
		if (status)
			return status;
		if (!window->size) {
			window->at_end = true;
			return STATUS_OK;
		}
	}
	window->offset = at;
	window->size = 0;
	return STATUS_OK;
}

enum status window_need(struct window *window, uint64_t at, size_t want, struct span *out, struct fault *fault)
{
	bool inside = window->capacity && at >= window->offset && at - window->offset <= window->size;
	if (inside && (window->at_end || window->size - (size_t)(at - window->offset) >= want)) {
		*out = (struct span){window->data + (at - window->offset),
				     window->size - (size_t)(at - window->offset)};
		return STATUS_OK;
	}
	/* Small windows stay in the cache; one that has to move its rest to the front is four times what is asked for.
	 */
	size_t capacity = want <= WINDOW_CHUNK / 4 ? WINDOW_CHUNK
			  : want <= WINDOW_CHUNK   ? 4 * want
						   : want + WINDOW_CHUNK;
	if (window->source->size < capacity) /* a small file, whole */
		capacity = (size_t)window->source->size + 64;
	if (window->capacity < capacity) {
		char *grown = memory_grow(window->data, capacity);
		if (!grown)
			return fault_set(fault, STATUS_MEMORY, at, "out of memory");
		window->data = grown;
		window->capacity = capacity;
	}
	enum status status = window_slide(window, at, fault);
	if (status)
		return status;
	while (!window->at_end && window->size < want) {
		size_t got; /* no more than this call's capacity: a large record before does not make all reads large */
		status = window->source->class->read(window->source, window->offset + window->size,
						     window->data + window->size, capacity - window->size, &got, fault);
		if (status)
			return status;
		window->size += got;
		window->at_end = !got || window->offset + window->size == window->source->size;
	}
	*out = (struct span){window->data, window->size};
	return STATUS_OK;
}

enum status window_unread(struct window *window, uint64_t at, struct span bytes)
{
	size_t from = (size_t)(at - window->offset), rest = window->size - from;
	if (window->capacity < bytes.size + rest) {
		char *grown = memory_grow(window->data, bytes.size + rest);
		if (!grown)
			return STATUS_MEMORY;
		window->data = grown;
		window->capacity = bytes.size + rest;
	}
	memmove(window->data + bytes.size, window->data + from, rest);
	memcpy(window->data, bytes.data, bytes.size);
	window->offset = at - bytes.size;
	window->size = bytes.size + rest;
	return STATUS_OK;
}

void window_free(struct window *window)
{
	free(window->data);
	*window = (struct window){0};
}
