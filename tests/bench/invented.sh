#!/usr/bin/env bash
# Score the invented sets and compare with what the reference scorers gave for them (expected.txt). usage: invented.sh
# WARCMILL_BENCH FOLDER [--update]
set -euo pipefail
bench=$1
folder=$2
found=$(mktemp)
trap 'rm -f "$found"' EXIT
cd "$folder"
{
	"$bench" extraction . found.jsonl --rouge
	"$bench" extraction . found.json
	"$bench" extraction public results.json
	"$bench" dedup duplicates.jsonl clusters.tsv --edges edges.tsv
	"$bench" dedup pairs.jsonl clusters.tsv
	"$bench" dedup pairs.jsonl --edges edges.tsv
} >"$found"
if [ "${3:-}" = --update ]; then
	cp "$found" expected.txt
	exit
fi
diff -u expected.txt "$found"
echo "equal"
