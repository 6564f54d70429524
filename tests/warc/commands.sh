#!/usr/bin/env bash
# ls, cat and check on archives of the tree.
. "$(dirname "$0")/../cli/lib.sh" "$@"

plain=$source_root/tests/fuzz/corpus/warc/plain

expect 0 'usage: warcmill ls' "$program" ls --help
expect 0 'usage: warcmill cat' "$program" cat --help
expect 0 'usage: warcmill check' "$program" check --help
expect 64 'no INPUT was given' "$program" ls
expect 64 'there is no option --nonsense' "$program" check --nonsense "$plain"
expect 64 'is not INPUT@OFFSET' "$program" cat "$plain"
expect 64 'No such file' "$program" cat "$work/absent.warc@0"

# Every line of ls is an address that cat takes, and the records together are the file.
"$program" ls "$plain" >"$work/ls"
[ "$(wc -l <"$work/ls")" -eq 3 ] || fail "ls: $(cat "$work/ls")"
: >"$work/joined"
while IFS=$'\t' read -r address _; do
	"$program" cat "$plain@${address##*@}" >>"$work/joined"
	printf '\r\n\r\n' >>"$work/joined"
done <"$work/ls"
cmp -s "$plain" "$work/joined" || fail "the records of ls do not make up the file"
[ "$("$program" cat --payload "$plain@133")" = '<p>Tivo morandel' ] || fail "cat --payload"
[ "$("$program" cat --html "$plain@133")" = '<p>Tivo morandel' ] || fail "cat --html"
"$program" cat --block "$plain@133" >"$work/out"
grep -q '^HTTP/1.1 200 OK' "$work/out" || fail "cat --block"
expect 65 'no record begins at 134' "$program" cat "$plain@134"
"$program" cat - <"$plain" >"$work/out" 2>&1 && fail "cat of - needs an offset"
"$program" ls - <"$plain" | cut -f2- >"$work/stream"
cut -f2- "$work/ls" | cmp -s - "$work/stream" || fail "standard input lists otherwise"

# An input that is not there is named, the others are read, whatever the order and whether a list names them.
printf '%s\n' "$work/absent.warc" "$plain" >"$work/some.txt"
for command in ls check; do
	"$program" "$command" "$plain" >"$work/whole"
	for inputs in "$plain $work/absent.warc" "$work/absent.warc $plain" "@$work/some.txt"; do
		# shellcheck disable=SC2086 # words are meant to part
		expect 64 "^warcmill $command: .*absent.warc: No such file" "$program" "$command" $inputs
		# shellcheck disable=SC2086
		"$program" "$command" $inputs >"$work/out" 2>"$work/err" || true
		cmp -s "$work/whole" "$work/out" || fail "$command loses the other input"
		[ "$(wc -l <"$work/err")" -eq 1 ] || fail "$command: $(cat "$work/err")"
	done
done

# JSON lines and a sorted index.
"$program" ls --jsonl "${archives[@]}" >"$work/jsonl"
"$program" ls "${archives[@]}" >"$work/ls"
[ "$(wc -l <"$work/jsonl")" -eq "$(wc -l <"$work/ls")" ] || fail "ls --jsonl counts otherwise"
"$program" ls --cdxj "${archives[@]}" >"$work/cdxj"
[ -s "$work/cdxj" ] || fail "an empty index"
LC_ALL=C sort -c "$work/cdxj" || fail "the index is not sorted"
grep -vqE '^[^ ]+ [0-9]{14} \{"url":".*","filename":"[^"]+"\}$' "$work/cdxj" && fail "a line of the index is none"
while read -r _ _ json; do # each line leads to its record
	offset=$(sed -E 's/.*"offset":"([0-9]+)".*/\1/' <<<"$json") name=$(sed -E 's/.*"filename":"([^"]+)".*/\1/' <<<"$json")
	"$program" cat "$data/$name@$offset" >"$work/out"
	head -c 5 "$work/out" | grep -q WARC/ || fail "nothing at $name@$offset"
done < <(head -5 "$work/cdxj")

# check: whole, damaged, in a container.
expect 0 '3 records, 1 warcinfo, 1 response, 1 revisit; 613 bytes in records, 0 skipped' "$program" check "$plain"
expect 0 ", 0 skipped" "$program" check "${archives[0]}"
{ cat "$plain"; echo junk; } >"$work/junk.warc"
expect 65 'junk.warc@613.damage.no record begins here, 5 bytes skipped' "$program" check "$work/junk.warc"
expect 0 '613: no record begins here \(5 bytes skipped\)' "$program" ls "$work/junk.warc"
expect 65 'absent.warc: No such file' "$program" check "$work/absent.warc" "$work/junk.warc"
# The digest of a record that the crawler cut may be that of the whole.
wrong='WARC-Block-Digest: sha1:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA'
for more in "$wrong" "$wrong"$'\r\nWARC-Truncated: length'; do
	printf 'WARC/1.1\r\nWARC-Type: resource\r\nWARC-Record-ID: <urn:uuid:1>\r\nWARC-Date: 2024-05-01T00:00:00Z\r\n'
	printf 'WARC-Target-URI: http://a.example/\r\n%s\r\nContent-Length: 4\r\n\r\ntext\r\n\r\n' "$more"
done >"$work/digests.warc"
expect 65 '^digests.warc@0.digest.WARC-Block-Digest does not match' "$program" check "$work/digests.warc"
tail -c +"$(($(grep -abo WARC/1.1 "$work/digests.warc" | sed -n '2s/:.*//p') + 1))" "$work/digests.warc" >"$work/short.warc"
expect 0 '^short.warc@0.note.WARC-Block-Digest is not verifiable \(truncated\)' "$program" check "$work/short.warc"
expect 0 ' 0 digests match, 1 not verifiable \(truncated\)$' "$program" check "$work/short.warc"
sed "s/sha1:A*/sha1:$(printf text | openssl dgst -sha1 -binary | base32)/" "$work/short.warc" >"$work/kept.warc"
expect 0 ' 1 digests match$' "$program" check "$work/kept.warc"
expect 0 'note.cut by the crawler' "$program" check "${archives[1]}"
head -c 300 "$plain" >"$work/cut.warc"
expect 65 'the file ends inside the record' "$program" check "$work/cut.warc"
expect 65 'structure.no Content-Length' "$program" check --strict "$source_root/tests/fuzz/corpus/warc/nolength"
expect 0 'wacz!archive/a.warc.gz@0' "$program" ls "$source_root/tests/fuzz/corpus/containers/wacz"
expect 0 'WARC-Type: warcinfo' "$program" cat "$source_root/tests/fuzz/corpus/containers/wacz!archive/a.warc.gz@0"
expect 64 'name one' "$program" cat "$source_root/tests/fuzz/corpus/containers/wacz@0"
finish
