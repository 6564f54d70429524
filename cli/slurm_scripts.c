/* slurm_scripts: the shell that runs a plan on Slurm. The scripts are kept short and are meant to be read: what a site
 * needs differently is changed there.
 *
 * Between two groups stands a gate, a small job that counts outputs. It waits for the array with `afterany`, since an
 * element may be killed (its job is then FAILED and stays so, even where a second one did its work) and since a
 * requeued element never satisfies `afterok`. What follows waits for the gate with `afterok`. A gate that finds
 * elements missing submits these alone, with a new gate behind them that the following group then waits for. */
#include "cli/slurm.h"

#include <stdio.h>
#include <sys/stat.h>

/* As one word of a shell. */
static void quote(const char *text, struct buffer *out)
{
	buffer_append_byte(out, '\'');
	for (; *text; text++) {
		if (*text == '\'')
			buffer_print(out, "'\\''");
		else
			buffer_append_byte(out, *text);
	}
	buffer_append_byte(out, '\'');
}

static void variable(const char *name, const char *value, struct buffer *out)
{
	buffer_print(out, "%s=", name);
	quote(value, out);
	buffer_append_byte(out, '\n');
}

static void option(const char *name, const char *value, struct buffer *out)
{
	if (!value)
		return;
	buffer_print(out, " --%s=", name);
	quote(value, out);
}

/* "[GROUP:]--option": the group, or absent. */
static struct span extra_group(const char **extra)
{
	const char *colon = strchr(*extra, ':');
	if (**extra == '-' || !colon)
		return SPAN_NONE;
	struct span group = {*extra, (size_t)(colon - *extra)};
	*extra = colon + 1;
	return group;
}

static void settings_sh(const struct slurm_settings *settings, struct buffer *out)
{
	char run[64];
	slurm_run_name(settings->corpus, run);
	buffer_print(out, "# What the scripts beside this file share. Written by warcmill slurm; may be changed.\n");
	variable("warcmill", settings->program, out);
	variable("corpus", settings->corpus, out);
	variable("scripts", settings->scripts, out);
	variable("run", run, out);
	buffer_print(out, "at_once=%llu    # elements of an array that run at once; 0: as many as there is room for\n",
		     (unsigned long long)settings->at_once);
	buffer_print(out, "retries=%llu    # times that a gate submits missing elements again\n",
		     (unsigned long long)settings->retries);
	buffer_print(out, "requeues=8   # times that an element asks for another turn\n"
			  "# Options of sbatch: of every job, of the tasks, of the tasks of one group.\n"
			  "site=(--requeue --open-mode=append");
	option("partition", settings->partition, out);
	option("account", settings->account, out);
	option("qos", settings->qos, out);
	buffer_print(out, ")\ntask=(--ntasks=1 --cpus-per-task=%llu", (unsigned long long)settings->cpus);
	option("time", settings->time, out);
	option("mem", settings->memory, out);
	for (size_t i = 0; i < settings->extra_count; i++) {
		const char *extra = settings->extra[i];
		if (extra_group(&extra).data)
			continue;
		buffer_append_byte(out, ' ');
		quote(extra, out);
	}
	buffer_print(out, ")\ngate=(--ntasks=1 --cpus-per-task=1");
	option("time", settings->time, out);
	buffer_print(out, ")\ndeclare -A group_options\n");
	for (size_t i = 0; i < settings->extra_count; i++) {
		const char *extra = settings->extra[i];
		struct span group = extra_group(&extra);
		if (!group.data)
			continue;
		buffer_print(out, "group_options[%.*s]+=$'\\n'", SPAN_ARG(group));
		quote(extra, out);
		buffer_append_byte(out, '\n');
	}
}

static const char task_sh[] = "# One element: its share of each stage of a group. Run by Slurm with FOLDER GROUP; "
			      "needs SLURM_ARRAY_TASK_ID.\n"
			      "set -u\n"
			      ". \"$1/settings.sh\"\n"
			      "IFS=$'\\t' read -r _ of stages < <(grep \"^$2\"$'\\t' \"$scripts/groups.tsv\")\n"
			      "code=0\n"
			      "for stage in $stages; do\n"
			      "\t\"$warcmill\" run \"$stage\" --plan \"$corpus\" --shard \"$SLURM_ARRAY_TASK_ID/$of\" "
			      "-j \"${SLURM_CPUS_PER_TASK:-1}\" || { code=$?; break; }\n"
			      "done\n"
			      "# 75: another process does the same, or what stands before is not there yet. The "
			      "array's own number is not used:\n"
			      "# in the last element it is $SLURM_JOB_ID, and would requeue all of them.\n"
			      "if [ \"$code\" -eq 75 ] && [ \"${SLURM_RESTART_COUNT:-0}\" -lt \"$requeues\" ]; then\n"
			      "\tscontrol requeue \"${SLURM_ARRAY_JOB_ID}_${SLURM_ARRAY_TASK_ID}\" && exit 75\n"
			      "fi\n"
			      "# Where Slurm requeues every 75 by itself, enough is enough.\n"
			      "[ \"$code\" -eq 75 ] && code=1\n"
			      "exit \"$code\"\n";

static const char common_sh[] =
	"\n# array GROUP ELEMENTS OPTION...: submit elements, print the job's number.\n"
	"array() {\n"
	"\tlocal group=$1 elements=$2 id\n"
	"\tlocal -a own=()\n"
	"\tshift 2\n"
	"\t[ -z \"${group_options[$group]:-}\" ] || mapfile -t own <<<\"${group_options[$group]:1}\"\n"
	"\t[ \"$at_once\" -eq 0 ] || elements+=%$at_once\n"
	"\tid=$(sbatch --parsable \"${site[@]}\" \"${task[@]}\" \"${own[@]}\" --job-name=\"$run-$group\" "
	"--output=\"$scripts/log/$group-%a.log\" --array=\"$elements\" \"$@\" \"$scripts/task.sh\" \"$scripts\" "
	"\"$group\") "
	"|| return\n"
	"\tprintf '%s\\t%s\\n' \"$group\" \"${id%%;*}\" >>\"$scripts/jobs.tsv\"\n"
	"\techo \"${id%%;*}\"\n"
	"}\n"
	"\n# gate GROUP ROUND AFTER OPTION...: submit the gate behind job AFTER, print its number.\n"
	"gate() {\n"
	"\tlocal group=$1 round=$2 after=$3 id\n"
	"\tshift 3\n"
	"\tid=$(sbatch --parsable \"${site[@]}\" \"${gate[@]}\" --job-name=\"$run-$group-gate\" "
	"--output=\"$scripts/log/$group-gate.log\" --dependency=\"afterany:$after\" \"$@\" \"$scripts/gate.sh\" "
	"\"$scripts\" "
	"\"$group\" \"$round\" </dev/null) || return\n"
	"\tprintf '%s-gate\\t%s\\n' \"$group\" \"${id%%;*}\" >>\"$scripts/jobs.tsv\"\n"
	"\techo \"${id%%;*}\"\n"
	"}\n";

static const char gate_sh[] =
	"# Counts a group's outputs when its array has ended. Run by Slurm with FOLDER GROUP ROUND.\n"
	"set -u\n"
	". \"$1/settings.sh\"\n"
	"group=$2 round=$3 code=0\n"
	"missing=$(\"$warcmill\" slurm --check \"$group\" --scripts \"$scripts\" \"$corpus\") || code=$?\n"
	"if [ \"$code\" -eq 0 ]; then\n"
	"\techo \"$group is complete\"\n"
	"\texit 0\n"
	"fi\n"
	"[ -z \"$missing\" ] || echo \"$group: missing elements $missing\"\n"
	"if [ \"$code\" -eq 75 ] && [ \"$round\" -lt \"$retries\" ]; then\n"
	"\tnext=$(awk -F '\\t' -v g=\"$group\" '$1 == g { seen = 1 } seen && $1 != g && $1 !~ /-gate$/ { id = $2; seen "
	"= 0 } "
	"END { print id }' \"$scripts/jobs.tsv\")\n"
	"\tif again=$(array \"$group\" \"$missing\") && second=$(gate \"$group\" $((round + 1)) \"$again\") &&\n"
	"\t\t{ [ -z \"$next\" ] || scontrol update JobId=\"$next\" Dependency=\"afterok:$second\"; }; then\n"
	"\t\techo \"submitted again as $again, gate $second\"\n"
	"\t\texit 0\n"
	"\tfi\n"
	"fi\n"
	"echo \"their last words are in $scripts/log/$group-*.log; go on with: $warcmill slurm --retry --scripts "
	"$scripts "
	"$corpus --submit\" >&2\n"
	"exit 1\n";

static const char submit_sh[] =
	"# Submit the run, or what is left of it from GROUP on. usage: submit.sh [GROUP [ELEMENTS]]\n"
	"set -euo pipefail\n"
	". \"$(cd \"$(dirname \"$0\")\" && pwd)/settings.sh\"\n"
	"from=${1:-} elements=${2:-} first=\n"
	"after=()\n"
	"mkdir -p \"$scripts/log\"\n"
	": >\"$scripts/jobs.tsv\"\n"
	"# All of it or nothing.\n"
	"trap 'cut -f 2 \"$scripts/jobs.tsv\" | xargs -r scancel; echo \"nothing is submitted\" >&2' ERR\n"
	"while IFS=$'\\t' read -r group of stages; do\n"
	"\t[ -z \"$from\" ] || [ \"$from\" = \"$group\" ] || continue\n"
	"\tfrom=\n"
	"\t# The first array is held until all that follows is known to its gate.\n"
	"\t[ -n \"$first\" ] || after=(--hold)\n"
	"\tid=$(array \"$group\" \"${elements:-0-$((of - 1))}\" \"${after[@]}\")\n"
	"\tfirst=${first:-$id} elements=\n"
	"\tbehind=$(gate \"$group\" 0 \"$id\" --kill-on-invalid-dep=yes)\n"
	"\techo \"$group: array $id, gate $behind ($stages)\"\n"
	"\tafter=(--dependency=\"afterok:$behind\" --kill-on-invalid-dep=yes)\n"
	"done <\"$scripts/groups.tsv\"\n"
	"[ -n \"$first\" ] || { echo \"there is no group '$1' in $scripts/groups.tsv\" >&2; exit 64; }\n"
	"scontrol release \"$first\"\n";

static const char parallel_sh[] =
	"# The same run under GNU parallel, on this machine or, with --sshloginfile FILE, on many that share the "
	"folders.\n"
	"# usage: parallel.sh [OPTION of parallel]...   Called again, it does what is missing.\n"
	"set -euo pipefail\n"
	". \"$(cd \"$(dirname \"$0\")\" && pwd)/settings.sh\"\n"
	"while IFS=$'\\t' read -r group of stages; do\n"
	"\tfor stage in $stages; do\n"
	"\t\tseq 0 $((of - 1)) | parallel --retries 3 --halt soon,fail=20% \"$@\" \\\n"
	"\t\t\t\"'$warcmill' run $stage --plan '$corpus' --shard {}/$of -j 1 --quiet\"\n"
	"\tdone\n"
	"\t\"$warcmill\" slurm --check \"$group\" --scripts \"$scripts\" \"$corpus\"\n"
	"done <\"$scripts/groups.tsv\"\n";

static enum status put(const struct slurm_settings *settings, const char *name, const char *const *pieces, size_t count,
		       struct fault *fault)
{
	char path[4096];
	struct buffer text;
	buffer_init(&text, 1 << 20);
	snprintf(path, sizeof path, "%s/%s", settings->scripts, name);
	buffer_print(&text, "#!/usr/bin/env bash\n");
	for (size_t i = 0; i < count; i++)
		buffer_append_span(&text, span_of(pieces[i]));
	enum status status = text.status == STATUS_OK ? file_write_atomic(path, buffer_span(&text), fault)
						      : fault_set(fault, STATUS_MEMORY, 0, "no memory");
	if (status == STATUS_OK && chmod(path, 0755) != 0)
		status = fault_set(fault, STATUS_IO, 0, "cannot make %.160s executable", path);
	buffer_free(&text);
	return status;
}

static enum status put_groups(const struct slurm_settings *settings, const struct slurm_groups *groups,
			      struct fault *fault)
{
	char path[4096];
	struct buffer text;
	buffer_init(&text, 1 << 20);
	snprintf(path, sizeof path, "%s/groups.tsv", settings->scripts);
	for (size_t i = 0; i < groups->count; i++)
		buffer_print(&text, "%s\t%llu\t%s\n", groups->groups[i].name, (unsigned long long)groups->groups[i].of,
			     groups->groups[i].stages);
	enum status status = file_write_atomic(path, buffer_span(&text), fault);
	buffer_free(&text);
	return status;
}

enum status slurm_scripts_write(const struct slurm_settings *settings, const struct slurm_groups *groups,
				struct fault *fault)
{
	struct buffer shared;
	enum status status = folder_make(settings->scripts, fault);
	if (status == STATUS_OK)
		status = put_groups(settings, groups, fault);
	buffer_init(&shared, 1 << 20);
	settings_sh(settings, &shared);
	buffer_append_byte(&shared, '\0');
	const struct {
		const char *name, *pieces[2];
	} files[] = {
		{"settings.sh", {shared.data, common_sh}},
		{"task.sh", {task_sh, ""}},
		{"gate.sh", {gate_sh, ""}},
		{"submit.sh", {submit_sh, ""}},
		{"parallel.sh", {parallel_sh, ""}},
	};
	if (shared.status != STATUS_OK)
		status = fault_set(fault, STATUS_MEMORY, 0, "no memory");
	for (size_t i = 0; status == STATUS_OK && i < sizeof files / sizeof *files; i++)
		status = put(settings, files[i].name, files[i].pieces, 2, fault);
	buffer_free(&shared);
	return status;
}
