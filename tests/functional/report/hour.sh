#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The report of a run of one hour, 5 loads by 4 clients: the page takes less than 3 MB, and
# every load and client is in it. How long it takes is for tests/bench/report/run.sh.
set -eu
hour=$1 gameday=$2
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

"$hour" "$work"
"$gameday" report "$work" >"$work/summary"
size=$(stat -c %s "$work/report.html")
[ "$size" -lt 3000000 ] || { echo "FAILED: report.html takes $size bytes"; exit 1; }
for load in checkout search cart login feed; do
	for client in plain retrying hedging budgeted; do
		name=$load.$client
		for file in report.html report.md summary; do
			grep -qF "$name" "$work/$file" ||
				{ echo "FAILED: $name is not in $file"; exit 1; }
		done
		[ "$(grep -cF 'HISTFAAA' "$work/$name.hlog")" -eq 3600 ] ||
			{ echo "FAILED: $name.hlog lacks intervals"; exit 1; }
	done
done
echo "report.html: $size bytes"
