/* derive: the record at an address read again, through the very code that made the corpus: page_make, final_text_make,
 * signer_sign, compose. So a difference means that archive, corpus or program changed, and never that two copies of a
 * rule have drifted apart. */
#include "corpus/derive.h"

#include <stdlib.h>

enum { NEAR = 4 << 20, ARENA_MAX = 256 << 20 };

struct deriver {
	const struct derive_shared *shared;
	struct warc_reader *reader;
	struct page_maker *maker;
	struct final_text final;
	struct signer *signer;
	struct masker *masker;
	struct arena *arena;
	size_t input;    /* that is open; SIZE_MAX: none */
	uint64_t offset; /* of the record read last */
	uint64_t inner;
};

/* ---- Shared ---------------------------------------------------------------------------------------------------- */

static uint64_t hex_u64(struct span text)
{
	uint8_t bytes[8];
	uint64_t value = 0;
	if (hex_decode(text, bytes, sizeof bytes) != 8)
		return 0;
	for (int i = 0; i < 8; i++)
		value = value << 8 | bytes[i];
	return value;
}

static int by_block(const void *a, const void *b)
{
	const struct recurring_block *x = a, *y = b;
	if (x->host != y->host)
		return x->host < y->host ? -1 : 1;
	return x->block < y->block ? -1 : x->block > y->block;
}

static enum status add_recurring(struct derive_shared *shared, size_t *capacity, struct span line, struct arena *arena)
{
	const struct json *row;
	arena_reset(arena);
	if (json_parse(arena, line, 0, &row, NULL) != STATUS_OK)
		return STATUS_DATA;
	if (shared->recurring.count == *capacity) {
		size_t more = *capacity ? 2 * *capacity : 256;
		struct recurring_block *grown = memory_grow(shared->blocks, more * sizeof *grown);
		if (!grown)
			return STATUS_MEMORY;
		shared->blocks = grown;
		*capacity = more;
	}
	struct span host = json_get_text(row, "host");
	shared->blocks[shared->recurring.count++] = (struct recurring_block){
		.host = hash64(host.data, host.size, 0), .block = hex_u64(json_get_text(row, "block"))};
	return STATUS_OK;
}

static enum status read_recurring(const struct corpus *corpus, struct derive_shared *shared, struct fault *fault)
{
	struct line_reader *reader = NULL;
	struct span line;
	size_t capacity = 0;
	char *path = path_join(corpus->folder, "tables/recurring.jsonl");
	struct arena *arena = arena_new(1 << 24);
	enum status status = path && arena ? line_reader_open(path, &reader, fault) : STATUS_MEMORY;
	while (status == STATUS_OK && (status = line_reader_next(reader, &line, fault)) == STATUS_OK)
		status = add_recurring(shared, &capacity, line, arena);
	line_reader_close(reader);
	arena_free(arena);
	free(path);
	if (status != STATUS_END)
		return fault_set(fault, status, 0, "tables/recurring.jsonl cannot be read: %s", status_name(status));
	if (shared->recurring.count)
		qsort(shared->blocks, shared->recurring.count, sizeof *shared->blocks, by_block);
	shared->recurring.blocks = shared->blocks;
	return STATUS_OK;
}

/* Paths of run.json that are still there. */
static enum status known_paths(const struct corpus *corpus, char ***out, size_t *count, struct fault *fault)
{
	struct manifest_recipe recipe;
	struct build_options *scratch = build_options_new();
	char *path = path_join(corpus->folder, "manifest.json");
	*out = NULL;
	*count = 0;
	enum status status = scratch && path ? manifest_recipe_read(path, scratch, &recipe, fault) : STATUS_MEMORY;
	if (status == STATUS_OK) {
		*out = memory_zeroed(recipe.path_count + 1, sizeof **out);
		for (size_t i = 0; *out && i < recipe.path_count; i++)
			if (strstr(recipe.paths[i], "://") || file_exists(recipe.paths[i])) {
				(*out)[(*count)++] = recipe.paths[i];
				recipe.paths[i] = NULL;
			}
		manifest_recipe_free(&recipe);
	}
	build_options_free(scratch);
	free(path);
	return status;
}

static enum status open_archives(const struct corpus *corpus, const char *const *inputs, size_t count,
				 struct derive_shared *shared, struct fault *fault)
{
	char **paths = NULL;
	size_t path_count = 0;
	enum status status = STATUS_OK;
	if (!count) {
		status = known_paths(corpus, &paths, &path_count, fault);
		inputs = (const char *const *)paths;
		count = path_count;
	}
	if (status == STATUS_OK && count)
		status = plan_new(inputs, count, shared->options, corpus->folder, &shared->plan, fault);
	for (size_t i = 0; i < path_count; i++)
		free(paths[i]);
	free(paths);
	return status;
}

enum status derive_shared_open(const struct corpus *corpus, const char *const *inputs, size_t count,
			       struct derive_shared *out, struct fault *fault)
{
	struct fault inner = {0};
	memset(out, 0, sizeof *out);
	out->options = build_options_new();
	char *df = path_join(corpus->folder, "tables/df.table");
	enum status status = out->options && df ? STATUS_OK : fault_set(fault, STATUS_MEMORY, 0, "no memory");
	if (status == STATUS_OK)
		status = build_options_from_json(out->options, json_get(corpus->manifest, "options"), fault);
	if (status == STATUS_OK)
		status = model_option_set(out->options, path_join(corpus->folder, CORPUS_MODEL), fault);
	if (status == STATUS_OK)
		status = read_recurring(corpus, out, fault);
	if (status == STATUS_OK && !(out->df = df_load(df, &inner)))
		status = fault_set(fault, inner.status, 0, "tables/df.table: %.160s", inner.text);
	if (status == STATUS_OK)
		status = open_archives(corpus, inputs, count, out, fault);
	free(df);
	if (status != STATUS_OK)
		derive_shared_close(out);
	return status;
}

void derive_shared_close(struct derive_shared *shared)
{
	plan_free(shared->plan);
	build_options_free(shared->options);
	df_free(shared->df);
	free(shared->blocks);
	memset(shared, 0, sizeof *shared);
}

size_t derive_input(const struct derive_shared *shared, struct span name)
{
	size_t low = 0, high = shared->plan ? shared->plan->input_count : 0;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		int order = span_compare(span_of(warc_input_name(warc_inputs_at(shared->plan->inputs, middle))), name);
		if (order == 0)
			return middle;
		if (order < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return SIZE_MAX;
}

bool derive_address(struct span id, struct span *name, uint64_t *offset, uint64_t *inner)
{
	for (size_t i = id.size; i-- > 0;)
		if (id.data[i] == '@') {
			*name = span_slice(id, 0, i);
			return warc_address_parse(span_slice(id, i + 1, SIZE_MAX), offset, inner);
		}
	return false;
}

/* ---- One record ---------------------------------------------------------------------------------------------------
 */

struct deriver *deriver_new(const struct derive_shared *shared, struct fault *fault)
{
	struct deriver *deriver = memory_zeroed(1, sizeof *deriver);
	if (deriver) {
		deriver->shared = shared;
		deriver->input = SIZE_MAX;
		deriver->reader = warc_reader_new(NULL);
		deriver->maker = page_maker_new(shared->plan, fault);
		deriver->signer = signer_new(shared->df, SIMHASH_128);
		deriver->masker = masker_new();
		deriver->arena = arena_new(ARENA_MAX);
		final_text_init(&deriver->final);
	}
	if (deriver && deriver->reader && deriver->maker && deriver->signer && deriver->masker && deriver->arena)
		return deriver;
	deriver_free(deriver);
	fault_set(fault, STATUS_MEMORY, 0, "no memory for a worker");
	return NULL;
}

void deriver_free(struct deriver *deriver)
{
	if (!deriver)
		return;
	warc_reader_free(deriver->reader);
	page_maker_free(deriver->maker);
	signer_free(deriver->signer);
	masker_free(deriver->masker);
	arena_free(deriver->arena);
	final_text_free(&deriver->final);
	free(deriver);
}

void deriver_explain(struct deriver *deriver)
{
	page_maker_explain(deriver->maker);
}

static bool before(uint64_t offset, uint64_t inner, uint64_t than_offset, uint64_t than_inner)
{
	return offset < than_offset || (offset == than_offset && inner < than_inner);
}

/* The record at (OFFSET, INNER): STATUS_OK, or STATUS_END when none starts there. */
static enum status seek(struct deriver *deriver, size_t input, uint64_t offset, uint64_t inner,
			struct warc_record *record, struct fault *fault)
{
	const struct warc_input *at = warc_inputs_at(deriver->shared->plan->inputs, input);
	bool on = deriver->input == input && before(deriver->offset, deriver->inner, offset, inner) &&
		  offset - deriver->offset < NEAR;
	enum status status = STATUS_OK;
	deriver->input = SIZE_MAX;
	if (!on)
		status = warc_reader_open(deriver->reader, at, offset, UINT64_MAX, true, fault);
	while (status == STATUS_OK) {
		status = warc_next(deriver->reader, record, NULL, fault);
		if (status == STATUS_DATA) {
			status = STATUS_OK;
			continue;
		}
		if (status != STATUS_OK)
			break;
		if (record->offset == offset && record->inner == inner) {
			deriver->input = input;
			deriver->offset = offset;
			deriver->inner = inner;
			return STATUS_OK;
		}
		if (before(offset, inner, record->offset, record->inner))
			return STATUS_END;
	}
	return status;
}

static enum status compose(struct deriver *deriver, struct derived *out, struct fault *fault)
{
	const struct plan *plan = deriver->shared->plan;
	struct row *row = &out->row;
	if (row->kind == ROW_REVISIT) {
		compose_duplicate(row, NULL, &out->out);
		return STATUS_OK;
	}
	if (row->kind == ROW_PAGE) {
		enum status status = final_text_make(&deriver->final, &deriver->shared->recurring, &plan->settings, row,
						     &out->reason);
		if (status != STATUS_OK)
			return fault_set(fault, status, 0, "no memory for a page's text");
	}
	if (row->kind == ROW_REJECTED || out->reason) {
		compose_rejection(row, out->reason, &out->out);
		return STATUS_OK;
	}
	enum status status = signer_sign(deriver->signer, row->document.text, &out->signature);
	if (status == STATUS_OK)
		status = compose_document(plan, row, &out->signature, deriver->masker, deriver->arena, &out->out);
	return status == STATUS_OK ? STATUS_OK : fault_set(fault, status, 0, "cannot sign a page's text");
}

enum status derive(struct deriver *deriver, size_t input, uint64_t offset, uint64_t inner, struct derived *out,
		   struct fault *fault)
{
	struct warc_record record;
	char address[WARC_ADDRESS_MAX];
	const struct warc_inputs *inputs = deriver->shared->plan->inputs;
	struct tally *tally = memory_zeroed(1, sizeof *tally);
	memset(out, 0, sizeof *out);
	arena_reset(deriver->arena);
	if (!tally)
		return fault_set(fault, STATUS_MEMORY, 0, "no memory for a record");
	enum status status = seek(deriver, input, offset, inner, &record, fault);
	if (status == STATUS_OK) {
		out->length = record.length;
		status = page_make(deriver->maker, deriver->reader, &record, (uint32_t)input, tally, &out->row,
				   &out->found, fault);
	} else if (status == STATUS_END || status == STATUS_DATA) {
		status = STATUS_OK;
	}
	free(tally);
	if (status != STATUS_OK || !out->found)
		return status;
	struct page_source *page = &out->row.document.page;
	warc_address_format(offset, inner, address);
	page->warc_filename = span_of(warc_input_name(warc_inputs_at(inputs, input)));
	page->id = arena_print(deriver->arena, "%s@%s", page->warc_filename.data, address);
	return compose(deriver, out, fault);
}
