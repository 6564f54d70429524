/* score: an extractor's texts against the truth, page by page, then averaged. Which average belongs to which metric is
 * a convention of the field, and differs: shingles average precision and recall over pages and take F1 of the averages;
 * word F1 and char-5 F1 average the pages' own F1; snippets are pooled. */
#include "bench/extraction.h"

#include <math.h>
#include <stdlib.h>

enum { SHINGLE = 4, LETTERS = 5, ROUNDS = 1000, OPTIONAL_SUBSETS_MAX = 5 };

/* Scratch of one scoring. */
struct scratch {
	struct buffer text;
	struct tokens truth, found, truth_set, found_set;
};

static struct span present(struct span text)
{
	return text.data ? text : SPAN("");
}

static struct span lowered(struct scratch *scratch, struct span text)
{
	buffer_clear(&scratch->text);
	text_lower(present(text), &scratch->text);
	return buffer_span(&scratch->text);
}

static struct prf prf_of(double tp, double fp, double fn)
{
	struct prf score = {0};
	score.precision = fp == 0 && fn == 0 ? 1 : tp == 0 && fp == 0 ? 0 : tp / (tp + fp);
	score.recall = fp == 0 && fn == 0 ? 1 : tp == 0 && fn == 0 ? 0 : tp / (tp + fn);
	if (score.precision + score.recall > 0)
		score.f1 = 2 * score.precision * score.recall / (score.precision + score.recall);
	return score;
}

static void score_shingles(struct scratch *s, struct page_score *page)
{
	tokens_shingles(&s->truth, SHINGLE, &s->truth_set);
	tokens_shingles(&s->found, SHINGLE, &s->found_set);
	tokens_sort(&s->truth_set);
	tokens_sort(&s->found_set);
	double common = (double)tokens_common(&s->truth_set, &s->found_set);
	double extra = (double)s->found_set.count - common, missing = (double)s->truth_set.count - common;
	double sum = common + extra + missing;
	if (sum > 0)
		page->tp = common / sum, page->fp = extra / sum, page->fn = missing / sum;
	page->shingle_f1 = sum > 0 ? prf_of(page->tp, page->fp, page->fn).f1 : 1;
}

/* Bags of words; an empty truth is met by an empty result. */
static struct prf score_words(struct scratch *s)
{
	if (s->truth.count == 0)
		return s->found.count ? (struct prf){0} : (struct prf){1, 1, 1};
	if (s->found.count == 0)
		return (struct prf){0};
	tokens_sort(&s->truth);
	tokens_sort(&s->found);
	double common = (double)tokens_common(&s->truth, &s->found);
	struct prf score = {common / (double)s->found.count, common / (double)s->truth.count, 0};
	if (common > 0)
		score.f1 = 2 * score.precision * score.recall / (score.precision + score.recall);
	return score;
}

static double score_letters(struct scratch *s, struct span truth, struct span found)
{
	text_letters(lowered(s, truth), &s->truth);
	text_letters(lowered(s, found), &s->found);
	tokens_shingles(&s->truth, LETTERS, &s->truth_set);
	tokens_shingles(&s->found, LETTERS, &s->found_set);
	if (s->truth_set.count == 0)
		return s->found_set.count == 0;
	tokens_sort(&s->truth_set);
	tokens_sort(&s->found_set);
	double common = (double)tokens_common(&s->truth_set, &s->found_set);
	return 2 * common / (double)(s->truth_set.count + s->found_set.count);
}

static bool is_listed(const struct json *list, size_t index, unsigned subset)
{
	size_t place = 0;
	for (const struct json *item = list->first; item; item = item->next, place++) {
		uint64_t value;
		if (span_to_u64(item->text, &value) && value == index)
			return place < 32 && (subset >> place & 1);
	}
	return false;
}

/* The best over the references that the truth allows: with and without the optional paragraphs, all subsets while few.
 */
static struct prf score_rouge(const struct truth_page *page, struct span found)
{
	size_t optional = 0;
	for (const struct json *item = page->optional ? page->optional->first : NULL; item; item = item->next)
		optional++;
	if (!optional || !page->paragraphs)
		return rouge_lsum(found, page->text);
	unsigned all = optional >= 32 ? UINT32_MAX : (1u << optional) - 1;
	unsigned step = optional <= OPTIONAL_SUBSETS_MAX ? 1 : all;
	struct prf best = {0};
	struct buffer reference;
	buffer_init(&reference, SIZE_MAX / 2);
	for (unsigned subset = 0;; subset += step) {
		size_t index = 0, kept = 0;
		buffer_clear(&reference);
		for (const struct json *p = page->paragraphs->first; p; p = p->next, index++) {
			if (is_listed(page->optional, index, subset))
				continue;
			if (kept++)
				buffer_append_byte(&reference, '\n');
			buffer_append_span(&reference, present(p->text));
		}
		struct prf score = rouge_lsum(found, buffer_span(&reference));
		if (subset == 0 || score.f1 > best.f1)
			best = score;
		if (subset == all)
			break;
	}
	buffer_free(&reference);
	return best;
}

static void score_page(struct scratch *s, const struct truth_page *truth, struct span found, bool rouge,
		       struct page_score *page)
{
	page->scored = true;
	text_words(truth->text, &s->truth);
	text_words(found, &s->found);
	page->exact = tokens_equal(&s->truth, &s->found);
	score_shingles(s, page);
	text_words(lowered(s, truth->text), &s->truth);
	text_words(lowered(s, found), &s->found);
	page->word = score_words(s);
	page->char5 = score_letters(s, truth->text, found);
	if (rouge)
		page->rouge = score_rouge(truth, found);
}

/* ---- Averages
 * ----------------------------------------------------------------------------------------------------------- */

/* PICK lists COUNT pages of EACH. */
static struct prf mean_shingles(const struct page_score *each, const size_t *pick, size_t count)
{
	double p = 0, r = 0, with_result = 0, with_truth = 0;
	for (size_t i = 0; i < count; i++) {
		const struct page_score *page = &each[pick[i]];
		struct prf score = prf_of(page->tp, page->fp, page->fn);
		if (page->tp + page->fp > 0)
			p += score.precision, with_result++;
		if (page->tp + page->fn > 0)
			r += score.recall, with_truth++;
	}
	struct prf mean = {with_result > 0 ? p / with_result : 0, with_truth > 0 ? r / with_truth : 0, 0};
	if (mean.precision + mean.recall > 0)
		mean.f1 = 2 * mean.precision * mean.recall / (mean.precision + mean.recall);
	return mean;
}

static void mean_others(const struct page_score *each, const size_t *pick, size_t count, struct extraction_score *out)
{
	for (size_t i = 0; i < count; i++) {
		const struct page_score *page = &each[pick[i]];
		double share = 1 / (double)count;
		out->word.precision += page->word.precision * share;
		out->word.recall += page->word.recall * share;
		out->word.f1 += page->word.f1 * share;
		out->rouge.precision += page->rouge.precision * share;
		out->rouge.recall += page->rouge.recall * share;
		out->rouge.f1 += page->rouge.f1 * share;
		out->char5 += page->char5 * share;
		out->exact += page->exact * share;
	}
}

static void bootstrap(const struct page_score *each, const size_t *pick, size_t count, struct extraction_score *out)
{
	struct dice dice = {1};
	double *f1 = need(ROUNDS * sizeof *f1);
	size_t *again = need(count * sizeof *again);
	for (size_t round = 0; round < ROUNDS; round++) {
		for (size_t i = 0; i < count; i++)
			again[i] = pick[dice_below(&dice, count)];
		f1[round] = mean_shingles(each, again, count).f1;
	}
	out->shingle_low = stats_quantile(f1, ROUNDS, 0.025);
	out->shingle_high = stats_quantile(f1, ROUNDS, 0.975);
	out->shingle_deviation = stats_deviation(f1, ROUNDS);
	free(again);
	free(f1);
}

static int compare_groups(const void *a, const void *b)
{
	const struct group_score *x = a, *y = b;
	if (x->pages != y->pages)
		return x->pages < y->pages ? 1 : -1;
	return span_compare(present(x->name), present(y->name));
}

/* Scores by the text at OFFSET in struct truth_page. */
static void group_pages(const struct truth_set *set, const struct page_score *each, const size_t *pick, size_t count,
			size_t offset, struct groups *out)
{
	size_t *members = need(count * sizeof *members);
	bool *done = need_zero(count * sizeof *done);
	for (size_t i = 0; i < count; i++) {
		if (done[i])
			continue;
		struct span name = *(const struct span *)((const char *)&set->pages[pick[i]] + offset);
		struct group_score group = {.name = name};
		struct extraction_score mean = {0};
		for (size_t j = i; j < count; j++) {
			struct span other = *(const struct span *)((const char *)&set->pages[pick[j]] + offset);
			if (done[j] || !span_equal(present(name), present(other)))
				continue;
			done[j] = true;
			members[group.pages++] = pick[j];
		}
		mean_others(each, members, group.pages, &mean);
		group.shingle = mean_shingles(each, members, group.pages);
		group.word = mean.word;
		group.char5 = mean.char5;
		need_more(&out->at, &out->capacity, out->count + 1, sizeof *out->at);
		out->at[out->count++] = group;
	}
	if (out->count)
		qsort(out->at, out->count, sizeof *out->at, compare_groups);
	free(members);
	free(done);
}

/* ---- Snippets
 * --------------------------------------------------------------------------------------------------------------- */

static size_t count_snippets(const struct json *list, struct span text, size_t *inside)
{
	size_t count = 0;
	struct buffer snippet;
	buffer_init(&snippet, SIZE_MAX / 2);
	for (const struct json *item = list ? list->first : NULL; item; item = item->next, count++) {
		buffer_clear(&snippet);
		text_squeeze(present(item->text), &snippet);
		*inside += snippet.size == 0 || span_find(text, buffer_span(&snippet)) != SIZE_MAX;
	}
	buffer_free(&snippet);
	return count;
}

static void score_snippets(const struct truth_set *set, const struct results *results, struct extraction_score *out)
{
	struct buffer text;
	buffer_init(&text, SIZE_MAX / 2);
	for (size_t i = 0; i < set->count; i++) {
		const struct truth_page *page = &set->pages[i];
		if (!page->with && !page->without)
			continue;
		const struct result *result = results_find(results, page->id);
		size_t good = 0, bad = 0;
		buffer_clear(&text);
		text_squeeze(present(result ? result->text : SPAN_NONE), &text);
		size_t with = count_snippets(page->with, buffer_span(&text), &good);
		size_t without = count_snippets(page->without, buffer_span(&text), &bad);
		out->has_snippets = true;
		out->snippet_tp += good;
		out->snippet_fn += with - good;
		out->snippet_fp += bad;
		out->snippet_tn += without - bad;
	}
	buffer_free(&text);
	double tp = (double)out->snippet_tp, fp = (double)out->snippet_fp, fn = (double)out->snippet_fn;
	double all = tp + fp + fn + (double)out->snippet_tn;
	out->snippet.precision = tp / fmax(1, tp + fp);
	out->snippet.recall = tp / fmax(1, tp + fn);
	out->snippet.f1 = 2 * tp / fmax(1, 2 * tp + fp + fn);
	out->snippet_accuracy = (tp + (double)out->snippet_tn) / fmax(1, all);
}

/* ---- Title, author, date
 * -------------------------------------------------------------------------------------------------------- */

enum verdict { VERDICT_MISSING, VERDICT_WRONG, VERDICT_CORRECT };

static struct span first_code_points(struct span text, size_t count)
{
	const char *at = text.data, *end = at + text.size;
	while (count-- && at < end)
		utf8_next(&at, end);
	return (struct span){text.data, (size_t)(at - text.data)};
}

static bool same_title(struct span a, struct span b)
{
	struct buffer lower, x, y;
	buffer_init(&lower, SIZE_MAX / 2);
	buffer_init(&x, SIZE_MAX / 2);
	buffer_init(&y, SIZE_MAX / 2);
	text_lower(a, &lower);
	text_only_words(buffer_span(&lower), &x);
	buffer_clear(&lower);
	text_lower(b, &lower);
	text_only_words(buffer_span(&lower), &y);
	bool same = span_equal(buffer_span(&x), buffer_span(&y));
	buffer_free(&lower);
	buffer_free(&x);
	buffer_free(&y);
	return same;
}

/* A name into the set: squeezed, lower case, hashed; nothing when empty. */
static void names_add(struct tokens *names, struct span name)
{
	struct buffer squeezed, lower;
	buffer_init(&squeezed, SIZE_MAX / 2);
	buffer_init(&lower, SIZE_MAX / 2);
	text_squeeze(name, &squeezed);
	text_lower(buffer_span(&squeezed), &lower);
	if (lower.size) {
		need_more(&names->at, &names->capacity, names->count + 1, sizeof *names->at);
		names->at[names->count++] = hash64(lower.data, lower.size, 0);
	}
	buffer_free(&squeezed);
	buffer_free(&lower);
}

/* The names in a list, or in a text cut at ";", "," and " and ". Sorted, each once. */
static void names_open(const struct json *author, struct tokens *names)
{
	*names = (struct tokens){0};
	if (author->kind == JSON_ARRAY) {
		for (const struct json *item = author->first; item; item = item->next)
			names_add(names, present(item->text));
	} else {
		struct span text = author->text;
		for (size_t from = 0, at = 0; at <= text.size; at++) {
			struct span rest = {text.data + at, text.size - at};
			size_t step = at == text.size || *rest.data == ';' || *rest.data == ',' ? 1
				      : span_starts(rest, SPAN(" and "))                        ? 5
												: 0;
			if (!step)
				continue;
			names_add(names, (struct span){text.data + from, at - from});
			from = at + step;
			at = from - 1;
		}
	}
	tokens_sort(names);
	size_t kept = 0;
	for (size_t i = 0; i < names->count; i++)
		if (!kept || names->at[kept - 1] != names->at[i])
			names->at[kept++] = names->at[i];
	names->count = kept;
}

static bool same_authors(const struct json *a, const struct json *b)
{
	struct tokens x, y;
	names_open(a, &x);
	names_open(b, &y);
	bool same = tokens_equal(&x, &y);
	tokens_free(&x);
	tokens_free(&y);
	return same;
}

static enum verdict judge_title(const struct truth_page *page, const struct result *result)
{
	if (!result || !result->title.data)
		return VERDICT_MISSING;
	return same_title(page->title, result->title) ? VERDICT_CORRECT : VERDICT_WRONG;
}

static enum verdict judge_author(const struct truth_page *page, const struct result *result)
{
	if (!result || !result->author)
		return VERDICT_MISSING;
	return same_authors(page->author, result->author) ? VERDICT_CORRECT : VERDICT_WRONG;
}

static enum verdict judge_date(const struct truth_page *page, const struct result *result)
{
	if (!result || !result->date.data)
		return VERDICT_MISSING;
	bool same = span_equal(first_code_points(page->date, 10), first_code_points(result->date, 10));
	return same ? VERDICT_CORRECT : VERDICT_WRONG;
}

static void count_verdict(struct field_score *field, enum verdict verdict)
{
	field->pages++;
	field->correct += verdict == VERDICT_CORRECT;
	field->wrong += verdict == VERDICT_WRONG;
	field->missing += verdict == VERDICT_MISSING;
}

static void field_finish(struct field_score *field)
{
	double pages = field->pages ? (double)field->pages : 1;
	field->correct /= pages;
	field->wrong /= pages;
	field->missing /= pages;
}

static void score_fields(const struct truth_set *set, const struct results *results, struct extraction_score *out)
{
	if (!results->fields)
		return;
	for (size_t i = 0; i < set->count; i++) {
		const struct truth_page *page = &set->pages[i];
		const struct result *result = results_find(results, page->id);
		if (page->title.data)
			count_verdict(&out->title, judge_title(page, result));
		if (page->author)
			count_verdict(&out->author, judge_author(page, result));
		if (page->date.data)
			count_verdict(&out->date, judge_date(page, result));
	}
	field_finish(&out->title);
	field_finish(&out->author);
	field_finish(&out->date);
}

void extraction_score(const struct truth_set *set, const struct results *results, bool rouge,
		      struct extraction_score *out)
{
	struct scratch scratch = {0};
	buffer_init(&scratch.text, SIZE_MAX / 2);
	*out = (struct extraction_score){.pages = set->count, .has_rouge = rouge};
	out->each = need_zero(set->count * sizeof *out->each);
	size_t *pick = need(set->count * sizeof *pick);
	for (size_t i = 0; i < set->count; i++) {
		if (!set->pages[i].text.data)
			continue;
		const struct result *result = results_find(results, set->pages[i].id);
		struct span found = present(result ? result->text : SPAN_NONE);
		score_page(&scratch, &set->pages[i], found, rouge, &out->each[i]);
		out->found += found.size > 0;
		pick[out->bodies++] = i;
	}
	if (out->bodies) {
		out->shingle = mean_shingles(out->each, pick, out->bodies);
		mean_others(out->each, pick, out->bodies, out);
		bootstrap(out->each, pick, out->bodies, out);
		group_pages(set, out->each, pick, out->bodies, offsetof(struct truth_page, lang), &out->by_lang);
		group_pages(set, out->each, pick, out->bodies, offsetof(struct truth_page, type), &out->by_type);
	}
	score_snippets(set, results, out);
	score_fields(set, results, out);
	free(pick);
	buffer_free(&scratch.text);
	tokens_free(&scratch.truth);
	tokens_free(&scratch.found);
	tokens_free(&scratch.truth_set);
	tokens_free(&scratch.found_set);
}

void extraction_score_free(struct extraction_score *score)
{
	free(score->each);
	free(score->by_lang.at);
	free(score->by_type.at);
	*score = (struct extraction_score){0};
}
