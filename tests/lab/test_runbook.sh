#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# What a runbook says, done in the lab: its steps looked at under the fault, with what they
# printed in the report; its mitigation tried, taken back, and its worth measured.
. "$(dirname "$0")/functions.sh"

routes() {
	for host in r1 r2; do on "$host" 'ip route show | grep "metric 1 *$" || true'; done
}

before=$(routes)
run_gameday 0 run "$SOURCE/scenarios/bgp-route-pinned.yaml" -i lab --yes -o "$RUNS"
run=$(last_run)
sed -n '/^## Runbook/,/^## What the people/p' "$run/report.md"
[ "$(routes)" = "$before" ] || fail "a pinned route stayed: $(routes)"
python3 - "$run" <<'PY'
import json, sys
report = json.load(open(sys.argv[1] + "/report.json"))
book = report["runbook"]
looks = book["diagnosis"]
assert {l["stage"] for l in looks} == {"flapping", "pinned"}, "not in both stages"
shown = [l for l in looks if l.get("status") == 0 and "bgp_r1" in l["output"]]
assert shown, "no step printed the session: %s" % [(l["step"], l.get("error"), l["output"][:80]) for l in looks]
assert all(len(l["output"]) <= 16384 for l in looks)
tried = book["tried"]
assert len(tried) == 2 and all(t["as_before"] and t["without"] == "flapping" for t in tried), tried
client = tried[0]["clients"][0]
print("success", client["success"], "p99", client["p99_ns"], client["verdict"], client["p_success"])
assert client["verdict"] == "helped", client
assert client["success"]["with"] > client["success"]["without"]
assert book["gap"]["harmed"] and book["exercised"]["mitigate_s"] is not None, book["gap"]
assert all(f["restoration"] == "proved" for f in report["faults"])
PY
"$GD" runbook list --runs "$RUNS" --dir "$SOURCE/runbooks" | grep -q "^bgp-flap  *P1  *20" || fail "not said when it was exercised"
