#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The disk of the runs is full while a fault is in: everything is put back, the run ends with
# exit 4, and its report tells all of it.
. "$(dirname "$0")/functions.sh"

scenario "$WORK/full.yaml" '  - lossy: {for: 120s, faults: [{netem: {on: server, device: eth1, delay: 5ms}}]}'
state api-1 >"$WORK/before"

# A disk of our own, which somebody else fills once the fault is in.
cat >"$WORK/small.sh" <<'SH'
mount -t tmpfs -o size=6m tmpfs "$2" || exit 77
(
	until grep -qs stage_measured.*lossy "$2"/*/journal.jsonl; do sleep 0.2; done
	cat /dev/zero >"$2/somebody-elses" 2>/dev/null
) &
"$1" run "$3" -i lab --yes -o "$2"
status=$?
wait
cp -r "$2" "$4"
exit $status
SH
mkdir "$WORK/disk"
status=0
options=-m
[ "$(id -u)" -eq 0 ] || options=-rm
timeout 200 unshare $options bash "$WORK/small.sh" "$GD" "$WORK/disk" "$WORK/full.yaml" "$RUNS" >"$WORK/out" 2>&1 || status=$?
if [ $status -eq 77 ] || grep -q '^unshare:' "$WORK/out"; then
	echo "skipped: may not mount a tmpfs here"
else
	[ $status -eq 4 ] || { cat "$WORK/out"; fail "a full disk: exit $status, expected 4"; }
	state api-1 >"$WORK/after"
	expect_same "$WORK/before" "$WORK/after" "a full disk"
	says "No space left on device"
	run=$(last_run)
	head -n 1 <(tail -n 1 "$run/journal.jsonl") | grep -q run_ended || fail "the journal has no end"
	grep -q '"equal":true' "$run/journal.jsonl" || fail "the journal does not tell that all was put back"
	head -n 5 "$run/report.md" | grep -q "aborted.*No space left on device" || fail "the report does not begin with the disk"
	rm -rf "$RUNS"
fi
