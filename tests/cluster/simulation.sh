#!/usr/bin/env bash
# Invented pages in small shards, at two sizes: every stage leaves what formulas and the smaller size foretell, within 5 %.
. "$(dirname "$0")/../cli/lib.sh" "$@"
command -v python3 >/dev/null || {
	echo "no python3" >&2
	exit 77
}
export TMPDIR=$work
expect 0 '^cluster +documents +1,200 +1,200' "$source_root/scripts/cluster_simulation.py" "$program" --shards 10,20 --partitions 10,16 --pages 100 --part-bytes 60K
finish
