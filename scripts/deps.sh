#!/usr/bin/env bash
# Install what is missing, from Debian's packages. The only place where package names stand.
# usage: scripts/deps.sh [build] [test] [lint] [browser] [bench] [node] [slurm]   (default: build)
set -euo pipefail

declare -A packages
packages[build]="build-essential cmake ninja-build pkg-config zlib1g-dev libdeflate-dev libzstd-dev libbrotli-dev libarchive-dev
	libxxhash-dev libcurl4-openssl-dev libssl-dev libpsl-dev libuchardet-dev libutf8proc-dev libcld2-dev libyajl-dev zstd"
packages[test]="libcmocka-dev libgumbo-dev clang-14 libomp-14-dev libclang-rt-14-dev llvm-14 wget nginx-light python3 zip lz4 xz-utils
	bzip2 parallel cmark"
packages[lint]="clang-format-14 clang-tidy-14 cppcheck shellcheck"
packages[browser]="chromium"
packages[bench]="libgumbo-dev libxml2-dev libmodest-dev python3 python3-numpy python3-sklearn python3-readability
	libboilerpipe-java default-jdk-headless wget"
packages[node]="nodejs npm"
packages[slurm]="slurm-wlm munge"

wanted=()
for group in "${@:-build}"; do
	if [ -z "${packages[$group]:-}" ]; then
		echo "deps.sh: there is no group '$group'; groups: ${!packages[*]}" >&2
		exit 64
	fi
	# Node.js is often there from elsewhere, and Debian's npm then conflicts with it.
	[ "$group" = node ] && command -v node >/dev/null && command -v npm >/dev/null && continue
	for package in ${packages[$group]}; do
		status=$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null || true)
		[ "$status" = installed ] || wanted+=("$package")
	done
done
[ ${#wanted[@]} -eq 0 ] && exit 0

root=()
if [ "$(id -u)" -ne 0 ]; then
	command -v sudo >/dev/null || {
		echo "deps.sh: these packages are missing, and neither root nor sudo is at hand: ${wanted[*]}" >&2
		exit 74
	}
	root=(sudo)
fi
echo "installing: ${wanted[*]}"
"${root[@]}" apt-get update -qq
"${root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${wanted[@]}" >/dev/null
