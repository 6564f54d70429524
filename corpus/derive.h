/* derive: a row of the corpus made again from its record, for verify and explain. */
#ifndef WARCMILL_DERIVE_H
#define WARCMILL_DERIVE_H

#include "corpus/emit_internal.h"
#include "corpus/reading.h"

/* What all threads share: the corpus' own options, tables and archives. */
struct derive_shared {
	struct build_options *options;
	struct plan *plan;          /* of the archives that were found; NULL when there are none */
	struct recurring recurring; /* read back from tables/recurring.jsonl */
	struct recurring_block *blocks;
	struct df_table *df;
};
enum status derive_shared_open(const struct corpus *corpus, const char *const *inputs, size_t count,
			       struct derive_shared *out, struct fault *fault);
void derive_shared_close(struct derive_shared *shared);
/* Index of the input NAME, or SIZE_MAX. */
size_t derive_input(const struct derive_shared *shared, struct span name);
/* Cut "name@offset+inner". */
bool derive_address(struct span id, struct span *name, uint64_t *offset, uint64_t *inner);

struct deriver; /* one a thread */
struct deriver *deriver_new(const struct derive_shared *shared, struct fault *fault);
void deriver_free(struct deriver *deriver);
void deriver_explain(struct deriver *deriver); /* rejected pages come with their scored blocks */
struct derived {
	struct row row;     /* as in the spool, its final text made */
	const char *reason; /* host evidence's rejection */
	struct signature signature;
	struct corpus_row out;
	bool found; /* a record starts there and it is a page or a revisit */
	uint64_t length;
};
/* Calls for growing addresses in one input read on where the last one stopped, if that is near. OUT lives until the
 * next call. */
enum status derive(struct deriver *deriver, size_t input, uint64_t offset, uint64_t inner, struct derived *out,
		   struct fault *fault);

#endif
