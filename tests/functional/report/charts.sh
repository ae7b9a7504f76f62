#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Every chart of every kept run, the hostile ones included, is well-formed XML without a
# number that is none.
set -eu
source=$1 draw=$2
command -v xmllint >/dev/null || { echo "no xmllint"; exit 77; }
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

n=0
for run in "$source"/tests/unit/report/data/*/; do
	out=$work/$(basename "$run")
	mkdir "$out"
	"$draw" "$run" "$out" >/dev/null
	for svg in "$out"/*.svg; do
		[ -e "$svg" ] || continue
		xmllint --noout --nonet "$svg"
		if grep -nE '="[^"]*\b(nan|inf)\b' "$svg"; then
			echo "FAILED: $svg has a number that is none"
			exit 1
		fi
		n=$((n + 1))
	done
done
[ "$n" -ge 4 ] || { echo "FAILED: only $n charts were drawn"; exit 1; }
echo "$n charts are well-formed"
