/* features_context: stage 2's view of the page, made of stage 1's probabilities: neighbourhoods, containers, like
 * blocks, the best subtree, the best interval, sections under one heading, and how much doubtful text lies between a
 * block and the sure body. */
#include "extract/features_internal.h"

#define ROW(name) uint8_t *name = features_row(f, COLUMN_##name)

enum { SURE = 178, UNLIKELY = 64, CENTRE = 115 }; /* .70, .25, .45 of 255 */

struct sums { /* per block: weight and weight × p, running */
	uint64_t *weight, *good;
};

static uint32_t weight_of(const struct block *block)
{
	return block->words + WORD / 2;
}

static void fill_ranges(struct features *f, const struct blocks *blocks, const uint8_t *p, const struct sums *s)
{
	static const struct {
		uint16_t column;
		uint8_t reach;
	} windows[] = {{COLUMN_window3, 3}, {COLUMN_window8, 8}, {COLUMN_window20, 20}};
	ROW(share_before);
	ROW(share_after);
	ROW(mass_before);
	ROW(mass_after);
	size_t n = blocks->count;
	uint64_t total = s->good[n];
	for (int w = 0; w < 3; w++) {
		uint8_t *row = features_row(f, windows[w].column);
		size_t reach = windows[w].reach;
		for (size_t i = 0; i < n; i++) {
			size_t from = i < reach ? 0 : i - reach, to = i + reach + 1 > n ? n : i + reach + 1;
			uint32_t own = weight_of(&blocks->items[i]);
			uint64_t all = s->weight[to] - s->weight[from] - own,
				 good = s->good[to] - s->good[from] - (uint64_t)own * p[i];
			row[i] = byte_ratio(good, all + WORD / 2, 1);
		}
	}
	for (size_t i = 0; i < n; i++) {
		share_before[i] = byte_ratio(s->good[i], total, 200);
		share_after[i] = byte_ratio(total - s->good[i + 1], total, 200);
		mass_before[i] = byte_log((uint32_t)(s->good[i] / (255 * WORD)));
		mass_after[i] = byte_log((uint32_t)((total - s->good[i + 1]) / (255 * WORD)));
	}
}

/* Containers of four levels: mean probability without the block itself, and share of the page's good mass. */
static void fill_containers(struct features *f, const struct blocks *blocks, const uint8_t *p, const struct sums *s)
{
	size_t n = blocks->count;
	uint64_t total = s->good[n];
	for (size_t i = 0; i < n; i++) {
		uint32_t at = blocks->items[i].element, own = weight_of(&blocks->items[i]);
		for (unsigned level = 0; level < 4 && at != UINT32_MAX; level++, at = blocks->elements[at].parent) {
			const struct element *e = &blocks->elements[at];
			uint64_t all = s->weight[e->last] - s->weight[e->first],
				 good = s->good[e->last] - s->good[e->first];
			if (all > own)
				features_row(f, COLUMN_c0_mean + 2 * level)[i] = byte_clip(
					1 + (int64_t)((good - (uint64_t)own * p[i]) / (all - own + WORD / 2)));
			features_row(f, COLUMN_c0_share + 2 * level)[i] = byte_ratio(good, total, 200);
		}
	}
}

/* The subtree whose sum of weight × (p - .45) is largest: the body by structure. */
static void fill_subtree(struct features *f, const struct blocks *blocks, const struct sums *s)
{
	ROW(in_subtree);
	ROW(subtree_depth);
	ROW(subtree_up);
	ROW(purity);
	ROW(subtree_left);
	int64_t most = INT64_MIN;
	size_t winner = 0;
	for (size_t k = 0; k < blocks->element_count; k++) {
		const struct element *e = &blocks->elements[k];
		int64_t sum = (int64_t)(s->good[e->last] - s->good[e->first]) -
			      CENTRE * (int64_t)(s->weight[e->last] - s->weight[e->first]);
		if (sum > most) {
			most = sum;
			winner = k;
		}
	}
	const struct element *best = &blocks->elements[winner];
	for (uint32_t i = best->first; i < best->last; i++) {
		in_subtree[i] = 1;
		subtree_left[i] = byte_log(1 + (uint32_t)((s->good[best->last] - s->good[i + 1]) / (255 * WORD)));
		subtree_depth[i] = byte_clip(1 + blocks->elements[blocks->items[i].element].depth - best->depth);
	}
	uint32_t from = best->first, to = best->last;
	uint8_t level = 0;
	for (uint32_t at = best->parent; at != UINT32_MAX; at = blocks->elements[at].parent) {
		level += level < 15;
		for (uint32_t i = blocks->elements[at].first; i < from; i++)
			subtree_up[i] = level;
		for (uint32_t i = to; i < blocks->elements[at].last; i++)
			subtree_up[i] = level;
		from = blocks->elements[at].first;
		to = blocks->elements[at].last;
	}
	uint64_t all = s->weight[best->last] - s->weight[best->first];
	memset(purity, byte_ratio(s->good[best->last] - s->good[best->first], all, 1), blocks->count);
}

/* The run of blocks with the largest sum (Kadane): the body by position. */
static void fill_interval(struct features *f, const struct blocks *blocks, const uint8_t *p)
{
	ROW(in_interval);
	ROW(interval_distance);
	int64_t best = 0, sum = 0;
	size_t n = blocks->count, start = 0, from = 0, to = 0;
	for (size_t i = 0; i < n; i++) {
		if (sum <= 0) {
			sum = 0;
			start = i;
		}
		sum += (int64_t)weight_of(&blocks->items[i]) * (p[i] - CENTRE) - 77 * WORD;
		if (sum > best) {
			best = sum;
			from = start;
			to = i + 1;
		}
	}
	for (size_t i = 0; i < n; i++) {
		in_interval[i] = from <= i && i < to;
		int64_t away = i < from ? (int64_t)i - (int64_t)from : i >= to ? (int64_t)i - (int64_t)to + 1 : 0;
		interval_distance[i] = byte_clip(100 + (away < -30 ? -30 : away > 30 ? 30 : away));
	}
}

static void fill_distances(struct features *f, const struct blocks *blocks, const uint8_t *p)
{
	ROW(strong_back);
	ROW(strong_ahead);
	ROW(weak_back);
	ROW(weak_ahead);
	ROW(gap_back);
	ROW(gap_ahead);
	ROW(bad_before);
	size_t n = blocks->count, strong = 50, weak = 50;
	uint32_t gap = 60000, bad = 0;
	for (size_t i = 0; i < n; i++) {
		const struct block *b = &blocks->items[i];
		strong_back[i] = (uint8_t)strong;
		weak_back[i] = (uint8_t)weak;
		gap_back[i] = byte_log(gap);
		bad_before[i] = byte_log(bad);
		bool sure = p[i] > SURE && b->words >= 12 * WORD, unlikely = p[i] < UNLIKELY && b->words >= 6 * WORD;
		strong = sure ? 1 : strong < 50 ? strong + 1 : 50;
		weak = unlikely ? 1 : weak < 50 ? weak + 1 : 50;
		gap = sure ? 0 : gap < 60000 ? gap + (b->words * (255u - p[i])) / (255 * WORD) : gap;
		bad += unlikely ? b->words / WORD : 0;
	}
	strong = weak = 50;
	gap = 60000;
	for (size_t i = n; i-- > 0;) {
		const struct block *b = &blocks->items[i];
		strong_ahead[i] = (uint8_t)strong;
		weak_ahead[i] = (uint8_t)weak;
		gap_ahead[i] = byte_log(gap);
		bool sure = p[i] > SURE && b->words >= 12 * WORD, unlikely = p[i] < UNLIKELY && b->words >= 6 * WORD;
		strong = sure ? 1 : strong < 50 ? strong + 1 : 50;
		weak = unlikely ? 1 : weak < 50 ? weak + 1 : 50;
		gap = sure ? 0 : gap < 60000 ? gap + (b->words * (255u - p[i])) / (255 * WORD) : gap;
	}
}

/* Means over like blocks without the block itself: same path of tags and classes, same tag, same heading above. */
static void fill_groups(struct features *f, const struct blocks *blocks, const uint8_t *p, const struct sums *s,
			uint64_t *space, uint32_t *slots, uint32_t mask)
{
	ROW(group_mean);
	ROW(group_count);
	ROW(tag_mean);
	ROW(section_mean);
	ROW(section_share);
	size_t n = blocks->count;
	uint64_t *all = space, *good = space + n;
	uint64_t tag_all[BLOCK_TAG_COUNT] = {0}, tag_good[BLOCK_TAG_COUNT] = {0};
	uint32_t *leader = slots + mask + 1, *count = leader + n;
	memset(space, 0, 2 * n * sizeof *space);
	memset(slots, 0, (mask + 1 + 2 * n) * sizeof *slots);
	for (uint32_t i = 0; i < n; i++) {
		const struct element *e = &blocks->elements[blocks->items[i].element];
		uint32_t key = e->signature, own = weight_of(&blocks->items[i]), at = key >> 3 & mask;
		while (slots[at] && blocks->elements[blocks->items[slots[at] - 1].element].signature != key)
			at = (at + 1) & mask;
		if (!slots[at])
			slots[at] = i + 1;
		leader[i] = slots[at] - 1;
		all[leader[i]] += own;
		good[leader[i]] += (uint64_t)own * p[i];
		count[leader[i]]++;
		tag_all[e->tag] += own;
		tag_good[e->tag] += (uint64_t)own * p[i];
	}
	for (size_t i = 0; i < n; i++) {
		uint32_t own = weight_of(&blocks->items[i]), g = leader[i];
		uint8_t tag = blocks->elements[blocks->items[i].element].tag;
		uint64_t mine = (uint64_t)own * p[i];
		group_mean[i] = byte_ratio(good[g] - mine, all[g] - own + WORD / 2, 1);
		group_count[i] = byte_clip(count[g] < 40 ? count[g] : 40);
		tag_mean[i] = byte_ratio(tag_good[tag] - mine, tag_all[tag] - own + WORD / 2, 1);
	}
	for (size_t from = 0; from < n;) {
		size_t to = from + 1;
		while (to < n && !blocks->elements[blocks->items[to].element].level)
			to++;
		uint64_t whole = s->weight[to] - s->weight[from], sum = s->good[to] - s->good[from];
		for (size_t i = from; i < to; i++) {
			uint32_t own = weight_of(&blocks->items[i]);
			section_mean[i] = byte_ratio(sum - (uint64_t)own * p[i], whole - own + WORD / 2, 1);
			section_share[i] = byte_ratio(sum, s->good[n], 200);
		}
		from = to;
	}
}

static void fill_page(struct features *f, const struct blocks *blocks, const uint8_t *p, const struct sums *s)
{
	size_t n = blocks->count, strong = 0;
	uint64_t doubt = 0;
	for (size_t i = 0; i < n; i++) {
		strong += p[i] > SURE && blocks->items[i].words >= 12 * WORD;
		doubt += (uint64_t)weight_of(&blocks->items[i]) * p[i] * (255u - p[i]) / 255;
	}
	memset(features_row(f, COLUMN_expected), byte_log((uint32_t)(s->good[n] / (255 * WORD))), n);
	memset(features_row(f, COLUMN_strong_count), byte_clip((int64_t)(strong < 60 ? strong : 60)), n);
	memset(features_row(f, COLUMN_doubt), byte_ratio(doubt, s->good[n], 255), n);
}

enum status features_context(struct features *f, const struct blocks *blocks, const uint8_t *p)
{
	size_t n = blocks->count, size = 64;
	if (!n)
		return STATUS_OK;
	while (size < n * 2)
		size *= 2;
	size_t own = (4 * (n + 1) + 4 * n + size + 2 * n + 8) & ~(size_t)1;
	uint32_t *slots = features_scratch(f, own + features_end_space(blocks), false);
	if (!slots)
		return STATUS_MEMORY;
	uint32_t *rest = slots + own;
	uint64_t *wide = (uint64_t *)(void *)slots; /* scratch comes from realloc: aligned */
	struct sums s = {wide, wide + n + 1};
	uint64_t *space = wide + 2 * (n + 1);
	slots = (uint32_t *)(void *)(space + 2 * n);
	s.weight[0] = s.good[0] = 0;
	for (size_t i = 0; i < n; i++) {
		uint32_t weight = weight_of(&blocks->items[i]);
		s.weight[i + 1] = s.weight[i] + weight;
		s.good[i + 1] = s.good[i] + (uint64_t)weight * p[i];
	}
	memcpy(features_row(f, COLUMN_p), p, n);
	fill_ranges(f, blocks, p, &s);
	fill_containers(f, blocks, p, &s);
	fill_subtree(f, blocks, &s);
	fill_interval(f, blocks, p);
	fill_distances(f, blocks, p);
	fill_page(f, blocks, p, &s);
	fill_groups(f, blocks, p, &s, space, slots, (uint32_t)size - 1);
	features_end(f, blocks, p, s.good, rest);
	return STATUS_OK;
}
