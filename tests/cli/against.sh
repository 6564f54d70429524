#!/usr/bin/env bash
# Against an older corpus: what it has is collapsed into it, with its ids; its own documents are not written again.
. "$(dirname "$0")/lib.sh" "$@"

expect 0 - "$program" build "${archives[0]}" -o "$work/old" --quiet
expect 0 - "$program" build "${archives[1]}" -o "$work/new" --quiet --compress none --against "$work/old"
expect 0 ' 0 findings' "$program" verify "$work/new"
grep -q '"duplicate_of":"example-1.warc.gz@' "$work/new/duplicates/part-00000.jsonl" || fail "nothing was collapsed into the older corpus"
grep -q '"against":"' "$work/new/manifest.json" || fail "the manifest does not name the older corpus"
grep -q "$work" "$work/new/manifest.json" && fail "the manifest holds a path"

# The same archive again: every text that the older corpus kept is a copy of itself.
cp "${archives[0]}" "$work/again.warc.gz"
expect 0 - "$program" build "$work/again.warc.gz" -o "$work/again" --quiet --compress none --against "$work/old"
[ ! -s "$work/again/documents/part-00000.jsonl" ] || fail "documents that the older corpus has were kept"
expect 0 ' 0 findings' "$program" verify "$work/again"

# Stage by stage the same, in partitions.
expect 0 - "$program" run plan "${archives[1]}" -o "$work/staged" --compress none --against "$work/old" --partitions 3
for stage in extract digests hosts df against sign keys match cluster emit finish; do
	expect 0 - "$program" run "$stage" --plan "$work/staged" --quiet
done
same_corpus "$work/new" "$work/staged"
expect 64 'no finished corpus' "$program" build "${archives[1]}" -o "$work/x" --against "$work"

finish
