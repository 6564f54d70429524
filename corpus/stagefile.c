/* stagefile: what one stage leaves for the next. A header names the stage and carries the plan's digest, the payload's
 * size and its hash; so a torn, stale or foreign file is told apart before a byte of it is used. Files are mapped:
 * later stages read them where they lie. */
#include "corpus/corpus_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include <xxhash.h>

struct header {
	char magic[8]; /* "WMSTAGE1" */
	char name[40];
	uint8_t plan[16];
	uint64_t size, hash;
	uint64_t header_hash; /* of all before */
};

static enum status write_spans(int file, const struct span *spans, size_t count)
{
	for (size_t i = 0; i < count; i++)
		for (struct span rest = spans[i]; rest.size;) {
			ssize_t put = write(file, rest.data, rest.size);
			if (put < 0 && errno == EINTR)
				continue;
			if (put <= 0)
				return STATUS_IO;
			rest = span_slice(rest, (size_t)put, SIZE_MAX);
		}
	return STATUS_OK;
}

/* Write, fsync, close, rename. On failure nothing is left. */
static enum status write_file(const char *temporary, const char *path, const struct span *spans, size_t count,
			      struct fault *fault)
{
	int file = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
	if (file < 0)
		return fault_set(fault, STATUS_IO, 0, "cannot create %.160s: %s", temporary, strerror(errno));
	bool fine = write_spans(file, spans, count) == STATUS_OK && fsync(file) == 0;
	int why = errno;
	if (close(file) != 0 && fine)
		fine = false, why = errno;
	if (fine && rename(temporary, path) != 0)
		fine = false, why = errno;
	if (fine)
		return STATUS_OK;
	unlink(temporary);
	return fault_set(fault, STATUS_IO, 0, "cannot write %.160s: %s", path, strerror(why));
}

static void header_fill(const struct plan *plan, const char *name, struct span payload, struct header *header)
{
	*header = (struct header){.magic = "WMSTAGE", .size = payload.size};
	header->magic[7] = '1';
	snprintf(header->name, sizeof header->name, "%s", name);
	memcpy(header->plan, plan->digest, sizeof header->plan);
	header->hash = hash64(payload.data, payload.size, 0);
	header->header_hash = hash64(header, offsetof(struct header, header_hash), 0);
}

enum status stage_write(const struct plan *plan, const char *name, const struct span *spans, size_t count,
			struct fault *fault)
{
	struct header header;
	struct buffer all;
	enum status status = memory_status(fault);
	if (status != STATUS_OK)
		return status;
	buffer_init(&all, SIZE_MAX);
	for (size_t i = 0; count != 1 && i < count; i++)
		buffer_append_span(&all, spans[i]);
	struct span payload = count == 1 ? spans[0] : buffer_span(&all);
	header_fill(plan, name, payload, &header);
	char *path = path_join(plan->work, "%s", name), *temporary = path ? file_temporary_name(path) : NULL;
	struct span out[2] = {{(const char *)&header, sizeof header}, payload};
	status = !path || !temporary || all.status != STATUS_OK
			 ? fault_set(fault, STATUS_MEMORY, 0, "no memory to write stage %s", name)
			 : write_file(temporary, path, out, 2, fault);
	buffer_free(&all);
	free(path);
	free(temporary);
	return status;
}

/* hash64 of the payload, step by step: what was hashed is given back, so that checking a file does not make all of it
 * resident. */
static uint64_t hash_mapped(const struct stage_file *file)
{
	enum { STEP = 1 << 24 };
	XXH3_state_t *state = XXH3_createState();
	size_t page = (size_t)sysconf(_SC_PAGESIZE), head = file->map_size - file->bytes.size;
	if (!state)
		return hash64(file->bytes.data, file->bytes.size, 0);
	XXH3_64bits_reset(state);
	for (size_t at = 0, end; at < file->bytes.size; at = end) {
		end = file->bytes.size - at < STEP ? file->bytes.size : at + STEP;
		XXH3_64bits_update(state, file->bytes.data + at, end - at);
		madvise(file->map, (head + end) - (head + end) % page, MADV_DONTNEED);
	}
	uint64_t hash = XXH3_64bits_digest(state);
	XXH3_freeState(state);
	return hash;
}

/* The header, and the size that it names. */
static enum status check(const struct plan *plan, const char *name, struct stage_file *file, struct fault *fault)
{
	struct header header;
	if (file->map_size < sizeof header)
		return fault_set(fault, STATUS_DATA, 0, "stage file %s is too short", name);
	memcpy(&header, file->map, sizeof header);
	file->bytes = (struct span){(const char *)file->map + sizeof header, file->map_size - sizeof header};
	if (memcmp(header.magic, "WMSTAGE1", 8) != 0 ||
	    header.header_hash != hash64(&header, offsetof(struct header, header_hash), 0) ||
	    strncmp(header.name, name, sizeof header.name) != 0 || header.size != file->bytes.size)
		return fault_set(fault, STATUS_DATA, 0, "stage file %s is damaged", name);
	if (memcmp(header.plan, plan->digest, sizeof header.plan) != 0)
		return fault_set(fault, STATUS_DATA, 0, "stage file %s belongs to another plan", name);
	return STATUS_OK;
}

static enum status check_payload(const char *name, const struct stage_file *file, struct fault *fault)
{
	struct header header;
	memcpy(&header, file->map, sizeof header);
	return header.hash == hash_mapped(file) ? STATUS_OK
						: fault_set(fault, STATUS_DATA, 0, "stage file %s is damaged", name);
}

enum status stage_map(const struct plan *plan, const char *name, struct stage_file *out, struct fault *fault)
{
	*out = (struct stage_file){{NULL, 0}, NULL, 0};
	char *path = path_join(plan->work, "%s", name);
	if (!path)
		return fault_set(fault, STATUS_MEMORY, 0, "no memory to read stage %s", name);
	int file = open(path, O_RDONLY | O_CLOEXEC);
	free(path);
	if (file < 0)
		return errno == ENOENT
			       ? fault_set(fault, STATUS_END, 0, "stage file %s is missing", name)
			       : fault_set(fault, STATUS_IO, 0, "cannot open stage file %s: %s", name, strerror(errno));
	struct stat about;
	enum status status = STATUS_OK;
	if (fstat(file, &about) != 0)
		status = fault_set(fault, STATUS_IO, 0, "cannot look at stage file %s: %s", name, strerror(errno));
	else if (about.st_size == 0)
		status = fault_set(fault, STATUS_DATA, 0, "stage file %s is empty", name);
	if (status == STATUS_OK) {
		void *map = mmap(NULL, (size_t)about.st_size, PROT_READ, MAP_PRIVATE, file, 0);
		if (map == MAP_FAILED)
			status = fault_set(fault, STATUS_IO, 0, "cannot map stage file %s: %s", name, strerror(errno));
		else
			*out = (struct stage_file){{NULL, 0}, map, (size_t)about.st_size};
	}
	close(file);
	if (status == STATUS_OK)
		status = check(plan, name, out, fault);
	if (status != STATUS_OK)
		stage_close(out);
	return status;
}

void stage_close(struct stage_file *file)
{
	if (file->map)
		munmap(file->map, file->map_size);
	*file = (struct stage_file){{NULL, 0}, NULL, 0};
}

enum status stage_open(const struct plan *plan, const char *name, struct stage_file *out, struct fault *fault)
{
	enum status status = stage_map(plan, name, out, fault);
	if (status == STATUS_OK && (status = check_payload(name, out, fault)) != STATUS_OK)
		stage_close(out);
	return status;
}

bool stage_array(struct span *rest, uint64_t count, size_t size, const void **array)
{
	*array = rest->data;
	if (count > rest->size / size)
		return false;
	*rest = span_slice(*rest, (size_t)count * size, SIZE_MAX);
	return true;
}

/* Written under another name, synced and renamed: what has its header and its length is whole. Its bytes are checked by
 * who reads them, or every task would read all that all others have left. */
bool stage_exists(const struct plan *plan, const char *name)
{
	struct stage_file file;
	bool exists = stage_map(plan, name, &file, NULL) == STATUS_OK;
	stage_close(&file);
	return exists;
}

enum status stage_space_new(const struct plan *plan, const char *name, uint64_t size, struct stage_space *out,
			    struct fault *fault)
{
	memset(out, 0, sizeof *out);
	out->size = size;
	snprintf(out->name, sizeof out->name, "%s", name);
	out->path = path_join(plan->work, "%s", name);
	out->temporary = out->path ? file_temporary_name(out->path) : NULL;
	out->file =
		out->path && out->temporary ? open(out->temporary, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0666) : -1;
	size_t whole = sizeof(struct header) + (size_t)size;
	enum status status = STATUS_OK;
	int why = out->file < 0 ? errno : posix_fallocate(out->file, 0, (off_t)whole);
	if (why)
		status = fault_set(fault, STATUS_IO, 0, "cannot make stage file %s: %s", name, strerror(why));
	if (status == STATUS_OK) {
		out->map = mmap(NULL, whole, PROT_READ | PROT_WRITE, MAP_SHARED, out->file, 0);
		if (out->map == MAP_FAILED) {
			out->map = NULL;
			status = fault_set(fault, STATUS_IO, 0, "cannot map stage file %s: %s", name, strerror(errno));
		}
	}
	if (status == STATUS_OK)
		out->bytes = (char *)out->map + sizeof(struct header);
	else
		stage_space_abandon(out);
	return status;
}

static void space_release(struct stage_space *space)
{
	if (space->map)
		munmap(space->map, sizeof(struct header) + (size_t)space->size);
	free(space->path);
	free(space->temporary);
	memset(space, 0, sizeof *space);
}

enum status stage_space_commit(const struct plan *plan, struct stage_space *space, struct fault *fault)
{
	enum status memory = memory_status(fault);
	if (memory != STATUS_OK) {
		stage_space_abandon(space);
		return memory;
	}
	header_fill(plan, space->name, (struct span){space->bytes, (size_t)space->size}, space->map);
	bool fine =
		msync(space->map, sizeof(struct header) + (size_t)space->size, MS_SYNC) == 0 && fsync(space->file) == 0;
	int why = errno;
	if (close(space->file) != 0 && fine)
		fine = false, why = errno;
	if (fine && rename(space->temporary, space->path) != 0)
		fine = false, why = errno;
	if (!fine)
		unlink(space->temporary);
	enum status status =
		fine ? STATUS_OK
		     : fault_set(fault, STATUS_IO, 0, "cannot write stage file %s: %s", space->name, strerror(why));
	space_release(space);
	return status;
}

void stage_space_abandon(struct stage_space *space)
{
	if (space->temporary) {
		if (space->file >= 0)
			close(space->file);
		unlink(space->temporary);
	}
	space_release(space);
}
