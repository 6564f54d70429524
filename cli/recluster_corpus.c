/* recluster_corpus: a corpus of `warcmill build` under other thresholds.
 *
 * A corpus keeps the texts of its documents and, for each copy, the measures of the pair with its keeper. So documents
 * are signed again with the stored df table and searched like any others: looser thresholds join them. A copy is
 * decided by its measures: under stricter thresholds it leaves its cluster and stands alone, for there is no text to
 * compare it with others. No archive is read. */
#include "cli/dedup_job.h"

#include "corpus/reading.h"

#include <stdio.h>
#include <stdlib.h>

struct copy {
	uint64_t id_at, of_at; /* in ids */
	uint32_t id_size, of_size;
	bool kept; /* accepted still */
};

struct recluster {
	struct dedup_job *job;
	const struct corpus *corpus;
	struct signer *signer;
	bool looser; /* no threshold is stricter than the default: copies joined through others stay */
	struct buffer ids, signatures, attributes, documents, copies;
	uint64_t released;
};

/* An id as it stands in `ids`. */
struct named {
	uint64_t at;
	uint32_t size;
};

static struct span text_of(const struct recluster *r, uint64_t at, uint32_t size)
{
	return (struct span){r->ids.data + at, size};
}

static bool is_looser(const struct dedup_options *o)
{
	struct dedup_options d;
	dedup_options_default(&d);
	return !o->exact_only && o->fingerprint == d.fingerprint && o->hamming_max >= d.hamming_max &&
	       o->jaccard_min <= d.jaccard_min && o->containment_min <= d.containment_min &&
	       o->containment_hamming_max >= d.containment_hamming_max && o->short_numbers_min <= d.short_numbers_min &&
	       o->link_min <= d.link_min;
}

/* ---- Rows ------------------------------------------------------------------------------------------------------- */

static enum status take_document(void *self, const struct json *row, struct fault *fault)
{
	struct recluster *r = self;
	struct span id = json_get_text(row, "id");
	struct signature signature;
	struct arena *arena = r->job->workers[0].arena;
	arena_reset(arena);
	struct dedup_attributes attributes = job_attributes(arena, row);
	struct named name = {r->ids.size, (uint32_t)id.size};
	enum status status = signer_sign(r->signer, json_get_text(row, "text"), &signature);
	if (status)
		return fault_set(fault, status, 0, "cannot sign %.*s", (int)(id.size < 160 ? id.size : 160), id.data);
	buffer_append_span(&r->ids, id);
	buffer_append(&r->signatures, &signature, sizeof signature);
	buffer_append(&r->attributes, &attributes, sizeof attributes);
	buffer_append(&r->documents, &name, sizeof name);
	return STATUS_OK;
}

static uint16_t share_of(const struct json *evidence, const char *name)
{
	const struct json *value = json_get(evidence, name);
	char text[32];
	if (!value || value->kind != JSON_NUMBER || value->text.size >= sizeof text)
		return EVIDENCE_ABSENT;
	memcpy(text, value->text.data, value->text.size);
	text[value->text.size] = 0;
	return (uint16_t)(strtod(text, NULL) * 1000 + 0.5);
}

static bool still_a_copy(const struct recluster *r, const struct json *row)
{
	const struct json *stored = json_get(row, "evidence");
	struct span kind = json_get_text(row, "kind"), rule = json_get_text(stored, "rule");
	uint64_t hamming = 128, anchors = 0, head = 0, apart = 3, tokens = 0;
	if (span_equal(kind, SPAN("exact")) || span_equal(kind, SPAN("revisit")))
		return true;
	json_get_u64(stored, "hamming", &hamming);
	json_get_u64(stored, "anchors", &anchors);
	json_get_u64(stored, "head", &head);
	json_get_u64(stored, "numbers_apart", &apart);
	json_get_u64(stored, "tokens", &tokens);
	struct pair_evidence evidence = {.jaccard = share_of(stored, "jaccard"),
					 .containment = share_of(stored, "containment"),
					 .numbers = share_of(stored, "numbers"),
					 .hamming = (uint8_t)(hamming > 128 ? 128 : hamming),
					 .anchors = (uint8_t)anchors,
					 .head = head & 3,
					 .numbers_apart = apart & 3,
					 .tokens = (uint32_t)tokens};
	return pair_decide(&evidence, &r->job->options) || (r->looser && span_equal(rule, SPAN("linked")));
}

static enum status take_copy(void *self, const struct json *row, struct fault *fault)
{
	struct recluster *r = self;
	struct span id = json_get_text(row, "id"), of = json_get_text(row, "duplicate_of");
	struct copy copy = {r->ids.size, r->ids.size + id.size, (uint32_t)id.size, (uint32_t)of.size,
			    still_a_copy(r, row)};
	(void)fault;
	buffer_append_span(&r->ids, id);
	buffer_append_span(&r->ids, of);
	buffer_append(&r->copies, &copy, sizeof copy);
	r->released += !copy.kept;
	return STATUS_OK;
}

/* ---- Clusters --------------------------------------------------------------------------------------------------- */

struct line {
	struct span id, cluster;
};

static int by_id(const void *left, const void *right)
{
	const struct line *a = left, *b = right;
	return span_compare(a->id, b->id);
}

static enum status write_clusters(struct recluster *r, const struct dedup_result *result, struct fault *fault)
{
	size_t count = r->documents.size / sizeof(struct named), copies = r->copies.size / sizeof(struct copy);
	const struct named *documents = (const struct named *)(const void *)r->documents.data;
	const struct copy *copy = (const struct copy *)(const void *)r->copies.data;
	struct line *lines = memory_zeroed(count + copies + 1, sizeof *lines);
	struct buffer out;
	buffer_init(&out, SIZE_MAX / 2);
	if (!lines)
		return fault_set(fault, STATUS_MEMORY, 0, "no memory for the clusters");
	for (size_t i = 0; i < count; i++) {
		uint32_t keeper = result->rows[i].keeper;
		lines[i].id = text_of(r, documents[i].at, documents[i].size);
		lines[i].cluster = text_of(r, documents[keeper].at, documents[keeper].size);
		r->job->kept += keeper == i;
	}
	if (count)
		qsort(lines, count, sizeof *lines, by_id);
	for (size_t i = 0; i < copies; i++) {
		struct line *line = &lines[count + i], key = {text_of(r, copy[i].of_at, copy[i].of_size), SPAN_NONE};
		const struct line *keeper = count ? bsearch(&key, lines, count, sizeof *lines, by_id) : NULL;
		line->id = text_of(r, copy[i].id_at, copy[i].id_size);
		/* A copy of an older corpus' document keeps that document's id. */
		line->cluster = !copy[i].kept ? line->id : keeper ? keeper->cluster : key.id;
	}
	if (count + copies)
		qsort(lines, count + copies, sizeof *lines, by_id);
	for (size_t i = 0; i < count + copies; i++)
		buffer_print(&out, "%.*s\t%.*s\n", SPAN_ARG(lines[i].id), SPAN_ARG(lines[i].cluster));
	r->job->kept += r->released;
	r->job->collapsed = count + copies - r->job->kept;
	enum status status = out.status ? fault_set(fault, out.status, 0, "no memory for clusters.tsv")
					: job_write(r->job, "clusters.tsv", buffer_span(&out), fault);
	buffer_free(&out);
	free(lines);
	return status;
}

static enum status search(struct recluster *r, struct fault *fault)
{
	size_t count = r->documents.size / sizeof(struct named);
	struct signature_table *table = signature_table_new();
	if (!table || signature_table_add(table, (const struct signature *)(const void *)r->signatures.data, count)) {
		signature_table_free(table);
		return fault_set(fault, STATUS_MEMORY, 0, "no memory for the signatures");
	}
	const struct dedup_input input = {
		.table = table, .attributes = (const struct dedup_attributes *)(const void *)r->attributes.data};
	r->job->options.work_folder = r->job->folder;
	enum status status = dedup_run(&input, &r->job->options, &r->job->result, fault);
	if (!status)
		status = write_clusters(r, &r->job->result, fault);
	signature_table_free(table);
	return status;
}

static enum status read_corpus(struct recluster *r, struct fault *fault)
{
	char path[4096];
	snprintf(path, sizeof path, "%s/tables/df.table", r->corpus->folder);
	if (!(r->job->df = df_load(path, fault)))
		return fault->status;
	if (!(r->signer = signer_new(r->job->df, r->job->options.fingerprint)))
		return fault_set(fault, STATUS_MEMORY, 0, "no memory for a signer");
	enum status status = corpus_rows(r->corpus, TABLE_DOCUMENTS, take_document, r, fault);
	if (!status)
		status = corpus_rows(r->corpus, TABLE_DUPLICATES, take_copy, r, fault);
	struct buffer *all[] = {&r->ids, &r->signatures, &r->attributes, &r->documents, &r->copies};
	for (size_t i = 0; i < sizeof all / sizeof *all && !status; i++)
		if (all[i]->status)
			status = fault_set(fault, all[i]->status, 0, "no memory for the corpus");
	return status;
}

enum status recluster_corpus(struct dedup_job *job, struct fault *fault)
{
	struct recluster r = {.job = job, .looser = is_looser(&job->options)};
	struct corpus *corpus = NULL;
	struct buffer *all[] = {&r.ids, &r.signatures, &r.attributes, &r.documents, &r.copies};
	for (size_t i = 0; i < sizeof all / sizeof *all; i++)
		buffer_init(all[i], SIZE_MAX / 2);
	enum status status = corpus_open(job->inputs[0], &corpus, fault);
	r.corpus = corpus;
	if (!status)
		status = read_corpus(&r, fault);
	if (!status)
		status = search(&r, fault);
	for (size_t i = 0; i < sizeof all / sizeof *all; i++)
		buffer_free(all[i]);
	signer_free(r.signer);
	corpus_close(corpus);
	return status;
}
