/* article: what article.c shares with the text writer, the decision, the trainer's dump and the tests. Private to
 * extract/. */
#ifndef WARCMILL_ARTICLE_INTERNAL_H
#define WARCMILL_ARTICLE_INTERNAL_H

#include "extract/blocks_internal.h"
#include "extract/features_internal.h"
#include "extract/model.h"

/* What article_extract does, in order. */
enum article_step {
	STEP_METADATA,
	STEP_BLOCKS,
	STEP_FEATURES,
	STEP_STAGE1,
	STEP_CONTEXT,
	STEP_STAGE2,
	STEP_DECIDE, /* forms, decision, embedded bodies, text, class */
	STEP_LANGUAGE,
	STEP_COUNT
};

struct article_extractor {
	struct article_options options;
	const struct article_model *model;
	struct article_model *own; /* the built-in one, opened */
	struct metadata_reader *reader;
	struct arena *arena;
	struct blocks blocks;
	struct features features;
	uint8_t *p[2];
	size_t p_capacity; /* probabilities of the two stages, n/255 */
	struct article_block *out;
	size_t out_capacity;
	struct buffer text, spare;
	struct arena *address;                                  /* of one link, for Markdown; NULL otherwise */
	void (*on_step)(void *context, enum article_step step); /* at the end of each; NULL but in the benchmark */
	void *step_context;
};

/* ---- Decision (article_decide.c): on scores and words only, so that a stored page can be decided again ---- */

/* Set kept and why of BLOCKS; returns the method's name. BARRED as in article_redecide. */
const char *article_decide(struct article_block *blocks, size_t count, const uint64_t *barred, size_t barred_count);
int article_score255(const struct article_block *block);

/* Why the page is no article, or NULL; OUT holds text, words and metadata already (article_class.c). */
const char *article_class(const struct article_extractor *extractor, const struct page *page,
			  const struct article *article);

/* ---- Text (article_text.c) ---- */

/* Form, level, group and text of each block, as the option wants it; texts live in the extractor. */
enum status article_forms(struct article_extractor *extractor, const struct page *page, struct article_block *out);
/* The kept blocks' texts as one, in TEXT; fills their offset and size. Returns their words. */
uint32_t article_join(struct article_block *blocks, size_t count, struct buffer *text);

/* A link that says no more is a link to its own heading or term. */
extern const struct span article_pilcrow;
/* What addresses of links are resolved against: the page's, with a base element where it has one; copied to ARENA. */
struct span article_link_base(const struct page *page, struct arena *arena);
/* Append BLOCK with its inline markup and the prefix of its form to EXTRACTOR->spare, as CommonMark
 * (article_markdown.c). BASE may be SPAN_NONE: addresses stay as they are. */
enum status article_markdown(struct article_extractor *extractor, const struct html_tree *tree,
			     const struct block *block, const struct article_block *form, struct span base);
/* Append TEXT, which has no markup, to EXTRACTOR->spare, so that CommonMark reads it as such. */
enum status article_markdown_text(struct article_extractor *extractor, struct span text);

/* Blocks, features and both stages for a page; what article_extract decides on. */
enum status article_measure(struct article_extractor *extractor, const struct page *page,
			    struct page_metadata *metadata);

#endif
