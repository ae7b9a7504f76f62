#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Nobody renews, or clocks jump: the host undoes its fault in time by itself, and the runner
# does not believe that it was in.
. "$(dirname "$0")/functions.sh"

LEASE=10
scenario "$WORK/short.yaml" '  - slow: {for: 8s, faults: [{netem: {on: server, device: eth1, delay: 20ms}}]}'
scenario "$WORK/long.yaml" '  - slow: {for: 60s, faults: [{netem: {on: server, device: eth1, delay: 20ms}}]}'
state api-1 >"$WORK/before"

under_fault() { # NAME SCENARIO: starts a run and waits until its fault counts
	begin "$WORK/$1.out" run "$WORK/$2.yaml" -i lab --yes -o "$WORK/$1"
	wait_for 120 sh -c "grep -qs '\"stage_measured\".*slow' $WORK/$1/*/journal.jsonl" ||
		{ cat "$WORK/$1.out"; fail "$1: no fault in"; }
	since=$(date +%s%N)
}

ended() { # NAME STATUS: how the run went that under_fault started
	local status=0
	wait $runner || status=$?
	[ $status -eq "$2" ] || { cat "$WORK/$1.out"; fail "$1: exit $status, expected $2"; }
	state api-1 >"$WORK/after"
	expect_same "$WORK/before" "$WORK/after" "$1"
	cp "$WORK/$1.out" "$WORK/out"
	grep -m 1 verdict "$WORK/out"
}

undone_in_time() { # NAME: within lease and 2 s of `since`, by the host's own account
	python3 - "$(echo "$WORK/$1"/*/)" "$since" $((LEASE + 2)) <<'PY'
import json, sys
events = [json.loads(l) for l in open(sys.argv[1] + "/journal.jsonl")]
undone = next(e for e in events if e["event"] == "fault_reverted")
after = (int(undone["undone_wall_ns"]) - int(sys.argv[2])) / 1e9
print("undone after %.1f s: %s" % (after, undone["reason"]))
assert undone["equal"] and 0 < after < float(sys.argv[3]), after
assert any(e["event"] == "fault_effect" and "seen" in e for e in events), "no effect told"
stage = next(s for s in json.load(open(sys.argv[1] + "/report.json"))["stages"] if s["stage"] == "slow")
# No figure counts from the time the fault was gone already.
assert stage["figures_end_s"] - stage["measured_s"] < after + 1, stage
PY
}

# The runner stands still for longer than lease and stage: resumed, it must not go on.
under_fault stopped short
kill -STOP $runner
sleep $((LEASE + 2))
! on api-1 'tc qdisc show' | grep -q netem || { kill -CONT $runner; fail "the fault outlived its lease"; }
kill -CONT $runner
ended stopped 4
says "stood still"
undone_in_time stopped
head -n 1 "$WORK"/stopped/*/report.md | grep -q "aborted: .*stood still" || fail "the report begins with something else"

# The link is cut: nothing passes the host's eth0 for longer than the lease.
under_fault cut long
login api-1 '(trap "" HUP
	tc qdisc add dev eth0 clsact
	tc filter add dev eth0 ingress matchall action drop
	tc filter add dev eth0 egress matchall action drop
	sleep 13
	tc qdisc del dev eth0 clsact) </dev/null >/dev/null 2>&1 &' &
ended cut 4
wait
undone_in_time cut
grep -q "undone by the host.*: lease lapsed" "$WORK"/cut/*/journal.jsonl || fail "cut: it was not the lease"

# The host's clock is stepped. Forwards beyond the deadline: undone early. Backwards: no later.
step() { # SECONDS
	on api-1 "date -s @\$((\$(date +%s) + $1)) >/dev/null"
}
inject() { # STATUS SECONDS_OF_FAULT SECONDS_OF_STEP
	local status=0
	begin "$WORK/out" inject netem -i lab --on api-1 device=eth1 delay=20ms --for "$2s" --yes
	wait_for 90 grep -qs 'Ctrl-C undoes' "$WORK/out" || { cat "$WORK/out"; fail "no fault in"; }
	since=$SECONDS
	step "$3"
	wait $runner || status=$?
	took=$((SECONDS - since))
	step $((-$3))
	[ $status -eq "$1" ] || { cat "$WORK/out"; fail "clock $3 s: exit $status, expected $1"; }
	state api-1 >"$WORK/after"
	expect_same "$WORK/before" "$WORK/after" "clock $3 s"
	echo "clock $3 s: $took s of $2"
}
inject 4 60 3600
says "the wall clock passed the deadline"
[ $took -lt 20 ] || fail "a clock beyond the deadline did not end the fault"
run_gameday 0 status -i lab --on api-1
says "was undone by the host's agent"
inject 0 5 -3600
says "exactly as before"
[ $took -lt 15 ] || fail "a clock stepped back prolonged the fault"
echo "lease: $SECONDS s"
