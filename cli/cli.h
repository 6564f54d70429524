/* cli: the commands. Only this folder prints or exits. One file a command: cmd_NAME.c with cli_NAME. */
#ifndef WARCMILL_CLI_H
#define WARCMILL_CLI_H

#include "base/base.h"

#ifdef __cplusplus
extern "C" {
#endif

enum { /* exit codes, as sysexits(3) */
       EXIT_DONE = 0,
       EXIT_USAGE = 64,
       EXIT_DATA = 65,
       EXIT_IO = 74,
       EXIT_RETRY = 75,
};

/* A command gets its own arguments; argv[0] is its name. Returns the exit code. */
struct cli_command {
	const char *name, *summary;
	int (*run)(int argc, char **argv);
};

int cli_ls(int argc, char **argv);
int cli_cat(int argc, char **argv);
int cli_check(int argc, char **argv);
int cli_article(int argc, char **argv);
int cli_dedup(int argc, char **argv);
int cli_recluster(int argc, char **argv);
int cli_build(int argc, char **argv);
int cli_verify(int argc, char **argv);
int cli_explain(int argc, char **argv);
int cli_report(int argc, char **argv);
int cli_run(int argc, char **argv);
int cli_plan(int argc, char **argv); /* "run plan": build's options, the plan only */
int cli_slurm(int argc, char **argv);

/* Print "warcmill NAME: message" on stderr and return CODE. */
int cli_fail(int code, const char *command, const char *format, ...) WARCMILL_PRINTF(3, 4);
struct option;
/* getopt_long that speaks with one voice: for a wrong option it prints one sentence and returns '?'. SHORTS begins with
 * ':'. */
int cli_option(int argc, char **argv, const char *command, const char *shorts, const struct option *longs);
/* The value of --name-depth; EXIT_USAGE, with a sentence, when it is none. */
int cli_name_depth(const char *command, const char *value, unsigned *depth);
struct match_reads;
void cli_warn_reads(const struct match_reads *reads); /* one line on stderr where reads will be short; slurm_states.c */
int cli_status_exit(enum status status);              /* exit code for a status */
void cli_print_libraries(void);                       /* name and version of each, one a line */

/* Libraries written in C++ throw when there is no memory, through frames of C: end with a sentence instead. */
void cli_catch_no_memory(void);

#ifdef __cplusplus
}
#endif

#endif
