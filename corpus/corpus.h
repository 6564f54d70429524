/* corpus: the stages from inputs to the corpus folder.
 *
 * A run is a plan (inputs, options, shards) and a row of stages, each a function over files in the run's working
 *folder:
 *
 *	extract (each shard of inputs) → hosts → df → sign (each shard) → match → cluster → emit (each part) → finish
 *
 * Every stage file carries the plan's digest, is written under a temporary name, fsynced and renamed, and is skipped
 *when it is there already. `corpus_build` is the same stages in one process; that is what lets a killed run continue
 *and a cluster give the bytes that one machine gives. */
#ifndef WARCMILL_CORPUS_H
#define WARCMILL_CORPUS_H

#include "base/base.h"
#include "corpus/output.h"
#include "dedup/dedup.h"
#include "extract/extract.h"
#include "warc/warc.h"

#ifdef __cplusplus
extern "C" {
#endif

/* ---- Options ------------------------------------------------------------------------------------------- */

/* What the user may choose. One table (options.c) gives names, kinds and help to the command line, to plans and to
 * manifests. OPTION_OUTPUT rows change the corpus and are part of the manifest; the others only change how it is made.
 */
enum option_kind { OPTION_FLAG, OPTION_COUNT, OPTION_SIZE, OPTION_TEXT, OPTION_LIST, OPTION_DATE, OPTION_PATH };
struct option_row {
	const char *name; /* "max-part-bytes" */
	enum option_kind kind;
	const char *argument;  /* "BYTES", NULL for flags */
	const char *otherwise; /* the value where none is given, as text; NULL: absent */
	const char *help;
	bool output;
	const char *choices; /* "plain|markdown", or NULL */
};
size_t corpus_option_count(void);
const struct option_row *corpus_option_at(size_t index);

struct build_options;
struct build_options *build_options_new(void); /* NULL without memory */
void build_options_free(struct build_options *options);
/* STATUS_USAGE with one sentence when NAME is unknown or VALUE is not of its kind. Lists add to what is there. VALUE of
 * a flag is NULL or "true". */
enum status build_options_set(struct build_options *options, const char *name, const char *value, struct fault *fault);
const char *build_options_get(const struct build_options *options, const char *name); /* NULL: not given, no default */
/* Check what no single option can tell (splits that do not add up, …). */
enum status build_options_check(const struct build_options *options, struct fault *fault);
/* The options that were given as a JSON object, names sorted; OUTPUT_ONLY leaves out those that do not change the
 * corpus. */
void build_options_json(const struct build_options *options, bool output_only, struct json_writer *writer);
enum status build_options_from_json(struct build_options *options, const struct json *object, struct fault *fault);

/* ---- Progress ------------------------------------------------------------------------------------------ */

struct corpus_progress {
	const char *stage;    /* "extract", "sign", … static */
	uint64_t done, total; /* bytes for extract, rows or parts otherwise; total 0: unknown */
	uint64_t records, documents, damaged;
	const char *unit; /* "bytes", "rows", "parts" */
};
/* Called from worker threads, one call at a time, as often as something is done; the receiver decides what to show. */
struct corpus_observer {
	void (*update)(void *self, const struct corpus_progress *progress);
	void (*note)(void *self, const char *text); /* one sentence worth telling: "continuing at …" */
	void *self;
};

/* ---- The main job -------------------------------------------------------------------------------------- */

struct corpus_totals {
	uint64_t records, documents, duplicates, rejected, skipped, damaged;
	uint64_t record_bytes, skipped_bytes, input_bytes;
	bool already_complete; /* the folder held this very run, finished, before */
	bool differs;          /* with `strict`: damage was met */
};

/* Run everything from INPUTS (as for warc_inputs_new) into FOLDER with THREADS threads (0: all cores). Continues an
 * interrupted run of the same inputs and options. STATUS_USAGE: options or folder; STATUS_RETRY: another process works
 * there; STATUS_IO: reading or writing; STATUS_DATA: the accounts do not add up. FAULT->text is one whole sentence.
 * OBSERVER may be NULL. Thread rule: one call at a time on a folder. */
enum status corpus_build(const char *const *arguments, size_t count, const struct build_options *options,
			 const char *folder, unsigned threads, bool force, const struct corpus_observer *observer,
			 struct corpus_totals *totals, struct fault *fault);

/* What corpus_build would do, as text for people, appended to OUT. */
enum status corpus_plan_text(const char *const *arguments, size_t count, const struct build_options *options,
			     const char *folder, struct buffer *out, struct fault *fault);

/* ---- Repeating a run ------------------------------------------------------------------------------------- */

/* What a manifest says about how its corpus was made. */
struct manifest_recipe {
	char **paths; /* [path_count] of the inputs as they were read, from run.json beside the manifest; may be none */
	size_t path_count;
	char *sums; /* SHA256SUMS beside the manifest, or NULL */
	char *path;
};
/* Read PATH (a manifest.json) and add its options to OPTIONS. */
enum status manifest_recipe_read(const char *path, struct build_options *options, struct manifest_recipe *out,
				 struct fault *fault);
/* Is FOLDER's SHA256SUMS the same as that beside the manifest? STATUS_DATA names the first file that differs. */
enum status manifest_recipe_check(const struct manifest_recipe *recipe, const char *folder, struct fault *fault);
void manifest_recipe_free(struct manifest_recipe *recipe);

/* ---- Verifying ------------------------------------------------------------------------------------------- */

struct verify_request {
	const char *folder;
	const char *const *inputs; /* [input_count] where the archives are; none: where run.json says they were */
	size_t input_count;
	uint64_t sample; /* rows made again from their records; 0: all */
	unsigned threads;
	/* One sentence for each thing that is wrong, from one thread at a time. */
	void (*finding)(void *self, const char *text);
	void *self;
};
struct verify_totals {
	uint64_t files, rows, derived, inputs, findings;
	bool partial_rows; /* the format ("wet") has ids, keepers and texts only: no more was compared */
};
/* Check sums, accounts, references between rows, the archives' digests, and rows against their records. STATUS_OK: all
 * of it holds; STATUS_DATA: findings were reported. */
enum status corpus_verify(const struct verify_request *request, struct verify_totals *totals, struct fault *fault);

/* ---- Explaining ------------------------------------------------------------------------------------------ */

/* Why the page with that id or address is where it is, as text for people appended to OUT. Inputs as for verify; they
 * are needed for the texts of pages that were not kept. STATUS_END: the corpus knows nothing of it (said in OUT as
 * well). */
enum status corpus_explain(const char *folder, const char *key, const char *const *inputs, size_t input_count,
			   struct buffer *out, struct fault *fault);

/* ---- Stages one by one, for clusters --------------------------------------------------------------------- */

/* How many units a stage has in the plan: shards, partitions, parts or one. 0: not known before the stage ahead is
 * done. */
struct corpus_stage {
	const char *name; /* "extract", … */
	const char *unit; /* "shard", "partition", "part", "run" */
};
size_t corpus_stage_count(void);
const struct corpus_stage *corpus_stage_at(size_t index); /* in the order they run */

/* What one read of `match` will be: a partition's keys in one shard's run file, estimated from the inputs' size. Below
 * MATCH_READ_MIN a shared file system spends its time on opening and seeking. */
#define MATCH_READ_MIN ((uint64_t)256 << 10)
struct match_reads {
	uint64_t bytes;
	size_t partitions, shards,
		partitions_most; /* the most with which reads are not shorter than that, 1 at least */
};
/* Make FOLDER and its plan (.work/plan.json), to be run stage by stage. An existing plan of the same inputs and options
 * is kept. With the option `partitions` 0 there are as many as keep reads long, 64 at most. READS may be NULL. */
enum status corpus_plan_make(const char *const *arguments, size_t count, const struct build_options *options,
			     const char *folder, struct match_reads *reads, struct fault *fault);
/* Do units u of STAGE with u mod OF = INDEX; OF 0: unit INDEX alone, nothing when there are fewer. What is done is
 * skipped, a finished corpus is left alone; running a unit twice, or at once, gives the same bytes. STATUS_RETRY: a
 * stage ahead is not complete, or another process does the same unit. TOTALS (may be NULL) is filled by the last stage,
 * "finish". */
enum status corpus_run_stage(const char *folder, const char *stage, uint64_t index, uint64_t of, unsigned threads,
			     const struct corpus_observer *observer, struct corpus_totals *totals, struct fault *fault);
/* One line a stage: name, units done, units in all ("?" when not known yet), and the first missing ones. */
enum status corpus_run_status(const char *folder, struct buffer *out, struct fault *fault);

#ifdef __cplusplus
}
#endif
#endif
