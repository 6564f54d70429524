/* child: fork, exec and wait4, which tells time and peak memory of one program exactly. */
#include "bench/child.h"
#include "bench/clock.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

static void start(const char *const *arguments, const char *output, bool quiet)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	int out = output ? open(output, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644) : null;
	dup2(null, 0);
	dup2(out, 1);
	if (quiet)
		dup2(null, 2);
	execvp(arguments[0], (char *const *)arguments);
	_exit(127);
}

struct child_use child_run(const char *const *arguments, const char *output, bool quiet)
{
	struct child_use use = {0};
	struct rusage usage;
	int status;
	fflush(NULL);
	double before = clock_seconds();
	pid_t child = fork();
	if (child == 0)
		start(arguments, output, quiet);
	if (child < 0)
		bench_die(BENCH_IO, "no process for %s: %s", arguments[0], strerror(errno));
	while (wait4(child, &status, 0, &usage) < 0)
		if (errno != EINTR)
			bench_die(BENCH_IO, "waiting for %s: %s", arguments[0], strerror(errno));
	use.seconds = clock_seconds() - before;
	use.cpu_seconds = (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
			  (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) * 1e-6;
	use.peak_bytes = (uint64_t)usage.ru_maxrss * 1024;
	use.code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
	return use;
}

static int remove_one(const char *path, const struct stat *about, int kind, struct FTW *place)
{
	(void)about, (void)kind, (void)place;
	return remove(path);
}

void folder_remove(const char *folder)
{
	nftw(folder, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

char *folder_temporary(void)
{
	const char *root = getenv("TMPDIR");
	char *folder = need_print("%s/warcmill-bench-XXXXXX", root && *root ? root : "/tmp");
	if (!mkdtemp(folder))
		bench_die(BENCH_IO, "%s: no temporary folder: %s", folder, strerror(errno));
	return folder;
}
