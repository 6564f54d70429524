/* invent: texts of invented words, the same on every machine. */
#ifndef TEST_INVENT_H
#define TEST_INVENT_H

#include "dedup/dedup.h"

/* Append WORDS invented words drawn by SEED, sentences of about ten. */
void invent(struct buffer *out, uint64_t seed, unsigned words);
/* Append TEXT with every word changed with probability PER_MILLE / 1000. */
void invent_edit(struct buffer *out, struct span text, uint64_t seed, unsigned per_mille);
uint64_t invent_next(uint64_t *state); /* splitmix64 */

struct texts {
	struct buffer bytes;
	size_t starts[4096], count;
};
void texts_init(struct texts *texts);
struct span texts_at(const struct texts *texts, size_t index);
void texts_end(struct texts *texts); /* what was appended to bytes is the next text */
void texts_free(struct texts *texts);
/* Signatures of all, without a df table; to be freed. */
struct signature *texts_sign(const struct texts *texts, enum fingerprint fingerprint);

#endif
