/* emit_internal: between emit.c, which writes parts, and finish.c, which lists them. */
#ifndef WARCMILL_EMIT_INTERNAL_H
#define WARCMILL_EMIT_INTERNAL_H

#include "corpus/corpus_internal.h"

struct emitted_file {
	struct span name; /* within the corpus folder */
	int table;
	uint64_t rows, size;
	const uint8_t *sha256;
};
void emitted_put(struct buffer *out, const struct emitted_file *file, const char *suffix);
bool emitted_get(struct span *from, struct emitted_file *file); /* borrows from FROM */

/* Private data in texts (mask.c). One a thread. */
struct masker;
struct masker *masker_new(void);
void masker_free(struct masker *masker);
/* OUT is TEXT itself where nothing is masked, else lives until the next call. */
enum status mask_text(struct masker *masker, unsigned what, struct span text, struct span *out,
		      struct masked_counts *counts);

/* Rows as they are written (compose.c). SIGNATURE NULL: a revisit. Spans live as long as ROW's, ARENA's and, for the
 * masked text, until MASKER's next use. */
enum status compose_document(const struct plan *plan, const struct row *row, const struct signature *signature,
			     struct masker *masker, struct arena *arena, struct corpus_row *out);
void compose_duplicate(const struct row *row, const struct signature *signature, struct corpus_row *out);
void compose_evidence(const struct pair_evidence *evidence, struct duplicate *duplicate);
/* REASON: host evidence's, or NULL for the row's own. */
void compose_rejection(const struct row *row, const char *reason, struct corpus_row *out);

#endif
