#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# clang-tidy over every C file of the program, on all processors; the longest files first, so
# that none of them is left over at the end.
set -u -o pipefail
cd "$1" || exit 2
sed -n "s#^ *\"file\": \"$PWD/\(.*\)\".*#\1#p" "$2/compile_commands.json" |
	grep -E '^(gameday|injectors)/' | grep -v '^gameday/lab/guest/' | sort -u | xargs ls -S |
	xargs -P "$(nproc)" -n 4 clang-tidy --quiet -p "$2" 2>/dev/null
