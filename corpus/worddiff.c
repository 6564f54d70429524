/* worddiff: Myers' greedy algorithm (An O(ND) Difference Algorithm, 1986) over words. Copies differ in little, so N·D
 * is small; the trace of D² numbers is what limits it, and past the limit the middle is shown whole, which is what a
 * reader wants of two texts that share nothing. */
#include "corpus/worddiff.h"

#include <stdlib.h>

enum { EDITS_MAX = 2000, EQUAL_SHOWN = 12 };

struct words {
	struct span *at;
	size_t count;
};

static bool split_words(struct span text, struct words *out)
{
	size_t capacity = text.size / 2 + 1;
	out->count = 0;
	out->at = memory_new(capacity * sizeof *out->at);
	if (!out->at)
		return false;
	for (size_t i = 0; i < text.size;) {
		while (i < text.size && ascii_is_space((unsigned char)text.data[i]))
			i++;
		size_t from = i;
		while (i < text.size && !ascii_is_space((unsigned char)text.data[i]))
			i++;
		if (i > from)
			out->at[out->count++] = span_slice(text, from, i - from);
	}
	return true;
}

/* One piece of the result: SIZE words from OLD and NEW (equal), from OLD only, or from NEW only. */
enum piece_kind { PIECE_EQUAL, PIECE_OLD, PIECE_NEW };

struct printer {
	struct buffer *out;
	enum piece_kind kind;
	struct span *first; /* of the run being gathered */
	size_t count;
};

static void put_words(struct buffer *out, const struct span *words, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (i)
			buffer_append_byte(out, ' ');
		buffer_append_span(out, words[i]);
	}
}

static void flush(struct printer *printer)
{
	static const char *const open[] = {"", "[-", "{+"}, *const shut[] = {"", "-]", "+}"};
	struct buffer *out = printer->out;
	if (!printer->count)
		return;
	buffer_append_span(out, span_of(open[printer->kind]));
	if (printer->kind == PIECE_EQUAL && printer->count > 3 * EQUAL_SHOWN) {
		put_words(out, printer->first, EQUAL_SHOWN);
		buffer_print(out, " … (%zu words the same) … ", printer->count - 2 * EQUAL_SHOWN);
		put_words(out, printer->first + printer->count - EQUAL_SHOWN, EQUAL_SHOWN);
	} else {
		put_words(out, printer->first, printer->count);
	}
	buffer_append_span(out, span_of(shut[printer->kind]));
	buffer_append_byte(out, ' ');
	printer->count = 0;
}

static void put(struct printer *printer, enum piece_kind kind, struct span *words, size_t count)
{
	if (!count)
		return;
	if (printer->count && (printer->kind != kind || printer->first + printer->count != words))
		flush(printer);
	if (!printer->count)
		printer->first = words;
	printer->kind = kind;
	printer->count += count;
}

/* Walk the saved frontiers backwards; fills STEPS (old index, new index, kind) from the end. */
struct step {
	enum piece_kind kind;
	size_t old_at, new_at;
};

static size_t walk_back(int32_t *const *trace, int edits, size_t n, size_t m, struct step *steps)
{
	long x = (long)n, y = (long)m;
	size_t count = 0;
	for (int d = edits; d > 0; d--) {
		const int32_t *before = trace[d - 1];
		long k = x - y;
		bool down = k == -d || (k != d && before[k - 1 + d] < before[k + 1 + d]);
		long from_k = down ? k + 1 : k - 1, from_x = before[from_k + d], from_y = from_x - from_k;
		while (x > from_x + !down && y > from_y + down) {
			x--, y--;
			steps[count++] = (struct step){PIECE_EQUAL, (size_t)x, (size_t)y};
		}
		if (down)
			y--;
		else
			x--;
		steps[count++] = (struct step){down ? PIECE_NEW : PIECE_OLD, (size_t)x, (size_t)y};
	}
	while (x > 0 && y > 0) {
		x--, y--;
		steps[count++] = (struct step){PIECE_EQUAL, (size_t)x, (size_t)y};
	}
	return count;
}

/* The frontier after D edits is saved as trace[d], of 2·(d+1)+1 numbers, index k + d + 1. -1: too many edits, -2: no
 * memory. */
static int find_edits(const struct span *old, size_t n, const struct span *new_words, size_t m, int32_t **trace)
{
	for (int d = 0; d <= EDITS_MAX; d++) {
		int32_t *row = trace[d] = memory_new((size_t)(2 * d + 3) * sizeof *row);
		if (!row)
			return -2;
		for (int i = 0; i < 2 * d + 3; i++)
			row[i] = -1;
		for (int k = -d; k <= d; k += 2) {
			const int32_t *before = d ? trace[d - 1] : NULL;
			long x = 0;
			if (d) {
				bool down = k == -d || (k != d && before[k - 1 + d] < before[k + 1 + d]);
				x = down ? before[k + 1 + d] : before[k - 1 + d] + 1;
			}
			long y = x - k;
			while (x >= 0 && y >= 0 && x < (long)n && y < (long)m && span_equal(old[x], new_words[y]))
				x++, y++;
			row[k + d + 1] = (int32_t)x;
			if (x >= (long)n && y >= (long)m)
				return d;
		}
	}
	return -1;
}

static enum status diff_middle(struct printer *printer, struct span *old, size_t n, struct span *new_words, size_t m)
{
	int32_t **trace = memory_zeroed(EDITS_MAX + 1, sizeof *trace);
	struct step *steps = memory_new((n + m + 1) * sizeof *steps);
	int edits = trace && steps ? find_edits(old, n, new_words, m, trace) : -2;
	if (edits == -1) {
		put(printer, PIECE_OLD, old, n);
		put(printer, PIECE_NEW, new_words, m);
	}
	if (edits >= 0)
		for (size_t i = walk_back(trace, edits, n, m, steps); i-- > 0;)
			put(printer, steps[i].kind,
			    steps[i].kind == PIECE_NEW ? new_words + steps[i].new_at : old + steps[i].old_at, 1);
	for (int d = 0; trace && d <= EDITS_MAX; d++)
		free(trace[d]);
	free(trace);
	free(steps);
	return edits == -2 ? STATUS_MEMORY : STATUS_OK;
}

enum status word_diff(struct span old, struct span new_text, struct buffer *out)
{
	struct words a = {NULL, 0}, b = {NULL, 0};
	struct printer printer = {.out = out};
	enum status status = split_words(old, &a) && split_words(new_text, &b) ? STATUS_OK : STATUS_MEMORY;
	if (status == STATUS_OK) {
		size_t start = 0, end = 0;
		while (start < a.count && start < b.count && span_equal(a.at[start], b.at[start]))
			start++;
		while (end < a.count - start && end < b.count - start &&
		       span_equal(a.at[a.count - 1 - end], b.at[b.count - 1 - end]))
			end++;
		put(&printer, PIECE_EQUAL, a.at, start);
		status =
			diff_middle(&printer, a.at + start, a.count - start - end, b.at + start, b.count - start - end);
		put(&printer, PIECE_EQUAL, a.at + a.count - end, end);
		flush(&printer);
		buffer_append_byte(out, '\n');
	}
	free(a.at);
	free(b.at);
	return status == STATUS_OK ? out->status : status;
}
