/* dedup_read: JSON lines of all inputs into a spool.
 *
 * Inputs may be pipes and are needed four times (read, count, sign, write), so the good lines are kept, compressed, in
 * one unlinked file of the output folder. A batch of lines is parsed by all threads and then taken over in order. */
#include "cli/dedup_job.h"

#include "cli/lines.h"

#include <errno.h>
#include <fcntl.h>
#include <omp.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include <zstd.h>

static const char *input_name(const char *input)
{
	return strcmp(input, "-") ? input : "standard input";
}

enum { BATCH_BYTES = 1 << 22, LINE_BYTES_MAX = 256 << 20 };

struct line_result {
	struct span line;
	uint64_t number;
	struct span id; /* in the batch's arena; absent: malformed */
	struct hash128 exact;
	uint32_t tokens;
	uint64_t host;
	char why[120];
};

struct batch {
	struct buffer bytes;
	struct line_result *lines;
	size_t count, capacity;
};

struct span job_row_id(const struct dedup_job *job, size_t row)
{
	return (struct span){job->ids.data + job->rows[row].id_at, job->rows[row].id_size};
}

/* ---- Fields -------------------------------------------------------------------------------------------------------
 */

struct span job_field(const struct json *object, const char *name)
{
	struct span value = json_get_text(object, name);
	const struct json *metadata = value.data ? NULL : json_get(object, "metadata");
	return metadata && metadata->kind == JSON_OBJECT ? json_get_text(metadata, name) : value;
}

struct span job_id(const struct json *object)
{
	const struct json *id = json_get(object, "id");
	return id && (id->kind == JSON_STRING || id->kind == JSON_NUMBER) ? id->text : SPAN_NONE;
}

static struct span first_field(const struct json *object, const char *const *names)
{
	struct span value = SPAN_NONE;
	for (; *names && !value.size; names++)
		value = job_field(object, *names);
	return value.size ? value : SPAN_NONE;
}

struct span job_host(struct arena *arena, const struct json *object)
{
	struct span host = job_field(object, "url_host_name");
	return host.size ? host : url_host(arena, job_field(object, "url"));
}

static uint64_t address_key(struct span url)
{
	struct buffer key;
	uint64_t hash = 0;
	buffer_init(&key, 1 << 16);
	if (url.size && !url_canonical_key(url, &key))
		hash = hash64(key.data, key.size, 0);
	buffer_free(&key);
	return hash;
}

struct dedup_attributes job_attributes(struct arena *arena, const struct json *object)
{
	static const char *const sites[] = {"site_name", "sitename", "publisher", NULL};
	static const char *const dates[] = {"date_published", "published", "date", "created", NULL};
	struct dedup_attributes out = {.date = DATE_NONE};
	struct span url = job_field(object, "url"), date = first_field(object, dates);
	struct span domain = host_registered_domain(arena, job_host(arena, object));
	out.address = address_key(url);
	out.canonical = address_key(job_field(object, "canonical_url"));
	out.publisher[0] = dedup_name_key(first_field(object, sites));
	out.publisher[1] = dedup_name_key(domain);
	out.source = dedup_name_key(job_field(object, "source_name"));
	if (date.data)
		out.date = date_parse_w3c(date);
	return out;
}

/* ---- Batches
 * ---------------------------------------------------------------------------------------------------------- */

static void line_parse(struct job_worker *worker, struct line_result *out)
{
	const struct json *object;
	struct fault fault;
	out->id = SPAN_NONE;
	arena_reset(worker->arena);
	if (!utf8_valid(out->line)) {
		snprintf(out->why, sizeof out->why, "not valid UTF-8");
		return;
	}
	if (json_parse(worker->arena, out->line, 0, &object, &fault)) {
		snprintf(out->why, sizeof out->why, "%.100s", fault.text);
		return;
	}
	struct span id = object->kind == JSON_OBJECT ? job_id(object) : SPAN_NONE;
	struct span text = object->kind == JSON_OBJECT ? json_get_text(object, "text") : SPAN_NONE;
	if (!id.data || !text.data || id.size > 65536 || span_find_byte(id, '\t') != SIZE_MAX ||
	    span_find_byte(id, '\n') != SIZE_MAX) {
		snprintf(out->why, sizeof out->why, "%s",
			 object->kind != JSON_OBJECT ? "not a JSON object"
			 : !id.data                  ? "no \"id\" (text or number)"
			 : !text.data                ? "no \"text\" that is a string"
						     : "an \"id\" with tabs or line breaks, or over 64 KiB");
		return;
	}
	if (signer_exact(worker->signer, text, &out->exact, &out->tokens)) {
		snprintf(out->why, sizeof out->why, "no memory for the text");
		return;
	}
	struct span host = job_host(worker->arena, object);
	out->host = host.size ? hash64(host.data, host.size, 0) : 0;
	/* The id as unescaped text may live in the arena: keep it in a copy at the line's own place when it does. */
	char *copy = memory_text(id);
	if (copy)
		out->id = (struct span){copy, id.size};
	else
		snprintf(out->why, sizeof out->why, "no memory for the text");
}

static bool grow(void *array, size_t *capacity, size_t count, size_t size)
{
	void *old;
	memcpy(&old, array, sizeof old);
	if (count <= *capacity)
		return true;
	size_t more = count + count / 2 + 256;
	void *grown = memory_grow(old, more * size);
	if (!grown)
		return false;
	memcpy(array, &grown, sizeof grown);
	*capacity = more;
	return true;
}

static enum status spool_write(struct dedup_job *job, struct span raw, size_t first_row, struct fault *fault)
{
	struct buffer *packed = &job->workers[0].packed;
	if (!grow(&job->frames, &job->frame_capacity, job->frame_count + 1, sizeof *job->frames))
		return fault_set(fault, STATUS_MEMORY, 0, "no memory for the list of frames");
	buffer_clear(packed);
	if (buffer_reserve(packed, ZSTD_compressBound(raw.size)))
		return fault_set(fault, STATUS_MEMORY, 0, "no memory to compress lines");
	size_t size = ZSTD_compress(packed->data, packed->capacity, raw.data, raw.size, 1);
	for (size_t done = 0; done < size;) {
		ssize_t n = pwrite(job->spool, packed->data + done, size - done, (off_t)(job->spool_size + done));
		if (n <= 0 && errno != EINTR)
			return fault_set(fault, STATUS_IO, job->spool_size, "cannot write the spool: %s",
					 strerror(errno));
		done += n > 0 ? (size_t)n : 0;
	}
	job->frames[job->frame_count++] =
		(struct job_frame){job->spool_size, size, raw.size, first_row, job->row_count - first_row};
	job->spool_size += size;
	return STATUS_OK;
}

enum status job_frame_load(struct dedup_job *job, const struct job_frame *frame, struct job_worker *worker,
			   struct fault *fault)
{
	buffer_clear(&worker->packed);
	buffer_clear(&worker->raw);
	if (buffer_reserve(&worker->packed, frame->packed) || buffer_reserve(&worker->raw, frame->size))
		return fault_set(fault, STATUS_MEMORY, 0, "no memory to read the spool");
	for (size_t done = 0; done < frame->packed;) {
		ssize_t n =
			pread(job->spool, worker->packed.data + done, frame->packed - done, (off_t)(frame->at + done));
		if (n == 0 || (n < 0 && errno != EINTR))
			return fault_set(fault, STATUS_IO, frame->at, "cannot read the spool");
		done += n > 0 ? (size_t)n : 0;
	}
	size_t size = ZSTD_decompress(worker->raw.data, worker->raw.capacity, worker->packed.data, frame->packed);
	if (ZSTD_isError(size) || size != frame->size)
		return fault_set(fault, STATUS_IO, frame->at, "the spool is damaged");
	worker->raw.size = size;
	return STATUS_OK;
}

static void candidates_prune(struct dedup_job *job)
{
	size_t kept = 0;
	for (size_t i = 0; i < job->candidate_count; i++)
		if (df_sample_may(job->candidates[i].exact, job->row_count))
			job->candidates[kept++] = job->candidates[i];
	job->candidate_count = kept;
}

static enum status row_take(struct dedup_job *job, uint32_t file, const struct line_result *line, struct fault *fault)
{
	size_t row = job->row_count;
	if (!grow(&job->rows, &job->row_capacity, row + 1, sizeof *job->rows) ||
	    !grow(&job->candidates, &job->candidate_capacity, job->candidate_count + 1, sizeof *job->candidates))
		return fault_set(fault, STATUS_MEMORY, 0, "no memory for %zu rows", row);
	job->rows[row] = (struct job_row){job->ids.size, (uint32_t)line->id.size, file, line->number, 0, false};
	if (buffer_append_span(&job->ids, line->id))
		return fault_set(fault, STATUS_MEMORY, 0, "no memory for the ids");
	/* How many lines there will be is not known: what is surely not in the sample of so many goes, and again later.
	 */
	if (job->candidate_count == job->candidate_capacity)
		candidates_prune(job);
	if (line->tokens)
		job->candidates[job->candidate_count++] = (struct df_candidate){line->exact, line->host, row};
	job->row_count++;
	return STATUS_OK;
}

enum { SAID_MAX = 20 };

/* The first of an input are named one by one: a file that is no JSON lines at all has millions. */
static void line_malformed(struct dedup_job *job, uint32_t file, uint64_t number, const char *why)
{
	job->malformed++;
	if (job->malformed_here++ < SAID_MAX)
		fprintf(stderr, "warcmill dedup: %s:%llu: %s\n", input_name(job->names[file]),
			(unsigned long long)number, why);
}

static enum status batch_take(struct dedup_job *job, uint32_t file, struct batch *batch, struct fault *fault)
{
	enum status status = STATUS_OK;
	struct buffer *raw = &job->workers[0].raw;
	size_t first_row = job->row_count;
	for (size_t i = 0; i < batch->count; i++) /* spans follow the bytes, which may have moved while they grew */
		batch->lines[i].line.data = batch->bytes.data + (size_t)(uintptr_t)batch->lines[i].line.data;
#pragma omp parallel for schedule(dynamic, 16) num_threads(job->threads)
	for (size_t i = 0; i < batch->count; i++)
		line_parse(&job->workers[omp_get_thread_num()], &batch->lines[i]);
	buffer_clear(raw);
	for (size_t i = 0; i < batch->count; i++) {
		struct line_result *line = &batch->lines[i];
		if (!line->id.data) {
			line_malformed(job, file, line->number, line->why);
			continue;
		}
		if (!status && !(status = row_take(job, file, line, fault))) {
			buffer_append_span(raw, line->line);
			buffer_append_byte(raw, '\n');
		}
		free((char *)line->id.data);
	}
	if (!status && raw->status)
		status = fault_set(fault, raw->status, 0, "no memory for a batch of lines");
	if (!status && job->row_count > first_row)
		status = spool_write(job, buffer_span(raw), first_row, fault);
	buffer_clear(&batch->bytes);
	batch->count = 0;
	return status;
}

static enum status read_input(struct dedup_job *job, uint32_t file, struct batch *batch, struct fault *fault)
{
	struct lines *lines;
	struct span line;
	uint64_t number;
	enum status status = lines_open(job->names[file], LINE_BYTES_MAX, &lines, fault);
	if (status)
		return file_named(status, job->names[file]);
	for (;;) {
		enum status next = lines_next(lines, &line, &number, fault);
		if (next == STATUS_END)
			break;
		job->lines += next == STATUS_OK || next == STATUS_LIMIT;
		if (next == STATUS_LIMIT || next == STATUS_DATA) {
			line_malformed(job, file, number, fault->text);
			if (next == STATUS_DATA)
				break; /* what follows in this file cannot be read */
			continue;
		}
		if (next) {
			status = next;
			break;
		}
		if (span_trim(line).size == 0)
			continue;
		if (!grow(&batch->lines, &batch->capacity, batch->count + 1, sizeof *batch->lines)) {
			status = fault_set(fault, STATUS_MEMORY, 0, "no memory for a batch of lines");
			break;
		}
		batch->lines[batch->count++] = (struct line_result){
			.line = {(const char *)(uintptr_t)batch->bytes.size, line.size}, .number = number};
		if ((status = buffer_append_span(&batch->bytes, line)))
			fault_set(fault, status, 0, "no memory for a batch of lines");
		else if (batch->bytes.size >= BATCH_BYTES)
			status = batch_take(job, file, batch, fault);
		if (status)
			break;
	}
	lines_close(lines);
	if (!status && batch->count)
		status = batch_take(job, file, batch, fault);
	if (job->malformed_here > SAID_MAX)
		fprintf(stderr, "warcmill dedup: %s: %llu more malformed lines\n", input_name(job->names[file]),
			(unsigned long long)(job->malformed_here - SAID_MAX));
	job->malformed_here = 0;
	return status;
}

static int by_name(const void *left, const void *right)
{
	const char *const *a = left, *const *b = right;
	return strcmp(*a, *b);
}

/* ---- Ids
 * --------------------------------------------------------------------------------------------------------------- */

static int by_id(const void *left, const void *right, void *context)
{
	const struct dedup_job *job = context;
	uint32_t a, b;
	memcpy(&a, left, sizeof a);
	memcpy(&b, right, sizeof b);
	int order = span_compare(job_row_id(job, a), job_row_id(job, b));
	return order ? order : a < b ? -1 : a > b;
}

static enum status rank_ids(struct dedup_job *job, struct fault *fault)
{
	job->row_of = memory_new((job->row_count + 1) * sizeof *job->row_of);
	if (!job->row_of)
		return fault_set(fault, STATUS_MEMORY, 0, "no memory to sort %zu ids", job->row_count);
	for (size_t i = 0; i < job->row_count; i++)
		job->row_of[i] = (uint32_t)i;
	qsort_r(job->row_of, job->row_count, sizeof *job->row_of, by_id, job);
	for (size_t i = 0; i < job->row_count; i++) {
		const struct job_row *b = &job->rows[job->row_of[i]], *a = i ? &job->rows[job->row_of[i - 1]] : NULL;
		struct span id = job_row_id(job, job->row_of[i]);
		job->rows[job->row_of[i]].rank = (uint32_t)i;
		if (a && span_equal(id, job_row_id(job, job->row_of[i - 1]))) {
			struct span shown = span_slice(id, 0, 60);
			return fault_set(fault, STATUS_DATA, 0,
					 "the id '%.*s' is used twice: %.60s:%llu and %.60s:%llu", SPAN_ARG(shown),
					 input_name(job->names[a->file]), (unsigned long long)a->line,
					 input_name(job->names[b->file]), (unsigned long long)b->line);
		}
	}
	return STATUS_OK;
}

enum status job_read(struct dedup_job *job, struct fault *fault)
{
	struct batch batch = {.lines = NULL};
	char path[4096];
	enum status status = STATUS_OK;
	job->names = memory_new((job->input_count + 1) * sizeof *job->names);
	if (!job->names)
		return fault_set(fault, STATUS_MEMORY, 0, "no memory for the inputs");
	memcpy(job->names, job->inputs, job->input_count * sizeof *job->names);
	qsort(job->names, job->input_count, sizeof *job->names, by_name);
	snprintf(path, sizeof path, "%s/.spool", job->folder);
	job->spool = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (job->spool < 0)
		return fault_set(fault, STATUS_IO, 0, "cannot make %.150s: %s", path, strerror(errno));
	unlink(path); /* gone when the program is, however it ends */
	buffer_init(&batch.bytes, SIZE_MAX / 2);
	for (uint32_t i = 0; i < job->input_count && !status; i++) {
		if (i && !strcmp(job->names[i], job->names[i - 1]))
			status = fault_set(fault, STATUS_USAGE, 0, "the input %.150s is named twice", job->names[i]);
		else if ((status = read_input(job, i, &batch, fault))) {
			char text[sizeof fault->text];
			memcpy(text, fault->text, sizeof text);
			fault_set(fault, status, fault->offset, "%.80s: %.140s", input_name(job->names[i]), text);
		}
	}
	buffer_free(&batch.bytes);
	free(batch.lines);
	if (!status && job->row_count >= DOCUMENT_NONE)
		status = fault_set(fault, STATUS_LIMIT, 0, "more than 2^32 - 2 documents in one run");
	candidates_prune(job);
	return status ? status : rank_ids(job, fault);
}
