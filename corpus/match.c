/* match: the search for pairs as tasks of a cluster: each shard's keys as one run file, each partition of the key space
 * as one list of accepted pairs. The files are of dedup/'s own forms; beside each stands a mark that binds it to the
 * plan and holds its hashes, so that nothing torn or foreign is used. */
#include "corpus/corpus_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

void dedup_settings(const struct run *run, struct dedup_options *options)
{
	dedup_options_default(options);
	options->threads = run->threads;
	options->memory = run->plan->settings.memory;
	options->work_folder = run->plan->work;
}

/* What a mark says of its file: its length, and for a run file the hash of its header and of each bin, so that a task
 * can hold against it the bins that it reads and leave the rest alone. */
struct mark {
	uint64_t size, head;
	uint64_t bins[KEY_BINS];
};

static bool read_at(int file, void *out, size_t size, uint64_t at)
{
	for (char *to = out; size;) {
		ssize_t got = pread(file, to, size, (off_t)at);
		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return false;
		to += got;
		at += (uint64_t)got;
		size -= (size_t)got;
	}
	return true;
}

/* Hashes of SIZE bytes from AT on, a MiB at a time, chained. */
static bool hash_range(int file, uint64_t at, uint64_t size, char *room, uint64_t *hash)
{
	enum { STEP = 1 << 20 };
	for (*hash = 0; size;) {
		size_t step = size < STEP ? (size_t)size : STEP;
		if (!read_at(file, room, step, at))
			return false;
		*hash = hash64(room, step, *hash);
		at += step;
		size -= step;
	}
	return true;
}

/* Bins [FROM, TO) of a run file as keys_write makes it: KEYS_HEADER bytes, then the bins. Of other files the header is
 * all. */
static bool hash_bins(int file, bool run, unsigned from, unsigned to, struct mark *mark)
{
	uint64_t starts[KEY_BINS + 1];
	struct stat about;
	char *room = memory_new(1 << 20);
	bool fine = room && fstat(file, &about) == 0;
	mark->size = fine ? (uint64_t)about.st_size : 0;
	fine = fine && hash_range(file, 0, run ? KEYS_HEADER : mark->size, room, &mark->head);
	if (fine && run)
		fine = read_at(file, starts, sizeof starts, KEYS_HEADER - sizeof starts);
	for (unsigned bin = from; fine && run && bin < to; bin++)
		fine = starts[bin] <= starts[bin + 1] && starts[bin + 1] <= mark->size / 8 &&
		       hash_range(file, KEYS_HEADER + 8 * starts[bin], 8 * (starts[bin + 1] - starts[bin]), room,
				  &mark->bins[bin]);
	free(room);
	return fine;
}

static enum status make_mark(const char *path, bool run, unsigned from, unsigned to, struct mark *mark,
			     struct fault *fault)
{
	memset(mark, 0, sizeof *mark);
	int file = open(path, O_RDONLY | O_CLOEXEC);
	bool fine = file >= 0 && hash_bins(file, run, from, to, mark);
	int why = errno;
	if (file >= 0)
		close(file);
	return fine ? STATUS_OK : fault_set(fault, STATUS_IO, 0, "cannot read %.160s: %s", path, strerror(why));
}

/* Put the finished TEMPORARY in place as PATH, then its mark. */
static enum status put_in_place(const struct plan *plan, const char *temporary, const char *path, const char *name,
				bool run, struct fault *fault)
{
	struct mark mark;
	enum status status = make_mark(temporary, run, 0, KEY_BINS, &mark, fault);
	if (status != STATUS_OK)
		return status;
	if (rename(temporary, path) != 0)
		return fault_set(fault, STATUS_IO, 0, "cannot rename %.160s", temporary);
	struct span bytes = {(const char *)&mark, sizeof mark};
	return stage_write(plan, name, &bytes, 1, fault);
}

/* Hold PATH, or of a run file the bins [FROM, TO), against its mark. */
static enum status check_mark(const struct plan *plan, const char *name, const char *path, bool run, unsigned from,
			      unsigned to, struct fault *fault)
{
	struct stage_file file;
	struct mark mark;
	enum status status = stage_open(plan, name, &file, fault);
	if (status != STATUS_OK)
		return status;
	const struct mark *was = (const struct mark *)(const void *)file.bytes.data;
	status = make_mark(path, run, from, to, &mark, fault);
	if (status == STATUS_OK &&
	    (file.bytes.size != sizeof mark || was->size != mark.size || was->head != mark.head ||
	     memcmp(was->bins + from, mark.bins + from, (to - from) * sizeof *mark.bins) != 0))
		status = fault_set(fault, STATUS_DATA, 0, "%.160s is not the file that %s marks", path, name);
	stage_close(&file);
	return status;
}

/* ---- Keys ------------------------------------------------------------------------------------------------------ */

/* The exact hashes of SHARD: as many as it has pages. */
static enum status open_exact(const struct plan *plan, const struct signed_pages *pages, size_t shard,
			      struct stage_file *out, struct fault *fault)
{
	char name[40];
	snprintf(name, sizeof name, "exact-%05zu", shard);
	enum status status = stage_open(plan, name, out, fault);
	if (status == STATUS_OK &&
	    out->bytes.size / sizeof(struct hash128) != pages->shard_first[shard + 1] - pages->shard_first[shard]) {
		stage_close(out);
		return fault_set(fault, STATUS_DATA, 0, "stage file %s is damaged", name);
	}
	return status;
}

/* Which pages of SHARD repeat an earlier text: of the shards before it 16 bytes a page are read, of those behind it
 * nothing. */
static enum status shard_texts(const struct plan *plan, const struct signed_pages *pages, size_t shard,
			       struct exact_groups **out, struct fault *fault)
{
	struct stage_file own, other;
	enum status status = open_exact(plan, pages, shard, &own, fault);
	if (status != STATUS_OK)
		return status;
	struct earlier_texts *texts =
		earlier_texts_new((const struct hash128 *)(const void *)own.bytes.data,
				  own.bytes.size / sizeof(struct hash128), (size_t)pages->shard_first[shard]);
	if (!texts)
		status = fault_set(fault, STATUS_MEMORY, 0, "no memory for the keys");
	for (size_t s = 0; status == STATUS_OK && s < shard; s++) {
		if ((status = open_exact(plan, pages, s, &other, fault)) != STATUS_OK)
			break;
		earlier_texts_see(texts, (const struct hash128 *)(const void *)other.bytes.data,
				  other.bytes.size / sizeof(struct hash128), (size_t)pages->shard_first[s]);
		stage_close(&other);
	}
	if (status == STATUS_OK)
		*out = earlier_texts_finish(texts);
	else
		earlier_texts_free(texts);
	stage_close(&own);
	return status;
}

static enum status write_keys(struct run *run, const struct spool *spool, size_t shard, const char *temporary,
			      struct fault *fault)
{
	struct signed_pages pages;
	struct dedup_options options;
	struct exact_groups *groups = NULL;
	dedup_settings(run, &options);
	enum status status = signed_open(run->plan, spool, &pages, fault);
	if (status != STATUS_OK)
		return status;
	status = shard_texts(run->plan, &pages, shard, &groups, fault);
	if (status == STATUS_OK)
		status = keys_write(pages.table, groups, &options, pages.shard_first[shard],
				    pages.shard_first[shard + 1], temporary, fault);
	exact_groups_free(groups);
	signed_close(&pages);
	return status;
}

enum status stage_keys(struct run *run, const struct spool *spool, size_t shard, struct fault *fault)
{
	char mark[40];
	snprintf(mark, sizeof mark, "keys-%05zu", shard);
	char *path = path_join(run->plan->work, "%s.run", mark);
	char *temporary = path ? file_temporary_name(path) : NULL;
	enum status status =
		path && temporary ? STATUS_OK : fault_set(fault, STATUS_MEMORY, 0, "no memory for the keys");
	if (status == STATUS_OK && check_mark(run->plan, mark, path, true, 0, KEY_BINS, NULL) != STATUS_OK) {
		status = write_keys(run, spool, shard, temporary, fault);
		if (status == STATUS_OK)
			status = put_in_place(run->plan, temporary, path, mark, true, fault);
		if (status != STATUS_OK)
			unlink(temporary);
	}
	free(path);
	free(temporary);
	return status;
}

/* ---- Pairs ------------------------------------------------------------------------------------------------------- */

static enum status match_table(struct run *run, const struct signature_table *table, size_t old_count, size_t partition,
			       const char *const *runs, const char *temporary, struct fault *fault)
{
	struct dedup_options options;
	struct exact_groups *groups = NULL;
	struct pair_list pairs = {0};
	const struct plan *plan = run->plan;
	dedup_settings(run, &options);
	/* Against an older corpus there are no run files of its keys: they are taken from the table. Run files hold the
	 * first document of each text only, so that with them nobody asks which texts are equal. */
	size_t run_count = old_count ? 0 : plan->shard_count;
	enum status status = !table ? STATUS_MEMORY : run_count ? STATUS_OK : dedup_exact(table, &options, &groups);
	if (status != STATUS_OK)
		fault_set(fault, status, 0, "no memory for the pairs");
	if (status == STATUS_OK)
		status = dedup_match(table, groups, &options, (unsigned)partition, (unsigned)plan->partition_count,
				     runs, run_count, old_count, &pairs, fault);
	if (status == STATUS_OK)
		status = pair_list_save(&pairs, temporary, fault);
	pair_list_free(&pairs);
	exact_groups_free(groups);
	return status;
}

static enum status find_pairs(struct run *run, const struct spool *spool, size_t partition, const char *const *runs,
			      const char *temporary, struct fault *fault)
{
	struct signed_pages pages;
	struct old_pages old = {0};
	enum status status = signed_open(run->plan, spool, &pages, fault);
	if (status != STATUS_OK)
		return status;
	status = old_pages_open(run->plan, &old, fault);
	if (status == STATUS_OK) {
		struct signature_table *table = joined_table(&old, &pages);
		status = match_table(run, table, (size_t)old.count, partition, runs, temporary, fault);
		signature_table_free(table);
	}
	old_pages_close(&old);
	signed_close(&pages);
	return status;
}

/* The run files of all shards; what PARTITION reads of each is held against its mark. */
static enum status list_runs(const struct plan *plan, size_t partition, char **runs, struct fault *fault)
{
	char mark[40];
	unsigned from = (unsigned)(partition * KEY_BINS / plan->partition_count);
	unsigned to = (unsigned)((partition + 1) * KEY_BINS / plan->partition_count);
	for (size_t s = 0; s < plan->shard_count; s++) {
		snprintf(mark, sizeof mark, "keys-%05zu", s);
		if (!(runs[s] = path_join(plan->work, "%s.run", mark)))
			return fault_set(fault, STATUS_MEMORY, 0, "no memory for the pairs");
		enum status status = check_mark(plan, mark, runs[s], true, from, to, fault);
		if (status != STATUS_OK)
			return status;
	}
	return STATUS_OK;
}

enum status stage_match(struct run *run, const struct spool *spool, size_t partition, struct fault *fault)
{
	char mark[40];
	const struct plan *plan = run->plan;
	snprintf(mark, sizeof mark, "match-%05zu", partition);
	char *path = path_join(plan->work, "%s.pairs", mark);
	char *temporary = path ? file_temporary_name(path) : NULL;
	char **runs = memory_zeroed(plan->shard_count, sizeof *runs);
	enum status status =
		path && temporary && runs ? STATUS_OK : fault_set(fault, STATUS_MEMORY, 0, "no memory for the pairs");
	if (status == STATUS_OK && check_mark(plan, mark, path, false, 0, 0, NULL) != STATUS_OK) {
		status = list_runs(plan, partition, runs, fault);
		if (status == STATUS_OK)
			status = find_pairs(run, spool, partition, (const char *const *)runs, temporary, fault);
		if (status == STATUS_OK)
			status = put_in_place(plan, temporary, path, mark, false, fault);
		if (status != STATUS_OK)
			unlink(temporary);
	}
	for (size_t s = 0; runs && s < plan->shard_count; s++)
		free(runs[s]);
	free(runs);
	free(path);
	free(temporary);
	return status;
}

enum status match_load(const struct plan *plan, struct pair_list *out, struct fault *fault)
{
	char mark[40];
	memset(out, 0, sizeof *out);
	/* With no mark at all the search was not done apart; with some, a missing one is an error. */
	size_t present = 0;
	for (size_t p = 0; p < plan->partition_count; p++) {
		snprintf(mark, sizeof mark, "match-%05zu", p);
		present += stage_exists(plan, mark);
	}
	if (!present)
		return STATUS_END;
	for (size_t p = 0; p < plan->partition_count; p++) {
		snprintf(mark, sizeof mark, "match-%05zu", p);
		char *path = path_join(plan->work, "%s.pairs", mark);
		enum status status = path ? check_mark(plan, mark, path, false, 0, 0, fault) : STATUS_MEMORY;
		if (status == STATUS_OK)
			status = pair_list_load(out, path, fault);
		free(path);
		if (status != STATUS_OK) {
			pair_list_free(out);
			return status == STATUS_END
				       ? fault_set(fault, STATUS_RETRY, 0, "partition %zu was not searched yet", p)
				       : status;
		}
	}
	pair_list_sort(out);
	return STATUS_OK;
}
