#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The shipped scenario in half its time: commits wait for slow disks, and nothing logs an error.
. "$(dirname "$0")/functions.sh"

on api-1 'dmsetup table' >"$WORK/before"
errors=$(on api-1 'dmesg | grep -ciE "I/O error|EXT4-fs error|hung task" || true')
run_gameday 0 run "$SOURCE/scenarios/disk-slow-io.yaml" -i lab --yes --stage-scale 0.5 -o "$RUNS"
cat "$WORK/out"
on api-1 'dmsetup table' >"$WORK/after"
expect_same "$WORK/before" "$WORK/after" "disk-slow-io"
[ "$(on api-1 'dmesg | grep -ciE "I/O error|EXT4-fs error|hung task" || true')" = "$errors" ] ||
	fail "the kernel logged errors"
on api-1 'ls -A /var/lib/etcd | grep gameday' && fail "the fsync watch left its file"
python3 - "$(last_run)/report.json" <<'PY'
import json, sys
report = json.load(open(sys.argv[1]))
p50 = {f["stage"]: f["p50_ns"] / 1e6 for f in report["figures"]}
print("commit p50 ms", p50)
assert p50["slow"] >= 100 and p50["slow"] > 2 * p50["baseline"] > 0, "commits did not wait"
assert len(report["faults"]) == 3, "a fault is missing"
assert all(f["restoration"] == "proved" for f in report["faults"]), "restoration is not proved"
PY
