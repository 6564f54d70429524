#!/usr/bin/env bash
# Install what is missing, build, run all tests. usage: scripts/test.sh [PRESET] [ctest option...]   (default: release)
# Further presets: dev (AddressSanitizer, UndefinedBehaviorSanitizer), tsan (ThreadSanitizer).
set -euo pipefail
cd "$(dirname "$0")/.."

preset=${1:-release}
[ $# -gt 0 ] && shift
scripts/deps.sh build test
# DuckDB, the schema validator and the browser look at the outputs. Without them those tests say so and are skipped.
scripts/deps.sh node browser || echo "test.sh: node and Chromium cannot be installed; the tests that need them are skipped" >&2
cmake --preset "$preset" >/dev/null
cmake --build --preset "$preset" -- -k 0
if [ "$preset" = tsan ]; then
	# Archer tells ThreadSanitizer about OpenMP's own synchronisation; the runtime's internals are none of our business.
	export OMP_TOOL_LIBRARIES=${OMP_TOOL_LIBRARIES:-/usr/lib/llvm-14/lib/libarcher.so}
	export TSAN_OPTIONS="ignore_noninstrumented_modules=1 halt_on_error=1 ${TSAN_OPTIONS:-}"
fi
ctest --test-dir "build/$preset" --output-on-failure -j"$(nproc)" "$@"
