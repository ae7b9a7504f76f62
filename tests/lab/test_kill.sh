#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# SIGKILL of the runner, of the agent, of its SSH session, of the guardian, and of agent and
# guardian: the host ends as it was, and the run tells who saw to it.
. "$(dirname "$0")/functions.sh"

scenario "$WORK/long.yaml" '  - slow: {for: 90s, faults: [{netem: {on: server, device: eth1, loss: 5%}}, {ring: {on: server, device: eth1, rx: 128, tx: 128}}]}'
scenario "$WORK/plain.yaml" '  - slow: {for: 90s, faults: [{netem: {on: server, device: eth1, delay: 20ms}}]}'
state api-1 >"$WORK/before"

under_fault() { # NAME [SCENARIO]: starts a run, waits until both faults are in; $runner is its pid
	begin "$WORK/$1.out" run "$WORK/${2:-long}.yaml" -i lab --yes -o "$WORK/$1"
	wait_for 60 journal_has "$WORK/$1" stage_measured || fail "$1: no fault in"
	wait_for 60 grep -qs '"stage":"slow"' "$WORK/$1"/*/journal.jsonl
	wait_for 60 sh -c "grep -s stage_measured $WORK/$1/*/journal.jsonl | grep -q slow" ||
		{ cat "$WORK/$1.out"; fail "$1: the fault stage did not begin"; }
	state api-1 >"$WORK/during"
	! diff -q "$WORK/before" "$WORK/during" >/dev/null || fail "$1: no difference under the fault"
}

same_now() {
	state api-1 >"$WORK/after" && diff -q "$WORK/before" "$WORK/after" >/dev/null
}

# The runner: the lease (10 s) or the closed session undoes everything.
under_fault runner
kill -KILL $runner
wait $runner 2>/dev/null || true
wait_for 16 same_now || { diff -u "$WORK/before" "$WORK/after"; fail "runner killed: not restored"; }
run_gameday 0 report "$(echo "$WORK"/runner/*)"
says "verdict  aborted"
[ -s "$(echo "$WORK"/runner/*)/report.md" ] || fail "no report of the killed run"
echo "runner killed: restored"

# The agent: its guardian undoes everything, the run is aborted.
under_fault agent
kill_on api-1 gameday-agent
status=0
wait $runner || status=$?
same_now || wait_for 12 same_now || { diff -u "$WORK/before" "$WORK/after"; fail "agent killed: not restored"; }
[ $status -eq 4 ] || { cat "$WORK/agent.out"; fail "agent killed: exit $status, expected 4"; }
# With nobody listening: what the change cost and what the fault had done is told all the same.
undone_by() { # NAME WHO WHY
	grep '"fault_reverted"' "$WORK/$1"/*/journal.jsonl | grep -q "undone by the host's $2 at [^\"]*: $3" ||
		{ cat "$WORK/$1.out"; fail "$1: the run does not say who undid it"; }
	grep -q '"event":"fault_effect"' "$WORK/$1"/*/journal.jsonl || fail "$1: no effect is told"
}
undone_by agent guardian "the agent died"
grep '"fault_reverted"' "$WORK"/agent/*/journal.jsonl | grep -q carrier_away_ms || fail "agent killed: no time without carrier"
run_gameday 0 status -i lab --on api-1
says "was undone by the host's guardian"
echo "agent killed: restored"

# The agent's SSH session, and the guardian alone: the agent undoes at once.
under_fault session plain
on api-1 'p=$(grep -lx gameday-agent /proc/[0-9]*/comm | cut -d / -f 3 | head -n 1)
	while [ "$(cat /proc/$p/comm)" != sshd ]; do p=$(cut -d " " -f 4 /proc/$p/stat); done
	kill -KILL $p'
status=0
wait $runner || status=$?
same_now || { diff -u "$WORK/before" "$WORK/after"; fail "SSH session killed: not restored"; }
[ $status -eq 4 ] || { cat "$WORK/session.out"; fail "SSH session killed: exit $status, expected 4"; }
undone_by session agent "the \(runner hung up\|SSH session ended\)"
echo "SSH session killed: restored"

under_fault guardian plain
kill_on api-1 gd-guardian
status=0
wait $runner || status=$?
same_now || { diff -u "$WORK/before" "$WORK/after"; fail "guardian killed: not restored"; }
[ $status -eq 4 ] || { cat "$WORK/guardian.out"; fail "guardian killed: exit $status, expected 4"; }
undone_by guardian agent "guardian died"
echo "guardian killed: restored"

# Agent and guardian: nobody is left to undo; `gameday revert` does.
under_fault both
kill_on api-1 gd-guardian gameday-agent
kill -KILL $runner
wait $runner 2>/dev/null || true
! same_now || fail "both killed: restored by nobody?"
run_gameday 3 run "$WORK/long.yaml" -i lab --yes -o "$WORK/refused"
says "revert"
run_gameday 0 status -i lab --on api-1
says "netem"
run_gameday 0 revert -i lab --on api-1
same_now || { diff -u "$WORK/before" "$WORK/after"; fail "revert: not restored"; }
run_gameday 0 status -i lab --on api-1
says "no fault"
echo "agent and guardian killed: restored by gameday revert"
