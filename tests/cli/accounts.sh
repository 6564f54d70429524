#!/usr/bin/env bash
# A run whose own sums disagree is not called complete: exit 65, what is wrong, and no manifest. The counts are changed in
# stage files that are whole otherwise, as a fault of the program would leave them.
. "$(dirname "$0")/lib.sh" "$@"
miscount=$3

corpus=$work/corpus
expect 0 - "$program" build "${archives[@]}" -o "$work/whole" --quiet
expect 0 - "$program" run plan "${archives[@]}" -o "$corpus" --shards 2
stages() {
	local stage
	for stage in "$@"; do
		expect 0 - "$program" run "$stage" --plan "$corpus" --quiet
	done
}
stages extract digests hosts df sign keys match cluster emit
cp -a "$corpus" "$work/emitted"

# refused STAGE-FILE "COUNTER..." REGEX: with one more of these the run does not end; with the file as it was it does.
refused() {
	local counter
	rm -rf "$corpus"
	cp -a "$work/emitted" "$corpus"
	for counter in $2; do
		"$miscount" "$corpus" "$1" "$counter" || fail "cannot change $counter in $1"
	done
	for _ in 1 2; do
		expect 65 "the accounts do not add up: $3" "$program" run finish --plan "$corpus" --quiet
		[ ! -e "$corpus/manifest.json" ] || fail "$2 in $1: called complete all the same"
	done
	expect 64 'holds no finished corpus' "$program" verify "$corpus"
	cp -a "$work/emitted/.work/$1" "$corpus/.work/$1"
	expect 0 - "$program" run finish --plan "$corpus" --quiet
	same_corpus "$work/whole" "$corpus"
}
records='[0-9]+ records were read, [0-9]+ are counted'
bytes='example-2.warc.gz has [0-9]+ bytes, its records and gaps [0-9]+'
for counter in records documents duplicates damaged; do
	refused emit-00000 "$counter" "$records"
done
for counter in records damaged rejected:log-in skipped:mime; do
	refused spool-00000 "$counter" "$records"
done
refused emit-00000 'records documents' '[0-9]+ documents are counted, [0-9]+ written'
refused emit-00000 'records duplicates' '[0-9]+ duplicates are counted, [0-9]+ written'
refused spool-00000 'records rejected:log-in' '[0-9]+ rejected are counted, [0-9]+ written'
refused spool-00001 record-bytes "$bytes"
refused spool-00001 skipped-bytes "$bytes"

finish
