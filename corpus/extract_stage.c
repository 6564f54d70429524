/* extract_stage: pass 1. Segments are read, turned into rows and packed by workers that share nothing; the ordered part
 * checks the seams and appends to the shard's spool, so the spool is in segment order whatever the number of threads.
 */
#include "corpus/corpus_internal.h"

#include <omp.h>
#include <stdlib.h>

struct worker {
	struct warc_reader *reader;
	struct page_maker *maker;
	struct spool_block block;
};

struct extract {
	struct run *run;
	struct spool_writer spool;
	struct worker *workers;
	unsigned worker_count;
	uint64_t end_limit;
	enum status failed; /* under the ordered part only */
	struct fault fault;
};

static enum status workers_new(struct extract *extract, struct fault *fault)
{
	const struct plan *plan = extract->run->plan;
	const struct warc_options options = {.name_depth = plan->settings.name_depth,
					     .segment_bytes = plan->settings.segment_bytes};
	extract->worker_count = extract->run->threads;
	extract->workers = memory_zeroed(extract->worker_count, sizeof *extract->workers);
	if (!extract->workers)
		return fault_set(fault, STATUS_MEMORY, 0, "no memory for %u workers", extract->worker_count);
	for (unsigned i = 0; i < extract->worker_count; i++) {
		struct worker *worker = &extract->workers[i];
		worker->block.spill = -1;
		if (!(worker->reader = warc_reader_new(&options)) ||
		    spool_block_init(&worker->block, plan->work) != STATUS_OK)
			return fault_set(fault, STATUS_MEMORY, 0, "no memory for %u workers", extract->worker_count);
		if (!(worker->maker = page_maker_new(plan, fault)))
			return STATUS_MEMORY;
	}
	return STATUS_OK;
}

static void workers_free(struct extract *extract)
{
	for (unsigned i = 0; extract->workers && i < extract->worker_count; i++) {
		warc_reader_free(extract->workers[i].reader);
		page_maker_free(extract->workers[i].maker);
		spool_block_free(&extract->workers[i].block);
	}
	free(extract->workers);
}

/* Damaged places of the records' own bytes: nothing was skipped, but a reader should know. */
static enum status note_flags(struct worker *worker, const struct warc_record *record, uint32_t input,
			      struct fault *fault)
{
	static const struct {
		unsigned flag;
		const char *text;
	} notes[] = {
		{WARC_RECORD_CUT, "the file ends inside this record"},
		{WARC_RECORD_TOO_LARGE, "the record is larger than the limit; only its first part was read"},
		{WARC_RECORD_LENGTH, "Content-Length is absent or wrong; the record was read up to the next one"},
	};
	for (size_t i = 0; i < sizeof notes / sizeof *notes; i++) {
		if (!(record->flags & notes[i].flag))
			continue;
		struct row row = {.kind = ROW_ERROR, .input = input, .reason = span_of(notes[i].text)};
		row.document.page.warc_record_offset = record->offset;
		row.document.page.warc_record_inner = record->inner;
		row.document.page.fetch_time = DATE_NONE;
		row.target_date = DATE_NONE;
		enum status status = spool_block_row(&worker->block, &row, fault);
		if (status != STATUS_OK)
			return status;
	}
	return STATUS_OK;
}

static enum status note_damage(struct worker *worker, const struct warc_damage *damage, uint32_t input,
			       struct fault *fault)
{
	struct tally *tally = &worker->block.tally;
	tally->skipped_bytes += damage->skipped;
	if (damage->padding)
		return STATUS_OK;
	tally->records++;
	tally->damaged++;
	struct row row = {
		.kind = ROW_ERROR, .input = input, .skipped = damage->skipped, .reason = span_of(damage->text)};
	row.document.page.warc_record_offset = damage->offset;
	row.document.page.warc_record_inner = damage->inner;
	row.document.page.fetch_time = DATE_NONE;
	row.target_date = DATE_NONE;
	return spool_block_row(&worker->block, &row, fault);
}

static enum status one_record(struct worker *worker, struct warc_record *record, uint32_t input, struct fault *fault)
{
	struct row row;
	bool has_row = false;
	struct tally *tally = &worker->block.tally;
	tally->records++;
	tally->record_bytes += record->length;
	enum status status = page_make(worker->maker, worker->reader, record, input, tally, &row, &has_row, fault);
	if (status == STATUS_OK && has_row)
		status = spool_block_row(&worker->block, &row, fault);
	return status == STATUS_OK ? note_flags(worker, record, input, fault) : status;
}

/* Read SEGMENT from FIRST. */
static enum status scan(struct worker *worker, const struct plan *plan, size_t segment, uint64_t first, bool exact,
			struct fault *fault)
{
	const struct warc_segment *at = &plan->segments[segment];
	const struct warc_input *input = warc_inputs_at(plan->inputs, at->input);
	struct warc_record record;
	struct warc_damage damage;
	spool_block_start(&worker->block, segment);
	enum status status = warc_reader_open(worker->reader, input, first, at->limit, exact, fault);
	while (status == STATUS_OK) {
		status = warc_next(worker->reader, &record, &damage, fault);
		if (status == STATUS_OK)
			status = one_record(worker, &record, (uint32_t)at->input, fault);
		else if (status == STATUS_DATA)
			status = note_damage(worker, &damage, (uint32_t)at->input, fault);
	}
	if (status != STATUS_END)
		return status;
	status = memory_status(fault);
	if (status != STATUS_OK)
		return status;
	worker->block.first = warc_reader_first(worker->reader);
	worker->block.end = warc_reader_end(worker->reader);
	return spool_block_finish(&worker->block, fault);
}

/* By induction every segment starts where a scan from the front would have come to: see warc_reader_first. */
static enum status check_seam(struct extract *extract, struct worker *worker, size_t segment, struct fault *fault)
{
	const struct plan *plan = extract->run->plan;
	const struct warc_segment *at = &plan->segments[segment];
	bool starts_input = segment == 0 || plan->segments[segment - 1].input != at->input;
	uint64_t expected = starts_input ? 0 : extract->spool.last_end;
	if (expected >= at->limit && !starts_input) { /* the record before reaches over the whole segment */
		spool_block_start(&worker->block, segment);
		worker->block.first = worker->block.end = expected;
		return STATUS_OK;
	}
	if (worker->block.first == expected || starts_input)
		return STATUS_OK;
	return scan(worker, plan, segment, expected, true, fault);
}

static void name_fault(const struct plan *plan, size_t segment, struct fault *fault)
{
	struct fault inner = *fault;
	const char *name = warc_input_name(warc_inputs_at(plan->inputs, plan->segments[segment].input));
	fault_set(fault, inner.status, inner.offset, "%.100s at byte %llu: %.110s", name,
		  (unsigned long long)inner.offset, inner.text);
}

static void progress_segment(struct extract *extract, size_t segment)
{
	struct run *run = extract->run;
	const struct tally *tally = &extract->workers[omp_get_thread_num()].block.tally;
	(void)segment;
	run->progress.records += tally->records;
	run->progress.documents += tally->pages;
	run->progress.damaged += tally->damaged;
	run_progress(run, tally->record_bytes + tally->skipped_bytes);
}

static void ordered_part(struct extract *extract, struct worker *worker, size_t segment, enum status status,
			 struct fault *fault)
{
	if (extract->failed != STATUS_OK)
		return;
	if (status == STATUS_OK)
		status = check_seam(extract, worker, segment, fault);
	if (status != STATUS_OK)
		name_fault(extract->run->plan, segment, fault);
	if (status == STATUS_OK)
		status = spool_writer_append(&extract->spool, &worker->block, fault);
	if (status == STATUS_OK)
		progress_segment(extract, segment);
	else {
#pragma omp atomic write
		extract->failed = status;
		extract->fault = *fault;
	}
}

static void extract_segments(struct extract *extract, size_t first, size_t end)
{
	const struct plan *plan = extract->run->plan;
#pragma omp parallel for ordered schedule(dynamic, 1) num_threads((int)extract->worker_count)
	for (size_t segment = first; segment < end; segment++) {
		struct worker *worker = &extract->workers[omp_get_thread_num()];
		struct fault fault = {0};
		enum status status, failed;
#pragma omp atomic read
		failed = extract->failed;
		const struct warc_segment *at = &plan->segments[segment];
		status = failed != STATUS_OK ? failed : scan(worker, plan, segment, at->first, at->first == 0, &fault);
#pragma omp ordered
		ordered_part(extract, worker, segment, status, &fault);
	}
}

/* The tally of the shard's segments that an earlier call has done. */
static void resume_progress(struct extract *extract, size_t first, size_t end)
{
	struct run *run = extract->run;
	const struct tally *tally = &extract->spool.tally;
	run->progress.records += tally->records;
	run->progress.documents += tally->pages;
	run->progress.damaged += tally->damaged;
	run_progress(run, tally->record_bytes + tally->skipped_bytes);
	if (extract->spool.next_segment > first && run->observer && run->observer->note) {
		char text[160];
		snprintf(text, sizeof text, "continuing at segment %llu of %zu",
			 (unsigned long long)(extract->spool.next_segment - first + 1), end - first);
		run->observer->note(run->observer->self, text);
	}
}

enum status stage_extract(struct run *run, size_t shard, struct fault *fault)
{
	char name[40];
	struct extract extract = {.run = run, .spool = {.file = -1}};
	const struct plan *plan = run->plan;
	size_t first = plan->shard_segments[shard], end = plan->shard_segments[shard + 1];
	snprintf(name, sizeof name, "extract-%05zu", shard);
	if (stage_exists(plan, name))
		return STATUS_OK;
	enum status status = spool_writer_open(&extract.spool, plan, shard, fault);
	if (status != STATUS_OK)
		return status;
	resume_progress(&extract, first, end);
	status = workers_new(&extract, fault);
	if (status == STATUS_OK) {
		extract_segments(&extract, extract.spool.next_segment, end);
		status = extract.failed;
		if (status != STATUS_OK && fault)
			*fault = extract.fault;
	}
	workers_free(&extract);
	enum status closed =
		spool_writer_close(&extract.spool, status == STATUS_OK, status == STATUS_OK ? fault : NULL);
	if (status == STATUS_OK)
		status = closed;
	if (status == STATUS_OK) {
		struct span empty = SPAN("done\n");
		status = stage_write(plan, name, &empty, 1, fault);
	}
	return status;
}
