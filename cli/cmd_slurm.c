/* cmd_slurm: a build as job arrays of Slurm. Writes the plan and the scripts, says what they will do, submits them
 * where asked; tells how far a run is, and takes it up again where something is missing. */
#include "cli/own_options.h"
#include "cli/slurm.h"

#include <getopt.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

struct arguments {
	struct build_options *options;
	struct slurm_settings settings;
	const char *folder, *check;
	bool submit, status, retry;
	char program[PATH_MAX], corpus[PATH_MAX], scripts[PATH_MAX];
};

enum {
	OPT_PARTITION = 256,
	OPT_ACCOUNT,
	OPT_QOS,
	OPT_TIME,
	OPT_MEM,
	OPT_CPUS,
	OPT_ARRAY_MAX,
	OPT_AT_ONCE,
	OPT_RETRIES,
	OPT_SBATCH,
	OPT_SCRIPTS,
	OPT_PROGRAM,
	OPT_SUBMIT,
	OPT_STATUS,
	OPT_RETRY,
	OPT_CHECK,
	OPT_HELP
};

static const struct own_option own[] = {
	{"output", "DIR", "the corpus folder, on a file system that all nodes share (-o DIR)", 'o'},
	{"partition", "NAME", "partition of the jobs", OPT_PARTITION},
	{"account", "NAME", "account of the jobs", OPT_ACCOUNT},
	{"qos", "NAME", "quality of service of the jobs", OPT_QOS},
	{"time", "TIME", "time limit of one element, as sbatch takes it (4:00:00)", OPT_TIME},
	{"mem", "SIZE", "memory of one element, as sbatch takes it (8G)", OPT_MEM},
	{"cpus", "N", "cores of one element [1]", OPT_CPUS},
	{"sbatch", "OPTION", "another option of sbatch, of all arrays or, as GROUP:OPTION, of one", OPT_SBATCH},
	{"array-max", "N", "most elements of an array [MaxArraySize of the cluster, else 1000]", OPT_ARRAY_MAX},
	{"at-once", "N", "most elements of an array that run at once [no limit]", OPT_AT_ONCE},
	{"retries", "N", "times that missing elements are submitted again by themselves [2]", OPT_RETRIES},
	{"scripts", "DIR", "where the scripts and logs go [the corpus folder's name and .slurm]", OPT_SCRIPTS},
	{"program", "PATH", "warcmill on the nodes [this very file]", OPT_PROGRAM},
	{"submit", NULL, "submit the jobs, too", OPT_SUBMIT},
	{"status", NULL, "tell how far the run in CORPUS is", OPT_STATUS},
	{"retry", NULL, "submit what is missing in CORPUS, and what follows", OPT_RETRY},
	{"check", "GROUP",
	 "print the elements of GROUP that are missing; exit 75 when there are some, 65 when a group ahead misses "
	 "some",
	 OPT_CHECK},
	{"help", NULL, "this text", OPT_HELP},
};
enum { OWN = sizeof own / sizeof *own };

static int print_help(void)
{
	puts("usage: warcmill slurm INPUT... -o DIR [OPTION]... [options of warcmill build]\n"
	     "       warcmill slurm --status CORPUS\n"
	     "       warcmill slurm --retry CORPUS [--submit]\n\n"
	     "Write the plan of a corpus and the scripts that make it on a Slurm cluster, and say what they will do.\n"
	     "The result has the bytes of `warcmill build`. docs/cluster.md is the guide.\n");
	own_options_print(&(struct own_options){.rows = own, .count = OWN}, 10, 7);
	puts("\nOf build's options these matter here: --shards N [1000], pieces of the inputs; --partitions N [at\n"
	     "most 64, fewer where reads would be short], pieces of the search for duplicates; --memory BYTES. An "
	     "element does several pieces when there are more\n"
	     "than --array-max.\n\n"
	     "exit: 0 done, 64 usage, 65 bad data, 74 I/O or sbatch, 75 something is missing (--check)");
	return EXIT_DONE;
}

static enum status set_count(uint64_t *out, uint64_t least, uint64_t most, const char *name, struct fault *fault)
{
	if (span_to_u64(span_of(optarg), out) && *out >= least && *out <= most)
		return STATUS_OK;
	return fault_set(fault, STATUS_USAGE, 0, "--%s takes a number from %llu to %llu, not '%.60s'", name,
			 (unsigned long long)least, (unsigned long long)most, optarg);
}

static enum status set_flag(struct arguments *arguments, int code, struct fault *fault)
{
	switch (code) {
	case OPT_SUBMIT:
		arguments->submit = true;
		return STATUS_OK;
	case OPT_STATUS:
		arguments->status = true;
		return STATUS_OK;
	case OPT_RETRY:
		arguments->retry = true;
		return STATUS_OK;
	default:
		return fault_set(fault, STATUS_USAGE, 0, "see warcmill slurm --help");
	}
}

static enum status set_own(void *self, int code, struct fault *fault)
{
	struct arguments *arguments = self;
	struct slurm_settings *settings = &arguments->settings;
	const struct {
		int code;
		const char **text;
	} texts[] = {
		{'o', &arguments->folder},         {OPT_PARTITION, &settings->partition},
		{OPT_ACCOUNT, &settings->account}, {OPT_QOS, &settings->qos},
		{OPT_TIME, &settings->time},       {OPT_MEM, &settings->memory},
		{OPT_PROGRAM, &settings->program}, {OPT_SCRIPTS, &settings->scripts},
		{OPT_CHECK, &arguments->check},
	};
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
		if (code == texts[i].code) {
			*texts[i].text = optarg;
			return *optarg ? STATUS_OK : fault_set(fault, STATUS_USAGE, 0, "an option's value is empty");
		}
	switch (code) {
	case OPT_CPUS:
		return set_count(&settings->cpus, 1, 1024, "cpus", fault);
	case OPT_ARRAY_MAX:
		return set_count(&settings->array_max, 1, 4000000, "array-max", fault);
	case OPT_AT_ONCE:
		return set_count(&settings->at_once, 0, 4000000, "at-once", fault);
	case OPT_RETRIES:
		return set_count(&settings->retries, 0, 100, "retries", fault);
	case OPT_SBATCH:
		if (settings->extra_count == SLURM_EXTRA_MAX)
			return fault_set(fault, STATUS_USAGE, 0, "more than %d times --sbatch", SLURM_EXTRA_MAX);
		settings->extra[settings->extra_count++] = optarg;
		return STATUS_OK;
	default:
		return set_flag(arguments, code, fault);
	}
}

static int parse(int argc, char **argv, struct arguments *arguments)
{
	const struct own_options options = {"slurm", ":o:h", own, OWN, OPT_HELP, print_help, set_own, arguments};
	return own_options_parse(argc, argv, &options, arguments->options);
}

/* ---- Where things are ------------------------------------------------------------------------------------------- */

/* Absolute paths of the program, the corpus (which exists) and the scripts. */
static int find_paths(struct arguments *arguments, const char *folder)
{
	struct slurm_settings *settings = &arguments->settings;
	struct fault fault = {0};
	if (!realpath(folder, arguments->corpus))
		return cli_fail(EXIT_USAGE, "slurm", "there is no folder %s", folder);
	ssize_t size = readlink("/proc/self/exe", arguments->program, sizeof arguments->program - 1);
	if (!settings->program) {
		if (size <= 0)
			return cli_fail(EXIT_USAGE, "slurm", "where is warcmill on the nodes? give --program PATH");
		settings->program = arguments->program;
	}
	if (settings->scripts) {
		if (folder_make(settings->scripts, &fault) != STATUS_OK)
			return cli_fail(EXIT_IO, "slurm", "%s", fault.text);
		if (!realpath(settings->scripts, arguments->scripts))
			return cli_fail(EXIT_IO, "slurm", "there is no folder %s", settings->scripts);
	} else if (snprintf(arguments->scripts, sizeof arguments->scripts, "%s.slurm", arguments->corpus) >=
		   (int)sizeof arguments->scripts)
		return cli_fail(EXIT_USAGE, "slurm", "the name of the corpus folder is too long");
	settings->corpus = arguments->corpus;
	settings->scripts = arguments->scripts;
	return EXIT_DONE;
}

/* Of the cluster that this host belongs to; without one, what Slurm has where nobody chose (1001, from index 0). */
static uint64_t cluster_array_max(void)
{
	char line[256];
	uint64_t size = 0;
	FILE *config = popen("scontrol show config 2>/dev/null", "r");
	while (config && fgets(line, sizeof line, config)) {
		struct span rest = span_trim(span_of(line)), name;
		if (span_starts(rest, SPAN("MaxArraySize")) && span_cut(&rest, '=', &name))
			span_to_u64(span_trim(rest), &size);
	}
	if (config)
		pclose(config);
	return size > 1 ? size - 1 : 1000;
}

/* ---- Submitting ---------------------------------------------------------------------------------------------------
 */

static int run_submit(const struct arguments *arguments, const char *group, const char *elements)
{
	char script[PATH_MAX + 16];
	int ended = 0;
	snprintf(script, sizeof script, "%s/submit.sh", arguments->scripts);
	fflush(stdout);
	pid_t child = fork();
	if (child == 0) {
		execl(script, script, group, elements, (char *)NULL);
		_exit(127);
	}
	if (child < 0 || waitpid(child, &ended, 0) < 0 || !WIFEXITED(ended) || WEXITSTATUS(ended) != 0)
		return cli_fail(EXIT_IO, "slurm", "%s did not submit the jobs", script);
	return EXIT_DONE;
}

static void print_group(const struct slurm_group *group, const struct slurm_states *states)
{
	printf("  %-8s %5llu element%s", group->name, (unsigned long long)group->of, group->of == 1 ? "" : "s");
	for (size_t i = 0; i < states->count; i++) {
		const struct slurm_stage *stage = &states->stages[i];
		if (strcmp(stage->name, group->name) != 0 || stage->units <= 1)
			continue;
		printf(" for %llu %s", (unsigned long long)stage->units,
		       !strcmp(stage->name, "match") ? "partitions" : "shards");
		if (stage->units > group->of)
			printf(" (up to %llu each)", (unsigned long long)((stage->units + group->of - 1) / group->of));
	}
	if (strcmp(group->stages, group->name) != 0)
		printf(": %s", group->stages);
	puts("");
}

static void print_plan(const struct arguments *arguments, const struct slurm_groups *groups,
		       const struct slurm_states *states)
{
	printf("%s is planned. One after the other, each behind a gate that counts outputs:\n", arguments->corpus);
	for (size_t i = 0; i < groups->count; i++)
		print_group(&groups->groups[i], states);
	printf("%s holds the scripts; logs will be in log/ there.\n", arguments->scripts);
	if (!arguments->submit)
		printf("Nothing is submitted yet: %s/submit.sh does it.\n", arguments->scripts);
}

/* Without a choice, as many pieces as keep an ordinary cluster busy; the plan takes fewer where there are fewer
 * inputs. */
static enum status choose_pieces(struct build_options *options, struct fault *fault)
{
	enum status status = STATUS_OK;
	if (!build_options_get(options, "shards"))
		status = build_options_set(options, "shards", "1000", fault);
	if (status == STATUS_OK && !build_options_get(options, "partitions"))
		status = build_options_set(options, "partitions", "0", fault);
	return status;
}

static int write_run(struct arguments *arguments, const char *const *inputs, size_t count)
{
	struct fault fault = {0};
	struct slurm_states states = {0};
	struct slurm_groups groups;
	struct match_reads reads;
	if (!count)
		return cli_fail(EXIT_USAGE, "slurm", "no INPUT was given; see warcmill slurm --help");
	if (!arguments->folder)
		return cli_fail(EXIT_USAGE, "slurm", "-o DIR is missing: where is the corpus to go?");
	enum status status = choose_pieces(arguments->options, &fault);
	if (status == STATUS_OK)
		status = corpus_plan_make(inputs, count, arguments->options, arguments->folder, &reads, &fault);
	if (status != STATUS_OK)
		return cli_fail(cli_status_exit(status), "slurm", "%s", fault.text);
	int code = find_paths(arguments, arguments->folder);
	if (code != EXIT_DONE)
		return code;
	if (!arguments->settings.array_max)
		arguments->settings.array_max = cluster_array_max();
	if ((status = slurm_states_read(arguments->corpus, &states, &fault)) == STATUS_OK) {
		slurm_groups_make(&states, arguments->settings.array_max, &groups);
		status = slurm_scripts_write(&arguments->settings, &groups, &fault);
	}
	if (status == STATUS_OK) {
		print_plan(arguments, &groups, &states);
		cli_warn_reads(&reads);
	}
	slurm_states_free(&states);
	if (status != STATUS_OK)
		return cli_fail(cli_status_exit(status), "slurm", "%s", fault.text);
	return arguments->submit ? run_submit(arguments, NULL, NULL) : EXIT_DONE;
}

/* ---- A run that there is --------------------------------------------------------------------------------------------
 */

static int show_status(const struct arguments *arguments, const struct slurm_states *states)
{
	struct buffer out;
	buffer_init(&out, 1 << 20);
	slurm_status_text(arguments->corpus, states, &out);
	fwrite(out.data, 1, out.size, stdout);
	buffer_free(&out);
	return EXIT_DONE;
}

static int check_group(const struct arguments *arguments, const struct slurm_states *states,
		       const struct slurm_groups *groups)
{
	struct buffer out;
	for (size_t i = 0; i < groups->count; i++) {
		const struct slurm_group *group = &groups->groups[i];
		bool wanted = !strcmp(group->name, arguments->check);
		buffer_init(&out, (size_t)1 << 28);
		int code = slurm_missing(states, group, &out) != STATUS_OK ? EXIT_IO
			   : out.size                                      ? EXIT_RETRY
									   : EXIT_DONE;
		if (out.size && wanted)
			printf("%.*s\n", SPAN_ARG(buffer_span(&out)));
		else if (out.size) /* what was complete once has been lost: the group itself cannot help */
			code = cli_fail(EXIT_DATA, "slurm", "%s, which comes before, is missing elements %.*s of %llu",
					group->name, SPAN_ARG(buffer_span(&out)), (unsigned long long)group->of);
		buffer_free(&out);
		if (wanted || code != EXIT_DONE)
			return code;
	}
	return cli_fail(EXIT_USAGE, "slurm", "there is no group %s", arguments->check);
}

/* The first group with something missing, alone; behind it everything, since what is done there is skipped. */
static int retry(const struct arguments *arguments, const struct slurm_states *states,
		 const struct slurm_groups *groups)
{
	struct buffer out;
	int code = EXIT_DONE;
	size_t i = 0;
	buffer_init(&out, (size_t)1 << 28);
	for (; i < groups->count && !out.size; i++)
		if (slurm_missing(states, &groups->groups[i], &out) != STATUS_OK)
			code = EXIT_IO;
	if (!out.size || code != EXIT_DONE) {
		if (code == EXIT_DONE)
			printf("%s is complete; nothing to do\n", arguments->corpus);
		buffer_free(&out);
		return code == EXIT_DONE ? code : cli_fail(code, "slurm", "no memory");
	}
	buffer_append_byte(&out, '\0');
	const char *group = groups->groups[i - 1].name;
	printf("missing of %s: elements %s of %llu\n", group, out.data, (unsigned long long)groups->groups[i - 1].of);
	if (arguments->submit)
		code = run_submit(arguments, group, out.data);
	else
		printf("Nothing is submitted yet: %s/submit.sh %s %s does it.\n", arguments->scripts, group, out.data);
	buffer_free(&out);
	return code;
}

static int with_run(struct arguments *arguments, const char *folder)
{
	struct fault fault = {0};
	struct slurm_states states = {0};
	struct slurm_groups groups = {.count = 0};
	int code = find_paths(arguments, folder);
	if (code != EXIT_DONE)
		return code;
	enum status status = slurm_states_read(arguments->corpus, &states, &fault);
	if (status == STATUS_OK && !arguments->status)
		status = slurm_groups_read(arguments->scripts, &groups, &fault);
	if (status != STATUS_OK)
		code = cli_fail(cli_status_exit(status), "slurm", "%s", fault.text);
	else if (arguments->status)
		code = show_status(arguments, &states);
	else if (arguments->check)
		code = check_group(arguments, &states, &groups);
	else
		code = retry(arguments, &states, &groups);
	slurm_states_free(&states);
	return code;
}

int cli_slurm(int argc, char **argv)
{
	struct arguments *arguments = memory_zeroed(1, sizeof *arguments);
	if (!arguments || !(arguments->options = build_options_new())) {
		free(arguments);
		return cli_fail(EXIT_IO, "slurm", "no memory");
	}
	arguments->settings.cpus = 1;
	arguments->settings.retries = 2;
	int code = parse(argc, argv, arguments);
	if (code == EXIT_DONE) {
		const char *const *rest = (const char *const *)argv + optind;
		size_t count = (size_t)(argc - optind);
		bool present = arguments->status || arguments->retry || arguments->check;
		if (present && count != 1)
			code = cli_fail(EXIT_USAGE, "slurm", "one CORPUS is needed; see warcmill slurm --help");
		else
			code = present ? with_run(arguments, rest[0]) : write_run(arguments, rest, count);
	}
	build_options_free(arguments->options);
	free(arguments);
	return code < 0 ? EXIT_DONE : code;
}
