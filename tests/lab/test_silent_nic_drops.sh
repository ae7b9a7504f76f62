#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The shipped scenario as it stands: the hypothesis holds, and the report shows why.
. "$(dirname "$0")/functions.sh"

state api-1 >"$WORK/before"
run_gameday 0 run "$SOURCE/scenarios/silent-nic-drops.yaml" -i lab --yes -o "$RUNS"
cat "$WORK/out"
state api-1 >"$WORK/after"
expect_same "$WORK/before" "$WORK/after" "silent-nic-drops"
run=$(last_run)
for file in report.md report.json journal.jsonl metrics.jsonl scenario.yaml runbook.yaml; do
	[ -s "$run/$file" ] || fail "$file is missing"
done
ls "$run"/*.hlog >/dev/null || fail "no histogram logs"
head -n 3 "$run/report.md" | grep -qi held || fail "the report's first lines do not say held"
# p99, retries and drops up in the fault stage, then back.
python3 - "$run/report.json" <<'PY'
import json, sys
report = json.load(open(sys.argv[1]))
def stat(client, stage, key):
    for row in report["loads"]:
        if row["client"] == client:
            return row["stages"][stage][key]
    raise SystemExit("no client " + client)
for client in ("plain", "retrying"):
    base, lossy, rec = (stat(client, s, "p99_ns") for s in ("baseline", "lossy", "recovery"))
    print(client, "p99 ms", base / 1e6, lossy / 1e6, rec / 1e6)
    assert lossy > 2 * base, "p99 did not rise"
    assert rec < lossy / 2, "p99 did not come back"
assert stat("retrying", "lossy", "attempts_per_request") > stat("retrying", "baseline", "attempts_per_request")
PY
