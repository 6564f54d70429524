#!/usr/bin/env bash
# Run the whole benchmark and write bench/out: report.html, results.json, figures.md (the tables that the documentation quotes).
# usage: scripts/bench.sh [--quick] [--no-deps] [SET...]
#
# SET     folders of pages with a truth (docs/benchmarks.md). Without one: the sets in $WARCMILL_SHARED/data/extraction (default:
#         ../shared), and where there are none, invented pages for the speed alone.
# --quick smaller inputs and fewer runs: two minutes, building apart
set -euo pipefail
cd "$(dirname "$0")/.."

quick=
deps=1
sets=()
for argument; do
	case $argument in
	--quick) quick=1 ;;
	--no-deps) deps= ;;
	-*)
		sed -n '2,7s/^# \{0,1\}//p' "$0"
		exit 64
		;;
	*) sets+=("$argument") ;;
	esac
done

# ---- Programs --------------------------------------------------------------------------------------------------
if [ -n "$deps" ]; then
	scripts/deps.sh build bench
	command -v npm >/dev/null || scripts/deps.sh node
fi
build=${BENCH_BUILD:-build/release}
cmake --preset release -B "$build" >/dev/null
cmake --build "$build" --target warcmill warcmill-bench
bench=$build/warcmill-bench
warcmill=$build/warcmill
work=$build/bench
out=bench/out
mkdir -p "$work/peers" "$work/sets" "$out"

# Peers run in a folder of the build; the lock file pins their versions.
cp bench/peers/* "$work/peers/"
if command -v npm >/dev/null && [ ! -e "$work/peers/node_modules/warcio" ]; then
	(cd "$work/peers" && npm ci --omit-lockfile-registry-resolved --no-audit --no-fund --ignore-scripts --loglevel=error) ||
		echo "bench.sh: npm could not install the peers; they will be absent" >&2
fi
jars=/usr/share/java/boilerpipe.jar:/usr/share/java/nekohtml.jar:/usr/share/java/xercesImpl.jar
if command -v javac >/dev/null && [ -e /usr/share/java/boilerpipe.jar ]; then
	javac -cp "$jars" -d "$work/peers" "$work/peers/Boilerpipe.java"
fi

# ---- Inputs ----------------------------------------------------------------------------------------------------
shared=${WARCMILL_SHARED:-../shared}
if [ ${#sets[@]} -eq 0 ]; then
	for name in andythefactory-news fundus-multilingual wcxb-dev daniel; do
		archive=$shared/data/extraction/tune-$name.tar.xz
		[ -e "$archive" ] || continue
		if [ ! -e "$work/sets/$name/.done" ]; then
			mkdir -p "$work/sets/$name"
			tar -xJf "$archive" -C "$work/sets/$name" --strip-components="$(tar -tJf "$archive" | awk -F/ '/truth.jsonl$/ { print NF - 1; exit }')"
			touch "$work/sets/$name/.done"
		fi
		sets+=("$work/sets/$name")
	done
fi
if [ -n "$quick" ]; then
	megabytes=8M rounds=(--rounds 5 --seconds 20) set_pages=10 site=50 growth=(--quick) hostile=(--quick)
	[ ${#sets[@]} -gt 2 ] && sets=("${sets[@]:0:2}")
else
	megabytes=32M rounds=(--rounds 11 --seconds 150) set_pages=120 site=200 growth=() hostile=()
fi

commands=()
run() { # print, remember for the report, run, say how long it took
	local line start=$SECONDS
	line=$(printf '%q ' "$@")
	echo "\$ $line"
	line=${line//$work\//}
	line=${line//$shared\/data\//}
	commands+=(--command "${line//$build\//}")
	"$@"
	echo "($((SECONDS - start)) s)"
}

if [ ${#sets[@]} -gt 0 ]; then
	run "$bench" archive "${sets[@]}" -o "$work/pages.warc.gz" --bytes $megabytes --seed 1
else
	run "$bench" archive --invented 400 -o "$work/pages.warc.gz" --bytes $megabytes --seed 1
fi
archives=(--archive "$work/pages.warc.gz")
if command -v wget >/dev/null; then
	run "$bench" crawl "${sets[@]:0:1}" --invented 50 --pages $site -o "$work/crawl"
	archives+=(--archive "$work/crawl.warc.gz")
fi

# ---- Measurements ----------------------------------------------------------------------------------------------
parts=()
run "$bench" speed "$work/pages.warc.gz" "${rounds[@]}" --warcmill "$warcmill" --json "$work/speed.json"
parts+=("speed=$work/speed.json")
run "$bench" reading "$work/pages.warc.gz" "${rounds[@]}" --json "$work/reading.json"
parts+=("reading=$work/reading.json")
run "$bench" growth "${growth[@]}" --warcmill "$warcmill" --json "$work/growth.json"
parts+=("growth=$work/growth.json")
run "$bench" hostile "$work/pages.warc.gz" "${hostile[@]}" --json "$work/hostile.json"
parts+=("hostile=$work/hostile.json")
rm -f "$work"/results/*
run "$bench" peers "${sets[@]}" "${archives[@]}" --peers "$work/peers" --pages $set_pages --out "$work/results" \
	--json "$work/peers.json"
parts+=("peers=$work/peers.json")
rm -f "$out"/*.worst.html
cp "$work"/results/*warcmill*.worst.html "$out/" 2>/dev/null || true
truth=$shared/data/dedup/synd_tune.jsonl.xz
if [ -e "$truth" ]; then
	run "$bench" dedup "$truth" --baselines --warcmill "$warcmill" --json "$work/dedup.json"
	parts+=("dedup=$work/dedup.json")
fi
revision=$(git describe --always --dirty 2>/dev/null || echo unknown)
"$bench" report "${parts[@]}" --revision "$revision" "${commands[@]}" -o "$out"
echo "done in $SECONDS s, building included"
