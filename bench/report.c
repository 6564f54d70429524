/* report: the page's frame, the machine, and the sections on speed and growth. Every table says what its columns are in
 * one line above it, so that a row can be read without knowing the harness. */
#include "bench/report.h"
#include "bench/html_out.h"
#include "bench/plot.h"

#include <math.h>
#include <stdlib.h>

enum { ROWS_MAX = 64 };

double report_real(const struct json *object, const char *key)
{
	return json_get_real(object, key, NAN);
}

void report_cell_text(struct buffer *out, struct span text)
{
	buffer_append_span(out, SPAN("<td>"));
	html_out_text(out, text.data ? text : SPAN(""));
	buffer_append_span(out, SPAN("</td>"));
}

void report_cell_real(struct buffer *out, double value, int decimals)
{
	if (isnan(value))
		buffer_append_span(out, SPAN("<td></td>"));
	else
		buffer_print(out, "<td>%.*f</td>", decimals, value);
}

static void put_object(struct buffer *out, const struct json *object)
{
	for (const struct json *member = object ? object->first : NULL; member; member = member->next) {
		buffer_append_span(out, SPAN("<tr>"));
		report_cell_text(out, member->key);
		report_cell_text(out, member->text);
		buffer_append_span(out, SPAN("</tr>"));
	}
}

static void put_inputs(const struct json *parts, struct buffer *out)
{
	for (const struct json *part = parts ? parts->first : NULL; part; part = part->next) {
		const struct json *inputs = json_get(part, "inputs");
		for (const struct json *input = inputs ? inputs->first : NULL; input; input = input->next) {
			buffer_append_span(out, SPAN("<tr>"));
			report_cell_text(out, json_get_text(input, "name"));
			report_cell_real(out, report_real(input, "bytes"), 0);
			report_cell_text(out, json_get_text(input, "sha256"));
			buffer_append_span(out, SPAN("</tr>"));
		}
	}
}

static void put_machine(const struct json *results, struct buffer *out)
{
	buffer_append_span(out, SPAN("<h2>Measured on</h2><div class=scroll><table>"));
	put_object(out, json_get(results, "machine"));
	put_object(out, json_get(results, "versions"));
	buffer_append_span(out,
			   SPAN("</table></div><h3>Inputs</h3><div class=scroll><table><thead><tr><th>name<th>bytes"
				"<th>SHA-256</tr></thead>"));
	static const char *const parts[] = {"speed", "reading", "peers", "dedup"};
	for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
		put_inputs(json_get(results, parts[i]), out);
	buffer_append_span(out, SPAN("</table></div>"));
	const struct json *commands = json_get(results, "commands");
	buffer_append_span(out, SPAN("<h3>Commands</h3><pre>"));
	for (const struct json *command = commands ? commands->first : NULL; command; command = command->next) {
		html_out_text(out, command->text);
		buffer_append_byte(out, '\n');
	}
	buffer_append_span(out, SPAN("</pre>"));
}

/* ---- Speed
 * --------------------------------------------------------------------------------------------------------------- */

const struct json *report_row(const struct json *rows, struct span name)
{
	for (const struct json *row = rows ? rows->first : NULL; row; row = row->next)
		if (name.data && span_equal(json_get_text(row, "name"), name))
			return row;
	return NULL;
}

double report_times_floor(const struct json *rows, const struct json *row)
{
	const struct json *floor = report_row(rows, json_get_text(row, "limit"));
	return floor ? report_real(floor, "mb_per_second") / report_real(row, "mb_per_second") : NAN;
}

static void put_speed_row(struct buffer *out, const struct json *rows, const struct json *row)
{
	struct span absent = json_get_text(row, "absent");
	if (absent.data) {
		buffer_append_span(out, SPAN("<tr class=absent>"));
		report_cell_text(out, json_get_text(row, "name"));
		buffer_append_span(out, SPAN("<td colspan=10>absent: "));
		html_out_text(out, absent);
		buffer_append_span(out, SPAN("</td></tr>"));
		return;
	}
	struct span group = json_get_text(row, "group");
	bool own = span_equal(group, SPAN("stage")) || span_equal(group, SPAN("build"));
	buffer_append_span(out, own ? SPAN("<tr class=own title=\"") : SPAN("<tr title=\""));
	html_out_text(out, json_get_text(row, "about").data ? json_get_text(row, "about") : SPAN(""));
	buffer_append_span(out, SPAN("\">"));
	report_cell_text(out, json_get_text(row, "name"));
	report_cell_text(out, group);
	report_cell_real(out, report_real(row, "mb_per_second"), 1);
	report_cell_real(out, report_real(row, "ms_per_mb"), 4);
	report_cell_real(out, report_real(row, "units_per_second"), 0);
	report_cell_real(out, report_real(row, "ns_per_unit"), 0);
	report_cell_text(out, json_get_text(row, "unit"));
	report_cell_real(out, 100 * report_real(row, "spread"), 1);
	report_cell_real(out, report_real(row, "instructions") / report_real(row, "bytes"), 2);
	report_cell_real(out, report_real(row, "extra_bytes") / 1e6, 1);
	report_cell_real(out, report_times_floor(rows, row), 2);
	buffer_append_span(out, SPAN("</tr>"));
}

static void put_roofline(struct buffer *out, const struct json *rows)
{
	struct bar bars[ROWS_MAX];
	char notes[ROWS_MAX][96];
	size_t count = 0;
	for (const struct json *row = rows->first; row && count < ROWS_MAX; row = row->next) {
		double speed = report_real(row, "mb_per_second");
		struct span limit = json_get_text(row, "limit"), group = json_get_text(row, "group");
		if (isnan(speed) || speed <= 0)
			continue;
		const struct json *floor = report_row(rows, limit);
		bars[count] = (struct bar){.name = json_get_text(row, "name"), .value = speed};
		bars[count].kind = span_equal(group, SPAN("floor"))  ? BAR_FLOOR
				   : span_equal(group, SPAN("peer")) ? BAR_OTHER
								     : BAR_OWN;
		bars[count].limit = floor ? report_real(floor, "mb_per_second") : 0;
		if (floor)
			snprintf(notes[count], sizeof notes[count], "%.0f MB/s, %.1f times %.*s", speed,
				 bars[count].limit / speed, SPAN_ARG(limit));
		else
			snprintf(notes[count], sizeof notes[count], "%.0f MB/s", speed);
		bars[count].note = span_of(notes[count]);
		count++;
	}
	plot_bars(out, "Throughput; grey: floors, blue: other programs; tick: the floor that bounds a row",
		  "MB/s of the stage's own input, log scale", bars, count);
}

static void put_scaling(struct buffer *out, const struct json *rows)
{
	double threads[ROWS_MAX], gain[ROWS_MAX];
	size_t count = 0;
	double first = NAN, most = 0;
	for (const struct json *row = rows->first; row && count < ROWS_MAX; row = row->next) {
		struct span name = json_get_text(row, "name");
		uint64_t value;
		if (!span_starts(name, SPAN("build -j ")) || isnan(report_real(row, "median_seconds")) ||
		    !span_to_u64(span_slice(name, 9, name.size), &value))
			continue;
		if (isnan(first))
			first = report_real(row, "median_seconds");
		threads[count] = (double)value;
		gain[count] = first / report_real(row, "median_seconds");
		most = fmax(most, fmax(gain[count], (double)value));
		count++;
	}
	if (count < 2)
		return;
	struct plot plot = {.title = "Whole build by threads",
			    .x_label = "threads",
			    .y_label = "times one thread",
			    .x_whole = true};
	plot.x_low = 0.5, plot.x_high = threads[count - 1] + 0.5;
	plot.y_high = most * 1.1;
	plot.series[0] = (struct plot_series){
		.name = SPAN("build"), .x = threads, .y = gain, .count = count, .line = true, .own = true};
	plot.series[1] = (struct plot_series){
		.name = SPAN("ideal"), .x = threads, .y = threads, .count = count, .line = true, .dashed = true};
	plot.series_count = 2;
	plot_svg(out, &plot);
}

static void put_speed_table(struct buffer *out, const struct json *rows)
{
	buffer_append_span(out, SPAN("<div class=scroll><table><thead><tr><th>row<th>group<th>MB/s<th>ms/MB<th>units/s"
				     "<th>ns/unit<th>unit<th>spread %<th>instr/byte<th>memory MB<th>times floor</tr>"
				     "</thead>"));
	for (const struct json *row = rows->first; row; row = row->next)
		put_speed_row(out, rows, row);
	buffer_append_span(out, SPAN("</table></div>"));
}

void report_speed(const struct json *results, struct buffer *out)
{
	const struct json *parts = json_get(results, "speed");
	for (const struct json *part = parts ? parts->first : NULL; part; part = part->next) {
		const struct json *rows = json_get(part, "rows"), *inputs = json_get(part, "inputs");
		if (!rows)
			continue;
		buffer_append_span(out, SPAN("<h2>Speed</h2><p class=note>Input: "));
		for (const struct json *input = inputs ? inputs->first : NULL; input; input = input->next) {
			html_out_text(out, json_get_text(input, "name"));
			buffer_print(out, " (sha256 %.12s…) ", json_get_text(input, "sha256").data);
		}
		buffer_print(out,
			     "%.1f MB stored, %.1f MB of records, %.0f pages with %.1f MB of HTML, %.0f articles.</p>",
			     report_real(part, "stored_bytes") / 1e6, report_real(part, "record_bytes") / 1e6,
			     report_real(part, "pages"), report_real(part, "html_bytes") / 1e6,
			     report_real(part, "documents"));
		put_roofline(out, rows);
		buffer_append_span(
			out,
			SPAN("<p class=note>MB/s and instructions per byte are of the row's own input; ms/MB of the "
			     "archive's records, so that rows can be added up. Spread: interquartile range over the "
			     "median. Memory: peak above what was resident before the row ran; of a build, the "
			     "process's own. "
			     "Times: how far from the floor, byte for byte. Stages and floors run in one "
			     "thread and are measured in processor time, in turns; builds in wall time.</p>"));
		put_speed_table(out, rows);
		put_scaling(out, rows);
	}
}

/* ---- Reading, against bare decompression
 * ---------------------------------------------------------------------------------------------------------------- */

void report_reading(const struct json *results, struct buffer *out)
{
	const struct json *parts = json_get(results, "reading"), *part = parts ? parts->first : NULL;
	const struct json *rows = part ? json_get(part, "rows") : NULL;
	const struct json *targets = part ? json_get(part, "targets") : NULL;
	if (!rows)
		return;
	buffer_append_span(out,
			   SPAN("<h2>Reading, against bare decompression</h2><p class=note>One archive in three "
				"forms, each read from its file with every HTTP message decoded, in turns with the "
				"bare decompression of the same bytes. A ratio is the median over rounds of the "
				"ratio within a round.</p><div class=scroll><table><thead><tr><th>figure<th>value"
				"<th>unit<th>should be<th></tr></thead>"));
	for (const struct json *row = targets ? targets->first : NULL; row; row = row->next) {
		const struct json *met = json_get(row, "met");
		buffer_append_span(out, SPAN("<tr>"));
		report_cell_text(out, json_get_text(row, "name"));
		report_cell_real(out, report_real(row, "value"), 2);
		report_cell_text(out, json_get_text(row, "unit"));
		buffer_print(out, "<td>%.*s %.2f</td><td>%s</td></tr>", SPAN_ARG(json_get_text(row, "should")),
			     report_real(row, "target"), met && met->kind == JSON_TRUE ? "met" : "missed");
	}
	buffer_append_span(out, SPAN("</table></div>"));
	put_speed_table(out, rows);
}

/* ---- Growth
 * ---------------------------------------------------------------------------------------------------------------- */

enum { POINTS_MAX = 16 };

/* Curves that share AXIS in one plot. */
static void put_growth_plot(struct buffer *out, const struct json *curves, struct span axis)
{
	double x[PLOT_SERIES_MAX][POINTS_MAX], y[PLOT_SERIES_MAX][POINTS_MAX];
	char names[PLOT_SERIES_MAX][64], label[64], title[96];
	struct plot plot = {.title = title, .y_label = "seconds of processor time", .x_log = true, .y_log = true};
	snprintf(label, sizeof label, "%.*s", SPAN_ARG(axis));
	plot.x_label = label;
	snprintf(title, sizeof title, "Cost against size: %s", label);
	for (const struct json *curve = curves->first; curve && plot.series_count < PLOT_SERIES_MAX;
	     curve = curve->next) {
		const struct json *points = json_get(curve, "points");
		size_t count = 0, at = plot.series_count;
		if (!span_equal(json_get_text(curve, "axis"), axis))
			continue;
		for (const struct json *p = points ? points->first : NULL; p && count < POINTS_MAX; p = p->next) {
			x[at][count] = strtod(p->first->text.data, NULL);
			y[at][count++] = strtod(p->first->next->text.data, NULL);
		}
		if (!count)
			continue;
		snprintf(names[at], sizeof names[at], "%.*s ^%.2f", SPAN_ARG(json_get_text(curve, "name")),
			 report_real(curve, "exponent"));
		plot.series[at] = (struct plot_series){
			.name = span_of(names[at]), .x = x[at], .y = y[at], .count = count, .line = true};
		plot.series_count++;
	}
	if (plot.series_count)
		plot_svg(out, &plot);
}

void report_growth(const struct json *results, struct buffer *out)
{
	const struct json *parts = json_get(results, "growth");
	const struct json *curves = parts && parts->first ? json_get(parts->first, "curves") : NULL;
	if (!curves)
		return;
	buffer_append_span(
		out, SPAN("<h2>Growth</h2><p class=note>Each curve ends in its exponent, fitted to its three largest "
			  "sizes: 1 is linear.</p>"));
	for (const struct json *curve = curves->first; curve; curve = curve->next) {
		bool seen = false;
		for (const struct json *before = curves->first; before != curve; before = before->next)
			seen |= span_equal(json_get_text(before, "axis"), json_get_text(curve, "axis"));
		if (!seen)
			put_growth_plot(out, curves, json_get_text(curve, "axis"));
	}
}

/* ---- Hostile HTML
 * ---------------------------------------------------------------------------------------------------------------- */

void report_hostile(const struct json *results, struct buffer *out)
{
	const struct json *parts = json_get(results, "hostile"), *part = parts ? parts->first : NULL;
	const struct json *rows = part ? json_get(part, "rows") : NULL;
	if (!rows)
		return;
	buffer_print(
		out,
		"<h2>Hostile HTML</h2><p class=note>One piece repeated for a megabyte and for four. Ordinary (%.*s): "
		"%.2f ns a byte, %.1f ns a tag. Growth: a byte's price at four megabytes over that at one; 1 is "
		"linear.</p>",
		SPAN_ARG(json_get_text(part, "ordinary")), report_real(part, "ordinary_ns_per_byte"),
		report_real(part, "ordinary_ns_per_tag"));
	buffer_append_span(
		out, SPAN("<div class=scroll><table><thead><tr><th>repeated<th>ns/B, 1 MB<th>ns/B, 4 MB<th>times "
			  "ordinary<th>ns/tag<th>times ordinary<th>growth<th>ns/B, 4 MB, arrays growing</tr></thead>"));
	for (const struct json *row = rows->first; row; row = row->next) {
		buffer_append_span(out, SPAN("<tr>"));
		report_cell_text(out, json_get_text(row, "name"));
		report_cell_real(out, report_real(row, "ns_per_byte_1m"), 2);
		report_cell_real(out, report_real(row, "ns_per_byte_4m"), 2);
		report_cell_real(out, report_real(row, "times_ordinary_per_byte"), 2);
		report_cell_real(out, report_real(row, "ns_per_tag"), 1);
		report_cell_real(out, report_real(row, "times_ordinary_per_tag"), 2);
		report_cell_real(out, report_real(row, "growth"), 2);
		report_cell_real(out, report_real(row, "first_ns_per_byte_4m"), 2);
		buffer_append_span(out, SPAN("</tr>"));
	}
	buffer_append_span(out, SPAN("</table></div>"));
}

void report_page(const struct json *results, struct buffer *out)
{
	html_out_start(out, "warcmill-bench");
	buffer_append_span(out, SPAN("<h1>warcmill-bench</h1><p class=note>"));
	html_out_text(out, json_get_text(results, "date"));
	if (json_get_text(results, "revision").data) {
		buffer_append_span(out, SPAN(", revision "));
		html_out_text(out, json_get_text(results, "revision"));
	}
	buffer_append_span(out, SPAN("</p>"));
	report_extraction(results, out);
	report_dedup(results, out);
	report_speed(results, out);
	report_reading(results, out);
	report_growth(results, out);
	report_hostile(results, out);
	put_machine(results, out);
	html_out_end(out);
}
