#!/usr/bin/env bash
# The limit of `--memory` holds while a build searches for duplicates: the cluster stage, in a process of its own, of so many pages
# that their signatures alone are over it. The clusters are those of a run without a limit.
# usage: peak.sh PROGRAM SOURCE SHIM
. "$(dirname "$0")/../cli/lib.sh" "$1" "$2"
shim=$3
cd "$work"
awk -v pages=40000 '
	function record(i, of, changed,    body, http, s, k) {
		s = of * 7919 + 17
		body = "<html><head><title>Page " i "</title></head><body><article><h1>Page " of "</h1><p>"
		for (k = 0; k < 60; k++) {
			s = (s * 1103515 + 12345) % 2147483648
			body = body (changed && k % 23 == changed ? "changed" i : int(s / 256) % 5000 "w") (k % 9 == 8 ? ". " : " ")
		}
		http = "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n" body "</p></article></body></html>"
		printf "WARC/1.0\r\nWARC-Type: response\r\nWARC-Target-URI: http://s%d.example/%d\r\nWARC-Date: 2024-01-01T00:00:00Z\r\n" \
			"WARC-Record-ID: <urn:uuid:00000000-0000-4000-8000-%012d>\r\nContent-Type: application/http; msgtype=response\r\n" \
			"Content-Length: %d\r\n\r\n%s\r\n\r\n", of % 500, i, i, length(http), http
	}
	BEGIN { for (i = 0; i < pages; i++) record(i, i % 3 ? i : int(i / 6) * 3, i % 3 ? 0 : i % 7) }' >many.warc

limit=8 # MiB
stages() { # FOLDER OPTIONS...: up to the clusters; its peak in KiB
	local folder=$1
	shift
	expect 0 - "$program" run plan many.warc -o "$folder" --min-words 5 "$@"
	for stage in extract digests hosts df sign keys match; do
		expect 0 - "$program" run "$stage" --plan "$folder" --quiet
	done
	expect 0 - env FAULT_PEAK="$work/$folder.peak" LD_PRELOAD="$shim" "$program" run cluster --plan "$folder" -j 1 --quiet
	for stage in emit finish; do
		expect 0 - "$program" run "$stage" --plan "$folder" --quiet
	done
}
stages free
stages held --memory ${limit}M
same_corpus free held
# The limit, what comes in between two checks, and what is not governed.
allowed=$(((limit + 16 + 6) * 1024))
[ "$(cat held.peak)" -le "$allowed" ] || fail "the peak is $(cat held.peak) KiB, over $allowed (without a limit $(cat free.peak))"
[ "$(cat free.peak)" -gt "$allowed" ] || fail "too few pages: without a limit the peak is $(cat free.peak) KiB"
finish
