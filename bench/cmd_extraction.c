/* cmd_extraction: scores a file of results against a set. */
#include "bench/extraction.h"

#include <getopt.h>
#include <stdlib.h>

static const char usage[] =
	"usage: warcmill-bench extraction SET RESULTS [option...]\n"
	"\n"
	"SET      a folder: truth.jsonl and html/ID.html, or ground-truth.json and html/ID.html.gz\n"
	"RESULTS  .jsonl: lines with id, text, title, author, date; or one JSON object {ID: text} or {ID: "
	"{articleBody: text}}\n"
	"\n"
	"  --rouge         ROUGE-LSum too (slow: a product of paragraph lengths)\n"
	"  --view FILE     write the worst pages side by side as HTML\n"
	"  --worst N       how many of them (30)\n"
	"  --json FILE     write the scores as JSON\n";

static void write_json(const char *path, const struct truth_set *set, const struct extraction_score *score)
{
	struct buffer out;
	struct json_writer json;
	struct fault fault;
	buffer_init(&out, SIZE_MAX / 2);
	json_start(&json, &out);
	json_begin(&json, '{');
	json_put_text(&json, "set", span_of(set->name));
	extraction_json(&json, set, score, true);
	json_end(&json, '}');
	buffer_append_byte(&out, '\n');
	if (out.status || file_write_atomic(path, buffer_span(&out), &fault))
		bench_die(BENCH_IO, "%s: %s", path, out.status ? status_name(out.status) : fault.text);
	buffer_free(&out);
}

int bench_extraction(int argc, char **argv)
{
	enum { ROUGE = 256, VIEW, WORST, JSON };
	static const struct option options[] = {
		{"help", no_argument, NULL, 'h'},        {"rouge", no_argument, NULL, ROUGE},
		{"view", required_argument, NULL, VIEW}, {"worst", required_argument, NULL, WORST},
		{"json", required_argument, NULL, JSON}, {0}};
	bool rouge = false;
	const char *view = NULL, *json = NULL;
	uint64_t worst = 30;
	for (int option; (option = getopt_long(argc, argv, "h", options, NULL)) != -1;) {
		switch (option) {
		case ROUGE:
			rouge = true;
			break;
		case VIEW:
			view = optarg;
			break;
		case WORST:
			worst = bench_number(optarg, "--worst");
			break;
		case JSON:
			json = optarg;
			break;
		case 'h':
			fputs(usage, stdout);
			return BENCH_DONE;
		default:
			fputs(usage, stderr);
			return BENCH_USAGE;
		}
	}
	if (argc - optind != 2) {
		fputs(usage, stderr);
		return BENCH_USAGE;
	}
	struct truth_set set;
	struct results results;
	struct extraction_score score;
	truth_open(argv[optind], &set);
	results_open(argv[optind + 1], &results);
	extraction_score(&set, &results, rouge, &score);
	extraction_print(stdout, &set, &score);
	if (json)
		write_json(json, &set, &score);
	if (view)
		extraction_view(view, &set, &results, &score, worst);
	extraction_score_free(&score);
	results_close(&results);
	truth_close(&set);
	return BENCH_DONE;
}
