/* report_quality: the sections on extraction and on duplicates. */
#include "bench/html_out.h"
#include "bench/plot.h"
#include "bench/report.h"

#include <math.h>
#include <stdlib.h>

enum { TOOLS_MAX = 32, POINTS_MAX = 64 };

static double member(const struct json *object, const char *outer, const char *key)
{
	const struct json *inner = json_get(object, outer);
	return inner ? report_real(inner, key) : NAN;
}

static bool is_own(const struct json *row)
{
	return span_equal(json_get_text(row, "tool"), SPAN("warcmill"));
}

/* Columns of what not every set has a truth for. */
static const struct {
	const char *title, *member, *key;
	int decimals;
} optional[] = {
	{"ROUGE-LSum", "rouge_lsum", "f1", 4}, {"snippet F1", "snippet", "f1", 4}, {"title", "title", "correct", 3},
	{"author", "author", "correct", 3},    {"date", "date", "correct", 3},
};
enum { OPTIONAL_COUNT = sizeof optional / sizeof *optional };

static size_t find_optional(const struct json *rows, struct span set, bool shown[OPTIONAL_COUNT])
{
	size_t count = 0;
	for (size_t i = 0; i < OPTIONAL_COUNT; i++) {
		shown[i] = false;
		for (const struct json *row = rows->first; row; row = row->next)
			shown[i] |= span_equal(json_get_text(row, "set"), set) && json_get(row, optional[i].member);
		count += shown[i];
	}
	return count;
}

static void put_tool_row(struct buffer *out, const struct json *row, const bool shown[OPTIONAL_COUNT])
{
	buffer_append_span(out, is_own(row) ? SPAN("<tr class=own>") : SPAN("<tr>"));
	report_cell_text(out, json_get_text(row, "tool"));
	report_cell_real(out, member(row, "shingle", "f1"), 4);
	if (isnan(report_real(row, "shingle_low")))
		buffer_append_span(out, SPAN("<td></td>"));
	else
		buffer_print(out, "<td>%.3f–%.3f</td>", report_real(row, "shingle_low"),
			     report_real(row, "shingle_high"));
	report_cell_real(out, member(row, "shingle", "precision"), 4);
	report_cell_real(out, member(row, "shingle", "recall"), 4);
	report_cell_real(out, member(row, "word", "f1"), 4);
	report_cell_real(out, report_real(row, "char5_f1"), 4);
	report_cell_real(out, report_real(row, "mb_per_second"), 2);
	report_cell_real(out, report_real(row, "pages_per_second"), 1);
	report_cell_real(out, report_real(row, "failed"), 0);
	for (size_t i = 0; i < OPTIONAL_COUNT; i++)
		if (shown[i])
			report_cell_real(out, member(row, optional[i].member, optional[i].key), optional[i].decimals);
	report_cell_text(out, json_get_text(row, "version"));
	buffer_append_span(out, SPAN("</tr>"));
}

static void put_absent(struct buffer *out, const struct json *absent, bool readers, int columns)
{
	for (const struct json *row = absent ? absent->first : NULL; row; row = row->next) {
		const struct json *reader = json_get(row, "reader");
		if (!reader || (reader->kind == JSON_TRUE) != readers)
			continue;
		buffer_append_span(out, SPAN("<tr class=absent>"));
		report_cell_text(out, json_get_text(row, "tool"));
		buffer_print(out, "<td colspan=%d>absent: ", columns);
		html_out_text(out, json_get_text(row, "absent"));
		buffer_append_span(out, SPAN("</td></tr>"));
	}
}

static void put_quality_plot(struct buffer *out, const struct json *rows, struct span set)
{
	double x[TOOLS_MAX], y[TOOLS_MAX];
	char title[160];
	struct plot plot = {.x_label = "MB/s of HTML, one core, log scale", .y_label = "shingle F1", .x_log = true};
	snprintf(title, sizeof title, "Quality against speed: %.*s", SPAN_ARG(set));
	plot.title = title;
	for (const struct json *row = rows->first; row && plot.series_count < PLOT_SERIES_MAX; row = row->next) {
		size_t at = plot.series_count;
		if (!span_equal(json_get_text(row, "set"), set) || isnan(member(row, "shingle", "f1")))
			continue;
		x[at] = report_real(row, "mb_per_second");
		y[at] = member(row, "shingle", "f1");
		if (!(x[at] > 0))
			continue;
		plot.series[at] = (struct plot_series){
			.name = json_get_text(row, "tool"), .x = &x[at], .y = &y[at], .count = 1, .own = is_own(row)};
		plot.series_count++;
	}
	if (plot.series_count > 1)
		plot_svg(out, &plot);
}

static void put_groups(struct buffer *out, const struct json *rows, struct span set, const char *key, const char *title)
{
	for (const struct json *row = rows->first; row; row = row->next) {
		const struct json *groups = json_get(row, key);
		bool several = groups && groups->first && groups->first->next;
		if (!span_equal(json_get_text(row, "set"), set) || !is_own(row) || !several)
			continue;
		buffer_print(
			out,
			"<details><summary>warcmill by %s</summary><div class=scroll><table><thead><tr><th>%s<th>pages<"
			"th>shingle F1<th>word F1<th>char-5 F1</tr></thead>",
			title, title);
		for (const struct json *group = groups->first; group; group = group->next) {
			buffer_append_span(out, SPAN("<tr>"));
			report_cell_text(out, json_get_text(group, "name").data ? json_get_text(group, "name")
										: SPAN("unknown"));
			report_cell_real(out, report_real(group, "pages"), 0);
			report_cell_real(out, report_real(group, "shingle_f1"), 4);
			report_cell_real(out, report_real(group, "word_f1"), 4);
			report_cell_real(out, report_real(group, "char5_f1"), 4);
			buffer_append_span(out, SPAN("</tr>"));
		}
		buffer_append_span(out, SPAN("</table></div></details>"));
	}
}

static void put_set(struct buffer *out, const struct json *rows, const struct json *absent, struct span set)
{
	buffer_append_span(out, SPAN("<h3>"));
	html_out_text(out, set);
	buffer_print(out, "</h3>");
	put_quality_plot(out, rows, set);
	bool shown[OPTIONAL_COUNT];
	size_t more = find_optional(rows, set, shown);
	buffer_append_span(
		out, SPAN("<div class=scroll><table><thead><tr><th>tool<th>shingle F1<th>95 %<th>P<th>R<th>word F1"
			  "<th>char-5 F1<th>MB/s<th>pages/s<th>failed"));
	for (size_t i = 0; i < OPTIONAL_COUNT; i++)
		if (shown[i])
			buffer_print(out, "<th>%s", optional[i].title);
	buffer_append_span(out, SPAN("<th>version</tr></thead>"));
	for (const struct json *row = rows->first; row; row = row->next)
		if (span_equal(json_get_text(row, "set"), set))
			put_tool_row(out, row, shown);
	put_absent(out, absent, false, 10 + (int)more);
	buffer_append_span(out, SPAN("</table></div>"));
	put_groups(out, rows, set, "by_lang", "language");
	put_groups(out, rows, set, "by_type", "page type");
}

static void put_reading(struct buffer *out, const struct json *rows, const struct json *absent)
{
	if (!rows || !rows->first)
		return;
	buffer_append_span(
		out,
		SPAN("<h3>Reading archives</h3><p class=note>Every record with its HTTP message. MB/s of inflated "
		     "records.</p><div class=scroll><table><thead><tr><th>tool<th>version<th>archive<th>records<th>"
		     "seconds<th>MB/s</tr></thead>"));
	for (const struct json *row = rows->first; row; row = row->next) {
		buffer_append_span(out, is_own(row) ? SPAN("<tr class=own>") : SPAN("<tr>"));
		report_cell_text(out, json_get_text(row, "tool"));
		report_cell_text(out, json_get_text(row, "version"));
		report_cell_text(out, json_get_text(row, "archive"));
		report_cell_real(out, report_real(row, "records"), 0);
		report_cell_real(out, report_real(row, "seconds"), 4);
		report_cell_real(out, report_real(row, "mb_per_second"), 1);
		buffer_append_span(out, SPAN("</tr>"));
	}
	put_absent(out, absent, true, 5);
	buffer_append_span(out, SPAN("</table></div>"));
}

void report_extraction(const struct json *results, struct buffer *out)
{
	const struct json *parts = json_get(results, "peers");
	for (const struct json *part = parts ? parts->first : NULL; part; part = part->next) {
		const struct json *rows = json_get(part, "extraction"), *absent = json_get(part, "absent");
		if (rows && rows->first)
			buffer_append_span(out, SPAN("<h2>Extraction</h2><p class=note>Shingle F1: 4-word shingles, "
						     "precision and recall "
						     "averaged over pages, with a 95 % interval by bootstrap. Every "
						     "tool got every page in "
						     "this run, in turns; speed is by processor time, from the bytes "
						     "in memory to the tool's own result.</p>"));
		for (const struct json *row = rows ? rows->first : NULL; row; row = row->next) {
			bool seen = false;
			for (const struct json *before = rows->first; before != row; before = before->next)
				seen |= span_equal(json_get_text(before, "set"), json_get_text(row, "set"));
			if (!seen)
				put_set(out, rows, absent, json_get_text(row, "set"));
		}
		put_reading(out, json_get(part, "reading"), absent);
	}
}

/* ---- Duplicates
 * ---------------------------------------------------------------------------------------------------------------- */

static void put_method_row(struct buffer *out, const struct json *method)
{
	bool own = span_equal(json_get_text(method, "name"), SPAN("warcmill"));
	buffer_append_span(out, own ? SPAN("<tr class=own>") : SPAN("<tr>"));
	report_cell_text(out, json_get_text(method, "name"));
	report_cell_real(out, report_real(method, "precision"), 4);
	report_cell_real(out, report_real(method, "recall"), 4);
	report_cell_real(out, report_real(method, "f1"), 4);
	report_cell_real(out, report_real(method, "ari"), 4);
	report_cell_real(out, report_real(method, "bcubed_precision"), 4);
	report_cell_real(out, report_real(method, "bcubed_recall"), 4);
	report_cell_real(out, report_real(method, "bcubed_f1"), 4);
	report_cell_real(out, report_real(method, "seconds"), 2);
	buffer_append_span(out, SPAN("<td style='text-align:left'>"));
	html_out_text(out, json_get_text(method, "about"));
	buffer_append_span(out, SPAN("</td></tr>"));
}

static void put_sweep(struct buffer *out, const struct json *methods)
{
	double x[PLOT_SERIES_MAX][POINTS_MAX], y[PLOT_SERIES_MAX][POINTS_MAX];
	struct plot plot = {.title = "Threshold sweep", .x_label = "pair recall", .y_label = "pair precision"};
	for (const struct json *m = methods->first; m && plot.series_count < PLOT_SERIES_MAX; m = m->next) {
		const struct json *sweep = json_get(m, "sweep");
		size_t count = 0, at = plot.series_count;
		for (const struct json *p = sweep ? sweep->first : NULL; p && count < POINTS_MAX; p = p->next) {
			y[at][count] = strtod(p->first->next->text.data, NULL);
			x[at][count++] = strtod(p->first->next->next->text.data, NULL);
		}
		bool own = span_equal(json_get_text(m, "name"), SPAN("warcmill"));
		if (!count) {
			x[at][0] = report_real(m, "recall");
			y[at][0] = report_real(m, "precision");
			count = 1;
		}
		plot.series[at] = (struct plot_series){.name = json_get_text(m, "name"),
						       .x = x[at],
						       .y = y[at],
						       .count = count,
						       .line = count > 1,
						       .own = own};
		plot.series_count++;
	}
	plot.x_high = plot.y_high = 1.04;
	plot_svg(out, &plot);
}

static void put_classes(struct buffer *out, const struct json *methods)
{
	const struct json *classes = json_get(methods->first, "classes");
	buffer_append_span(
		out,
		SPAN("<details><summary>Recall by class of copy</summary><div class=scroll><table><thead><tr><th>class<"
		     "th>pairs"));
	for (const struct json *m = methods->first; m; m = m->next) {
		buffer_append_span(out, SPAN("<th>"));
		html_out_text(out, json_get_text(m, "name"));
	}
	buffer_append_span(out, SPAN("</tr></thead>"));
	size_t index = 0;
	for (const struct json *cls = classes ? classes->first : NULL; cls; cls = cls->next, index++) {
		buffer_append_span(out, SPAN("<tr>"));
		report_cell_text(out, json_get_text(cls, "name"));
		report_cell_real(out, report_real(cls, "pairs"), 0);
		for (const struct json *m = methods->first; m; m = m->next) {
			const struct json *same = json_get(m, "classes") ? json_get(m, "classes")->first : NULL;
			for (size_t i = 0; same && i < index; i++)
				same = same->next;
			report_cell_real(out, same ? report_real(same, "recall") : NAN, 3);
		}
		buffer_append_span(out, SPAN("</tr>"));
	}
	buffer_append_span(out, SPAN("</table></div></details>"));
}

void report_dedup(const struct json *results, struct buffer *out)
{
	const struct json *parts = json_get(results, "dedup");
	for (const struct json *part = parts ? parts->first : NULL; part; part = part->next) {
		const struct json *methods = json_get(part, "methods");
		if (!methods || !methods->first)
			continue;
		buffer_append_span(out, SPAN("<h2>Near-duplicates: "));
		html_out_text(out, json_get_text(part, "set"));
		buffer_print(
			out,
			"</h2><p class=note>%.0f documents. Pair measures count pairs of documents in one cluster.</p>",
			report_real(part, "documents"));
		put_sweep(out, methods);
		buffer_append_span(
			out,
			SPAN("<div class=scroll><table><thead><tr><th>method<th>pair P<th>pair R<th>pair F1<th>ARI<th>"
			     "B³ P<th>B³ R<th>B³ F1<th>seconds<th>how</tr></thead>"));
		for (const struct json *m = methods->first; m; m = m->next)
			put_method_row(out, m);
		buffer_append_span(out, SPAN("</table></div>"));
		put_classes(out, methods);
	}
}
