/* child: other programs, run and measured. */
#ifndef WARCMILL_BENCH_CHILD_H
#define WARCMILL_BENCH_CHILD_H

#include "bench/bench.h"

struct child_use {
	int code;                    /* exit code; 128 + signal; 127 when it could not be started */
	double seconds, cpu_seconds; /* wall; user and system of it and its children */
	uint64_t peak_bytes;         /* resident set at its highest */
};
/* Run ARGUMENTS (NULL at the end; [0] is searched in PATH) and wait. Standard output goes to OUTPUT, or nowhere when
 * NULL; standard error goes nowhere when QUIET. */
struct child_use child_run(const char *const *arguments, const char *output, bool quiet);

/* Remove FOLDER with all that is in it; nothing happens when there is none. */
void folder_remove(const char *folder);
/* A new, empty folder under TMPDIR (or /tmp). free() it. */
char *folder_temporary(void);

#endif
