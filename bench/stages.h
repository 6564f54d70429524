/* stages: the pieces of a build as tasks over a fixture, with the floors that bound them and other programs' parsers.
 */
#ifndef WARCMILL_BENCH_STAGES_H
#define WARCMILL_BENCH_STAGES_H

#include "bench/fixture.h"
#include "bench/measure.h"

/* Most tasks that any of these adds. */
enum { STAGES_MAX = 56 };
struct tasks {
	struct task at[STAGES_MAX];
	size_t count;
};
void tasks_add(struct tasks *tasks, struct task task);

void floors_add(struct tasks *tasks, struct fixture *fixture);
void stages_add(struct tasks *tasks, struct fixture *fixture);
void parsers_add(struct tasks *tasks, struct fixture *fixture); /* gumbo, libxml2, myhtml */

/* Two stages that have no public door: the members of an archive without their records, the tokens without a tree. */
bool stage_decompress(void *fixture, struct work *work);
bool stage_tokenize(void *fixture, struct work *work);
void article_steps_add(struct tasks *tasks, struct fixture *fixture); /* what an article's time is made of */
bool stage_emit(void *fixture, struct work *work);                    /* stage_emit.c */

/* Sign TEXTS and cluster them; fills OUT (for growth and scaling). THREADS for the clustering. */
bool sign_all(const struct span *texts, size_t count, void *signatures);

#endif
