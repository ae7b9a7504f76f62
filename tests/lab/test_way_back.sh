#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# No new SSH connection gets through while a fault is on trial: it is undone, exit 3.
. "$(dirname "$0")/functions.sh"

scenario "$WORK/lost.yaml" '  - slow: {for: 20s, faults: [{netem: {on: server, device: eth1, delay: 20ms}}]}'
state api-1 >"$WORK/before"
# From outside: once the run has its session and its guardian is there, the host's sshd takes
# no more connections, until the fault came and went. The sessions that are open go on.
on api-1 'for p in /proc/[0-9]*; do
		[ "$(cut -d " " -f 2,4 $p/stat 2>/dev/null)" = "(sshd) 1" ] && listener=${p#/proc/}
	done
	[ -n "$listener" ] || exit 1
	until_true() { for ((i = 0; i < 200; i++)); do "$@" && return; sleep 0.2; done; false; }
	has_guardian() { cat /proc/[0-9]*/comm 2>/dev/null | grep -q gd-guardian; }
	has_netem() { tc qdisc show | grep -q netem; }
	has_none() { ! has_netem; }
	until_true has_guardian || exit 2
	kill -STOP $listener
	until_true has_netem && until_true has_none
	status=$?
	kill -CONT $listener
	exit $status' &
stopper=$!
run_gameday 3 run "$WORK/lost.yaml" -i lab --yes -o "$RUNS"
wait $stopper || fail "sshd was not stopped"
grep verdict "$WORK/out"
says "not-run"
says "the way back to the host was lost"
says "no new SSH connection gets through"
head -n 3 "$(last_run)/report.md"
head -n 3 "$(last_run)/report.md" | grep -q "the way back to the host was lost" || fail "the report begins with something else"
grep -q '"event":"control_path".*"ok":false' "$(last_run)/journal.jsonl" || fail "the proof did not fail"
grep -q '"event":"fault_reverted".*"equal":true' "$(last_run)/journal.jsonl" || fail "the undo is not recorded"
state api-1 >"$WORK/after"
expect_same "$WORK/before" "$WORK/after" "a lost way back"
