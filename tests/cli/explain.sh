#!/usr/bin/env bash
# explain says why of a kept page, a copy, a rejected page and one never seen.
. "$(dirname "$0")/lib.sh" "$@"

corpus=$work/corpus
expect 0 - "$program" build "${archives[@]}" -o "$corpus" --quiet --compress none
first() { # TABLE PATTERN
	grep -m1 -E "$2" "$corpus/$1/part-00000.jsonl" | sed -E 's/^\{"id":"([^"]*)".*/\1/'
}

copy=$(first duplicates '"kind":"near"')
keeper=$(grep -m1 "^{\"id\":\"$copy\"" "$corpus/duplicates/part-00000.jsonl" | sed -E 's/.*"duplicate_of":"([^"]*)".*/\1/')
expect 0 'was collapsed into another' "$program" explain "$corpus" "$copy"
grep -qF "$keeper" "$work/out" || fail "the keeper is not named"
grep -qE '\[-.*-\]|\{\+.*\+\}' "$work/out" || fail "there is no difference of the texts"
grep -q 'of 128 bits' "$work/out" || fail "there is no evidence"

expect 0 'was kept' "$program" explain "$corpus" "$keeper"
grep -qF "$copy" "$work/out" || fail "the copy is not listed"
url=$(grep -m1 "^{\"id\":\"$keeper\"" "$corpus/documents/part-00000.jsonl" | sed -E 's/.*"metadata":\{"url":"([^"]*)".*/\1/')
expect 0 'was kept' "$program" explain "$corpus" "$url"
expect 0 'was kept' "$program" explain "$corpus" "${url/http:/https:}"

rejected=$(first rejected .)
expect 0 'was rejected' "$program" explain "$corpus" "$rejected"
grep -q '^reason ' "$work/out" || fail "no reason is given"
expect 65 'has never seen' "$program" explain "$corpus" http://nowhere.example/
expect 65 'has never seen' "$program" explain "$corpus" nothing.warc.gz@0
expect 64 'are needed' "$program" explain "$corpus"
expect 64 'no finished corpus' "$program" explain "$work" x

finish
