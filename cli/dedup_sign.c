/* dedup_sign: the df table, the signatures and, where asked for, the repeated paragraphs, from the spool.
 *
 * Signatures are written straight into a mapped file at their id's rank, so that the table is in id order whatever the
 * order of the input, and the kernel may keep it out of memory. */
#include "cli/dedup_job.h"

#include "corpus/reading.h"

#include <errno.h>
#include <fcntl.h>
#include <omp.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

typedef enum status frame_work(struct dedup_job *job, struct job_worker *worker, size_t row, const struct json *object);

/* WORK on every row of every frame, frames in parallel. The first fault by frame wins. */
static enum status each_row(struct dedup_job *job, unsigned threads, frame_work *work, struct fault *fault)
{
	size_t bad = SIZE_MAX;
	enum status bad_status = STATUS_OK;
#pragma omp parallel for schedule(dynamic, 1) num_threads(threads)
	for (size_t f = 0; f < job->frame_count; f++) {
		const struct job_frame *frame = &job->frames[f];
		struct job_worker *worker = &job->workers[omp_get_thread_num()];
		struct fault own;
		enum status status = job_frame_load(job, frame, worker, &own);
		struct span rest = buffer_span(&worker->raw), line;
		for (size_t row = frame->first_row; !status && span_cut(&rest, '\n', &line) && line.size; row++) {
			const struct json *object;
			arena_reset(worker->arena);
			status = json_parse(worker->arena, line, 0, &object, &own);
			if (!status)
				status = work(job, worker, row, object);
		}
		if (status) {
#pragma omp critical
			if (f < bad) {
				bad = f;
				bad_status = status;
			}
		}
	}
	return bad_status ? fault_set(fault, bad_status, 0, "cannot process the lines: %s", status_name(bad_status))
			  : STATUS_OK;
}

/* The text that is compared: without the paragraphs that are dropped. */
static enum status text_of(struct dedup_job *job, struct job_worker *worker, const struct json *object,
			   struct span *text)
{
	uint32_t dropped;
	*text = json_get_text(object, "text");
	if (!job->drop_passages)
		return STATUS_OK;
	buffer_clear(&worker->text);
	enum status status;
#pragma omp critical(passages)
	status = passages_drop(job->passage_counts, job_host(worker->arena, object), *text, job->drop_passages,
			       &worker->text, &dropped);
	*text = buffer_span(&worker->text);
	return status;
}

static enum status count_passages(struct dedup_job *job, struct job_worker *worker, size_t row,
				  const struct json *object)
{
	(void)row;
	return passages_add(job->passage_counts, job_host(worker->arena, object), json_get_text(object, "text"));
}

static enum status count_shingles(struct dedup_job *job, struct job_worker *worker, size_t row,
				  const struct json *object)
{
	struct span text;
	if (!job->rows[row].sampled)
		return STATUS_OK;
	enum status status = text_of(job, worker, object, &text);
	return status ? status : df_counter_add((struct df_counter *)(void *)job->df, worker->signer, text);
}

static enum status sign_row(struct dedup_job *job, struct job_worker *worker, size_t row, const struct json *object)
{
	struct span text;
	size_t rank = job->rows[row].rank;
	enum status status = text_of(job, worker, object, &text);
	if (status)
		return status;
	if (row % CEILING_STRIDE == 0)
		ceiling_scanned(job->ceiling);
	job->attributes[job->old_count + rank] = job_attributes(worker->arena, object);
	return signer_sign(worker->signer, text, &job->signatures[rank]);
}

static enum status df_make(struct dedup_job *job, struct fault *fault)
{
	char path[4096];
	if (job->df_path)
		return (job->df = df_load(job->df_path, fault)) ? STATUS_OK : fault->status;
	for (size_t i = 0; i < job->candidate_count; i++)
		job->candidates[i].document = job->rows[job->candidates[i].document].rank;
	size_t sample = df_sample_select(job->candidates, job->candidate_count);
	for (size_t i = 0; i < sample; i++)
		job->rows[job->row_of[job->candidates[i].document]].sampled = true;
	free(job->candidates);
	job->candidates = NULL;
	struct df_counter *counter = df_counter_new(sample);
	if (!counter)
		return fault_set(fault, STATUS_MEMORY, 0, "no memory for the df table");
	job->df = (struct df_table *)(void *)counter; /* what count_shingles sees */
	enum status status = each_row(job, job->threads, count_shingles, fault);
	job->df = NULL;
	if (status) {
		df_counter_free(counter);
		return status;
	}
	if (!(job->df = df_counter_finish(counter)))
		return fault_set(fault, STATUS_MEMORY, 0, "no memory for the df table");
	(void)path;
	return STATUS_OK;
}

/* A file of SIZE zero bytes, mapped. */
static enum status map_new(const char *path, size_t size, void **out, struct fault *fault)
{
	int file = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
	*out = NULL;
	enum status status = STATUS_OK;
	if (file < 0 || (size && posix_fallocate(file, 0, (off_t)size)))
		status = fault_set(fault, STATUS_IO, 0, "cannot make %.150s: %s", path, strerror(errno));
	if (!status && size) {
		*out = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
		if (*out == MAP_FAILED) {
			*out = NULL;
			status = fault_set(fault, STATUS_IO, 0, "cannot map %.150s: %s", path, strerror(errno));
		}
	}
	if (file >= 0)
		close(file);
	return status;
}

static enum status workers_sign(struct dedup_job *job, struct fault *fault)
{
	for (unsigned i = 0; i < job->threads; i++) {
		signer_free(job->workers[i].signer);
		if (!(job->workers[i].signer = signer_new(job->df, job->options.fingerprint)))
			return fault_set(fault, STATUS_MEMORY, 0, "no memory for a signer");
	}
	return STATUS_OK;
}

enum status job_sign(struct dedup_job *job, struct fault *fault)
{
	char path[4096];
	enum status status = STATUS_OK;
	snprintf(path, sizeof path, "%s/tables", job->folder);
	status = folder_make(path, fault);
	if (!status && (job->passages || job->drop_passages)) {
		job->passage_counts = passages_new((size_t)1 << 32);
		status = job->passage_counts ? each_row(job, 1, count_passages, fault)
					     : fault_set(fault, STATUS_MEMORY, 0, "no memory to count paragraphs");
	}
	if (!status)
		status = df_make(job, fault);
	if (!status)
		status = workers_sign(job, fault);
	if (!status) {
		job->attributes =
			ceiling_array(job->ceiling, job->old_count + job->row_count + 1, sizeof *job->attributes);
		for (size_t i = 0; job->attributes && i < job->old_count; i++)
			job->attributes[i] = (struct dedup_attributes){.date = DATE_NONE};
		if (!job->attributes)
			status = fault_set(fault, STATUS_MEMORY, 0, "no memory for the attributes");
	}
	snprintf(path, sizeof path, "%s/tables/signatures.bin", job->folder);
	if (!status)
		status = map_new(path, job->row_count * sizeof *job->signatures, (void **)&job->signatures, fault);
	if (!status && ceiling_watch(job->ceiling, job->signatures, job->row_count * sizeof *job->signatures))
		status = fault_set(fault, STATUS_MEMORY, 0, "no memory for the signatures");
	if (!status)
		status = each_row(job, job->threads, sign_row, fault);
	return status;
}

/* ---- The older corpus
 * --------------------------------------------------------------------------------------------------- */

struct old_id {
	struct span id;
	uint32_t at;
};

static int by_old_id(const void *left, const void *right)
{
	const struct old_id *a = left, *b = right;
	return span_compare(a->id, b->id);
}

static int by_cluster(const void *left, const void *right)
{
	const struct old_id *a = left, *b = right;
	int order = span_compare(a->id, b->id);
	return order ? order : a->at < b->at ? -1 : a->at > b->at;
}

/* Lines of clusters.tsv, in the order of the signatures. */
static enum status old_rows(struct dedup_job *job, struct fault *fault)
{
	struct span rest = buffer_span(&job->old_text), line, cluster;
	size_t count = 0;
	while (span_cut(&rest, '\n', &line))
		count += line.size > 0;
	job->old_ids = memory_new((count + 1) * sizeof *job->old_ids);
	job->old_clusters = memory_new((count + 1) * sizeof *job->old_clusters);
	job->old_keeper = memory_new((count + 1) * sizeof *job->old_keeper);
	if (!job->old_ids || !job->old_clusters || !job->old_keeper)
		return fault_set(fault, STATUS_MEMORY, 0, "no memory for the older corpus");
	rest = buffer_span(&job->old_text);
	while (span_cut(&rest, '\n', &line)) {
		if (!line.size)
			continue;
		if (!span_cut(&line, '\t', &job->old_ids[job->old_count]) || !line.data ||
		    !span_cut(&line, '\t', &cluster))
			return fault_set(fault, STATUS_DATA, (uint64_t)job->old_count,
					 "the older corpus's clusters.tsv is damaged");
		job->old_clusters[job->old_count++] = cluster;
	}
	return STATUS_OK;
}

/* The keeper is the member whose id is the cluster's; a cluster older still is represented by its first member. */
static enum status old_keepers(struct dedup_job *job, struct fault *fault)
{
	struct old_id *order = memory_new((job->old_count + 1) * sizeof *order);
	if (!order)
		return fault_set(fault, STATUS_MEMORY, 0, "no memory for the older corpus");
	for (size_t i = 0; i < job->old_count; i++)
		order[i] = (struct old_id){job->old_clusters[i], (uint32_t)i};
	qsort(order, job->old_count, sizeof *order, by_cluster);
	for (size_t from = 0, to; from < job->old_count; from = to) {
		uint32_t keeper = order[from].at;
		for (to = from; to < job->old_count && span_equal(order[to].id, order[from].id); to++)
			if (span_equal(job->old_ids[order[to].at], order[to].id))
				keeper = order[to].at;
		for (size_t i = from; i < to; i++)
			job->old_keeper[order[i].at] = keeper;
	}
	free(order);
	return STATUS_OK;
}

static enum status old_clash(const struct dedup_job *job, struct fault *fault)
{
	struct old_id *order = memory_new((job->old_count + 1) * sizeof *order);
	enum status status = STATUS_OK;
	if (!order)
		return fault_set(fault, STATUS_MEMORY, 0, "no memory for the older corpus");
	for (size_t i = 0; i < job->old_count; i++)
		order[i] = (struct old_id){job->old_ids[i], (uint32_t)i};
	qsort(order, job->old_count, sizeof *order, by_old_id);
	for (size_t i = 0; i < job->row_count && !status; i++) {
		struct old_id key = {job_row_id(job, i), 0};
		if (job->old_count && bsearch(&key, order, job->old_count, sizeof *order, by_old_id)) {
			struct span shown = span_slice(key.id, 0, 60);
			status = fault_set(fault, STATUS_DATA, 0,
					   "the id '%.*s' (%.60s:%llu) is used in the older corpus %.60s too",
					   SPAN_ARG(shown), job->names[job->rows[i].file],
					   (unsigned long long)job->rows[i].line, job->against);
		}
	}
	free(order);
	return status;
}

/* A corpus of `warcmill build` keeps no signatures: its documents are signed again with its df table. */
struct old_reader {
	struct dedup_job *job;
	struct signer *signer;
	struct buffer signatures;
};

static enum status old_document(void *self, const struct json *row, struct fault *fault)
{
	struct old_reader *reader = self;
	struct span id = json_get_text(row, "id"),
		    cluster = json_get_text(json_get(json_get(row, "metadata"), "cluster"), "id");
	struct signature signature;
	enum status status = signer_sign(reader->signer, json_get_text(row, "text"), &signature);
	if (status)
		return fault_set(fault, status, 0, "cannot sign %.*s of the older corpus",
				 (int)(id.size < 160 ? id.size : 160), id.data);
	buffer_print(&reader->job->old_text, "%.*s\t%.*s\n", SPAN_ARG(id), SPAN_ARG(cluster.size ? cluster : id));
	buffer_append(&reader->signatures, &signature, sizeof signature);
	return reader->signatures.status ? fault_set(fault, STATUS_MEMORY, 0, "no memory for the older corpus")
					 : STATUS_OK;
}

static enum status old_corpus_load(struct dedup_job *job, struct signature_table *table, struct fault *fault)
{
	struct old_reader reader = {.job = job};
	struct corpus *corpus = NULL;
	struct df_table *df = df_load(job->df_path, fault);
	buffer_init(&reader.signatures, SIZE_MAX / 2);
	enum status status = df ? corpus_open(job->against, &corpus, fault) : fault->status;
	reader.signer = status ? NULL : signer_new(df, job->options.fingerprint);
	if (!status && !reader.signer)
		status = fault_set(fault, STATUS_MEMORY, 0, "no memory for a signer");
	if (!status)
		status = corpus_rows(corpus, TABLE_DOCUMENTS, old_document, &reader, fault);
	job->old_signatures = reader.signatures.data;
	if (!status && signature_table_add(table, (const struct signature *)(const void *)reader.signatures.data,
					   reader.signatures.size / sizeof(struct signature)))
		status = fault_set(fault, STATUS_MEMORY, 0, "no memory for the older corpus");
	corpus_close(corpus);
	signer_free(reader.signer);
	df_free(df);
	return status;
}

enum status job_old_load(struct dedup_job *job, struct signature_table *table, struct fault *fault)
{
	char path[4096];
	snprintf(path, sizeof path, "%s/clusters.tsv", job->against);
	bool listed = file_exists(path);
	enum status status = listed ? file_read(path, &job->old_text, fault) : old_corpus_load(job, table, fault);
	if (!status)
		status = old_rows(job, fault);
	if (!status)
		status = old_keepers(job, fault);
	if (!status)
		status = old_clash(job, fault);
	snprintf(path, sizeof path, "%s/tables/signatures.bin", job->against);
	if (!status && job->old_count && listed)
		status = signature_table_add_file(table, path, 0, 0, fault);
	if (!status && signature_table_count(table) != job->old_count)
		status = fault_set(fault, STATUS_DATA, 0, "the older corpus has %zu signatures for %zu documents",
				   signature_table_count(table), job->old_count);
	return status;
}
