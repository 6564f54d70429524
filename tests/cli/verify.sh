#!/usr/bin/env bash
# verify finds any change of a byte, in the corpus or in its archives, and names it.
. "$(dirname "$0")/lib.sh" "$@"

corpus=$work/corpus
expect 0 - "$program" build "${archives[@]}" -o "$corpus" --quiet --compress none
expect 0 ' 0 findings' "$program" verify "$corpus"
expect 0 ' 5 rows made again' "$program" verify "$corpus" --sample 5

flip() { # FILE OFFSET
	local byte
	byte=$(od -An -tu1 -j "$2" -N 1 "$1" | tr -d ' ')
	printf '%b' "$(printf '\\%03o' $((byte ^ 1)))" | dd of="$1" bs=1 seek="$2" conv=notrunc status=none
}

for file in $(cd "$corpus" && find . -type f | sed 's,^\./,,' | grep -v -x -e run.json -e report.html | sort); do
	size=$(stat -c %s "$corpus/$file")
	[ "$size" -gt 0 ] || continue
	cp "$corpus/$file" "$work/saved"
	flip "$corpus/$file" $((size * 2 / 3))
	expect 65 - "$program" verify "$corpus"
	grep -qF "$file" "$work/out" || [ "$file" = SHA256SUMS ] || fail "a flipped bit in $file is not named"
	cp "$work/saved" "$corpus/$file"
done

echo extra >"$corpus/documents/part-99999.jsonl"
expect 65 'documents/part-99999.jsonl: no sum covers' "$program" verify "$corpus"
rm "$corpus/documents/part-99999.jsonl"
mv "$corpus/errors.jsonl" "$work/away"
expect 65 'errors.jsonl' "$program" verify "$corpus"
mv "$work/away" "$corpus/errors.jsonl"

# An edited row whose sums were mended everywhere still does not come out of its record.
edit() { # FILE SED-EXPRESSION
	local old new
	old=$(sha256sum <"$corpus/$1" | cut -c1-64)
	sed -i -E "$2" "$corpus/$1"
	new=$(sha256sum <"$corpus/$1" | cut -c1-64)
	[ "$old" != "$new" ] || fail "the edit of $1 changed nothing"
	sed -i "s/$old/$new/" "$corpus/manifest.json" "$corpus/SHA256SUMS"
	sed -i "s/^.*  manifest.json$/$(sha256sum <"$corpus/manifest.json" | cut -c1-64)  manifest.json/" "$corpus/SHA256SUMS"
}
cp -r "$corpus" "$work/good"
edit documents/part-00000.jsonl '1s/ the / tha /'
expect 65 'the text is not the one its record gives' "$program" verify "$corpus"
rm -rf "$corpus" && cp -r "$work/good" "$corpus"
edit documents/part-00000.jsonl '2s/"simhash":"./"simhash":"_/'
expect 65 'the fingerprint is not' "$program" verify "$corpus"
rm -rf "$corpus" && cp -r "$work/good" "$corpus"
edit documents/part-00000.jsonl '2s/"fetch_time":"20/"fetch_time":"19/'
expect 65 'the metadata are not' "$program" verify "$corpus"
rm -rf "$corpus" && cp -r "$work/good" "$corpus"
edit documents/part-00000.jsonl '1d'
expect 65 'refer to a document that is not there|the manifest counts' "$program" verify "$corpus"
rm -rf "$corpus" && cp -r "$work/good" "$corpus"

# Another archive under the same name.
mkdir "$work/other"
cp "${archives[@]}" "$work/other"
expect 0 ' 0 findings' "$program" verify "$corpus" "$work/other"
flip "$work/other/example-1.warc.gz" 5000
expect 65 'example-1.warc.gz: the archive is not the one' "$program" verify "$corpus" "$work/other"
rm "$work/other/example-1.warc.gz"
expect 65 'example-1.warc.gz: the archive is not at hand' "$program" verify "$corpus" "$work/other"

# What came from standard input is proved from there.
"$program" build - -o "$work/piped" --quiet <"${archives[1]}"
expect 0 ' 6 rows made again .* 0 findings' "$program" verify "$work/piped" - <"${archives[1]}"

finish
