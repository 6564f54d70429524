/* features_end: stage 2's view of where the article ends and the next one begins: units (like containers side by side
 * that each hold good text: a river of articles, posts of a thread), runs of good text between stretches of other text,
 * what has come since the first sure block (headings, dates, names, labels that turn away), and text that is said
 * twice. */
#include "extract/features_internal.h"

#define ROW(name) uint8_t *name = features_row(f, COLUMN_##name)

enum { SURE = 178, UNLIKELY = 64 };                 /* .70, .25 of 255 */
enum { UNIT_WORDS = 30, UNIT_BLOCKS = 3 };          /* of good text; of any */
enum { RUN_GAP_WORDS = 20, RUN_GAP_BLOCKS = 6 };    /* unlikely text that parts two runs */
enum { TRIPLE_SLOTS = 1 << 14, TRIPLE_TOKENS = 6 }; /* most slots; shortest block whose triples count */

static uint32_t unit_slots(const struct blocks *blocks)
{
	uint32_t size = 64;
	while (size < 2 * blocks->element_count)
		size *= 2;
	return size;
}

struct units { /* per element */
	uint32_t *leader, *count, *order, *unit;
	uint64_t *total, *first;
};

/* Elements with the same parent and the same path of tags and classes, as far as they hold good text. */
static void find_units(const struct blocks *blocks, const uint64_t *good, struct units *u, uint32_t *slots,
		       uint32_t mask)
{
	for (uint32_t k = 1; k < blocks->element_count; k++) {
		const struct element *e = &blocks->elements[k];
		u->leader[k] = UINT32_MAX;
		uint64_t mass = good[e->last] - good[e->first];
		if (e->tag == BLOCK_TAG_p || e->last - e->first < UNIT_BLOCKS || mass < 255 * WORD * UNIT_WORDS)
			continue;
		uint32_t at = (e->signature ^ e->parent * 0x85ebca6bu) * 0x9e3779b1u >> 5 & mask;
		while (slots[at] && (blocks->elements[slots[at]].signature != e->signature ||
				     blocks->elements[slots[at]].parent != e->parent))
			at = (at + 1) & mask;
		if (!slots[at]) {
			slots[at] = k;
			u->count[k] = 0;
			u->total[k] = 0;
			u->first[k] = mass;
		}
		uint32_t leader = slots[at];
		u->leader[k] = leader;
		u->order[k] = u->count[leader]++;
		u->total[leader] += mass;
	}
	u->unit[0] = UINT32_MAX;
	for (uint32_t k = 1; k < blocks->element_count; k++) {
		uint32_t above = u->unit[blocks->elements[k].parent];
		bool own = u->leader[k] != UINT32_MAX && u->count[u->leader[k]] > 1;
		u->unit[k] = above != UINT32_MAX ? above : own ? k : UINT32_MAX;
	}
}

/* SPACE: 8-byte aligned, 8 words an element and unit_slots. */
static void fill_units(struct features *f, const struct blocks *blocks, const uint64_t *good, uint32_t *space)
{
	ROW(unit_index);
	ROW(unit_count);
	ROW(unit_share);
	ROW(unit_first);
	ROW(unit_title);
	size_t n = blocks->element_count;
	uint64_t *wide = (uint64_t *)(void *)space;
	uint32_t *words = space + 4 * n;
	struct units u = {words, words + n, words + 2 * n, words + 3 * n, wide, wide + n};
	memset(words + 4 * n, 0, unit_slots(blocks) * sizeof *words); /* the rest is set with its element */
	find_units(blocks, good, &u, words + 4 * n, unit_slots(blocks) - 1);
	uint32_t title = f->facts.title;
	for (size_t i = 0; i < blocks->count; i++) {
		uint32_t unit = u.unit[blocks->items[i].element];
		if (unit == UINT32_MAX)
			continue;
		const struct element *e = &blocks->elements[unit];
		uint32_t leader = u.leader[unit];
		unit_index[i] = byte_clip(1 + (u.order[unit] < 40 ? u.order[unit] : 40));
		unit_count[i] = byte_clip(u.count[leader] < 40 ? u.count[leader] : 40);
		unit_share[i] = byte_ratio(good[e->last] - good[e->first], u.total[leader], 200);
		unit_first[i] = byte_ratio(u.first[leader], u.total[leader], 200);
		unit_title[i] = title == UINT32_MAX                    ? 1
				: e->first <= title && title < e->last ? 3
				: title < e->first                     ? 2
								       : 4;
	}
}

static void fill_since(struct features *f, const struct blocks *blocks, const uint8_t *p)
{
	ROW(heads_since);
	ROW(titles_since);
	ROW(dates_since);
	ROW(names_since);
	ROW(refusals_since);
	ROW(bad_since);
	const uint8_t *word_sum = features_row(f, COLUMN_word_sum), *hits = features_row(f, COLUMN_author_hits);
	uint32_t heads = 0, titles = 0, dates = 0, names = 0, refusals = 0, bad = 0;
	bool begun = false;
	for (size_t i = 0; i < blocks->count; i++) {
		const struct block *b = &blocks->items[i];
		uint8_t level = blocks->elements[b->element].level;
		bool brief = b->words <= 14 * WORD;
		begun |= p[i] > SURE && b->words >= 12 * WORD;
		if (!begun)
			continue;
		heads_since[i] = byte_clip(1 + (heads < 60 ? heads : 60));
		titles_since[i] = byte_clip(1 + (titles < 60 ? titles : 60));
		dates_since[i] = byte_clip(1 + (dates < 60 ? dates : 60));
		names_since[i] = byte_clip(1 + (names < 60 ? names : 60));
		refusals_since[i] = byte_clip(1 + (refusals < 60 ? refusals : 60));
		bad_since[i] = byte_log(1 + bad);
		heads += level == 2 || level == 3;
		titles += level == 1;
		dates += brief && b->date;
		names += brief && hits[i] > 1;
		refusals += b->words <= 8 * WORD && word_sum[i] <= 108;
		bad += p[i] < UNLIKELY ? b->words / WORD : 0;
	}
}

/* Runs of good text; a run begins with the sure block that follows enough unlikely text. */
static void fill_runs(struct features *f, const struct blocks *blocks, const uint8_t *p, const uint64_t *good,
		      uint32_t *run)
{
	ROW(run_share);
	ROW(run_mass);
	ROW(run_away);
	ROW(run_bad);
	size_t n = blocks->count;
	uint32_t bad = 0, count = 0, number = 0, best = 0;
	uint64_t most = 0;
	size_t start = 0;
	for (size_t i = 0; i <= n; i++) {
		bool sure = i < n && p[i] > SURE && blocks->items[i].words >= 12 * WORD;
		if (i == n || (sure && (bad >= RUN_GAP_WORDS || count >= RUN_GAP_BLOCKS))) {
			uint64_t mass = good[i] - good[start];
			for (size_t k = start; k < i; k++) {
				run[k] = number;
				run_mass[k] = byte_log((uint32_t)(mass / (255 * WORD)));
			}
			if (mass > most) {
				most = mass;
				best = number;
			}
			number++;
			start = i;
		}
		if (i == n)
			break;
		if (sure)
			bad = count = 0;
		else if (p[i] < UNLIKELY) {
			bad += blocks->items[i].words / WORD;
			count++;
		}
		run_bad[i] = byte_log(bad);
	}
	for (size_t from = 0; from < n;) {
		size_t to = from;
		while (to < n && run[to] == run[from])
			to++;
		int64_t away = (int64_t)run[from] - best;
		memset(run_away + from, byte_clip(100 + (away < -50 ? -50 : away > 50 ? 50 : away)), to - from);
		memset(run_share + from, byte_ratio(good[to] - good[from], most, 200), to - from);
		from = to;
	}
}

static uint32_t triple(const uint32_t *tokens)
{
	uint32_t hash = mix32((tokens[0] * 31 + tokens[1]) * 31 + tokens[2]);
	return hash + !hash;
}

/* Half of them stay free, up to the most that there may be. */
static uint32_t triple_slots(const struct blocks *blocks)
{
	uint32_t size = 64;
	while (size < 2 * blocks->hash_count && size < TRIPLE_SLOTS)
		size *= 2;
	return size;
}

/* Share of a block's first word triples that stood in a block before, or stand in one after. What stood before is known
 * at once, what comes after only in the end: PLACE keeps the slot of each triple till then. */
static void fill_said(struct features *f, const struct blocks *blocks, uint32_t *slots)
{
	ROW(said_before);
	ROW(said_after);
	const uint32_t size = triple_slots(blocks), most = TRIPLE_SLOTS * 3 / 4;
	struct {
		uint32_t *key, *first, *last; /* one more: of the triples that found no room */
	} t = {slots, slots + size + 1, slots + 2 * (size + 1)};
	uint32_t *place = slots + 3 * (size + 1), used = 0;
	memset(t.key, 0, size * sizeof *t.key);
	t.last[size] = 0;
	for (uint32_t i = 0; i < blocks->count; i++) {
		const struct block *b = &blocks->items[i];
		const uint32_t *tokens = blocks->hashes + b->hashes;
		uint32_t before = 0;
		if (b->hash_count < TRIPLE_TOKENS)
			continue;
		for (uint32_t k = 0; k + 3 <= b->hash_count; k++) {
			uint32_t hash = triple(tokens + k), at = hash & (size - 1);
			while (t.key[at] && t.key[at] != hash)
				at = (at + 1) & (size - 1);
			if (t.key[at]) {
				before += t.first[at] < i;
			} else if (used < most) {
				used++;
				t.key[at] = hash;
				t.first[at] = i;
			} else {
				*place++ = size;
				continue;
			}
			t.last[at] = i;
			*place++ = at;
		}
		said_before[i] = byte_ratio(before, b->hash_count - 2, 100);
	}
	place = slots + 3 * (size + 1);
	for (uint32_t i = 0; i < blocks->count; i++) {
		const struct block *b = &blocks->items[i];
		uint32_t after = 0;
		if (b->hash_count < TRIPLE_TOKENS)
			continue;
		for (uint32_t k = 0; k + 3 <= b->hash_count; k++)
			after += t.last[*place++] > i;
		said_after[i] = byte_ratio(after, b->hash_count - 2, 100);
	}
}

size_t features_end_space(const struct blocks *blocks)
{
	return 8 * blocks->element_count + unit_slots(blocks) + 3 * (triple_slots(blocks) + 1) + blocks->hash_count +
	       blocks->count;
}

void features_end(struct features *f, const struct blocks *blocks, const uint8_t *p, const uint64_t *good,
		  uint32_t *space)
{
	fill_units(f, blocks, good, space);
	fill_since(f, blocks, p);
	fill_said(f, blocks, space);
	fill_runs(f, blocks, p, good, space);
}
