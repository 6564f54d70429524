#!/usr/bin/env bash
# What a run in stages costs: for each stage its files, bytes and processor seconds, of all and of one page; then the bytes and
# files that docs/cluster.md computes for so many pages, shards and partitions. Ends with 1 when one is off by more than 5 %.
# usage: scripts/cluster-figures.sh PROGRAM SHARDS PARTITIONS ARCHIVE...
set -euo pipefail
program=$(realpath "$1") shards=$2 partitions=$3
shift 3
D=$(mktemp -d "${TMPDIR:-/tmp}/warcmill-figures-XXXXXX")
trap 'rm -rf "$D"' EXIT
"$program" run plan "$@" --shards "$shards" --partitions "$partitions" -o "$D/corpus" >/dev/null
work=$D/corpus/.work
TIMEFORMAT='%U %S'
bytes() { find "$work" "$D/corpus/documents" "$D/corpus/duplicates" "$D/corpus/rejected" -type f -regextype posix-extended -regex ".*/($1)" -printf '%s\n' |
	awk '{ n++; s += $1 } END { printf "%d %d\n", n, s }'; }
declare -A files=([extract]='(spool|extract)-[0-9]+' [digests]='digests-[0-9]+' [hosts]=hosts [df]='df(\.table)?' [sign]='(sign|signatures|infos|urls|exact)-[0-9]+'
	[keys]='keys-[0-9]+(\.run)?' [match]='match-[0-9]+(\.pairs)?' [cluster]=fates [emit]='(part-.*|emit-[0-9]+)')
stages='extract digests hosts df sign keys match cluster emit'
for stage in $stages; do
	{ time "$program" run "$stage" --plan "$D/corpus" -j 1 --quiet >/dev/null 2>"$D/error" || { cat "$D/error" && exit 1; }; } 2>"$D/time"
	echo "$stage $(bytes "${files[$stage]}") $(tail -n 1 "$D/time")" >>"$D/table"
done
read -r _ signature_bytes <<<"$(bytes 'signatures-[0-9]+')"
read -r run_files run_bytes <<<"$(bytes 'keys-[0-9]+\.run')"
read -r _ exact_bytes <<<"$(bytes 'exact-[0-9]+')"
read -r _ info_bytes <<<"$(bytes 'infos-[0-9]+')"
cut=$(find "$work" -name 'spool-*' | wc -l) pages=$(((signature_bytes - 88 * $(find "$work" -name 'spool-*' | wc -l)) / 416))
echo "$pages pages, $cut shards, $partitions partitions"
awk -v pages="$pages" 'BEGIN { printf "%-8s %6s %12s %12s %10s %12s\n", "stage", "files", "bytes", "bytes/page", "cpu s", "cpu ms/page" }
	{ printf "%-8s %6d %12d %12.1f %10.2f %12.3f\n", $1, $2, $3, $3 / pages, $4 + $5, 1000 * ($4 + $5) / pages }' "$D/table"
# 416 bytes of signature, 104 of info, 16 of exact hash and at most 160 of keys a page; 88 bytes before each stage file, 2,584 before a run's keys.
# Equal texts are searched for once, so that keys are of distinct texts.
awk -v pages="$pages" -v shards="$cut" -v partitions="$partitions" -v signature="$signature_bytes" -v info="$info_bytes" -v exact="$exact_bytes" -v runs="$run_bytes" \
	-v run_files="$run_files" -v table="$D/table" 'function line(name, computed, is,   off) {
		off = computed ? 100 * (is - computed) / computed : 0
		printf "%-24s computed %12d  is %12d  %+.2f %%\n", name, computed, is, off
		if (off > 5 || off < -5) bad = 1
	}
	BEGIN {
		while ((getline < table) > 0) count[$1] = $2
		line("bytes of signatures", 416 * pages + 88 * shards, signature)
		line("bytes of exact hashes", 16 * pages + 88 * shards, exact)
		line("bytes of infos", 104 * pages + 88 * shards, info)
		distinct = (runs - 2584 * shards) / 160
		printf "%-24s %d of %d pages\n", "keys are of", distinct, pages
		if (distinct > pages) bad = 1
		line("files of extract", 2 * shards, count["extract"])
		line("files of sign", 5 * shards, count["sign"])
		line("files of keys", 2 * shards, count["keys"])
		line("run files", shards, run_files)
		line("files of match", 2 * partitions, count["match"])
		exit bad
	}'
