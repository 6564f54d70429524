/* file: whole files in, whole files out. What is written appears under its name complete and on disk, or not at all. */
#include "base/base.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

enum status file_read(const char *path, struct buffer *out, struct fault *fault)
{
	int file = open(path, O_RDONLY | O_CLOEXEC);
	if (file < 0)
		return fault_set(fault, STATUS_IO, 0, "cannot open: %s", strerror(errno));
	struct stat about;
	if (fstat(file, &about) == 0 && about.st_size > 0)
		buffer_reserve(out, (size_t)about.st_size);
	ssize_t got = 0;
	while (out->status == STATUS_OK) {
		size_t room = out->capacity - out->size;
		char spare[4096]; /* the file may be longer than fstat said, or have no size at all */
		got = room ? read(file, out->data + out->size, room) : read(file, spare, sizeof spare);
		if (got <= 0)
			break;
		if (room)
			out->size += (size_t)got;
		else
			buffer_append(out, spare, (size_t)got);
	}
	int why = errno;
	close(file);
	if (out->status == STATUS_LIMIT)
		return fault_set(fault, STATUS_LIMIT, out->size, "larger than %zu bytes", out->max);
	if (out->status != STATUS_OK)
		return fault_set(fault, out->status, out->size, "no memory to read it");
	return got < 0 ? fault_set(fault, STATUS_IO, out->size, "cannot read: %s", strerror(why)) : STATUS_OK;
}

enum status file_named(enum status status, const char *path)
{
	return status == STATUS_IO && access(path, F_OK) && errno == ENOENT ? STATUS_USAGE : status;
}

static bool write_all(int file, struct span bytes)
{
	while (bytes.size) {
		ssize_t put = write(file, bytes.data, bytes.size);
		if (put < 0 && errno == EINTR)
			continue;
		if (put <= 0)
			return false;
		bytes = span_slice(bytes, (size_t)put, SIZE_MAX);
	}
	return true;
}

/* File systems that cannot fsync a folder are left in peace. */
void file_sync_folder(const char *path)
{
	char folder[4096];
	const char *slash = strrchr(path, '/');
	size_t size = slash ? (size_t)(slash - path) : 0;
	if (size >= sizeof folder)
		return;
	memcpy(folder, path, size);
	folder[size] = '\0';
	int file = open(slash ? (size ? folder : "/") : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (file >= 0) {
		(void)!fsync(file);
		close(file);
	}
}

char *file_temporary_name(const char *path)
{
	uint64_t random = 0;
	char *name = NULL;
	/* Without random bytes (an old kernel, early in its life) the process id has to do. */
	(void)!getrandom(&random, sizeof random, GRND_NONBLOCK);
	return asprintf(&name, "%s.tmp-%ld-%016llx", path, (long)getpid(), (unsigned long long)random) < 0 ? NULL
													   : name;
}

/* Write, fsync, close, rename; nothing is left on failure. */
static enum status write_as(const char *temporary, const char *path, struct span bytes, struct fault *fault)
{
	int file = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
	if (file < 0)
		return fault_set(fault, STATUS_IO, 0, "cannot create: %s", strerror(errno));
	bool fine = write_all(file, bytes) && fsync(file) == 0;
	int why = errno;
	if (close(file) != 0 && fine)
		fine = false, why = errno;
	if (fine && rename(temporary, path) != 0)
		fine = false, why = errno;
	if (!fine) {
		unlink(temporary);
		return fault_set(fault, STATUS_IO, 0, "cannot write: %s", strerror(why));
	}
	file_sync_folder(path);
	return STATUS_OK;
}

enum status file_write_atomic(const char *path, struct span bytes, struct fault *fault)
{
	char *temporary = file_temporary_name(path);
	enum status status = temporary ? write_as(temporary, path, bytes, fault)
				       : fault_set(fault, STATUS_MEMORY, 0, "no memory to write it");
	free(temporary);
	return status;
}

bool file_exists(const char *path)
{
	return access(path, F_OK) == 0;
}

static const struct span PATH_MARK = {"file://", 7};

char *path_to_text(const char *path)
{
	struct span bytes = span_of(path);
	if (utf8_valid(bytes) && !span_starts(bytes, PATH_MARK))
		return memory_text(bytes);
	struct buffer out;
	buffer_init(&out, PATH_MARK.size + 3 * bytes.size);
	buffer_append_span(&out, PATH_MARK);
	for (size_t i = 0; i < bytes.size; i++)
		if ((unsigned char)bytes.data[i] >= 0x80 || bytes.data[i] == '%')
			buffer_print(&out, "%%%02X", (unsigned char)bytes.data[i]);
		else
			buffer_append_byte(&out, bytes.data[i]);
	char *text = out.status == STATUS_OK ? memory_text(buffer_span(&out)) : NULL;
	buffer_free(&out);
	return text;
}

static int hex_digit(char c) /* -1: none */
{
	static const char digits[] = "0123456789ABCDEF";
	const char *at = c ? strchr(digits, c) : NULL;
	return at ? (int)(at - digits) : -1;
}

char *path_from_text(struct span text)
{
	if (!span_starts(text, PATH_MARK))
		return memory_text(text);
	char *path = memory_text(span_slice(text, PATH_MARK.size, SIZE_MAX)), *to = path;
	for (const char *from = path; path && *from; from++) {
		int high = *from == '%' ? hex_digit(from[1]) : -1, low = high < 0 ? -1 : hex_digit(from[2]);
		*to++ = low < 0 ? *from : (char)(16 * high + low);
		from += low < 0 ? 0 : 2;
	}
	if (path)
		*to = '\0';
	return path;
}

enum status folder_make(const char *path, struct fault *fault)
{
	char part[4096];
	size_t size = strlen(path);
	if (size == 0 || size >= sizeof part)
		return fault_set(fault, STATUS_IO, 0, "the path is empty or too long");
	memcpy(part, path, size + 1);
	for (size_t i = 1; i <= size; i++) {
		if (part[i] != '/' && part[i] != '\0')
			continue;
		char was = part[i];
		part[i] = '\0';
		if (mkdir(part, 0777) != 0 && errno != EEXIST)
			return fault_set(fault, STATUS_IO, 0, "cannot make the folder: %s", strerror(errno));
		part[i] = was;
	}
	struct stat about;
	if (stat(path, &about) != 0 || !S_ISDIR(about.st_mode))
		return fault_set(fault, STATUS_IO, 0, "exists and is not a folder");
	return STATUS_OK;
}
