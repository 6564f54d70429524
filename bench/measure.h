/* measure: runs pieces of work in turns, so that what disturbs the machine disturbs all of them, and keeps every
 * sample. */
#ifndef WARCMILL_BENCH_MEASURE_H
#define WARCMILL_BENCH_MEASURE_H

#include "bench/bench.h"

/* What one run of a task did. */
struct work {
	uint64_t bytes, units; /* of the task's own input */
	uint64_t check;        /* depends on the results: keeps the compiler honest, and must not change between runs */
	double seconds; /* timed by the task itself, where it must leave something out; 0: measured around it. On the
			 * clock that the task is measured by. */
	int counter;    /* instructions of this process, to be read as a uint64_t; -1 without */
	uint64_t instructions; /* counted by the task that times itself, if it can */
};

struct task {
	const char *name,
		*group; /* "tree", "stage" (ours), "floor" (what the machine allows), "peer" (other programs) */
	const char *about;
	const char *unit;  /* what `units` counts: "record", "page", "document" */
	const char *limit; /* name of the floor that bounds it, or NULL */
	void *context;
	bool (*run)(void *context, struct work *work); /* false: could not be run, why is said in `absent` */
	const char *absent;                            /* not NULL: not run, for this reason */
	bool by_wall; /* wall time counts (threads, other processes); else this process's own processor time, which does
			 not grow when others use the machine */
};

struct samples {
	double *seconds, *wall; /* [count] by the task's clock; by the wall */
	uint64_t *instructions;
	size_t count;
	bool counted;         /* instructions are there */
	struct work work;     /* of the last run */
	bool unsteady;        /* `check` differed between runs */
	uint64_t peak_bytes;  /* resident set at its highest during an untimed first run, 0 unknown */
	uint64_t extra_bytes; /* … above what was resident before */
	uint64_t base; /* bytes of the archive that "ms per MB" refers to, set by who measures; 0: the task's own */
};

/* ROUNDS runs of each of TASKS[COUNT], in an order that rotates; fewer, but three at least, where SECONDS of wall time
 * (0: no bound) do not suffice. OUT[COUNT] is initialised here; free with samples_free. Returns the rounds made. */
size_t measure(const struct task *tasks, size_t count, size_t rounds, double seconds, struct samples *out);
void samples_free(struct samples *samples);

double samples_median(const struct samples *samples);
double samples_spread(const struct samples *samples); /* interquartile range over the median */

/* A row as JSON: all samples, medians, rates. */
void measure_json(struct json_writer *json, const struct task *task, const struct samples *samples);
void measure_print(FILE *out, const struct task *tasks, const struct samples *samples, size_t count);

/* Machine, compiler, versions as members of the open JSON object. */
void machine_json(struct json_writer *json);

#endif
