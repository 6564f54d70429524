#!/usr/bin/env bash
# Run one of the node tests with its packages. usage: node.sh BUILD-FOLDER SCRIPT ARGUMENT...
# Exits 77 (skipped) without node, or without the packages and a registry to get them from.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
build=$1 script=$2
shift 2

if ! command -v node >/dev/null || ! command -v npm >/dev/null; then
	echo "skipped: node and npm are not installed"
	exit 77
fi
mkdir -p "$build/npm"
# The lock file fixes every package by version and digest; it names no registry, so npm's own setting decides. Packages' own
# install scripts are not run.
if ! cmp -s "$here/package-lock.json" "$build/npm/installed.json"; then
	cp "$here/package.json" "$here/package-lock.json" "$build/npm/"
	if ! (cd "$build/npm" && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error); then
		echo "skipped: the npm packages could not be installed"
		exit 77
	fi
	cp "$here/package-lock.json" "$build/npm/installed.json"
fi
# Modules are looked up from where a script lies, so the scripts run from beside their packages.
cp "$here"/*.mjs "$build/npm/"
WARCMILL_SOURCE=$(cd "$here/../.." && pwd) exec node "$build/npm/$script" "$build" "$@"
