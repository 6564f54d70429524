/* child: fork, exec and wait4, which tells time and peak memory of one program. */
#include "bench/child.h"
#include "bench/clock.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

/* A child's peak memory, as the kernel tells its parent, begins with what the parent held when it forked. So a program
 * is not started from here, where an archive may be in memory, but from a process of ours that holds nothing: this
 * program once more, with `run` as its command, which answers through a pipe with a struct child_use. */
enum { ANSWER = 3 };
#define ASKED "--answer" /* by this program; a user gets the figures on stderr */

static void start(const char *const *arguments, const char *output, bool quiet, int answer)
{
	size_t count = 0;
	while (arguments[count])
		count++;
	const char **with = need((count + 4) * sizeof *with);
	with[0] = "warcmill-bench";
	with[1] = "run";
	with[2] = ASKED;
	memcpy(with + 3, arguments, (count + 1) * sizeof *with);
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	int out = output ? open(output, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644) : null;
	int high = fcntl(answer, F_DUPFD_CLOEXEC, 10); /* not in the way of what follows */
	dup2(null, 0);
	dup2(out, 1);
	if (quiet)
		dup2(null, 2);
	dup2(high, ANSWER);
	execv("/proc/self/exe", (char *const *)with);
	_exit(127);
}

static int wait_for(pid_t child, const char *name, struct rusage *usage)
{
	int status;
	while (wait4(child, &status, 0, usage) < 0)
		if (errno != EINTR)
			bench_die(BENCH_IO, "waiting for %s: %s", name, strerror(errno));
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

struct child_use child_run(const char *const *arguments, const char *output, bool quiet)
{
	struct child_use use = {0};
	struct rusage usage;
	int answer[2];
	if (pipe2(answer, O_CLOEXEC))
		bench_die(BENCH_IO, "no pipe: %s", strerror(errno));
	fflush(NULL);
	pid_t child = fork();
	if (child == 0)
		start(arguments, output, quiet, answer[1]);
	if (child < 0)
		bench_die(BENCH_IO, "no process for %s: %s", arguments[0], strerror(errno));
	close(answer[1]);
	ssize_t size;
	while ((size = read(answer[0], &use, sizeof use)) < 0 && errno == EINTR)
		;
	close(answer[0]);
	int code = wait_for(child, arguments[0], &usage);
	if (size != sizeof use)
		use = (struct child_use){.code = code ? code : 127};
	return use;
}

int bench_run(int argc, char **argv)
{
	struct child_use use = {0};
	struct rusage usage;
	bool asked = argc > 2 && strcmp(argv[1], ASKED) == 0;
	argc -= asked, argv += asked;
	if (argc < 2 || strcmp(argv[1], "--help") == 0) {
		fputs("usage: warcmill-bench run PROGRAM [ARGUMENT...]\n\nRun it; tell its time and peak memory.\n",
		      argc < 2 ? stderr : stdout);
		return argc < 2 ? BENCH_USAGE : BENCH_DONE;
	}
	if (asked)
		fcntl(ANSWER, F_SETFD, FD_CLOEXEC);
	double before = clock_seconds();
	pid_t child = fork();
	if (child == 0) {
		execvp(argv[1], argv + 1);
		_exit(127);
	}
	if (child < 0)
		bench_die(BENCH_IO, "no process for %s: %s", argv[1], strerror(errno));
	use.code = wait_for(child, argv[1], &usage);
	use.seconds = clock_seconds() - before;
	use.cpu_seconds = (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
			  (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) * 1e-6;
	use.peak_bytes = (uint64_t)usage.ru_maxrss * 1024;
	if (asked)
		return write(ANSWER, &use, sizeof use) == sizeof use ? use.code : BENCH_IO;
	fprintf(stderr, "%.3f s, %.3f s of processor time, %.1f MB at most\n", use.seconds, use.cpu_seconds,
		(double)use.peak_bytes / 1e6);
	return use.code;
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
