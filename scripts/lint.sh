#!/usr/bin/env bash
# Style and static checks. usage: scripts/lint.sh [--fix]   (--fix formats the C sources in place)
set -euo pipefail
cd "$(dirname "$0")/.."

scripts/deps.sh lint
mapfile -t sources < <(git ls-files '*.c' '*.h' '*.cc' | grep -v -f scripts/generated.txt)
if [ "${1:-}" = --fix ]; then
	clang-format-14 -i "${sources[@]}"
	exit
fi
failed=0
clang-format-14 --dry-run --Werror "${sources[@]}" || failed=1

# The dependency rule: base knows nobody, the three in the middle do not know each other, corpus does not know cli.
rule() { # FOLDER FORBIDDEN-REGEX
	if grep -nE "^#include \"($2)/" "$1"/*.[ch] "$1"/*.cc 2>/dev/null; then
		echo "lint: $1 must not include these" >&2
		failed=1
	fi
}
rule base 'warc|extract|dedup|corpus|cli|bench'
rule warc 'extract|dedup|corpus|cli|bench'
rule extract 'warc|dedup|corpus|cli|bench'
rule dedup 'warc|extract|corpus|cli|bench'
rule corpus 'cli|bench'

# Only the command line prints or exits.
if grep -nE '\b(printf|puts|putchar|perror|exit|abort)\(' base/*.c warc/*.c extract/*.c dedup/*.c corpus/*.c |
	grep -vE ':[[:space:]]*(\*|/\*)|snprintf|_exit_'; then
	echo "lint: libraries neither print nor exit" >&2
	failed=1
fi
shellcheck -x scripts/*.sh .ci/run || failed=1
exit $failed
