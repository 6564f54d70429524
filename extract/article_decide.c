/* article_decide: from scores to the blocks that are the article.
 *
 * The threshold is chosen for each page to make the expected F measure largest (as in Ye et al. 2012, "Optimizing
 * F-measure: a tale of two approaches"): a page that is sure of its body stays strict, a page where everything is
 * doubtful takes more. Only scores, words and order are used, never the tree, so that a spool that kept the blocks can
 * decide again when other pages of the host are known. */
#include "extract/article_internal.h"

int article_score255(const struct article_block *block)
{
	return (int)(block->score * 255.0f + 0.5f);
}

static bool is_barred(uint64_t hash, const uint64_t *barred, size_t count)
{
	size_t low = 0, high = count;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (barred[middle] < hash)
			low = middle + 1;
		else
			high = middle;
	}
	return low < count && barred[low] == hash;
}

/* argmax over t of 2 Σ_{p≥t} w·p / (Σ_{p≥t} w + Σ w·p), as a probability 0..255. */
static int threshold_of(const uint64_t weight[256])
{
	uint64_t total = 0, taken = 0, good = 0, best_good = 0, best_taken = 1;
	int best = 128;
	for (int p = 0; p < 256; p++)
		total += weight[p] * (unsigned)p;
	for (int p = 255; p > 0; p--) {
		if (!weight[p])
			continue;
		taken += weight[p];
		good += weight[p] * (unsigned)p;
		/* good / (255 taken + total) is the largest: compare by cross products in floating point of exact
		 * integers */
		if ((double)good * (double)(255 * best_taken + total) >
		    (double)best_good * (double)(255 * taken + total)) {
			best_good = good;
			best_taken = taken;
			best = p;
		}
	}
	return best;
}

/* The threshold stays in [.15, .50]: chosen by cross-validation for news and for mixed pages (docs/article.md). */
enum { TAU_LOW = 38, TAU_HIGH = 128 };

enum { FALLBACK_WORDS = 25, FALLBACK_CENTRE = 51, FALLBACK_FLOOR = 30 }; /* .20 and .12 of 255 */

/* Hardly anything was sure: the run of blocks with the largest sum of weight × (p - .2), without its unlikely blocks.
 */
static uint32_t take_interval(struct article_block *blocks, size_t count, const uint64_t *barred, size_t barred_count,
			      bool mark)
{
	int64_t best = 0, sum = 0;
	size_t start = 0, from = 0, to = 0;
	uint32_t words = 0;
	for (size_t i = 0; i < count; i++) {
		if (sum <= 0) {
			sum = 0;
			start = i;
		}
		int p = is_barred(blocks[i].hash, barred, barred_count) ? 0 : article_score255(&blocks[i]);
		sum += (int64_t)(2 * blocks[i].words + 1) * (p - FALLBACK_CENTRE);
		if (sum > best) {
			best = sum;
			from = start;
			to = i + 1;
		}
	}
	for (size_t i = from; i < to; i++) {
		if (article_score255(&blocks[i]) <= FALLBACK_FLOOR || is_barred(blocks[i].hash, barred, barred_count))
			continue;
		words += blocks[i].words;
		if (mark) {
			blocks[i].kept = true;
			blocks[i].why = "fallback-interval";
		}
	}
	return words;
}

const char *article_decide(struct article_block *blocks, size_t count, const uint64_t *barred, size_t barred_count)
{
	uint64_t weight[256] = {0};
	uint32_t words = 0;
	for (size_t i = 0; i < count; i++) {
		bool out = barred_count && is_barred(blocks[i].hash, barred, barred_count);
		blocks[i].kept = false;
		blocks[i].why = out ? "host-boilerplate" : "model";
		if (!out)
			weight[article_score255(&blocks[i])] += 3 * blocks[i].words + 1;
	}
	int tau = threshold_of(weight);
	tau = tau < TAU_LOW ? TAU_LOW : tau > TAU_HIGH ? TAU_HIGH : tau;
	for (size_t i = 0; i < count; i++) {
		blocks[i].kept = blocks[i].why[0] == 'm' && article_score255(&blocks[i]) >= tau;
		words += blocks[i].kept ? blocks[i].words : 0;
	}
	if (words < FALLBACK_WORDS && take_interval(blocks, count, barred, barred_count, false) > words) {
		for (size_t i = 0; i < count; i++)
			blocks[i].kept = false;
		take_interval(blocks, count, barred, barred_count, true);
		return "fallback-interval";
	}
	return "blocks";
}

uint32_t article_redecide(struct article_block *blocks, size_t count, const uint64_t *barred, size_t barred_count,
			  struct buffer *text)
{
	article_decide(blocks, count, barred, barred_count);
	return article_join(blocks, count, text);
}
