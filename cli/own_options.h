/* own_options: the command line of the commands that take build's options beside some of their own. */
#ifndef WARCMILL_CLI_OWN_OPTIONS_H
#define WARCMILL_CLI_OWN_OPTIONS_H

#include "cli/cli.h"
#include "corpus/corpus.h"

/* A row of the command's help and of its parsing. */
struct own_option {
	const char *name, *argument, *help; /* ARGUMENT: NULL for flags */
	int code;
};

struct own_options {
	const char *command;       /* for messages */
	const char *short_options; /* as getopt takes them, with ":" first */
	const struct own_option *rows;
	size_t count;
	int help_code; /* of the row that asks for help; -h does, too */
	int (*print_help)(void);
	/* Takes one option of its own; its value is in optarg. */
	enum status (*set)(void *self, int code, struct fault *fault);
	void *self;
};

/* Reads all options: the command's own into SELF, build's into OPTIONS. EXIT_DONE to go on, -1 after help, else the
 * exit code; the message has been printed then. */
int own_options_parse(int argc, char **argv, const struct own_options *own, struct build_options *options);
/* The own rows of the help; NAME_WIDTH and ARGUMENT_WIDTH in characters. */
void own_options_print(const struct own_options *own, int name_width, int argument_width);

#endif
