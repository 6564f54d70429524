/* main: picks the command. Commands that are not built in yet are absent from the table. */
#include "cli/cli.h"
#include "corpus/corpus.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* A command whose file is not built in is NULL here and absent from the list. */
#pragma weak cli_ls
#pragma weak cli_cat
#pragma weak cli_check
#pragma weak cli_article
#pragma weak cli_dedup
#pragma weak cli_recluster
#pragma weak cli_verify
#pragma weak cli_explain
#pragma weak cli_report
#pragma weak cli_run
#pragma weak cli_slurm

static const struct cli_command commands[] = {
	{"build", "archives to a corpus: the main job", cli_build},
	{"article", "pages to articles, as JSON lines", cli_article},
	{"dedup", "near-duplicates among texts in JSON lines", cli_dedup},
	{"recluster", "cluster a corpus again with other thresholds", cli_recluster},
	{"ls", "one line per record", cli_ls},
	{"cat", "one record, its payload, page or article", cli_cat},
	{"check", "structure, digests and damage of archives", cli_check},
	{"verify", "a corpus against its sums, its accounts and its archives", cli_verify},
	{"explain", "why a page was kept, collapsed or rejected", cli_explain},
	{"report", "report.html and stats.json of a corpus", cli_report},
	{"run", "one shard of one stage, for clusters", cli_run},
	{"slurm", "job arrays for Slurm", cli_slurm},
	{NULL, NULL, NULL},
};

int cli_fail(int code, const char *command, const char *format, ...)
{
	va_list arguments;
	va_start(arguments, format);
	fprintf(stderr, "warcmill %s: ", command);
	vfprintf(stderr, format, arguments);
	fputc('\n', stderr);
	va_end(arguments);
	return code;
}

int cli_status_exit(enum status status)
{
	switch (status) {
	case STATUS_OK:
	case STATUS_END:
		return EXIT_DONE;
	case STATUS_USAGE:
		return EXIT_USAGE;
	case STATUS_DATA:
	case STATUS_LIMIT:
		return EXIT_DATA;
	case STATUS_RETRY:
		return EXIT_RETRY;
	default:
		return EXIT_IO;
	}
}

static int help(FILE *out)
{
	fputs("usage: warcmill COMMAND [OPTION]... [ARGUMENT]...\n\nCommands (each has --help):\n", out);
	for (const struct cli_command *command = commands; command->name; command++)
		if (command->run)
			fprintf(out, "  %-10s %s\n", command->name, command->summary);
	return out == stdout ? EXIT_DONE : EXIT_USAGE;
}

static int version(void)
{
	char article[ARTICLE_VERSION_MAX];
	article_version(NULL, article);
	printf("warcmill %s\narticle %s\nduplicates %s\n", WARCMILL_VERSION, article, dedup_version());
	cli_print_libraries();
	return EXIT_DONE;
}

/* What standard output did not take is said once, here, and makes an end that seemed good one that is not. */
static int finish(const char *command, int code)
{
	errno = 0;
	bool lost = fflush(stdout) != 0 || ferror(stdout);
	if (!lost || code != EXIT_DONE)
		return code;
	return errno ? cli_fail(EXIT_IO, command, "cannot write to standard output: %s", strerror(errno))
		     : cli_fail(EXIT_IO, command, "cannot write to standard output");
}

static int run(const struct cli_command *command, int argc, char **argv)
{
	if (!digest_start())
		return cli_fail(EXIT_IO, command->name, "libcrypto does not start");
	return finish(command->name, command->run(argc, argv));
}

int main(int argc, char **argv)
{
	cli_catch_no_memory();
	if (argc < 2)
		return help(stderr);
	if (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h") || !strcmp(argv[1], "help"))
		return finish("help", help(stdout));
	if (!strcmp(argv[1], "--version") || !strcmp(argv[1], "version"))
		return finish("version", version());
	for (const struct cli_command *command = commands; command->name; command++)
		if (command->run && !strcmp(argv[1], command->name))
			return run(command, argc - 1, argv + 1);
	fprintf(stderr, "warcmill: there is no command '%s'; warcmill --help lists them\n", argv[1]);
	return EXIT_USAGE;
}
