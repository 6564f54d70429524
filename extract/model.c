/* model: opens a stored model and scores tokens by it. Its trees are turned into the arrays that model_trees.c reads.
 */
#include "extract/model.h"

#include "extract/features_internal.h"

#include <stdlib.h>

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

/* As stored: slots are the tree's inner nodes, then its leaves. */
struct stored_node {
	uint16_t view;
	uint8_t threshold, slot[2];
	uint16_t code;
};

/* A parent comes before its children and each slot has one parent: then the masks are a partition and evaluation ends.
 */
static bool tree_valid(const struct stored_node *nodes, uint32_t inner, unsigned view_count)
{
	bool reached[2 * TREE_INNER_MAX + 1] = {true};
	for (uint32_t i = 0; i < inner; i++) {
		if (nodes[i].view >= view_count || !reached[i])
			return false;
		for (int k = 0; k < 2; k++) {
			uint8_t slot = nodes[i].slot[k];
			if (slot <= i || slot > 2 * inner || reached[slot])
				return false;
			reached[slot] = true;
		}
	}
	return true;
}

struct stored_tree {
	uint32_t first_node, first_leaf, inner;
};
struct stored {
	struct stored_tree *trees;
	struct stored_node *nodes;
	uint8_t *leaves; /* a tree has one more than inner nodes */
};

static bool trees_take(struct stored *stored, const struct model_stage *stage, uint32_t node_count,
		       struct cursor *cursor, unsigned view_count)
{
	uint32_t node = 0, leaf = 0, reach = 0;
	for (size_t t = 0; t < stage->tree_count; t++) {
		uint32_t inner = take(cursor, 1), most = 0;
		if (inner > TREE_INNER_MAX || node + inner > node_count)
			return false;
		stored->trees[t] = (struct stored_tree){node, leaf, inner};
		for (uint32_t i = 0; i < inner; i++, node++) {
			stored->nodes[node].view = (uint16_t)take(cursor, 2);
			stored->nodes[node].threshold = (uint8_t)take(cursor, 1);
			stored->nodes[node].slot[0] = (uint8_t)take(cursor, 1);
			stored->nodes[node].slot[1] = (uint8_t)take(cursor, 1);
		}
		for (uint32_t i = 0; i <= inner; i++) {
			uint8_t value = (uint8_t)take(cursor, 1);
			uint32_t size = value < 128 ? value : 256u - value;
			most = size > most ? size : most;
			stored->leaves[leaf++] = value;
		}
		reach += most;
		if (cursor->failed || !tree_valid(stored->nodes + node - inner, inner, view_count))
			return false;
	}
	return node == node_count && reach <= INT16_MAX; /* no sum of leaves overflows */
}

/* Codes for the nodes, by view. */
static bool nodes_place(struct model_stage *stage, struct stored_node *nodes, uint32_t node_count, unsigned view_count)
{
	uint32_t *at = memory_zeroed(view_count + 1, sizeof *at), end = 0;
	stage->views = memory_zeroed(view_count + 1, sizeof *stage->views);
	if (!at || !stage->views) {
		free(at);
		return false;
	}
	for (uint32_t i = 0; i < node_count; i++)
		at[nodes[i].view]++;
	for (unsigned view = 0; view < view_count; view++) {
		uint32_t own = at[view];
		at[view] = end;
		if (!own)
			continue;
		end += (own + MODEL_NODES - 1) / MODEL_NODES * MODEL_NODES;
		stage->views[stage->view_count++] = (struct view_nodes){(uint16_t)view, at[view], end};
	}
	stage->node_count = end;
	for (uint32_t i = 0; end <= NODES_MAX && i < node_count; i++)
		nodes[i].code = (uint16_t)(MODEL_LEAVES + at[nodes[i].view]++);
	free(at);
	return end <= NODES_MAX;
}

static bool nodes_link(struct model_stage *stage, const struct stored *stored)
{
	stage->threshold = memory_zeroed(stage->node_count + 1, sizeof *stage->threshold);
	stage->child[0] = memory_zeroed(stage->node_count + 1, sizeof *stage->child[0]);
	stage->child[1] = memory_zeroed(stage->node_count + 1, sizeof *stage->child[1]);
	stage->view = memory_zeroed(stage->node_count + 1, sizeof *stage->view);
	if (!stage->threshold || !stage->child[0] || !stage->child[1] || !stage->view)
		return false;
	for (size_t t = 0; t < stage->tree_count; t++) {
		const struct stored_tree *tree = &stored->trees[t];
		const struct stored_node *nodes = stored->nodes + tree->first_node;
		const uint8_t *leaves = stored->leaves + tree->first_leaf;
		stage->roots[t] = tree->inner ? nodes[0].code : leaves[0];
		for (uint32_t i = 0; i < tree->inner; i++) {
			uint32_t k = nodes[i].code - MODEL_LEAVES;
			stage->view[k] = nodes[i].view;
			stage->threshold[k] = nodes[i].threshold;
			for (int side = 0; side < 2; side++) {
				uint32_t slot = nodes[i].slot[side];
				stage->child[side][k] =
					(int16_t)(slot < tree->inner ? nodes[slot].code : leaves[slot - tree->inner]);
			}
		}
	}
	return true;
}

static bool stage_open(struct model_stage *stage, struct cursor *cursor, unsigned view_count)
{
	stage->base = (int32_t)take(cursor, 4);
	stage->unit = (int32_t)take(cursor, 4);
	stage->tree_count = take(cursor, 4);
	uint32_t node_count = take(cursor, 4);
	if (cursor->failed || stage->tree_count > TREES_MAX || node_count > stage->tree_count * TREE_INNER_MAX ||
	    stage->unit < 1 || stage->unit > 1 << 20 || stage->base > 1 << 24 || stage->base < -(1 << 24))
		return false;
	struct stored stored = {memory_zeroed(stage->tree_count + 1, sizeof *stored.trees),
				memory_zeroed(node_count + 1, sizeof *stored.nodes),
				memory_zeroed(node_count + stage->tree_count + 1, 1)};
	stage->roots = memory_zeroed(stage->tree_count + 1, sizeof *stage->roots);
	bool good = stored.trees && stored.nodes && stored.leaves && stage->roots &&
		    trees_take(&stored, stage, node_count, cursor, view_count) &&
		    nodes_place(stage, stored.nodes, node_count, view_count) && nodes_link(stage, &stored);
	free(stored.trees);
	free(stored.nodes);
	free(stored.leaves);
	return good;
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
	problem = "the model is damaged or too large";
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
		free(model->stages[i].roots);
		free(model->stages[i].views);
		free(model->stages[i].threshold);
		free(model->stages[i].child[0]);
		free(model->stages[i].child[1]);
		free(model->stages[i].view);
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
