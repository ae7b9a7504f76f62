#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Slow disks that come and go under a mounted file system, every time in the journal; a real
# disk error, which the watch on the kernel's log must see; and the lines of undo.md, typed.
. "$(dirname "$0")/functions.sh"

disk_state() { ask 'dmsetup table; dmsetup info | grep -E "^(Name|State|Tables)"; grep /var/lib/etcd /proc/mounts'; }
same() { disk_state | diff "$WORK/before" -; }

disk_scenario() { # NAME STAGE_LENGTH SHAPE
	cat >"$WORK/$1.yaml" <<YAML
scenario: $1
title: A disk that is slow now and then
hypothesis: Syncs wait while the disk is slow, and only then.
hosts: {server: api-1, client: client}
load:
  - name: page
    from: client
    http: http://{server}:8080/
    rate: 20/s
    connections: 8
    timeout: 1s
watch:
  - fsync: {on: server, path: /var/lib/etcd, keep: 10}
  - kmsg: {on: server, match: "page read"}
stages:
  - baseline: {for: 3s}
  - slow:
      for: $2
      faults:
        - disk_delay: {on: server, device: /var/lib/etcd, write: 100ms, flush: 100ms$3}
  - recovery: {for: 4s}
expect:
  - server.fsync.max in slow > 150ms
  - server.kmsg.disk_errors in baseline == 0
  - server.kmsg.disk_errors in slow > 0
  - server.kmsg.matched in slow > 0
YAML
}

open_session api-1
disk_state >"$WORK/before"

# Three times 2 s, and meanwhile a read from a device that only knows errors.
disk_scenario bursts 14s ", every: 5s, hold: 2s"
begin "$WORK/out" run "$WORK/bursts.yaml" -i lab --yes -o "$RUNS"
arrived() { ! kill -0 $runner 2>/dev/null || journal_has "$RUNS" "$1"; }
# Not before the stage is measured: its counters start there.
wait_for 60 arrived fault_reverted && journal_has "$RUNS" fault_reverted || { cat "$WORK/out"; fail "bursts: no fault came"; }
ask 'dmsetup create gdtest --verifyudev --table "0 8 error" && ! dd if=/dev/mapper/gdtest of=/dev/null bs=4k count=1 2>/dev/null
	dmsetup remove gdtest' || fail "no disk error was made"
wait $runner || { cat "$WORK/out"; fail "bursts: the run failed"; }
cat "$WORK/out"
same || fail "bursts: not as before"
python3 - "$(last_run)/journal.jsonl" <<'PY'
import json, sys
events = [json.loads(line) for line in open(sys.argv[1])]
came = [e for e in events if e["event"] == "fault_injected"]
went = [e for e in events if e["event"] == "fault_reverted"]
print("came", len(came), "went", len(went), "undone in ms", [e["took_ms"] for e in went])
assert len(came) == len(went) == 3, "a cycle is missing"
assert all(e["equal"] and "linear" in e["after"] for e in went), "a cycle was not undone exactly"
assert [e.get("stage_goes_on", False) for e in went] in ([True] * 3, [True, True, False]), went
assert all(a["wall_ns"] < b["wall_ns"] < c["wall_ns"] for a, b, c in zip(came, went, came[1:])), "not in turn"
PY

# 20, 60 and 120 ms in place, one write after the other all along; and a cap that moves elsewhere.
cat >"$WORK/steps.yaml" <<YAML
scenario: steps
title: A disk that becomes slower
hypothesis: A sync takes as long as the disk is slow at the time.
hosts: {server: api-1, other: api-2, client: client}
load:
  - {name: commit, from: client, http: "http://{other}:8080/store/v2/keys/k?value=1", method: PUT, rate: 10/s, connections: 8, timeout: 5s}
watch:
  - fsync: {on: server, path: /var/lib/etcd}
stages:
  - baseline: {for: 2s}
  - slow:
      for: 9s
      faults:
        - disk_delay: {on: server, device: /var/lib/etcd, write: [20ms for 3s, 60ms for 3s, 120ms]}
        - io_max: {on: other, device: /var/lib/etcd, group: etcd, wiops: [40 for 3s, 10 for 3s, 0]}
  - recovery: {for: 2s}
expect:
  - server.fsync.max in slow > 120ms
YAML
RUNS=$WORK/steps
begin "$WORK/out" run "$WORK/steps.yaml" -i lab --yes -o "$RUNS"
arrived_both() { ! kill -0 $runner 2>/dev/null || [ "$(grep -hs '"event":"fault_injected"' "$RUNS"/*/journal.jsonl | wc -l)" -eq 2 ]; }
wait_for 60 arrived_both
on api-2 'for i in $(seq 60); do grep -o "wiops=[0-9]*" /sys/fs/cgroup/etcd/io.max || echo none; sleep 0.2; done | uniq' >"$WORK/caps" &
caps=$!
# The delay that the kernel holds, before and after each write, and the time that the write took.
ask 'level() { set -- $(dmsetup table api-1-data); [ "$3" = delay ] && echo $9; }
	f=/var/lib/etcd/gdtest; dd if=/dev/zero of=$f bs=4k count=1 conv=fsync 2>/dev/null
	# Past the cache, over what is there: one write to the disk each, and not as many as a sync needs.
	while l=$(level); do
		from=${EPOCHREALTIME/.}
		dd if=/dev/zero of=$f bs=4k count=1 oflag=direct conv=notrunc 2>/dev/null
		to=${EPOCHREALTIME/.}
		[ "$(level)" = "$l" ] && echo $l $(((to - from) / 1000))
	done; rm -f $f' >"$WORK/writes"
wait $runner || { cat "$WORK/out"; fail "steps: the run failed"; }
wait $caps || fail "steps: the caps can't be read"
same || fail "steps: not as before"
# A busy machine makes a write longer and none shorter: the shortest tells what the delay adds.
sort -n -k 1,1 -k 2,2 "$WORK/writes" | awk '{ n[$1]++; t[$1, n[$1]] = $2 }
	END { for (i = split("20 60 120", l); i > 0; i--) {
			m[i] = t[l[i], 1]
			printf "%d ms: %d writes, the shortest %d ms\n", l[i], n[l[i]], m[i]
			if (n[l[i]] < 2 || m[i] < l[i]) bad = 1 }
		exit bad || m[2] < 1.5 * m[1] || m[3] < 1.4 * m[2] }' || { cat "$WORK/writes" "$WORK/out"; fail "steps: writes do not follow the delay"; }
[ "$(tr '\n' ' ' <"$WORK/caps")" = "wiops=40 wiops=10 none " ] || { cat "$WORK/caps"; fail "steps: the cap did not move"; }
[ "$(grep -c '"event":"fault_changed"' "$(last_run)/journal.jsonl")" -eq 4 ] || fail "steps: not 2 and 2 changes"

# Everybody is killed; what undo.md says is typed.
RUNS=$WORK/typed
disk_scenario typed 60s ""
begin "$WORK/out" run "$WORK/typed.yaml" -i lab --yes -o "$RUNS"
page_is_there() { ! kill -0 $runner 2>/dev/null || grep -qs '^How it was before:' "$RUNS"/*/undo.md; }
wait_for 60 page_is_there && kill -0 $runner 2>/dev/null || { cat "$WORK/out"; fail "typed: no fault came"; }
kill_on api-1 gameday-agent gd-guardian
kill -KILL $runner
wait $runner 2>/dev/null || true
same >/dev/null && fail "typed: undone by nobody?"
lines=$(sed -n '/^To undo it:/,/^How it was before:/s/^    //p' "$(last_run)/undo.md")
printf 'typed:\n%s\n' "$lines"
ask "$lines" || fail "the lines failed"
same || fail "typed: not as before"
run_gameday 0 revert -i lab --on api-1
same || fail "revert after typing: not as before"
