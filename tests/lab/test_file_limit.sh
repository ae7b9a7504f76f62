#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# A file of the run reaches the limit of the shell while a fault is in: everything is put
# back, the run ends with exit 4 and says which file it could not write.
. "$(dirname "$0")/functions.sh"

scenario "$WORK/limit.yaml" '  - lossy: {for: 120s, faults: [{netem: {on: server, device: eth1, delay: 5ms}}]}'
state api-1 >"$WORK/before"
status=0
(
	ulimit -f 12 # KiB; of metrics.jsonl, and the report is larger, too
	timeout 200 "$GD" run "$WORK/limit.yaml" -i lab --yes -o "$RUNS" >"$WORK/out" 2>&1
) || status=$?
[ $status -eq 4 ] || { cat "$WORK/out"; fail "a file at its limit: exit $status, expected 4"; }
state api-1 >"$WORK/after"
expect_same "$WORK/before" "$WORK/after" "a file at its limit"
says "File too large"
says "everything is undone, but not everything could be written"
run_gameday 0 report "$(last_run)"
grep -q '"equal":true' "$(last_run)/journal.jsonl" || fail "the journal does not tell that all was put back"
