/* finish: parts and counters become a corpus folder. The accounts are checked before anything says that the run is
 * complete: a run whose records do not all end in exactly one counter writes no manifest. SHA256SUMS is written last;
 * where it stands, the folder is whole. Nothing here depends on time, threads, paths or the machine. */
#include "corpus/card.h"
#include "corpus/corpus_internal.h"
#include "corpus/emit_internal.h"

#include <stdlib.h>

struct summed { /* a line of SHA256SUMS */
	char *name;
	uint8_t sha256[DIGEST_MAX];
	uint64_t size, rows;
	int table; /* -1: none */
};

struct finish {
	struct run *run;
	const struct plan *plan;
	const struct emit_shared *shared;
	struct tally *tally;
	struct summed *files;
	size_t file_count, file_capacity;
	struct buffer errors;
	uint64_t rows[TABLE_COUNT];
	char df[33];
	struct input_digest *digests; /* [input_count] */
	uint64_t input_bytes;
};

/* ---- What parts noted
 * ------------------------------------------------------------------------------------------------- */

void emitted_put(struct buffer *out, const struct emitted_file *file, const char *suffix)
{
	size_t more = strlen(suffix);
	varint_put(out, file->name.size + more);
	buffer_append_span(out, file->name);
	buffer_append(out, suffix, more);
	varint_put(out, (uint64_t)file->table);
	varint_put(out, file->rows);
	varint_put(out, file->size);
	buffer_append(out, file->sha256, 32);
}

bool emitted_get(struct span *from, struct emitted_file *file)
{
	uint64_t size, table;
	if (!varint_get(from, &size) || size > from->size)
		return false;
	file->name = span_slice(*from, 0, (size_t)size);
	*from = span_slice(*from, (size_t)size, SIZE_MAX);
	if (!varint_get(from, &table) || table >= TABLE_COUNT || !varint_get(from, &file->rows) ||
	    !varint_get(from, &file->size) || from->size < 32)
		return false;
	file->table = (int)table;
	file->sha256 = (const uint8_t *)from->data;
	*from = span_slice(*from, 32, SIZE_MAX);
	return true;
}

static enum status no_memory(struct fault *fault)
{
	return fault_set(fault, STATUS_MEMORY, 0, "no memory to finish");
}

static struct summed *add_file(struct finish *finish, struct span name)
{
	if (finish->file_count == finish->file_capacity) {
		size_t more = finish->file_capacity ? 2 * finish->file_capacity : 64;
		struct summed *grown = memory_grow(finish->files, more * sizeof *grown);
		if (!grown)
			return NULL;
		finish->files = grown;
		finish->file_capacity = more;
	}
	struct summed *file = &finish->files[finish->file_count];
	*file = (struct summed){.name = memory_text(name), .table = -1};
	if (!file->name)
		return NULL;
	finish->file_count++;
	return file;
}

static enum status read_part(struct finish *finish, size_t part, struct tally *tally, struct fault *fault)
{
	char name[40];
	struct stage_file file;
	uint64_t count = 0;
	snprintf(name, sizeof name, "emit-%05zu", part);
	enum status status = stage_open(finish->plan, name, &file, fault);
	if (status != STATUS_OK)
		return status;
	struct span rest = file.bytes;
	struct emitted_file emitted;
	bool fine = tally_unpack(&rest, tally) && varint_get(&rest, &count);
	for (uint64_t i = 0; fine && i < count; i++) {
		fine = emitted_get(&rest, &emitted);
		struct summed *summed = fine ? add_file(finish, emitted.name) : NULL;
		if (!summed)
			break;
		memcpy(summed->sha256, emitted.sha256, 32);
		summed->size = emitted.size;
		summed->rows = emitted.rows;
		summed->table = emitted.table;
		finish->rows[emitted.table] += emitted.rows;
	}
	if (fine) {
		tally_add(finish->tally, tally);
		buffer_append_span(&finish->errors, rest);
	}
	stage_close(&file);
	return fine ? STATUS_OK : fault_set(fault, STATUS_DATA, 0, "stage file %s is damaged", name);
}

static enum status read_parts(struct finish *finish, struct fault *fault)
{
	enum status status = STATUS_OK;
	struct tally *tally = memory_new(sizeof *tally);
	if (!tally)
		return no_memory(fault);
	for (size_t part = 0; status == STATUS_OK && part < finish->shared->fates.part_count; part++)
		status = read_part(finish, part, tally, fault);
	free(tally);
	return status;
}

/* ---- Accounts
 * ------------------------------------------------------------------------------------------------------------ */

static enum status check_bytes(struct finish *finish, struct fault *fault)
{
	const struct plan *plan = finish->plan;
	for (size_t i = 0; i < plan->input_count; i++) {
		const struct warc_input *input = warc_inputs_at(plan->inputs, i);
		const struct tally *tally = &finish->shared->spool->input_tallies[i];
		uint64_t read = tally->record_bytes + tally->skipped_bytes;
		bool known = warc_input_kind(input) != WARC_KIND_STREAM && plan->stats[i].bytes;
		finish->input_bytes += known ? plan->stats[i].bytes : read;
		if (known && read != plan->stats[i].bytes)
			return fault_set(fault, STATUS_DATA, 0,
					 "the accounts do not add up: %.100s has %llu bytes, its records and gaps %llu",
					 warc_input_name(input), (unsigned long long)plan->stats[i].bytes,
					 (unsigned long long)read);
	}
	return STATUS_OK;
}

static enum status check_records(struct finish *finish, struct fault *fault)
{
	const struct tally *tally = finish->tally;
	uint64_t rejected = tally_kind(tally, "rejected"), skipped = tally_kind(tally, "skipped");
	uint64_t sum = tally->documents + tally->duplicates + rejected + skipped + tally->damaged;
	if (sum != tally->records)
		return fault_set(fault, STATUS_DATA, 0,
				 "the accounts do not add up: %llu records were read, %llu are counted",
				 (unsigned long long)tally->records, (unsigned long long)sum);
	const uint64_t expected[TABLE_COUNT] = {tally->documents, tally->duplicates, rejected};
	for (int i = 0; i < TABLE_COUNT; i++)
		if (finish->rows[i] != expected[i])
			return fault_set(fault, STATUS_DATA, 0,
					 "the accounts do not add up: %llu %s are counted, %llu written",
					 (unsigned long long)expected[i], corpus_table_names[i],
					 (unsigned long long)finish->rows[i]);
	return check_bytes(finish, fault);
}

/* ---- Files
 * ------------------------------------------------------------------------------------------------------------------ */

static enum status write_named(struct finish *finish, const char *name, struct span bytes, struct fault *fault)
{
	struct fault inner = {0};
	char *path = path_join(finish->plan->folder, "%s", name);
	struct summed *file = add_file(finish, span_of(name));
	if (!path || !file) {
		free(path);
		return no_memory(fault);
	}
	file->size = bytes.size;
	digest_of(DIGEST_SHA256, bytes, file->sha256);
	enum status status = file_write_atomic(path, bytes, &inner);
	if (status != STATUS_OK)
		fault_set(fault, status, 0, "%.120s: %.100s", path, inner.text);
	free(path);
	return status;
}

static enum status write_df(struct finish *finish, struct fault *fault)
{
	struct buffer bytes;
	struct fault inner = {0};
	char *path = path_join(finish->plan->work, "df.table");
	buffer_init(&bytes, (size_t)1 << 32);
	enum status status = path ? file_read(path, &bytes, &inner) : STATUS_MEMORY;
	if (status != STATUS_OK)
		fault_set(fault, status, 0, "the df table: %s", inner.text);
	if (status == STATUS_OK)
		status = write_named(finish, "tables/df.table", buffer_span(&bytes), fault);
	buffer_free(&bytes);
	free(path);
	return status;
}

static enum status write_recurring(struct finish *finish, struct fault *fault)
{
	struct buffer out;
	struct json_writer writer;
	const struct recurring *recurring = &finish->shared->recurring;
	buffer_init(&out, (size_t)1 << 32);
	for (size_t i = 0; i < recurring->count; i++) {
		const struct recurring_block *block = &recurring->blocks[i];
		char hash[17];
		snprintf(hash, sizeof hash, "%016llx", (unsigned long long)block->block);
		json_start(&writer, &out);
		json_begin(&writer, '{');
		json_put_text(&writer, "host", span_slice(recurring->heap, (size_t)block->text_at, block->host_size));
		json_put_text(&writer, "block", span_of(hash));
		json_put_uint(&writer, "pages", block->pages);
		json_put_uint(&writer, "of", block->of);
		json_put_text(&writer, "text",
			      span_slice(recurring->heap, (size_t)block->text_at + block->host_size, block->text_size));
		json_end(&writer, '}');
		buffer_append_byte(&out, '\n');
	}
	enum status status = out.status == STATUS_OK
				     ? write_named(finish, "tables/recurring.jsonl", buffer_span(&out), fault)
				     : no_memory(fault);
	buffer_free(&out);
	return status;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(((const struct summed *)a)->name, ((const struct summed *)b)->name);
}

/* ---- manifest.json
 * -------------------------------------------------------------------------------------------------------- */

static void write_reasons(struct json_writer *writer, const struct tally *tally, const char *kind)
{
	size_t size = strlen(kind);
	json_key(writer, kind);
	json_begin(writer, '{');
	for (size_t i = 0; i < tally->reason_count; i++)
		if (!strncmp(tally->reasons[i].name, kind, size) && tally->reasons[i].name[size] == ':')
			json_put_uint(writer, tally->reasons[i].name + size + 1, tally->reasons[i].count);
	json_end(writer, '}');
}

static void write_counters(struct json_writer *writer, const struct finish *finish)
{
	const struct tally *tally = finish->tally;
	const struct fates *fates = &finish->shared->fates;
	json_key(writer, "counters");
	json_begin(writer, '{');
	json_put_uint(writer, "records", tally->records);
	json_put_uint(writer, "documents", tally->documents);
	json_put_uint(writer, "duplicates", tally->duplicates);
	write_reasons(writer, tally, "rejected");
	write_reasons(writer, tally, "skipped");
	json_put_uint(writer, "damaged", tally->damaged);
	json_end(writer, '}');
	json_key(writer, "bytes");
	json_begin(writer, '{');
	json_put_uint(writer, "inputs", finish->input_bytes);
	json_put_uint(writer, "records", tally->record_bytes);
	json_put_uint(writer, "skipped", tally->skipped_bytes);
	json_end(writer, '}');
	json_key(writer, "clusters");
	json_begin(writer, '{');
	json_put_uint(writer, "of_two_and_more", fates->clusters);
	json_put_uint(writer, "exact", fates->exact);
	json_put_uint(writer, "near", fates->near_count);
	json_put_uint(writer, "revisits", fates->resolved_count);
	json_end(writer, '}');
	json_key(writer, "rights"); /* what documents say of their use */
	json_begin(writer, '{');
	write_reasons(writer, tally, "license");
	write_reasons(writer, tally, "signal");
	json_end(writer, '}');
}

static void write_inputs(struct json_writer *writer, const struct finish *finish)
{
	char hex[65];
	const struct plan *plan = finish->plan;
	const struct input_digest *digests = finish->digests;
	json_key(writer, "inputs");
	json_begin(writer, '[');
	for (size_t i = 0; i < plan->input_count; i++) {
		const struct tally *tally = &finish->shared->spool->input_tallies[i];
		const struct warc_input *input = warc_inputs_at(plan->inputs, i);
		json_begin(writer, '{');
		json_put_text(writer, "name", span_of(warc_input_name(input)));
		json_put_uint(writer, "bytes",
			      plan->stats[i].bytes ? plan->stats[i].bytes : tally->record_bytes + tally->skipped_bytes);
		if (digests[i].known) {
			hex_encode(digests[i].sha256, 32, hex);
			json_put_text(writer, strchr(warc_input_name(input), '!') ? "container_sha256" : "sha256",
				      span_of(hex));
		}
		json_put_uint(writer, "records", tally->records);
		json_put_uint(writer, "damaged", tally->damaged);
		json_put_uint(writer, "record_bytes", tally->record_bytes);
		json_put_uint(writer, "skipped_bytes", tally->skipped_bytes);
		json_end(writer, '}');
	}
	json_end(writer, ']');
}

static void write_files(struct json_writer *writer, const struct finish *finish)
{
	char hex[65];
	json_key(writer, "files");
	json_begin(writer, '[');
	for (size_t i = 0; i < finish->file_count; i++) {
		const struct summed *file = &finish->files[i];
		json_begin(writer, '{');
		json_put_text(writer, "name", span_of(file->name));
		if (file->table >= 0) {
			json_put_text(writer, "table", span_of(corpus_table_names[file->table]));
			json_put_uint(writer, "rows", file->rows);
		}
		json_put_uint(writer, "bytes", file->size);
		hex_encode(file->sha256, 32, hex);
		json_put_text(writer, "sha256", span_of(hex));
		json_end(writer, '}');
	}
	json_end(writer, ']');
}

/* Members one a line: a manifest is read by people too. */
static void line(struct buffer *out)
{
	if (out->size > 1 && out->data[out->size - 1] != '{')
		buffer_append_byte(out, '\n');
}

static enum status write_manifest(struct finish *finish, struct buffer *out, struct fault *fault)
{
	struct json_writer writer;
	json_start(&writer, out);
	json_begin(&writer, '{');
	json_put_text(&writer, "format", SPAN("warcmill-corpus/1"));
	json_put_text(&writer, "tool", span_of(TOOL_NAME));
	json_put_text(&writer, "article", span_of(finish->plan->article));
	json_put_text(&writer, "dedup", span_of(dedup_version()));
	json_key(&writer, "options");
	build_options_json(finish->plan->options, true, &writer);
	json_put_text(&writer, "df", span_of(finish->df));
	json_put_text(&writer, "against", span_of(finish->plan->against));
	line(out);
	write_counters(&writer, finish);
	line(out);
	write_inputs(&writer, finish);
	line(out);
	write_files(&writer, finish);
	json_end(&writer, '}');
	buffer_append_byte(out, '\n');
	return out->status == STATUS_OK ? STATUS_OK : no_memory(fault);
}

static enum status write_sums(struct finish *finish, struct fault *fault)
{
	struct buffer out;
	struct fault inner = {0};
	char hex[65];
	enum status status = memory_status(fault);
	if (status != STATUS_OK)
		return status;
	buffer_init(&out, SIZE_MAX / 2);
	qsort(finish->files, finish->file_count, sizeof *finish->files, by_name);
	for (size_t i = 0; i < finish->file_count; i++) {
		hex_encode(finish->files[i].sha256, 32, hex);
		buffer_print(&out, "%s  %s\n", hex, finish->files[i].name);
	}
	char *path = path_join(finish->plan->folder, "SHA256SUMS");
	status = path && out.status == STATUS_OK ? file_write_atomic(path, buffer_span(&out), &inner) : STATUS_MEMORY;
	if (status != STATUS_OK)
		fault_set(fault, status, 0, "%.120s: %.100s", path ? path : "SHA256SUMS", inner.text);
	buffer_free(&out);
	free(path);
	return status;
}

static enum status write_cards(struct finish *finish, struct span manifest, struct fault *fault)
{
	struct buffer readme, croissant;
	buffer_init(&readme, SIZE_MAX / 2);
	buffer_init(&croissant, SIZE_MAX / 2);
	enum status status = card_write(manifest, &readme, &croissant, fault);
	if (status == STATUS_OK)
		status = write_named(finish, "README.md", buffer_span(&readme), fault);
	if (status == STATUS_OK)
		status = write_named(finish, "croissant.json", buffer_span(&croissant), fault);
	buffer_free(&readme);
	buffer_free(&croissant);
	return status;
}

static enum status write_all(struct finish *finish, struct fault *fault)
{
	struct buffer manifest;
	enum status status = write_named(finish, "errors.jsonl", buffer_span(&finish->errors), fault);
	if (status == STATUS_OK)
		status = write_df(finish, fault);
	if (status == STATUS_OK)
		status = write_recurring(finish, fault);
	if (status == STATUS_OK && finish->plan->model)
		status = write_named(finish, CORPUS_MODEL, buffer_span(&finish->plan->model_bytes), fault);
	if (status != STATUS_OK)
		return status;
	buffer_init(&manifest, SIZE_MAX / 2);
	qsort(finish->files, finish->file_count, sizeof *finish->files, by_name);
	status = write_manifest(finish, &manifest, fault);
	if (status == STATUS_OK)
		status = write_named(finish, "manifest.json", buffer_span(&manifest), fault);
	if (status == STATUS_OK)
		status = write_cards(finish, buffer_span(&manifest), fault);
	buffer_free(&manifest);
	return status == STATUS_OK ? write_sums(finish, fault) : status;
}

static enum status read_df_digest(struct finish *finish, struct fault *fault)
{
	struct stage_file file;
	enum status status = stage_open(finish->plan, "df", &file, fault);
	if (status != STATUS_OK)
		return status;
	snprintf(finish->df, sizeof finish->df, "%.*s", SPAN_ARG(file.bytes));
	stage_close(&file);
	return STATUS_OK;
}

enum status stage_finish(struct run *run, const struct emit_shared *shared, struct tally *tally, struct fault *fault)
{
	struct finish finish = {.run = run, .plan = run->plan, .shared = shared, .tally = tally};
	buffer_init(&finish.errors, SIZE_MAX / 2);
	*tally = shared->spool->tally;
	enum status status = digests_read(run->plan, &finish.digests, fault);
	if (status == STATUS_OK)
		status = read_df_digest(&finish, fault);
	if (status == STATUS_OK)
		status = read_parts(&finish, fault);
	if (status == STATUS_OK && finish.errors.status != STATUS_OK)
		status = no_memory(fault);
	if (status == STATUS_OK)
		status = check_records(&finish, fault);
	tally_sort(tally);
	if (status == STATUS_OK)
		status = write_all(&finish, fault);
	for (size_t i = 0; i < finish.file_count; i++)
		free(finish.files[i].name);
	free(finish.files);
	free(finish.digests);
	buffer_free(&finish.errors);
	return status;
}
