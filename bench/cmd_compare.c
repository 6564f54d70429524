/* cmd_compare: what became slower or worse between two results.json, with noise taken into account.
 *
 * Speed: both sides keep all samples, so the ratio of the medians gets a 95 % interval by bootstrap. Machines drift
 * between runs: the floors' ratio (their geometric mean) is the machine's own change, and every other row is judged
 * after dividing by it. A row is slower when the whole interval and the ratio itself are beyond the margin. Quality:
 * page by page, the mean of the differences with its standard error; tools that changed nothing give exactly nothing.
 * Instructions, where both machines counted them, and peak memory have margins of their own.
 */
#include "bench/bench.h"

#include <getopt.h>
#include <math.h>
#include <stdlib.h>

static const char usage[] = "usage: warcmill-bench compare OLD.json NEW.json [option...]\n"
			    "\n"
			    "Exit 1 when something became slower or worse, 0 otherwise.\n"
			    "\n"
			    "  --margin X     changes of speed below this share are not reported (0.03)\n"
			    "  --all          show what did not change, too\n";

enum { ROUNDS = 2000, SAMPLES_MAX = 256 };
#define INSTRUCTIONS_WORSE 1.01
#define MEMORY_WORSE 0.1
#define MEMORY_STEP 1e6

struct comparison {
	double margin, drift;
	bool all;
	size_t better, worse, same, gone;
};

enum change { CHANGE_NONE, CHANGE_BETTER, CHANGE_WORSE };

static void tell(struct comparison *c, enum change change, const char *format, ...) WARCMILL_PRINTF(3, 4);
static void tell(struct comparison *c, enum change change, const char *format, ...)
{
	static const char *const words[] = {"same  ", "better", "WORSE "};
	c->same += change == CHANGE_NONE;
	c->better += change == CHANGE_BETTER;
	c->worse += change == CHANGE_WORSE;
	if (change == CHANGE_NONE && !c->all)
		return;
	va_list arguments;
	printf("%s  ", words[change]);
	va_start(arguments, format);
	vprintf(format, arguments);
	va_end(arguments);
	printf("\n");
}

/* ---- Speed
 * ----------------------------------------------------------------------------------------------------------------- */

static size_t samples_of(const struct json *row, double *out)
{
	size_t count = 0;
	const struct json *list = row ? json_get(row, "samples") : NULL;
	for (const struct json *item = list ? list->first : NULL; item && count < SAMPLES_MAX; item = item->next) {
		char digits[64];
		snprintf(digits, sizeof digits, "%.*s", SPAN_ARG(item->text));
		out[count++] = strtod(digits, NULL);
	}
	return count;
}

struct interval {
	double ratio, low, high;
};

static double resampled_median(struct dice *dice, const double *samples, size_t count)
{
	double again[SAMPLES_MAX];
	for (size_t i = 0; i < count; i++)
		again[i] = samples[dice_below(dice, count)];
	return stats_quantile(again, count, 0.5);
}

/* Of seconds per byte, new over old. */
static struct interval compare_rows(const struct json *old, const struct json *new)
{
	double a[SAMPLES_MAX], b[SAMPLES_MAX], *ratios = need(ROUNDS * sizeof *ratios);
	size_t n = samples_of(old, a), m = samples_of(new, b);
	struct interval out = {NAN, NAN, NAN};
	double scale = json_get_real(old, "bytes", 1) / json_get_real(new, "bytes", 1);
	struct dice dice = {1};
	if (n && m) {
		out.ratio = stats_quantile(b, m, 0.5) / stats_quantile(a, n, 0.5) * scale;
		for (size_t i = 0; i < ROUNDS; i++)
			ratios[i] = resampled_median(&dice, b, m) / resampled_median(&dice, a, n) * scale;
		out.low = stats_quantile(ratios, ROUNDS, 0.025);
		out.high = stats_quantile(ratios, ROUNDS, 0.975);
	}
	free(ratios);
	return out;
}

/* Of the first part of that name: "speed" or "reading". */
static const struct json *timed_rows(const struct json *results, const char *name)
{
	const struct json *parts = json_get(results, name);
	return parts && parts->first ? json_get(parts->first, "rows") : NULL;
}

static const struct json *row_named(const struct json *rows, struct span name)
{
	for (const struct json *row = rows ? rows->first : NULL; row; row = row->next)
		if (span_equal(json_get_text(row, "name"), name))
			return row;
	return NULL;
}

static bool is_floor(const struct json *row)
{
	return span_equal(json_get_text(row, "group"), SPAN("floor"));
}

static bool is_peer(const struct json *row)
{
	return span_equal(json_get_text(row, "group"), SPAN("peer"));
}

static double machine_drift(const struct json *old, const struct json *new)
{
	double sum = 0, count = 0;
	for (const struct json *row = old ? old->first : NULL; row; row = row->next) {
		const struct json *other = row_named(new, json_get_text(row, "name"));
		struct interval change =
			is_floor(row) && other ? compare_rows(row, other) : (struct interval){NAN, 0, 0};
		if (isfinite(change.ratio) && change.ratio > 0)
			sum += log(change.ratio), count++;
	}
	return count > 0 ? exp(sum / count) : 1;
}

/* Instructions of a byte do not depend on the neighbours: one run of each side is enough. */
static void compare_instructions(struct comparison *c, struct span name, const struct json *old, const struct json *new)
{
	double was = json_get_real(old, "instructions", NAN) / json_get_real(old, "bytes", NAN);
	double is = json_get_real(new, "instructions", NAN) / json_get_real(new, "bytes", NAN);
	if (!(was > 0) || !(is > 0))
		return;
	enum change verdict = is > was * INSTRUCTIONS_WORSE   ? CHANGE_WORSE
			      : was > is * INSTRUCTIONS_WORSE ? CHANGE_BETTER
							      : CHANGE_NONE;
	tell(c, verdict, "%-24.*s instructions of a byte %+6.1f %%", SPAN_ARG(name), 100 * (is / was - 1));
}

/* Peaks rise and fall with the allocator by some hundred kilobytes: what is told is a tenth, and a megabyte at least.
 */
static void compare_memory(struct comparison *c, struct span name, const struct json *old, const struct json *new)
{
	double was = json_get_real(old, "extra_bytes", NAN), is = json_get_real(new, "extra_bytes", NAN);
	if (isnan(was) || isnan(is))
		return;
	double step = was * MEMORY_WORSE > MEMORY_STEP ? was * MEMORY_WORSE : MEMORY_STEP;
	enum change verdict = is > was + step ? CHANGE_WORSE : is < was - step ? CHANGE_BETTER : CHANGE_NONE;
	tell(c, verdict, "%-24.*s memory %.1f MB, was %.1f", SPAN_ARG(name), is / 1e6, was / 1e6);
}

static void compare_row(struct comparison *c, struct span name, const struct json *old, const struct json *new)
{
	struct interval change = compare_rows(old, new);
	double ratio = change.ratio / c->drift, low = change.low / c->drift, high = change.high / c->drift;
	enum change verdict = low > 1 && ratio > 1 + c->margin    ? CHANGE_WORSE
			      : high < 1 && ratio < 1 - c->margin ? CHANGE_BETTER
								  : CHANGE_NONE;
	tell(c, verdict, "%-24.*s time %+6.1f %%  (95 %%: %+.1f to %+.1f)", SPAN_ARG(name), 100 * (ratio - 1),
	     100 * (low - 1), 100 * (high - 1));
	compare_instructions(c, name, old, new);
	compare_memory(c, name, old, new);
}

/* Of the part called PART. Floors are the machine's, and other programs' rows are not ours to judge. */
static void compare_speed(struct comparison *c, const char *part, const struct json *old, const struct json *new)
{
	const struct json *a = timed_rows(old, part), *b = timed_rows(new, part);
	if (!a || !b)
		return;
	c->drift = machine_drift(a, b);
	printf("%s, the machine itself: floors take %.3f times the time (divided out below)\n", part, c->drift);
	for (const struct json *row = a->first; row; row = row->next) {
		struct span name = json_get_text(row, "name");
		const struct json *other = row_named(b, name);
		double scratch[SAMPLES_MAX];
		if (is_floor(row) || is_peer(row) || !samples_of(row, scratch))
			continue;
		if (!other || !samples_of(other, scratch)) {
			printf("GONE    %.*s is not in the new results\n", SPAN_ARG(name));
			c->gone++;
			continue;
		}
		compare_row(c, name, row, other);
	}
}

/* ---- Quality
 * ------------------------------------------------------------------------------------------------------------------ */

static const struct json *extraction_rows(const struct json *results)
{
	const struct json *parts = json_get(results, "peers");
	return parts && parts->first ? json_get(parts->first, "extraction") : NULL;
}

/* Mean difference of the pages' shingle F1 and its standard error. */
static size_t page_differences(const struct json *old, const struct json *new, double *mean, double *error)
{
	const struct json *a = json_get(old, "each"), *b = json_get(new, "each"), *other = b ? b->first : NULL;
	double *differences = NULL;
	size_t count = 0, capacity = 0;
	for (const struct json *page = a ? a->first : NULL; page && b; page = page->next) {
		while (other && !span_equal(other->key, page->key))
			other = other->next; /* both are in the truth's order */
		if (!other) {
			other = b->first;
			continue;
		}
		need_more(&differences, &capacity, count + 1, sizeof *differences);
		differences[count++] = strtod(other->text.data, NULL) - strtod(page->text.data, NULL);
	}
	*mean = stats_mean(differences, count);
	*error = count ? stats_deviation(differences, count) / sqrt((double)count) : 0;
	free(differences);
	return count;
}

static void compare_extraction(struct comparison *c, const struct json *old, const struct json *new)
{
	const struct json *a = extraction_rows(old), *b = extraction_rows(new);
	for (const struct json *row = a ? a->first : NULL; row; row = row->next) {
		const struct json *other = b ? b->first : NULL;
		while (other && !(span_equal(json_get_text(row, "set"), json_get_text(other, "set")) &&
				  span_equal(json_get_text(row, "tool"), json_get_text(other, "tool"))))
			other = other->next;
		double mean, error;
		if (!other || !page_differences(row, other, &mean, &error))
			continue;
		enum change verdict = mean < -2 * error && mean < -0.0005 ? CHANGE_WORSE
				      : mean > 2 * error && mean > 0.0005 ? CHANGE_BETTER
									  : CHANGE_NONE;
		tell(c, verdict, "%.*s on %.*s: shingle F1 of a page %+.4f (standard error %.4f)",
		     SPAN_ARG(json_get_text(row, "tool")), SPAN_ARG(json_get_text(row, "set")), mean, error);
	}
}

/* Clusterings are deterministic: any change is a change; small ones are told and not judged. */
static void compare_dedup(struct comparison *c, const struct json *old, const struct json *new)
{
	const struct json *a = json_get(old, "dedup"), *b = json_get(new, "dedup");
	for (const struct json *part = a ? a->first : NULL; part; part = part->next) {
		const struct json *other = b ? b->first : NULL;
		while (other && !span_equal(json_get_text(part, "set"), json_get_text(other, "set")))
			other = other->next;
		const struct json *methods = json_get(part, "methods"),
				  *others = other ? json_get(other, "methods") : NULL;
		for (const struct json *m = methods ? methods->first : NULL; m; m = m->next) {
			const struct json *same = row_named(others, json_get_text(m, "name"));
			if (!same)
				continue;
			double change = json_get_real(same, "f1", 0) - json_get_real(m, "f1", 0);
			enum change verdict = change < -0.002  ? CHANGE_WORSE
					      : change > 0.002 ? CHANGE_BETTER
							       : CHANGE_NONE;
			tell(c, verdict, "%.*s on %.*s: pair F1 %+.4f", SPAN_ARG(json_get_text(m, "name")),
			     SPAN_ARG(json_get_text(part, "set")), change);
		}
	}
}

/* ---- Growth
 * ----------------------------------------------------------------------------------------------------------------------
 */

static void compare_growth(struct comparison *c, const struct json *old, const struct json *new)
{
	const struct json *a = json_get(old, "growth"), *b = json_get(new, "growth");
	const struct json *curves = a && a->first ? json_get(a->first, "curves") : NULL;
	const struct json *others = b && b->first ? json_get(b->first, "curves") : NULL;
	for (const struct json *curve = curves ? curves->first : NULL; curve; curve = curve->next) {
		const struct json *other = row_named(others, json_get_text(curve, "name"));
		double was = json_get_real(curve, "exponent", NAN),
		       is = other ? json_get_real(other, "exponent", NAN) : NAN;
		if (isnan(was) || isnan(is))
			continue;
		enum change verdict = is > was + 0.25 && is > 1.2    ? CHANGE_WORSE
				      : is < was - 0.25 && was > 1.2 ? CHANGE_BETTER
								     : CHANGE_NONE;
		tell(c, verdict, "growth of %.*s by %.*s: exponent %.2f, was %.2f",
		     SPAN_ARG(json_get_text(curve, "name")), SPAN_ARG(json_get_text(curve, "axis")), is, was);
	}
}

/* Only what grows faster than its input: prices of single kinds move with the machine. */
static void compare_hostile(struct comparison *c, const struct json *old, const struct json *new)
{
	const struct json *a = timed_rows(old, "hostile"), *b = timed_rows(new, "hostile");
	for (const struct json *row = a ? a->first : NULL; row; row = row->next) {
		const struct json *other = row_named(b, json_get_text(row, "name"));
		double was = json_get_real(row, "growth", NAN), is = other ? json_get_real(other, "growth", NAN) : NAN;
		if (isnan(was) || isnan(is))
			continue;
		enum change verdict = is > was + 0.5 && is > 1.7    ? CHANGE_WORSE
				      : is < was - 0.5 && was > 1.7 ? CHANGE_BETTER
								    : CHANGE_NONE;
		tell(c, verdict, "hostile %.*s: price of a byte grows %.2f times, was %.2f",
		     SPAN_ARG(json_get_text(row, "name")), is, was);
	}
}

static const struct json *read_results(const char *path, struct buffer *source, struct arena *arena)
{
	const struct json *results;
	struct fault fault;
	bench_read(path, source);
	if (!arena || json_parse(arena, buffer_span(source), 0, &results, &fault))
		bench_die(BENCH_DATA, "%s: %s", path, arena ? fault.text : "no memory");
	if (results->kind != JSON_OBJECT || !json_get(results, "format"))
		bench_die(BENCH_DATA, "%s: is no results.json", path);
	return results;
}

int bench_compare(int argc, char **argv)
{
	enum { MARGIN = 256, ALL };
	static const struct option options[] = {{"help", no_argument, NULL, 'h'},
						{"margin", required_argument, NULL, MARGIN},
						{"all", no_argument, NULL, ALL},
						{0}};
	struct comparison c = {.margin = 0.03};
	for (int option; (option = getopt_long(argc, argv, "h", options, NULL)) != -1;) {
		if (option == MARGIN)
			c.margin = strtod(optarg, NULL);
		else if (option == ALL)
			c.all = true;
		else {
			fputs(usage, option == 'h' ? stdout : stderr);
			return option == 'h' ? BENCH_DONE : BENCH_USAGE;
		}
	}
	if (argc - optind != 2) {
		fputs(usage, stderr);
		return BENCH_USAGE;
	}
	struct buffer sources[2];
	struct arena *arenas[2] = {arena_new((size_t)2 << 30), arena_new((size_t)2 << 30)};
	const struct json *old = read_results(argv[optind], &sources[0], arenas[0]),
			  *new = read_results(argv[optind + 1], &sources[1], arenas[1]);
	compare_speed(&c, "speed", old, new);
	compare_speed(&c, "reading", old, new);
	compare_extraction(&c, old, new);
	compare_dedup(&c, old, new);
	compare_growth(&c, old, new);
	compare_hostile(&c, old, new);
	printf("%zu worse, %zu better, %zu the same, %zu gone\n", c.worse, c.better, c.same, c.gone);
	for (int i = 0; i < 2; i++) {
		arena_free(arenas[i]);
		buffer_free(&sources[i]);
	}
	return c.worse || c.gone ? BENCH_WORSE : BENCH_DONE;
}
