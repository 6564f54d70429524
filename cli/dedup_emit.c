/* dedup_emit: what `warcmill dedup` writes. Lines keep their order and their other fields; one member "dedup" is added.
 * Frames are made by all threads and written in order. */
#include "cli/dedup_job.h"

#include <omp.h>
#include <stdio.h>
#include <stdlib.h>

/* ---- Rows ----------------------------------------------------------------------------------------------------------
 */

struct emitter {
	struct dedup_job *job;
	size_t *starts;    /* [new rows + 1] by keeper rank: its copies … */
	uint32_t *members; /* … as ranks, ascending */
	struct part_stream *streams[2];
	uint64_t written[2];
	unsigned parts[2];
};
enum { OUT_DOCUMENTS, OUT_DUPLICATES };
static const char *const out_names[] = {"documents", "duplicates"};
enum { COPIES_MAX = 100 };

static const struct dedup_row *result_of(const struct dedup_job *job, size_t rank)
{
	return &job->result.rows[job->old_count + rank];
}

/* The id of a document of either corpus. */
static struct span document_id(const struct dedup_job *job, uint32_t document)
{
	return document < job->old_count ? job->old_ids[document]
					 : job_row_id(job, job->row_of[document - job->old_count]);
}

static struct span cluster_id(const struct dedup_job *job, const struct dedup_row *row)
{
	return row->keeper < job->old_count ? job->old_clusters[row->keeper] : document_id(job, row->keeper);
}

static void put_share(struct json_writer *w, const char *key, uint16_t per_mille)
{
	if (per_mille == EVIDENCE_ABSENT)
		return;
	json_key(w, key);
	json_real(w, per_mille / 1000.0, 3);
}

static void put_evidence(struct json_writer *w, const struct pair_evidence *e)
{
	json_key(w, "evidence");
	json_begin(w, '{');
	json_put_uint(w, "hamming", e->hamming);
	put_share(w, "jaccard", e->jaccard);
	put_share(w, "containment", e->containment);
	put_share(w, "numbers", e->numbers);
	json_put_uint(w, "anchors", e->anchors);
	json_put_uint(w, "head", e->head);
	if (e->numbers != EVIDENCE_ABSENT)
		json_put_uint(w, "numbers_apart", e->numbers_apart);
	json_put_uint(w, "tokens", e->tokens);
	json_put_text(w, "rule", span_of(pair_rule_name(e->rule)));
	json_end(w, '}');
}

static const char *kind_of(const struct pair_evidence *e)
{
	return e->rule == PAIR_EXACT ? "exact" : e->rule == PAIR_CONTAINMENT ? "contained" : "near";
}

static void put_kept(const struct emitter *e, struct json_writer *w, size_t rank, const struct dedup_row *row)
{
	size_t from = e->starts[rank], to = e->starts[rank + 1];
	if (row->size < 2)
		return;
	json_key(w, "cluster");
	json_begin(w, '{');
	json_key(w, "id");
	json_text(w, cluster_id(e->job, row));
	json_put_uint(w, "size", row->size);
	json_put_text(w, "keeper_rule", span_of(keeper_rule_name(row->keeper_rule)));
	json_key(w, "copies");
	json_begin(w, '[');
	for (size_t i = from; i < to && i < from + COPIES_MAX; i++)
		json_text(w, job_row_id(e->job, e->job->row_of[e->members[i]]));
	json_end(w, ']');
	json_end(w, '}');
}

static void put_member(const struct emitter *e, struct json_writer *w, size_t rank, uint32_t dropped)
{
	const struct dedup_row *row = result_of(e->job, rank);
	char hex[33];
	simhash_hex(e->job->signatures[rank].simhash, e->job->options.fingerprint, hex);
	json_key(w, "dedup");
	json_begin(w, '{');
	json_put_text(w, "simhash", span_of(hex));
	if (row->keeper != e->job->old_count + rank) {
		json_key(w, "duplicate_of");
		json_text(w, document_id(e->job, row->keeper));
		json_key(w, "cluster");
		json_text(w, cluster_id(e->job, row));
		json_put_text(w, "kind", span_of(kind_of(&row->evidence)));
		put_evidence(w, &row->evidence);
	} else {
		put_kept(e, w, rank, row);
	}
	if (dropped)
		json_put_uint(w, "passages_dropped", dropped);
	json_end(w, '}');
}

/* LINE up to where "dedup" is to stand; absent where only rebuilding helps. A member that an earlier run added is the
 * last one, and is cut off. */
static struct span line_body(struct span line, const struct json *object)
{
	const struct json *last = object->first, *old = json_get(object, "dedup");
	struct span body = span_trim(line), key = SPAN(",\"dedup\":");
	if (!old)
		return span_slice(body, 0, body.size - 1);
	while (last && last->next)
		last = last->next;
	size_t at = (size_t)(old->source.data - body.data);
	if (old != last || at < key.size || at > body.size || !span_ends(span_slice(body, 0, at), key))
		return SPAN_NONE;
	return span_slice(body, 0, at - key.size);
}

/* The object as it stands, with "dedup" before its closing brace; rebuilt member by member where it has one already or
 * where the text changes. */
static void put_line(const struct emitter *e, struct job_worker *worker, size_t row, struct span line,
		     const struct json *object, struct buffer *out)
{
	size_t rank = e->job->rows[row].rank;
	struct json_writer w;
	uint32_t dropped = 0;
	json_start(&w, out);
	if (e->job->drop_passages) {
		buffer_clear(&worker->text);
#pragma omp critical(passages)
		passages_drop(e->job->passage_counts, job_host(worker->arena, object), json_get_text(object, "text"),
			      e->job->drop_passages, &worker->text, &dropped);
	}
	struct span body = line_body(line, object);
	if (!dropped && body.data) {
		buffer_append_span(out, body);
		w.comma = object->first != NULL;
	} else {
		bool text_done = false;
		json_begin(&w, '{');
		for (const struct json *member = object->first; member; member = member->next) {
			char key[256];
			if (span_equal(member->key, SPAN("dedup")) || member->key.size >= sizeof key)
				continue;
			memcpy(key, member->key.data, member->key.size);
			key[member->key.size] = 0;
			json_key(&w, key);
			if (dropped && !text_done && span_equal(member->key, SPAN("text"))) {
				json_text(&w, buffer_span(&worker->text));
				text_done = true;
			} else {
				json_raw(&w, member->source);
			}
		}
	}
	put_member(e, &w, rank, dropped);
	json_end(&w, '}');
	buffer_append_byte(out, '\n');
	if (dropped) {
#pragma omp atomic
		e->job->dropped_passages += dropped;
#pragma omp atomic
		e->job->documents_changed++;
	}
}

/* ---- Files
 * ------------------------------------------------------------------------------------------------------------- */

void job_note_file(struct dedup_job *job, const char *name, uint64_t size, const uint8_t *sha256)
{
	struct json_writer w;
	char hex[65];
	hex_encode(sha256, 32, hex);
	json_start(&w, &job->files);
	w.comma = job->file_count++ > 0;
	json_begin(&w, '{');
	json_put_text(&w, "name", span_of(name));
	json_put_uint(&w, "bytes", size);
	json_put_text(&w, "sha256", span_of(hex));
	json_end(&w, '}');
}

enum status job_write(struct dedup_job *job, const char *name, struct span bytes, struct fault *fault)
{
	char path[4096];
	uint8_t sha256[DIGEST_MAX];
	snprintf(path, sizeof path, "%s/%s", job->folder, name);
	enum status status = file_write_atomic(path, bytes, fault);
	if (!status && !digest_of(DIGEST_SHA256, bytes, sha256))
		status = fault_set(fault, STATUS_MEMORY, 0, "no SHA-256");
	if (!status)
		job_note_file(job, name, bytes.size, sha256);
	return status;
}

static enum status part_close(struct emitter *e, unsigned which, struct fault *fault)
{
	static const char *const suffixes[] = {".zst", ".gz", ""};
	uint64_t size;
	uint8_t sha256[DIGEST_MAX];
	char name[64];
	struct part_stream *stream = e->streams[which];
	if (!stream)
		return STATUS_OK;
	e->streams[which] = NULL;
	enum status status = part_stream_close(stream, &size, sha256, fault);
	if (status)
		return status;
	snprintf(name, sizeof name, "%s/part-%05u.jsonl%s", out_names[which], e->parts[which]++,
		 suffixes[e->job->compression]);
	job_note_file(e->job, name, size, sha256);
	return STATUS_OK;
}

static enum status part_write(struct emitter *e, unsigned which, struct span bytes, struct fault *fault)
{
	char path[4096];
	enum status status = STATUS_OK;
	if (!bytes.size)
		return STATUS_OK;
	if (e->streams[which] && e->written[which] >= e->job->part_bytes)
		status = part_close(e, which, fault);
	if (!status && !e->streams[which]) {
		snprintf(path, sizeof path, "%s/%s/part-%05u.jsonl", e->job->folder, out_names[which], e->parts[which]);
		status = part_stream_open(path, e->job->compression, &e->streams[which], fault);
		e->written[which] = 0;
	}
	if (!status)
		status = part_stream_write(e->streams[which], bytes, fault);
	e->written[which] += bytes.size;
	return status;
}

static enum status frame_rows(const struct emitter *e, const struct job_frame *frame, struct job_worker *worker,
			      struct fault *fault)
{
	enum status status = job_frame_load(e->job, frame, worker, fault);
	struct span rest = buffer_span(&worker->raw), line;
	buffer_clear(&worker->documents);
	buffer_clear(&worker->duplicates);
	for (size_t row = frame->first_row; !status && span_cut(&rest, '\n', &line) && line.size; row++) {
		const struct json *object;
		size_t rank = e->job->rows[row].rank;
		if (row % CEILING_STRIDE == 0)
			ceiling_scanned(e->job->ceiling);
		arena_reset(worker->arena);
		if ((status = json_parse(worker->arena, line, 0, &object, fault)))
			break;
		put_line(e, worker, row, line, object,
			 result_of(e->job, rank)->keeper == e->job->old_count + rank ? &worker->documents
										     : &worker->duplicates);
	}
	if (!status && (worker->documents.status || worker->duplicates.status))
		status = fault_set(fault, STATUS_MEMORY, 0, "no memory for the rows of a frame");
	return status;
}

static enum status emit_rows(struct emitter *e, struct fault *fault)
{
	struct dedup_job *job = e->job;
	enum status first = STATUS_OK;
#pragma omp parallel for ordered schedule(dynamic, 1) num_threads(job->threads)
	for (size_t i = 0; i < job->frame_count; i++) {
		struct job_worker *worker = &job->workers[omp_get_thread_num()];
		struct fault own;
		enum status status = frame_rows(e, &job->frames[i], worker, &own);
#pragma omp ordered
		{
			if (!first && !status)
				status = part_write(e, OUT_DOCUMENTS, buffer_span(&worker->documents), &own);
			if (!first && !status)
				status = part_write(e, OUT_DUPLICATES, buffer_span(&worker->duplicates), &own);
			if (!first && status) {
				first = status;
				*fault = own;
			}
		}
	}
	for (unsigned which = 0; which < 2; which++) {
		if (!first)
			first = part_close(e, which, fault);
		else
			part_stream_abandon(e->streams[which]);
	}
	return first;
}

/* Copies by keeper, both by rank. */
static enum status members_make(struct emitter *e, struct fault *fault)
{
	struct dedup_job *job = e->job;
	e->starts = ceiling_array(job->ceiling, job->row_count + 2, sizeof *e->starts);
	e->members = ceiling_array(job->ceiling, job->row_count + 1, sizeof *e->members);
	if (!e->starts || !e->members)
		return fault_set(fault, STATUS_MEMORY, 0, "no memory for the lists of copies");
	for (int place = 0; place < 2; place++) {
		for (size_t i = 0; i < job->row_count; i++) {
			if (i % CEILING_STRIDE == 0)
				ceiling_check(job->ceiling);
			uint32_t keeper = result_of(job, i)->keeper;
			if (keeper < job->old_count || keeper == job->old_count + i)
				continue;
			if (place)
				e->members[e->starts[keeper - job->old_count]++] = (uint32_t)i;
			else
				e->starts[keeper - job->old_count + 1]++;
		}
		if (!place)
			for (size_t i = 0; i < job->row_count; i++)
				e->starts[i + 1] += e->starts[i];
	}
	for (size_t i = job->row_count; i > 0; i--)
		e->starts[i] = e->starts[i - 1];
	e->starts[0] = 0;
	return STATUS_OK;
}

static enum status clusters_write(struct dedup_job *job, struct fault *fault)
{
	struct buffer out;
	buffer_init(&out, SIZE_MAX / 2);
	for (size_t i = 0; i < job->row_count; i++) {
		if (i % CEILING_STRIDE == 0)
			ceiling_check(job->ceiling);
		buffer_append_span(&out, job_row_id(job, job->row_of[i]));
		buffer_append_byte(&out, '\t');
		buffer_append_span(&out, cluster_id(job, result_of(job, i)));
		buffer_append_byte(&out, '\n');
	}
	enum status status = out.status ? fault_set(fault, out.status, 0, "no memory for clusters.tsv")
					: job_write(job, "clusters.tsv", buffer_span(&out), fault);
	buffer_free(&out);
	return status;
}

static enum status passages_write(struct dedup_job *job, struct fault *fault)
{
	struct passage *list = NULL;
	size_t count = 0;
	struct buffer out;
	if (!job->passage_counts)
		return STATUS_OK;
	buffer_init(&out, SIZE_MAX / 2);
	uint32_t max = job->drop_passages ? job->drop_passages : 2;
	enum status status = passages_list(job->passage_counts, max > 2 ? max : 2, &list, &count);
	for (size_t i = 0; i < count; i++) {
		struct json_writer w;
		json_start(&w, &out);
		json_begin(&w, '{');
		json_put_text(&w, "host", list[i].host);
		json_put_uint(&w, "documents", list[i].documents);
		json_put_text(&w, "text", list[i].text);
		json_end(&w, '}');
		buffer_append_byte(&out, '\n');
	}
	free(list);
	if (!status && !out.status)
		status = job_write(job, "passages.jsonl", buffer_span(&out), fault);
	else
		status = fault_set(fault, STATUS_MEMORY, 0, "no memory for the list of paragraphs");
	buffer_free(&out);
	return status;
}

enum status job_emit(struct dedup_job *job, struct fault *fault)
{
	struct emitter e = {.job = job};
	char path[4096];
	enum status status = STATUS_OK;
	for (unsigned i = 0; i < 2 && !status; i++) {
		snprintf(path, sizeof path, "%s/%s", job->folder, out_names[i]);
		status = folder_make(path, fault);
	}
	if (!status)
		status = members_make(&e, fault);
	if (!status)
		status = emit_rows(&e, fault);
	if (!status)
		status = clusters_write(job, fault);
	if (!status)
		status = passages_write(job, fault);
	ceiling_drop(job->ceiling, e.members);
	ceiling_drop(job->ceiling, e.starts);
	return status;
}
