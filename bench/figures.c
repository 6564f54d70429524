/* figures: the tables that README.md and docs/benchmarks.md quote, as Markdown. They are made from results.json and
 * never by hand, so that a figure in the documentation is one that a run has given. */
#include "bench/report.h"

#include <math.h>

enum { SETS_MAX = 16 };

static const struct json *first_part(const struct json *results, const char *name)
{
	const struct json *parts = json_get(results, name);
	return parts ? parts->first : NULL;
}

/* The command line that was remembered of warcmill-bench COMMAND; SPAN_NONE: none. */
static struct span command_of(const struct json *results, const char *command)
{
	const struct json *commands = json_get(results, "commands");
	for (const struct json *line = commands ? commands->first : NULL; line; line = line->next) {
		struct span rest = line->text, word;
		span_cut(&rest, ' ', &word);
		if (span_cut(&rest, ' ', &word) && span_equal(word, span_of(command)))
			return line->text;
	}
	return SPAN_NONE;
}

static void put_head(struct buffer *out, const struct json *results, const char *title, const char *command)
{
	struct span line = command_of(results, command);
	buffer_print(out, "\n## %s\n\n", title);
	if (line.data)
		buffer_print(out, "    %.*s\n\n", SPAN_ARG(span_trim(line)));
}

/* F1 as ".987": three places, without the nought before them. */
static void put_share(struct buffer *out, double value)
{
	char text[32];
	snprintf(text, sizeof text, "%.3f", value);
	buffer_print(out, "%s", text[0] == '0' ? text + 1 : text);
}

/* Two digits are what a speed is worth, more only where they are whole. */
static void put_speed(struct buffer *out, double value)
{
	buffer_print(out, value < 10 ? "%.1f" : "%.0f", value);
}

/* ---- Whole builds and reading ----------------------------------------------------------------------------------- */

static void put_main(const struct json *results, struct buffer *out)
{
	const struct json *speed = first_part(results, "speed"), *reading = first_part(results, "reading");
	const struct json *rows = speed ? json_get(speed, "rows") : NULL;
	const struct json *targets = reading ? json_get(reading, "targets") : NULL;
	const struct json *build = report_row(rows, SPAN("build")), *one = report_row(rows, SPAN("build -j 1"));
	const struct json *ratio = report_row(targets, SPAN(".warc.gz, of bare libdeflate"));
	buffer_append_span(out, SPAN("\n## Whole builds and reading\n\n| what | result |\n|---|---|\n"));
	if (ratio)
		buffer_print(out, "| reading `.warc.gz` with HTTP, against bare libdeflate | %.2f |\n",
			     report_real(ratio, "value"));
	if (build && !isnan(report_real(build, "mb_per_second")))
		buffer_print(out, "| whole build, one thread | %.0f MB/s of records, %.0f pages/s |\n",
			     report_real(build, "mb_per_second"), report_real(build, "units_per_second"));
	for (const struct json *row = rows ? rows->first : NULL; row && one; row = row->next) {
		struct span name = json_get_text(row, "name");
		double gain = report_real(one, "median_seconds") / report_real(row, "median_seconds");
		if (row != one && span_starts(name, SPAN("build -j ")) && !isnan(gain))
			buffer_print(out, "| whole build, %.*s threads against one | %.2f times |\n",
				     SPAN_ARG(span_slice(name, 9, name.size)), gain);
	}
}

static void put_stages(const struct json *results, struct buffer *out)
{
	const struct json *speed = first_part(results, "speed");
	const struct json *rows = speed ? json_get(speed, "rows") : NULL;
	if (!rows)
		return;
	put_head(out, results, "Stages", "speed");
	buffer_append_span(out,
			   SPAN("| row | MB/s | ms/MB | units/s | ns/unit | spread | memory MB | times its floor |\n"
				"|---|---|---|---|---|---|---|---|\n"));
	for (const struct json *row = rows->first; row; row = row->next) {
		double times = report_times_floor(rows, row);
		struct span absent = json_get_text(row, "absent"), limit = json_get_text(row, "limit");
		buffer_print(out, "| %.*s | ", SPAN_ARG(json_get_text(row, "name")));
		if (absent.data) {
			buffer_print(out, "absent: %.*s | | | | | | |\n", SPAN_ARG(absent));
			continue;
		}
		put_speed(out, report_real(row, "mb_per_second"));
		buffer_print(out, " | %.3f | %.0f | %.0f | %.1f %% | %.0f | ", report_real(row, "ms_per_mb"),
			     report_real(row, "units_per_second"), report_real(row, "ns_per_unit"),
			     100 * report_real(row, "spread"), report_real(row, "extra_bytes") / 1e6);
		if (!isnan(times))
			buffer_print(out, "%.1f × %.*s", times, SPAN_ARG(limit));
		buffer_append_span(out, SPAN(" |\n"));
	}
}

/* ---- Other tools ------------------------------------------------------------------------------------------------ */

static size_t sets_of(const struct json *rows, struct span sets[SETS_MAX])
{
	size_t count = 0;
	for (const struct json *row = rows ? rows->first : NULL; row; row = row->next) {
		struct span set = json_get_text(row, "set");
		bool seen = false;
		for (size_t i = 0; i < count; i++)
			seen |= span_equal(sets[i], set);
		if (!seen && count < SETS_MAX)
			sets[count++] = set;
	}
	return count;
}

static const struct json *tool_on_set(const struct json *rows, struct span tool, struct span set)
{
	for (const struct json *row = rows->first; row; row = row->next)
		if (span_equal(json_get_text(row, "tool"), tool) && span_equal(json_get_text(row, "set"), set))
			return row;
	return NULL;
}

static void put_tool(struct buffer *out, const struct json *rows, const struct json *tool, const struct span *sets,
		     size_t count)
{
	struct span version = json_get_text(tool, "version"), number;
	span_cut(&version, ' ', &number); /* "0.6.0 with …", "0.8.1, Python …" */
	if (number.size && number.data[number.size - 1] == ',')
		number.size--;
	buffer_print(out, "| %.*s %.*s |", SPAN_ARG(json_get_text(tool, "tool")), SPAN_ARG(number));
	for (size_t i = 0; i < count; i++) {
		const struct json *row = tool_on_set(rows, json_get_text(tool, "tool"), sets[i]);
		const struct json *shingle = row ? json_get(row, "shingle") : NULL;
		buffer_append_byte(out, ' ');
		if (shingle) {
			put_share(out, report_real(shingle, "f1"));
			buffer_append_span(out, SPAN(" ["));
			put_share(out, report_real(row, "shingle_low"));
			buffer_append_byte(out, ' ');
			put_share(out, report_real(row, "shingle_high"));
			buffer_append_span(out, SPAN("], "));
			put_speed(out, report_real(row, "mb_per_second"));
		}
		buffer_append_span(out, SPAN(" |"));
	}
	buffer_append_byte(out, '\n');
}

static void put_absent(struct buffer *out, const struct json *absent, bool readers, size_t columns)
{
	for (const struct json *row = absent ? absent->first : NULL; row; row = row->next) {
		const struct json *reader = json_get(row, "reader");
		if (!reader || (reader->kind == JSON_TRUE) != readers)
			continue;
		buffer_print(out, "| %.*s | absent |", SPAN_ARG(json_get_text(row, "tool")));
		for (size_t i = 1; i < columns; i++)
			buffer_append_span(out, SPAN(" |"));
		buffer_append_byte(out, '\n');
	}
}

static void put_tools(const struct json *results, struct buffer *out)
{
	struct span sets[SETS_MAX];
	const struct json *peers = first_part(results, "peers"), *rows = peers ? json_get(peers, "extraction") : NULL;
	size_t count = sets_of(rows, sets);
	if (!count)
		return;
	put_head(out, results, "Other tools: shingle F1 [95 %], MB/s of HTML", "peers");
	buffer_append_span(out, SPAN("| tool |"));
	for (size_t i = 0; i < count; i++)
		buffer_print(out, " %.*s |", SPAN_ARG(sets[i]));
	buffer_append_span(out, SPAN("\n|---|"));
	for (size_t i = 0; i < count; i++)
		buffer_append_span(out, SPAN("---|"));
	buffer_append_byte(out, '\n');
	for (const struct json *row = rows->first; row; row = row->next)
		if (span_equal(json_get_text(row, "set"), sets[0]))
			put_tool(out, rows, row, sets, count);
	put_absent(out, json_get(peers, "absent"), false, count);
}

static void put_readers(const struct json *results, struct buffer *out)
{
	const struct json *peers = first_part(results, "peers"), *rows = peers ? json_get(peers, "reading") : NULL;
	if (!rows || !rows->first)
		return;
	put_head(out, results, "Other readers: every HTTP message, inflated bytes", "peers");
	buffer_append_span(out, SPAN("| tool | archive | records | MB/s |\n|---|---|---|---|\n"));
	for (const struct json *row = rows->first; row; row = row->next) {
		buffer_print(out, "| %.*s | %.*s | %.0f | ", SPAN_ARG(json_get_text(row, "tool")),
			     SPAN_ARG(json_get_text(row, "archive")), report_real(row, "records"));
		put_speed(out, report_real(row, "mb_per_second"));
		buffer_append_span(out, SPAN(" |\n"));
	}
	put_absent(out, json_get(peers, "absent"), true, 3);
}

/* ---- Duplicates and growth -------------------------------------------------------------------------------------- */

static void put_duplicates(const struct json *results, struct buffer *out)
{
	const struct json *part = first_part(results, "dedup"), *methods = part ? json_get(part, "methods") : NULL;
	if (!methods || !methods->first)
		return;
	put_head(out, results, "Near-duplicates", "dedup");
	buffer_append_span(out, SPAN("| method | pair P | pair R | pair F1 | ARI | B³ F1 | seconds |\n"
				     "|---|---|---|---|---|---|---|\n"));
	for (const struct json *m = methods->first; m; m = m->next) {
		static const char *const shares[] = {"precision", "recall", "f1", "ari", "bcubed_f1"};
		buffer_print(out, "| %.*s |", SPAN_ARG(json_get_text(m, "name")));
		for (size_t i = 0; i < sizeof shares / sizeof *shares; i++) {
			buffer_append_byte(out, ' ');
			put_share(out, report_real(m, shares[i]));
			buffer_append_span(out, SPAN(" |"));
		}
		buffer_print(out, " %.2f |\n", report_real(m, "seconds"));
	}
}

static void put_growth(const struct json *results, struct buffer *out)
{
	const struct json *part = first_part(results, "growth"), *curves = part ? json_get(part, "curves") : NULL;
	if (!curves)
		return;
	put_head(out, results, "Growth", "growth");
	buffer_append_span(out, SPAN("| cost of | by | exponent |\n|---|---|---|\n"));
	for (const struct json *curve = curves->first; curve; curve = curve->next)
		buffer_print(out, "| `%.*s` | %.*s | %.2f |\n", SPAN_ARG(json_get_text(curve, "name")),
			     SPAN_ARG(json_get_text(curve, "axis")), report_real(curve, "exponent"));
}

void figures_page(const struct json *results, struct buffer *out)
{
	const struct json *machine = json_get(results, "machine"), *versions = json_get(results, "versions");
	struct span revision = json_get_text(results, "revision");
	buffer_print(out, "# Figures of %.*s\n\nRevision %.*s; %.*s, %.0f processors; %.*s.\n",
		     SPAN_ARG(json_get_text(results, "date")), SPAN_ARG(revision.data ? revision : SPAN("unknown")),
		     SPAN_ARG(json_get_text(machine, "processor")), report_real(machine, "processors"),
		     SPAN_ARG(json_get_text(versions, "compiler")));
	put_main(results, out);
	put_tools(results, out);
	put_readers(results, out);
	put_duplicates(results, out);
	put_stages(results, out);
	put_growth(results, out);
}
