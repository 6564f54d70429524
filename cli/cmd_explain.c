/* cmd_explain: why a page was kept, collapsed or rejected. */
#include "cli/cli.h"
#include "corpus/corpus.h"

#include <getopt.h>
#include <stdio.h>

static int print_help(void)
{
	puts("usage: warcmill explain CORPUS ID|URL [INPUT...]\n\n"
	     "Why the page with that id (name@offset) or address is where it is. A kept page: its copies, with where "
	     "and when.\n"
	     "A copy: the document kept for it, the evidence in words, and both texts word by word. A rejected page: "
	     "the reason\n"
	     "and the extractor's scores. Archives are looked for where they were read, or among INPUT.\n\n"
	     "  --help   this text\n\n"
	     "exit: 0 found, 64 usage, 65 the corpus never saw it, 74 I/O");
	return EXIT_DONE;
}

int cli_explain(int argc, char **argv)
{
	static const struct option options[] = {{"help", no_argument, NULL, 'h'}, {NULL, 0, NULL, 0}};
	struct buffer out;
	struct fault fault = {0};
	int code;
	optind = 1;
	opterr = 0;
	while ((code = getopt_long(argc, argv, "h", options, NULL)) != -1) {
		if (code == 'h')
			return print_help();
		return cli_fail(EXIT_USAGE, "explain", "there is no option %s; see warcmill explain --help",
				argv[optind - 1]);
	}
	if (argc - optind < 2)
		return cli_fail(EXIT_USAGE, "explain", "CORPUS and ID or URL are needed; see warcmill explain --help");
	buffer_init(&out, (size_t)1 << 31);
	enum status status = corpus_explain(argv[optind], argv[optind + 1], (const char *const *)argv + optind + 2,
					    (size_t)(argc - optind - 2), &out, &fault);
	if (out.size)
		fwrite(out.data, 1, out.size, stdout);
	buffer_free(&out);
	if (status == STATUS_END)
		return EXIT_DATA;
	return status == STATUS_OK ? EXIT_DONE : cli_fail(cli_status_exit(status), "explain", "%s", fault.text);
}
