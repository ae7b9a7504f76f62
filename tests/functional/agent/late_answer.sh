#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The answer to a fault on trial comes when the host was given up and has undone it: the run
# ends as one whose fault cut the way back, and says so.
. "$(dirname "$0")/box.sh"
command -v python3 >/dev/null || { echo "no python3 here"; exit 77; }

python3 "$(dirname "$0")/slow_path.py" $((port + 5000)) "$port" "$WORK/hold" &
pids="$pids $!"
until_open $((port + 5000))
inventory $((port + 5000))
cat >"$WORK/late.yaml" <<END
scenario: late
title: An answer that comes late
hypothesis: Everything is put back.
hosts: {box: box}
load:
  - {name: page, from: box, http: "http://127.0.0.1:1/", rate: 10/s, clients: {plain: {}}}
stages:
  - baseline: {for: 1s}
  - slow:
      for: 20s
      faults: [{file: {on: box, path: $WORK/victim, content: changed, takes: 1s}}]
  - recovery: {for: 1s}
expect: [page.plain.success in recovery > 90%]
END
echo original >"$WORK/victim"
"$GD" run "$WORK/late.yaml" -i "$WORK/inventory.yaml" --yes -o "$WORK/runs" >"$WORK/out" 2>&1 &
pid=$!
pids="$pids $pid"
until_says '^ *[0-9.]*s *fault '
touch "$WORK/hold"
for _ in $(seq 300); do
	! grep -qs '"event":"host_lost"' "$WORK"/runs/*/journal.jsonl ||
		[ "$(cat "$WORK/victim")" != original ] || break
	sleep 0.1
done
rm "$WORK/hold"
status=0
wait "$pid" || status=$?
[ "$status" = 3 ] || fail "status $status: $(cat "$WORK/out")"
[ "$(cat "$WORK/victim")" = original ] || fail "not put back"
said() { # PATTERN
	grep -q -- "$1" "$WORK/out" || fail "does not say $1: $(cat "$WORK/out")"
}
said '^verdict  not-run: .*the way back to the host was lost'
said 'not run  .*leave the path that SSH uses out of the fault'
grep -q '"event":"fault_injected"' "$WORK"/runs/*/journal.jsonl ||
	fail "the late answer is not recorded"
grep -q '"event":"fault_reverted".*"equal":true' "$WORK"/runs/*/journal.jsonl ||
	fail "the undo is not recorded"
echo "a late answer is no way back"
