/* emit: one part of the corpus, from spool and fates. A part is a range of pages in id order (or of the sorted order),
 * fixed when the fates were; so parts are written in any order, by any thread or task, and come out the same. What a
 * task has written (files, digests, counts) is noted in its stage file "emit-PPPPP". */
#include "corpus/card.h"
#include "corpus/corpus_internal.h"
#include "corpus/emit_internal.h"

#include <stdlib.h>
#include <unistd.h>

enum { ARENA_MAX = 64 << 20 };

struct outlet { /* one file being written */
	void *state;
	struct part_stream *stream;
	uint64_t rows;
};

struct emitter {
	struct run *run;
	const struct plan *plan;
	const struct spool *spool;
	const struct sink_class *class;
	const struct emit_shared *shared;
	struct part_range part;
	bool last;
	struct spool_cursor cursor;
	struct final_text final;
	struct masker *masker;
	struct arena *arena;
	struct outlet outlets[TABLE_COUNT][SPLITS_MAX + 1];
	struct tally tally;
	struct buffer errors;
	struct buffer files; /* noted: name, rows, size, digest */
	uint64_t file_count;
};

/* ---- Files --------------------------------------------------------------------------------------------------------
 */

static char *part_path(const struct emitter *emitter, enum corpus_table table, uint16_t split)
{
	const struct settings *settings = &emitter->plan->settings;
	const char *folder = corpus_table_names[table], *suffix = emitter->class->suffix;
	if (table == TABLE_REJECTED || !settings->split_count)
		return path_join(emitter->plan->folder, "%s/part-%05u%s", folder, emitter->part.number, suffix);
	return path_join(emitter->plan->folder, "%s/%.*s/part-%05u%s", folder, SPAN_ARG(settings->splits[split].name),
			 emitter->part.number, suffix);
}

static enum status open_outlet(struct emitter *emitter, enum corpus_table table, uint16_t split, struct fault *fault)
{
	struct outlet *outlet = &emitter->outlets[table][split];
	enum compression compression =
		emitter->class->own_compression ? COMPRESS_NONE : emitter->plan->settings.compression;
	const struct sink_options options = {.compression = emitter->plan->settings.compression, .tool = TOOL_NAME};
	if (outlet->stream)
		return STATUS_OK;
	char *path = part_path(emitter, table, split);
	if (!path)
		return fault_set(fault, STATUS_MEMORY, 0, "no memory for a path");
	enum status status = part_stream_open(path, compression, &outlet->stream, fault);
	if (status == STATUS_OK)
		status = emitter->class->begin(&outlet->state, table, &options, outlet->stream, fault);
	free(path);
	return status;
}

static enum status put_row(struct emitter *emitter, const struct corpus_row *row, uint16_t split, struct fault *fault)
{
	enum status status = open_outlet(emitter, row->table, split, fault);
	if (status != STATUS_OK)
		return status;
	struct outlet *outlet = &emitter->outlets[row->table][split];
	outlet->rows++;
	return emitter->class->row(outlet->state, row, fault);
}

static const char *compression_suffix(const struct emitter *emitter)
{
	static const char *const suffixes[] = {[COMPRESS_ZSTD] = ".zst", [COMPRESS_GZIP] = ".gz", [COMPRESS_NONE] = ""};
	return emitter->class->own_compression ? "" : suffixes[emitter->plan->settings.compression];
}

static enum status close_outlet(struct emitter *emitter, enum corpus_table table, uint16_t split, struct fault *fault)
{
	uint64_t size;
	uint8_t sha256[DIGEST_MAX];
	struct outlet *outlet = &emitter->outlets[table][split];
	enum status status = emitter->class->end(outlet->state, fault);
	emitter->class->free(outlet->state);
	outlet->state = NULL;
	struct part_stream *stream = outlet->stream;
	outlet->stream = NULL;
	if (status != STATUS_OK) {
		part_stream_abandon(stream);
		return status;
	}
	if ((status = part_stream_close(stream, &size, sha256, fault)) != STATUS_OK)
		return status;
	char *path = part_path(emitter, table, split);
	if (!path)
		return fault_set(fault, STATUS_MEMORY, 0, "no memory for a path");
	const struct emitted_file file = {span_of(path + strlen(emitter->plan->folder) + 1), table, outlet->rows, size,
					  sha256};
	emitted_put(&emitter->files, &file, compression_suffix(emitter));
	emitter->file_count++;
	free(path);
	return STATUS_OK;
}

/* Parts without rows are not written, but for the first of each table: so that there always is one to read. */
static enum status close_outlets(struct emitter *emitter, struct fault *fault)
{
	size_t splits = emitter->plan->settings.split_count ? emitter->plan->settings.split_count : 1;
	enum status status = STATUS_OK;
	for (int table = 0; table < TABLE_COUNT; table++)
		for (size_t split = 0; split < splits && status == STATUS_OK; split++) {
			bool ours = emitter->part.kind == PART_WHOLE ||
				    (emitter->part.kind == PART_SORTED) == (table == TABLE_DOCUMENTS);
			if (!ours || (table == TABLE_REJECTED && split > 0))
				continue;
			if (emitter->part.number == 0)
				status = open_outlet(emitter, (enum corpus_table)table, (uint16_t)split, fault);
			if (status == STATUS_OK && emitter->outlets[table][split].stream)
				status = close_outlet(emitter, (enum corpus_table)table, (uint16_t)split, fault);
		}
	return status;
}

static void abandon_outlets(struct emitter *emitter)
{
	for (int table = 0; table < TABLE_COUNT; table++)
		for (size_t split = 0; split <= SPLITS_MAX; split++) {
			struct outlet *outlet = &emitter->outlets[table][split];
			if (outlet->state)
				emitter->class->free(outlet->state);
			part_stream_abandon(outlet->stream);
			*outlet = (struct outlet){NULL, NULL, 0};
		}
}

/* ---- Rows
 * ---------------------------------------------------------------------------------------------------------------- */

static struct span split_name(const struct emitter *emitter, uint16_t split)
{
	const struct settings *settings = &emitter->plan->settings;
	return settings->split_count ? settings->splits[split].name : SPAN_NONE;
}

static size_t first_member(const struct emitter *emitter, uint32_t keeper)
{
	size_t low = 0, high = (size_t)emitter->shared->fates.member_count;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (emitter->shared->fates.pages[emitter->shared->fates.members[middle]].keeper < keeper)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static size_t first_revisit(const struct emitter *emitter, uint32_t keeper)
{
	size_t low = 0, high = (size_t)emitter->shared->fates.resolved_count;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (emitter->shared->fates.revisits[emitter->shared->fates.revisits_by_keeper[middle]].keeper < keeper)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static struct span address_id(const struct emitter *emitter, uint32_t input, uint64_t offset, uint64_t inner)
{
	char address[WARC_ADDRESS_MAX];
	warc_address_format(offset, inner, address);
	return arena_print(emitter->arena, "%s@%s", warc_input_name(warc_inputs_at(emitter->plan->inputs, input)),
			   address);
}

/* Ids of the pages and revisits that were collapsed into PAGE. */
static size_t list_copies(struct emitter *emitter, uint32_t page, struct span *copies)
{
	const struct fates *fates = &emitter->shared->fates;
	size_t count = 0;
	for (size_t i = first_member(emitter, page);
	     count < DOCUMENT_COPIES_MAX && i < fates->member_count && fates->pages[fates->members[i]].keeper == page;
	     i++)
		copies[count++] = page_id_at(emitter->plan, &emitter->shared->pages, fates->members[i], emitter->arena);
	for (size_t i = first_revisit(emitter, page); count < DOCUMENT_COPIES_MAX && i < fates->resolved_count; i++) {
		const struct revisit_fate *revisit = &fates->revisits[fates->revisits_by_keeper[i]];
		if (revisit->keeper != page)
			break;
		copies[count++] = address_id(emitter, revisit->input, revisit->offset, revisit->inner);
	}
	return count;
}

static enum status put_document(struct emitter *emitter, struct row *row, uint64_t page, struct fault *fault)
{
	struct span copies[DOCUMENT_COPIES_MAX];
	const struct page_fate *fate = &emitter->shared->fates.pages[page];
	const struct signature *signature = signature_at(emitter->shared->pages.table, page);
	struct corpus_row out;
	struct document *document = &out.as.document;
	if (compose_document(emitter->plan, row, signature, emitter->masker, emitter->arena, &out) != STATUS_OK)
		return fault_set(fault, STATUS_MEMORY, 0, "no memory to mask a text");
	document->cluster_size = fate->size ? fate->size : 1;
	document->cluster_id = fate->size > 1 ? document->page.id : SPAN_NONE;
	document->copies = copies;
	document->copy_count = list_copies(emitter, (uint32_t)page, copies);
	document->split = split_name(emitter, fate->split);
	emitter->tally.documents++;
	card_count(&emitter->tally, document);
	return put_row(emitter, &out, fate->split, fault);
}

static enum status put_duplicate(struct emitter *emitter, uint32_t keeper, uint16_t split, struct corpus_row *out,
				 struct fault *fault)
{
	struct duplicate *duplicate = &out->as.duplicate;
	duplicate->duplicate_of = page_id_at(emitter->plan, &emitter->shared->pages, keeper, emitter->arena);
	duplicate->duplicate_of_url = page_url_at(&emitter->shared->pages, keeper);
	duplicate->cluster_id = duplicate->duplicate_of;
	duplicate->split = split_name(emitter, split);
	emitter->tally.duplicates++;
	return put_row(emitter, out, split, fault);
}

/* A copy of a document that the older corpus has. */
static enum status put_old_duplicate(struct emitter *emitter, uint32_t keeper, uint16_t split, struct corpus_row *out,
				     struct fault *fault)
{
	const struct old_page *old = &emitter->shared->old.infos[keeper];
	struct span heap = emitter->shared->old.heap;
	struct duplicate *duplicate = &out->as.duplicate;
	duplicate->duplicate_of = span_slice(heap, (size_t)old->id_at, old->id_size);
	duplicate->duplicate_of_url = old->url_size ? span_slice(heap, (size_t)old->url_at, old->url_size) : SPAN_NONE;
	duplicate->cluster_id = span_slice(heap, (size_t)old->cluster_at, old->cluster_size);
	duplicate->split = split_name(emitter, split);
	emitter->tally.duplicates++;
	return put_row(emitter, out, split, fault);
}

static enum status put_copy(struct emitter *emitter, const struct row *row, uint64_t page, struct fault *fault)
{
	const struct page_fate *fate = &emitter->shared->fates.pages[page];
	struct corpus_row out;
	compose_duplicate(row, signature_at(emitter->shared->pages.table, page), &out);
	compose_evidence(&fate->evidence, &out.as.duplicate);
	return fate->fate == FATE_OLD_COPY ? put_old_duplicate(emitter, fate->keeper, fate->split, &out, fault)
					   : put_duplicate(emitter, fate->keeper, fate->split, &out, fault);
}

static enum status put_rejected(struct emitter *emitter, const struct row *row, const char *reason, struct fault *fault)
{
	struct corpus_row out;
	compose_rejection(row, reason, &out);
	if (reason) /* those of pass 1 were counted there */
		tally_reason(&emitter->tally, "rejected", out.as.rejection.reason, 1);
	return put_row(emitter, &out, 0, fault);
}

static int by_row(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = ((const struct revisit_fate *)b)->row;
	return x < y ? -1 : x > y;
}

static enum status put_revisit(struct emitter *emitter, const struct row *row, struct fault *fault)
{
	static const char *const skipped[] = {
		[REVISIT_RESOLVED] = NULL,
		[REVISIT_UNRESOLVED] = "revisit-unresolved",
		[REVISIT_OF_REJECTED] = "revisit-of-rejected",
		[REVISIT_NOT_SAMPLED] = "not-sampled",
		[REVISIT_OF_OLD] = NULL,
	};
	const struct revisit_fate *fate = bsearch(&emitter->cursor.row, emitter->shared->fates.revisits,
						  (size_t)emitter->shared->fates.revisit_count, sizeof *fate, by_row);
	if (!fate)
		return fault_set(fault, STATUS_DATA, 0, "the fates do not fit the spool");
	if (skipped[fate->outcome]) {
		tally_reason(&emitter->tally, "skipped", span_of(skipped[fate->outcome]), 1);
		return STATUS_OK;
	}
	struct corpus_row out;
	compose_duplicate(row, NULL, &out);
	if (fate->outcome == REVISIT_OF_OLD)
		return put_old_duplicate(emitter, fate->keeper, fate->split, &out, fault);
	return put_duplicate(emitter, fate->keeper, fate->split, &out, fault);
}

static enum status put_error(struct emitter *emitter, const struct row *row, struct fault *fault)
{
	struct json_writer writer;
	const struct page_source *page = &row->document.page;
	json_start(&writer, &emitter->errors);
	json_begin(&writer, '{');
	json_put_text(&writer, "file", page->warc_filename);
	json_put_uint(&writer, "offset", page->warc_record_offset);
	if (page->warc_record_inner)
		json_put_uint(&writer, "inner", page->warc_record_inner);
	json_put_uint(&writer, "skipped", row->skipped);
	json_put_text(&writer, "error", text_clean(emitter->arena, row->reason));
	json_end(&writer, '}');
	buffer_append_byte(&emitter->errors, '\n');
	return emitter->errors.status == STATUS_OK
		       ? STATUS_OK
		       : fault_set(fault, emitter->errors.status, 0, "no memory for the errors");
}

static enum status put_page(struct emitter *emitter, struct row *row, uint64_t page, struct fault *fault)
{
	const char *reason;
	uint8_t fate = emitter->shared->fates.pages[page].fate;
	if (fate == FATE_NOT_SAMPLED) {
		tally_reason(&emitter->tally, "skipped", SPAN("not-sampled"), 1);
		return STATUS_OK;
	}
	if (final_text_make(&emitter->final, &emitter->shared->recurring, &emitter->plan->settings, row, &reason) !=
	    STATUS_OK)
		return fault_set(fault, STATUS_MEMORY, 0, "no memory for a page's text");
	if ((reason != NULL) != (fate == FATE_REJECTED))
		return fault_set(fault, STATUS_DATA, 0, "the fates do not fit the spool");
	return fate == FATE_REJECTED ? put_rejected(emitter, row, reason, fault)
	       : fate != FATE_KEPT   ? put_copy(emitter, row, page, fault)
				     : put_document(emitter, row, page, fault);
}

static enum status put_any(struct emitter *emitter, struct row *row, struct fault *fault)
{
	arena_reset(emitter->arena);
	switch (row->kind) {
	case ROW_REJECTED:
		return put_rejected(emitter, row, NULL, fault);
	case ROW_REVISIT:
		return put_revisit(emitter, row, fault);
	case ROW_ERROR:
		return put_error(emitter, row, fault);
	case ROW_PAGE:
		break;
	}
	bool elsewhere =
		emitter->part.kind == PART_SIDE && emitter->shared->fates.pages[emitter->cursor.page].fate == FATE_KEPT;
	return elsewhere ? STATUS_OK : put_page(emitter, row, emitter->cursor.page, fault);
}

/* ---- Walking
 * -------------------------------------------------------------------------------------------------------------- */

/* The last frame that may hold a row with PAGE pages before it. */
static size_t frame_before(const struct spool *spool, uint64_t page)
{
	size_t low = 0, high = spool->frame_count;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (spool->frames[middle].first_page < page)
			low = middle + 1;
		else
			high = middle;
	}
	return low ? low - 1 : 0;
}

static enum status emit_range(struct emitter *emitter, struct fault *fault)
{
	struct row row;
	const struct spool *spool = emitter->spool;
	enum status status = STATUS_OK;
	size_t frame = frame_before(spool, emitter->part.first);
	for (; status == STATUS_OK && frame < spool->frame_count; frame++) {
		if (!emitter->last && spool->frames[frame].first_page >= emitter->part.end)
			break;
		status = spool_cursor_frame(&emitter->cursor, frame, fault);
		while (status == STATUS_OK &&
		       (status = spool_cursor_next(&emitter->cursor, &row, fault)) == STATUS_OK) {
			uint64_t page = emitter->cursor.page;
			if (page >= emitter->part.first && (emitter->last || page < emitter->part.end))
				status = put_any(emitter, &row, fault);
		}
		status = status == STATUS_END ? STATUS_OK : status;
	}
	return status;
}

/* A sorted part: its rows are gathered by a walk over the frames that hold them, then written in their order. */
struct place {
	uint32_t page;
	uint64_t position, at, size;
};

static int by_page(const void *a, const void *b)
{
	uint32_t x = ((const struct place *)a)->page, y = ((const struct place *)b)->page;
	return x < y ? -1 : x > y;
}

static int by_position(const void *a, const void *b)
{
	uint64_t x = ((const struct place *)a)->position, y = ((const struct place *)b)->position;
	return x < y ? -1 : x > y;
}

static enum status gather(struct emitter *emitter, struct place *places, size_t count, struct buffer *rows,
			  struct fault *fault)
{
	struct row row;
	const struct spool *spool = emitter->spool;
	enum status status = STATUS_OK;
	for (size_t i = 0; status == STATUS_OK && i < count;) {
		size_t frame = frame_before(spool, places[i].page + (uint64_t)1);
		status = spool_cursor_frame(&emitter->cursor, frame, fault);
		while (status == STATUS_OK &&
		       (status = spool_cursor_next(&emitter->cursor, &row, fault)) == STATUS_OK) {
			if (row.kind != ROW_PAGE || i >= count || emitter->cursor.page != places[i].page)
				continue;
			places[i].at = rows->size;
			row_pack(&row, rows);
			places[i].size = rows->size - places[i].at;
			i++;
		}
		status = status == STATUS_END ? STATUS_OK : status;
	}
	if (status == STATUS_OK && rows->status != STATUS_OK)
		status = fault_set(fault, rows->status, 0, "no memory to sort a part");
	return status;
}

static enum status emit_sorted(struct emitter *emitter, struct fault *fault)
{
	struct buffer rows;
	struct row row;
	size_t count = (size_t)(emitter->part.end - emitter->part.first);
	struct place *places = memory_zeroed(count + 1, sizeof *places);
	if (!places)
		return fault_set(fault, STATUS_MEMORY, 0, "no memory to sort a part");
	buffer_init(&rows, SIZE_MAX / 2);
	for (size_t i = 0; i < count; i++)
		places[i] =
			(struct place){.page = emitter->shared->fates.order[emitter->part.first + i], .position = i};
	qsort(places, count, sizeof *places, by_page);
	enum status status = gather(emitter, places, count, &rows, fault);
	qsort(places, count, sizeof *places, by_position);
	for (size_t i = 0; status == STATUS_OK && i < count; i++) {
		struct span bytes = span_slice(buffer_span(&rows), (size_t)places[i].at, (size_t)places[i].size);
		arena_reset(emitter->arena);
		arena_reset(emitter->cursor.arena);
		if (!row_unpack(&bytes, emitter->plan->inputs, emitter->cursor.arena, &row))
			status = fault_set(fault, STATUS_DATA, 0, "the spool is damaged");
		else
			status = put_page(emitter, &row, places[i].page, fault);
	}
	free(places);
	buffer_free(&rows);
	return status;
}

/* ---- The stage
 * -------------------------------------------------------------------------------------------------------------- */

static enum status emitter_open(struct emitter *emitter, size_t part, struct fault *fault)
{
	const struct plan *plan = emitter->plan;
	emitter->arena = arena_new(ARENA_MAX);
	emitter->masker = masker_new();
	final_text_init(&emitter->final);
	buffer_init(&emitter->errors, SIZE_MAX / 2);
	buffer_init(&emitter->files, SIZE_MAX / 2);
	if (!emitter->arena || !emitter->masker ||
	    spool_cursor_init(&emitter->cursor, plan, emitter->spool) != STATUS_OK)
		return fault_set(fault, STATUS_MEMORY, 0, "no memory to write a part");
	if (part >= emitter->shared->fates.part_count)
		return fault_set(fault, STATUS_USAGE, 0, "there are only %llu parts",
				 (unsigned long long)emitter->shared->fates.part_count);
	emitter->part = emitter->shared->fates.parts[part];
	emitter->last = emitter->part.end == emitter->shared->fates.page_count;
	return STATUS_OK;
}

static void emitter_close(struct emitter *emitter)
{
	abandon_outlets(emitter);
	spool_cursor_free(&emitter->cursor);
	final_text_free(&emitter->final);
	masker_free(emitter->masker);
	arena_free(emitter->arena);
	buffer_free(&emitter->errors);
	buffer_free(&emitter->files);
}

static enum status note_done(struct emitter *emitter, const char *name, struct fault *fault)
{
	struct buffer out;
	buffer_init(&out, SIZE_MAX / 2);
	tally_pack(&emitter->tally, &out);
	varint_put(&out, emitter->file_count);
	buffer_append_span(&out, buffer_span(&emitter->files));
	buffer_append_span(&out, buffer_span(&emitter->errors));
	struct span bytes = buffer_span(&out);
	enum status status = out.status == STATUS_OK && emitter->files.status == STATUS_OK
				     ? stage_write(emitter->plan, name, &bytes, 1, fault)
				     : fault_set(fault, STATUS_MEMORY, 0, "no memory to note a part");
	buffer_free(&out);
	return status;
}

enum status emit_shared_open(const struct plan *plan, const struct spool *spool, struct emit_shared *out,
			     struct fault *fault)
{
	memset(out, 0, sizeof *out);
	out->spool = spool;
	enum status status = signed_open(plan, spool, &out->pages, fault);
	if (status == STATUS_OK)
		status = fates_open(plan, &out->fates, fault);
	if (status == STATUS_OK)
		status = recurring_open(plan, &out->recurring, fault);
	if (status == STATUS_OK)
		status = old_pages_open(plan, &out->old, fault);
	if (status != STATUS_OK)
		emit_shared_close(out);
	return status;
}

void emit_shared_close(struct emit_shared *shared)
{
	signed_close(&shared->pages);
	fates_close(&shared->fates);
	recurring_close(&shared->recurring);
	old_pages_close(&shared->old);
}

enum status stage_emit(struct run *run, const struct emit_shared *shared, size_t part, struct fault *fault)
{
	char name[40];
	snprintf(name, sizeof name, "emit-%05zu", part);
	if (stage_exists(run->plan, name))
		return STATUS_OK;
	struct emitter *emitter = memory_zeroed(1, sizeof *emitter);
	if (!emitter)
		return fault_set(fault, STATUS_MEMORY, 0, "no memory to write a part");
	emitter->run = run;
	emitter->plan = run->plan;
	emitter->shared = shared;
	emitter->spool = shared->spool;
	emitter->class = run->plan->settings.format;
	enum status status = emitter_open(emitter, part, fault);
	if (status == STATUS_OK)
		status = emitter->part.kind == PART_SORTED ? emit_sorted(emitter, fault) : emit_range(emitter, fault);
	if (status == STATUS_OK)
		status = close_outlets(emitter, fault);
	if (status == STATUS_OK)
		status = note_done(emitter, name, fault);
	emitter_close(emitter);
	free(emitter);
	return status;
}
