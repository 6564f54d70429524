/* cmd_verify: is a corpus what it says it is? */
#include "cli/cli.h"
#include "corpus/corpus.h"

#include <getopt.h>
#include <stdio.h>

struct shown {
	uint64_t count, max;
};

static void show(void *self, const char *text)
{
	struct shown *shown = self;
	if (shown->count++ < shown->max)
		printf("%s\n", text);
}

static int print_help(void)
{
	puts("usage: warcmill verify CORPUS [INPUT...] [OPTION]...\n\n"
	     "Check a corpus: the sums of its files, its accounts, the references between its rows, the digests of "
	     "the\n"
	     "archives, and rows made again from their records. The archives are looked for where they were read, or "
	     "among\n"
	     "INPUT. Each thing that is wrong is named on a line of its own.\n\n"
	     "  --sample N      make only N rows again, drawn by a hash of their ids\n"
	     "  -j, --jobs N    threads, 0 for all cores\n"
	     "  --all-findings  print every finding, not the first hundred\n"
	     "  --quiet         no summary\n"
	     "  --help          this text\n\n"
	     "exit: 0 it is, 64 usage, 65 it is not, 74 I/O");
	return EXIT_DONE;
}

static void summarise(const struct verify_totals *totals, const struct shown *shown)
{
	if (shown->count > shown->max)
		printf("… and %llu more\n", (unsigned long long)(shown->count - shown->max));
	fprintf(stderr,
		"%llu files, %llu rows, %llu archives; %llu rows made again from their records; %llu findings\n",
		(unsigned long long)totals->files, (unsigned long long)totals->rows, (unsigned long long)totals->inputs,
		(unsigned long long)totals->derived, (unsigned long long)totals->findings);
	if (totals->partial_rows)
		fprintf(stderr,
			"web archives hold no fingerprints and few metadata: of each row, its id, keeper and text "
			"were compared\n");
}

int cli_verify(int argc, char **argv)
{
	static const struct option options[] = {
		{"sample", required_argument, NULL, 's'}, {"jobs", required_argument, NULL, 'j'},
		{"all-findings", no_argument, NULL, 'a'}, {"quiet", no_argument, NULL, 'q'},
		{"help", no_argument, NULL, 'h'},         {NULL, 0, NULL, 0}};
	struct shown shown = {0, 100};
	struct verify_request request = {.finding = show, .self = &shown};
	struct verify_totals totals;
	struct fault fault = {0};
	uint64_t number;
	bool quiet = false;
	int code;
	optind = 1;
	opterr = 0;
	while ((code = getopt_long(argc, argv, ":j:h", options, NULL)) != -1) {
		if (code == 'h')
			return print_help();
		if (code == '?' || code == ':')
			return cli_fail(EXIT_USAGE, "verify",
					code == '?' ? "there is no option %s; see warcmill verify --help"
						    : "%s needs a value",
					argv[optind - 1]);
		if (code == 'a')
			shown.max = UINT64_MAX;
		if (code == 'q')
			quiet = true;
		if (code != 's' && code != 'j')
			continue;
		if (!span_to_u64(span_of(optarg), &number) || (code == 'j' && number > 1024))
			return cli_fail(EXIT_USAGE, "verify", "%s takes a number, not '%s'",
					code == 's' ? "--sample" : "-j", optarg);
		if (code == 's')
			request.sample = number;
		else
			request.threads = (unsigned)number;
	}
	if (optind == argc)
		return cli_fail(EXIT_USAGE, "verify", "no CORPUS was given; see warcmill verify --help");
	request.folder = argv[optind];
	request.inputs = (const char *const *)argv + optind + 1;
	request.input_count = (size_t)(argc - optind - 1);
	enum status status = corpus_verify(&request, &totals, &fault);
	if (status != STATUS_OK && !totals.findings)
		return cli_fail(cli_status_exit(status), "verify", "%s", fault.text);
	if (!quiet)
		summarise(&totals, &shown);
	return cli_status_exit(status);
}
