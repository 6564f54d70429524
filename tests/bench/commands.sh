#!/usr/bin/env bash
# The commands that need no third-party material: generator, crawl, speed, growth, peers, report, compare, and their errors.
# usage: commands.sh WARCMILL_BENCH WARCMILL FOLDER-OF-THIS-SCRIPT
set -euo pipefail
bench=$1
warcmill=$2
here=$3
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

fail() {
	echo "commands.sh: $1" >&2
	exit 1
}
expect() { # CODE COMMAND...
	local wanted=$1 code=0
	shift
	"$@" >out.txt 2>err.txt || code=$?
	[ "$code" = "$wanted" ] || fail "exit $code, not $wanted: $* ($(head -c 300 err.txt))"
}

# The same seed gives the same archive, another one does not; each compression holds the same records.
expect 0 "$bench" archive --invented 12 -o a.warc.gz --mix crawl --seed 5
expect 0 "$bench" archive --invented 12 -o b.warc.gz --mix crawl --seed 5
expect 0 "$bench" archive --invented 12 -o c.warc.gz --mix crawl --seed 6
expect 0 "$bench" archive --invented 12 -o a.warc.zst --mix crawl --seed 5
expect 0 "$bench" archive --invented 12 -o a.warc --mix crawl --seed 5
cmp a.warc.gz b.warc.gz || fail "one seed, two archives"
cmp -s a.warc.gz c.warc.gz && fail "two seeds, one archive"
[ "$(gzip -dc a.warc.gz | sha256sum)" = "$(sha256sum <a.warc)" ] || fail "gzip holds other bytes"
[ "$(zstd -dcq a.warc.zst | sha256sum)" = "$(sha256sum <a.warc)" ] || fail "zstd holds other bytes"
for archive in a.warc.gz a.warc.zst a.warc; do
	expect 0 "$warcmill" check "$archive"
done
expect 0 "$bench" archive --invented 4 -o big.warc.gz --pages 30
[ "$("$warcmill" ls big.warc.gz | grep -c 'text/html')" -ge 30 ] || fail "--pages wrote too few"

# wget's own archive of a loopback site.
if command -v wget >/dev/null; then
	mkdir pages
	printf '<!doctype html><title>One</title><p>A page of the site.\n' >pages/one.html
	expect 0 "$bench" crawl pages -o crawled
	expect 0 "$warcmill" check crawled.warc.gz
	"$warcmill" ls crawled.warc.gz | grep -q '404' || fail "the crawl met no dead link"
fi

# Texts of one length to signatures.
expect 0 "$bench" sign --count 20 --rounds 2
grep -qE '^sign .* documents/s' out.txt || fail "no rate of signing"
expect 64 "$bench" sign --words 0
expect 65 "$bench" sign "$here/invented/duplicates.jsonl" --words 1M

# A bound of time ends a run early, but never before three rounds.
expect 0 "$bench" speed a.warc.gz --only copy,scan --rounds 100000000 --seconds 1 --json short.json
grep -qE '"samples":\[([0-9.e-]+,){2}' short.json || fail "fewer than three rounds"

# Measurements, joined and compared with themselves.
expect 0 "$bench" speed a.warc.gz --rounds 3 --warcmill "$warcmill" --threads 2 --json speed.json
grep -q '"unsteady"' speed.json && fail "a stage's results changed between runs"
grep -q '"absent":"it failed"' speed.json && fail "a stage failed: $(grep -o '"name":"[^"]*"[^}]*"absent":"it failed"' speed.json)"
expect 0 "$bench" hostile a.warc.gz --quick --json hostile.json
expect 0 "$bench" growth --quick --json growth.json
expect 0 "$bench" peers "$here/invented/public" --archive a.warc.gz --only warcmill --json peers.json
expect 0 "$bench" dedup "$here/invented/duplicates.jsonl" "$here/invented/clusters.tsv" --json dedup.json
expect 0 "$bench" reading a.warc.gz --rounds 3 --json reading.json
expect 0 "$bench" report speed=speed.json reading=reading.json growth=growth.json hostile=hostile.json peers=peers.json dedup=dedup.json \
	--revision r17 --command "a 'command'" --command "warcmill-bench dedup this" -o out
for said in '"processor":' '"compiler":' '"flags":' '"revision":"r17"' "\"a 'command'\"" '"samples":[' '"median_seconds":' \
	'"spread":' '"page_seconds":{' "$(sha256sum <a.warc.gz | cut -d' ' -f1)" \
	"$(sha256sum <"$here/invented/duplicates.jsonl" | cut -d' ' -f1)" \
	"$({ cat "$here"/invented/public/ground-truth.json && gzip -dc "$here"/invented/public/html/*.gz; } | sha256sum | cut -d' ' -f1)"; do
	grep -qF "$said" out/results.json || fail "the results do not say $said"
done
grep -q 'Cost against size: nesting depth' out/report.html || fail "no growth in the report"
for said in 'Revision r17' '| whole build, one thread |' '| whole build, 2 threads against one |' 'against bare libdeflate |' \
	'    warcmill-bench dedup this'; do
	grep -qF "$said" out/figures.md || fail "the figures do not say $said"
done
grep -q 'Hostile HTML' out/report.html || fail "no hostile HTML in the report"
grep -q '<svg' out/report.html || fail "no plot in the report"
grep -qE '<(script|link)|https?://[^"<]*\.(js|css)' out/report.html && fail "the report needs other files"
expect 0 "$bench" compare out/results.json out/results.json
grep -q '^0 worse, 0 better' out.txt || fail "a result differs from itself: $(cat out.txt)"

# What is not installed is a row that says so: no node and no java in PATH, and no modules in the folder.
# A peer whose clock did not move while it answered has answered.
mkdir tick
cat >tick/java <<'END'
#!/bin/sh
echo '{"name":"boilerpipe","version":"1"}'
while read -r _; do echo '{"seconds":0.0,"text":"The mills stood still."}'; done
END
chmod +x tick/java
expect 0 env PATH="$PWD/tick:$PATH" "$bench" peers "$here/invented/public" --only boilerpipe --peers "$here/../../bench/peers" --out ticked \
	--json tick.json
grep -q '"failed":0' tick.json && grep -q 'mills' ticked/*boilerpipe*.jsonl || fail "an answer within a tick of the clock is lost"
expect 0 env PATH=/nowhere "$bench" peers "$here/invented/public" --archive a.warc.gz --peers "$here/../../bench/peers" --out hidden \
	--json hidden.json
for tool in readability.js defuddle boilerpipe warcio.js; do
	grep -qE "\"tool\":\"$tool\",\"reader\":(true|false),\"absent\":\"(npm|apt) " hidden.json || fail "$tool is not said to be absent"
done
expect 0 "$bench" report peers=hidden.json -o absent
grep -q '<td>defuddle</td><td colspan=[0-9]*>absent: npm defuddle' absent/report.html || fail "no row of the absent in the report"
grep -q '^| boilerpipe | absent |' absent/figures.md || fail "no row of the absent in the figures"

# Slower and worse are told, noise is not.
expect 1 "$bench" compare "$here/invented/old.json" "$here/invented/new.json" --all
diff -u "$here/invented/compared.txt" out.txt || fail "the comparison reads otherwise"

# A program's use is its own, and not of the process that measures it.
expect 7 "$bench" run sh -c 'exit 7'
grep -qE '^[0-9.]+ s, [0-9.]+ s of processor time, [0-9.]+ MB at most' err.txt || fail "nothing is said of a program's use"
expect 127 "$bench" run ./missing
expect 64 "$bench" run

# Errors. A command that dies does not tidy up first.
export ASAN_OPTIONS=${ASAN_OPTIONS:-}:detect_leaks=0
expect 64 "$bench"
expect 64 "$bench" nonsense
expect 64 "$bench" archive -o x.warc.gz
expect 0 "$bench" reading a.warc.gz --rounds 2
expect 74 "$bench" speed missing.warc.gz
expect 74 "$bench" extraction missing results.json
expect 65 "$bench" compare "$here/invented/truth.jsonl" out/results.json
echo '{"id":"a","text":' >broken.jsonl
expect 65 "$bench" extraction "$here/invented" broken.jsonl
grep -q 'broken.jsonl, line 1' err.txt || fail "the error does not say where"
echo "done"
