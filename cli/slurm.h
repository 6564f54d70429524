/* slurm: what the files of the `slurm` command share.
 *
 * A run on Slurm is a row of groups, each one job array and a gate behind it. The scripts beside the corpus
 * (DIR.slurm/) are plain shell that can be read, changed and run by hand; the program writes them, tells what is done,
 * and names the elements that are missing. */
#ifndef WARCMILL_SLURM_H
#define WARCMILL_SLURM_H

#include "base/base.h"

enum { SLURM_GROUPS_MAX = 16, SLURM_STAGES_MAX = 16, SLURM_EXTRA_MAX = 32, SLURM_NAME = 16 };

struct slurm_settings {
	const char *partition, *account, *qos, *time, *memory; /* as sbatch takes them; NULL: the site's default */
	const char *program;                                   /* absolute path that every node has */
	const char *corpus, *scripts;                          /* absolute folders */
	const char *extra[SLURM_EXTRA_MAX];                    /* "[GROUP:]--option=value" */
	size_t extra_count;
	uint64_t cpus, array_max, at_once, retries;
};

/* Where a stage stands, as `run status` tells it. */
struct slurm_stage {
	char name[SLURM_NAME];
	uint64_t done, units; /* units 0: not known yet */
	char *missing;        /* "0-3,7" or NULL; malloc */
};
struct slurm_states {
	struct slurm_stage stages[SLURM_STAGES_MAX];
	size_t count;
	bool complete; /* the corpus is finished; no stages then */
};
enum status slurm_states_read(const char *corpus, struct slurm_states *states, struct fault *fault);
void slurm_states_free(struct slurm_states *states);

/* One job array: element I of OF does units u with u mod OF = I of each of its stages. */
struct slurm_group {
	char name[SLURM_NAME];
	uint64_t of;
	char stages[64]; /* separated by blanks */
};
struct slurm_groups {
	struct slurm_group groups[SLURM_GROUPS_MAX];
	size_t count;
};
void slurm_groups_make(const struct slurm_states *states, uint64_t array_max, struct slurm_groups *groups);
/* From SCRIPTS/groups.tsv, so that a retry numbers elements as the first submission did. */
enum status slurm_groups_read(const char *scripts, struct slurm_groups *groups, struct fault *fault);
/* The elements of GROUP with units missing, as Slurm's array syntax ("0-3,7") appended to OUT; nothing when complete.
 * A group with a stage whose units are not known yet is missing whole. */
enum status slurm_missing(const struct slurm_states *states, const struct slurm_group *group, struct buffer *out);

/* Write groups.tsv, settings.sh, task.sh, gate.sh, submit.sh and parallel.sh into settings->scripts. */
enum status slurm_scripts_write(const struct slurm_settings *settings, const struct slurm_groups *groups,
				struct fault *fault);
/* "NAME-1a2b3c": what a run's jobs are called; OUT holds at least 64 bytes. */
void slurm_run_name(const char *corpus, char *out);

/* A table for people: stage by stage done, running, missing, rate and time left, appended to OUT. */
enum status slurm_status_text(const char *corpus, const struct slurm_states *states, struct buffer *out);

#endif
