#!/usr/bin/env bash
# Killed, out of disk, out of memory, broken reads and short writes at chosen moments of a run: called again, the run ends with
# the bytes of an undisturbed one. FAULT_POINTS sets how many moments of each kind are tried (default 50 kills, 8 of others).
# usage: faults.sh PROGRAM SOURCE SHIM MEMORY_SHIM
. "$(dirname "$0")/../cli/lib.sh" "$1" "$2"
shim=$3
memory_shim=$4
points=${FAULT_POINTS:-50}

options=("${archives[@]}" --segment-bytes 16K -j 2 --quiet)
expect 0 - env FAULT_COUNT="$work/calls" LD_PRELOAD="$shim" "$program" build "${options[@]}" -o "$work/whole"
calls=$(cat "$work/calls")
[ "$calls" -gt 60 ] || fail "only $calls calls were seen"

again() { # WHAT: the run goes on and gives the same bytes, and leaves nothing behind
	expect 0 - "$program" build "${options[@]}" -o "$work/run"
	same_corpus "$work/whole" "$work/run"
	[ -e "$work/run/.work" ] && fail "$1: the working folder is left"
	[ -z "$(find "$work/run" -name '*.tmp-*')" ] || fail "$1: temporary files are left"
	return 0
}

killed() { # AT ARGUMENTS...: a run that dies at that call; the shell keeps quiet about it
	local at=$1
	shift
	{ FAULT_KIND=kill FAULT_AT=$at LD_PRELOAD=$shim "$program" build "$@" -o "$work/run" || true; } >/dev/null 2>&1
}

# Evenly spread, so every stage is met whatever the number.
for ((i = 0; i < points; i++)); do
	at=$((1 + i * calls / points))
	rm -rf "$work/run"
	killed "$at" "${options[@]}"
	again "killed at call $at"
done

# A full disk, an error, a short write. The first two end in one sentence and 74.
others=$(((points + 5) / 6))
for kind in full eio short; do
	for ((i = 0; i < others; i++)); do
		at=$((2 + i * (calls - 2) / others))
		rm -rf "$work/run"
		code=0
		FAULT_KIND=$kind FAULT_AT=$at LD_PRELOAD=$shim "$program" build "${options[@]}" -o "$work/run" >"$work/out" 2>&1 ||
			code=$?
		[ "$code" -eq 0 ] || [ "$code" -eq 74 ] || fail "$kind at call $at: exit $code"
		# The last calls only remove the working folder: by then the corpus is whole.
		[ "$kind" != full ] || [ "$code" -eq 74 ] || same_corpus "$work/whole" "$work/run"
		[ "$code" -eq 0 ] || grep -qE 'No space left|Input/output error' "$work/out" || fail "$kind at call $at: $(cat "$work/out")"
		[ "$code" -eq 0 ] || [ ! -e "$work/run/SHA256SUMS" ] || fail "$kind at call $at: called complete"
		again "$kind at call $at"
	done
done

# No memory from the nth allocation on, or once: a sentence, never a crash.
expect 0 - env FAULT_KIND=nomem FAULT_COUNT="$work/calls" LD_PRELOAD="$memory_shim" "$program" build "${options[@]}" -o "$work/m"
allocations=$(cat "$work/calls")
for ((i = 0; i < 4 * others; i++)); do
	at=$((200 + i * (allocations - 200) / (4 * others)))
	rm -rf "$work/run"
	code=0
	(
		[ $((i % 2)) -eq 0 ] || export FAULT_ONCE=1
		FAULT_KIND=nomem FAULT_AT=$at LD_PRELOAD=$memory_shim exec "$program" build "${options[@]}" -o "$work/run"
	) >"$work/out" 2>&1 || code=$?
	case $code in
	0) same_corpus "$work/whole" "$work/run" ;;
	65 | 74) ;;
	1) grep -q '^libgomp: Out of memory' "$work/out" || fail "no memory at allocation $at: exit 1" ;; # the runtime's own end
	*) fail "no memory at allocation $at: exit $code: $(head -c 300 "$work/out")" ;;
	esac
done

# An input that vanishes or changes between two calls is noticed.
cp "${archives[@]}" "$work"
mine=("$work/example-1.warc.gz" "$work/example-2.warc.gz" --segment-bytes 16K -j 2 --quiet)
start() {
	rm -rf "$work/run"
	killed $((calls / 3)) "${mine[@]}"
}
start
printf 'more' >>"$work/example-2.warc.gz"
expect 64 'example-2.warc.gz has changed' "$program" build "${mine[@]}" -o "$work/run"
expect 64 'started without --min-words' "$program" build "${mine[@]}" -o "$work/run" --min-words 5
rm "$work/example-2.warc.gz"
expect 64 'example-2.warc.gz is missing' "$program" build "$work/example-1.warc.gz" --segment-bytes 16K -o "$work/run"

# A second process is refused while one works: the lock is held here.
cp "${archives[1]}" "$work"
start
exec 9>"$work/run/.work/lock"
flock 9
expect 75 'another process' "$program" build "${mine[@]}" -o "$work/run" --force
exec 9>&-

finish
