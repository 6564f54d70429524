#!/usr/bin/env bash
# A corpus under other thresholds, from its texts and its stored evidence; and what build and dedup read of each other.
. "$(dirname "$0")/lib.sh" "$@"

expect 0 - "$program" build "${archives[@]}" -o "$work/corpus" --quiet --compress none
before=$(cd "$work/corpus" && find . -type f -exec sha256sum {} + | sort)
rows() { cat "$work"/corpus/"$1"/part-*.jsonl | wc -l; }
documents=$(rows documents)
copies=$(rows duplicates)

# The same thresholds: the same clusters.
expect 0 "$documents clusters, $copies copies" "$program" recluster "$work/corpus" -o "$work/same"
sed -E 's/^\{"id":"([^"]*)".*/\1/' "$work"/corpus/documents/*.jsonl | sort >"$work/kept"
cut -f2 "$work/same/clusters.tsv" | sort -u | cmp -s - "$work/kept" || fail "clusters are not named by their keepers"
[ "$(wc -l <"$work/same/clusters.tsv")" -eq $((documents + copies)) ] || fail "rows are missing"

sed -E 's/^\{"id":"([^"]*)".*/\1\t\1/' "$work"/corpus/documents/*.jsonl >"$work/stored"
sed -E 's/^\{"id":"([^"]*)".*"cluster":"([^"]*)".*/\1\t\2/' "$work"/corpus/duplicates/*.jsonl >>"$work/stored"
LC_ALL=C sort "$work/stored" | cmp -s - <(LC_ALL=C sort "$work/same/clusters.tsv") || fail "the same thresholds gave other clusters"

# Stricter: near copies stand alone, exact ones and revisits stay.
stay=$(grep -cE '"kind":"(exact|revisit)"' "$work"/corpus/duplicates/part-00000.jsonl)
expect 0 "$((documents + copies - stay)) clusters, $stay copies" "$program" recluster "$work/corpus" -o "$work/exact" --exact-only
# Looser: never more clusters.
expect 0 - "$program" recluster "$work/corpus" -o "$work/loose" --jaccard 0.05 --hamming 60 --link 0
[ "$(cut -f2 "$work/loose/clusters.tsv" | sort -u | wc -l)" -le "$documents" ] || fail "looser thresholds gave more clusters"

[ "$before" = "$(cd "$work/corpus" && find . -type f -exec sha256sum {} + | sort)" ] || fail "the corpus was written to"
expect 64 'another folder' "$program" recluster "$work/corpus" -o "$work/corpus"
expect 64 '^warcmill recluster: -o DIR is missing' "$program" recluster "$work/corpus"
expect 64 '^warcmill recluster: --jaccard does not take .7.;' "$program" recluster "$work/corpus" -o "$work/x" --jaccard 7
expect 64 '^warcmill dedup: --jobs does not take .x.;' "$program" dedup "$work/corpus" -j x
expect 0 'usage: warcmill recluster' "$program" recluster "$work/corpus" --help
expect 74 "^warcmill dedup: ${data}/expected.tsv/d: cannot make the folder: Not a directory" "$program" dedup "$data/expected.tsv" -o "$data/expected.tsv/d"
expect 64 'comes first' "$program" recluster --jaccard 0.5 "$work/corpus" -o "$work/x"
expect 64 'no output' "$program" recluster "$work" -o "$work/x"
grep -q '"command":"recluster"' "$work/same/manifest.json" || fail "the manifest does not say what made it"

# A ceiling changes nothing.
expect 0 - "$program" build "${archives[@]}" -o "$work/held" --quiet --compress none --memory 1M
same_corpus "$work/corpus" "$work/held"

# One df table, whoever made it.
cat "$work"/corpus/documents/part-*.jsonl >"$work/texts.jsonl"
expect 0 - "$program" dedup "$work/texts.jsonl" -o "$work/dedup" --quiet --df "$work/corpus/tables/df.table"
expect 0 - "$program" build "${archives[1]}" -o "$work/with" --quiet --df "$work/dedup/tables/df.table"
cmp -s "$work/dedup/tables/df.table" "$work/corpus/tables/df.table" || fail "the df table changed on its way"

# Against the other's output: everything is in it already.
expect 0 '^0 documents kept' "$program" dedup "$work/fresh.jsonl" -o "$work/against-corpus" --against "$work/corpus" < <(
	sed -E 's/^\{"id":"/{"id":"new-/' "$work/texts.jsonl" >"$work/fresh.jsonl"
)
grep -q "$(head -1 "$work/kept" | sed 's/[.]/[.]/g')" "$work/against-corpus/clusters.tsv" || fail "old ids are not kept"
cp "${archives[0]}" "$work/again.warc.gz"
expect 0 - "$program" build "$work/again.warc.gz" -o "$work/against-dedup" --quiet --compress none --against "$work/dedup"
[ ! -s "$work/against-dedup/documents/part-00000.jsonl" ] || fail "documents that the older output has were kept"

finish
