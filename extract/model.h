/* model: a trained model's tables and their evaluation. Private to extract/.
 *
 * Stored form (little endian): "WMAM", version, digest of the feature names, table sizes, sigmoid table, token tables,
 * trees. The built-in model is the same bytes (model_tables.c), so that training, cross-validation and running share
 * all code. */
#ifndef WARCMILL_MODEL_H
#define WARCMILL_MODEL_H

#include "extract/extract.h"

/* Weights of hashed tokens in units of 1/32 (log odds), open addressing. */
struct token_table {
	uint32_t mask;
	uint32_t *keys; /* 0: free */
	int8_t *weights;
};
struct model_tokens {
	struct token_table elements, words;
};

/* Trees by codes: below MODEL_LEAVES a leaf, its value as a byte; from there on node code - MODEL_LEAVES. A stage's
 * nodes are sorted by view and each view's are filled up to a multiple of MODEL_NODES, so that one comparison settles
 * many. */
#define MODEL_LEAVES 256u
#define MODEL_NODES 16u
struct view_nodes {
	uint16_t view;
	uint32_t from, to;
};
struct model_stage {
	uint16_t *roots; /* codes */
	size_t tree_count;
	struct view_nodes *views; /* those that some node reads */
	size_t view_count;
	/* of each node: x[view] <= threshold leads to child 0, else child 1 */
	int16_t *threshold, *child[2];
	uint16_t *view;
	size_t node_count;
	int32_t base; /* in leaf units */
	int32_t unit; /* leaf units of one logit */
};

#define SIGMOID_STEPS 512 /* over the logits [-8, 8) */
#define TREE_INNER_MAX 63
#define TREES_MAX 2048u
#define NODES_MAX 16128u /* of a stage, with the filling */
#define MODEL_VERSION 1u

struct article_model {
	struct model_tokens tokens;
	struct model_stage stages[2];
	uint8_t sigmoid[SIGMOID_STEPS];
	uint64_t digest; /* XXH3-64 of its bytes */
};

extern const unsigned char model_builtin[];
extern const size_t model_builtin_size;
/* What the features of the example pages came to when it was trained (warcmill-features --check). */
extern const uint64_t model_builtin_features;

/* Sum of an element's token weights, clipped to ±192. TOKENS may be NULL. */
int model_element_score(const struct model_tokens *tokens, const uint32_t *hashes, size_t count);
int model_word_score(const struct model_tokens *tokens, uint32_t hash);

/* Probabilities (n/255) of COUNT blocks. VIEWS[v] points to the column of view v, readable to COUNT rounded up to
 * MODEL_LANES. */
#define MODEL_LANES 64u
/* BEFORE: the stage's before it, or NULL. A batch of 64 blocks that it holds all but impossible (below MODEL_GATE)
 * keeps its values: menus and footers cost one stage. */
#define MODEL_GATE 5
void model_evaluate(const struct article_model *model, unsigned stage, const uint8_t *const *views, size_t count,
		    const uint8_t *before, uint8_t *out);
/* One way by number, for the tests; false where the machine lacks it. */
bool model_evaluate_by(unsigned way, const struct article_model *model, unsigned stage, const uint8_t *const *views,
		       size_t count, uint8_t *out);
/* The same, block by block: the twin that the tests compare with. */
void model_evaluate_plain(const struct article_model *model, unsigned stage, const uint8_t *const *views, size_t count,
			  uint8_t *out);

#endif
