/* model_trees: evaluates a model's trees for 64 blocks at once.
 *
 * Features are bytes in feature-major order, so one comparison answers a node for a whole vector of blocks: a set of the
 * blocks that reach a node is split in two, and a leaf's value counts for the blocks that reach it. Neighbours are much
 * alike: two thirds of the nodes send a whole batch one way, and of a tree's 24 leaves a batch reaches three or four.
 * So what a batch does not reach is never looked at. First, the least and the most of each view over the batch settle
 * most nodes without a look at single blocks (find_hops); then a queue takes the nodes that are left, for several trees
 * at a time. No branch depends on the data, apart from the queue's end: a walk tree by tree executes fewer instructions
 * but mispredicts eight times a tree, and is slower than evaluating all nodes. Leaves are int8, sums int16: results are
 * the same on every machine. */
#include "extract/features_internal.h"
#include "extract/model.h"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

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
			uint32_t code = s->roots[t];
			while (code >= MODEL_LEAVES) {
				uint32_t k = code - MODEL_LEAVES;
				code = (uint32_t)s->child[views[s->view[k]][i] > s->threshold[k]][k];
			}
			sum += (int8_t)code;
		}
		out[i] = probability(model, stage, sum);
	}
}

/* ---- Hops --------------------------------------------------------------------------------------------- */

struct range {
	uint8_t least, most;
};
/* Of the batch's blocks: LANES is 255 for them and 0 behind them, where a row may hold anything. */
typedef struct range row_range(const uint8_t *row, const uint8_t lanes[MODEL_LANES]);

static inline struct range range_plain(const uint8_t *row, const uint8_t lanes[MODEL_LANES])
{
	struct range range = {255, 0};
	for (size_t i = 0; i < MODEL_LANES; i++) {
		uint8_t low = row[i] | (uint8_t)~lanes[i], high = row[i] & lanes[i];
		range.least = low < range.least ? low : range.least;
		range.most = high > range.most ? high : range.most;
	}
	return range;
}

/* Where each code leads without a look at single blocks: to the child, of a node whose threshold is not between the
 * least and the most of its view over the batch; else to itself. */
static inline __attribute__((always_inline)) void find_hops(const struct model_stage *s, const uint8_t *const *views,
							    size_t at, const uint8_t lanes[MODEL_LANES],
							    int16_t hops[MODEL_LEAVES + NODES_MAX],
							    row_range *range_of)
{
	for (int16_t leaf = 0; leaf < (int16_t)MODEL_LEAVES; leaf++)
		hops[leaf] = leaf;
	for (size_t v = 0; v < s->view_count; v++) {
		struct range range = range_of(views[s->views[v].view] + at, lanes);
		int16_t least = range.least, most = range.most;
		for (uint32_t from = s->views[v].from; from < s->views[v].to; from += MODEL_NODES) {
			const int16_t *threshold = s->threshold + from;
			const int16_t *low = s->child[0] + from, *high = s->child[1] + from;
			int16_t own = (int16_t)(MODEL_LEAVES + from), to[MODEL_NODES];
			for (int16_t k = 0; k < (int16_t)MODEL_NODES; k++) { /* one vector */
				int16_t under = low[k], over = high[k], same = (int16_t)(own + k);
				same = threshold[k] < most ? same : under;
				to[k] = threshold[k] < least ? over : same;
			}
			memcpy(hops + own, to, sizeof to);
		}
	}
}

/* Such nodes often follow on each other; a node that is left after three is looked at like any other. */
static inline uint32_t hop(const int16_t *hops, uint32_t code)
{
	return (uint32_t)hops[hops[hops[code]]];
}

/* ---- Any machine: sets of blocks as vectors ------------------------------------------------------------ */

typedef uint8_t lanes16 __attribute__((vector_size(16)));
typedef int16_t sums8 __attribute__((vector_size(16)));
typedef uint64_t words2 __attribute__((vector_size(16)));
enum { PARTS = MODEL_LANES / 16 };
struct lanes64 {
	lanes16 part[PARTS];
};

static inline uint32_t lanes_any(const struct lanes64 *lanes)
{
	words2 all = (words2)((lanes->part[0] | lanes->part[1]) | (lanes->part[2] | lanes->part[3]));
	return (all[0] | all[1]) != 0;
}

static inline lanes16 every(uint32_t byte)
{
	return (uint8_t)byte - (lanes16){0};
}

/* The value of a child that is a leaf, else 0. */
static inline uint32_t leaf_of(uint32_t code)
{
	return code < MODEL_LEAVES ? code : 0;
}

enum { GROUP = 8 }; /* trees whose nodes take turns, so that none waits for what was stored just before */

static void stage_run(const struct model_stage *s, const uint8_t *const *views, size_t at,
		      const uint8_t lanes[MODEL_LANES], int16_t sums[MODEL_LANES])
{
	struct lanes64 queue[GROUP * (TREE_INNER_MAX + 1) + 1], all;
	uint32_t codes[GROUP * (TREE_INNER_MAX + 1) + 1];
	int16_t hops[MODEL_LEAVES + NODES_MAX];
	sums8 even[PARTS] = {{0}, {0}, {0}, {0}}, odd[PARTS] = {{0}, {0}, {0}, {0}};
	int alike = 0; /* sum of the trees that say the same of all blocks */
	find_hops(s, views, at, lanes, hops, range_plain);
	memcpy(&all, lanes, sizeof all);
	for (size_t from = 0; from < s->tree_count; from += GROUP) {
		size_t to = s->tree_count - from < GROUP ? s->tree_count : from + GROUP, count = 0;
		for (size_t t = from; t < to; t++) {
			codes[count] = hop(hops, s->roots[t]);
			queue[count] = all;
			alike += (int8_t)leaf_of(codes[count]);
			count += codes[count] >= MODEL_LEAVES;
		}
		for (size_t i = 0; i < count; i++) {
			uint32_t k = codes[i] - MODEL_LEAVES;
			uint32_t left = hop(hops, (uint32_t)s->child[0][k]), right = hop(hops, (uint32_t)s->child[1][k]);
			lanes16 threshold = every((uint32_t)s->threshold[k]);
			lanes16 leaf[2] = {every(leaf_of(left)), every(leaf_of(right))};
			struct lanes64 under, over;
			for (int part = 0; part < PARTS; part++) {
				lanes16 x, here = queue[i].part[part];
				memcpy(&x, views[s->view[k]] + at + 16 * part, sizeof x);
				x = (lanes16)(x <= threshold);
				under.part[part] = here & x;
				over.part[part] = here & ~x;
				sums8 value = (sums8)((under.part[part] & leaf[0]) | (over.part[part] & leaf[1]));
				even[part] += value << 8 >> 8; /* bytes to 16 bits, the sign kept */
				odd[part] += value >> 8;
			}
			queue[count] = under;
			codes[count] = left;
			count += lanes_any(&under) & (left >= MODEL_LEAVES);
			queue[count] = over;
			codes[count] = right;
			count += lanes_any(&over) & (right >= MODEL_LEAVES);
		}
	}
	for (size_t i = 0; i < MODEL_LANES; i++)
		sums[i] = (int16_t)(alike + (i % 2 ? odd : even)[i / 16][i % 16 / 2]);
}

/* ---- AVX2 and AVX-512: sets of blocks as bits ---------------------------------------------------------- */

#if defined(__x86_64__)
#define AVX2 __attribute__((target("avx2,bmi,bmi2")))
#define AVX512 __attribute__((target("avx2,bmi,bmi2,avx512bw")))

AVX2 static inline __m256i half(const uint8_t *at, unsigned k)
{
	return _mm256_loadu_si256((const __m256i *)(const void *)at + k);
}

AVX2 static inline struct range range_avx2(const uint8_t *row, const uint8_t lanes[MODEL_LANES])
{
	const __m256i ones = _mm256_set1_epi8(-1), low = half(lanes, 0), high = half(lanes, 1);
	__m256i least = _mm256_min_epu8(_mm256_or_si256(half(row, 0), _mm256_xor_si256(low, ones)),
					_mm256_or_si256(half(row, 1), _mm256_xor_si256(high, ones)));
	__m256i most = _mm256_max_epu8(_mm256_and_si256(half(row, 0), low), _mm256_and_si256(half(row, 1), high));
	most = _mm256_xor_si256(most, ones); /* the least of the complement: then both go the same way */
	__m256i both = _mm256_min_epu8(_mm256_permute2x128_si256(least, most, 0x20),
				       _mm256_permute2x128_si256(least, most, 0x31));
	both = _mm256_min_epu8(both, _mm256_srli_epi16(both, 8)); /* of a pair: a word */
	return (struct range){(uint8_t)_mm_cvtsi128_si32(_mm_minpos_epu16(_mm256_castsi256_si128(both))),
			      (uint8_t)~_mm_cvtsi128_si32(_mm_minpos_epu16(_mm256_extracti128_si256(both, 1)))};
}

/* The bits of the blocks whose byte is at most THRESHOLD. */
typedef uint64_t row_under(const uint8_t *row, int16_t threshold);

AVX2 static inline uint64_t under_avx2(const uint8_t *row, int16_t threshold)
{
	__m256i most = _mm256_set1_epi8((char)threshold), low = half(row, 0), high = half(row, 1);
	low = _mm256_cmpeq_epi8(_mm256_min_epu8(low, most), low);
	high = _mm256_cmpeq_epi8(_mm256_min_epu8(high, most), high);
	return (uint32_t)_mm256_movemask_epi8(low) | (uint64_t)(uint32_t)_mm256_movemask_epi8(high) << 32;
}

AVX512 static inline uint64_t under_avx512(const uint8_t *row, int16_t threshold)
{
	return _mm512_cmple_epu8_mask(_mm512_loadu_si512(row), _mm512_set1_epi8((char)threshold));
}

/* The queue of a group of trees: its inner nodes, and from LEAVES_AT on its leaves. */
enum { GROUP_BITS = 32, LEAVES_AT = GROUP_BITS * TREE_INNER_MAX + 1, PLACES = LEAVES_AT + GROUP_BITS * (TREE_INNER_MAX + 1) + 2 };
struct reached {
	uint64_t lanes[PLACES];
	uint16_t codes[PLACES];
	uint64_t ends; /* of the inner nodes, and from bit 31 on of the leaves */
};

static inline uint32_t inner_end(const struct reached *reached)
{
	return (uint32_t)reached->ends & INT32_MAX;
}

static inline void reach(struct reached *reached, uint64_t lanes, uint32_t code)
{
	unsigned shift = (unsigned)(((uint64_t)code - MODEL_LEAVES) >> 59); /* 31 for a leaf, else 0 */
	uint32_t place = (uint32_t)(reached->ends >> shift) & INT32_MAX;
	reached->lanes[place] = lanes;
	reached->codes[place] = (uint16_t)code;
	reached->ends += (uint64_t)(lanes != 0) << shift;
}

/* Bit k of LANES to byte k: 1 or 0. */
AVX2 static inline __m256i spread(uint64_t lanes, long long first)
{
	const __m256i bits = _mm256_set1_epi64x((long long)0x8040201008040201u);
	const __m256i bytes = _mm256_add_epi64(_mm256_set1_epi64x(first * 0x0101010101010101),
					       _mm256_setr_epi64x(0, 0x0101010101010101, 0x0202020202020202, 0x0303030303030303));
	__m256i spread = _mm256_and_si256(_mm256_shuffle_epi8(_mm256_set1_epi64x((long long)lanes), bytes), bits);
	return _mm256_min_epu8(spread, _mm256_set1_epi8(1));
}

/* Two leaves at a time: their bytes side by side, times their values, are summed in pairs. TOTAL is in the order of
 * unpacking. */
AVX2 static inline void add_leaves(struct reached *reached, __m256i total[4])
{
	size_t end = reached->ends >> 31;
	reached->lanes[end] = reached->codes[end] = 0;
	for (size_t i = LEAVES_AT; i < end; i += 2) {
		__m256i values = _mm256_set1_epi16((short)(reached->codes[i] | reached->codes[i + 1] << 8));
		for (int k = 0; k < 2; k++) {
			__m256i a = spread(reached->lanes[i], 4 * k), b = spread(reached->lanes[i + 1], 4 * k);
			__m256i low = _mm256_maddubs_epi16(_mm256_unpacklo_epi8(a, b), values);
			__m256i high = _mm256_maddubs_epi16(_mm256_unpackhi_epi8(a, b), values);
			total[2 * k] = _mm256_add_epi16(total[2 * k], low);
			total[2 * k + 1] = _mm256_add_epi16(total[2 * k + 1], high);
		}
	}
}

AVX2 static inline void store_sums(const __m256i total[4], int alike, int16_t sums[MODEL_LANES])
{
	const __m256i all = _mm256_set1_epi16((short)alike);
	for (int k = 0; k < 4; k += 2) {
		__m256i low = _mm256_add_epi16(total[k], all), high = _mm256_add_epi16(total[k + 1], all);
		__m256i *out = (__m256i *)(void *)(sums + 16 * k);
		_mm256_storeu_si256(out, _mm256_permute2x128_si256(low, high, 0x20));
		_mm256_storeu_si256(out + 1, _mm256_permute2x128_si256(low, high, 0x31));
	}
}

AVX2 static inline __attribute__((always_inline)) void run_bits(const struct model_stage *s, const uint8_t *const *views,
								size_t at, const uint8_t lanes[MODEL_LANES],
								int16_t sums[MODEL_LANES], row_under *under_of)
{
	struct reached reached;
	int16_t hops[MODEL_LEAVES + NODES_MAX];
	__m256i total[4];
	uint64_t all = 0;
	int alike = 0; /* sum of the trees that say the same of all blocks */
	memset(total, 0, sizeof total);
	for (unsigned i = 0; i < MODEL_LANES; i++)
		all |= (uint64_t)(lanes[i] & 1) << i;
	find_hops(s, views, at, lanes, hops, range_avx2);
	for (size_t from = 0; from < s->tree_count; from += GROUP_BITS) {
		size_t to = s->tree_count - from < GROUP_BITS ? s->tree_count : from + GROUP_BITS;
		reached.ends = (uint64_t)LEAVES_AT << 31;
		for (size_t t = from; t < to; t++) {
			uint32_t code = hop(hops, s->roots[t]);
			reached.lanes[inner_end(&reached)] = all;
			reached.codes[inner_end(&reached)] = (uint16_t)code;
			reached.ends += code >= MODEL_LEAVES;
			alike += (int8_t)leaf_of(code);
		}
		for (uint32_t i = 0; i < inner_end(&reached); i++) {
			uint32_t k = reached.codes[i] - MODEL_LEAVES;
			uint64_t under = under_of(views[s->view[k]] + at, s->threshold[k]), here = reached.lanes[i];
			reach(&reached, here & under, hop(hops, (uint32_t)s->child[0][k]));
			reach(&reached, here & ~under, hop(hops, (uint32_t)s->child[1][k]));
		}
		add_leaves(&reached, total);
	}
	store_sums(total, alike, sums);
}

AVX2 static void stage_run_avx2(const struct model_stage *s, const uint8_t *const *views, size_t at,
				const uint8_t lanes[MODEL_LANES], int16_t sums[MODEL_LANES])
{
	run_bits(s, views, at, lanes, sums, under_avx2);
}

AVX512 static void stage_run_avx512(const struct model_stage *s, const uint8_t *const *views, size_t at,
				    const uint8_t lanes[MODEL_LANES], int16_t sums[MODEL_LANES])
{
	run_bits(s, views, at, lanes, sums, under_avx512);
}

static bool has_avx2(void)
{
	return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("bmi") && __builtin_cpu_supports("bmi2");
}
#endif

/* ---- Batches ------------------------------------------------------------------------------------------- */

typedef void stage_runner(const struct model_stage *, const uint8_t *const *, size_t, const uint8_t *, int16_t *);

static stage_runner *best_runner(void)
{
#if defined(__x86_64__)
	if (has_avx2())
		return __builtin_cpu_supports("avx512bw") ? stage_run_avx512 : stage_run_avx2;
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
	uint8_t lanes[MODEL_LANES];
	for (size_t at = 0; at < count; at += MODEL_LANES) {
		size_t here = count - at < MODEL_LANES ? count - at : MODEL_LANES;
		if (before && all_unlikely(before + at, here)) {
			memcpy(out + at, before + at, here);
			continue;
		}
		memset(lanes, 255, here);
		memset(lanes + here, 0, sizeof lanes - here);
		run(&model->stages[stage], views, at, lanes, sums);
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
	if (way == 1 && has_avx2())
		run = stage_run_avx2;
	if (way == 2 && has_avx2() && __builtin_cpu_supports("avx512bw"))
		run = stage_run_avx512;
#endif
	if (run)
		evaluate(model, stage, views, count, NULL, out, run);
	return run != NULL;
}
