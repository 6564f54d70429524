/* main: picks the command. Commands that are not built in yet are absent from the table. */
#include "cli/cli.h"

#include <stdio.h>
#include <string.h>

static const struct cli_command commands[] = {
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
		fprintf(out, "  %-10s %s\n", command->name, command->summary);
	return out == stdout ? EXIT_DONE : EXIT_USAGE;
}

int main(int argc, char **argv)
{
	if (argc < 2)
		return help(stderr);
	if (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h") || !strcmp(argv[1], "help"))
		return help(stdout);
	for (const struct cli_command *command = commands; command->name; command++)
		if (!strcmp(argv[1], command->name))
			return command->run(argc - 1, argv + 1);
	fprintf(stderr, "warcmill: there is no command '%s'; warcmill --help lists them\n", argv[1]);
	return EXIT_USAGE;
}
