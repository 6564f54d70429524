#!/usr/bin/env bash
# A corpus in Parquet or in web archives is read back as one in JSON lines is: verify, explain, report and --against.
. "$(dirname "$0")/lib.sh" "$@"

for format in jsonl parquet wet; do
	for compress in zst gz none; do
		expect 0 - "$program" build "${archives[@]}" -o "$work/$format-$compress" --quiet --format $format --compress $compress
	done
done
plain=$work/jsonl-none
ids() { # TABLE PATTERN
	grep -m3 -E "$2" "$plain/$1/part-00000.jsonl" | sed -E 's/^\{"id":"([^"]*)".*/\1/'
}
figures() { # CORPUS: all of stats.json but the options
	sed -E 's/"options":\{[^}]*\}//' "$1/stats.json"
}
mapfile -t some < <(ids documents .; ids duplicates '"kind":"near"'; ids duplicates '"kind":"exact"'; ids rejected .)
[ ${#some[@]} -gt 6 ] || fail "only ${#some[@]} pages to ask for"
rows=$(cat "$plain"/*/part-*.jsonl | wc -l)

for compress in zst gz none; do
	parquet=$work/parquet-$compress wet=$work/wet-$compress
	expect 0 " $rows rows, 2 archives; $rows rows made again from their records; 0 findings" "$program" verify "$parquet"
	expect 0 " $rows rows, 2 archives; $rows rows made again from their records; 0 findings" "$program" verify "$wet"
	grep -q 'id, keeper and text' "$work/out" || fail "verify does not say what it did not compare"
	[ "$compress" = zst ] && for id in "${some[@]}"; do
		expect 0 - "$program" explain "$plain" "$id"
		mv "$work/out" "$work/expected"
		expect 0 - "$program" explain "$parquet" "$id"
		cmp -s "$work/expected" "$work/out" || fail "explain $id differs in Parquet: $(diff "$work/expected" "$work/out" | head -3)"
		expect 0 "$(head -1 "$work/expected")" "$program" explain "$wet" "$id"
	done
	expect 0 - "$program" report "$plain"
	expect 0 - "$program" report "$parquet"
	cmp -s <(figures "$plain") <(figures "$parquet") || fail "stats.json differs in Parquet"
	expect 0 'format jsonl or parquet' "$program" report "$wet"
	expect 0 'format jsonl or parquet' "$program" report --text "$wet"
done
near=$(ids duplicates '"kind":"near"' | head -1)
expect 0 'does not hold the evidence: build --format jsonl or parquet' "$program" explain "$work/wet-zst" "$near"
grep -qE '\[-.*-\]|\{\+.*\+\}' "$work/out" || fail "there is no difference of the texts"

# An edit whose sums were mended is found by what the records give.
mend() { # CORPUS FILE OLD-SUM
	local new
	new=$(sha256sum <"$1/$2" | cut -c1-64)
	[ "$3" != "$new" ] || fail "the edit of $2 changed nothing"
	sed -i "s/$3/$new/" "$1/manifest.json" "$1/SHA256SUMS"
	sed -i "s/^.*  manifest.json$/$(sha256sum <"$1/manifest.json" | cut -c1-64)  manifest.json/" "$1/SHA256SUMS"
}
edit() { # CORPUS FILE SED-EXPRESSION
	local old
	old=$(sha256sum <"$1/$2" | cut -c1-64)
	LC_ALL=C sed -i -E "$3" "$1/$2"
	mend "$1" "$2" "$old"
}
edit "$work/wet-none" documents/part-00000.warc '/^[A-Za-z-]+: /!s/ the / tha /'
expect 65 'the text is not the one its record gives' "$program" verify "$work/wet-none"
edit "$work/parquet-none" documents/part-00000.parquet '0,/ the /s// tha /'
expect 65 "documents/part-00000.parquet: .*checksum differs" "$program" verify "$work/parquet-none"
head -c 5000 "$work/parquet-zst/duplicates/part-00000.parquet" >"$work/cut"
mv "$work/cut" "$work/parquet-zst/duplicates/part-00000.parquet"
expect 65 'duplicates/part-00000.parquet: the Parquet file is damaged: it has no footer' "$program" verify "$work/parquet-zst"
expect 65 'duplicates/part-00000.parquet: the Parquet file is damaged' "$program" explain "$work/parquet-zst" nothing@0

# An older corpus in any format keeps its documents out of a new one.
for format in jsonl parquet wet; do
	expect 0 - "$program" build "${archives[@]}" -o "$work/again-$format" --quiet --compress gz --against "$work/$format-gz"
	cmp -s "$work/again-jsonl/duplicates/part-00000.jsonl.gz" "$work/again-$format/duplicates/part-00000.jsonl.gz" ||
		fail "--against a corpus in $format gives other rows"
done

finish
