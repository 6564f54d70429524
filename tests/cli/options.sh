#!/usr/bin/env bash
# Options: one clear sentence for wrong ones; filters, splits, samples, order, masks do what they say.
. "$(dirname "$0")/lib.sh" "$@"

expect 64 'there is no option --nonsense' "$program" build --nonsense
expect 64 'no INPUT' "$program" build -o "$work/x"
expect 64 '-o DIR is missing' "$program" build "${archives[@]}"
expect 64 'needs a value' "$program" build "${archives[@]}" -o
expect 64 'takes plain\|markdown' "$program" build "${archives[@]}" -o "$work/x" --text fancy
expect 64 'takes a number' "$program" build "${archives[@]}" -o "$work/x" --min-words many
expect 64 'takes a size' "$program" build "${archives[@]}" -o "$work/x" --max-part-bytes 0
expect 64 'takes a date' "$program" build "${archives[@]}" -o "$work/x" --since yesterday
expect 64 'does not know .foo' "$program" build "${archives[@]}" -o "$work/x" --respect noai,foo
expect 64 'do not add up' "$program" build "${archives[@]}" -o "$work/x" --split train=0.9,test=0.2
expect 64 'NAME=SHARE' "$program" build "${archives[@]}" -o "$work/x" --split train
expect 64 'include-url: ' "$program" build "${archives[@]}" -o "$work/x" --include-url '['
expect 64 'languages takes ISO 639-3 codes such as eng,deu, not .en.' "$program" build "${archives[@]}" -o "$work/x" --languages eng,en
expect 64 'languages takes ISO 639-3 codes: deu, not .ger.' "$program" build "${archives[@]}" -o "$work/x" --languages ger
expect 64 'status takes HTTP status codes .*, not .2xx.' "$program" build "${archives[@]}" -o "$work/x" --status 2xx
expect 64 'host takes names .*, not .http://a.example/.' "$program" build "${archives[@]}" -o "$work/x" --host http://a.example/
expect 64 'since is after --until' "$program" build "${archives[@]}" -o "$work/x" --since 2025 --until 2024-12-31
expect 64 'absent.warc: No such file' "$program" build "$work/absent.warc" -o "$work/x"
expect 64 'name' "$program" build "${archives[0]}" "${archives[0]/tests/tests/../tests}" -o "$work/x"
expect 64 'there is no command' "$program" frobnicate
for command in build article dedup recluster ls cat check verify explain report run slurm; do
	expect 0 "usage: warcmill $command" "$program" "$command" --help
	[ "$("$program" "$command" 2>&1 >"$work/out" | wc -l)" -eq 1 ] && [ ! -s "$work/out" ] ||
		fail "$command without arguments is not one sentence"
done
for command in build article dedup ls cat check verify explain report slurm; do
	expect 64 "^warcmill $command: there is no option --nonsense; see warcmill $command --help$" "$program" "$command" --nonsense
	[ "$("$program" "$command" --nonsense 2>&1 | wc -l)" -eq 1 ] || fail "$command: more than one sentence"
done
expect 64 '--jsonl=x: this option takes no value' "$program" ls --jsonl=x "${archives[0]}"
expect 64 'there is no option -z' "$program" build -zq "${archives[0]}"
expect 64 '--url needs a value' "$program" article --url
expect 64 'number below 1000, not .x' "$program" ls --name-depth x "${archives[0]}"
# Columns are characters, not bytes.
"$program" build --help >"$work/out"
grep -q "^  --host              HOST,…        only" "$work/out" || fail "the columns of --help"
# Equal names: the ends of the paths tell them apart.
long=$work/$(printf 'long%.0s' {1..30})
mkdir -p "$long/one" "$long/two" && cp "${archives[0]}" "$long/one/" && cp "${archives[0]}" "$long/two/"
expect 64 'long/one/.* and .*long/two/.*; keep folders in the names \(--name-depth\)$' "$program" build "$long" -o "$work/x"
expect 64 "^warcmill ls: @$work/absent.txt: cannot open: No such file" "$program" ls "@$work/absent.txt"
# What the command line names and is not there, or is something else.
expect 64 'absent.html: cannot open: No such file' "$program" article "$work/absent.html"
expect 64 '^warcmill article: --model [^ ]*/absent: cannot open: No such file' "$program" article --model "$work/absent" "$work/x.html"
expect 64 '^warcmill build: --model [^ ]*/absent: cannot open: No such file' "$program" build "${archives[0]}" -o "$work/x" --model "$work/absent"
expect 64 'absent.json: cannot open: No such file' "$program" build -o "$work/x" --from-manifest "$work/absent.json"
for command in "article $work/x.html" "build ${archives[0]} -o $work/x"; do
	# shellcheck disable=SC2086 # words are meant to part
	expect 65 'this is not an article model' "$program" $command --model "${archives[0]}"
done
expect 64 '^warcmill run plan: no INPUT was given; see warcmill run plan --help' "$program" run plan -o "$work/x"
expect 64 '^warcmill run plan: there is no option --nothing; see warcmill run plan --help' "$program" run plan --nothing
expect 0 - "$program" run plan --help
if [ -e /dev/full ]; then
	for command in "ls" "check" "cat --payload" "verify --help"; do
		target=${archives[0]}
		[ "$command" = "cat --payload" ] && target+=@0
		# shellcheck disable=SC2086
		"$program" $command "$target" >/dev/full 2>"$work/err" && fail "$command: lost output ends with 0"
		grep -q 'cannot write to standard output: No space left on device$' "$work/err" || fail "$command: why?"
	done
fi
mkdir "$work/bare"
for command in ls check; do
	expect 64 "^warcmill $command: there is no archive among the inputs" "$program" "$command" "$work/bare"
done
# A file that cannot be read; who is root reads any, so a loop of links stands for it too.
ln -s loop.warc "$work/loop.warc"
expect 74 '^warcmill build: [^:]*/loop.warc: [^:]*$' "$program" build "$work/loop.warc" -o "$work/x"
if [ "$(id -u)" -ne 0 ]; then
	cp "${archives[0]}" "$work/closed" && chmod 000 "$work/closed"
	expect 74 '^warcmill build: [^:]*/closed: cannot open: Permission denied$' "$program" build "$work/closed" -o "$work/x"
fi
expect 0 'zlib' "$program" --version
# Output that is lost is no success, whatever the command; it is said once.
for arguments in --help --version "build --help" "build --dry-run ${archives[0]} -o $work/x" "ls ${archives[0]}" "article $data/site/www.harbourpost.example" \
	"cat --text ${archives[0]}@908" "cat --tree ${archives[0]}@908"; do
	code=0
	# shellcheck disable=SC2086
	"$program" $arguments >/dev/full 2>"$work/out" || code=$?
	[ "$code" -eq 74 ] && [ "$(grep -c '' "$work/out")" -eq 1 ] || fail "$arguments to a full disk: exit $code, $(head -c 300 "$work/out")"
done
expect 64 'no finished corpus' "$program" verify "$work"
[ -e "$work/x" ] && fail "a refused run left a folder"

rows() { # CORPUS TABLE: its rows
	find "$1/$2" -name '*.jsonl*' | LC_ALL=C sort | while read -r part; do
		case $part in
		*.zst) zstd -dcq "$part" ;;
		*.gz) gzip -dc "$part" ;;
		*) cat "$part" ;;
		esac
	done
}

build() { # NAME OPTIONS...
	local name=$1
	shift
	expect 0 - "$program" build "${archives[@]}" -o "$work/$name" --quiet "$@"
	expect 0 ' 0 findings' "$program" verify "$work/$name"
}

build all
all=$(rows "$work/all" documents | wc -l)
[ "$all" -gt 20 ] || fail "only $all documents"

for how in zst gz none; do
	build "compress-$how" --compress "$how"
	cmp -s <(rows "$work/all" documents) <(rows "$work/compress-$how" documents) || fail "--compress $how changes the rows"
done
for format in parquet wet; do
	expect 0 - "$program" build "${archives[@]}" -o "$work/$format" --quiet --format "$format"
	expect 0 ' 0 findings' "$program" verify "$work/$format"
done

build split --split train=0.6,valid=0.2,test=0.2
[ "$(rows "$work/split" documents | wc -l)" -eq "$all" ] || fail "splits lose documents"
for split in train valid test; do
	[ -d "$work/split/documents/$split" ] || fail "no folder for $split"
done
# Copies stand in the split of their keeper.
rows "$work/split" documents | sed -E 's/^\{"id":"([^"]*)".*"split":"([a-z]*)".*/\1 \2/' | sort >"$work/kept"
rows "$work/split" duplicates | sed -E 's/.*"duplicate_of":"([^"]*)".*"split":"([a-z]*)".*/\1 \2/' | sort -u >"$work/copies"
[ -z "$(comm -13 "$work/kept" "$work/copies")" ] || fail "a copy stands in another split than its keeper"

build sample --sample 10
[ "$(rows "$work/sample" documents | wc -l)" -eq 10 ] || fail "--sample 10 gives another number"
ids() { rows "$1" documents | sed -E 's/^\{"id":"([^"]*)".*/\1/' | sort; }
expect 0 - "$program" build "${archives[0]}" -o "$work/sample1" --quiet --sample 10
# Stable: of the first archive's documents, those in the larger run's sample are in its own sample.
[ -z "$(comm -23 <(ids "$work/sample" | grep '^example-1') <(ids "$work/sample1"))" ] || fail "the sample is not stable"

build by-url --sort url --max-part-bytes 20K
urls() { rows "$1" documents | sed -E 's/.*"metadata":\{"url":"([^"]*)".*/\1/'; }
urls "$work/by-url" | LC_ALL=C sort -c || fail "--sort url does not sort"
[ "$(find "$work/by-url/documents" -type f | wc -l)" -gt 1 ] || fail "--max-part-bytes does not cut"
cmp -s <(rows "$work/all" documents | LC_ALL=C sort) <(rows "$work/by-url" documents | LC_ALL=C sort) || fail "--sort changes rows"
build by-date --sort date
build small-parts --max-part-bytes 10K
cmp -s <(rows "$work/all" documents) <(rows "$work/small-parts" documents) || fail "the cut into parts changes the rows"

build host --host northwire.example
urls "$work/host" | grep -qv '//northwire.example/' && fail "--host lets others through"
build exclude --exclude-url 'northwire'
urls "$work/exclude" | grep -q northwire && fail "--exclude-url lets it through"
build words --min-words 300
grep -q '"min-words":' "$work/words/manifest.json" || fail "--min-words rejects nothing"
build until --until 2001-01-01
[ -z "$(rows "$work/until" documents)" ] || fail "--until 2001 keeps pages"
build german --languages deu
grep -q '"language":' "$work/german/manifest.json" || fail "--languages rejects nothing"

# Opt-out signals: several headers count together; what is respected is rejected and counted by its reason.
words=$(printf 'quarrel lantern harbour mill %.0s' {1..60})
body=$'HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nX-Robots-Tag: GPTBot: noindex\r\nX-Robots-Tag: noarchive\r\n\r\n'
body+="<html><head><title>A mill</title></head><body><article><h1>A mill</h1><p>$words.</p></article></body></html>"
printf 'WARC/1.0\r\nWARC-Type: response\r\nWARC-Target-URI: http://mill.example/a\r\nWARC-Date: 2024-01-01T00:00:00Z\r\n%s%d\r\n\r\n%s\r\n\r\n' \
	$'Content-Type: application/http; msgtype=response\r\nContent-Length: ' ${#body} "$body" >"$work/robots.warc"
for respect in '' noai noarchive; do
	"$program" build "$work/robots.warc" -o "$work/robots-$respect" --keep-all --quiet ${respect:+--respect $respect}
done
rows "$work/robots-" documents | grep -q '"noindex","noarchive","noai"' || fail "of two X-Robots-Tag headers one is lost"
for respect in noai noarchive; do
	[ -z "$(rows "$work/robots-$respect" documents)" ] || fail "--respect $respect keeps a page that asks for it"
	grep -q "\"$respect\": *1" "$work/robots-$respect/manifest.json" || fail "--respect $respect is not counted"
done

finish
