#!/usr/bin/env bash
# Install what is missing, build, and run the main job on the example archives: a corpus, a summary, a report.
# usage: scripts/demo.sh [FOLDER]     (default: build/demo; made anew)
set -euo pipefail
cd "$(dirname "$0")/.."

corpus=${1:-build/demo}
scripts/deps.sh build
cmake --preset release >/dev/null
cmake --build --preset release --target warcmill >/dev/null
warcmill=build/release/warcmill

echo "\$ warcmill build tests/data/example-1.warc.gz tests/data/example-2.warc.gz -o $corpus"
"$warcmill" build --force tests/data/example-1.warc.gz tests/data/example-2.warc.gz -o "$corpus"
"$warcmill" report --quiet "$corpus"
echo
"$warcmill" report --text "$corpus"

story=http://quickdigest.example/c/88121
if "$warcmill" --help | grep -q '^  explain '; then
	echo
	echo "Why one copy was collapsed:"
	echo "\$ warcmill explain $corpus $story"
	"$warcmill" explain "$corpus" "$story"
fi
if "$warcmill" --help | grep -q '^  verify '; then
	echo
	echo "Every text still follows from its record:"
	echo "\$ warcmill verify $corpus"
	"$warcmill" verify "$corpus"
fi
cat <<END

The corpus is in $corpus:
  documents/   duplicates/   rejected/     one JSON object a line, zstd
  report.html                              open it in a browser
  README.md, croissant.json                the data set card
  manifest.json, SHA256SUMS, errors.jsonl  how it was made, digests, damage
END
