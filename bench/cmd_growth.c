/* cmd_growth: cost against size, and the exponent of growth. One is linear; anything that stays well above one on the
 * largest sizes is a hole that a hostile page or a large crawl will find. Inputs are invented, so that one dimension
 * alone grows. */
#include "bench/archive.h"
#include "bench/child.h"
#include "bench/clock.h"
#include "bench/fixture.h"
#include "bench/growth.h"
#include "bench/stages.h"

#include "dedup/dedup.h"
#include "extract/extract.h"

#include <getopt.h>
#include <stdlib.h>

static const char usage[] =
	"usage: warcmill-bench growth [option...]\n"
	"\n"
	"Measure stages on invented inputs of growing size: pages, nesting, records, archives, documents.\n"
	"\n"
	"  --quick           smaller sizes, fewer runs\n"
	"  --warcmill FILE   also this program's build, by records and by archives\n"
	"  --json FILE       write all points as JSON\n";

enum { POINTS_MAX = 8, REPEATS_MAX = 5, SAMPLE_PAGES = 64 };

/* What the last point of an archive was measured on: its repeats, and the next curve's first point, use it again. */
struct archives {
	char *folder, **paths;
	size_t pages, count;
};

struct request {
	const char *warcmill, *json;
	bool quick;
	struct archives *made;
};

struct curve {
	const char *name, *axis;
	double x[POINTS_MAX], seconds[POINTS_MAX], samples[POINTS_MAX][REPEATS_MAX]; /* seconds: medians */
	size_t sample_count[POINTS_MAX], count;
};

/* Seconds of processor time of one run of X; < 0: failed. */
typedef double run_point(const struct request *request, size_t x);

/* ---- Pages
 * ------------------------------------------------------------------------------------------------------------- */

enum depth { TREE_ONLY, WHOLE };

static double extract_page(struct span html, enum depth how)
{
	struct html_parser *parser = html_parser_new(NULL);
	struct article_extractor *extractor = article_extractor_new(NULL);
	if (!parser || !extractor)
		bench_die(BENCH_IO, "no memory");
	struct page page = {.fetch_time = DATE_NONE, .html = html};
	struct article article;
	double best = -1;
	for (int again = 0; again < 3; again++) {
		double start = clock_cpu_seconds();
		enum status status = html_parse(parser, html, &page.tree);
		if (how == WHOLE && (!status || status == STATUS_LIMIT))
			article_extract(extractor, &page, &article);
		double seconds = clock_cpu_seconds() - start;
		if (best < 0 || seconds < best)
			best = seconds;
	}
	html_parser_free(parser);
	article_extractor_free(extractor);
	return best;
}

static double page_point(size_t x, enum depth how)
{
	struct buffer html;
	struct dice dice = {x};
	buffer_init(&html, SIZE_MAX / 2);
	invent_page(&dice, x, &html);
	double seconds = extract_page(buffer_span(&html), how);
	buffer_free(&html);
	return seconds;
}

static double nested_point(size_t x, const char *tag)
{
	struct buffer html;
	struct dice dice = {x};
	buffer_init(&html, SIZE_MAX / 2);
	invent_nested(&dice, x, tag, &html);
	double seconds = extract_page(buffer_span(&html), WHOLE);
	buffer_free(&html);
	return seconds;
}

static double run_tree(const struct request *request, size_t x)
{
	(void)request;
	return page_point(x, TREE_ONLY);
}
static double run_extract(const struct request *request, size_t x)
{
	(void)request;
	return page_point(x, WHOLE);
}
static double run_nested_div(const struct request *request, size_t x)
{
	(void)request;
	return nested_point(x, "div");
}
static double run_nested_b(const struct request *request, size_t x)
{
	(void)request;
	return nested_point(x, "b");
}
static double run_nested_table(const struct request *request, size_t x)
{
	(void)request;
	return nested_point(x, "table><tr><td");
}

/* ---- Archives
 * ------------------------------------------------------------------------------------------------------------ */

/* COUNT archives with PAGES pages in all, in FOLDER. */
static char **make_archives(const char *folder, size_t pages, size_t count)
{
	char **paths = need(count * sizeof *paths), *from = invent_folder(SAMPLE_PAGES, 6000, 6000);
	struct page_sources sources = {0};
	page_sources_add(&sources, from);
	for (size_t i = 0; i < count; i++) {
		struct archive_options options = {
			.seed = i + 1, .pages = pages / count ? pages / count : 1, .level = 1};
		struct archive_stats stats;
		archive_mix_named("pages", &options.mix);
		paths[i] = need_print("%s/part%04zu.warc.gz", folder, i);
		archive_write(paths[i], &sources, &options, &stats);
	}
	page_sources_free(&sources);
	folder_remove(from);
	free(from);
	return paths;
}

static double build(const struct request *request, const char *folder, char **paths, size_t count)
{
	char *out = need_print("%s/corpus", folder);
	const char **arguments = need_zero((count + 9) * sizeof *arguments);
	size_t at = 0;
	arguments[at++] = request->warcmill;
	arguments[at++] = "build";
	for (size_t i = 0; i < count; i++)
		arguments[at++] = paths[i];
	arguments[at++] = "-o";
	arguments[at++] = out;
	arguments[at++] = "-j";
	arguments[at++] = "1";
	arguments[at++] = "--quiet";
	struct child_use use = child_run(arguments, NULL, true);
	folder_remove(out);
	free(arguments);
	free(out);
	return use.code == 0 ? use.cpu_seconds : -1;
}

/* Seconds to visit every record of the first archive; -1 where they could not be read. */
static double iterate(char **paths, size_t count)
{
	struct warc_inputs *inputs;
	struct warc_reader *reader = warc_reader_new(NULL);
	struct warc_record record;
	double start = clock_cpu_seconds();
	enum status status =
		!reader ? STATUS_MEMORY : warc_inputs_new((const char *const *)paths, count, NULL, &inputs, NULL);
	if (!status)
		status = warc_reader_open(reader, warc_inputs_at(inputs, 0), 0, UINT64_MAX, true, NULL);
	while (!status)
		status = warc_next(reader, &record, NULL, NULL);
	double seconds = status == STATUS_END ? clock_cpu_seconds() - start : -1;
	warc_reader_free(reader);
	warc_inputs_free(inputs);
	return seconds;
}

static void archives_drop(struct archives *made)
{
	for (size_t i = 0; i < made->count; i++)
		free(made->paths[i]);
	free(made->paths);
	if (made->folder)
		folder_remove(made->folder);
	free(made->folder);
	*made = (struct archives){0};
}

static double archive_point(const struct request *request, size_t pages, size_t count, bool whole)
{
	struct archives *made = request->made;
	if (made->pages != pages || made->count != count) {
		archives_drop(made);
		*made = (struct archives){.folder = folder_temporary(), .pages = pages, .count = count};
		made->paths = make_archives(made->folder, pages, count);
	}
	return whole ? build(request, made->folder, made->paths, count) : iterate(made->paths, count);
}

static double run_records(const struct request *request, size_t x)
{
	return archive_point(request, x, 1, false);
}
static double run_build_records(const struct request *request, size_t x)
{
	return request->warcmill ? archive_point(request, x, 1, true) : -1;
}
static double run_build_archives(const struct request *request, size_t x)
{
	return request->warcmill ? archive_point(request, 1024, x, true) : -1;
}

/* ---- Documents
 * -------------------------------------------------------------------------------------------------------------- */

/* X invented texts of some 200 words; one in five is a copy of an earlier one with a foreign sentence. */
static double run_documents(const struct request *request, size_t x)
{
	(void)request;
	struct span *texts = need(x * sizeof *texts);
	struct signature *signatures = need(x * sizeof *signatures);
	struct arena *arena = arena_new((size_t)8 << 30);
	struct dice dice = {x};
	struct buffer text;
	buffer_init(&text, 1 << 20);
	for (size_t i = 0; i < x; i++) {
		buffer_clear(&text);
		if (i && dice_below(&dice, 5) == 0) {
			buffer_append_span(&text, texts[dice_below(&dice, i)]);
			invent_text(&dice, 12, &text);
		} else {
			invent_text(&dice, 120 + dice_below(&dice, 160), &text);
		}
		texts[i] = arena_copy(arena, buffer_span(&text));
	}
	struct signature_table *table = signature_table_new();
	struct dedup_options options;
	struct dedup_result result = {0};
	struct fault fault;
	dedup_options_default(&options);
	options.threads = 1;
	double start = clock_cpu_seconds();
	bool good = sign_all(texts, x, signatures) && !signature_table_add(table, signatures, x);
	good = good && !dedup_run(&(struct dedup_input){.table = table}, &options, &result, &fault);
	double seconds = clock_cpu_seconds() - start;
	dedup_result_free(&result);
	signature_table_free(table);
	buffer_free(&text);
	arena_free(arena);
	free(texts);
	free(signatures);
	return good ? seconds : -1;
}

/* ---- All together
 * -------------------------------------------------------------------------------------------------------------- */

static const struct {
	const char *name, *axis;
	run_point *run;
	size_t first, factor, points, quick_points;
} curves[] = {
	{"tree", "bytes of the page", run_tree, 16384, 4, 6, 4},
	{"extract", "bytes of the page", run_extract, 16384, 4, 6, 4},
	{"extract, <div> in <div>", "nesting depth", run_nested_div, 64, 8, 5, 4},
	{"extract, <b> in <b>", "nesting depth", run_nested_b, 64, 8, 5, 4},
	{"extract, table in table", "nesting depth", run_nested_table, 64, 8, 5, 4},
	{"iterate", "pages of the archive", run_records, 512, 4, 4, 3},
	{"build", "pages of the archive", run_build_records, 512, 4, 4, 2},
	{"build, 1,024 pages", "archives", run_build_archives, 1, 4, 5, 3},
	{"sign and cluster", "documents", run_documents, 1000, 4, 4, 3},
};

static void measure_curve(const struct request *request, size_t index, struct curve *curve)
{
	*curve = (struct curve){.name = curves[index].name, .axis = curves[index].axis};
	size_t points = request->quick ? curves[index].quick_points : curves[index].points, x = curves[index].first;
	for (size_t i = 0; i < points && i < POINTS_MAX; i++, x *= curves[index].factor) {
		double *seconds = curve->samples[curve->count];
		size_t repeats = request->quick ? 1 : 3, good = 0;
		for (size_t again = 0; again < repeats; again++) {
			double once = curves[index].run(request, x);
			if (once > 0)
				seconds[good++] = once;
		}
		if (!good)
			continue;
		curve->x[curve->count] = (double)x;
		curve->sample_count[curve->count] = good;
		curve->seconds[curve->count++] = stats_quantile(seconds, good, 0.5);
	}
}

/* The exponent over the upper half of the points: a constant start hides growth. */
static double upper_exponent(const struct curve *curve)
{
	size_t from = curve->count > 3 ? curve->count - 3 : 0;
	return stats_exponent(curve->x + from, curve->seconds + from, curve->count - from);
}

static void print_curve(const struct curve *curve)
{
	if (!curve->count) {
		printf("%-26s %-22s not measured\n", curve->name, curve->axis);
		return;
	}
	printf("%-26s %-22s exponent %5.2f ", curve->name, curve->axis, upper_exponent(curve));
	for (size_t i = 0; i < curve->count; i++)
		printf("  %.0f: %.4f s", curve->x[i], curve->seconds[i]);
	printf("\n");
	fflush(stdout);
}

static void put_curve(struct json_writer *json, const struct curve *curve)
{
	json_begin(json, '{');
	json_put_text(json, "name", span_of(curve->name));
	json_put_text(json, "axis", span_of(curve->axis));
	json_key(json, "exponent");
	json_real(json, upper_exponent(curve), 3);
	json_key(json, "points");
	json_begin(json, '[');
	for (size_t i = 0; i < curve->count; i++) {
		json_begin(json, '[');
		json_real(json, curve->x[i], 0);
		json_real(json, curve->seconds[i], 7);
		json_begin(json, '[');
		for (size_t s = 0; s < curve->sample_count[i]; s++)
			json_real(json, curve->samples[i][s], 7);
		json_end(json, ']');
		json_end(json, ']');
	}
	json_end(json, ']');
	json_end(json, '}');
}

int bench_growth(int argc, char **argv)
{
	enum { QUICK = 256, WARCMILL, JSON, COUNT = sizeof curves / sizeof *curves };
	static const struct option options[] = {{"help", no_argument, NULL, 'h'},
						{"quick", no_argument, NULL, QUICK},
						{"warcmill", required_argument, NULL, WARCMILL},
						{"json", required_argument, NULL, JSON},
						{0}};
	struct archives made = {0};
	struct request request = {.made = &made};
	for (int option; (option = getopt_long(argc, argv, "h", options, NULL)) != -1;) {
		if (option == QUICK)
			request.quick = true;
		else if (option == WARCMILL)
			request.warcmill = optarg;
		else if (option == JSON)
			request.json = optarg;
		else {
			fputs(usage, option == 'h' ? stdout : stderr);
			return option == 'h' ? BENCH_DONE : BENCH_USAGE;
		}
	}
	struct buffer out;
	struct json_writer json;
	struct fault fault;
	buffer_init(&out, SIZE_MAX / 2);
	json_start(&json, &out);
	json_begin(&json, '{');
	json_key(&json, "curves");
	json_begin(&json, '[');
	for (size_t i = 0; i < COUNT; i++) {
		struct curve curve;
		measure_curve(&request, i, &curve);
		print_curve(&curve);
		put_curve(&json, &curve);
	}
	archives_drop(&made);
	json_end(&json, ']');
	json_end(&json, '}');
	buffer_append_byte(&out, '\n');
	if (request.json && (out.status || file_write_atomic(request.json, buffer_span(&out), &fault)))
		bench_die(BENCH_IO, "%s: cannot be written", request.json);
	buffer_free(&out);
	return BENCH_DONE;
}
