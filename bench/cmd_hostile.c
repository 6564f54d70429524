/* cmd_hostile: the HTML parser on markup made to be slow, against ordinary pages in the same turns. Each kind repeats
 * one piece up to a megabyte and up to four: what grows faster than its input shows in the growth between the two, what
 * is dense in the price of a tag. Each is parsed twice: the first time, in which the parser's arrays grow and the
 * kernel hands out their pages, has a column of its own. */
#include "bench/clock.h"
#include "bench/fixture.h"
#include "bench/growth.h"

#include "extract/html.h"

#include <getopt.h>
#include <stdlib.h>

static const char usage[] =
	"usage: warcmill-bench hostile [ARCHIVE...] [option...]\n"
	"\n"
	"Parse hostile HTML of one and of four megabytes, and the pages of the archives (without: invented\n"
	"ones) in the same turns.\n"
	"\n"
	"  --quick        one turn instead of five\n"
	"  --pages N      at most so many pages (200)\n"
	"  --json FILE    write all rows as JSON\n";

enum { SIZES = 2, ROUNDS = 5, ROUNDS_QUICK = 1, DEPTH = 480 };
static const size_t sizes[SIZES] = {1000000, 4000000};

/* OPEN once, DEEP so many times as nearly reach the ceiling of depth, then PIECE over and over; "#" in it becomes a
 * number that counts up. UNITS: tags or references of a piece. */
static const struct kind {
	const char *open, *deep, *piece;
	unsigned units;
} kinds[] = {
	{"", "", "<b>", 1},
	{"", "", "<b><i>", 2},
	{"", "", "<b id=#>", 1},
	{"", "", "<p><b>", 2},
	{"", "", "<p><b id=#>x", 2},
	{"", "", "<font size=#><p>x", 2},
	{"", "", "<b>x</b>", 2},
	{"", "", "<b></i>", 2},
	{"<i><b><u>", "", "<div></i></b></u>", 4},
	{"", "", "<em><strong><a><i><b><u><tt><code><big><small><s><p>", 12},
	{"", "<i id=#>", "<b><div></b></div>", 4},
	{"", "", "<a>", 1},
	{"", "", "<a><div>", 2},
	{"", "", "<nobr>", 1},
	{"", "", "</b>", 1},
	{"", "", "</p>", 1},
	{"", "", "</br>", 1},
	{"", "", "<p>", 1},
	{"", "", "<div>", 1},
	{"", "", "<h1>", 1},
	{"", "", "<x>", 1},
	{"", "<span>", "</x>x<x>", 2},
	{"", "", "<ul><li>", 2},
	{"<li>", "<div>", "<a></li>", 2},
	{"<button>", "<div>", "<p></p>", 2},
	{"", "", "<select><option>", 2},
	{"", "", "<template>", 1},
	{"", "", "<table>", 1},
	{"", "", "<table>x", 1},
	{"", "", "<table><tr><td>", 3},
	{"", "", "<table><b>x", 2},
	{"<table>", "", "x<tr>y", 1},
	{"<table>", "", "<td>", 1},
	{"", "", "<svg>", 1},
	{"", "", "<svg><p>", 2},
	{"", "", "<math><mi>", 2},
	{"", "<svg>", "</x>", 1},
	{"", "", "<a ", 1},
	{"<a ", "", "b ", 1},
	{"<a ", "", "a#=# ", 1},
	{"<a ", "", "b='", 1},
	{"", "", "<body a#=1>", 1},
	{"", "", "<", 1},
	{"", "", "&", 1},
	{"", "", "&amp;", 1},
	{"", "", "&notit", 1},
	{"<!--", "", "-", 1},
	{"<script>", "", "<!--<script>", 1},
	{"<title>", "", "</titl", 1},
};
enum { KINDS = sizeof kinds / sizeof *kinds };

struct row {
	char name[64];
	size_t bytes[SIZES], units[SIZES];
	double first[SIZES][ROUNDS], seconds[SIZES][ROUNDS]; /* while the parser's arrays grow; when they have */
	bool cut;
};

static void append_piece(struct buffer *out, const char *piece, unsigned number)
{
	for (; *piece; piece++)
		if (*piece == '#')
			buffer_print(out, "%u", number);
		else
			buffer_append(out, piece, 1);
}

static size_t make(const struct kind *kind, size_t size, struct buffer *out)
{
	size_t units = 0;
	buffer_clear(out);
	append_piece(out, kind->open, 0);
	for (unsigned i = 0; *kind->deep && i < DEPTH; i++, units++)
		append_piece(out, kind->deep, i);
	for (unsigned i = 0; out->size < size; i++, units += kind->units)
		append_piece(out, kind->piece, i);
	return units;
}

static double parse(struct html_parser *parser, struct span html, bool *cut)
{
	const struct html_tree *tree;
	double start = clock_cpu_seconds();
	enum status status = html_parse(parser, html, &tree);
	double seconds = clock_cpu_seconds() - start;
	if (status && status != STATUS_LIMIT)
		bench_die(BENCH_IO, "no memory");
	*cut |= status == STATUS_LIMIT;
	return seconds;
}

/* Pages of the archives, or invented ones, one after another in a turn. */
struct ordinary {
	struct fixture fixture;
	struct buffer *invented;
	size_t count;
	bool from_archive;
};

static struct span ordinary_page(const struct ordinary *ordinary, size_t index)
{
	return ordinary->from_archive ? ordinary->fixture.pages[index].html : buffer_span(&ordinary->invented[index]);
}

static void ordinary_open(struct ordinary *ordinary, char **paths, size_t count, size_t pages)
{
	*ordinary = (struct ordinary){.from_archive = count > 0};
	if (count) {
		fixture_open((const char *const *)paths, count, pages, &ordinary->fixture);
		ordinary->count = ordinary->fixture.page_count;
		return;
	}
	struct dice dice = {1};
	ordinary->count = pages;
	ordinary->invented = need(pages * sizeof *ordinary->invented);
	for (size_t i = 0; i < pages; i++) {
		buffer_init(&ordinary->invented[i], SIZE_MAX / 2);
		invent_page(&dice, 20000 + dice_below(&dice, 100000), &ordinary->invented[i]);
	}
}

static void ordinary_close(struct ordinary *ordinary)
{
	if (ordinary->from_archive)
		fixture_close(&ordinary->fixture);
	for (size_t i = 0; !ordinary->from_archive && i < ordinary->count; i++)
		buffer_free(&ordinary->invented[i]);
	free(ordinary->invented);
}

static void ordinary_round(const struct ordinary *ordinary, struct html_parser *parser, size_t round, struct row *row)
{
	row->bytes[0] = row->units[0] = 0;
	row->seconds[0][round] = 0;
	for (size_t i = 0; i < ordinary->count; i++) {
		struct span html = ordinary_page(ordinary, i);
		row->seconds[0][round] += parse(parser, html, &row->cut);
		row->bytes[0] += html.size;
		for (size_t at = 0; at < html.size; at++)
			row->units[0] += html.data[at] == '<';
	}
}

static double row_ns(const struct row *row, size_t size, size_t rounds)
{
	return stats_quantile(row->seconds[size], rounds, 0.5) * 1e9 / (double)row->bytes[size];
}

static double row_first_ns(const struct row *row, size_t size, size_t rounds)
{
	return stats_quantile(row->first[size], rounds, 0.5) * 1e9 / (double)row->bytes[size];
}

static double row_unit_ns(const struct row *row, size_t size, size_t rounds)
{
	return stats_quantile(row->seconds[size], rounds, 0.5) * 1e9 / (double)row->units[size];
}

static void print_rows(const struct row *rows, size_t rounds)
{
	const struct row *ordinary = &rows[KINDS];
	double page = row_ns(ordinary, 0, rounds), tag = row_unit_ns(ordinary, 0, rounds);
	printf("ordinary pages: %.2f ns a byte, %.1f ns a tag\n", page, tag);
	printf("%-40s %8s %8s %7s %8s %7s %7s %8s %s\n", "kind", "ns/B 1M", "ns/B 4M", "times", "ns/tag", "times",
	       "growth", "first 4M", "cut");
	for (size_t i = 0; i < KINDS; i++) {
		double small = row_ns(&rows[i], 0, rounds), large = row_ns(&rows[i], 1, rounds);
		double unit = row_unit_ns(&rows[i], 1, rounds);
		printf("%-40s %8.2f %8.2f %7.2f %8.1f %7.2f %7.2f %8.2f %s\n", rows[i].name, small, large, large / page,
		       unit, unit / tag, large / small, row_first_ns(&rows[i], 1, rounds), rows[i].cut ? "cut" : "");
	}
}

static void put_real(struct json_writer *json, const char *key, double value)
{
	json_key(json, key);
	json_real(json, value, 3);
}

static void put_samples(struct json_writer *json, const char *key, const double *seconds, size_t rounds)
{
	json_key(json, key);
	json_begin(json, '[');
	for (size_t i = 0; i < rounds; i++)
		json_real(json, seconds[i], 7);
	json_end(json, ']');
}

static void write_rows(const struct row *rows, size_t rounds, bool invented, const char *path)
{
	struct buffer out;
	struct json_writer json;
	struct fault fault;
	double page = row_ns(&rows[KINDS], 0, rounds), tag = row_unit_ns(&rows[KINDS], 0, rounds);
	buffer_init(&out, SIZE_MAX / 2);
	json_start(&json, &out);
	json_begin(&json, '{');
	json_put_text(&json, "ordinary", invented ? SPAN("invented pages") : SPAN("pages of the archive"));
	put_real(&json, "ordinary_ns_per_byte", page);
	put_real(&json, "ordinary_ns_per_tag", tag);
	put_samples(&json, "ordinary_seconds", rows[KINDS].seconds[0], rounds);
	json_key(&json, "rows");
	json_begin(&json, '[');
	for (size_t i = 0; i < KINDS; i++) {
		double small = row_ns(&rows[i], 0, rounds), large = row_ns(&rows[i], 1, rounds);
		json_begin(&json, '{');
		json_put_text(&json, "name", span_of(rows[i].name));
		put_real(&json, "ns_per_byte_1m", small);
		put_real(&json, "ns_per_byte_4m", large);
		put_real(&json, "first_ns_per_byte_4m", row_first_ns(&rows[i], 1, rounds));
		put_real(&json, "times_ordinary_per_byte", large / page);
		put_real(&json, "ns_per_tag", row_unit_ns(&rows[i], 1, rounds));
		put_real(&json, "times_ordinary_per_tag", row_unit_ns(&rows[i], 1, rounds) / tag);
		put_real(&json, "growth", large / small);
		put_samples(&json, "seconds_1m", rows[i].seconds[0], rounds);
		put_samples(&json, "seconds_4m", rows[i].seconds[1], rounds);
		put_samples(&json, "first_seconds_4m", rows[i].first[1], rounds);
		json_key(&json, "cut");
		json_bool(&json, rows[i].cut);
		json_end(&json, '}');
	}
	json_end(&json, ']');
	json_end(&json, '}');
	buffer_append_byte(&out, '\n');
	if (out.status || file_write_atomic(path, buffer_span(&out), &fault))
		bench_die(BENCH_IO, "%s: cannot be written", path);
	buffer_free(&out);
}

/* ROUNDS turns over all kinds, the ordinary pages among them; ROWS[KINDS] is theirs. */
static void run(const struct ordinary *ordinary, size_t rounds, struct row *rows)
{
	struct html_parser *parser = html_parser_new(NULL);
	struct buffer html;
	bool warm = false;
	if (!parser)
		bench_die(BENCH_IO, "no memory");
	buffer_init(&html, SIZE_MAX / 2);
	make(&kinds[0], sizes[SIZES - 1], &html);
	parse(parser, buffer_span(&html), &warm); /* the arrays have their size from here on */
	for (size_t round = 0; round < rounds; round++) {
		ordinary_round(ordinary, parser, round, &rows[KINDS]);
		for (size_t i = 0; i < KINDS; i++)
			for (size_t size = 0; size < SIZES; size++) {
				struct row *row = &rows[i];
				snprintf(row->name, sizeof row->name, "%s%s%s%s", kinds[i].open,
					 *kinds[i].deep ? "480 " : "", kinds[i].deep, kinds[i].piece);
				row->units[size] = make(&kinds[i], sizes[size], &html);
				row->bytes[size] = html.size;
				row->first[size][round] = parse(parser, buffer_span(&html), &row->cut);
				row->seconds[size][round] = parse(parser, buffer_span(&html), &row->cut);
			}
	}
	buffer_free(&html);
	html_parser_free(parser);
}

int bench_hostile(int argc, char **argv)
{
	enum { QUICK = 256, PAGES, JSON };
	static const struct option options[] = {{"help", no_argument, NULL, 'h'},
						{"quick", no_argument, NULL, QUICK},
						{"pages", required_argument, NULL, PAGES},
						{"json", required_argument, NULL, JSON},
						{0}};
	size_t rounds = ROUNDS, pages = 200;
	const char *json = NULL;
	for (int option; (option = getopt_long(argc, argv, "h", options, NULL)) != -1;) {
		if (option == QUICK)
			rounds = ROUNDS_QUICK;
		else if (option == PAGES)
			pages = bench_number(optarg, "--pages");
		else if (option == JSON)
			json = optarg;
		else {
			fputs(usage, option == 'h' ? stdout : stderr);
			return option == 'h' ? BENCH_DONE : BENCH_USAGE;
		}
	}
	struct ordinary ordinary;
	struct row *rows = need_zero((KINDS + 1) * sizeof *rows);
	ordinary_open(&ordinary, argv + optind, (size_t)(argc - optind), pages ? pages : 1);
	if (!ordinary.count)
		bench_die(BENCH_DATA, "the archives hold no page");
	run(&ordinary, rounds, rows);
	print_rows(rows, rounds);
	if (json)
		write_rows(rows, rounds, !ordinary.from_archive, json);
	ordinary_close(&ordinary);
	free(rows);
	return BENCH_DONE;
}
