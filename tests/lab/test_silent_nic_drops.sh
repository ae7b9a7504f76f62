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
for file in report.md report.json journal.jsonl metrics.jsonl scenario.yaml runbook.yaml undo.md; do
	[ -s "$run/$file" ] || fail "$file is missing"
done
ls "$run"/*.hlog >/dev/null || fail "no histogram logs"
grep -qx "    ethtool -G eth1 rx 256 tx 256" "$run/undo.md" || fail "undo.md has not the rings that were there"
head -n 3 "$run/report.md" | grep -qi held || fail "the report's first lines do not say held"
# p99, retries and drops up in the fault stage, then back.
python3 - "$run/report.json" <<'PY'
import json, sys
report = json.load(open(sys.argv[1]))
def stat(client, stage, key):
    return next(f[key] for f in report["figures"] if (f["client"], f["stage"]) == (client, stage))
for client in ("plain", "retrying"):
    base, lossy, rec = (stat(client, s, "p99_ns") for s in ("baseline", "lossy", "recovery"))
    print(client, "p99 ms", base / 1e6, lossy / 1e6, rec / 1e6)
    assert lossy > 1.2 * base, "p99 did not rise"
    assert rec < lossy, "p99 did not come back"
retries = [stat("retrying", s, "retries") for s in ("baseline", "lossy", "recovery")]
print("retries", retries)
assert retries[1] > retries[0] and retries[1] > retries[2], "retries did not rise and come back"
drops = next(s["stages"] for s in report["signals"] if s["name"] == "drops")
print("drops", drops)
assert drops["lossy"] > drops["baseline"] and drops["lossy"] > drops["recovery"], "drops did not rise and come back"
assert all(f["restoration"] == "proved" for f in report["faults"]), "restoration is not proved"
PY
