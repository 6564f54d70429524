/* view: the worst pages of a scoring as one HTML page, truth and result side by side. A word is marked when no run of
 * four words around it stands in the other text: that is what the shingle metric counts, and it costs linear time where
 * a diff of two long texts would not. */
#include "bench/extraction.h"
#include "bench/html_out.h"

#include <stdlib.h>

enum { SHINGLE = 4 };

/* A text cut into words, and which of them the other text lacks. */
struct marked {
	struct span text;
	struct span *words;
	size_t count, capacity;
	struct tokens tokens;
	bool *lacking;
};

static void marked_open(struct marked *marked, struct span text)
{
	*marked = (struct marked){.text = text.data ? text : SPAN("")};
	const char *at = marked->text.data, *end = at + marked->text.size, *word = NULL;
	for (;;) {
		const char *start = at;
		bool in = at < end && text_is_word(utf8_next(&at, end));
		if (in && !word)
			word = start;
		if (!in && word) {
			need_more(&marked->words, &marked->capacity, marked->count + 1, sizeof *marked->words);
			marked->words[marked->count++] = (struct span){word, (size_t)(start - word)};
			word = NULL;
		}
		if (start == end)
			break;
	}
	text_words(marked->text, &marked->tokens);
	marked->lacking = need_zero(marked->count * sizeof *marked->lacking);
}

static void marked_close(struct marked *marked)
{
	free(marked->words);
	free(marked->lacking);
	tokens_free(&marked->tokens);
}

static bool has_token(const struct tokens *sorted, uint64_t token)
{
	size_t low = 0, high = sorted->count;
	while (low < high) {
		size_t middle = (low + high) / 2;
		if (sorted->at[middle] < token)
			low = middle + 1;
		else
			high = middle;
	}
	return low < sorted->count && sorted->at[low] == token;
}

static void mark(struct marked *marked, const struct marked *other)
{
	struct tokens mine = {0}, theirs = {0};
	tokens_shingles(&marked->tokens, SHINGLE, &mine);
	tokens_shingles(&other->tokens, SHINGLE, &theirs);
	tokens_sort(&theirs);
	for (size_t i = 0; i < marked->count; i++)
		marked->lacking[i] = true;
	for (size_t i = 0; i < mine.count; i++)
		for (size_t j = i; has_token(&theirs, mine.at[i]) && j < i + SHINGLE && j < marked->count; j++)
			marked->lacking[j] = false;
	tokens_free(&mine);
	tokens_free(&theirs);
}

/* The whole text, its lacking words in <mark class=CLASS>. */
static void put_text(struct buffer *out, const struct marked *marked, const char *class)
{
	const char *at = marked->text.data, *end = at + marked->text.size;
	bool open = false;
	for (size_t i = 0; i < marked->count; i++) {
		struct span word = marked->words[i];
		if (open && !marked->lacking[i]) {
			buffer_append_span(out, SPAN("</mark>"));
			open = false;
		}
		html_out_text(out, (struct span){at, (size_t)(word.data - at)});
		if (!open && marked->lacking[i]) {
			buffer_print(out, "<mark class=%s>", class);
			open = true;
		}
		html_out_text(out, word);
		at = word.data + word.size;
	}
	if (open)
		buffer_append_span(out, SPAN("</mark>"));
	html_out_text(out, (struct span){at, (size_t)(end - at)});
}

/* The lacking passages alone, one list item each. */
static void put_passages(struct buffer *out, const struct marked *marked)
{
	size_t passages = 0;
	buffer_append_span(out, SPAN("<ul>"));
	for (size_t i = 0; i < marked->count; i++) {
		if (!marked->lacking[i])
			continue;
		size_t last = i;
		while (last + 1 < marked->count && marked->lacking[last + 1])
			last++;
		const char *end = marked->words[last].data + marked->words[last].size;
		buffer_append_span(out, SPAN("<li>"));
		html_out_text(out, (struct span){marked->words[i].data, (size_t)(end - marked->words[i].data)});
		buffer_append_span(out, SPAN("</li>"));
		i = last;
		passages++;
	}
	buffer_append_span(out, passages ? SPAN("</ul>") : SPAN("<li class=none>nothing</li></ul>"));
}

static void put_page(struct buffer *out, const struct truth_page *truth, struct span found,
		     const struct page_score *score)
{
	struct marked left, right;
	marked_open(&left, truth->text);
	marked_open(&right, found);
	mark(&left, &right);
	mark(&right, &left);
	buffer_append_span(out, SPAN("<details open><summary><b>"));
	html_out_text(out, truth->id);
	buffer_print(out, "</b> shingle4 F1 %.3f, word F1 %.3f, truth %zu words, result %zu ", score->shingle_f1,
		     score->word.f1, left.count, right.count);
	html_out_text(out, truth->url.data ? truth->url : SPAN(""));
	buffer_append_span(out, SPAN("</summary><div class=pair><section><h3>truth</h3><pre>"));
	put_text(out, &left, "missing");
	buffer_append_span(out, SPAN("</pre></section><section><h3>result</h3><pre>"));
	put_text(out, &right, "extra");
	buffer_append_span(out, SPAN("</pre></section><section><h3>missing</h3>"));
	put_passages(out, &left);
	buffer_append_span(out, SPAN("</section><section><h3>extra</h3>"));
	put_passages(out, &right);
	buffer_append_span(out, SPAN("</section></div></details>\n"));
	marked_close(&left);
	marked_close(&right);
}

struct ranked {
	size_t page;
	double f1;
};

static int compare_ranked(const void *a, const void *b)
{
	const struct ranked *x = a, *y = b;
	if (x->f1 != y->f1)
		return x->f1 < y->f1 ? -1 : 1;
	return (x->page > y->page) - (x->page < y->page);
}

void extraction_view(const char *path, const struct truth_set *set, const struct results *results,
		     const struct extraction_score *score, size_t worst)
{
	struct ranked *ranked = need(set->count * sizeof *ranked);
	size_t count = 0;
	for (size_t i = 0; i < set->count; i++)
		if (score->each[i].scored)
			ranked[count++] = (struct ranked){i, score->each[i].shingle_f1};
	if (count)
		qsort(ranked, count, sizeof *ranked, compare_ranked);
	struct buffer out;
	buffer_init(&out, SIZE_MAX / 2);
	html_out_start(&out, "Worst pages");
	buffer_print(&out, "<h1>%s: the worst %zu of %zu pages</h1>", set->name, worst < count ? worst : count, count);
	buffer_append_span(&out,
			   SPAN("<p><mark class=missing>missing</mark>: in the truth alone. <mark class=extra>extra"
				"</mark>: in the result alone. A word is marked when no run of four words around "
				"it stands in the other text.</p>"));
	for (size_t i = 0; i < count && i < worst; i++) {
		const struct truth_page *page = &set->pages[ranked[i].page];
		const struct result *result = results_find(results, page->id);
		put_page(&out, page, result ? result->text : SPAN_NONE, &score->each[ranked[i].page]);
	}
	html_out_end(&out);
	struct fault fault;
	if (out.status || file_write_atomic(path, buffer_span(&out), &fault))
		bench_die(BENCH_IO, "%s: %s", path, out.status ? status_name(out.status) : fault.text);
	buffer_free(&out);
	free(ranked);
}
