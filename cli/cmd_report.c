/* cmd_report: stats.json and report.html of a finished corpus, or the same in words. */
#include "cli/cli.h"
#include "cli/report_text.h"
#include "corpus/reading.h"
#include "corpus/report.h"

#include <getopt.h>
#include <stdio.h>

static int usage(FILE *out)
{
	fputs("usage: warcmill report [OPTION]... CORPUS\n"
	      "\n"
	      "Write CORPUS/report.html, one page with tables and plots that needs no network, and CORPUS/stats.json "
	      "with\n"
	      "the same figures. Both are made anew; neither is in SHA256SUMS.\n"
	      "\n"
	      "      --text    write no file: print what was kept, collapsed and rejected\n"
	      "      --quiet   do not say where the files are\n"
	      "      --help\n",
	      out);
	return out == stdout ? EXIT_DONE : EXIT_USAGE;
}

/* Web archives hold less than a row: what is missing in the report, and how to have it. */
static void say_what_is_missing(const char *folder)
{
	struct corpus *corpus;
	if (corpus_open(folder, &corpus, NULL) != STATUS_OK)
		return;
	if (!corpus_rows_whole(corpus))
		fputs("warcmill report: web archives do not hold hosts, dates, languages and clusters, so only the "
		      "manifest's\nfigures are shown; build with --format jsonl or parquet to have the others\n",
		      stderr);
	corpus_close(corpus);
}

int cli_report(int argc, char **argv)
{
	static const struct option options[] = {{"text", no_argument, NULL, 't'},
						{"quiet", no_argument, NULL, 'q'},
						{"help", no_argument, NULL, 'h'},
						{NULL, 0, NULL, 0}};
	bool quiet = false, text = false;
	for (int option; (option = cli_option(argc, argv, "report", ":", options)) != -1;)
		if (option == 'q')
			quiet = true;
		else if (option == 't')
			text = true;
		else
			return option == 'h' ? usage(stdout) : EXIT_USAGE;
	if (argc - optind != 1)
		return cli_fail(EXIT_USAGE, "report", "one CORPUS is needed; see warcmill report --help");
	struct fault fault = {0};
	enum status status = text ? report_text(argv[optind], &fault) : corpus_report(argv[optind], &fault);
	if (status != STATUS_OK)
		return cli_fail(cli_status_exit(status), "report", "%s", fault.text);
	if (!quiet)
		say_what_is_missing(argv[optind]);
	if (!quiet && !text)
		printf("%s/report.html\n%s/stats.json\n", argv[optind], argv[optind]);
	return EXIT_DONE;
}
