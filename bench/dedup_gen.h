/* dedup_gen: signatures of documents that were never written, for measuring search at sizes that no test set has. */
#ifndef WARCMILL_BENCH_DEDUP_GEN_H
#define WARCMILL_BENCH_DEDUP_GEN_H

#include "dedup/dedup.h"

/* Fill OUT[COUNT]: three in ten are exact copies and one in ten a near copy of an earlier document, chosen so that
 * cluster sizes have a heavy tail (a copy of a copy is as likely as a copy of an original); the rest are new. */
void dedup_generate(struct signature *out, size_t count, uint64_t seed);
/* The same where every document is a near copy of the first. */
void dedup_generate_story(struct signature *out, size_t count, uint64_t seed);

#endif
