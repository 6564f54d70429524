/* run: all stages over one table in one process, under a ceiling of memory.
 *
 * What is held, for each document: 4 bytes of exact groups (16 while they are made), keys and candidates of one
 * partition at a time (8 bytes a key, 20 keys, divided by the number of partitions), 24 bytes for each accepted pair,
 * and 60 bytes while clusters are made. The number of partitions follows from the ceiling; the result does not depend
 * on it. */
#include "dedup/dedup_internal.h"

#include <stdio.h>
#include <stdlib.h>

const char *dedup_version(void)
{
	return "dedup 1";
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

static bool list_append(struct pair_list *all, const struct pair_list *more)
{
	if (all->count + more->count > all->capacity) {
		size_t capacity = (all->count + more->count) * 5 / 4 + 16;
		struct accepted_pair *at = realloc(all->at, capacity * sizeof *at);
		if (!at)
			return false;
		all->at = at;
		all->capacity = capacity;
	}
	if (more->count)
		memcpy(all->at + all->count, more->at, more->count * sizeof *more->at);
	all->count += more->count;
	all->candidates += more->candidates;
	all->full_buckets += more->full_buckets;
	return true;
}

static enum status match_all(const struct dedup_input *input, const struct exact_groups *groups,
			     const struct dedup_options *options, struct pair_list *all, struct fault *fault)
{
	unsigned partitions = partitions_for(signature_table_count(input->table), options->memory);
	enum status status = STATUS_OK;
	for (unsigned i = 0; i < partitions && !status; i++) {
		struct pair_list found;
		status = dedup_match(input->table, groups, options, i, partitions, NULL, 0, input->old_count, &found,
				     fault);
		if (!status && !list_append(all, &found))
			status = fault_set(fault, STATUS_MEMORY, 0, "no memory for the accepted pairs");
		pair_list_free(&found);
		if (options->memory)
			signature_table_release(input->table);
	}
	pair_list_sort(all);
	return status;
}

enum status dedup_run(const struct dedup_input *input, const struct dedup_options *options, struct dedup_result *result,
		      struct fault *fault)
{
	struct exact_groups *groups = NULL;
	struct pair_list pairs = {NULL, 0, 0, 0, 0};
	memset(result, 0, sizeof *result);
	enum status status = dedup_options_check(options, fault);
	if (status)
		return status;
	if (signature_table_count(input->table) >= DOCUMENT_NONE)
		return fault_set(fault, STATUS_LIMIT, 0, "more than 2^32 - 2 documents in one run");
	if (dedup_exact(input->table, options, &groups))
		return fault_set(fault, STATUS_MEMORY, 0, "no memory for the groups of equal texts");
	status = match_all(input, groups, options, &pairs, fault);
	if (!status)
		status = dedup_cluster(input, groups, &pairs, options, result, fault);
	pair_list_free(&pairs);
	exact_groups_free(groups);
	return status;
}
