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

# What an operator saved but did not load would come in with a prefix withdrawn.
on r2 'touch /etc/bird/bird.conf'
run_gameday 3 inject bgp -i lab --on r2 protocol=bgp_r1 withdraw=10.20.0.0/24 --for 3s --yes
says 'saved after BIRD last read it'
on r2 'birdc configure' >/dev/null
expect_same "$WORK/before" <(routes) "an edit not loaded"

# One prefix, the session stays up; the agent dies with it withdrawn.
"$GD" inject bgp -i lab --on r2 protocol=bgp_r1 withdraw=10.20.0.0/24 --for 60s --yes >"$WORK/agent" 2>&1 &
pid=$!
wait_for 20 gone_from_r1 || { cat "$WORK/agent"; fail "the prefix is not withdrawn"; }
on r1 'birdc -r show protocols bgp_r2' | grep -q Established || fail "the session went down, too"
kill_on r2 gameday-agent
wait $pid && fail "a lost agent is no success"
restored 15 "agent killed"

# A prefix stays away for longer than BIRD's own timer, without a flicker at the neighbour;
# then agent and guardian die, and BIRD takes it back within that timer.
monitor=$(on r1 'ip -4 monitor route </dev/null >/run/monitor 2>&1 & echo $!')
"$GD" inject bgp -i lab --on r2 protocol=bgp_r1 withdraw=10.20.0.0/24 undo_after=10s --for 60s --yes >"$WORK/both" 2>&1 &
pid=$!
wait_for 20 gone_from_r1 || { cat "$WORK/both"; fail "the prefix is not withdrawn"; }
sleep 13
gone_from_r1 || { cat "$WORK/both"; fail "BIRD's timer fired in a healthy fault"; }
on r2 birdc -r configure status | grep -q 'undo in' || fail "BIRD's timer is not armed"
kill_on r2 gd-guardian gameday-agent
kill -KILL $pid 2>/dev/null || true
wait $pid 2>/dev/null || true
wait_for 14 on r1 'ip -4 route show 10.20.0.0/24 | grep -q bird' || fail "BIRD did not undo by itself"
on r1 "kill $monitor; cat /run/monitor; rm /run/monitor" >"$WORK/monitor"
seen=$(grep -c '^10.20.0.0/24\|^Deleted 10.20.0.0/24' "$WORK/monitor" || true)
[ "$seen" -eq 2 ] || { cat "$WORK/monitor"; fail "the route flickered: $seen changes"; }
echo "13 s with a timer of 10 s: still in; agent and guardian killed: BIRD announced again by itself"
run_gameday 0 revert -i lab --on r2
restored 5 "gameday revert"
run_gameday 0 status -i lab --on r2
says "no fault"

# An operator edits and loads the configuration in the middle: seen, said, and left alone.
scenario "$WORK/operator.yaml" '  - away:
      for: 12s
      faults:
        - bgp: {on: router, protocol: bgp_r1, withdraw: [10.20.0.0/24]}'
sed -i 's/^  server: api-1/  router: r2\n&/' "$WORK/operator.yaml"
"$GD" run "$WORK/operator.yaml" -i lab --yes -o "$RUNS" >"$WORK/run" 2>&1 &
pid=$!
wait_for 40 journal_has "$RUNS" fault_injected || { cat "$WORK/run"; fail "nothing was injected"; }
on r2 'cp /etc/bird/bird.conf /run/bird.conf.before
	echo "protocol static operator { ipv4; route 10.99.0.0/24 blackhole; }" >>/etc/bird/bird.conf
	birdc configure' >/dev/null
status=0
wait $pid || status=$?
run=$(last_run)
grep -q '"event":"fault_drift"' "$run/journal.jsonl" || { cat "$WORK/run"; fail "the operator was not noticed"; }
grep -q 'taken out by somebody else' "$run/report.md" || { cat "$run/report.md"; fail "the report does not tell"; }
grep -q 'NONE SEEN' "$run/report.md" || { cat "$run/report.md"; fail "the effect is not marked"; }
[ $status -ne 0 ] || { cat "$WORK/run"; fail "a run with its fault taken out is no success"; }
on r2 birdc -r show protocols operator | grep -q ' up ' || fail "the operator's change was undone"
on r2 'ls /etc/bird; mv /run/bird.conf.before /etc/bird/bird.conf && birdc configure' >"$WORK/files"
grep -q gameday "$WORK/files" && fail "files of ours are left"
restored 10 "operator in the middle (exit $status)"
