#!/usr/bin/env bash
# --against: signatures of the older output are made again, and with them what decides a pair whose words alone do not:
# how the texts begin, and which numbers they have. Each pair is built so that only that differs; `dedup` and `build` are
# held to the same answers, and to those of one run over both.
. "$(dirname "$0")/../cli/lib.sh" "$@"
cd "$work"

# words SEED COUNT: invented words, the same everywhere.
words() {
	awk -v seed="$1" -v words="$2" 'BEGIN { s = seed * 7919 + 17; for (i = 0; i < words; i++) { w = ""; for (j = 0; j < 3; j++) {
		s = (s * 1103515 + 12345) % 2147483648; w = w substr("katomirevandopelusaboti", 1 + 2 * (int(s / 256) % 11), 2) }
		printf "%s%s%s", i ? " " : "", w, i % 9 == 8 ? "." : "" } }'
}
# figures A B C D E: five numbers among words.
figures() { echo "$(words 21 4) $1 $(words 22 3) $2 $(words 23 3) $3 $(words 24 3) $4 $(words 25 3) $5"; }

# add NAME OLD NEW
add() {
	printf '{"id":"old-%s","url":"http://old.example/%s","text":"%s"}\n' "$1" "$1" "$2" >>old.jsonl
	printf '{"id":"new-%s","url":"http://new.example/%s","text":"%s"}\n' "$1" "$1" "$3" >>new.jsonl
}
seed=100
# pair NAME SHARED OWN FIGURES-OLD FIGURES-NEW: the same beginning and SHARED words, OWN words of each.
pair() {
	seed=$((seed + 10))
	add "$1" "$(words $seed "$2") $4 $(words $((seed + 1)) "$3")" "$(words $seed "$2") $5 $(words $((seed + 2)) "$3")"
}
first=$(figures 417 358 2290 1164 83)
one_other=$(figures 417 358 2290 1164 97)
all_other=$(figures 512 299 3071 1208 97)
pair same-numbers 130 90 "$first" "$first"       # a copy that was edited
pair one-number 130 90 "$first" "$one_other"     # a figure corrected
pair other-numbers 130 90 "$first" "$all_other"  # the same report of another week
pair short-same 40 20 "$first" "$first"          # in a short text …
pair short-one-number 40 20 "$first" "$one_other" # … one figure is enough
pair begins-alike 170 150 "" ""
seed=$((seed + 10)) # as many words shared, but behind others: a follow-up story with its background
add begins-otherwise "$(words $seed 170) $(words $((seed + 1)) 150)" "$(words $((seed + 2)) 150) $(words $seed 170)"

copies="begins-alike one-number same-numbers short-same"
others="begins-otherwise other-numbers short-one-number"
rows() { sort | tr '\n' ' ' | sed 's/ $//'; }

expect 0 - "$program" dedup old.jsonl -o old --quiet --compress none
[ "$(wc -l <old/documents/part-00000.jsonl)" -eq 7 ] || fail "the old texts are no copies of each other, yet some were collapsed"
expect 0 '3 documents kept, 4 collapsed \(0 exact, 4 near\)' "$program" dedup new.jsonl -o new --against old --compress none
[ "$(sed -E 's/.*"id":"new-([^"]*)".*"duplicate_of":"old-([^"]*)".*/\1/' new/duplicates/*.jsonl | rows)" = "$copies" ] ||
	fail "not these are copies: $copies"
[ "$(sed -E 's/.*"id":"new-([^"]*)".*/\1/' new/documents/*.jsonl | rows)" = "$others" ] || fail "not these are kept: $others"
evidence() { # FOLDER NAME: the evidence of new-NAME
	grep -h "\"new-$2\"" "$1"/duplicates/*.jsonl | sed -E 's/.*"evidence":\{([^}]*)\}.*/\1/'
}
evidence new same-numbers | grep -q '"numbers":1.000,.*"numbers_apart":0,' || fail "no number is apart: $(evidence new same-numbers)"
evidence new one-number | grep -q '"numbers":0.800,.*"numbers_apart":1,' || fail "one number is apart: $(evidence new one-number)"
evidence new begins-alike | grep -q '"head":3,' || fail "the beginnings are the same: $(evidence new begins-alike)"

# One run over both, with the df table that the older output made, says the same of each pair.
expect 0 '10 documents kept, 4 collapsed' "$program" dedup old.jsonl new.jsonl -o both --compress none --df old/tables/df.table
for name in $copies; do
	one=$(grep -h -E "\"(old|new)-$name\"" both/duplicates/*.jsonl | sed -E 's/.*"evidence":\{([^}]*)\}.*/\1/')
	[ "$one" = "$(evidence new "$name")" ] || fail "$name: $one, but against the older output $(evidence new "$name")"
done

# The same texts as pages of archives.
archive() { # IN.jsonl
	local url text page
	while IFS=$'\t' read -r url text; do
		page="<html><head><title>${url##*/}</title></head><body><article><h1>${url##*/}</h1><p>$text</p></article></body></html>"
		page=$(printf 'HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: %d\r\n\r\n%s' ${#page} "$page")
		printf 'WARC/1.0\r\nWARC-Type: response\r\nWARC-Target-URI: %s\r\nWARC-Date: 2024-01-01T00:00:00Z\r\nContent-Type: application/http; msgtype=response\r\nContent-Length: %d\r\n\r\n%s\r\n\r\n' \
			"$url" ${#page} "$page"
	done < <(sed -E 's/.*"url":"([^"]*)","text":"([^"]*)".*/\1\t\2/' "$1")
}
archive old.jsonl >old.warc
archive new.jsonl >new.warc
expect 0 - "$program" build old.warc -o old-corpus --quiet --compress none
[ "$(wc -l <old-corpus/documents/part-00000.jsonl)" -eq 7 ] || fail "not all old pages are documents"
expect 0 - "$program" build new.warc -o new-corpus --quiet --compress none --against old-corpus
[ "$(sed -E 's|.*"url":"http://new.example/([^"]*)".*|\1|' new-corpus/duplicates/*.jsonl | rows)" = "$copies" ] ||
	fail "build: not these are copies: $copies"
[ "$(sed -E 's|.*"url":"http://new.example/([^"]*)".*|\1|' new-corpus/documents/*.jsonl | rows)" = "$others" ] ||
	fail "build: not these are kept: $others"
grep -h 'new.example/one-number"' new-corpus/duplicates/*.jsonl | grep -q '"numbers_apart":1,' || fail "build: one number is apart"
expect 0 ' 0 findings' "$program" verify new-corpus

finish
