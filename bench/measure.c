/* measure: interleaved runs. One round runs every task once; the next round starts one task further on, so that no task
 * always follows the same other one. What runs in one thread of this process is measured in processor time: a neighbour
 * on the machine costs it cache, but not its turn. Medians and quartiles are of whole runs: a run is long against a
 * timer tick (25 ns) and against a scheduling slice. Instructions come from perf_event_open, user mode only, this
 * process; where the kernel or a virtual machine has no counter they are absent, never zero. */
#include "bench/measure.h"
#include "bench/clock.h"

#include <fcntl.h>
#include <linux/perf_event.h>
#include <malloc.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Rounds that are made whatever they cost: a median and a spread need them. */
enum { ROUNDS_LEAST = 3 };

static int counter_open(void)
{
	struct perf_event_attr attributes = {.type = PERF_TYPE_HARDWARE,
					     .size = sizeof attributes,
					     .config = PERF_COUNT_HW_INSTRUCTIONS,
					     .disabled = 1,
					     .exclude_kernel = 1,
					     .exclude_hv = 1,
					     .inherit = 1};
	return (int)syscall(SYS_perf_event_open, &attributes, 0, -1, -1, PERF_FLAG_FD_CLOEXEC);
}

/* "VmHWM" or "VmRSS" of /proc/self/status in bytes; 0 where there is none. */
static uint64_t memory_of(const char *field)
{
	char line[256];
	uint64_t kib = 0;
	FILE *file = fopen("/proc/self/status", "re");
	size_t size = strlen(field);
	while (file && fgets(line, sizeof line, file))
		if (strncmp(line, field, size) == 0 && line[size] == ':')
			kib = strtoull(line + size + 1, NULL, 10);
	if (file)
		fclose(file);
	return kib * 1024;
}

/* Let VmHWM start again from here (Linux: Documentation/filesystems/proc.rst, clear_refs). */
static bool memory_reset(void)
{
	int file = open("/proc/self/clear_refs", O_WRONLY | O_CLOEXEC);
	bool done = file >= 0 && write(file, "5", 1) == 1;
	if (file >= 0)
		close(file);
	return done;
}

/* A first run that is not timed: it touches the memory, fills the caches, and its peak is the task's own. */
static void run_first(const struct task *task, struct samples *out)
{
	malloc_trim(0); /* what the task before it gave back */
	bool reset = memory_reset();
	uint64_t before = memory_of("VmRSS");
	struct work work = {.counter = -1};
	if (!task->run(task->context, &work) || !reset)
		return;
	out->peak_bytes = memory_of("VmHWM");
	out->extra_bytes = out->peak_bytes > before ? out->peak_bytes - before : 0;
}

static void run_once(const struct task *task, struct samples *out, int counter)
{
	struct work work = {.counter = counter};
	uint64_t instructions = 0;
	if (counter >= 0) {
		ioctl(counter, PERF_EVENT_IOC_RESET, 0);
		ioctl(counter, PERF_EVENT_IOC_ENABLE, 0);
	}
	double wall = clock_seconds(), cpu = clock_cpu_seconds();
	bool done = task->run(task->context, &work);
	wall = clock_seconds() - wall;
	cpu = clock_cpu_seconds() - cpu;
	if (counter >= 0) {
		ioctl(counter, PERF_EVENT_IOC_DISABLE, 0);
		bool counted = read(counter, &instructions, sizeof instructions) == sizeof instructions;
		if (work.seconds > 0)
			instructions = work.instructions;
		out->counted = counted && instructions;
	}
	if (!done)
		return;
	out->unsteady |= out->count && out->work.check != work.check;
	out->work = work;
	out->wall[out->count] = wall;
	out->seconds[out->count] = work.seconds > 0 ? work.seconds : task->by_wall ? wall : cpu;
	out->instructions[out->count] = instructions;
	out->count++;
}

static void show_progress(size_t round, size_t rounds, const char *name)
{
	if (isatty(2))
		fprintf(stderr, "\rround %zu/%zu %-24s", round + 1, rounds, name);
}

size_t measure(const struct task *tasks, size_t count, size_t rounds, double seconds, struct samples *out)
{
	double start = clock_seconds();
	int counter = counter_open();
	for (size_t i = 0; i < count; i++) {
		out[i] = (struct samples){0};
		out[i].seconds = need_zero(rounds * sizeof(double));
		out[i].wall = need_zero(rounds * sizeof(double));
		out[i].instructions = need_zero(rounds * sizeof(uint64_t));
	}
	for (size_t i = 0; i < count; i++)
		if (!tasks[i].absent && !tasks[i].by_wall)
			run_first(&tasks[i], &out[i]);
	double longest = 0;
	size_t done = 0;
	for (; done < rounds; done++) {
		double round_start = clock_seconds();
		bool in_time = seconds <= 0 || round_start - start + longest <= seconds;
		if (done >= ROUNDS_LEAST && !in_time)
			break;
		for (size_t i = 0; i < count; i++) {
			size_t task = (i + done) % count;
			show_progress(done, rounds, tasks[task].name);
			if (!tasks[task].absent)
				run_once(&tasks[task], &out[task], counter);
		}
		double took = clock_seconds() - round_start;
		longest = took > longest ? took : longest;
	}
	if (isatty(2))
		fprintf(stderr, "\r%60s\r", "");
	if (counter >= 0)
		close(counter);
	return done;
}

void samples_free(struct samples *samples)
{
	free(samples->seconds);
	free(samples->wall);
	free(samples->instructions);
	*samples = (struct samples){0};
}

double samples_median(const struct samples *samples)
{
	return stats_quantile(samples->seconds, samples->count, 0.5);
}

double samples_spread(const struct samples *samples)
{
	double median = samples_median(samples);
	double range = stats_quantile(samples->seconds, samples->count, 0.75) -
		       stats_quantile(samples->seconds, samples->count, 0.25);
	return median > 0 ? range / median : 0;
}

/* ---- Showing
 * --------------------------------------------------------------------------------------------------------------- */

static void put_real(struct json_writer *json, const char *key, double value, int decimals)
{
	json_key(json, key);
	json_real(json, value, decimals);
}

static void put_rates(struct json_writer *json, const struct samples *samples)
{
	double median = samples_median(samples), bytes = (double)samples->work.bytes;
	put_real(json, "median_seconds", median, 9);
	put_real(json, "spread", samples_spread(samples), 4);
	put_real(json, "wall_median_seconds", stats_quantile(samples->wall, samples->count, 0.5), 9);
	json_put_uint(json, "bytes", samples->work.bytes);
	json_put_uint(json, "units", samples->work.units);
	if (median > 0)
		put_real(json, "mb_per_second", bytes / median / 1e6, 3);
	if (samples->work.units) {
		put_real(json, "units_per_second", (double)samples->work.units / median, 2);
		put_real(json, "ns_per_unit", median * 1e9 / (double)samples->work.units, 1);
	}
	put_real(json, "ms_per_mb",
		 median * 1e3 / ((double)(samples->base ? samples->base : samples->work.bytes) / 1e6), 5);
	if (samples->peak_bytes) {
		json_put_uint(json, "peak_bytes", samples->peak_bytes);
		json_put_uint(json, "extra_bytes", samples->extra_bytes);
	}
	if (samples->counted)
		json_put_uint(json, "instructions", samples->instructions[samples->count - 1]);
}

void measure_json(struct json_writer *json, const struct task *task, const struct samples *samples)
{
	json_begin(json, '{');
	json_put_text(json, "name", span_of(task->name));
	json_put_text(json, "group", span_of(task->group));
	json_put_text(json, "about", span_of(task->about));
	json_put_text(json, "unit", span_of(task->unit));
	json_put_text(json, "limit", span_of(task->limit));
	json_put_text(json, "clock", task->by_wall ? SPAN("wall") : SPAN("processor"));
	if (!samples->count) {
		json_put_text(json, "absent", task->absent ? span_of(task->absent) : SPAN("it failed"));
		json_end(json, '}');
		return;
	}
	put_rates(json, samples);
	if (samples->unsteady) {
		json_key(json, "unsteady");
		json_bool(json, true);
	}
	json_key(json, "samples");
	json_begin(json, '[');
	for (size_t i = 0; i < samples->count; i++)
		json_real(json, samples->seconds[i], 9);
	json_end(json, ']');
	json_end(json, '}');
}

static const struct samples *find_floor(const struct task *tasks, const struct samples *samples, size_t count,
					const char *name)
{
	for (size_t i = 0; name && i < count; i++)
		if (strcmp(tasks[i].name, name) == 0 && samples[i].count)
			return &samples[i];
	return NULL;
}

void measure_print(FILE *out, const struct task *tasks, const struct samples *samples, size_t count)
{
	fprintf(out, "%-6s %-22s %9s %9s %11s %12s %7s %9s %s\n", "group", "name", "MB/s", "ms/MB", "ns/unit", "unit",
		"spread", "memory MB", "times its floor");
	for (size_t i = 0; i < count; i++) {
		const struct samples *s = &samples[i];
		if (!s->count) {
			fprintf(out, "%-6s %-22s absent: %s\n", tasks[i].group, tasks[i].name,
				tasks[i].absent ? tasks[i].absent : "it failed");
			continue;
		}
		double median = samples_median(s), bytes = (double)s->work.bytes;
		fprintf(out, "%-6s %-22s %9.1f %9.4f %11.1f %12s %6.1f%% %9.1f", tasks[i].group, tasks[i].name,
			bytes / median / 1e6, median * 1e9 / (double)(s->base ? s->base : s->work.bytes),
			s->work.units ? median * 1e9 / (double)s->work.units : 0, tasks[i].unit,
			100 * samples_spread(s), (double)s->extra_bytes / 1e6);
		const struct samples *floor = find_floor(tasks, samples, count, tasks[i].limit);
		if (floor)
			fprintf(out, " %.2f x %s", median / bytes / (samples_median(floor) / (double)floor->work.bytes),
				tasks[i].limit);
		fprintf(out, "%s\n", s->unsteady ? " UNSTEADY" : "");
	}
}
