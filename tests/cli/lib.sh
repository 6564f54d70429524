# lib: what the command-line tests share. Each test is a shell script that gets the program as $1 and the source folder as $2.
set -euo pipefail
program=$1
source_root=$2
data=$source_root/tests/data
archives=("$data/example-1.warc.gz" "$data/example-2.warc.gz")
# Memory where there is some: these tests fsync a lot.
if [ -w /dev/shm ]; then
	work=$(mktemp -d /dev/shm/warcmill-test-XXXXXX)
else
	work=$(mktemp -d)
fi
trap 'rm -rf "$work"' EXIT
failures=0

fail() {
	echo "FAIL: $*" >&2
	failures=$((failures + 1))
}

# expect CODE REGEX COMMAND...: exit code, and a line of its output that matches. REGEX - : anything.
expect() {
	local code=$1 regex=$2 got=0
	shift 2
	"$@" >"$work/out" 2>&1 || got=$?
	[ "$got" -eq "$code" ] || fail "exit $got instead of $code: ${*:2} ($(head -c 300 "$work/out"))"
	[ "$regex" = - ] || grep -qE -- "$regex" "$work/out" || fail "no '$regex' from: ${*:2} ($(head -c 300 "$work/out"))"
}

same_corpus() { # A B
	cmp -s "$1/SHA256SUMS" "$2/SHA256SUMS" || fail "$1 and $2 differ: $(diff "$1/SHA256SUMS" "$2/SHA256SUMS" | head -3 || true)"
}

finish() {
	[ "$failures" -eq 0 ] || {
		echo "$failures failures" >&2
		exit 1
	}
}
