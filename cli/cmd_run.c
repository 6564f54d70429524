/* cmd_run: one shard of one stage, for array schedulers. */
#include "cli/cli.h"
#include "cli/progress.h"
#include "corpus/corpus.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>

static int print_help(void)
{
	puts("usage: warcmill run plan INPUT... -o DIR [build options, --shards N, --partitions P]\n"
	     "       warcmill run STAGE --plan DIR [--shard I/N] [-j N]\n"
	     "       warcmill run status --plan DIR\n\n"
	     "Do the units u (shards, partitions, parts) of one stage with u mod N = I, of the run planned in DIR. "
	     "What is done\n"
	     "already is skipped, so a task may be run again at any time. Without --shard the index comes from\n"
	     "SLURM_ARRAY_TASK_ID, SGE_TASK_ID and LSB_JOBINDEX (from 1), PBS_ARRAY_INDEX, PBS_ARRAYID,\n"
	     "AWS_BATCH_JOB_ARRAY_INDEX or JOB_COMPLETION_INDEX, and N from --of or, without it, from the plan: as "
	     "many\n"
	     "as the stage has units. Without an index all units are done.\n\nStages, in their order:");
	for (size_t i = 0; i < corpus_stage_count(); i++)
		printf("  %-8s by %s\n", corpus_stage_at(i)->name, corpus_stage_at(i)->unit);
	puts("\n  --plan DIR    the corpus folder (or its plan.json)\n  --shard I/N   I from 0\n  --of N        with "
	     "an index of the scheduler\n"
	     "  -j, --jobs N  threads, 0 for all cores\n  --quiet       nothing on stderr\n  --help        this "
	     "text\n\n"
	     "exit: 0 done, 64 usage, 65 bad data, 74 I/O, 75 a stage ahead is not complete or another process does "
	     "the same");
	return EXIT_DONE;
}

struct arguments {
	char *folder;
	uint64_t index, of, threads;
	bool quiet, has_shard;
};

static const struct {
	const char *variable;
	uint64_t first;
} indexes[] = {
	{"SLURM_ARRAY_TASK_ID", 0},  {"SGE_TASK_ID", 1}, {"PBS_ARRAY_INDEX", 0}, {"AWS_BATCH_JOB_ARRAY_INDEX", 0},
	{"JOB_COMPLETION_INDEX", 0}, {"PBS_ARRAYID", 0}, {"LSB_JOBINDEX", 1},
};

static bool read_environment(struct arguments *arguments)
{
	for (size_t i = 0; i < sizeof indexes / sizeof *indexes; i++) {
		const char *value = getenv(indexes[i].variable);
		uint64_t number;
		/* SGE says "undefined" outside arrays, LSF 0. */
		if (value && span_to_u64(span_of(value), &number) && number >= indexes[i].first) {
			arguments->index = number - indexes[i].first;
			return true;
		}
	}
	return false;
}

static bool read_shard(struct arguments *arguments, const char *text)
{
	struct span rest = span_of(text), index;
	arguments->has_shard = span_cut(&rest, '/', &index) && span_to_u64(index, &arguments->index) && rest.data &&
			       span_to_u64(rest, &arguments->of) && arguments->of;
	return arguments->has_shard;
}

/* DIR of "DIR", "DIR/.work/plan.json" or "DIR/plan.json". */
static char *folder_of(const char *plan)
{
	static const char *const tails[] = {"/.work/plan.json", "/.work"};
	struct span text = span_of(plan);
	for (size_t i = 0; i < sizeof tails / sizeof *tails; i++)
		if (span_ends(text, span_of(tails[i])))
			return memory_text(span_slice(text, 0, text.size - strlen(tails[i])));
	return memory_text(text);
}

static int parse(int argc, char **argv, struct arguments *arguments)
{
	static const struct option options[] = {
		{"plan", required_argument, NULL, 'p'}, {"shard", required_argument, NULL, 's'},
		{"of", required_argument, NULL, 'n'},   {"jobs", required_argument, NULL, 'j'},
		{"quiet", no_argument, NULL, 'q'},      {NULL, 0, NULL, 0}};
	int code;
	optind = 1;
	opterr = 0;
	while ((code = getopt_long(argc, argv, ":j:", options, NULL)) != -1) {
		bool fine = code != '?' && code != ':';
		if (!fine)
			return cli_fail(EXIT_USAGE, "run",
					code == '?' ? "there is no option %s; see warcmill run --help"
						    : "%s needs a value",
					argv[optind - 1]);
		if (code == 'p') {
			free(arguments->folder);
			arguments->folder = folder_of(optarg);
		}
		if (code == 'q')
			arguments->quiet = true;
		if (code == 's')
			fine = read_shard(arguments, optarg);
		if (code == 'n')
			fine = span_to_u64(span_of(optarg), &arguments->of);
		if (code == 'j')
			fine = span_to_u64(span_of(optarg), &arguments->threads) && arguments->threads <= 1024;
		if (!fine)
			return cli_fail(EXIT_USAGE, "run", "'%s' is not what the option takes; see warcmill run --help",
					optarg);
	}
	if (!arguments->folder)
		return cli_fail(EXIT_USAGE, "run", "--plan DIR is missing; see warcmill run --help");
	if (arguments->has_shard)
		return EXIT_DONE;
	bool indexed = read_environment(arguments);
	if (arguments->of && !indexed)
		return cli_fail(EXIT_USAGE, "run", "--of N needs an array scheduler's index in the environment");
	if (!indexed)
		arguments->of = 1;
	return EXIT_DONE;
}

static int run_status(const struct arguments *arguments)
{
	struct buffer out;
	struct fault fault = {0};
	buffer_init(&out, 1 << 20);
	enum status status = corpus_run_status(arguments->folder, &out, &fault);
	if (out.size)
		fwrite(out.data, 1, out.size, stdout);
	buffer_free(&out);
	return status == STATUS_OK ? EXIT_DONE : cli_fail(cli_status_exit(status), "run", "%s", fault.text);
}

static int run_stage(const struct arguments *arguments, const char *stage)
{
	struct progress progress;
	struct corpus_observer observer;
	struct corpus_totals totals;
	struct fault fault = {0};
	progress_init(&progress, arguments->quiet ? PROGRESS_NONE : PROGRESS_TERMINAL, &observer);
	enum status status = corpus_run_stage(arguments->folder, stage, arguments->index, arguments->of,
					      (unsigned)arguments->threads, &observer, &totals, &fault);
	progress_end(&progress);
	return status == STATUS_OK ? EXIT_DONE : cli_fail(cli_status_exit(status), "run", "%s", fault.text);
}

int cli_run(int argc, char **argv)
{
	struct arguments arguments = {NULL, 0, 0, 0, false, false};
	if (argc < 2)
		return cli_fail(EXIT_USAGE, "run", "no STAGE was given; see warcmill run --help");
	if (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h"))
		return print_help();
	if (!strcmp(argv[1], "plan"))
		return cli_plan(argc - 1, argv + 1);
	int code = parse(argc - 1, argv + 1, &arguments);
	if (code == EXIT_DONE)
		code = !strcmp(argv[1], "status") ? run_status(&arguments) : run_stage(&arguments, argv[1]);
	free(arguments.folder);
	return code;
}
