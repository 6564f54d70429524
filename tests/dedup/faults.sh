#!/usr/bin/env bash
# warcmill dedup and recluster without memory, or with a broken disk, at chosen moments: a sentence and an exit code, or the bytes
# of an undisturbed run; never a crash, and never a folder that looks finished and is not. FAULT_POINTS sets how many moments.
# usage: faults.sh PROGRAM SOURCE SHIM MEMORY_SHIM
. "$(dirname "$0")/../cli/lib.sh" "$1" "$2"
shim=$3
memory_shim=$4
points=${FAULT_POINTS:-5}

# story SEED WORDS: invented words, the same everywhere.
story() {
	awk -v seed="$1" -v words="$2" 'BEGIN { s = seed * 7919 + 17; for (i = 0; i < words; i++) {
		s = (s * 1103515 + 12345) % 2147483648; printf "%s%d%s", i ? " " : "", int(s / 256) % 5000, i % 9 == 8 ? "." : "w" } }'
}
cd "$work"
for i in $(seq 1 12); do
	text=$(story "$i" 200)
	echo "{\"id\":\"s$i\",\"text\":\"$text\\n\\nBuy our paper.\",\"url\":\"http://a.test/$i\"}"
	echo "{\"id\":\"s$i-exact\",\"text\":\"$text!\\n\\nBuy our paper.\",\"url\":\"http://a.test/$i-b\"}"
	echo "{\"text\":\"Breaking: $text\",\"id\":\"s$i-near\",\"metadata\":{\"url\":\"http://c.test/$i\"}}"
done >in.jsonl
echo 'no line' >>in.jsonl
sed 's/"id":"s/"id":"new-s/' in.jsonl >new.jsonl
expect 0 - "$program" dedup in.jsonl -o old -j1 --quiet
expect 0 - "$program" build "${archives[@]}" -o corpus --quiet

sums() { (cd "$1" && find . -type f -exec sha256sum {} + | LC_ALL=C sort); }

# try KIND NAME ARGUMENTS...: the command at so many moments of that kind
try() {
	local kind=$1 name=$2 library=$shim calls at code
	shift 2
	local moments=$points
	if [ "$kind" = nomem ]; then
		library=$memory_shim
		moments=$((3 * points))
	fi
	rm -rf whole
	expect 0 - env FAULT_KIND="$kind" FAULT_COUNT="$work/calls" LD_PRELOAD="$library" "$program" "$@" -o whole
	sums whole >whole.sums
	calls=$(cat calls)
	[ "$calls" -gt 8 ] || fail "$name: only $calls calls were seen"
	for ((i = 0; i < moments; i++)); do
		at=$((1 + i * (calls - 1) / moments))
		rm -rf run
		code=0
		(
			[ $((i % 2)) -eq 0 ] || export FAULT_ONCE=1
			FAULT_KIND=$kind FAULT_AT=$at LD_PRELOAD=$library exec "$program" "$@" -o run
		) >out 2>&1 || code=$?
		case $code in
		0) sums run | cmp -s - whole.sums || fail "$name: $kind at call $at of $calls: exit 0 and other bytes" ;;
		65 | 74)
			grep -qE '^warcmill (dedup|recluster): ' out || fail "$name: $kind at call $at: no sentence: $(head -c 300 out)"
			[ ! -e run/manifest.json ] || fail "$name: $kind at call $at: looks finished"
			;;
		1) grep -q '^libgomp: Out of memory' out || fail "$name: $kind at call $at: exit 1" ;; # the runtime's own end
		*) fail "$name: $kind at call $at of $calls: exit $code: $(head -c 300 out)" ;;
		esac
	done
}

for kind in nomem full eio short; do
	try $kind dedup dedup in.jsonl -j2 --quiet --passages --drop-passages 5
	try $kind held dedup in.jsonl -j2 --quiet --memory 1M
	try $kind against dedup new.jsonl -j2 --quiet --against old
	try $kind recluster recluster old -j2 --quiet --jaccard 0.5
	try $kind corpus recluster corpus -j2 --quiet --jaccard 0.5
done
finish
