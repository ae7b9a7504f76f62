#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# `lab torture --quick` finds nothing left behind, and would see it if there were something.
. "$(dirname "$0")/functions.sh"

run_gameday 0 lab torture --quick --json
python3 - "$WORK/out" <<'PY'
import json, sys
text = open(sys.argv[1]).read()
result = json.loads(text[text.index("\n{\n") + 1:])
trials = [dict(t, host=s["host"]) for s in result["scenarios"] for t in s["trials"]]
for t in trials:
    print(t["host"], t["step"], t["victim"], t["outcome"], t["took_ms"], "ms, exit", t["run_exit"])
assert result["differences"] == 0 and result["missed"] == 0
# Every way to be struck, and every fault, at least once.
assert {t["victim"] for t in trials} == {
    "runner", "stopped-runner", "agent", "guardian", "agent+guardian", "all-three",
    "sshd-session", "link", "clock", "by-hand"}
assert all(s["trials"] for s in result["scenarios"])
assert {f for s in result["scenarios"] for f in s["faults"]} == {
    "netem", "ring", "disk_delay", "io_max", "bgp"}
PY

# The comparison can fail: something is changed behind its back while a trial is under way.
"$GD" lab torture active-netem/agent >"$WORK/planted" 2>&1 &
torture=$!
wait_for 60 on api-3 'cat /proc/[0-9]*/comm | grep -q gd-guardian' || fail "no trial began"
on api-3 'tc qdisc add dev lo root pfifo limit 7'
status=0
wait $torture || status=$?
cat "$WORK/planted"
on api-3 'tc qdisc del dev lo root'
[ $status -eq 5 ] || fail "a planted queue: exit $status, expected 5"
grep -q '^+ qdisc pfifo .* lo .*limit 7p' "$WORK/planted" || fail "the planted queue is not named"
grep -q '1 trials in .* 1 differences' "$WORK/planted" || fail "the difference is not counted"
sed -n 's/^kept: //p' "$WORK/planted" | grep -E '^/.*/gameday-torture-[^/]*$' | xargs rm -rf
