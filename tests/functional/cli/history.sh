#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# history lists runs with their figures and trends; compare takes them by directory.
set -eu
DATA=$1/tests/unit/report/data
GD=$2
. "$(dirname "$0")/../functions.sh"
cd "$WORK"
mkdir runs
for i in 1 2 3; do cp -r "$DATA/refuted" "runs/2026010${i}T000000Z-drops"; done
cp -r "$DATA/garbage" runs/20260104T000000Z-garbage
for d in runs/*; do "$GD" report "$d" >/dev/null; done
cp -r "$DATA/refuted" runs/20260105T000000Z-bare

"$GD" history >out
grep -q "^refuted .* 1.02 s .* 98 % .* 20260103T000000Z-drops" out || fail "no figures: $(cat out)"
grep -q "^no report .* 20260105T000000Z-bare" out || fail "a run without a report: $(cat out)"
[ "$(sed -n 2p out | grep -c bare)" -eq 1 ] || fail "the newest is not first: $(cat out)"
grep -q "^silent-nic-drops, 4 runs" out || fail "no trend: $(cat out)"
grep -q "p99 under fault      ▄▄▄\\." out || fail "no sparkline: $(cat out)"
! grep -q $'\x1b' out || fail "an escape gets to the terminal: $(cat out)"
"$GD" history --scenario silent-nic-drops >out
! grep -q garbage out || fail "another scenario: $(cat out)"
"$GD" history --scenario silent-nic-drops --json >out
[ "$(grep -c '"worst_p99_ns":' out)" -eq 4 ] || fail "JSON: $(cat out)"
"$GD" history --scenario none >out
grep -q "no runs of none under runs/" out || fail "no runs: $(cat out)"

"$GD" compare 20260101T000000Z-drops latest -o cmp >out || fail "equal runs are not equal"
grep -q "within the noise (p = 1)" out || fail "no test: $(cat out)"
[ -s cmp/compare.html ] && [ -s cmp/compare.json ] || fail "files"
for link in $(grep -o 'charts/[a-z0-9-]*\.svg' cmp/compare.md); do
	[ -s "cmp/$link" ] || fail "compare.md links to $link"
done
ls cmp/charts/*.svg >/dev/null
status=0
"$GD" compare latest vs >out 2>&1 || status=$?
[ $status -eq 2 ] || fail "vs without a run: $status: $(cat out)"
"$GD" compare latest 20260104T000000Z-garbage --format html >out || fail "garbage"
! grep -q '<script' out || fail "markup gets through"
