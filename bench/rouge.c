/* rouge: ROUGE-LSum as summarisation and extraction papers report it (Lin 2004): for each line of the reference the
 * union of its longest common subsequences with every line of the result, each token counted at most as often as it
 * stands in both.
 *
 * The subsequence comes from the full table, walked back; ties go as in the common Python implementation, or the fourth
 * decimal differs. The table needs only one bit a cell for that walk, so that paragraphs of 20,000 words fit in 50 MB.
 */
#include "bench/extraction.h"

#include <stdlib.h>

enum { OPTIONAL_ALL_MAX = 5 };

/* Lines of tokens: line I is words.at[starts[I] … starts[I + 1]). Empty lines are left out. */
struct lines {
	struct tokens words;
	size_t *starts, count, capacity;
};

static void lines_mark(struct lines *lines)
{
	need_more(&lines->starts, &lines->capacity, lines->count + 1, sizeof *lines->starts);
	lines->starts[lines->count] = lines->words.count;
}

static void lines_add(struct lines *lines, struct span lower)
{
	size_t before = lines->words.count, word = 0;
	for (size_t i = 0; i <= lower.size; i++) {
		unsigned char c = i < lower.size ? (unsigned char)lower.data[i] : ' ';
		if ((c >= 'a' && c <= 'z') || ascii_is_digit(c)) {
			word++;
			continue;
		}
		if (word) {
			need_more(&lines->words.at, &lines->words.capacity, lines->words.count + 1, sizeof(uint64_t));
			lines->words.at[lines->words.count++] = hash64(lower.data + i - word, word, 0);
		}
		word = 0;
	}
	if (lines->words.count > before) {
		lines->count++;
		lines_mark(lines);
	}
}

static void lines_open(struct lines *lines, struct span text)
{
	struct buffer lower;
	struct span rest = text, line;
	*lines = (struct lines){0};
	lines_mark(lines);
	buffer_init(&lower, SIZE_MAX / 2);
	while (text.data && span_cut(&rest, '\n', &line)) {
		buffer_clear(&lower);
		text_lower(line, &lower);
		lines_add(lines, buffer_span(&lower));
	}
	buffer_free(&lower);
}

static void lines_close(struct lines *lines)
{
	tokens_free(&lines->words);
	free(lines->starts);
}

/* Scratch for one subsequence. */
struct table {
	uint32_t *row;
	uint64_t *left; /* bit: the best way goes left */
	size_t row_capacity, left_capacity;
};

/* Set USED[i] for the places of A that take part in one longest common subsequence with B. */
static void subsequence(struct table *table, const uint64_t *a, size_t n, const uint64_t *b, size_t m, bool *used)
{
	size_t stride = m / 64 + 1;
	need_more(&table->row, &table->row_capacity, m + 1, sizeof *table->row);
	need_more(&table->left, &table->left_capacity, (n + 1) * stride, sizeof *table->left);
	memset(table->row, 0, (m + 1) * sizeof *table->row);
	memset(table->left, 0, (n + 1) * stride * sizeof *table->left);
	for (size_t i = 1; i <= n; i++) {
		uint32_t diagonal = 0, *row = table->row;
		uint64_t *left = table->left + i * stride;
		for (size_t j = 1; j <= m; j++) {
			uint32_t above = row[j];
			row[j] = a[i - 1] == b[j - 1] ? diagonal + 1 : above > row[j - 1] ? above : row[j - 1];
			left[j / 64] |= (uint64_t)(row[j - 1] > above) << j % 64;
			diagonal = above;
		}
	}
	for (size_t i = n, j = m; i && j;) {
		if (a[i - 1] == b[j - 1])
			used[--i] = true, j--;
		else if (table->left[i * stride + j / 64] >> j % 64 & 1)
			j--;
		else
			i--;
	}
}

/* How often each different token stands in both. KEYS sorted and unique. */
struct budget {
	uint64_t *keys;
	size_t *of_reference, *of_result, count;
};

static size_t budget_find(const struct budget *budget, uint64_t key)
{
	size_t low = 0, high = budget->count;
	while (low < high) {
		size_t middle = (low + high) / 2;
		if (budget->keys[middle] < key)
			low = middle + 1;
		else
			high = middle;
	}
	return low < budget->count && budget->keys[low] == key ? low : SIZE_MAX;
}

static void budget_open(struct budget *budget, const struct tokens *reference, const struct tokens *result)
{
	struct tokens sorted = {need(reference->count * sizeof(uint64_t)), reference->count, reference->count};
	memcpy(sorted.at, reference->at, reference->count * sizeof *sorted.at);
	tokens_sort(&sorted);
	budget->keys = sorted.at;
	budget->of_reference = need_zero(sorted.count * sizeof(size_t));
	budget->of_result = need_zero(sorted.count * sizeof(size_t));
	budget->count = 0;
	for (size_t i = 0; i < sorted.count; i++) {
		if (!budget->count || budget->keys[budget->count - 1] != sorted.at[i])
			budget->keys[budget->count++] = sorted.at[i];
		budget->of_reference[budget->count - 1]++;
	}
	for (size_t i = 0; i < result->count; i++) {
		size_t at = budget_find(budget, result->at[i]);
		if (at != SIZE_MAX)
			budget->of_result[at]++;
	}
}

static size_t count_hits(const struct lines *reference, const struct lines *result)
{
	struct table table = {0};
	struct budget budget;
	size_t hits = 0;
	budget_open(&budget, &reference->words, &result->words);
	for (size_t r = 0; r < reference->count; r++) {
		const uint64_t *a = reference->words.at + reference->starts[r];
		size_t n = reference->starts[r + 1] - reference->starts[r];
		bool *used = need_zero(n * sizeof *used);
		for (size_t p = 0; p < result->count; p++)
			subsequence(&table, a, n, result->words.at + result->starts[p],
				    result->starts[p + 1] - result->starts[p], used);
		for (size_t i = 0; i < n; i++) {
			size_t at = used[i] ? budget_find(&budget, a[i]) : SIZE_MAX;
			if (at != SIZE_MAX && budget.of_reference[at] && budget.of_result[at])
				hits++, budget.of_reference[at]--, budget.of_result[at]--;
		}
		free(used);
	}
	free(table.row);
	free(table.left);
	free(budget.keys);
	free(budget.of_reference);
	free(budget.of_result);
	return hits;
}

struct prf rouge_lsum(struct span result, struct span reference)
{
	struct lines a, b;
	struct prf score = {0};
	lines_open(&a, reference);
	lines_open(&b, result);
	if (a.words.count && b.words.count) {
		double hits = (double)count_hits(&a, &b);
		score.precision = hits / (double)b.words.count;
		score.recall = hits / (double)a.words.count;
		if (hits > 0)
			score.f1 = 2 * score.precision * score.recall / (score.precision + score.recall);
	}
	lines_close(&a);
	lines_close(&b);
	return score;
}
