/* The program: miscount CORPUS STAGE-FILE COUNTER makes a finished stage of a run under way count one more, with every
 * hash as it should be: what a fault of the program would leave, not one of the disk. STAGE-FILE is emit-NNNNN or
 * spool-NNNNN (its first segment). */
#include "corpus/corpus_internal.h"
#include "corpus/spool_internal.h"

#include <stdio.h>
#include <stdlib.h>

static bool count_more(struct tally *tally, const char *counter)
{
	const struct {
		const char *name;
		uint64_t *count;
	} rows[] = {{"records", &tally->records},           {"documents", &tally->documents},
		    {"duplicates", &tally->duplicates},     {"damaged", &tally->damaged},
		    {"record-bytes", &tally->record_bytes}, {"skipped-bytes", &tally->skipped_bytes}};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		if (!strcmp(rows[i].name, counter)) {
			++*rows[i].count;
			return true;
		}
	for (size_t i = 0; i < tally->reason_count; i++)
		if (!strcmp(tally->reasons[i].name, counter)) {
			tally->reasons[i].count++;
			return true;
		}
	return false;
}

static enum status change_stage(const struct plan *plan, const char *name, const char *counter, struct fault *fault)
{
	struct stage_file file;
	struct tally tally;
	struct buffer out;
	enum status status = stage_open(plan, name, &file, fault);
	if (status != STATUS_OK)
		return status;
	buffer_init(&out, SIZE_MAX / 2);
	struct span rest = file.bytes;
	if (!tally_unpack(&rest, &tally) || !count_more(&tally, counter)) {
		status = fault_set(fault, STATUS_USAGE, 0, "no %s in %s", counter, name);
	} else {
		tally_pack(&tally, &out);
		buffer_append_span(&out, rest);
		struct span bytes = buffer_span(&out);
		status = stage_write(plan, name, &bytes, 1, fault);
	}
	buffer_free(&out);
	stage_close(&file);
	return status;
}

static enum status change_spool(const struct plan *plan, const char *name, const char *counter, struct fault *fault)
{
	struct block_header header;
	struct tally tally;
	struct buffer old, packed, out;
	char path[4096];
	snprintf(path, sizeof path, "%s/%s", plan->work, name);
	buffer_init(&old, SIZE_MAX / 2);
	buffer_init(&packed, SIZE_MAX / 2);
	buffer_init(&out, SIZE_MAX / 2);
	enum status status = file_read(path, &old, fault);
	struct span bytes = span_slice(buffer_span(&old), sizeof header, SIZE_MAX);
	if (status == STATUS_OK &&
	    (old.size < sizeof header || !tally_unpack(&bytes, &tally) || !count_more(&tally, counter)))
		status = fault_set(fault, STATUS_USAGE, 0, "no %s in %s", counter, name);
	if (status == STATUS_OK) {
		memcpy(&header, old.data, sizeof header);
		tally_pack(&tally, &packed);
		header.tally_bytes = packed.size;
		header.tally_hash = hash64(packed.data, packed.size, 0);
		header.header_hash = hash64(&header, offsetof(struct block_header, header_hash), 0);
		buffer_append(&out, &header, sizeof header);
		buffer_append_span(&out, buffer_span(&packed));
		buffer_append_span(&out, bytes);
		status = file_write_atomic(path, buffer_span(&out), fault);
	}
	buffer_free(&old);
	buffer_free(&packed);
	buffer_free(&out);
	return status;
}

int main(int count, char **arguments)
{
	struct plan *plan = NULL;
	struct fault fault = {0};
	if (count != 4) {
		fputs("usage: miscount CORPUS STAGE-FILE COUNTER\n", stderr);
		return 64;
	}
	struct build_options *options = build_options_new();
	enum status status = options ? plan_load(arguments[1], options, &plan, &fault) : STATUS_MEMORY;
	if (status == STATUS_OK)
		status = span_starts(span_of(arguments[2]), SPAN("spool-"))
				 ? change_spool(plan, arguments[2], arguments[3], &fault)
				 : change_stage(plan, arguments[2], arguments[3], &fault);
	if (status != STATUS_OK)
		fprintf(stderr, "miscount: %s\n", fault.text);
	if (plan)
		plan_free(plan);
	build_options_free(options);
	return status == STATUS_OK ? 0 : 1;
}
