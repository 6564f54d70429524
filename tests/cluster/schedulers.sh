#!/usr/bin/env bash
# Array schedulers other than Slurm: their index variables with and without --of, the scripts for GNU parallel, the line for Spark's
# pipe. All end with the bytes of one process.
. "$(dirname "$0")/../cli/lib.sh" "$@"
for variable in SLURM_ARRAY_TASK_ID SGE_TASK_ID PBS_ARRAY_INDEX PBS_ARRAYID AWS_BATCH_JOB_ARRAY_INDEX JOB_COMPLETION_INDEX LSB_JOBINDEX; do
	unset $variable
done
mkdir "$work/in"
for i in 1 2; do
	cp "${archives[0]}" "$work/in/a$i.warc.gz"
	cp "${archives[1]}" "$work/in/b$i.warc.gz"
done
options=("$work/in" --max-part-bytes 50K)
expect 0 - "$program" build "${options[@]}" -o "$work/whole" -j 2 --quiet
plan() { expect 0 - "$program" run plan "${options[@]}" -o "$1" --shards 4 --partitions 3; }
missing() { # FOLDER REGEX: of the stage extract
	expect 0 "^extract *	$2" "$program" run status --plan "$1"
}

# The nth index of each scheduler does one unit: from 0 or from 1, N from the plan.
for row in SLURM_ARRAY_TASK_ID:0 SGE_TASK_ID:1 PBS_ARRAY_INDEX:0 PBS_ARRAYID:0 AWS_BATCH_JOB_ARRAY_INDEX:0 JOB_COMPLETION_INDEX:0 \
	LSB_JOBINDEX:1; do
	variable=${row%:*} first=${row#*:}
	rm -rf "$work/one"
	plan "$work/one"
	expect 0 - env "$variable=$((first + 2))" "$program" run extract --plan "$work/one"
	missing "$work/one" '1	4	missing 0-1,3$'
	expect 0 - env "$variable=$((first + 1))" "$program" run extract --plan "$work/one" --of 2
done
# Indexes beyond the units have nothing to do; with --of they are refused; outside arrays there is no index.
expect 0 - env SGE_TASK_ID=9 "$program" run extract --plan "$work/one"
expect 64 'from 0 to N-1' env SGE_TASK_ID=9 "$program" run extract --plan "$work/one" --of 4
expect 64 "needs an array scheduler's index" env SGE_TASK_ID=undefined "$program" run extract --plan "$work/one" --of 4
expect 64 'not what the option takes' "$program" run extract --plan "$work/one" --shard 0/0
expect 0 - env SGE_TASK_ID=undefined LSB_JOBINDEX=0 "$program" run extract --plan "$work/one"
missing "$work/one" '4	4$'

# A whole run by an array scheduler that numbers from 1; --shard goes before the variable.
plan "$work/sge"
for stage in extract digests hosts df against sign keys match cluster emit finish; do
	for i in 4 3 2 1; do
		expect 0 - env SGE_TASK_ID=$i "$program" run $stage --plan "$work/sge" -j 1
	done
	[ $stage != emit ] || expect 0 - env SGE_TASK_ID=3 "$program" run emit --plan "$work/sge" --shard 0/1
done
same_corpus "$work/whole" "$work/sge"

# Spark's pipe gives a partition's lines to a command's standard input.
plan "$work/spark"
for stage in extract digests hosts df sign keys match cluster emit finish; do
	for i in 0 1 2 3; do
		echo $i | sh -c "while read -r i; do '$program' run $stage --plan '$work/spark' --shard \$i/4 -j 1 || exit; done" ||
			fail "pipe: $stage of $i"
	done
done
same_corpus "$work/whole" "$work/spark"

if command -v parallel >/dev/null && parallel --version 2>/dev/null | grep -q GNU; then
	expect 0 - "$program" slurm "${options[@]}" --shards 4 --partitions 3 -o "$work/parallel"
	expect 0 - "$work/parallel.slurm/parallel.sh" -j 2
	same_corpus "$work/whole" "$work/parallel"
else
	echo "not tested: GNU parallel is not installed"
fi
finish
