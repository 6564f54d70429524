/* cmd_build: the main job. Options come from the one table in corpus/options.c; here are only those that say where the
 * output goes and what is shown. */
#include "cli/own_options.h"
#include "cli/progress.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

struct arguments {
	struct build_options *options;
	const char *folder;
	unsigned threads;
	bool force, dry_run, quiet, strict;
	bool json; /* --progress=json */
	const char *manifest;
	const char *command; /* as it names itself: "build" or "run plan" */
	bool plan_only;
};

enum { OPT_FORCE = 256, OPT_DRY_RUN, OPT_QUIET, OPT_STRICT, OPT_PROGRESS, OPT_MANIFEST, OPT_HELP };

static const struct own_option own[] = {
	{"output", "DIR", "the corpus folder (-o DIR)", 'o'},
	{"jobs", "N", "threads, 0 for all cores (-j N)", 'j'},
	{"force", NULL, "replace what an earlier run left in DIR", OPT_FORCE},
	{"from-manifest", "FILE", "take the options, and without INPUT the inputs, from a corpus' manifest.json",
	 OPT_MANIFEST},
	{"dry-run", NULL, "print the plan and do nothing", OPT_DRY_RUN},
	{"strict", NULL, "exit 65 when a damaged place was met", OPT_STRICT},
	{"progress", "json", "progress as JSON lines on stderr", OPT_PROGRESS},
	{"quiet", NULL, "no progress, no summary", OPT_QUIET},
	{"help", NULL, "this text", OPT_HELP},
};
enum { OWN = sizeof own / sizeof *own };

static int print_help(void)
{
	puts("usage: warcmill build INPUT... -o DIR [OPTION]...\n\n"
	     "Read web archives (WARC, ARC, WACZ; files, folders, @list.txt, http(s)://, s3://, - for standard "
	     "input),\n"
	     "extract articles, collapse near-duplicates, and write a corpus folder with provenance. Called again on "
	     "an\n"
	     "unfinished folder it goes on where it was stopped.\n");
	own_options_print(&(struct own_options){.rows = own, .count = OWN}, 15, 11);
	puts("");
	for (size_t i = 0; i < corpus_option_count(); i++) {
		const struct option_row *row = corpus_option_at(i);
		const char *argument = row->argument ? row->argument : "";
		/* Columns are characters: an ellipsis is one, in three bytes. */
		int width = 13 + (strstr(argument, "…") ? (int)strlen("…") - 1 : 0);
		printf("  --%-17s %-*s %s", row->name, width, argument, row->help);
		if (row->choices)
			printf(": %s", row->choices);
		printf(row->otherwise ? " [%s]\n" : "\n", row->otherwise);
	}
	puts("\nexit: 0 done, 64 usage, 65 the accounts do not add up (or damage, with --strict), 74 I/O, 75 try again "
	     "later");
	return EXIT_DONE;
}

static enum status set_own(void *self, int code, struct fault *fault)
{
	struct arguments *arguments = self;
	uint64_t number;
	switch (code) {
	case 'o':
		arguments->folder = optarg;
		return *optarg ? STATUS_OK : fault_set(fault, STATUS_USAGE, 0, "-o needs the name of a folder");
	case 'j':
		if (!span_to_u64(span_of(optarg), &number) || number > 1024)
			return fault_set(fault, STATUS_USAGE, 0, "-j takes a number up to 1024, not '%.80s'", optarg);
		arguments->threads = (unsigned)number;
		return STATUS_OK;
	case OPT_FORCE:
		arguments->force = true;
		return STATUS_OK;
	case OPT_DRY_RUN:
		arguments->dry_run = true;
		return STATUS_OK;
	case OPT_QUIET:
		arguments->quiet = true;
		return STATUS_OK;
	case OPT_STRICT:
		arguments->strict = true;
		return STATUS_OK;
	case OPT_MANIFEST:
		arguments->manifest = optarg;
		return STATUS_OK;
	case OPT_PROGRESS:
		arguments->json = !strcmp(optarg, "json");
		return arguments->json
			       ? STATUS_OK
			       : fault_set(fault, STATUS_USAGE, 0, "--progress takes json, not '%.80s'", optarg);
	default:
		return fault_set(fault, STATUS_USAGE, 0, "see warcmill %s --help", arguments->command);
	}
}

static int parse(int argc, char **argv, struct arguments *arguments)
{
	const struct own_options options = {arguments->command, ":o:j:h",   own,     OWN,
					    OPT_HELP,           print_help, set_own, arguments};
	return own_options_parse(argc, argv, &options, arguments->options);
}

static void print_summary(const struct corpus_totals *totals, const char *folder)
{
	if (totals->already_complete) {
		fprintf(stderr, "%s is complete already; nothing to do\n", folder);
		return;
	}
	fprintf(stderr,
		"%llu records: %llu documents, %llu duplicates, %llu rejected, %llu skipped, %llu damaged\n"
		"%s holds the corpus; manifest.json says how it was made%s\n",
		(unsigned long long)totals->records, (unsigned long long)totals->documents,
		(unsigned long long)totals->duplicates, (unsigned long long)totals->rejected,
		(unsigned long long)totals->skipped, (unsigned long long)totals->damaged, folder,
		totals->damaged ? ", errors.jsonl what was damaged" : "");
}

static int run(const struct arguments *arguments, const char *const *inputs, size_t count)
{
	struct progress progress;
	struct corpus_observer observer;
	struct corpus_totals totals;
	struct fault fault = {0};
	progress_init(&progress,
		      arguments->quiet  ? PROGRESS_NONE
		      : arguments->json ? PROGRESS_JSON
					: PROGRESS_TERMINAL,
		      &observer);
	enum status status = corpus_build(inputs, count, arguments->options, arguments->folder, arguments->threads,
					  arguments->force, &observer, &totals, &fault);
	progress_end(&progress);
	if (status != STATUS_OK)
		return cli_fail(cli_status_exit(status), arguments->command, "%s", fault.text);
	if (!arguments->quiet)
		print_summary(&totals, arguments->folder);
	return arguments->strict && totals.damaged ? EXIT_DATA : EXIT_DONE;
}

static int dry_run(const struct arguments *arguments, const char *const *inputs, size_t count)
{
	struct buffer plan;
	struct fault fault = {0};
	buffer_init(&plan, SIZE_MAX / 2);
	enum status status = corpus_plan_text(inputs, count, arguments->options, arguments->folder, &plan, &fault);
	if (status == STATUS_OK)
		fwrite(plan.data, 1, plan.size, stdout);
	buffer_free(&plan);
	return status == STATUS_OK ? EXIT_DONE
				   : cli_fail(cli_status_exit(status), arguments->command, "%s", fault.text);
}

static int with_inputs(struct arguments *arguments, const char *const *inputs, size_t count)
{
	if (!count)
		return cli_fail(EXIT_USAGE, arguments->command, "no INPUT was given; see warcmill %s --help",
				arguments->command);
	if (!arguments->folder)
		return cli_fail(EXIT_USAGE, arguments->command, "-o DIR is missing: where is the corpus to go?");
	if (arguments->plan_only) {
		struct fault fault = {0};
		struct match_reads reads;
		enum status status =
			corpus_plan_make(inputs, count, arguments->options, arguments->folder, &reads, &fault);
		if (status != STATUS_OK)
			return cli_fail(cli_status_exit(status), arguments->command, "%s", fault.text);
		cli_warn_reads(&reads);
		return EXIT_DONE;
	}
	return arguments->dry_run ? dry_run(arguments, inputs, count) : run(arguments, inputs, count);
}

static int from_manifest(struct arguments *arguments, const char *const *inputs, size_t count)
{
	struct manifest_recipe recipe;
	struct fault fault = {0};
	enum status status = manifest_recipe_read(arguments->manifest, arguments->options, &recipe, &fault);
	if (status != STATUS_OK)
		return cli_fail(cli_status_exit(status), arguments->command, "%s", fault.text);
	int code = count ? with_inputs(arguments, inputs, count)
			 : with_inputs(arguments, (const char *const *)recipe.paths, recipe.path_count);
	if (code == EXIT_DONE && !arguments->dry_run &&
	    manifest_recipe_check(&recipe, arguments->folder, &fault) != STATUS_OK)
		code = cli_fail(EXIT_DATA, arguments->command, "%s", fault.text);
	manifest_recipe_free(&recipe);
	return code;
}

static int build_or_plan(int argc, char **argv, bool plan_only)
{
	struct arguments arguments = {
		.options = build_options_new(), .command = plan_only ? "run plan" : "build", .plan_only = plan_only};
	if (!arguments.options)
		return cli_fail(EXIT_IO, arguments.command, "no memory");
	int code = parse(argc, argv, &arguments);
	if (code == EXIT_DONE) {
		const char *const *inputs = (const char *const *)argv + optind;
		size_t count = (size_t)(argc - optind);
		code = arguments.manifest ? from_manifest(&arguments, inputs, count)
					  : with_inputs(&arguments, inputs, count);
	}
	build_options_free(arguments.options);
	return code < 0 ? EXIT_DONE : code;
}

int cli_build(int argc, char **argv)
{
	return build_or_plan(argc, argv, false);
}

int cli_plan(int argc, char **argv)
{
	return build_or_plan(argc, argv, true);
}
