#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# No new SSH connection gets through while a fault is on trial: it is undone, exit 3.
. "$(dirname "$0")/functions.sh"

scenario "$WORK/lost.yaml" '  - slow: {for: 20s, faults: [{netem: {on: server, device: eth1, delay: 20ms}}]}'
state api-1 >"$WORK/before"
WAITING='until_true() { for ((i = 0; i < 200; i++)); do "$@" && return; sleep 0.2; done; false; }
	has_guardian() { cat /proc/[0-9]*/comm 2>/dev/null | grep -q gd-guardian; }
	has_netem() { tc qdisc show | grep -q netem; }
	has_none() { ! has_netem; }'

lost() { # NAME WHY: a run during which the way back gets lost, while $breaker works
	run_gameday 3 run "$WORK/lost.yaml" -i lab --yes -o "$RUNS"
	wait $breaker || fail "$1: exit $?"
	says "not-run"
	says "the way back to the host was lost"
	says "$2"
	head -n 1 "$(last_run)/report.md"
	head -n 1 "$(last_run)/report.md" | grep -q "the way back to the host was lost" || fail "the report begins with something else"
	grep -q '"event":"control_path".*"ok":false' "$(last_run)/journal.jsonl" || fail "the proof did not fail"
	grep -q '"event":"fault_reverted".*"equal":true' "$(last_run)/journal.jsonl" || fail "the undo is not recorded"
	state api-1 >"$WORK/after"
	expect_same "$WORK/before" "$WORK/after" "$1"
}

# Once the run has its session and its guardian is there, the host's sshd takes no more
# connections, until the fault came and went. The sessions that are open go on.
login api-1 "$WAITING"'
	for p in /proc/[0-9]*; do
		[ "$(cut -d " " -f 2,4 $p/stat 2>/dev/null)" = "(sshd) 1" ] && listener=${p#/proc/}
	done
	[ -n "$listener" ] || exit 1
	until_true has_guardian || exit 2
	kill -STOP $listener
	until_true has_netem && until_true has_none
	status=$?
	kill -CONT $listener
	exit $status' &
breaker=$!
lost "sshd stopped" "no new SSH connection gets through"

# The host hears no ARP. Its entry for the way back is still good for minutes, so without
# forgetting it the proof would pass.
login api-1 "$WAITING"'
	until_true has_guardian || exit 2
	tc qdisc add dev eth0 clsact && tc filter add dev eth0 ingress protocol arp matchall action drop || exit 3
	until_true has_netem && until_true has_none
	status=$?
	tc qdisc del dev eth0 clsact
	exit $status' &
breaker=$!
lost "no ARP" "leave the path that SSH uses out of the fault"
grep -o '"reason":"undone by the host[^"]*"' "$(last_run)/journal.jsonl" || fail "nobody says who undid it"
