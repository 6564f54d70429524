#!/usr/bin/env bash
# Crawl the example site (tests/data/site) with wget and write tests/data/example-1.warc.gz and example-2.warc.gz.
# The second crawl fetches some pages again; those that have not changed become revisit records.
# usage: scripts/crawl-example.sh [FOLDER]     (default: tests/data)
set -euo pipefail
cd "$(dirname "$0")/.."

out=$(realpath "${1:-tests/data}")
site=$(realpath tests/data/site)
command -v wget >/dev/null || scripts/deps.sh test
work=$(mktemp -d)
exec 3< <(exec python3 scripts/example_site.py "$site")
server=$!
trap 'kill "$server" 2>/dev/null; rm -rf "$work"' EXIT
read -r port <&3

# The first record names the options given, the last ones hold wget's log; a folder of its own keeps this machine's paths
# out of both. 8 says that a page answered 404, which one of them does.
crawl() { # NUMBER OPTION...
	grep -v '^#' "$site/site.tsv" | awk -F'\t' -v number="$1" '$1 == number { print $2 }' >"$work/seeds-$1.txt"
	local status=0
	(cd "$work" && env -i PATH="$PATH" LC_ALL=C http_proxy="http://127.0.0.1:$port/" wget --no-config --no-verbose \
		--input-file="seeds-$1.txt" --output-file=wget.log --output-document=pages --user-agent=example-crawler \
		--max-redirect=0 --tries=1 --warc-file="example-$1" --warc-cdx --warc-tempdir=. "${@:2}") || status=$?
	[ "$status" -eq 0 ] || [ "$status" -eq 8 ] || exit "$status"
}
crawl 1
crawl 2 --warc-dedup=example-1.cdx
mv "$work"/example-[12].warc.gz "$out/"
ls -l "$out"/example-[12].warc.gz
