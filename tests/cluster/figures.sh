#!/usr/bin/env bash
# Many small shards: files and bytes of every stage are those that docs/cluster.md computes, within 5 %.
. "$(dirname "$0")/../cli/lib.sh" "$@"
mkdir "$work/in"
for ((i = 0; i < 24; i++)); do cp "${archives[$((i % 2))]}" "$work/in/$i.warc.gz"; done
export TMPDIR=$work
expect 0 '^files of match +computed +40 ' "$source_root/scripts/cluster-figures.sh" "$program" 24 20 "$work/in"
grep -q '^[0-9]* pages, 24 shards, 20 partitions' "$work/out" || fail "the shards are not 24: $(head -n 1 "$work/out")"
finish
