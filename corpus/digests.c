/* digests: SHA-256 of every input that is a file, so that a corpus names its archives beyond doubt. Members of a
 * container carry their container's digest. One stage file a shard: it reads all archives once more. */
#include "corpus/corpus_internal.h"

#include <stdlib.h>

/* FIRST: of the shard. */
static enum status digest_one(struct run *run, size_t first, size_t input, struct input_digest *out,
			      struct fault *fault)
{
	uint64_t size = 0;
	const struct plan *plan = run->plan;
	const struct warc_input *at = warc_inputs_at(plan->inputs, input);
	const char *path = warc_input_path(at);
	int64_t planned = plan->stats[input].changed_ns;
	if (!plan_changed_ns(path))
		return planned ? fault_set(fault, STATUS_IO, 0, "the input %.160s has vanished", path) : STATUS_OK;
	/* A container's members follow each other. */
	if (input > first && !strcmp(path, warc_input_path(warc_inputs_at(plan->inputs, input - 1))))
		return STATUS_OK;
	struct fault inner = {0};
	enum status status = digest_file(DIGEST_SHA256, path, out->sha256, &size, &inner);
	if (status != STATUS_OK)
		return fault_set(fault, status, 0, "%.120s: %.100s", path, inner.text);
	out->known = 1;
	if (plan_changed_ns(path) != planned)
		return fault_set(fault, STATUS_IO, 0, "the input %.160s changed while it was read", path);
	return STATUS_OK;
}

enum status stage_digests(struct run *run, size_t shard, struct fault *fault)
{
	const struct plan *plan = run->plan;
	enum status failed = STATUS_OK;
	char name[40];
	size_t first = plan->shard_inputs[shard], count = plan->shard_inputs[shard + 1] - first;
	snprintf(name, sizeof name, "digests-%05zu", shard);
	if (stage_exists(plan, name))
		return STATUS_OK;
	struct input_digest *digests = memory_zeroed(count, sizeof *digests);
	if (!digests)
		return fault_set(fault, STATUS_MEMORY, 0, "no memory for the inputs' digests");
#pragma omp parallel for schedule(dynamic, 1) num_threads((int)run->threads)
	for (size_t i = 0; i < count; i++) {
		struct fault inner = {0};
		enum status status = digest_one(run, first, first + i, &digests[i], &inner);
#pragma omp critical(digests)
		{
			if (status != STATUS_OK && failed == STATUS_OK) {
				failed = status;
				if (fault)
					*fault = inner;
			}
			run_progress(run, plan->stats[first + i].bytes);
		}
	}
	for (size_t i = 1; i < count; i++)
		if (!strcmp(warc_input_path(warc_inputs_at(plan->inputs, first + i)),
			    warc_input_path(warc_inputs_at(plan->inputs, first + i - 1))))
			digests[i] = digests[i - 1];
	struct span bytes = {(const char *)digests, count * sizeof *digests};
	if (failed == STATUS_OK)
		failed = stage_write(plan, name, &bytes, 1, fault);
	free(digests);
	return failed;
}

enum status digests_read(const struct plan *plan, struct input_digest **out, struct fault *fault)
{
	char name[40];
	enum status status = STATUS_OK;
	*out = memory_zeroed(plan->input_count, sizeof **out);
	if (!*out)
		return fault_set(fault, STATUS_MEMORY, 0, "no memory for the inputs' digests");
	for (size_t s = 0; status == STATUS_OK && s < plan->shard_count; s++) {
		struct stage_file file;
		size_t first = plan->shard_inputs[s], size = (plan->shard_inputs[s + 1] - first) * sizeof **out;
		snprintf(name, sizeof name, "digests-%05zu", s);
		status = stage_open(plan, name, &file, fault);
		if (status == STATUS_OK && file.bytes.size != size)
			status = fault_set(fault, STATUS_DATA, 0, "stage file %s is damaged", name);
		if (status == STATUS_OK && size)
			memcpy(*out + first, file.bytes.data, size);
		stage_close(&file);
	}
	return status;
}
