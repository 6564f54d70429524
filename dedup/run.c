/* run: all stages over one table in one process, under a ceiling of memory.
 *
 * What is held, for each document: 4 bytes of exact groups (20 while they are made), keys and candidates of one
 * partition at a time (8 bytes a key, 20 keys, divided by the number of partitions), 24 bytes for each accepted pair,
 * and 60 bytes while clusters are made. The number of partitions follows from the ceiling. With one, keys are written
 * once, as run files, so that a partition reads its own and not all signatures again; without one they are taken from
 * the signatures. The result depends on neither. */
#include "dedup/dedup_internal.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

const char *dedup_version(void)
{
	return "dedup 2";
}

/* Bytes a document that a pass over all keys would hold: 20 keys, as many again for sorting and candidates. */
#define KEY_BYTES 400
#define DEFAULT_BYTES 120

static unsigned partitions_for(uint64_t documents, uint64_t memory)
{
	uint64_t whole = documents * KEY_BYTES, room = memory ? memory / 2 : documents * DEFAULT_BYTES;
	if (room < (uint64_t)16 << 20)
		room = (uint64_t)16 << 20;
	uint64_t partitions = (whole + room - 1) / room;
	return partitions < 1 ? 1 : partitions > KEY_BINS ? KEY_BINS : (unsigned)partitions;
}

/* ---- Lists of pairs, merged as they come ------------------------------------------------------------------------ */

static bool before(const struct accepted_pair *a, const struct accepted_pair *b)
{
	return a->a != b->a ? a->a < b->a : a->b < b->b;
}

/* Two sorted lists into one; a pair that both have is kept once. Both are freed, whatever happens. */
static enum status lists_merge(struct pair_list *into, struct pair_list *more)
{
	struct pair_list out = {.candidates = into->candidates + more->candidates,
				.full_buckets = into->full_buckets + more->full_buckets,
				.capacity = into->count + more->count,
				.ceiling = into->ceiling};
	size_t i = 0, k = 0;
	out.at = ceiling_array(out.ceiling, out.capacity + 1, sizeof *out.at);
	while (out.at && (i < into->count || k < more->count)) {
		bool first = k == more->count || (i < into->count && !before(&more->at[k], &into->at[i]));
		if (first && k < more->count && !before(&into->at[i], &more->at[k]))
			k++;
		out.at[out.count++] = first ? into->at[i++] : more->at[k++];
		if (out.count % SCAN_STRIDE == 0)
			ceiling_check(out.ceiling);
	}
	pair_list_free(into);
	pair_list_free(more);
	*into = out;
	return out.at ? STATUS_OK : STATUS_MEMORY;
}

/* A stack of lists, each more than twice as long as the next: every pair is copied log(partitions) times. */
#define STACK_MAX 48
struct list_stack {
	struct pair_list at[STACK_MAX];
	unsigned count;
};

static enum status stack_put(struct list_stack *stack, struct pair_list *list, bool last)
{
	enum status status = STATUS_OK;
	if (!last)
		stack->at[stack->count++] = *list;
	while (!status && stack->count > 1 &&
	       (last || stack->count == STACK_MAX ||
		stack->at[stack->count - 2].count <= 2 * stack->at[stack->count - 1].count)) {
		stack->count--;
		status = lists_merge(&stack->at[stack->count - 1], &stack->at[stack->count]);
	}
	return status;
}

/* ---- Keys on disk --------------------------------------------------------------------------------------------------
 */

/* Documents whose keys are in memory at a time while a run file is made: twice 160 bytes each. */
#define RUN_DOCUMENTS_MIN 16384

struct run_files {
	char folder[4096];
	char **paths;
	size_t count, capacity;
	bool made;
};

static void run_files_remove(struct run_files *files)
{
	for (size_t i = 0; i < files->count; i++) {
		unlink(files->paths[i]);
		free(files->paths[i]);
	}
	free(files->paths);
	if (files->made)
		rmdir(files->folder);
}

/* A folder of our own: other runs may use the same work folder. */
static enum status run_folder_make(struct run_files *files, const struct dedup_options *options, struct fault *fault)
{
	const char *base = options->work_folder ? options->work_folder : getenv("TMPDIR");
	int size = snprintf(files->folder, sizeof files->folder, "%s/.keys-XXXXXX", base && *base ? base : "/tmp");
	if (size < 0 || (size_t)size + 32 >= sizeof files->folder || !mkdtemp(files->folder))
		return fault_set(fault, STATUS_IO, 0, "cannot make a folder for keys in %.150s: %s",
				 base ? base : "/tmp", strerror(errno));
	files->made = true;
	return STATUS_OK;
}

static enum status run_files_write(struct run_files *files, const struct dedup_input *input,
				   const struct exact_groups *groups, const struct dedup_options *options,
				   struct fault *fault)
{
	size_t documents = signature_table_count(input->table), step = (size_t)(options->memory / 4 / 320);
	if (step < RUN_DOCUMENTS_MIN)
		step = RUN_DOCUMENTS_MIN;
	enum status status = run_folder_make(files, options, fault);
	files->capacity = documents / step + 1;
	files->paths = memory_zeroed(files->capacity, sizeof *files->paths);
	if (!files->paths)
		return fault_set(fault, STATUS_MEMORY, 0, "no memory for the files of keys");
	for (size_t from = 0; from < documents && !status; from += step) {
		size_t to = from + step < documents ? from + step : documents;
		char *path = malloc(sizeof files->folder);
		if (!path)
			return fault_set(fault, STATUS_MEMORY, 0, "no memory for the files of keys");
		snprintf(path, sizeof files->folder, "%.4060s/%05zu.run", files->folder, files->count);
		files->paths[files->count++] = path;
		status = keys_write(input->table, groups, options, from, to, path, fault);
	}
	return status;
}

static enum status match_all(const struct dedup_input *input, const struct exact_groups *groups,
			     const struct dedup_options *options, struct pair_list *all, struct fault *fault)
{
	unsigned partitions = partitions_for(signature_table_count(input->table), options->memory);
	struct run_files files = {.count = 0};
	struct list_stack stack = {.count = 0};
	enum status status = STATUS_OK;
	if (options->memory && partitions > 1 && !options->exact_only)
		status = run_files_write(&files, input, groups, options, fault);
	for (unsigned i = 0; i < partitions && !status; i++) {
		struct pair_list found;
		status = dedup_match(input->table, groups, options, i, partitions, (const char *const *)files.paths,
				     files.count, input->old_count, &found, fault);
		if (!status && stack_put(&stack, &found, false))
			status = fault_set(fault, STATUS_MEMORY, 0, "no memory for the accepted pairs");
	}
	if (!status && stack_put(&stack, NULL, true))
		status = fault_set(fault, STATUS_MEMORY, 0, "no memory for the accepted pairs");
	if (!status)
		*all = stack.at[0];
	for (unsigned i = status ? 0 : 1; i < stack.count; i++)
		pair_list_free(&stack.at[i]);
	run_files_remove(&files);
	return status;
}

static enum status run_stages(const struct dedup_input *input, const struct dedup_options *options,
			      struct dedup_result *result, struct fault *fault)
{
	struct exact_groups *groups = NULL;
	struct pair_list pairs = {.count = 0};
	if (dedup_exact(input->table, options, &groups))
		return fault_set(fault, STATUS_MEMORY, 0, "no memory for the groups of equal texts");
	enum status status = match_all(input, groups, options, &pairs, fault);
	if (!status)
		status = dedup_cluster(input, groups, &pairs, options, result, fault);
	pair_list_free(&pairs);
	exact_groups_free(groups);
	return status;
}

enum status dedup_run(const struct dedup_input *input, const struct dedup_options *options, struct dedup_result *result,
		      struct fault *fault)
{
	struct dedup_options own = *options;
	memset(result, 0, sizeof *result);
	enum status status = dedup_options_check(options, fault);
	if (status)
		return status;
	if (signature_table_count(input->table) >= DOCUMENT_NONE)
		return fault_set(fault, STATUS_LIMIT, 0, "more than 2^32 - 2 documents in one run");
	if (!options->ceiling)
		own.ceiling = ceiling_new(options->memory, options->work_folder);
	if (!own.ceiling || signature_table_watch(input->table, own.ceiling))
		status = fault_set(fault, STATUS_MEMORY, 0, "no memory for a run");
	else if (!options->ceiling)
		ceiling_soften(own.ceiling, CEILING_SOFT);
	if (!status)
		status = run_stages(input, &own, result, fault);
	signature_table_unwatch(input->table, own.ceiling);
	result->memory_peak = ceiling_peak(own.ceiling);
	result->own_ceiling = !options->ceiling && !status;
	if (status && !options->ceiling)
		ceiling_free(own.ceiling);
	return status;
}
