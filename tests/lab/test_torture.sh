#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# `lab torture --quick` finds nothing left behind, and would see it if there were something.
. "$(dirname "$0")/functions.sh"

run_gameday 0 lab torture --quick --json
python3 - "$WORK/out" <<'PY'
import json, sys
text = open(sys.argv[1]).read()
trials = json.loads(text[text.index("\n{\n") + 1:])["trials"]
for t in trials:
    print(t["step"], t["victim"], t["outcome"], t["took_ms"], "ms, exit", t["run_exit"])
    assert t["outcome"] == "ok"
    # A run that lives to tell must not claim that something stayed behind.
    assert t["run_exit"] != 5, t
assert len(trials) >= 4
PY

# The comparison can fail: something is changed behind its back while a trial is under way.
"$GD" lab torture held/agent >"$WORK/planted" 2>&1 &
torture=$!
wait_for 60 on api-1 'cat /proc/[0-9]*/comm | grep -q gd-guardian' || fail "no trial began"
on api-1 'tc qdisc add dev lo root pfifo limit 7'
status=0
wait $torture || status=$?
cat "$WORK/planted"
on api-1 'tc qdisc del dev lo root'
[ $status -eq 5 ] || fail "a planted queue: exit $status, expected 5"
grep -q '^+ tc lo qdisc pfifo .* limit 7p' "$WORK/planted" || fail "the planted queue is not named"
kept=$(sed -n 's/^kept: //p' "$WORK/planted")
case $kept in */gameday-torture-*) rm -rf "$kept" ;; *) fail "no folder was kept: $kept" ;; esac
