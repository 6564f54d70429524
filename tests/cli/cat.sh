#!/usr/bin/env bash
# cat: each part of one record, and the tree in the format of the html5lib tests.
# usage: cat.sh PROGRAM SOURCE
. "$(dirname "$0")/lib.sh" "$1" "$2"

export LC_ALL=C # lengths in bytes
body=$'<!DOCTYPE html><title>T</title><p class=b id=a>caf\xe9<b>x<p>&amp;y<svg viewbox=0><foreignobject></svg><!--c--><template><i>'
http=$'HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=iso-8859-1\r\nContent-Length: '${#body}$'\r\n\r\n'
printf 'WARC/1.0\r\nWARC-Type: response\r\nWARC-Record-ID: <urn:uuid:00000000-0000-4000-8000-000000000001>\r\nWARC-Date: 2024-01-01T00:00:00Z\r\nWARC-Target-URI: http://example.org/\r\nContent-Type: application/http; msgtype=response\r\nContent-Length: %d\r\n\r\n%s%s\r\n\r\n' \
	$((${#http} + ${#body})) "$http" "$body" >"$work/a.warc"

expect 0 '^WARC-Type: response' "$program" cat "$work/a.warc@0"
expect 0 '^HTTP/1.1 200 OK' "$program" cat --block "$work/a.warc@0"
"$program" cat --payload "$work/a.warc@0" | cmp -s - <(printf %s "$body") || fail "the payload is not the body"
expect 0 $'caf\xc3\xa9' "$program" cat --html "$work/a.warc@0"
cat >"$work/tree" <<'TREE'
| <!DOCTYPE html>
| <html>
|   <head>
|     <title>
|       "T"
|   <body>
|     <p>
|       class="b"
|       id="a"
|       "café"
|       <b>
|         "x"
|     <p>
|       <b>
|         "&y"
|         <svg svg>
|           viewBox="0"
|           <svg foreignObject>
|         <!-- c -->
|         <template>
|           content
|             <i>
TREE
"$program" cat --tree "$work/a.warc@0" >"$work/got" || fail "cat --tree"
cmp -s "$work/tree" "$work/got" || fail "the tree is $(cat "$work/got")"
expect 0 '[-]-tree' "$program" cat --help
expect 64 - "$program" cat --tree
expect 65 'no record begins at 5' "$program" cat --tree "$work/a.warc@5"
finish
