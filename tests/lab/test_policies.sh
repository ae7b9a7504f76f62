#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Five client policies side by side under loss, at 0.4 of the scenario's length: the report
# ranks them by success and p99 and says what each cost, in text and as data.
. "$(dirname "$0")/functions.sh"

run_gameday 0 run "$SOURCE/scenarios/policies-under-loss.yaml" -i lab --yes --stage-scale 0.4 -o "$RUNS"
cat "$WORK/out"
report=$(last_run)
sed -n '/^## Which policy helped/,/^## /p' "$report/report.md"
python3 - "$report/report.json" <<'PY'
import json, sys
report = json.load(open(sys.argv[1]))
assert len(report["ranking"]) == 1, report["ranking"]
ranking = report["ranking"][0]
assert (ranking["load"], ranking["stage"]) == ("checkout", "lossy")
by = {c["client"]: c for c in ranking["clients"]}
assert set(by) == {"plain", "retry", "budgeted", "hedged", "breaker"}
figures = {f["client"]: f for f in report["figures"] if f["stage"] == "lossy"}
last = 0
for i, c in enumerate(ranking["clients"]):
    f = figures[c["client"]]
    assert (c["success"], c["p99_ns"]) == (f["success"], f["p99_ns"])
    assert c["rank"] in (last, i + 1), ranking
    last = c["rank"]
# Loss fails a request of the plain client, and a second attempt mends it, at a price.
assert by["retry"]["rank"] < by["plain"]["rank"], ranking
assert by["retry"]["extra_attempts"] > 0 and by["plain"]["extra_attempts"] == 0
assert by["hedged"]["hedges"] > 0 and by["retry"]["retries"] > 0
print([(c["rank"], c["client"], round(c["success"], 4), c["p99_ns"], c["cost"]) for c in ranking["clients"]])
PY
