#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Routes gone and back through BIRD: by the end of the time, by the guardian, by BIRD itself.
. "$(dirname "$0")/functions.sh"

# What BIRD and the kernel have on both routers, without times and keepalive counters.
routes() {
	for r in r1 r2; do
		on "$r" "echo '== $r'; birdc -r show protocols | awk 'NR > 2 { print \$1, \$2, \$4, \$NF == \"Established\" }'
			birdc -r show route | grep -o '^[0-9][^ ]*' | sort; ip -4 route; ls /etc/bird"
	done
}

same_now() {
	routes >"$WORK/after" && diff -q "$WORK/before" "$WORK/after" >/dev/null
}

gone_from_r1() {
	! on r1 'ip -4 route show 10.20.0.0/24' | grep -q bird
}

restored() { # SECONDS WHAT
	wait_for "$1" same_now || { diff -u "$WORK/before" "$WORK/after"; fail "$2: not restored"; }
	echo "$2: restored"
}

routes >"$WORK/before"
grep -q 'bgp_r1 BGP up 1' "$WORK/before" || { cat "$WORK/before"; fail "the session is not up before"; }

# The session, there and back.
run_gameday 0 inject bgp -i lab --on r2 protocol=bgp_r1 --for 3s --yes
cat "$WORK/out"
expect_same "$WORK/before" <(routes) "disable"

# One prefix, the session stays up; the agent dies with it withdrawn.
"$GD" inject bgp -i lab --on r2 protocol=bgp_r1 withdraw=10.20.0.0/24 --for 60s --yes >"$WORK/agent" 2>&1 &
pid=$!
wait_for 20 gone_from_r1 || { cat "$WORK/agent"; fail "the prefix is not withdrawn"; }
on r1 'birdc -r show protocols bgp_r2' | grep -q Established || fail "the session went down, too"
kill_on r2 gameday-agent
wait $pid && fail "a lost agent is no success"
restored 15 "agent killed"

# Agent and guardian die: BIRD itself takes it back, and the journal is closed by revert.
"$GD" inject bgp -i lab --on r2 protocol=bgp_r1 withdraw=10.20.0.0/24 undo_after=8s --for 60s --yes >"$WORK/both" 2>&1 &
pid=$!
wait_for 20 gone_from_r1 || { cat "$WORK/both"; fail "the prefix is not withdrawn"; }
kill_on r2 gd-guardian gameday-agent
kill -KILL $pid 2>/dev/null || true
wait $pid 2>/dev/null || true
wait_for 15 on r1 'ip -4 route show 10.20.0.0/24 | grep -q bird' || fail "BIRD did not undo by itself"
echo "agent and guardian killed: BIRD announced again by itself"
run_gameday 0 revert -i lab --on r2
restored 5 "gameday revert"
run_gameday 0 status -i lab --on r2
says "no fault"
