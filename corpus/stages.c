/* stages: the row of stages as a table, for running them one by one. `build` calls the same functions in the same
 * order. */
#include "corpus/corpus_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <omp.h>
#include <stdlib.h>
#include <sys/file.h>
#include <unistd.h>

struct task {
	struct run run;
	struct build_options *options;
	struct spool *spool;
	struct emit_shared shared;
	bool shared_open;
	struct tally tally;
};

enum unit { UNIT_RUN, UNIT_SHARD, UNIT_PARTITION, UNIT_PART };
enum need { NEED_NOTHING, NEED_SPOOL, NEED_SHARED };

static enum status do_extract(struct task *task, size_t unit, struct fault *fault)
{
	enum status status = plan_check_inputs(task->run.plan, unit, fault);
	if (status != STATUS_OK)
		return status;
	/* One process at a time appends to a shard's spool. */
	char *path = path_join(task->run.plan->work, "extract-%05zu.lock", unit);
	int lock = path ? open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0666) : -1;
	if (lock < 0)
		status = fault_set(fault, STATUS_IO, 0, "cannot open %.160s: %s", path ? path : "a lock",
				   strerror(errno));
	else if (flock(lock, LOCK_EX | LOCK_NB) != 0)
		status = fault_set(fault, STATUS_RETRY, 0, "another process extracts shard %zu", unit);
	if (status == STATUS_OK)
		status = stage_extract(&task->run, unit, fault);
	if (lock >= 0)
		close(lock);
	free(path);
	return status;
}

static enum status do_digests(struct task *task, size_t unit, struct fault *fault)
{
	return stage_digests(&task->run, unit, fault);
}

static enum status do_hosts(struct task *task, size_t unit, struct fault *fault)
{
	(void)unit;
	return stage_hosts(&task->run, task->spool, fault);
}

static enum status do_df(struct task *task, size_t unit, struct fault *fault)
{
	(void)unit;
	return stage_df(&task->run, task->spool, fault);
}

static enum status do_against(struct task *task, size_t unit, struct fault *fault)
{
	(void)unit;
	return stage_against(&task->run, fault);
}

static enum status do_sign(struct task *task, size_t unit, struct fault *fault)
{
	return stage_sign(&task->run, task->spool, unit, fault);
}

static enum status do_keys(struct task *task, size_t unit, struct fault *fault)
{
	return stage_keys(&task->run, task->spool, unit, fault);
}

static enum status do_match(struct task *task, size_t unit, struct fault *fault)
{
	return stage_match(&task->run, task->spool, unit, fault);
}

static enum status do_cluster(struct task *task, size_t unit, struct fault *fault)
{
	(void)unit;
	return stage_cluster(&task->run, task->spool, fault);
}

static enum status do_emit(struct task *task, size_t unit, struct fault *fault)
{
	return stage_emit(&task->run, &task->shared, unit, fault);
}

static enum status do_finish(struct task *task, size_t unit, struct fault *fault)
{
	(void)unit;
	/* Every part is in place: temporary files of tasks that were killed go. */
	enum status status = output_folders_make(task->run.plan, fault);
	if (status != STATUS_OK)
		return status;
	run_json_write(task->run.plan, task->run.threads, 0, NULL, 0);
	return stage_finish(&task->run, &task->shared, &task->tally, fault);
}

static const struct stage {
	struct corpus_stage public;
	enum unit unit;
	enum need need;
	const char *mark; /* stage file of a unit; NULL: SHA256SUMS of the folder */
	const char *with; /* the file that the mark stands for, where it is another */
	enum status (*act)(struct task *task, size_t unit, struct fault *fault);
} stages[] = {
	{{"extract", "shard"}, UNIT_SHARD, NEED_NOTHING, "extract-%05zu", "spool-%05zu", do_extract},
	{{"digests", "shard"}, UNIT_SHARD, NEED_NOTHING, "digests-%05zu", NULL, do_digests},
	{{"hosts", "run"}, UNIT_RUN, NEED_SPOOL, "hosts", NULL, do_hosts},
	{{"df", "run"}, UNIT_RUN, NEED_SPOOL, "df", NULL, do_df},
	{{"against", "run"}, UNIT_RUN, NEED_NOTHING, "against", NULL, do_against},
	{{"sign", "shard"}, UNIT_SHARD, NEED_SPOOL, "sign-%05zu", NULL, do_sign},
	{{"keys", "shard"}, UNIT_SHARD, NEED_SPOOL, "keys-%05zu", "keys-%05zu.run", do_keys},
	{{"match", "partition"}, UNIT_PARTITION, NEED_SPOOL, "match-%05zu", "match-%05zu.pairs", do_match},
	{{"cluster", "run"}, UNIT_RUN, NEED_SPOOL, "fates", NULL, do_cluster},
	{{"emit", "part"}, UNIT_PART, NEED_SHARED, "emit-%05zu", NULL, do_emit},
	{{"finish", "run"}, UNIT_RUN, NEED_SHARED, NULL, NULL, do_finish},
};
enum { STAGES = sizeof stages / sizeof *stages };

size_t corpus_stage_count(void)
{
	return STAGES;
}

const struct corpus_stage *corpus_stage_at(size_t index)
{
	return index < STAGES ? &stages[index].public : NULL;
}

/* 0: not known yet. */
static size_t unit_count(const struct plan *plan, const struct stage *stage)
{
	struct fates fates;
	size_t parts = 0;
	switch (stage->unit) {
	case UNIT_RUN:
		return 1;
	case UNIT_SHARD:
		return plan->shard_count;
	case UNIT_PARTITION:
		return plan->partition_count;
	case UNIT_PART:
		break;
	}
	if (fates_open(plan, &fates, NULL) == STATUS_OK) {
		parts = (size_t)fates.part_count;
		fates_close(&fates);
	}
	return parts;
}

static void unit_name(char out[static 40], const char *form, const struct stage *stage, size_t unit)
{
	if (stage->unit == UNIT_RUN)
		snprintf(out, 40, "%s", form);
	else
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
		snprintf(out, 40, form, unit);
#pragma GCC diagnostic pop
}

static bool is_done(const struct plan *plan, const struct stage *stage, size_t unit)
{
	char name[40];
	if (stage->act == do_against && !plan->settings.against_path)
		return true;
	bool done = stage->mark != NULL;
	if (stage->mark) {
		unit_name(name, stage->mark, stage, unit);
		done = stage_exists(plan, name);
	}
	/* A mark alone says nothing: the file it stands for may have been lost. */
	if (stage->with)
		unit_name(name, stage->with, stage, unit);
	if (stage->with || !stage->mark) {
		char *path = stage->with ? path_join(plan->work, "%s", name) : path_join(plan->folder, "SHA256SUMS");
		done = (done || !stage->mark) && path && file_exists(path);
		free(path);
	}
	return done;
}

/* A mark whose file was lost would let the stage itself think it is done. */
static void drop_mark(const struct plan *plan, const struct stage *stage, size_t unit)
{
	char name[40];
	if (!stage->with)
		return;
	unit_name(name, stage->mark, stage, unit);
	char *path = path_join(plan->work, "%s", name);
	if (path)
		unlink(path);
	free(path);
}

/* Everything before STAGE must be there: name what is missing. */
static enum status check_ahead(const struct plan *plan, const struct stage *stage, struct fault *fault)
{
	if (stage->act == do_digests) /* of the archives alone, so that it shares a task with `extract` */
		return STATUS_OK;
	for (const struct stage *before = stages; before < stage; before++) {
		size_t units = unit_count(plan, before), missing = 0, first = 0;
		for (size_t u = units; u-- > 0;)
			if (!is_done(plan, before, u)) {
				missing++;
				first = u;
			}
		/* The search in partitions is one of two ways: only `match` itself needs its keys, only a started one
		 * its end. */
		bool optional = before->act == do_keys || (before->act == do_match && missing == units);
		if (optional && stage->act != do_match)
			continue;
		if (missing || !units)
			return fault_set(fault, STATUS_RETRY, 0,
					 "stage %s is not complete: %zu of %zu missing, the first is %s %zu; run it, "
					 "then this again",
					 before->public.name, missing, units, before->public.unit, first);
	}
	return STATUS_OK;
}

static enum status open_needs(struct task *task, const struct stage *stage, struct fault *fault)
{
	enum status status = check_ahead(task->run.plan, stage, fault);
	if (status == STATUS_OK && stage->need >= NEED_SPOOL)
		status = spool_open(task->run.plan, &task->spool, fault);
	if (status == STATUS_OK && stage->need == NEED_SHARED) {
		status = emit_shared_open(task->run.plan, task->spool, &task->shared, fault);
		task->shared_open = status == STATUS_OK;
	}
	return status;
}

static enum status task_open(struct task *task, const char *folder, struct fault *fault)
{
	task->options = build_options_new();
	return task->options ? plan_load(folder, task->options, &task->run.plan, fault)
			     : fault_set(fault, STATUS_MEMORY, 0, "no memory");
}

static void task_close(struct task *task)
{
	if (task->shared_open)
		emit_shared_close(&task->shared);
	spool_free(task->spool);
	plan_free(task->run.plan);
	build_options_free(task->options);
	free(task);
}

static const struct stage *stage_named(const char *name)
{
	for (int i = 0; i < STAGES; i++)
		if (!strcmp(stages[i].public.name, name))
			return &stages[i];
	return NULL;
}

static enum status run_units(struct task *task, const struct stage *stage, uint64_t index, uint64_t of,
			     struct fault *fault)
{
	size_t units = unit_count(task->run.plan, stage);
	enum status status = STATUS_OK;
	if (!of)
		of = index < units ? units : index + 1;
	task->run.progress.stage = stage->public.name;
	task->run.progress.unit = stage->public.unit;
	for (size_t u = (size_t)index; status == STATUS_OK && u < units; u += (size_t)of)
		if (stage->act == do_finish || !is_done(task->run.plan, stage, u)) {
			drop_mark(task->run.plan, stage, u);
			status = stage->act(task, u, fault);
		}
	return status;
}

/* The last stage has taken the plan away. */
static bool is_complete(const char *folder)
{
	char *sums = path_join(folder, "SHA256SUMS"), *plan = path_join(folder, ".work/plan.json");
	bool complete = sums && plan && file_exists(sums) && !file_exists(plan);
	free(sums);
	free(plan);
	return complete;
}

enum status corpus_run_stage(const char *folder, const char *name, uint64_t index, uint64_t of, unsigned threads,
			     const struct corpus_observer *observer, struct corpus_totals *totals, struct fault *fault)
{
	const struct stage *stage = stage_named(name);
	if (!stage)
		return fault_set(fault, STATUS_USAGE, 0, "there is no stage %.80s", name);
	if (of && index >= of)
		return fault_set(fault, STATUS_USAGE, 0, "the shard is I/N with I from 0 to N-1");
	if (is_complete(folder))
		return STATUS_OK;
	struct task *task = memory_zeroed(1, sizeof *task);
	if (!task)
		return fault_set(fault, STATUS_MEMORY, 0, "no memory");
	task->run.threads = threads ? threads : (unsigned)omp_get_num_procs();
	task->run.observer = observer;
	enum status status = task_open(task, folder, fault);
	if (status == STATUS_OK)
		status = open_needs(task, stage, fault);
	if (status == STATUS_OK)
		status = run_units(task, stage, index, of, fault);
	if (status == STATUS_OK && totals && stage->act == do_finish && index == 0)
		corpus_totals_fill(&task->tally, totals);
	/* The one unit of the last stage is the first element's; others have done nothing. */
	bool complete = status == STATUS_OK && stage->act == do_finish && index == 0;
	char *work = complete ? memory_text(span_of(task->run.plan->work)) : NULL;
	task_close(task);
	if (work)
		(void)!folder_remove(work, NULL);
	free(work);
	return status;
}

/* "extract \t6\t8\tmissing 2,5-7": done, in all, and which are missing. */
static void print_state(const struct plan *plan, const struct stage *stage, struct buffer *out)
{
	size_t units = unit_count(plan, stage), done = 0, first = 0;
	struct buffer missing;
	buffer_init(&missing, (size_t)1 << 28);
	/* A run of missing units begins at `first` and is told where it ends. */
	for (size_t u = 0; u <= units; u++) {
		bool there = u == units || is_done(plan, stage, u);
		if (there && first < u)
			buffer_print(&missing, first + 1 < u ? "%s%zu-%zu" : "%s%zu", missing.size ? "," : "", first,
				     u - 1);
		if (there)
			first = u + 1;
		done += there && u < units;
	}
	buffer_print(out, units ? "%-8s\t%zu\t%zu" : "%-8s\t%zu\t?", stage->public.name, done, units);
	if (missing.size)
		buffer_print(out, "\tmissing %.*s", SPAN_ARG(buffer_span(&missing)));
	buffer_append_byte(out, '\n');
	buffer_free(&missing);
}

enum status corpus_run_status(const char *folder, struct buffer *out, struct fault *fault)
{
	struct task *task = memory_zeroed(1, sizeof *task);
	if (!task)
		return fault_set(fault, STATUS_MEMORY, 0, "no memory");
	enum status status = STATUS_OK;
	if (is_complete(folder)) {
		buffer_print(out, "complete\n");
	} else if ((status = task_open(task, folder, fault)) == STATUS_OK) {
		for (int i = 0; i < STAGES; i++)
			print_state(task->run.plan, &stages[i], out);
	}
	task_close(task);
	return status;
}
