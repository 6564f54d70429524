/* shim: faults at chosen calls, for programs run under LD_PRELOAD. It counts the calls that change files (or allocate)
 * and at the one chosen does what FAULT_KIND says, so that a test walks through every moment of a run without waiting.
 *
 *	FAULT_KIND    kill: SIGKILL before the call; stop: SIGSTOP before it; full: ENOSPC from that call on; eio: EIO
 *once; short: half of that write; nomem: NULL from that allocation on (once with FAULT_ONCE) FAULT_AT      the call,
 *from 1 FAULT_COUNT   file that gets the number of calls at exit FAULT_PEAK    file that gets the most resident memory,
 *in KiB */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <unistd.h>

enum kind { KIND_NONE, KIND_KILL, KIND_FULL, KIND_EIO, KIND_SHORT, KIND_NOMEM, KIND_STOP };

static enum kind kind;
static long at, once, calls;
static bool ready;

static void start(void)
{
	static const char *const names[] = {"", "kill", "full", "eio", "short", "nomem", "stop"};
	const char *name = getenv("FAULT_KIND"), *number = getenv("FAULT_AT");
	for (int i = 1; name && i <= KIND_STOP; i++)
		if (!strcmp(name, names[i]))
			kind = (enum kind)i;
	at = number ? atol(number) : 0;
	once = getenv("FAULT_ONCE") != NULL;
	ready = true;
}

__attribute__((constructor)) static void construct(void)
{
	start();
}

__attribute__((destructor)) static void finish(void)
{
	const char *path = getenv("FAULT_COUNT"), *peak = getenv("FAULT_PEAK");
	struct rusage use;
	FILE *file = path ? fopen(path, "w") : NULL;
	if (file) {
		fprintf(file, "%ld\n", calls);
		fclose(file);
	}
	file = peak && getrusage(RUSAGE_SELF, &use) == 0 ? fopen(peak, "w") : NULL;
	if (file) {
		fprintf(file, "%ld\n", use.ru_maxrss);
		fclose(file);
	}
}

/* Is this call the one? Counted for all kinds but nomem, or for nomem alone. */
static bool due(bool allocation)
{
	if (!ready || (kind == KIND_NOMEM) != allocation)
		return false;
	long call = __atomic_add_fetch(&calls, 1, __ATOMIC_SEQ_CST);
	bool lasting = kind == KIND_FULL || (kind == KIND_NOMEM && !once);
	if (!at || (lasting ? call < at : call != at))
		return false;
	if (kind == KIND_KILL)
		kill(getpid(), SIGKILL);
	if (kind == KIND_STOP) {
		kill(getpid(), SIGSTOP);
		return false;
	}
	return kind != KIND_NONE;
}

static void *next(const char *name)
{
	return dlsym(RTLD_NEXT, name);
}

static int fail(void)
{
	errno = kind == KIND_FULL ? ENOSPC : EIO;
	return -1;
}

/* Standard error and output are not the disk. */
ssize_t write(int file, const void *data, size_t size)
{
	ssize_t (*real)(int, const void *, size_t) = (ssize_t(*)(int, const void *, size_t))next("write");
	if (file <= 2 || !due(false))
		return real(file, data, size);
	return kind == KIND_SHORT ? real(file, data, size > 1 ? size / 2 : size) : fail();
}

int fsync(int file)
{
	int (*real)(int) = (int (*)(int))next("fsync");
	return due(false) && kind != KIND_SHORT ? fail() : real(file);
}

int rename(const char *from, const char *to)
{
	int (*real)(const char *, const char *) = (int (*)(const char *, const char *))next("rename");
	return due(false) && kind != KIND_SHORT ? fail() : real(from, to);
}

int unlinkat(int folder, const char *path, int flags)
{
	int (*real)(int, const char *, int) = (int (*)(int, const char *, int))next("unlinkat");
	if (due(false) && kind == KIND_EIO)
		return fail();
	return real(folder, path, flags);
}

int posix_fallocate(int file, off_t offset, off_t size)
{
	int (*real)(int, off_t, off_t) = (int (*)(int, off_t, off_t))next("posix_fallocate");
	if (due(false) && kind != KIND_SHORT)
		return kind == KIND_FULL ? ENOSPC : EIO;
	return real(file, offset, size);
}

int mkdir(const char *path, mode_t mode)
{
	int (*real)(const char *, mode_t) = (int (*)(const char *, mode_t))next("mkdir");
	return due(false) && kind != KIND_SHORT ? fail() : real(path, mode);
}

#ifdef SHIM_MEMORY
extern void *__libc_malloc(size_t size);
extern void *__libc_calloc(size_t count, size_t size);
extern void *__libc_realloc(void *old, size_t size);

void *malloc(size_t size)
{
	return due(true) ? (errno = ENOMEM, NULL) : __libc_malloc(size);
}

void *calloc(size_t count, size_t size)
{
	return due(true) ? (errno = ENOMEM, NULL) : __libc_calloc(count, size);
}

void *realloc(void *old, size_t size)
{
	return due(true) ? (errno = ENOMEM, NULL) : __libc_realloc(old, size);
}
#endif
