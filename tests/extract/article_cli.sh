#!/bin/sh
# The command `warcmill article`: what it prints, and its exit codes. usage: article_cli.sh WARCMILL
set -u
warcmill=$1
folder=$(mktemp -d) || exit 1
trap 'rm -rf "$folder"' EXIT
failed=0

check() { # NAME CONDITION...
	name=$1
	shift
	if ! "$@"; then
		echo "failed: $name"
		failed=1
	fi
}
code() { # EXPECTED COMMAND...
	want=$1
	shift
	"$@" >"$folder/out" 2>"$folder/err"
	[ $? -eq "$want" ]
}
holds() { grep -q -- "$1" "$folder/out"; }
lacks() { ! grep -q -- "$1" "$folder/out"; }
complains() { grep -q -- "$1" "$folder/err"; }

mkdir "$folder/pages"
para='<p>The council of Arvendale met on the wooden bridge, and the keepers of the river spoke for many hours about the water that had risen, the mills that stood still, and the bread that nobody could bake. When evening came, the mayor asked each of them for one plain answer.</p>'
printf '<title>River rises | The Daily Wren</title><meta property=og:title content="River rises"><nav><a href=/>Home</a></nav><article><h1>River rises</h1>%s%s%s</article>' "$para" "$para 2" "$para 3" >"$folder/pages/b.html"
printf '<title>404 Not Found</title><p>The page that you asked for is not on this server.' >"$folder/pages/a.html"

check 'a file' code 0 "$warcmill" article "$folder/pages/b.html"
check 'id is the stem' holds '"id":"b"'
check 'title' holds '"title":"River rises"'
check 'text' holds 'The council of Arvendale'
check 'no menu' lacks 'Home'
check 'one line' [ "$(wc -l <"$folder/out")" -eq 1 ]
check 'a folder' code 0 "$warcmill" article "$folder/pages"
check 'two lines in name order' [ "$(cut -c1-9 "$folder/out" | tr -d '\n')" = '{"id":"a"{"id":"b"' ]
check 'rejected' holds '"rejected":"error-page"'
printf 'WARC/1.0\r\nWARC-Type: warcinfo\r\n' >"$folder/x.warc"
check 'an archive is no page' code 65 "$warcmill" article "$folder/x.warc" "$folder/pages/b.html"
check 'which is said' complains 'x.warc: this is a web archive, not a page'
check 'and costs no other' holds '"id":"b"'
check 'keep all' code 0 "$warcmill" article --keep-all "$folder/pages/a.html"
check 'not rejected' lacks rejected
check 'standard input' sh -c "'$warcmill' article --url https://example.org/x - <'$folder/pages/b.html' | grep -q '\"url\":\"https://example.org/x\"'"
cp "$folder/pages/b.html" "$folder/$(printf 'caf\351').html"
check 'a name that is no text' code 0 "$warcmill" article "$folder/$(printf 'caf\351').html"
check 'its bytes are percent-encoded' holds '"id":"caf%E9"'
check 'one address, one page' code 64 "$warcmill" article --url https://example.org/x "$folder/pages"
check 'two files' code 64 "$warcmill" article --url https://example.org/x "$folder/pages/a.html" "$folder/pages/b.html"
check 'markdown' code 0 "$warcmill" article --text markdown "$folder/pages/b.html"
check 'blocks' code 0 "$warcmill" article --blocks "$folder/pages/b.html"
check 'blocks have scores' holds '"blocks":\[{"kept":'
check 'explain one page' code 64 "$warcmill" article --explain "$folder/pages"
check 'explain' code 0 "$warcmill" article --explain "$folder/pages/b.html"
check 'a page to look at' holds '<!doctype html>'
check 'no script may run' holds "default-src 'none'"
check 'both stages' holds 'by the first stage alone 0\.'
check 'containers' holds '<div class="t">article'
cat >"$folder/pages/c.html" <<'END'
<title>"Wrens" &lt;/title>&lt;script>mark()&lt;/script></title><meta name=description content="</table><img src=x onerror=mark()>">
<article class='"><script>mark()</script>' id="'onclick=mark()"><h1>River &lt;script>mark()&lt;/script> rises</h1>
<p>The mills stood still &lt;img src=x onerror=mark()> and nobody could bake, as the keepers of the river said.</p>
<p>When evening came, &lt;style>*{display:none}&lt;/style> the mayor asked each of them for one plain answer.</p></article>
END
check 'hostile page' code 0 "$warcmill" article --explain "$folder/pages/c.html"
check 'its markup is text' holds '&lt;img src=x'
check 'quotes are escaped' holds '&#39;onclick'
check 'none of its markup lives' sh -c "! grep -qiE '<(script|img|svg|iframe)' '$folder/out' && [ \"\$(grep -c '<style' '$folder/out')\" -eq 1 ]"
rm "$folder/pages/c.html"
check 'help' code 0 "$warcmill" article --help
check 'no argument' code 64 "$warcmill" article
check 'unknown option' code 64 "$warcmill" article --no-such-thing x
check 'unknown form' code 64 "$warcmill" article --text pdf "$folder/pages/b.html"
check 'no such file' code 64 "$warcmill" article "$folder/none.html" "$folder/pages/b.html"
check 'names it' complains 'none.html'
check 'the other page is there' holds '"id":"b"'
printf 'no model' >"$folder/model"
check 'no model' code 65 "$warcmill" article --model "$folder/model" "$folder/pages/b.html"
exit $failed
