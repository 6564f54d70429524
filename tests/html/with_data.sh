#!/bin/sh
# with_data.sh ARCHIVE FOLDER SUBFOLDER PROGRAM: unpack the third-party ARCHIVE (a tar) into FOLDER, once, and run
# PROGRAM FOLDER/SUBFOLDER. Exit 77, which ctest takes as skipped, where there is no ARCHIVE.
set -eu
if [ ! -f "$1" ]; then
	echo "no $1: skipped (set WARCMILL_SHARED when configuring)"
	exit 77
fi
if [ ! -f "$2/.unpacked" ]; then
	mkdir -p "$2"
	tar -xf "$1" -C "$2"
	touch "$2/.unpacked"
fi
exec "$4" "$2/$3"
