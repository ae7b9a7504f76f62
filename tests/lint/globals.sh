#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# No writable file-scope variables: nothing of ours in .data or .bss.
set -u
cd "$2" || exit 2
case $(grep -h '^GD_SANITIZE' CMakeCache.txt) in *=ON) echo "1 build skipped: the sanitizer adds its own data"; exit 0 ;; esac
found=$(find . -path '*/tests/*' -prune -o -name 'libgd_*.a' -print | while read -r lib; do
	objdump -t "$lib" 2>/dev/null | awk -v lib="$lib" '$0 ~ / O \.(data|bss)([ \t]|\.[^r])/ && $NF !~ /^(__|completed)/ {print lib ": " $NF}'
done)
if [ -n "$found" ]; then
	echo "writable globals:"
	echo "$found"
	exit 1
fi
n=$(find . -name 'libgd_*.a' | wc -l)
echo "$n libraries checked"
[ "$n" -gt 5 ]
