#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# A session that flaps: as often, as long and as irregularly as asked for, and what the report
# makes of it: churn of the routes, and a latency with more than one speed.
. "$(dirname "$0")/functions.sh"

scenario "$WORK/flap.yaml" '  - flap:
      for: 22s
      faults:
        - bgp: {on: router, protocol: bgp_r1, every: 9s, hold: 2s, spread: 2s, count: 2}'
sed -i -e 's/^  server: api-1/  router: r2\n&/' -e 's/connections: 16/connections: 128/; s/rate: 25/rate: 50/; s/{for: 2s}/{for: 4s}/' \
	-e 's/^stages:/watch:\n  - bgp: {on: router, protocol: bgp_r1}\n&/' "$WORK/flap.yaml"
run_gameday 0 run "$WORK/flap.yaml" -i lab --yes -o "$RUNS"
run=$(last_run)
sed -n '1,60p' "$run/report.md"
python3 - "$run" <<'PY'
import json, sys
run = sys.argv[1]
events = [json.loads(line) for line in open(run + "/journal.jsonl")]
report = json.load(open(run + "/report.json"))
when = lambda name: [int(e["wall_ns"]) / 1e9 for e in events if e["event"] == name]
begin = next(int(e["wall_ns"]) / 1e9 for e in events if e["event"] == "stage_begin" and e["stage"] == "flap")
came, went = [t - begin for t in when("fault_injecting")], [t - begin for t in when("fault_injected")]
gone = [t - begin for t in when("fault_reverted")]
print("asked to come at", came, "in at", went, "undone at", gone)
assert len(came) == len(gone) == 2, "it did not come twice"
for n in range(2):
    assert 9 * n <= came[n] <= 9 * n + 2 + 1.5, "cycle %d did not come within its spread" % n
    assert 2 <= gone[n] - came[n] < 10, "cycle %d: was in for %g s" % (n, gone[n] - came[n])
assert abs(came[1] - came[0] - 9) > 0.005, "the spread is nought"
signal = {s["name"]: s["stages"]["flap"] for s in report["signals"] if s["watch"] == "bgp"}
print("bgp in flap", signal)
assert signal["flaps"] == 2, "session changes"
assert signal["withdraws"] >= 1 or signal["updates"] >= 2, "no churn"
modes = {f["stage"]: f["modes"] for f in report["figures"]}
print("modes", {k: [(m["centre_ns"] / 1e6, m["share"], m["hint"]) for m in v] for k, v in modes.items()})
assert len(modes["flap"]) >= 2 and len(modes["baseline"]) == 1, "the latency is not bimodal"
told = [f for f in report["findings"] if "modal: " in f]
assert told and "timed out" in told[0] and "succeeded" in told[0], "findings: %s" % report["findings"]
assert any(m["hint"] == "timeouts" for m in modes["flap"]), "the slow ones are not known as timeouts"
assert report["faults"][0]["restoration"] == "proved"
PY
