/* card: what goes with a corpus when it is handed on: README.md and croissant.json. Both follow from the manifest
 * alone, so they are the same wherever the corpus is made again, and stand in SHA256SUMS. */
#ifndef WARCMILL_CARD_H
#define WARCMILL_CARD_H

#include "corpus/corpus_internal.h"
#include "corpus/output_internal.h"

/* Count what a document says of its use: "signal:noai", "license:CC BY". */
void card_count(struct tally *tally, const struct document *document);
/* Licences by family ("CC BY-SA", "CC0", "other"), by what an address or text contains. LICENSE is present. */
struct span license_family(struct span license);

/* Make both texts from manifest.json's bytes. */
enum status card_write(struct span manifest, struct buffer *readme, struct buffer *croissant, struct fault *fault);

/* ---- Between the card's files ---------------------------------------------------------------------------- */

const char *column_about(const struct column *column); /* one sentence without its full stop; "" when unknown */
void card_readme(const struct json *manifest, struct buffer *out);
void card_croissant(const struct json *manifest, struct arena *arena, struct buffer *out);
struct span card_format(const struct json *manifest); /* "jsonl", "parquet", "wet" */

#endif
