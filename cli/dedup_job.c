/* dedup_job: the row of steps of `warcmill dedup`, and its manifest. The manifest is written last: a folder without one
 * is unfinished. */
#include "cli/dedup_job.h"

#include <errno.h>
#include <omp.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

static enum status workers_make(struct dedup_job *job, struct fault *fault)
{
	job->threads = job->options.threads ? job->options.threads : (unsigned)omp_get_max_threads();
	job->workers = memory_zeroed(job->threads, sizeof *job->workers);
	for (unsigned i = 0; job->workers && i < job->threads; i++) {
		struct job_worker *worker = &job->workers[i];
		worker->arena = arena_new((size_t)2 << 30);
		worker->signer = signer_new(NULL, job->options.fingerprint);
		buffer_init(&worker->raw, SIZE_MAX / 2);
		buffer_init(&worker->packed, SIZE_MAX / 2);
		buffer_init(&worker->documents, SIZE_MAX / 2);
		buffer_init(&worker->duplicates, SIZE_MAX / 2);
		buffer_init(&worker->text, SIZE_MAX / 2);
		if (!worker->arena || !worker->signer)
			return fault_set(fault, STATUS_MEMORY, 0, "no memory for %u threads", job->threads);
	}
	return job->workers ? STATUS_OK : fault_set(fault, STATUS_MEMORY, 0, "no memory for %u threads", job->threads);
}

void dedup_job_free(struct dedup_job *job)
{
	for (unsigned i = 0; job->workers && i < job->threads; i++) {
		struct job_worker *worker = &job->workers[i];
		arena_free(worker->arena);
		signer_free(worker->signer);
		buffer_free(&worker->raw);
		buffer_free(&worker->packed);
		buffer_free(&worker->documents);
		buffer_free(&worker->duplicates);
		buffer_free(&worker->text);
	}
	free(job->workers);
	free(job->names);
	buffer_free(&job->ids);
	free(job->rows);
	free(job->frames);
	if (job->spool > 0)
		close(job->spool);
	free(job->candidates);
	df_free(job->df);
	ceiling_drop(job->ceiling, job->attributes);
	if (job->signatures)
		ceiling_unwatch(job->ceiling, job->signatures);
	if (job->signatures)
		munmap(job->signatures, job->row_count * sizeof *job->signatures);
	free(job->row_of);
	passages_free(job->passage_counts);
	buffer_free(&job->old_text);
	free(job->old_ids);
	free(job->old_clusters);
	free(job->old_keeper);
	free(job->old_signatures);
	dedup_result_free(&job->result);
	ceiling_free(job->ceiling);
	buffer_free(&job->files);
}

static enum status tables_write(struct dedup_job *job, struct fault *fault)
{
	char path[4096];
	uint8_t sha256[DIGEST_MAX];
	uint64_t size = 0;
	snprintf(path, sizeof path, "%s/tables/df.table", job->folder);
	enum status status = df_save(job->df, path, fault);
	if (!status)
		status = digest_file(DIGEST_SHA256, path, sha256, &size, fault);
	if (!status)
		job_note_file(job, "tables/df.table", size, sha256);
	snprintf(path, sizeof path, "%s/tables/signatures.bin", job->folder);
	if (!status && job->signatures && msync(job->signatures, job->row_count * sizeof *job->signatures, MS_SYNC))
		status = fault_set(fault, STATUS_IO, 0, "cannot write the signatures: %s", strerror(errno));
	if (!status)
		status = digest_file(DIGEST_SHA256, path, sha256, &size, fault);
	if (!status)
		job_note_file(job, "tables/signatures.bin", size, sha256);
	if (!status)
		status = job_write(job, "tables/attributes.bin",
				   (struct span){(const char *)(job->attributes + job->old_count),
						 job->row_count * sizeof *job->attributes},
				   fault);
	return status;
}

static void put_options(const struct dedup_job *job, struct json_writer *w)
{
	const struct dedup_options *o = &job->options;
	json_key(w, "options");
	json_begin(w, '{');
	json_put_text(w, "fingerprint", o->fingerprint == SIMHASH_64 ? SPAN("simhash64") : SPAN("simhash128"));
	json_put_uint(w, "hamming", o->hamming_max);
	json_key(w, "jaccard");
	json_real(w, o->jaccard_min, 3);
	json_key(w, "containment");
	json_real(w, o->containment_min, 3);
	json_put_uint(w, "containment_hamming", o->containment_hamming_max);
	json_key(w, "numbers");
	json_real(w, o->short_numbers_min, 3);
	json_key(w, "link");
	json_real(w, o->link_min, 3);
	if (o->exact_only) {
		json_key(w, "exact_only");
		json_bool(w, true);
	}
	if (job->drop_passages)
		json_put_uint(w, "drop_passages", job->drop_passages);
	json_end(w, '}');
}

static void put_counts(const struct dedup_job *job, struct json_writer *w)
{
	json_key(w, "counts");
	json_begin(w, '{');
	json_put_uint(w, "lines", job->lines);
	json_put_uint(w, "malformed", job->malformed);
	json_put_uint(w, "documents", job->kept);
	json_put_uint(w, "duplicates", job->collapsed);
	json_put_uint(w, "exact", job->result.exact);
	json_put_uint(w, "near", job->result.near);
	json_put_uint(w, "passages_dropped", job->dropped_passages);
	json_end(w, '}');
}

/* A path is any bytes; a manifest is UTF-8. */
static void put_name(struct json_writer *w, const char *path)
{
	char *text = utf8_percent(span_of(path));
	if (!text)
		w->out->status = STATUS_MEMORY;
	json_text(w, span_of(text));
	free(text);
}

static enum status manifest_write(struct dedup_job *job, struct fault *fault)
{
	struct buffer out;
	struct json_writer w;
	char hex[33], path[4096];
	buffer_init(&out, SIZE_MAX / 2);
	json_start(&w, &out);
	json_begin(&w, '{');
	json_put_text(&w, "tool", SPAN("warcmill " WARCMILL_VERSION));
	json_put_text(&w, "command", job->corpus ? SPAN("recluster") : SPAN("dedup"));
	json_put_text(&w, "method", span_of(dedup_version()));
	put_options(job, &w);
	df_digest(job->df, hex);
	json_put_text(&w, "df_digest", span_of(hex));
	json_put_uint(&w, "df_documents", df_documents(job->df));
	if (job->against) {
		json_key(&w, "against");
		put_name(&w, job->against);
	}
	json_key(&w, "inputs");
	json_begin(&w, '[');
	for (size_t i = 0; i < job->input_count; i++)
		put_name(&w, job->names ? job->names[i] : job->inputs[i]);
	json_end(&w, ']');
	put_counts(job, &w);
	json_key(&w, "files");
	json_begin(&w, '[');
	json_raw(&w, buffer_span(&job->files));
	json_end(&w, ']');
	json_end(&w, '}');
	enum status status = buffer_append_byte(&out, '\n');
	snprintf(path, sizeof path, "%s/manifest.json", job->folder);
	status = status ? fault_set(fault, status, 0, "no memory for the manifest")
			: file_write_atomic(path, buffer_span(&out), fault);
	buffer_free(&out);
	return status;
}

/* What did not fit somewhere on the way (an address, a name) must not pass for a text without it. */
static enum status finish(struct dedup_job *job, struct fault *fault)
{
	enum status status = memory_status(fault);
	return status ? status : manifest_write(job, fault);
}

static enum status collapse(struct dedup_job *job, struct fault *fault)
{
	char path[4096];
	struct signature_table *table = signature_table_new();
	enum status status = table ? STATUS_OK : fault_set(fault, STATUS_MEMORY, 0, "no memory for the signatures");
	if (!status && job->against)
		status = job_old_load(job, table, fault);
	if (!status)
		status = job_sign(job, fault);
	snprintf(path, sizeof path, "%s/tables/signatures.bin", job->folder);
	if (!status && job->row_count)
		status = signature_table_add_file(table, path, 0, 0, fault);
	job->options.ceiling = job->ceiling;
	const struct dedup_input input = {table, job->attributes, job->old_count, job->old_keeper};
	if (!status)
		status = dedup_run(&input, &job->options, &job->result, fault);
	for (size_t i = 0; !status && i < job->row_count; i++) {
		bool kept = job->result.rows[job->old_count + i].keeper == job->old_count + i;
		job->kept += kept;
		job->collapsed += !kept;
	}
	signature_table_free(table);
	return status;
}

/* Before any work: is what the command line names there? */
static enum status named_there(const struct dedup_job *job, struct fault *fault)
{
	for (size_t i = 0; i < job->input_count + (job->df_path != NULL); i++) {
		const char *path = i < job->input_count ? job->inputs[i] : job->df_path;
		if (strcmp(path, "-") && access(path, R_OK))
			return fault_set(fault, errno == ENOENT ? STATUS_USAGE : STATUS_IO, 0,
					 "%.150s: cannot open: %s", path, strerror(errno));
	}
	return STATUS_OK;
}

enum status dedup_job_run(struct dedup_job *job, struct fault *fault)
{
	char path[4096];
	buffer_init(&job->ids, SIZE_MAX / 2);
	buffer_init(&job->old_text, SIZE_MAX / 2);
	buffer_init(&job->files, SIZE_MAX / 2);
	snprintf(path, sizeof path, "%s/manifest.json", job->folder);
	if (file_exists(path) && !job->force)
		return fault_set(fault, STATUS_USAGE, 0, "%.150s holds a finished run; --force replaces it",
				 job->folder);
	enum status status = job->corpus ? STATUS_OK : named_there(job, fault);
	if (status)
		return status;
	status = folder_make(job->folder, fault);
	if (status)
		fault_set(fault, status, 0, "%.150s: %.80s", job->folder, fault->text);
	if (!status && job->force)
		unlink(path);
	job->options.work_folder = job->folder;
	job->ceiling = ceiling_new(job->options.memory, job->folder);
	if (!status && !job->ceiling)
		status = fault_set(fault, STATUS_MEMORY, 0, "no memory for a run");
	if (!status)
		ceiling_soften(job->ceiling, CEILING_SOFT);
	if (!status)
		status = workers_make(job, fault);
	if (!status && job->corpus) {
		status = recluster_corpus(job, fault);
		return status ? status : finish(job, fault);
	}
	if (!status)
		status = job_read(job, fault);
	if (!status)
		status = collapse(job, fault);
	if (!status)
		status = job_emit(job, fault);
	if (!status)
		status = tables_write(job, fault);
	return status ? status : finish(job, fault);
}
