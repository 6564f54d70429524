#!/usr/bin/env bash
# The scripts of `warcmill slurm` under a Slurm that is none: what is submitted, in which order and with which options; gates,
# retries and their end; --status and --retry.
. "$(dirname "$0")/../cli/lib.sh" "$@"
here=$(dirname "$0")
command -v python3 >/dev/null || {
	echo "skipped: python3 is not installed"
	exit 77
}
mkdir "$work/bin"
for tool in sbatch scontrol scancel squeue; do ln -s "$(realpath "$here/fake_slurm.py")" "$work/bin/$tool"; done
export PATH=$work/bin:$PATH
fresh() { # a Slurm without jobs
	export FAKE_SLURM=$work/slurm-$1
	mkdir -p "$FAKE_SLURM"
}
slurm() { "$here/fake_slurm.py" "$@"; }
jobs_are() { # REGEX: of what was submitted, lines as `jobs` gives them
	slurm jobs >"$work/jobs"
	grep -qP -- "$1" "$work/jobs" || fail "no job like '$1': $(head -n 3 "$work/jobs")"
}

mkdir "$work/in"
for i in 1 2; do
	cp "${archives[0]}" "$work/in/a$i.warc.gz"
	cp "${archives[1]}" "$work/in/b$i.warc.gz"
done
options=("$work/in" --max-part-bytes 50K)
expect 0 - "$program" build "${options[@]}" -o "$work/whole" -j 2 --quiet

# ---- What is submitted. The folder's name has all that a shell could stumble over.
fresh options
odd="$work/it's a \$corpus"
expect 0 'Nothing is submitted yet' "$program" slurm "${options[@]}" --shards 4 --partitions 5 -o "$odd" --account 'my lab' \
	--partition long --qos low --time 4:00:00 --mem 8G --cpus 2 --at-once 3 --sbatch --constraint=fast \
	--sbatch 'extract:--comment=two words' --sbatch extract:--exclude=n7
[ -z "$(slurm jobs)" ] || fail "jobs are submitted without --submit"
expect 0 'extract: array 100, gate 101' "$odd.slurm/submit.sh"
[ "$(slurm jobs | wc -l)" = 16 ] || fail "there are not eight arrays, each with a gate: $(slurm jobs)"
jobs_are 'extract\t.*--partition=long\t--account=my lab\t--qos=low\t--ntasks=1\t--cpus-per-task=2\t--time=4:00:00\t--mem=8G\t--constraint=fast\t--comment=two words\t--exclude=n7\t'
jobs_are 'extract\t.*\t--array=0-3%3\t--hold\t'
jobs_are 'tables\t.*--constraint=fast\t--job-name=.*--array=0-0%3\t.*afterok:101$'
jobs_are 'extract-gate\t.*\tafterany:100$'
[ "$(slurm jobs | cut -f 1,2- | grep -c 'kill-on-invalid-dep=yes')" = 15 ] || fail "who waits for what cannot come is not killed"
expect 0 '^extract +4 +0 +0 +4 +4' "$program" slurm --status "$odd"
slurm run
same_corpus "$work/whole" "$odd"
expect 0 'is complete$' "$program" slurm --status "$odd"
expect 0 'is complete; nothing to do' "$program" slurm --retry "$odd" --submit

# ---- Arrays stay within the cluster's limit; an element then does several pieces.
fresh limit
FAKE_MAX_ARRAY=4 expect 0 'extract +3 elements for 4 shards \(up to 2 each\)' "$program" slurm "${options[@]}" --shards 4 \
	--partitions 7 -o "$work/limit" --submit
jobs_are 'match\t.*--array=0-2\t'
slurm run
same_corpus "$work/whole" "$work/limit"

# ---- Reads of a partition stay long, or one line says that they will not be. The large archive is mostly a hole: none reads it.
gzip -dc "${archives[0]}" >"$work/large.warc"
truncate -s 10G "$work/large.warc"
expect 0 '^  match +64 elements' "$program" slurm "$work/large.warc" --shards 1 -o "$work/large" --array-max 1000
expect 0 '^  match +1 element$' "$program" slurm "$work/in" --shards 4 -o "$work/small"
expect 0 '^note: with 300 partitions of 1 shards .* about 223 KiB at a time; .* --partitions 262 at most$' \
	"$program" run plan "$work/large.warc" --shards 1 --partitions 300 -o "$work/short"
expect 0 '^note: with 5 partitions' "$program" slurm "$work/in" --shards 4 --partitions 5 -o "$work/five"
expect 0 - "$program" run plan "$work/large.warc" --shards 1 --partitions 262 -o "$work/long"
[ ! -s "$work/out" ] || fail "reads that are long enough are called short: $(cat "$work/out")"
rm "$work/large.warc"

# ---- Elements that end badly. A program that fails as often as a file says.
cat >"$work/faulty" <<END
#!/usr/bin/env bash
faults=$work/faults program=$program
END
cat >>"$work/faulty" <<'END'
shard=0
for ((i = 1; i <= $#; i++)); do [ "${!i}" != --shard ] || { n=$((i + 1)) && shard=${!n%%/*}; }; done
fault=$faults/$2-$shard
if [ "$1" = run ] && read -r action times 2>/dev/null <"$fault"; then
	if [ "$times" -gt 1 ]; then echo "$action $((times - 1))" >"$fault"; else rm "$fault"; fi
	case $action in
	kill) kill -9 $PPID $$ ;;
	*) exit "$action" ;;
	esac
fi
exec "$program" "$@"
END
chmod +x "$work/faulty"
mkdir "$work/faults"
faulty() { # NAME OPTION...
	fresh "$1"
	expect 0 - "$program" slurm "${options[@]}" --shards 4 --partitions 5 -o "$work/$1" --program "$work/faulty" --submit "${@:2}"
}
gate() { cat "$work/$1.slurm/log/$2-gate.log"; }

echo kill 1 >"$work/faults/extract-1"
echo kill 2 >"$work/faults/extract-3"
echo 74 1 >"$work/faults/emit-0"
faulty again
slurm run
same_corpus "$work/whole" "$work/again"
gate again extract >"$work/gate"
grep -q 'missing elements 1,3$' "$work/gate" && grep -q 'missing elements 3$' "$work/gate" && grep -q 'extract is complete' "$work/gate" ||
	fail "the gate of extract: $(cat "$work/gate")"

# An element that asks to come again does so by its own number, and not for ever.
echo 75 3 >"$work/faults/match-1"
faulty later
slurm run
same_corpus "$work/whole" "$work/later"
gate later match | grep -q 'submitted again' && fail "an element that exits 75 was not requeued by itself"
echo 75 1000 >"$work/faults/sign-0"
faulty never --retries 0
slurm run
[ "$(cat "$work/faults/sign-0")" = "75 991" ] || fail "nine turns are asked for, not $(cat "$work/faults/sign-0")"
rm "$work/faults/sign-0"

# When retries are over, the run stops, what follows is cancelled, and the last word says how to go on.
echo kill 1000 >"$work/faults/keys-2"
faulty stops --retries 1
slurm run
rm "$work/faults/keys-2"
[ ! -e "$work/stops/SHA256SUMS" ] || fail "a run without a shard's keys ends as complete"
gate stops keys | grep -q "go on with: .* slurm --retry .*$work/stops --submit" || fail "no word on how to go on: $(gate stops keys)"
expect 0 '^keys +4 +3 +0 +0 +1' "$program" slurm --status "$work/stops"
expect 0 "Nothing is submitted yet: .*submit.sh keys 2" "$program" slurm --retry "$work/stops"
[ -z "$(squeue)" ] || fail "jobs that can never start are left: $(squeue)"
fresh retry
expect 0 'missing of keys: elements 2 of 4' "$program" slurm --retry "$work/stops" --submit
jobs_are 'keys\t.*--array=2\t--hold\t'
[ "$(slurm jobs | wc -l)" = 10 ] || fail "a retry submits what is missing and what follows: $(slurm jobs)"
slurm run
same_corpus "$work/whole" "$work/stops"

# What was complete and has been lost is named by the gate that meets it, and no later element is asked for again.
faulty lost
until grep -q 'match is complete' "$work/lost.slurm/log/match-gate.log" 2>/dev/null; do slurm step || break; done
rm -f "$work/lost/.work/match-00003.pairs"
slurm run
[ ! -e "$work/lost/SHA256SUMS" ] || fail "a lost partition was not noticed"
gate lost cluster | grep -q 'match, which comes before, is missing elements 3 of 5' || fail "what is lost is not named: $(gate lost cluster)"
gate lost cluster | grep -q 'submitted again' && fail "the gate submits again what cannot help"
fresh found
expect 0 'missing of match: elements 3 of 5' "$program" slurm --retry "$work/lost" --submit
slurm run
same_corpus "$work/whole" "$work/lost"

# ---- Submitting is all or nothing.
fresh refused
export FAKE_FAILS_AT=5
expect 74 'nothing is submitted' "$program" slurm "${options[@]}" --shards 4 -o "$work/refused" --submit
unset FAKE_FAILS_AT
[ -z "$(squeue)" ] || fail "half a run is submitted: $(squeue)"

# ---- Words.
expect 64 'no INPUT' "$program" slurm -o "$work/x"
expect 64 '-o DIR is missing' "$program" slurm "$work/in"
expect 64 'holds no plan' "$program" slurm --status "$work/in"
expect 64 'there is no folder' "$program" slurm --status "$work/nowhere"
expect 64 'one CORPUS is needed' "$program" slurm --retry
expect 64 'started with --max-part-bytes' "$program" slurm "$work/in" --shards 4 -o "$work/refused"
mv "$work/refused.slurm" "$work/elsewhere"
expect 64 'no scripts are in' "$program" slurm --retry "$work/refused"
expect 0 'missing of extract: elements 0-3 of 4' "$program" slurm --retry "$work/refused" --scripts "$work/elsewhere"

finish
