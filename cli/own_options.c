/* own_options: one getopt table out of the command's rows and the one table in corpus/options.c. */
#include "cli/own_options.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>

enum { CORPUS_FIRST = 1000 }; /* codes from here on are rows of corpus/options.c */

/* NULL without memory; malloc'd. */
static struct option *long_options(const struct own_options *own)
{
	size_t at = 0;
	struct option *out = memory_zeroed(own->count + corpus_option_count() + 1, sizeof *out);
	if (!out)
		return NULL;
	for (size_t i = 0; i < own->count; i++)
		out[at++] = (struct option){own->rows[i].name, own->rows[i].argument ? required_argument : no_argument,
					    NULL, own->rows[i].code};
	for (size_t i = 0; i < corpus_option_count(); i++) {
		const struct option_row *row = corpus_option_at(i);
		out[at++] = (struct option){row->name, row->argument ? required_argument : no_argument, NULL,
					    CORPUS_FIRST + (int)i};
	}
	return out;
}

int cli_option(int argc, char **argv, const char *command, const char *shorts, const struct option *longs)
{
	opterr = 0;
	int code = getopt_long(argc, argv, shorts, longs, NULL);
	if (code != '?' && code != ':')
		return code;
	/* In a row of short options argv does not tell which one it was. */
	const char *word = argv[optind - 1], letter[] = {'-', (char)optopt, 0};
	const char *name = !optopt || !strncmp(word, "--", 2) ? word : letter;
	if (code == ':')
		cli_fail(EXIT_USAGE, command, "%s needs a value", name);
	else if (optopt && name == word)
		cli_fail(EXIT_USAGE, command, "%s: this option takes no value", name);
	else
		cli_fail(EXIT_USAGE, command, "there is no option %s; see warcmill %s --help", name, command);
	return '?';
}

int cli_name_depth(const char *command, const char *value, unsigned *depth)
{
	uint64_t number;
	if (!span_to_u64(span_of(value), &number) || number >= 1000)
		return cli_fail(EXIT_USAGE, command, "--name-depth takes a number below 1000, not '%s'", value);
	*depth = (unsigned)number;
	return EXIT_DONE;
}

static int parse(int argc, char **argv, const struct own_options *own, const struct option *table,
		 struct build_options *options)
{
	struct fault fault = {0};
	int code;
	optind = 1;
	while ((code = cli_option(argc, argv, own->command, own->short_options, table)) != -1) {
		if (code == own->help_code || code == 'h') {
			own->print_help();
			return -1;
		}
		if (code == '?')
			return EXIT_USAGE;
		enum status status =
			code >= CORPUS_FIRST
				? build_options_set(options, corpus_option_at((size_t)(code - CORPUS_FIRST))->name,
						    optarg, &fault)
				: own->set(own->self, code, &fault);
		if (status != STATUS_OK)
			return cli_fail(cli_status_exit(status), own->command, "%s", fault.text);
	}
	return EXIT_DONE;
}

int own_options_parse(int argc, char **argv, const struct own_options *own, struct build_options *options)
{
	struct option *table = long_options(own);
	int code = table ? parse(argc, argv, own, table, options) : cli_fail(EXIT_IO, own->command, "no memory");
	free(table);
	return code;
}

void own_options_print(const struct own_options *own, int name_width, int argument_width)
{
	for (size_t i = 0; i < own->count; i++)
		printf("  --%-*s %-*s %s\n", name_width, own->rows[i].name, argument_width,
		       own->rows[i].argument ? own->rows[i].argument : "", own->rows[i].help);
}
