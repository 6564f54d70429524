#!/usr/bin/env bash
# The main job: same bytes whatever the threads, orders, segments and shards; accounts; folders in its way; resuming.
. "$(dirname "$0")/lib.sh" "$@"

reference=$work/reference
expect 0 'documents' "$program" build "${archives[@]}" -o "$reference" -j 1
(cd "$reference" && sha256sum --quiet -c SHA256SUMS) || fail "the sums do not hold"
[ -e "$reference/.work" ] && fail "the working folder is still there"

# Any number of threads, any order, any cut.
n=0
for options in "-j 2" "-j 8" "-j 2 --segment-bytes 4K" "-j 3 --segment-bytes 20K --shards 2" "-j 1 --memory 1M"; do
	n=$((n + 1))
	# shellcheck disable=SC2086
	expect 0 - "$program" build "${archives[1]}" "${archives[0]}" -o "$work/c$n" $options --quiet
	same_corpus "$reference" "$work/c$n"
done

# Where the archives lie does not matter, nor whether they are named one by one.
mkdir "$work/elsewhere"
cp "${archives[@]}" "$work/elsewhere"
expect 0 - "$program" build "$work/elsewhere" -o "$work/c-folder" --quiet
same_corpus "$reference" "$work/c-folder"
printf '%s\n' "${archives[@]}" >"$work/list.txt"
expect 0 - "$program" build "@$work/list.txt" -o "$work/c-list" --quiet
same_corpus "$reference" "$work/c-list"

# Once complete it is left alone; other options or inputs are refused; --force starts anew.
expect 0 'complete already' "$program" build "${archives[@]}" -o "$reference"
expect 64 'other inputs or options: it was started without --min-words' "$program" build "${archives[@]}" -o "$reference" --min-words 9
expect 64 'other inputs or options: the input .* is missing now' "$program" build "${archives[0]}" -o "$reference"
cp -r "$reference" "$work/forced"
expect 0 'documents' "$program" build "${archives[0]}" -o "$work/forced" --force
expect 0 'documents' "$program" build "${archives[@]}" -o "$work/forced" --force
same_corpus "$reference" "$work/forced"

# A folder that is somebody else's is not touched, not even with --force.
mkdir "$work/mine"
echo precious >"$work/mine/file"
expect 64 'is no corpus' "$program" build "${archives[@]}" -o "$work/mine"
expect 64 'is no corpus' "$program" build "${archives[@]}" -o "$work/mine" --force
[ "$(cat "$work/mine/file")" = precious ] || fail "a foreign file was touched"
mkdir "$work/empty"
expect 0 - "$program" build "${archives[@]}" -o "$work/empty" --quiet
same_corpus "$reference" "$work/empty"

# Repeating a run from its manifest.
expect 0 - "$program" build --from-manifest "$reference/manifest.json" -o "$work/repeated" --quiet
same_corpus "$reference" "$work/repeated"
expect 65 'differs' "$program" build --from-manifest "$reference/manifest.json" "${archives[0]}" -o "$work/less" --quiet

# Names and folders whose bytes are no text: percent-encoded in ids, found again by verify and by a manifest.
latin=$work/$'caf\xe9'
mkdir "$latin"
cp "${archives[1]}" "$latin/b"$'\xfc'".warc.gz"
expect 0 - "$program" build "$latin" -o "$work/latin" --quiet
expect 0 '6 rows made again .* 0 findings' "$program" verify "$work/latin"
expect 0 '^id +b%FC.warc.gz@919' "$program" explain "$work/latin" 'b%FC.warc.gz@919'
expect 0 - "$program" build --from-manifest "$work/latin/manifest.json" -o "$work/latin-again" --quiet
same_corpus "$work/latin" "$work/latin-again"
expect 0 - "$program" run plan "$latin" -o "$work/latin-stages"
expect 0 - "$program" run extract --plan "$work/latin-stages" --quiet
expect 0 'continuing' "$program" build "$latin" -o "$work/latin-stages"
same_corpus "$work/latin" "$work/latin-stages"

# A plan without work.
expect 0 '^inputs	2$' "$program" build "${archives[@]}" -o "$work/nothing" --dry-run
[ -e "$work/nothing" ] && fail "--dry-run wrote something"
expect 0 '"stage":"emit"' "$program" build "${archives[@]}" -o "$work/json" --progress=json

# Damage is counted and listed, and --strict makes it an exit code.
head -c 60000 "${archives[0]}" >"$work/cut.warc.gz"
printf 'not an archive at all, but some bytes\n' >>"$work/cut.warc.gz"
tail -c +70000 "${archives[0]}" >>"$work/cut.warc.gz"
expect 0 'damaged' "$program" build "$work/cut.warc.gz" -o "$work/damaged"
[ -s "$work/damaged/errors.jsonl" ] || fail "errors.jsonl is empty"
expect 0 ' 0 findings' "$program" verify "$work/damaged"
expect 65 - "$program" build "$work/cut.warc.gz" -o "$work/strict" --strict --quiet
: >"$work/empty.warc.gz"
expect 0 - "$program" build "$work/empty.warc.gz" -o "$work/c-empty" --quiet
expect 0 ' 0 findings' "$program" verify "$work/c-empty"

# One archive of some megabytes is work for several cores: segments are a 64th of all, 1 MiB at least. How it is cut changes nothing.
for ((i = 0; i < 30; i++)); do cat "${archives[0]}"; done >"$work/long.warc.gz"
expect 0 '^segments	4$' "$program" build "$work/long.warc.gz" -o "$work/long" --dry-run
expect 0 - "$program" build "$work/long.warc.gz" -o "$work/long" -j 2 --quiet
for size in 32M 100K; do
	expect 0 - "$program" build "$work/long.warc.gz" -o "$work/long-$size" -j 2 --quiet --segment-bytes "$size"
	same_corpus "$work/long" "$work/long-$size"
done

finish
