/* progress: one line on a terminal, or JSON lines for machines; at most ten updates a second, so that showing progress
 * costs nothing. */
#include "cli/progress.h"

#include <stdio.h>
#include <time.h>
#include <unistd.h>

static double now(void)
{
	struct timespec time;
	clock_gettime(CLOCK_MONOTONIC, &time);
	return (double)time.tv_sec + 1e-9 * (double)time.tv_nsec;
}

static void show_terminal(struct progress *progress, const struct corpus_progress *at, double seconds)
{
	double done = (double)(at->done - progress->first_done), rate = seconds > 0.2 ? done / seconds : 0;
	bool bytes = !strcmp(at->unit, "bytes");
	fprintf(stderr, "\r%-8s ", at->stage);
	if (at->total)
		fprintf(stderr, "%3.0f %%  ",
			100.0 * (double)(at->done < at->total ? at->done : at->total) / (double)at->total);
	if (rate > 0)
		fprintf(stderr, bytes ? "%.1f MB/s  " : "%.0f a second  ", bytes ? rate / 1e6 : rate);
	if (rate > 0 && at->total > at->done) {
		double left = (double)(at->total - at->done) / rate;
		fprintf(stderr, "%.0f:%02.0f left  ", (double)(int)(left / 60), (double)((int)left % 60));
	}
	fprintf(stderr, "%llu records, %llu articles, %llu damaged\033[K", (unsigned long long)at->records,
		(unsigned long long)at->documents, (unsigned long long)at->damaged);
	fflush(stderr);
	progress->line = true;
}

static void show_json(const struct corpus_progress *at, double seconds)
{
	fprintf(stderr,
		"{\"stage\":\"%s\",\"done\":%llu,\"total\":%llu,\"unit\":\"%s\",\"records\":%llu,\"articles\":%llu,"
		"\"damaged\":%llu,\"seconds\":%.1f}\n",
		at->stage, (unsigned long long)at->done, (unsigned long long)at->total, at->unit,
		(unsigned long long)at->records, (unsigned long long)at->documents, (unsigned long long)at->damaged,
		seconds);
}

static void update(void *self, const struct corpus_progress *at)
{
	struct progress *progress = self;
	double time = now();
	bool fresh = progress->stage != at->stage;
	if (fresh) {
		progress->stage = at->stage;
		progress->started = time;
		progress->first_done = at->done;
	}
	if (!fresh && time - progress->shown < 0.1)
		return;
	progress->shown = time;
	if (progress->form == PROGRESS_JSON)
		show_json(at, time - progress->started);
	else
		show_terminal(progress, at, time - progress->started);
}

static void note(void *self, const char *text)
{
	struct progress *progress = self;
	if (progress->form == PROGRESS_JSON)
		fprintf(stderr, "{\"note\":\"%s\"}\n", text);
	else
		fprintf(stderr, "%s%s\n", progress->line ? "\r\033[K" : "", text);
	progress->line = false;
}

void progress_init(struct progress *progress, enum progress_form form, struct corpus_observer *observer)
{
	bool terminal = isatty(STDERR_FILENO);
	*progress = (struct progress){.form = form};
	bool shown = form == PROGRESS_JSON || (form == PROGRESS_TERMINAL && terminal);
	*observer = (struct corpus_observer){
		.update = shown ? update : NULL, .note = form != PROGRESS_NONE ? note : NULL, .self = progress};
}

void progress_end(struct progress *progress)
{
	if (progress->line)
		fputs("\r\033[K", stderr);
	progress->line = false;
}
