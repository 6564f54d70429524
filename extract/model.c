/* model: opens a stored model and evaluates its trees for 64 blocks at once.
 *
 * Features are bytes in feature-major order, so one comparison answers a node for a whole vector of blocks. Each tree
 * is run whole: a mask of the blocks that reach a slot is split in two at every inner node, and each leaf's value is
 * put in where its mask is set. That is 24 leaves × 5 instructions for 32 blocks and no branch to mispredict, where a
 * scalar walk takes about six mispredicted steps a block. Leaves are int8, sums int16: results are the same on every
 * machine. */
#include "extract/model.h"

#include "extract/features_internal.h"

#include <stdlib.h>
#if defined(__x86_64__)
#include <immintrin.h>
#endif

/* ---- Opening ------------------------------------------------------------------------------------------ */

struct cursor {
	const unsigned char *at, *end;
	bool failed;
};

static uint32_t take(struct cursor *cursor, unsigned bytes)
{
	uint32_t value = 0;
	if ((size_t)(cursor->end - cursor->at) < bytes) {
		cursor->failed = true;
		return 0;
	}
	for (unsigned i = 0; i < bytes; i++)
		value |= (uint32_t)*cursor->at++ << 8 * i;
	return value;
}

static bool table_open(struct token_table *table, struct cursor *cursor, uint32_t count)
{
	if (count > 1u << 20 || (size_t)(cursor->end - cursor->at) < (size_t)count * 5)
		return false;
	uint32_t size = 16;
	while (size < count * 2)
		size *= 2;
	table->mask = size - 1;
	table->keys = memory_zeroed(size, sizeof *table->keys);
	table->weights = memory_zeroed(size, sizeof *table->weights);
	if (!table->keys || !table->weights)
		return false;
	for (uint32_t i = 0; i < count; i++) {
		uint32_t hash = take(cursor, 4);
		int8_t weight = (int8_t)take(cursor, 1);
		uint32_t at = hash & table->mask;
		while (table->keys[at])
			at = (at + 1) & table->mask;
		table->keys[at] = hash;
		table->weights[at] = weight;
	}
	return true;
}

/* A parent comes before its children and each slot has one parent: then the masks are a partition and evaluation ends.
 */
static bool tree_valid(const struct tree_node *nodes, uint32_t inner, unsigned view_count)
{
	bool reached[2 * TREE_INNER_MAX + 1] = {true};
	for (uint32_t i = 0; i < inner; i++) {
		unsigned pair[2] = {nodes[i].left, nodes[i].right};
		if (nodes[i].view >= view_count || !reached[i])
			return false;
		for (int k = 0; k < 2; k++) {
			if (pair[k] <= i || pair[k] > 2 * inner || reached[pair[k]])
				return false;
			reached[pair[k]] = true;
		}
	}
	return true;
}

static bool stage_open(struct model_stage *stage, struct cursor *cursor, unsigned view_count)
{
	stage->base = (int32_t)take(cursor, 4);
	stage->unit = (int32_t)take(cursor, 4);
	stage->tree_count = take(cursor, 4);
	stage->node_count = take(cursor, 4);
	if (cursor->failed || stage->tree_count > TREES_MAX || stage->node_count > stage->tree_count * TREE_INNER_MAX ||
	    stage->unit < 1 || stage->unit > 1 << 20 || stage->base > 1 << 24 || stage->base < -(1 << 24))
		return false;
	stage->leaf_count = stage->node_count + stage->tree_count;
	stage->trees = memory_zeroed(stage->tree_count + 1, sizeof *stage->trees);
	stage->nodes = memory_zeroed(stage->node_count + 1, sizeof *stage->nodes);
	stage->leaves = memory_zeroed(stage->leaf_count + 1, 1);
	if (!stage->trees || !stage->nodes || !stage->leaves)
		return false;
	uint32_t node = 0, leaf = 0, reach = 0;
	for (size_t t = 0; t < stage->tree_count; t++) {
		uint32_t inner = take(cursor, 1);
		if (inner > TREE_INNER_MAX || node + inner > stage->node_count)
			return false;
		stage->trees[t] = (struct tree){node, leaf, inner};
		for (uint32_t i = 0; i < inner; i++, node++) {
			stage->nodes[node].view = (uint16_t)take(cursor, 2);
			stage->nodes[node].threshold = (uint8_t)take(cursor, 1);
			stage->nodes[node].left = (uint8_t)take(cursor, 1);
			stage->nodes[node].right = (uint8_t)take(cursor, 1);
		}
		uint32_t most = 0;
		for (uint32_t i = 0; i <= inner; i++) {
			int8_t value = (int8_t)take(cursor, 1);
			uint32_t size = (uint32_t)(value < 0 ? -value : value);
			most = size > most ? size : most;
			stage->leaves[leaf++] = value;
		}
		reach += most;
		if (cursor->failed || !tree_valid(stage->nodes + stage->trees[t].first_node, inner, view_count))
			return false;
	}
	return node == stage->node_count && reach <= INT16_MAX; /* no sum of leaves overflows */
}

struct article_model *article_model_open(struct span bytes, struct fault *fault)
{
	struct cursor cursor = {(const unsigned char *)bytes.data, (const unsigned char *)bytes.data + bytes.size,
				false};
	struct article_model *model = memory_zeroed(1, sizeof *model);
	if (!model) {
		fault_set(fault, STATUS_MEMORY, 0, "no memory for a model");
		return NULL;
	}
	const char *problem = "this is not an article model";
	if (bytes.size < 32 || memcmp(bytes.data, "WMAM", 4))
		goto fail;
	cursor.at += 4;
	problem = "the model was made for another version of the features; train it again";
	if (take(&cursor, 4) != MODEL_VERSION || take(&cursor, 4) != features_digest())
		goto fail;
	problem = "the model is damaged";
	uint32_t elements = take(&cursor, 4), words = take(&cursor, 4);
	for (int i = 0; i < SIGMOID_STEPS; i++)
		model->sigmoid[i] = (uint8_t)take(&cursor, 1);
	if (cursor.failed || !table_open(&model->tokens.elements, &cursor, elements) ||
	    !table_open(&model->tokens.words, &cursor, words) ||
	    !stage_open(&model->stages[0], &cursor, features_views(0)) ||
	    !stage_open(&model->stages[1], &cursor, features_views(1)) || cursor.at != cursor.end)
		goto fail;
	model->digest = hash64(bytes.data, bytes.size, 0);
	return model;
fail:
	fault_set(fault, STATUS_DATA, bytes.data ? (uint64_t)(cursor.at - (const unsigned char *)bytes.data) : 0, "%s",
		  problem);
	article_model_free(model);
	return NULL;
}

void article_model_free(struct article_model *model)
{
	if (!model)
		return;
	free(model->tokens.elements.keys);
	free(model->tokens.elements.weights);
	free(model->tokens.words.keys);
	free(model->tokens.words.weights);
	for (int i = 0; i < 2; i++) {
		free(model->stages[i].trees);
		free(model->stages[i].nodes);
		free(model->stages[i].leaves);
	}
	free(model);
}

/* ---- Tokens ------------------------------------------------------------------------------------------- */

static int table_weight(const struct token_table *table, uint32_t hash)
{
	if (!table->keys || !hash)
		return 0;
	for (uint32_t at = hash & table->mask; table->keys[at]; at = (at + 1) & table->mask)
		if (table->keys[at] == hash)
			return table->weights[at];
	return 0;
}

int model_element_score(const struct model_tokens *tokens, const uint32_t *hashes, size_t count)
{
	int sum = 0;
	for (size_t i = 0; tokens && i < count; i++)
		sum += table_weight(&tokens->elements, hashes[i]);
	return sum < -192 ? -192 : sum > 192 ? 192 : sum;
}

int model_word_score(const struct model_tokens *tokens, uint32_t hash)
{
	return tokens ? table_weight(&tokens->words, hash) : 0;
}

/* ---- Trees -------------------------------------------------------------------------------------------- */

static uint8_t probability(const struct article_model *model, unsigned stage, int32_t sum)
{
	int64_t scaled = (int64_t)(sum + model->stages[stage].base) * (SIGMOID_STEPS / 16);
	int64_t step = (scaled + (int64_t)model->stages[stage].unit * (SIGMOID_STEPS / 2)) / model->stages[stage].unit;
	return model->sigmoid[step < 0 ? 0 : step >= SIGMOID_STEPS ? SIGMOID_STEPS - 1 : step];
}

void model_evaluate_plain(const struct article_model *model, unsigned stage, const uint8_t *const *views, size_t count,
			  uint8_t *out)
{
	const struct model_stage *s = &model->stages[stage];
	for (size_t i = 0; i < count; i++) {
		int32_t sum = 0;
		for (size_t t = 0; t < s->tree_count; t++) {
			const struct tree *tree = &s->trees[t];
			uint32_t slot = 0;
			while (slot < tree->inner) {
				const struct tree_node *node = &s->nodes[tree->first_node + slot];
				slot = views[node->view][i] <= node->threshold ? node->left : node->right;
			}
			sum += s->leaves[tree->first_leaf + slot - tree->inner];
		}
		out[i] = probability(model, stage, sum);
	}
}

typedef uint8_t lanes32 __attribute__((vector_size(32)));
typedef int8_t half16 __attribute__((vector_size(16)));
typedef int16_t sums16 __attribute__((vector_size(32)));

static inline __attribute__((always_inline)) void run_trees(const struct model_stage *s, const uint8_t *const *views,
							    size_t at, int16_t sums[MODEL_LANES])
{
	lanes32 low[2 * TREE_INNER_MAX + 1], high[2 * TREE_INNER_MAX + 1];
	sums16 total[4] = {{0}, {0}, {0}, {0}};
	for (size_t t = 0; t < s->tree_count; t++) {
		const struct tree *tree = &s->trees[t];
		const struct tree_node *node = s->nodes + tree->first_node;
		const int8_t *leaf = s->leaves + tree->first_leaf;
		lanes32 value[2] = {{0}, {0}};
		low[0] = high[0] = ~value[0];
		for (uint32_t i = 0; i < tree->inner; i++, node++) {
			lanes32 a, b, threshold = node->threshold - (lanes32){0};
			memcpy(&a, views[node->view] + at, 32);
			memcpy(&b, views[node->view] + at + 32, 32);
			a = (lanes32)(a <= threshold);
			b = (lanes32)(b <= threshold);
			low[node->left] = low[i] & a;
			low[node->right] = low[i] & ~a;
			high[node->left] = high[i] & b;
			high[node->right] = high[i] & ~b;
		}
		for (uint32_t i = 0; i <= tree->inner; i++) {
			lanes32 all = (uint8_t)leaf[i] - (lanes32){0};
			value[0] |= low[tree->inner + i] & all;
			value[1] |= high[tree->inner + i] & all;
		}
		for (int k = 0; k < 4; k++) {
			half16 part;
			memcpy(&part, (const char *)value + 16 * k, 16);
			total[k] += __builtin_convertvector(part, sums16);
		}
	}
	memcpy(sums, total, sizeof total);
}

static void stage_run(const struct model_stage *s, const uint8_t *const *views, size_t at, int16_t sums[MODEL_LANES])
{
	run_trees(s, views, at, sums);
}

#if defined(__x86_64__)
__attribute__((target("avx2"))) static void stage_run_avx2(const struct model_stage *s, const uint8_t *const *views,
							   size_t at, int16_t sums[MODEL_LANES])
{
	run_trees(s, views, at, sums);
}

/* Masks are general registers here: a node costs one comparison, a move and two ands for 64 blocks. */
__attribute__((target("avx512bw"))) static void stage_run_avx512(const struct model_stage *s,
								 const uint8_t *const *views, size_t at,
								 int16_t sums[MODEL_LANES])
{
	uint64_t masks[2 * TREE_INNER_MAX + 1];
	__m512i low = _mm512_setzero_si512(), high = _mm512_setzero_si512();
	for (size_t t = 0; t < s->tree_count; t++) {
		const struct tree *tree = &s->trees[t];
		const struct tree_node *node = s->nodes + tree->first_node;
		const int8_t *leaf = s->leaves + tree->first_leaf;
		__m512i value = _mm512_setzero_si512();
		masks[0] = ~(uint64_t)0;
		for (uint32_t i = 0; i < tree->inner; i++, node++) {
			__m512i x = _mm512_loadu_si512(views[node->view] + at);
			uint64_t under = _mm512_cmple_epu8_mask(x, _mm512_set1_epi8((char)node->threshold));
			masks[node->left] = masks[i] & under;
			masks[node->right] = masks[i] & ~under;
		}
		for (uint32_t i = 0; i <= tree->inner; i++)
			value = _mm512_mask_set1_epi8(value, masks[tree->inner + i], leaf[i]);
		low = _mm512_add_epi16(low, _mm512_cvtepi8_epi16(_mm512_castsi512_si256(value)));
		high = _mm512_add_epi16(high, _mm512_cvtepi8_epi16(_mm512_extracti64x4_epi64(value, 1)));
	}
	_mm512_storeu_si512(sums, low);
	_mm512_storeu_si512(sums + 32, high);
}
#endif

typedef void stage_runner(const struct model_stage *, const uint8_t *const *, size_t, int16_t *);

static stage_runner *best_runner(void)
{
#if defined(__x86_64__)
	if (__builtin_cpu_supports("avx512bw"))
		return stage_run_avx512;
	if (__builtin_cpu_supports("avx2"))
		return stage_run_avx2;
#endif
	return stage_run;
}

static bool all_unlikely(const uint8_t *before, size_t count)
{
	uint8_t most = 0;
	for (size_t i = 0; i < count; i++)
		most = before[i] > most ? before[i] : most;
	return most < MODEL_GATE;
}

static void evaluate(const struct article_model *model, unsigned stage, const uint8_t *const *views, size_t count,
		     const uint8_t *before, uint8_t *out, stage_runner *run)
{
	int16_t sums[MODEL_LANES];
	for (size_t at = 0; at < count; at += MODEL_LANES) {
		size_t here = count - at < MODEL_LANES ? count - at : MODEL_LANES;
		if (before && all_unlikely(before + at, here)) {
			memcpy(out + at, before + at, here);
			continue;
		}
		run(&model->stages[stage], views, at, sums);
		for (size_t i = 0; i < here; i++)
			out[at + i] = probability(model, stage, sums[i]);
	}
}

void model_evaluate(const struct article_model *model, unsigned stage, const uint8_t *const *views, size_t count,
		    const uint8_t *before, uint8_t *out)
{
	evaluate(model, stage, views, count, before, out, best_runner());
}

bool model_evaluate_by(unsigned way, const struct article_model *model, unsigned stage, const uint8_t *const *views,
		       size_t count, uint8_t *out)
{
	stage_runner *run = way == 0 ? stage_run : NULL;
#if defined(__x86_64__)
	if (way == 1 && __builtin_cpu_supports("avx2"))
		run = stage_run_avx2;
	if (way == 2 && __builtin_cpu_supports("avx512bw"))
		run = stage_run_avx512;
#endif
	if (run)
		evaluate(model, stage, views, count, NULL, out, run);
	return run != NULL;
}
