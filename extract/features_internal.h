/* features: blocks to a matrix of bytes that the trees read. Private to extract/.
 *
 * One row (column of the model) a feature, one byte a block. A *view* is a row read at a shift: the neighbours'
 * features cost nothing. The trainer reads the same bytes, so training and running cannot differ. */
#ifndef WARCMILL_FEATURES_INTERNAL_H
#define WARCMILL_FEATURES_INTERNAL_H

#include "extract/blocks_internal.h"
#include "extract/model.h"

/* What a block is by itself. Logarithms and ratios are scaled to bytes in features.c. */
/* clang-format off */
#define COLUMNS_OWN(X) \
	X(words) X(word_length) X(link_share) X(links) X(stops) X(stop_rate) X(comma_rate) X(ends) X(colon) \
	X(upper) X(title_case) X(digit) X(date) X(symbol) X(cjk) X(bold) X(breaks) X(repeats) X(title_overlap) \
	X(is_title) X(description_overlap) X(body_overlap) X(author_overlap) X(lower_start) X(quote_start) \
	X(images_before) X(inline_min) X(inline_max) X(is_paragraph) X(is_heading) X(sentence) X(site_hits) \
	X(author_hits) X(prefix_repeats) X(money)
/* Its words and the class tokens above it, by the model's tables. */
#define COLUMNS_TOKEN(X) \
	X(token_own) X(token_parent) X(token_grand) X(token_sum) X(token_min) X(token_max) X(token_low) \
	X(token_high) X(word_mean) X(word_min) X(word_max) X(word_sum) X(word_first) X(word_last)
/* Where it stands. */
#define COLUMNS_PLACE(X) \
	X(in_best) X(best_depth) X(best_side) X(best_ratio) X(in_mass) X(mass_depth) X(mass_up) X(mass_direct) \
	X(in_article) X(signature_count) X(signature_words) X(signature_link) X(signature_share) \
	X(same_signature) X(same_parent) X(long_back) X(long_ahead) X(title_distance) X(near_long) X(near_link) \
	X(near_ratio) X(wide_long) X(wide_link) X(wide_ratio) X(parent_link) X(parent_long) X(parent_count) \
	X(parent_words) X(grand_link) X(grand_long) X(grand_count) X(depth) X(position) X(long_before) \
	X(long_before_log) X(long_after_log) X(label_score) X(label_token) X(label_distance) X(label_level) \
	X(label_words) X(articles_before) X(titles_before) X(dates_before) X(refusal_distance) \
	X(headline_overlap)
/* What the page is; equal for all its blocks. */
#define COLUMNS_PAGE(X) \
	X(page_words) X(page_link) X(page_blocks) X(page_best_share) X(page_best_long) X(page_ld_article) \
	X(page_json_body) X(page_long) X(page_long_count) X(page_articles) X(page_article_share) \
	X(page_mass_share) X(page_long_share) X(page_modern) X(page_cells) X(page_paragraphs) X(page_items) \
	X(page_headings) X(page_cjk) X(page_kind_article) X(page_kind_product) X(page_kind_forum) \
	X(page_kind_list) X(page_kind_site) X(page_money) X(page_dates) X(page_buttons) X(page_repetition) \
	X(page_authors) X(page_doctype) X(page_viewport) X(page_metas) X(page_quirks)

/* Stage 2: what stage 1 thinks of the block's surroundings. */
#define COLUMNS_CONTEXT(X) \
	X(p) X(window3) X(window8) X(window20) X(share_before) X(share_after) X(mass_before) X(mass_after) \
	X(c0_mean) X(c0_share) X(c1_mean) X(c1_share) X(c2_mean) X(c2_share) X(c3_mean) X(c3_share) \
	X(in_subtree) X(subtree_depth) X(subtree_up) X(in_interval) X(interval_distance) X(group_mean) \
	X(group_count) X(strong_back) X(strong_ahead) X(weak_back) X(weak_ahead) X(expected) X(strong_count) \
	X(doubt) X(purity) X(tag_mean) X(section_mean) X(section_share) X(gap_back) X(gap_ahead) X(bad_before) \
	X(unit_index) X(unit_count) X(unit_share) X(unit_first) X(unit_title) X(heads_since) X(titles_since) \
	X(dates_since) X(names_since) X(refusals_since) X(bad_since) X(run_share) X(run_mass) X(run_away) \
	X(run_bad) X(subtree_left) X(said_before) X(said_after)
/* clang-format on */

enum column {
#define X(name) COLUMN_##name,
	COLUMNS_OWN(X) COLUMNS_TOKEN(X) COLUMNS_PLACE(X) COLUMNS_PAGE(X)
#undef X
		COLUMN_TAGS,
	COLUMN_ANCESTORS = COLUMN_TAGS + BLOCK_TAG_COUNT,
	COLUMN_CONTEXT = COLUMN_ANCESTORS + ANCESTOR_COUNT,
	COLUMN_CONTEXT_BEFORE = COLUMN_CONTEXT - 1,
#define X(name) COLUMN_##name,
	COLUMNS_CONTEXT(X)
#undef X
		COLUMN_COUNT
};

#define VIEW_MAX 320
#define FEATURE_PAD 16u /* zero bytes before each row and after the last: more than any shift */

struct page_facts { /* structure of the page that the decision and the page classes also use */
	uint32_t words, long_words, long_count, chars, link_chars;
	uint32_t best, mass, article; /* elements, UINT32_MAX none */
	uint32_t title;               /* block of the headline, UINT32_MAX none */
};

struct features {
	uint8_t *matrix;
	size_t capacity, stride;
	const uint8_t *views[VIEW_MAX];
	int32_t view_rows[VIEW_MAX]; /* column << 8 | shift + 128 */
	unsigned view_count;
	struct page_facts facts;
	uint32_t *scratch;
	size_t scratch_capacity; /* words, reused by all passes */
};

enum status features_init(struct features *features);
void features_free(struct features *features);
/* Number of views of a stage (0 or 1), their names, and the digest of all names that a model must carry. */
unsigned features_views(unsigned stage);
const char *features_view_name(unsigned view, int *shift);
unsigned features_view_column(unsigned view);
uint32_t features_digest(void);

/* Fill the rows of stage 1 and point features.views at them. */
enum status features_page(struct features *features, struct blocks *blocks, const struct html_tree *tree,
			  const struct page_metadata *metadata, const struct model_tokens *tokens);
/* Its second half: rows of COLUMNS_PLACE and COLUMNS_PAGE (features_place.c). */
enum status features_place(struct features *features, const struct blocks *blocks, const struct html_tree *tree,
			   const struct page_metadata *metadata);
/* Fill the rows of stage 2 from stage 1's probabilities P[blocks.count]. */
enum status features_context(struct features *features, const struct blocks *blocks, const uint8_t *p);
/* Its part about where the article ends (features_end.c): GOOD[blocks.count + 1], running sums of weight × P; SPACE is
 * 8-byte aligned and features_end_space words long. */
size_t features_end_space(const struct blocks *blocks);
void features_end(struct features *features, const struct blocks *blocks, const uint8_t *p, const uint64_t *good,
		  uint32_t *space);

/* SIZE words of zeroed or raw scratch that lives until the next call. */
uint32_t *features_scratch(struct features *features, size_t size, bool zero);

static inline uint8_t *features_row(struct features *features, unsigned column)
{
	return features->matrix + column * features->stride + FEATURE_PAD;
}

/* Integer logarithm with three bits of fraction: x below 16 as is, then 8 steps a doubling; at most 255. */
static inline uint8_t byte_log(uint32_t x)
{
	if (x < 16)
		return (uint8_t)x;
	unsigned e = 31u - (unsigned)__builtin_clz(x);
	return (uint8_t)(16 + (e - 4) * 8 + ((x >> (e - 3)) & 7));
}
static inline uint8_t byte_clip(int64_t x)
{
	return (uint8_t)(x < 0 ? 0 : x > 255 ? 255 : x);
}
static inline uint8_t byte_ratio(uint64_t part, uint64_t whole, unsigned scale)
{
	if (!part || !whole) /* half of them: no division */
		return 0;
	if ((part | whole) >> 24 == 0) /* the usual case: a 32-bit division is much faster */
		return byte_clip((uint32_t)part * scale / (uint32_t)whole);
	return byte_clip((int64_t)(part * scale / whole));
}

#endif
