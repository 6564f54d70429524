/* pair: what two signatures say about two texts, and whether that makes them copies.
 *
 * The sketches are compared under their common threshold: a shingle of weight w was kept with probability min(1, w·t),
 * so w / min(1, w·t) summed over what was kept estimates the weight of the whole (Horvitz–Thompson), of the
 * intersection as of each text, and gives Jaccard and containment alike. The rules stand in pair_decide and nowhere
 * else. They were chosen on simulated syndication and on real extraction noise together; docs/duplicates.md has the
 * curves. */
#include "dedup/dedup_internal.h"

/* The defaults that the rest of the evidence is weighed around; per mille. */
enum { HAMMING_MAX = 34, JACCARD_MIN = 300 };

void dedup_options_default(struct dedup_options *options)
{
	*options = (struct dedup_options){
		.hamming_max = HAMMING_MAX,
		.jaccard_min = JACCARD_MIN / 1000.0,
		.containment_min = 0.75,
		.containment_hamming_max = 44,
		.short_tokens = 150,
		.short_jaccard_min = 0.40,
		.short_numbers_min = 0.75,
		.tiny_tokens = 30,
		.tiny_jaccard_min = 0.80,
		.link_min = 0.25,
		.bucket_max = 48,
		.fingerprint = SIMHASH_128,
	};
}

static bool share_ok(double share)
{
	return share >= 0 && share <= 1;
}

enum status dedup_options_check(const struct dedup_options *options, struct fault *fault)
{
	if (options->hamming_max > 128 || options->containment_hamming_max > 128)
		return fault_set(fault, STATUS_USAGE, 0, "a Hamming distance is 0 to 128");
	if (!share_ok(options->jaccard_min) || !share_ok(options->containment_min) ||
	    !share_ok(options->short_numbers_min) || !share_ok(options->short_jaccard_min) ||
	    !share_ok(options->tiny_jaccard_min) || !share_ok(options->link_min))
		return fault_set(fault, STATUS_USAGE, 0, "Jaccard, containment, numbers and link shares are 0 to 1");
	if (options->bucket_max < 4 || options->bucket_max > 4096)
		return fault_set(fault, STATUS_USAGE, 0, "the largest full bucket is 4 to 4096");
	return STATUS_OK;
}

const char *pair_rule_name(unsigned rule)
{
	static const char *const names[] = {"none", "exact", "simhash", "jaccard", "containment", "linked"};
	return rule < sizeof names / sizeof *names ? names[rule] : "none";
}

/* ---- Measures -----------------------------------------------------------------------------------------------------
 */

/* Rank back from its 28 bits, as a share of the whole hash range for weight 1. */
static double rank_share(uint32_t entry)
{
	uint32_t rank = entry >> 4, exponent = rank >> 23;
	uint64_t value = exponent ? ((uint64_t)(rank & 0x7FFFFF) | 0x800000) << (exponent - 1) : rank;
	return (double)value / (16 * 1099511627776.0); /* 16 · 2^40 */
}

static void measure_sketches(const struct signature *a, const struct signature *b, struct pair_evidence *out)
{
	uint32_t limit = UINT32_MAX;
	double expand[WEIGHT_CLASSES], weight_a = 0, weight_b = 0, common = 0;
	unsigned count_a[WEIGHT_CLASSES] = {0}, count_b[WEIGHT_CLASSES] = {0}, shared[WEIGHT_CLASSES] = {0};
	if (!(a->flags & SIGNATURE_SKETCH_WHOLE))
		limit = a->sketch[a->sketch_count - 1];
	if (!(b->flags & SIGNATURE_SKETCH_WHOLE) && b->sketch[b->sketch_count - 1] < limit)
		limit = b->sketch[b->sketch_count - 1];
	unsigned i = 0, j = 0, na = a->sketch_count, nb = b->sketch_count;
	while (i < na && j < nb) {
		uint32_t x = a->sketch[i], y = b->sketch[j];
		if ((x < y ? x : y) > limit)
			break;
		shared[x & 15] += x == y;
		count_a[x & 15] += x <= y;
		count_b[y & 15] += y <= x;
		i += x <= y;
		j += y <= x;
	}
	for (; i < na && a->sketch[i] <= limit; i++)
		count_a[a->sketch[i] & 15]++;
	for (; j < nb && b->sketch[j] <= limit; j++)
		count_b[b->sketch[j] & 15]++;
	double threshold = limit == UINT32_MAX ? 1e9 : rank_share(limit);
	for (unsigned c = 0; c < WEIGHT_CLASSES; c++) {
		double weight = weight_units[c] / 64.0, kept = weight * threshold;
		expand[c] = kept < 1 ? weight / kept : weight;
		weight_a += count_a[c] * expand[c];
		weight_b += count_b[c] * expand[c];
		common += shared[c] * expand[c];
	}
	double smaller = weight_a < weight_b ? weight_a : weight_b, whole = weight_a + weight_b - common;
	out->jaccard = (uint16_t)(whole > 0 ? common / whole * 1000 + 0.5 : 0);
	out->containment = (uint16_t)(smaller > 0 ? common / smaller * 1000 + 0.5 : 0);
}

/* What share of the smaller set of numbers is in the other one; *APART, how many are not, 3 for all above. */
static uint16_t measure_numbers(const struct signature *a, const struct signature *b, unsigned *apart)
{
	*apart = 0;
	unsigned limit = UINT16_MAX, i = 0, j = 0, na = 0, nb = 0, common = 0;
	if (!a->number_count || !b->number_count)
		return EVIDENCE_ABSENT;
	if (!(a->flags & SIGNATURE_NUMBERS_WHOLE))
		limit = a->numbers[a->number_count - 1];
	if (!(b->flags & SIGNATURE_NUMBERS_WHOLE) && b->numbers[b->number_count - 1] < limit)
		limit = b->numbers[b->number_count - 1];
	while (na < a->number_count && a->numbers[na] <= limit)
		na++;
	while (nb < b->number_count && b->numbers[nb] <= limit)
		nb++;
	while (i < na && j < nb) {
		unsigned x = a->numbers[i], y = b->numbers[j];
		common += x == y;
		i += x <= y;
		j += y <= x;
	}
	unsigned smaller = na < nb ? na : nb;
	*apart = smaller - common < 3 ? smaller - common : 3;
	return smaller ? (uint16_t)((common * 1000 + smaller / 2) / smaller) : EVIDENCE_ABSENT;
}

static unsigned measure_anchors(const struct signature *a, const struct signature *b)
{
	unsigned shared = 0;
	for (unsigned i = 0; i < a->anchor_count; i++) {
		unsigned found = 0;
		for (unsigned j = 0; j < b->anchor_count; j++)
			found |= a->anchors[i] == b->anchors[j] && a->anchors_high[i] == b->anchors_high[j];
		shared += found;
	}
	return shared;
}

/* How many of the shingles that stand for the beginnings are shared. */
static unsigned measure_heads(const struct signature *a, const struct signature *b)
{
	unsigned shared = 0;
	for (unsigned i = 0; i < a->head_count; i++)
		for (unsigned j = 0; j < b->head_count; j++)
			shared += a->head[i] == b->head[j];
	return shared < SIGNATURE_HEAD ? shared : SIGNATURE_HEAD;
}

/* ---- Decision
 * -------------------------------------------------------------------------------------------------------- */

static unsigned per_mille(double share)
{
	return (unsigned)(share * 1000 + 0.5);
}

/* Where a pair looks like this, so many of its numbers must agree: stories that follow up on others quote their
 * background with other figures, and tables, rates and results are the same text with other figures. */
static const struct {
	unsigned tokens_from, tokens_below;                                   /* of the shorter text */
	unsigned jaccard_from, jaccard_below, containment_below, numbers_min; /* per mille */
} doubts[] = {
	{150, UINT32_MAX, 0, 300, 1001, 800}, /* accepted by fingerprint or containment alone */
	{150, UINT32_MAX, 0, 400, 1001, 600}, /* background shared with an earlier story */
	{150, UINT32_MAX, 0, 500, 1001, 500}, /* the same weekly statistics */
	{100, 150, 600, 1001, 1001, 880},     /* words hardly differ, figures do */
	{0, 100, 0, 1001, 900, 900},          /* the same tender or table, another day */
};

/* What each measure says for a pair, in hundredths of log odds, linear between the knots. Fitted by logistic
 * regression on pairs of simulated syndication under several hash functions and extractors, with wire stories that
 * were judged by hand, then rounded. A sum over measures is right where one alone is not: a follow-up shares as many
 * words as a mangled copy, but begins otherwise; a copy under a menu begins otherwise, but shares more words. */
struct knot {
	int at, points;
};
static const struct knot hamming_points[] = {{24, 140}, {30, 120}, {36, 0}, {46, -70}, {56, -160}, {64, -250}};
static const struct knot jaccard_points[] = {{40, -700}, {80, -600}, {120, -330}, {160, -220}, {240, -90},
					     {320, 10},  {400, 145}, {480, 320},  {560, 480}};
static const struct knot number_points[] = {{150, -310}, {375, -135}, {500, -50}, {600, 40},
					    {750, 80},   {820, 125},  {950, 160}};
enum {
	POINTS_BASE = 150,
	POINTS_BEGIN_ALIKE = 115,
	POINTS_BEGIN_OTHERWISE = -200,
	POINTS_WITHOUT_NUMBERS = 20,
	POINTS_LONG = 125,     /* what a pair of texts that are not short needs, … */
	POINTS_CONTAINED = 75, /* … or so much when one text is in the other, … */
	CONTAINED_WHOLE = 950, /* … and this share of it needs no points */
	POINTS_SHORT = 150,    /* what accepts a short text that is below the threshold of Jaccard, */
	POINTS_TOKENS = 80,    /* if it has so many tokens … */
	POINTS_NUMBERS = 850,  /* … and this share of its numbers agrees */
	APART_TOKENS = 100, /* from here on a single number that is not in the other text may be a date, a digit … */
	POINTS_APART = 250, /* … misread, a figure written out; a short text then needs so much */
};

static int points_at(const struct knot *knots, size_t count, int x)
{
	size_t i = 1;
	if (x <= knots[0].at)
		return knots[0].points;
	while (i < count && x >= knots[i].at)
		i++;
	const struct knot *a = &knots[i - 1], *b = &knots[i < count ? i : i - 1];
	return i == count ? a->points : a->points + (b->points - a->points) * (x - a->at) / (b->at - a->at);
}
#define POINTS(knots, x) points_at(knots, sizeof(knots) / sizeof *(knots), x)

/* The knots stand for the default thresholds; other thresholds move the measures by as much. */
static int points_of(const struct pair_evidence *e, const struct dedup_options *options)
{
	int jaccard_min = (int)per_mille(options->jaccard_min), numbers = POINTS_WITHOUT_NUMBERS;
	if (e->numbers != EVIDENCE_ABSENT)
		numbers = POINTS(number_points, e->numbers);
	if (e->numbers_apart <= 1 && numbers < 0)
		numbers = 0;
	return POINTS_BASE + POINTS(hamming_points, (int)e->hamming + HAMMING_MAX - (int)options->hamming_max) +
	       POINTS(jaccard_points, (int)e->jaccard * JACCARD_MIN / (jaccard_min ? jaccard_min : 1)) + numbers +
	       (e->head ? POINTS_BEGIN_ALIKE : POINTS_BEGIN_OTHERWISE);
}

static bool vetoed(const struct pair_evidence *e, const struct dedup_options *options)
{
	bool is_short = e->tokens < options->short_tokens;
	if (e->numbers == EVIDENCE_ABSENT)
		return false;
	if (e->numbers_apart <= 1 && e->tokens >= APART_TOKENS &&
	    points_of(e, options) >= (is_short ? POINTS_APART : POINTS_LONG))
		return false;
	if (is_short && e->numbers < per_mille(options->short_numbers_min))
		return true;
	for (size_t i = 0; i < sizeof doubts / sizeof *doubts; i++)
		if (e->tokens >= doubts[i].tokens_from && e->tokens < doubts[i].tokens_below &&
		    e->jaccard >= doubts[i].jaccard_from && e->jaccard < doubts[i].jaccard_below &&
		    e->containment < doubts[i].containment_below && e->numbers < doubts[i].numbers_min)
			return true;
	return false;
}

static bool contained(const struct pair_evidence *e, const struct dedup_options *options)
{
	return e->containment >= per_mille(options->containment_min) && e->hamming <= options->containment_hamming_max;
}

/* Texts that are not short: the points decide, around the thresholds: a distance may be over its own by a quarter, a
 * Jaccard fall short by a third of its way to 0 or 1. */
static unsigned rule_of_long(const struct pair_evidence *e, const struct dedup_options *options)
{
	unsigned jaccard = per_mille(options->jaccard_min), slack = (jaccard < 500 ? jaccard : 1000 - jaccard) / 3;
	int points = points_of(e, options);
	bool inside = contained(e, options) && (e->containment >= CONTAINED_WHOLE || points >= POINTS_CONTAINED);
	if (e->hamming <= PROMISE && e->hamming <= options->hamming_max)
		return PAIR_SIMHASH;
	if (points < POINTS_LONG && !inside)
		return PAIR_NONE;
	if (e->hamming <= options->hamming_max + options->hamming_max / 4)
		return PAIR_SIMHASH;
	if (e->jaccard >= jaccard - slack)
		return PAIR_JACCARD;
	return inside ? PAIR_CONTAINMENT : PAIR_NONE;
}

static unsigned rule_of(const struct pair_evidence *e, const struct dedup_options *options)
{
	unsigned jaccard = per_mille(options->jaccard_min);
	if (options->fingerprint == SIMHASH_64)
		return e->hamming <= 3 ? PAIR_SIMHASH : PAIR_NONE;
	if (e->tokens < options->tiny_tokens) /* a dozen shingles prove nothing unless most of them agree */
		return e->jaccard >= per_mille(options->tiny_jaccard_min) && e->jaccard >= jaccard ? PAIR_JACCARD
												   : PAIR_NONE;
	if (e->tokens >= options->short_tokens)
		return rule_of_long(e, options);
	if (jaccard < per_mille(options->short_jaccard_min))
		jaccard = per_mille(options->short_jaccard_min);
	if (e->hamming <= options->hamming_max)
		return PAIR_SIMHASH;
	if (e->jaccard >= jaccard || (e->tokens >= POINTS_TOKENS && e->numbers >= POINTS_NUMBERS && /* or absent */
				      points_of(e, options) >= POINTS_SHORT))
		return PAIR_JACCARD;
	return contained(e, options) ? PAIR_CONTAINMENT : PAIR_NONE;
}

bool pair_decide(struct pair_evidence *e, const struct dedup_options *options)
{
	if (e->rule == PAIR_EXACT)
		return true;
	e->rule = PAIR_NONE;
	if (options->exact_only)
		return false;
	unsigned rule = rule_of(e, options);
	e->veto = options->fingerprint == SIMHASH_128 && vetoed(e, options);
	e->score = (uint16_t)((e->containment + e->jaccard + (128 - e->hamming) * 1000u / 128) / 3);
	e->rule = (uint8_t)(e->veto ? PAIR_NONE : rule);
	return e->rule != PAIR_NONE;
}

bool pair_verify(const struct signature *a, const struct signature *b, const struct dedup_options *options,
		 struct pair_evidence *out)
{
	unsigned apart;
	memset(out, 0, sizeof *out);
	out->tokens = a->tokens < b->tokens ? a->tokens : b->tokens;
	out->numbers = EVIDENCE_ABSENT;
	if (out->tokens == 0) {
		out->hamming = 128;
		return false;
	}
	out->hamming = (uint8_t)(__builtin_popcountll(a->simhash[0] ^ b->simhash[0]) +
				 __builtin_popcountll(a->simhash[1] ^ b->simhash[1]));
	measure_sketches(a, b, out);
	out->numbers = measure_numbers(a, b, &apart);
	out->numbers_apart = apart & 3;
	out->anchors = (uint8_t)measure_anchors(a, b);
	out->head = measure_heads(a, b) & 3;
	if (a->exact.low == b->exact.low && a->exact.high == b->exact.high) {
		out->rule = PAIR_EXACT;
		out->score = 1000;
		return true;
	}
	return pair_decide(out, options);
}
