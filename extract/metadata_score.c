/* metadata_score: how much speaks for a group of evidence, and the choice of the best.
 *
 * A group's score is a sum over its features (a conditional logit model) and over small trees that see the whole group
 * as bytes: what two features say together, such as a heading that differs from what JSON-LD says. The trees are grown
 * on what the sum leaves unexplained, so they stay few. All in integers of 1/256: every machine chooses the same. */
#include "extract/metadata_internal.h"

/* x[feature] <= threshold: left, else right. From TREE_LEAF on the slots are leaves. */
enum { TREE_NODES = 5, TREE_LEAF = 128 };
struct choice_tree {
	struct {
		uint8_t feature, threshold, left, right;
	} nodes[TREE_NODES];
	int16_t leaves[TREE_NODES + 1];
};

#include "extract/metadata_weights.h"

static const unsigned first_source[] = {0, TITLE_SOURCES, AUTHOR_SOURCES, METADATA_SOURCE_COUNT};

void group_said(const struct group_list *list, uint8_t said[METADATA_SOURCE_COUNT])
{
	memset(said, 0, METADATA_SOURCE_COUNT);
	for (size_t i = 0; i < list->count; i++)
		for (size_t k = 0; k < list->rows[i].feature_count; k++)
			if (list->rows[i].features[k] < FEATURE_EXTRA)
				said[list->rows[i].features[k] / PLACE_COUNT] = 1;
}

static uint8_t clip(size_t value, size_t most)
{
	return (uint8_t)(value < most ? value : most);
}

size_t group_describe(const struct group_list *list, size_t index, const uint8_t said[METADATA_SOURCE_COUNT], int field,
		      uint8_t out[DESCRIBE_MAX])
{
	const struct group *group = &list->rows[index];
	unsigned first = first_source[field], sources = first_source[field + 1] - first;
	uint8_t *stripped = out + sources, *places = stripped + (field == 0 ? sources : 0);
	uint8_t *extras = places + PLACE_COUNT, *rest = extras + EXTRA_COUNT;
	memset(out, 0, (size_t)(rest - out));
	for (unsigned s = 0; s < sources; s++)
		out[s] = said[first + s] ? SAID_ELSEWHERE : 0;
	for (size_t k = 0; k < group->feature_count; k++) {
		unsigned feature = group->features[k];
		if (feature >= FEATURE_EXTRA) {
			extras[(feature - FEATURE_EXTRA) % EXTRA_COUNT] = 1;
			continue;
		}
		unsigned source = feature / PLACE_COUNT - first, place = feature % PLACE_COUNT;
		out[source] = clip(place + 1, out[source]);
		places[place]++;
		if (field == 0 && place == VARIANT_STRIPPED)
			stripped[source] = 1;
	}
	*rest++ = clip(list->count, 20);
	*rest++ = clip(index, 20);
	if (field == 0) {
		*rest++ = list->deep;
		*rest++ = list->article;
		size_t blanks = 0;
		for (size_t i = 0; i < group->text.size; i++)
			blanks += group->text.data[i] == ' ';
		*rest++ = clip(group->text.size, 255);
		*rest++ = clip(blanks, 255);
	}
	return (size_t)(rest - out);
}

/* The sum of the features' weights. */
static int32_t weight_sum(const struct group *group)
{
	int32_t sum = 0;
	for (size_t k = 0; k < group->feature_count; k++)
		sum += metadata_weights[group->features[k]];
	return sum;
}

static int32_t tree_sum(int field, const uint8_t *x)
{
	int32_t sum = 0;
	for (size_t t = field ? metadata_tree_ends[field - 1] : 0; t < metadata_tree_ends[field]; t++) {
		const struct choice_tree *tree = &metadata_trees[t];
		unsigned slot = 0;
		while (slot < TREE_LEAF)
			slot = x[tree->nodes[slot].feature] <= tree->nodes[slot].threshold ? tree->nodes[slot].left
											   : tree->nodes[slot].right;
		sum += tree->leaves[slot - TREE_LEAF];
	}
	return sum;
}

int32_t group_score(const struct group_list *list, size_t index, int field)
{
	uint8_t said[METADATA_SOURCE_COUNT], x[DESCRIBE_MAX];
	group_said(list, said);
	group_describe(list, index, said, field, x);
	return weight_sum(&list->rows[index]) + tree_sum(field, x);
}

/* The group with the largest sum of weights is scored first: trees are run only for those that they could bring before
 * it. */
const struct group *group_choose(struct group_list *list, int field)
{
	const struct group *best = NULL;
	int32_t highest = metadata_weights[FEATURE_EXTRA + field * EXTRA_COUNT + EXTRA_NONE];
	uint8_t said[METADATA_SOURCE_COUNT], x[DESCRIBE_MAX];
	size_t first = 0;
	for (size_t i = 0; i < list->count; i++) {
		list->rows[i].score = weight_sum(&list->rows[i]);
		if (list->rows[i].score > list->rows[first].score)
			first = i;
	}
	if (!list->count || list->rows[first].score + metadata_tree_most[field] <= highest)
		return NULL;
	group_said(list, said);
	for (size_t n = 0; n < list->count; n++) {
		size_t i = n == 0 ? first : n <= first ? n - 1 : n;
		struct group *group = &list->rows[i];
		if (group->score + metadata_tree_most[field] < highest)
			continue;
		group_describe(list, i, said, field, x);
		group->score += tree_sum(field, x);
		if (group->score > highest || (best && group->score == highest && group < best)) {
			highest = group->score;
			best = group;
		}
	}
	return best;
}
