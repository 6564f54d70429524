/* slurm_states: what is done and what is missing, in units and in array elements. Outputs are what counts, never what a
 * scheduler says of its jobs: a job that ended well without its file has failed, and a killed one with it has not. */
#include "cli/cli.h"
#include "cli/slurm.h"
#include "corpus/corpus.h"

#include <stdio.h>
#include <stdlib.h>

static bool read_line(struct span line, struct slurm_stage *stage)
{
	struct span name, done, units;
	if (!span_cut(&line, '\t', &name) || !span_cut(&line, '\t', &done) || !span_cut(&line, '\t', &units))
		return false;
	name = span_trim(name);
	snprintf(stage->name, sizeof stage->name, "%.*s", SPAN_ARG(name));
	if (!span_to_u64(done, &stage->done))
		return false;
	if (!span_to_u64(units, &stage->units))
		stage->units = 0;
	if (span_starts(line, SPAN("missing ")))
		stage->missing = memory_text(span_slice(line, 8, SIZE_MAX));
	return true;
}

enum status slurm_states_read(const char *corpus, struct slurm_states *states, struct fault *fault)
{
	struct buffer text;
	memset(states, 0, sizeof *states);
	buffer_init(&text, (size_t)1 << 28);
	enum status status = corpus_run_status(corpus, &text, fault);
	struct span rest = buffer_span(&text), line;
	states->complete = status == STATUS_OK && span_starts(rest, SPAN("complete"));
	while (status == STATUS_OK && !states->complete && rest.size && span_cut(&rest, '\n', &line))
		if (states->count < SLURM_STAGES_MAX && read_line(line, &states->stages[states->count]))
			states->count++;
	buffer_free(&text);
	return status == STATUS_OK ? memory_status(fault) : status;
}

void slurm_states_free(struct slurm_states *states)
{
	for (size_t i = 0; i < states->count; i++)
		free(states->stages[i].missing);
	states->count = 0;
}

static const struct slurm_stage *state_of(const struct slurm_states *states, struct span name)
{
	for (size_t i = 0; i < states->count; i++)
		if (span_equal(span_of(states->stages[i].name), name))
			return &states->stages[i];
	return NULL;
}

void cli_warn_reads(const struct match_reads *reads)
{
	if (reads->partitions == 1 || reads->bytes >= MATCH_READ_MIN)
		return;
	fprintf(stderr,
		"note: with %zu partitions of %zu shards `match` reads about %llu KiB at a time; reads below 256 KiB "
		"are slow: ask for --partitions %zu at most\n",
		reads->partitions, reads->shards, (unsigned long long)(reads->bytes >> 10), reads->partitions_most);
}

/* ---- Groups ------------------------------------------------------------------------------------------------ */

/* Stages that are one unit each and follow each other share a job: each job costs a turn of the scheduler. `digests`
 * reads the shard that `extract` has just read, and needs nothing of others. */
static bool joins(const struct slurm_groups *groups, size_t stage)
{
	if (!strcmp(corpus_stage_at(stage)->name, "digests"))
		return groups->count > 0;
	return stage && groups->count && !strcmp(corpus_stage_at(stage)->unit, "run") &&
	       !strcmp(corpus_stage_at(stage - 1)->unit, "run");
}

static void join(struct slurm_group *group, const char *stage)
{
	size_t size = strlen(group->stages);
	if (strcmp(stage, "digests") != 0)
		snprintf(group->name, sizeof group->name, "tables");
	snprintf(group->stages + size, sizeof group->stages - size, " %s", stage);
}

void slurm_groups_make(const struct slurm_states *states, uint64_t array_max, struct slurm_groups *groups)
{
	groups->count = 0;
	for (size_t i = 0; i < corpus_stage_count(); i++) {
		const char *name = corpus_stage_at(i)->name;
		if (joins(groups, i)) {
			join(&groups->groups[groups->count - 1], name);
			continue;
		}
		if (groups->count == SLURM_GROUPS_MAX)
			return;
		/* How many parts there are is known only behind the clusters; there are about as many as shards. */
		bool parts = !strcmp(corpus_stage_at(i)->unit, "part");
		const struct slurm_stage *stage = state_of(states, span_of(parts ? "extract" : name));
		struct slurm_group *group = &groups->groups[groups->count++];
		snprintf(group->name, sizeof group->name, "%s", name);
		snprintf(group->stages, sizeof group->stages, "%s", name);
		group->of = stage && stage->units ? stage->units : 1;
		if (group->of > array_max)
			group->of = array_max;
	}
}

enum status slurm_groups_read(const char *scripts, struct slurm_groups *groups, struct fault *fault)
{
	char path[4096];
	struct buffer text;
	struct fault inner = {0};
	struct span rest, line, name, of;
	groups->count = 0;
	snprintf(path, sizeof path, "%s/groups.tsv", scripts);
	buffer_init(&text, 1 << 20);
	if (file_read(path, &text, &inner) != STATUS_OK) {
		buffer_free(&text);
		return fault_set(fault, STATUS_USAGE, 0,
				 "no scripts are in %.160s; warcmill slurm INPUT... -o writes them", scripts);
	}
	rest = buffer_span(&text);
	while (rest.size && span_cut(&rest, '\n', &line) && groups->count < SLURM_GROUPS_MAX) {
		struct slurm_group *group = &groups->groups[groups->count];
		if (!span_cut(&line, '\t', &name) || !span_cut(&line, '\t', &of) || !span_to_u64(of, &group->of) ||
		    !group->of)
			continue;
		snprintf(group->name, sizeof group->name, "%.*s", SPAN_ARG(name));
		snprintf(group->stages, sizeof group->stages, "%.*s", SPAN_ARG(line));
		groups->count++;
	}
	buffer_free(&text);
	return groups->count ? STATUS_OK : fault_set(fault, STATUS_DATA, 0, "%.200s names no groups", path);
}

/* ---- Missing elements ------------------------------------------------------------------------------------------ */

/* Marks the elements that units "0-3,7" fall to. */
static void mark_units(const char *units, uint64_t of, unsigned char *marks)
{
	struct span rest = span_of(units), range, first;
	uint64_t from, to;
	while (rest.size && span_cut(&rest, ',', &range)) {
		if (!span_cut(&range, '-', &first) || !span_to_u64(first, &from))
			continue;
		if (!range.size || !span_to_u64(range, &to))
			to = from;
		/* OF neighbours hit every element. */
		for (uint64_t u = from; u <= to && u - from < of; u++)
			marks[u % of] = 1;
	}
}

static void print_ranges(const unsigned char *marks, uint64_t of, struct buffer *out)
{
	const char *comma = "";
	for (uint64_t i = 0; i < of; i++) {
		uint64_t first = i;
		if (!marks[i])
			continue;
		while (i + 1 < of && marks[i + 1])
			i++;
		buffer_print(out, i > first ? "%s%llu-%llu" : "%s%llu", comma, (unsigned long long)first,
			     (unsigned long long)i);
		comma = ",";
	}
}

enum status slurm_missing(const struct slurm_states *states, const struct slurm_group *group, struct buffer *out)
{
	struct span rest = span_of(group->stages), name;
	unsigned char *marks = memory_zeroed(group->of, 1);
	if (!marks)
		return STATUS_MEMORY;
	while (!states->complete && rest.size && span_cut(&rest, ' ', &name)) {
		const struct slurm_stage *stage = state_of(states, name);
		if (!stage)
			continue;
		if (!stage->units)
			memset(marks, 1, group->of);
		else if (stage->missing)
			mark_units(stage->missing, group->of, marks);
	}
	print_ranges(marks, group->of, out);
	free(marks);
	return out->status;
}
