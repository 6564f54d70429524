/* clock: seconds of wall time, and of this process's own processor time. */
#ifndef WARCMILL_BENCH_CLOCK_H
#define WARCMILL_BENCH_CLOCK_H

#include <time.h>

static inline double clock_read(clockid_t clock)
{
	struct timespec now;
	clock_gettime(clock, &now);
	return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

static inline double clock_seconds(void)
{
	return clock_read(CLOCK_MONOTONIC);
}

static inline double clock_cpu_seconds(void)
{
	return clock_read(CLOCK_PROCESS_CPUTIME_ID);
}

#endif
