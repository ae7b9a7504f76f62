#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# A host with its own htb + fq_codel tree has it back byte for byte and carries traffic on.
. "$(dirname "$0")/functions.sh"

scenario "$WORK/tree.yaml" '  - slow: {for: 5s, faults: [{netem: {on: server, device: eth1, delay: 30ms, loss: 1%}}]}'
sed -i 's/server: api-1/server: api-3/' "$WORK/tree.yaml"
state api-3 >"$WORK/before"
grep -q htb "$WORK/before" || fail "api-3 has no htb tree"
grep -q fq_codel "$WORK/before" || fail "api-3 has no fq_codel leaf"
sent() { on api-3 "tc -s qdisc show dev eth1 | grep -A1 htb | awk '/Sent/ {print \$4}'"; }
first=$(sent)
run_gameday 0 run "$WORK/tree.yaml" -i lab --yes -o "$RUNS"
state api-3 >"$WORK/after"
expect_same "$WORK/before" "$WORK/after" "own tree"
last=$(sent)
# The same qdisc object: its packet count went on, it was never replaced.
[ "$last" -gt "$first" ] || fail "the tree's own counters did not go on: $first, $last"
python3 - "$(last_run)/report.json" <<'PY'
import json, sys
report = json.load(open(sys.argv[1]))
row = next(f for f in report["figures"] if f["stage"] == "slow")
print("under the fault: success", row["success"], "p50 ms", row["p50_ns"] / 1e6)
assert row["success"] > 0.9, "traffic did not go on"
assert row["p50_ns"] > 30e6, "the delay was not felt"
PY
