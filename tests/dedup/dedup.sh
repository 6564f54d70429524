#!/bin/bash
# warcmill dedup: forms of input, order, malformed lines, ids used twice, an older output, passages, other thresholds.
. "$(dirname "$0")/../cli/lib.sh"

# story SEED WORDS: invented words, the same everywhere.
story() {
	awk -v seed="$1" -v words="$2" 'BEGIN { s = seed * 7919 + 17; for (i = 0; i < words; i++) {
		s = (s * 1103515 + 12345) % 2147483648; printf "%s%d%s", i ? " " : "", int(s / 256) % 5000, i % 9 == 8 ? "." : "w" } }'
}
cd "$work"
for i in $(seq 1 20); do
	text=$(story "$i" 200)
	echo "{\"id\": \"s$i\", \"text\": \"$text\", \"url\": \"http://a.test/$i\", \"tags\": [1, {\"x\": null}], \"n\": 1.50}"
	echo "{\"id\": \"s$i-exact\", \"text\": \"$text!\", \"url\": \"http://b.test/$i\"}"
	echo "{\"text\": \"Breaking: $text\", \"id\": \"s$i-near\", \"metadata\": {\"url\": \"http://c.test/$i\", \"canonical_url\": \"http://a.test/$i\"}}"
done >in.jsonl

expect 0 '20 documents kept, 40 collapsed \(20 exact, 20 near\)' "$program" dedup in.jsonl -o plain --compress none
[ "$(wc -l <plain/documents/part-00000.jsonl)" -eq 20 ] || fail "not 20 documents"
[ "$(wc -l <plain/duplicates/part-00000.jsonl)" -eq 40 ] || fail "not 40 duplicates"
[ "$(cut -f2 plain/clusters.tsv | sort -u | wc -l)" -eq 20 ] || fail "not 20 clusters"
grep -qE '^s7-near	s7$' plain/clusters.tsv || fail "the canonical address does not choose the keeper"
grep -q '"tags": \[1, {"x": null}\], "n": 1.50,"dedup":{"simhash":"[0-9a-f]\{32\}","cluster":{"id":"s7","size":3' \
	plain/documents/part-00000.jsonl || fail "other fields do not pass through"
grep -q '"duplicate_of":"s7","cluster":"s7","kind":"exact"' plain/duplicates/part-00000.jsonl || fail "no exact copy of s7"

# Compressed input, standard input, another order, other threads, little memory: the same clusters and tables.
gzip -c in.jsonl >in.gz
zstd -q -c in.jsonl >in.zst 2>/dev/null || cp in.gz in.zst
expect 0 - "$program" dedup in.gz -o gz -j1
expect 0 - "$program" dedup in.zst -o zst -j3 --memory 1M
tac in.jsonl >reversed
expect 0 - "$program" dedup - -o reversed.out <reversed
for other in gz zst reversed.out; do
	cmp -s plain/clusters.tsv $other/clusters.tsv || fail "clusters of $other differ"
	cmp -s plain/tables/signatures.bin $other/tables/signatures.bin || fail "signatures of $other differ"
	cmp -s plain/tables/df.table $other/tables/df.table || fail "df table of $other differs"
done
head -30 in.jsonl >a.jsonl
tail -n +31 in.jsonl >b.jsonl
expect 0 - "$program" dedup a.jsonl b.jsonl -o ab
expect 0 - "$program" dedup b.jsonl a.jsonl -o ba
cmp -s ab/documents/part-00000.jsonl.zst ba/documents/part-00000.jsonl.zst || fail "the order of inputs matters"

# Nothing is overwritten without --force.
expect 64 'force' "$program" dedup in.jsonl -o plain
expect 0 - "$program" dedup in.jsonl -o plain --force --compress none

# Malformed lines are named and not fatal; ids used twice are.
printf '%s\n' '{"id":"a","text":"some words here"}' 'not json' '{"id":"b"}' '' '[1]' '{"id":7,"text":"a number for an id"}' >bad.jsonl
printf '{"id":"c","text":"\xff\xfe"}\n{"id":"d","text":"cut' >>bad.jsonl
expect 0 'bad.jsonl:2: ' "$program" dedup bad.jsonl -o bad
for line in 3 5 7 8; do
	grep -q "bad.jsonl:$line: " out || fail "line $line is not reported"
done
grep -q '2 documents kept' out || fail "good lines among bad ones are lost"
expect 65 - "$program" dedup bad.jsonl -o bad2 --strict
printf 'no json %s\n' {1..50} >junk.jsonl
expect 65 'junk.jsonl: 30 more malformed lines' "$program" dedup junk.jsonl -o junk
expect 0 'standard input:2: ' "$program" dedup - -o bad3 <bad.jsonl
echo '{"id":"s3","text":"again"}' >twice.jsonl
expect 65 "'s3' is used twice: in.jsonl:7 and twice.jsonl:1" "$program" dedup in.jsonl twice.jsonl -o twice
expect 64 'nothere' "$program" dedup nothere.jsonl -o none
expect 64 '^warcmill dedup: nothere.jsonl: cannot open: No such file' "$program" dedup in.jsonl nothere.jsonl -o none
for option in --df --against; do
	expect 64 '^warcmill dedup: nothere.*: cannot open: No such file' "$program" dedup in.jsonl -o none "$option" nothere
done
[ ! -e none ] || fail "a run without one of its inputs left a folder"
head -c 300 in.gz >cut.gz
expect 65 'cut short' "$program" dedup cut.gz -o cut
: >empty.jsonl
expect 0 '0 documents kept' "$program" dedup empty.jsonl -o empty

# An older output: its clusters keep their ids, its files are not touched.
(cd ab && find . -type f -exec sha256sum {} + | sort) >before
for i in 5 6 90; do
	echo "{\"id\": \"new$i\", \"text\": \"$(story "$i" 200) And one more thing.\"}"
done >new.jsonl
expect 0 '1 documents kept, 2 collapsed' "$program" dedup new.jsonl -o incremental --against ab --compress none
printf 'new5\ts5\nnew6\ts6\nnew90\tnew90\n' | cmp -s - incremental/clusters.tsv || fail "old cluster ids do not stay"
(cd ab && find . -type f -exec sha256sum {} + | sort) | cmp -s before - || fail "the older output was written to"
expect 65 "'s1' .* used in the older" "$program" dedup in.jsonl -o clash --against ab

# Repeated paragraphs.
for i in $(seq 1 6); do
	echo "{\"id\":\"p$i\",\"url\":\"http://a.test/$i\",\"text\":\"Buy our paper today.\\n\\n$(story $((i + 50)) 60)\\n\\nBuy our paper today.\"}"
done >passages.jsonl
expect 0 - "$program" dedup passages.jsonl -o listed --passages
grep -q '"host":"a.test","documents":6,"text":"Buy our paper today."' listed/passages.jsonl || fail "the paragraph is not listed"
expect 0 - "$program" dedup passages.jsonl -o dropped --drop-passages 5 --compress none
grep -q 'Buy our' dropped/documents/part-00000.jsonl && fail "the paragraph is still there"
grep -q '"passages_dropped":2' dropped/documents/part-00000.jsonl || fail "dropping is not recorded"

# The classic fingerprint, exact copies only, options that make no sense.
expect 0 - "$program" dedup in.jsonl -o classic --fingerprint simhash64 --compress none
grep -qE '"simhash":"[0-9a-f]{16}"' classic/documents/part-00000.jsonl || fail "no 64-bit fingerprint"
expect 0 '40 documents kept, 20 collapsed \(20 exact, 0 near\)' "$program" dedup in.jsonl -o exact --exact-only
expect 64 - "$program" dedup in.jsonl -o x --jaccard 1.5
expect 64 - "$program" dedup in.jsonl
expect 64 - "$program" dedup in.jsonl -o x --nonsense
expect 0 'usage' "$program" dedup --help

# Other thresholds, from what is stored.
if "$program" recluster --help >/dev/null 2>&1; then
	expect 0 '40 documents kept, 20 collapsed' "$program" recluster ab -o strict --exact-only
	expect 0 '20 documents kept, 40 collapsed' "$program" recluster strict -o again
	cmp -s ab/clusters.tsv again/clusters.tsv || fail "recluster with the defaults is not the first result"
	cmp -s <(zstd -dcq ab/documents/*.zst | sort) <(zstd -dcq again/documents/*.zst | sort) || fail "recluster does not restore the rows"
fi

# A name that is no text does not make the manifest one that is no JSON.
cp in.jsonl $'caf\xe9.jsonl'
expect 0 '20 documents kept' "$program" dedup $'caf\xe9.jsonl' -o latin
grep -q '"inputs":\["caf%E9.jsonl"\]' latin/manifest.json || fail "the name of the input in the manifest"
finish
