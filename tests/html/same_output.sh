#!/bin/sh
# same_output.sh A B ARG...: both programs must print the same for the same arguments.
set -eu
a=$1 b=$2
shift 2
left=$("$a" "$@")
right=$("$b" "$@")
echo "$left"
[ -n "$left" ] && [ "$left" = "$right" ] || { echo "but the other prints $right"; exit 1; }
