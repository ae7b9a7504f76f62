#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The report of a run of one hour, 5 loads by 4 clients: the page takes less than 3 MB, and
# every load and client is in it. How long it takes is for tests/bench/report/run.sh.
set -eu
hour=$1 gameday=$2
. "$(dirname "$0")/../functions.sh"

"$hour" "$WORK"
"$gameday" report "$WORK" >"$WORK/summary"
size=$(stat -c %s "$WORK/report.html")
[ "$size" -lt 3000000 ] || fail "report.html takes $size bytes"
for load in checkout search cart login feed; do
	for client in plain retrying hedging budgeted; do
		name=$load.$client
		for file in report.html report.md summary; do
			grep -qF "$name" "$WORK/$file" || fail "$name is not in $file"
		done
		[ "$(grep -cF 'HISTFAAA' "$WORK/$name.hlog")" -eq 3600 ] ||
			fail "$name.hlog lacks intervals"
	done
done
echo "report.html: $size bytes"
