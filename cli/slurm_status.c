/* slurm_status: the table of `warcmill slurm --status`. Done and missing come from the outputs, running from squeue
 * where it is at hand, rates from the times at which the outputs appeared; so it works as well where another scheduler
 * runs the tasks. */
#include "cli/slurm.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>

void slurm_run_name(const char *corpus, char *out)
{
	const char *last = strrchr(corpus, '/');
	struct hash128 hash = hash128_of(corpus, strlen(corpus));
	char hex[7];
	hex_encode((const uint8_t *)&hash, 3, hex);
	int size = snprintf(out, 40, "%.32s", last ? last + 1 : corpus);
	for (char *c = out; *c; c++)
		if (!ascii_is_alpha((unsigned char)*c) && !ascii_is_digit((unsigned char)*c) && *c != '.' && *c != '_')
			*c = '-';
	snprintf(out + size, 8, "-%s", hex);
}

struct activity {
	uint64_t outputs, running, waiting;
	time_t first, last; /* of the outputs */
};

/* Stage NAME's files "NAME-00012". */
static void read_outputs(const char *corpus, const struct slurm_states *states, struct activity *activities)
{
	char path[4096];
	struct stat about;
	snprintf(path, sizeof path, "%s/.work", corpus);
	DIR *folder = opendir(path);
	for (struct dirent *entry; folder && (entry = readdir(folder));) {
		struct span rest = span_of(entry->d_name), name;
		uint64_t unit;
		if (!span_cut(&rest, '-', &name) || !span_to_u64(rest, &unit) ||
		    fstatat(dirfd(folder), entry->d_name, &about, 0) != 0)
			continue;
		for (size_t i = 0; i < states->count; i++) {
			struct activity *activity = &activities[i];
			if (!span_equal(span_of(states->stages[i].name), name))
				continue;
			if (!activity->outputs || about.st_mtime < activity->first)
				activity->first = about.st_mtime;
			if (!activity->outputs || about.st_mtime > activity->last)
				activity->last = about.st_mtime;
			activity->outputs++;
		}
	}
	if (folder)
		closedir(folder);
}

static void count_job(const struct slurm_states *states, struct span group, bool running, struct activity *activities)
{
	for (size_t i = 0; i < states->count; i++) {
		const char *name = states->stages[i].name;
		/* The jobs of "tables" stand with the first of its stages that is not done. */
		bool tables = span_equal(group, SPAN("tables")) && states->stages[i].units == 1 &&
			      states->stages[i].done == 0;
		if (!tables && !span_equal(group, span_of(name)))
			continue;
		activities[i].running += running;
		activities[i].waiting += !running;
		return;
	}
}

static void read_queue(const char *corpus, const struct slurm_states *states, struct activity *activities)
{
	char run[64], line[256];
	slurm_run_name(corpus, run);
	FILE *queue = popen("squeue -h -r -o '%t %j' 2>/dev/null", "r");
	while (queue && fgets(line, sizeof line, queue)) {
		struct span rest = span_trim(span_of(line)), state;
		if (!span_cut(&rest, ' ', &state) || !span_starts(rest, span_of(run)) || rest.size <= strlen(run))
			continue;
		bool running =
			span_equal(state, SPAN("R")) || span_equal(state, SPAN("CG")) || span_equal(state, SPAN("CF"));
		count_job(states, span_slice(rest, strlen(run) + 1, SIZE_MAX), running, activities);
	}
	if (queue)
		pclose(queue);
}

static void print_duration(double seconds, struct buffer *out)
{
	uint64_t minutes = (uint64_t)(seconds / 60);
	if (seconds < 120)
		buffer_print(out, "%.0f s", seconds);
	else if (minutes < 120)
		buffer_print(out, "%llu min", (unsigned long long)minutes);
	else
		buffer_print(out, "%llu h %02llu", (unsigned long long)(minutes / 60),
			     (unsigned long long)(minutes % 60));
}

static void print_rate(const struct slurm_stage *stage, const struct activity *activity, struct buffer *out)
{
	double seconds = difftime(activity->last, activity->first);
	if (activity->outputs < 2 || seconds < 1)
		return;
	double rate = (double)(activity->outputs - 1) / seconds;
	buffer_print(out, "  %8.1f/h", rate * 3600);
	if (stage->done < stage->units) {
		buffer_print(out, "  ");
		print_duration((double)(stage->units - stage->done) / rate, out);
		buffer_print(out, " left");
	}
}

enum status slurm_status_text(const char *corpus, const struct slurm_states *states, struct buffer *out)
{
	struct activity activities[SLURM_STAGES_MAX] = {{0}};
	if (states->complete)
		return buffer_print(out, "%s is complete\n", corpus);
	read_outputs(corpus, states, activities);
	read_queue(corpus, states, activities);
	buffer_print(out, "%-8s %8s %8s %8s %8s %8s  %10s\n", "stage", "units", "done", "running", "waiting", "missing",
		     "rate");
	for (size_t i = 0; i < states->count; i++) {
		const struct slurm_stage *stage = &states->stages[i];
		char units[24] = "?", missing[24] = "?";
		if (stage->units) {
			snprintf(units, sizeof units, "%llu", (unsigned long long)stage->units);
			snprintf(missing, sizeof missing, "%llu", (unsigned long long)(stage->units - stage->done));
		}
		buffer_print(out, "%-8s %8s %8llu %8llu %8llu %8s", stage->name, units, (unsigned long long)stage->done,
			     (unsigned long long)activities[i].running, (unsigned long long)activities[i].waiting,
			     missing);
		print_rate(stage, &activities[i], out);
		buffer_append_byte(out, '\n');
	}
	return buffer_print(out, "running and waiting are array elements, the rest shards, partitions and parts\n");
}
