/* build: all stages in one process, in one folder.
 *
 * The folder's life: absent → .work/plan.json (the run exists) → stage files and parts → SHA256SUMS (complete) → .work
 * removed. A lock on .work/lock keeps a second process out. Called again on the way, the plan is compared and the
 * stages that are done are skipped. */
#include "corpus/corpus_internal.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <omp.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

struct build {
	struct run run;
	struct spool *spool;
	struct emit_shared shared;
	bool shared_open;
	struct tally tally;
	int lock;
	struct stage_time times[16];
	size_t time_count;
};

void run_progress(struct run *run, uint64_t step)
{
	run->progress.done += step;
	if (run->observer && run->observer->update)
		run->observer->update(run->observer->self, &run->progress);
}

static double now(void)
{
	struct timespec time;
	clock_gettime(CLOCK_MONOTONIC, &time);
	return (double)time.tv_sec + 1e-9 * (double)time.tv_nsec;
}

static void begin_stage(struct build *build, const char *name, const char *unit, uint64_t total)
{
	struct run *run = &build->run;
	run->progress.stage = name;
	run->progress.unit = unit;
	run->progress.done = 0;
	run->progress.total = total;
	if (build->time_count < sizeof build->times / sizeof *build->times)
		build->times[build->time_count++] = (struct stage_time){name, now()};
	run_progress(run, 0);
}

static void end_stage(struct build *build)
{
	struct stage_time *time = &build->times[build->time_count - 1];
	time->seconds = now() - time->seconds;
}

/* ---- The folder
 * -------------------------------------------------------------------------------------------------------- */

static bool in_folder(const char *folder, const char *name)
{
	char *path = path_join(folder, "%s", name);
	bool exists = path && file_exists(path);
	free(path);
	return exists;
}

static bool is_empty_folder(const char *path)
{
	DIR *folder = opendir(path);
	bool empty = true;
	for (struct dirent *entry; folder && empty && (entry = readdir(folder));)
		empty = !strcmp(entry->d_name, ".") || !strcmp(entry->d_name, "..");
	if (folder)
		closedir(folder);
	return folder && empty;
}

/* What this program writes; --force removes this and nothing else. */
static const char *const owned_files[] = {"manifest.json",  "SHA256SUMS", "errors.jsonl", "README.md",
					  "croissant.json", "stats.json", "run.json",     "report.html"};
static const char *const owned_folders[] = {"documents", "duplicates", "rejected", "tables", ".work"};

static enum status remove_splits(const char *path, struct fault *fault)
{
	DIR *folder = opendir(path);
	enum status status = STATUS_OK;
	if (!folder)
		return STATUS_OK;
	for (struct dirent *entry; status == STATUS_OK && (entry = readdir(folder));) {
		struct stat about;
		char *inner = path_join(path, "%s", entry->d_name);
		if (inner && strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0 &&
		    lstat(inner, &about) == 0 && S_ISDIR(about.st_mode))
			status = folder_remove(inner, fault);
		free(inner);
	}
	closedir(folder);
	return status;
}

static enum status remove_corpus(const char *folder, struct fault *fault)
{
	enum status status = STATUS_OK;
	for (size_t i = 0; i < sizeof owned_files / sizeof *owned_files; i++) {
		char *path = path_join(folder, "%s", owned_files[i]);
		if (path && unlink(path) != 0 && errno != ENOENT)
			status = fault_set(fault, STATUS_IO, 0, "cannot remove %.160s: %s", path, strerror(errno));
		free(path);
	}
	for (size_t i = 0; status == STATUS_OK && i < sizeof owned_folders / sizeof *owned_folders; i++) {
		char *path = path_join(folder, "%s", owned_folders[i]);
		if (path)
			status = remove_splits(path, fault);
		if (path && status == STATUS_OK)
			status = folder_remove(path, fault);
		free(path);
	}
	return status;
}

/* Temporary files of a run that was killed. */
static void remove_temporary(const char *path)
{
	DIR *folder = opendir(path);
	for (struct dirent *entry; folder && (entry = readdir(folder));)
		if (strstr(entry->d_name, ".tmp-") || !strncmp(entry->d_name, "spill-", 6))
			unlinkat(dirfd(folder), entry->d_name, 0);
	if (folder)
		closedir(folder);
}

enum status output_folders_make(const struct plan *plan, struct fault *fault)
{
	struct fault inner = {0};
	const struct settings *settings = &plan->settings;
	enum status status = STATUS_OK;
	for (size_t i = 0; status == STATUS_OK && i < sizeof owned_folders / sizeof *owned_folders; i++) {
		char *path = path_join(plan->folder, "%s", owned_folders[i]);
		status = path ? folder_make(path, &inner) : STATUS_MEMORY;
		if (status != STATUS_OK)
			fault_set(fault, status, 0, "%.120s: %.100s", path ? path : "a folder", inner.text);
		else
			remove_temporary(path);
		for (size_t s = 0; status == STATUS_OK && i < 2 && s < settings->split_count; s++) {
			char *split = path_join(path, "%.*s", SPAN_ARG(settings->splits[s].name));
			status = split ? folder_make(split, &inner) : STATUS_MEMORY;
			if (status != STATUS_OK)
				fault_set(fault, status, 0, "%.120s: %.100s", split ? split : "a folder", inner.text);
			else
				remove_temporary(split);
			free(split);
		}
		free(path);
	}
	remove_temporary(plan->folder);
	return status;
}

static enum status take_lock(struct build *build, struct fault *fault)
{
	struct fault inner = {0};
	const struct plan *plan = build->run.plan;
	enum status status = folder_make(plan->work, &inner);
	if (status != STATUS_OK)
		return fault_set(fault, status, 0, "%.120s: %.100s", plan->work, inner.text);
	char *path = path_join(plan->work, "lock");
	build->lock = path ? open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0666) : -1;
	if (build->lock < 0)
		status = fault_set(fault, STATUS_IO, 0, "cannot open %.160s: %s", path ? path : "the lock",
				   strerror(errno));
	else if (flock(build->lock, LOCK_EX | LOCK_NB) != 0)
		status = errno == EWOULDBLOCK
				 ? fault_set(fault, STATUS_RETRY, 0, "another process is working in %.160s",
					     plan->folder)
				 : fault_set(fault, STATUS_IO, 0, "cannot lock %.160s: %s", path, strerror(errno));
	free(path);
	return status;
}

static enum status differ_inputs(const struct plan *plan, const struct json *input, struct fault *fault)
{
	size_t i = 0;
	for (; i < plan->input_count && input; i++, input = input->next) {
		struct span name = span_of(warc_input_name(warc_inputs_at(plan->inputs, i)));
		struct span was = json_get_text(input, "name");
		uint64_t size = 0;
		int order = span_compare(was, name);
		if (order)
			return fault_set(fault, STATUS_USAGE, 0, "the input %.*s is %s",
					 SPAN_ARG(order < 0 ? was : name), order < 0 ? "missing now" : "new");
		if (!json_get_u64(input, "bytes", &size) || (plan->stats[i].bytes && size != plan->stats[i].bytes))
			return fault_set(fault, STATUS_USAGE, 0, "the input %.*s has changed since", SPAN_ARG(name));
	}
	if (i < plan->input_count)
		return fault_set(fault, STATUS_USAGE, 0, "the input %s is new",
				 warc_input_name(warc_inputs_at(plan->inputs, i)));
	return input ? fault_set(fault, STATUS_USAGE, 0, "the input %.*s is missing now",
				 SPAN_ARG(json_get_text(input, "name")))
		     : STATUS_OK;
}

static enum status differ_from(const struct plan *plan, const struct json *manifest, const struct json *now_options,
			       struct fault *fault)
{
	struct span tool = json_get_text(manifest, "tool"), article = json_get_text(manifest, "article");
	if (!span_equal(tool, span_of(TOOL_NAME)) || !span_equal(article, span_of(plan->article)))
		return fault_set(fault, STATUS_USAGE, 0, "it was made by %.*s with %.*s, this is %s with %s",
				 SPAN_ARG(tool), SPAN_ARG(article), TOOL_NAME, plan->article);
	enum status status = plan_differ_options(json_get(manifest, "options"), now_options, fault);
	const struct json *inputs = json_get(manifest, "inputs");
	return status == STATUS_OK ? differ_inputs(plan, inputs ? inputs->first : NULL, fault) : status;
}

/* The same recipe: the manifest was made from these inputs with these options. Compared through the plan while .work is
 * there, else by the manifest's own words. */
static enum status complete_already(const struct plan *plan, struct fault *fault)
{
	struct buffer bytes, now_options;
	struct fault inner = {0};
	const struct json *manifest = NULL, *now = NULL;
	struct json_writer writer;
	struct arena *arena = arena_new(SIZE_MAX / 2);
	char *path = path_join(plan->folder, "manifest.json");
	buffer_init(&bytes, SIZE_MAX / 2);
	buffer_init(&now_options, 1 << 20);
	json_start(&writer, &now_options);
	build_options_json(plan->options, true, &writer);
	enum status status = path && arena ? file_read(path, &bytes, &inner) : STATUS_MEMORY;
	if (status == STATUS_OK)
		status = json_parse(arena, buffer_span(&bytes), 0, &manifest, &inner);
	if (status == STATUS_OK)
		status = json_parse(arena, buffer_span(&now_options), 0, &now, &inner);
	if (status != STATUS_OK)
		fault_set(fault, status, 0, "%.120s/manifest.json: %.100s", plan->folder, inner.text);
	else if ((status = differ_from(plan, manifest, now, &inner)) != STATUS_OK)
		fault_set(fault, status, 0,
			  "%.80s holds a corpus of other inputs or options: %.110s; --force replaces it", plan->folder,
			  inner.text);
	arena_free(arena);
	buffer_free(&bytes);
	buffer_free(&now_options);
	free(path);
	return status;
}

/* The folder is whole. A run that was killed while it tidied up left its working folder: it goes now. */
static enum status clean_complete(struct build *build, struct fault *fault)
{
	const struct plan *plan = build->run.plan;
	enum status status = complete_already(plan, fault);
	if (status == STATUS_OK && in_folder(plan->folder, ".work")) {
		if ((status = take_lock(build, fault)) == STATUS_OK)
			status = folder_remove(plan->work, fault);
	}
	return status == STATUS_OK ? STATUS_END : status;
}

/* STATUS_END: nothing is left to do. */
static enum status prepare_folder(struct build *build, bool force, struct fault *fault)
{
	struct plan *plan = build->run.plan;
	bool exists = file_exists(plan->folder);
	bool ours = in_folder(plan->folder, ".work") || in_folder(plan->folder, "manifest.json");
	if (exists && !ours && !is_empty_folder(plan->folder))
		return fault_set(fault, STATUS_USAGE, 0,
				 "%.160s exists and is no corpus of this program; choose another folder", plan->folder);
	if (!force && in_folder(plan->folder, "SHA256SUMS"))
		return clean_complete(build, fault);
	enum status status = take_lock(build, fault);
	if (status != STATUS_OK)
		return status;
	if (force && (status = remove_corpus(plan->folder, fault)) != STATUS_OK)
		return status;
	if (force) { /* the lock went with the folder */
		close(build->lock);
		if ((status = take_lock(build, fault)) != STATUS_OK)
			return status;
	}
	struct fault inner = {0};
	status = plan_compare(plan, &inner);
	if (status == STATUS_USAGE)
		return fault_set(
			fault, STATUS_USAGE, 0,
			"%.80s holds an unfinished run of other inputs or options: %.110s; --force starts anew",
			plan->folder, inner.text);
	if (status != STATUS_OK && status != STATUS_END) {
		if (fault)
			*fault = inner;
		return status;
	}
	if (status == STATUS_OK && build->run.observer && build->run.observer->note)
		build->run.observer->note(build->run.observer->self, "continuing an interrupted run");
	if ((status = output_folders_make(plan, fault)) != STATUS_OK)
		return status;
	return plan_store(plan, fault);
}

/* ---- The stages
 * ----------------------------------------------------------------------------------------------------------- */

static enum status run_extract(struct build *build, struct fault *fault)
{
	const struct plan *plan = build->run.plan;
	uint64_t bytes = 0;
	enum status status = STATUS_OK;
	for (size_t i = 0; i < plan->input_count; i++)
		bytes += plan->stats[i].bytes;
	begin_stage(build, "extract", "bytes", bytes);
	for (size_t shard = 0; status == STATUS_OK && shard < plan->shard_count; shard++)
		status = stage_extract(&build->run, shard, fault);
	end_stage(build);
	if (status == STATUS_OK) {
		begin_stage(build, "digests", "bytes", bytes);
		for (size_t shard = 0; status == STATUS_OK && shard < plan->shard_count; shard++)
			status = stage_digests(&build->run, shard, fault);
		end_stage(build);
	}
	return status == STATUS_OK ? spool_open(plan, &build->spool, fault) : status;
}

static enum status run_duplicates(struct build *build, struct fault *fault)
{
	struct run *run = &build->run;
	begin_stage(build, "hosts", "rows", build->spool->page_count);
	enum status status = stage_hosts(run, build->spool, fault);
	end_stage(build);
	if (status != STATUS_OK)
		return status;
	begin_stage(build, "df", "rows", 2 * build->spool->row_count);
	status = stage_df(run, build->spool, fault);
	end_stage(build);
	if (status != STATUS_OK)
		return status;
	if ((status = stage_against(run, fault)) != STATUS_OK)
		return status;
	begin_stage(build, "sign", "rows", build->spool->row_count);
	for (size_t shard = 0; status == STATUS_OK && shard < run->plan->shard_count; shard++)
		status = stage_sign(run, build->spool, shard, fault);
	end_stage(build);
	if (status != STATUS_OK)
		return status;
	begin_stage(build, "cluster", "rows", 0);
	status = stage_cluster(run, build->spool, fault);
	end_stage(build);
	return status;
}

static enum status run_emit(struct build *build, struct fault *fault)
{
	struct run *run = &build->run;
	enum status failed = STATUS_OK, status = emit_shared_open(run->plan, build->spool, &build->shared, fault);
	if (status != STATUS_OK)
		return status;
	build->shared_open = true;
	size_t parts = (size_t)build->shared.fates.part_count;
	begin_stage(build, "emit", "parts", parts);
#pragma omp parallel for schedule(dynamic, 1) num_threads((int)run->threads)
	for (size_t part = 0; part < parts; part++) {
		struct fault inner = {0};
		enum status done = stage_emit(run, &build->shared, part, &inner);
#pragma omp critical(emit)
		{
			if (done != STATUS_OK && failed == STATUS_OK) {
				failed = done;
				if (fault)
					*fault = inner;
			}
			run_progress(run, 1);
		}
	}
	end_stage(build);
	return failed;
}

/* Volatile facts about this very run; not part of the corpus and in no digest. */
void run_json_write(const struct plan *plan, unsigned threads, double seconds, const struct stage_time *times,
		    size_t count)
{
	struct buffer out;
	struct json_writer writer;
	buffer_init(&out, SIZE_MAX / 2);
	json_start(&writer, &out);
	json_begin(&writer, '{');
	json_put_uint(&writer, "threads", threads);
	json_key(&writer, "seconds");
	json_real(&writer, seconds, 3);
	json_key(&writer, "stages");
	json_begin(&writer, '[');
	for (size_t i = 0; i < count; i++) {
		json_begin(&writer, '{');
		json_put_text(&writer, "stage", span_of(times[i].name));
		json_key(&writer, "seconds");
		json_real(&writer, times[i].seconds, 3);
		json_end(&writer, '}');
	}
	json_end(&writer, ']');
	json_key(&writer, "paths");
	json_begin(&writer, '[');
	for (size_t i = 0; i < plan->input_count; i++) {
		const char *path = warc_input_path(warc_inputs_at(plan->inputs, i));
		if (i && !strcmp(path, warc_input_path(warc_inputs_at(plan->inputs, i - 1))))
			continue;
		char *text = path_to_text(path);
		json_text(&writer, span_of(text));
		free(text);
	}
	json_end(&writer, ']');
	json_end(&writer, '}');
	buffer_append_byte(&out, '\n');
	char *path = path_join(plan->folder, "run.json");
	if (path)
		file_write_atomic(path, buffer_span(&out), NULL);
	free(path);
	buffer_free(&out);
}

void corpus_totals_fill(const struct tally *tally, struct corpus_totals *totals)
{
	*totals = (struct corpus_totals){
		.records = tally->records,
		.documents = tally->documents,
		.duplicates = tally->duplicates,
		.rejected = tally_kind(tally, "rejected"),
		.skipped = tally_kind(tally, "skipped"),
		.damaged = tally->damaged,
		.record_bytes = tally->record_bytes,
		.skipped_bytes = tally->skipped_bytes,
		.input_bytes = tally->record_bytes + tally->skipped_bytes,
	};
}

static enum status run_stages(struct build *build, struct fault *fault)
{
	double start = now();
	enum status status = run_extract(build, fault);
	if (status == STATUS_OK)
		status = run_duplicates(build, fault);
	if (status == STATUS_OK)
		status = run_emit(build, fault);
	if (status != STATUS_OK)
		return status;
	run_json_write(build->run.plan, build->run.threads, now() - start, build->times, build->time_count);
	begin_stage(build, "finish", "files", 0);
	status = stage_finish(&build->run, &build->shared, &build->tally, fault);
	end_stage(build);
	return status;
}

static void build_close(struct build *build, bool complete)
{
	if (build->shared_open)
		emit_shared_close(&build->shared);
	spool_free(build->spool);
	if (complete && build->lock >= 0)
		(void)!folder_remove(build->run.plan->work, NULL);
	if (build->lock >= 0)
		close(build->lock);
	plan_free(build->run.plan);
}

enum status corpus_build(const char *const *arguments, size_t count, const struct build_options *options,
			 const char *folder, unsigned threads, bool force, const struct corpus_observer *observer,
			 struct corpus_totals *totals, struct fault *fault)
{
	struct build *build = memory_zeroed(1, sizeof *build);
	if (!build)
		return fault_set(fault, STATUS_MEMORY, 0, "no memory");
	build->lock = -1;
	build->run.threads = threads ? threads : (unsigned)omp_get_num_procs();
	build->run.observer = observer;
	memset(totals, 0, sizeof *totals);
	enum status status = plan_new(arguments, count, options, folder, &build->run.plan, fault);
	if (status == STATUS_OK)
		status = prepare_folder(build, force, fault);
	totals->already_complete = status == STATUS_END;
	if (status == STATUS_OK) {
		status = run_stages(build, fault);
		corpus_totals_fill(&build->tally, totals);
	}
	build_close(build, status == STATUS_OK);
	free(build);
	return status == STATUS_END ? STATUS_OK : status;
}

enum status corpus_plan_make(const char *const *arguments, size_t count, const struct build_options *options,
			     const char *folder, struct match_reads *reads, struct fault *fault)
{
	struct build *build = memory_zeroed(1, sizeof *build);
	if (!build)
		return fault_set(fault, STATUS_MEMORY, 0, "no memory");
	build->lock = -1;
	enum status status = plan_new(arguments, count, options, folder, &build->run.plan, fault);
	if (status == STATUS_OK && reads)
		plan_reads(build->run.plan, reads);
	if (status == STATUS_OK)
		status = prepare_folder(build, false, fault);
	build_close(build, false);
	free(build);
	return status == STATUS_END ? STATUS_OK : status;
}
