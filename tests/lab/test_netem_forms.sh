#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Packets suffer as asked, on devices of all kinds and in both directions; the rest does not;
# and nothing stays behind.
. "$(dirname "$0")/functions.sh"

"$GD" lab inventory >"$WORK/inventory.yaml"

REMOVE='for d in t-dum t-mq t-v0 t-br t-vlan; do ip link del $d 2>/dev/null; done'

all_state() { # of every device of api-1
	on api-1 'for d in $(ip -o link show | sed "s/^[0-9]*: //; s/[@:].*//" | sort); do
		echo "== $d"
		tc -d qdisc show dev $d
		tc -d class show dev $d
		for h in "" ingress egress; do tc -d filter show dev $d $h; done
		done 2>/dev/null | grep -v "^class fq_codel"; ethtool -g eth1'
}

quickest() { # FROM TO: the shortest round trip of a few pings, in whole ms; a busy machine only adds
	on "$1" ping -c 8 -i 0.2 -q "$2" | sed -n 's|^rtt .* = \([0-9]*\).*|\1|p'
}

on api-1 "$REMOVE"'
	ip link add t-dum type dummy
	ip link add t-mq numtxqueues 4 numrxqueues 4 type dummy
	ip link add t-v0 type veth peer name t-v1
	ip link add t-br type bridge
	ip link set t-v1 master t-br
	ip link add link eth1 name t-vlan type vlan id 7
	for d in t-dum t-mq t-v0 t-v1 t-br t-vlan; do ip link set $d up; done
	ip addr add 192.0.2.1/24 dev t-dum'
all_state >"$WORK/before"

scenario "$WORK/forms.yaml" '  - forms:
      for: 16s
      faults:
        - netem: {on: server, device: t-dum, loss: 1%}
        - netem: {on: server, device: t-mq, direction: both, delay: 20ms, jitter: 5ms, distribution: paretonormal, p13: 1%, p31: 50%, p32: 10%, p14: 1%, ecn: yes}
        - netem: {on: server, device: t-v0, rate: 10mbit, packet_overhead: 4, cell_size: 48, cell_overhead: 5, slot: 1ms, slot_max: 3ms, slot_packets: 20, slot_bytes: 9000}
        - netem: {on: server, device: t-br, direction: ingress, duplicate: 1%, corrupt: 1%, protocols: [tcp, udp], except: {ports: [53]}}
        - netem: {on: server, device: t-vlan, delay: 20ms, reorder: 25%, reorder_correlation: 50%, gap: 5}
        - netem: {on: server, device: eth1, direction: both, delay: 50ms, ingress: {delay: 30ms}, peers: [api-2], except: {protocols: [udp]}}
        - ring: {on: server, device: eth1, rx: 64}
  - moving:
      for: 12s
      faults:
        - netem: {on: server, device: eth1, delay: [40ms for 4s, 80ms for 2s, 120ms], peers: [api-2]}
        - netem: {on: server, device: t-dum, delay: {from: 0ms, to: 45ms, over: 9s, steps: 10}}'
run_gameday 0 plan "$WORK/forms.yaml" -i "$WORK/inventory.yaml"
says 'api-2: resolved on api-1, once, before anything is injected'
run_gameday 0 plan "$WORK/forms.yaml" -i "$WORK/inventory.yaml" --resolve
says 'by the names on api-1: api-2 is 10.20.0.12'
"$GD" run "$WORK/forms.yaml" -i "$WORK/inventory.yaml" --yes -o "$RUNS" >"$WORK/run.out" 2>&1 &
run=$!
in_stage() { [ "$(cat "$RUNS"/*/journal.jsonl 2>/dev/null | grep -c '"event":"stage_measured"')" -ge 2 ]; }
wait_for 120 in_stage || { cat "$WORK/run.out"; fail "the faults did not go in"; }
# Nobody answers from a dummy device, so all 25,000 leave, and at once.
on api-1 'ping -q -c 25000 -l 25000 -W 1 192.0.2.9 >/dev/null; [ $? -eq 1 ]' &
flood=$!
# Every other device sends and receives something, so that each fault is seen to bite.
on api-1 'for d in t-mq t-v0 t-vlan t-br; do for n in 1 2 3; do echo >/dev/udp/ff02::1%$d/9; done; done
	for n in 1 2 3; do echo >/dev/udp/ff02::1%t-v0/9; done'
slow=$(quickest api-2 10.20.0.11)
near=$(quickest api-3 10.20.0.11)
wait $flood || fail "25,000 packets: exit $?"
# The third stage: round trips all along it, and packets under way at each of its changes.
moves() { [ "$(grep -c '"event":"stage_measured"' "$(last_run)/journal.jsonl")" -ge 3 ]; }
wait_for 90 moves || { cat "$WORK/run.out"; fail "the third stage did not come"; }
on api-2 'ping -c 140 -i 0.05 10.20.0.11' >"$WORK/ping" &
ping=$!
on api-1 'before=$(cat /sys/class/net/t-dum/statistics/tx_packets); n=0; end=$((SECONDS + 6))
	exec 3>/dev/udp/192.0.2.9/9
	while [ $SECONDS -lt $end ]; do echo >&3; n=$((n + 1)); done
	sleep 0.3; echo $n $(($(cat /sys/class/net/t-dum/statistics/tx_packets) - before))' >"$WORK/sent"
wait $ping || fail "ping while the delay changes: exit $?"
status=0
wait $run || status=$?
[ $status -eq 0 ] || { cat "$WORK/run.out"; fail "the run: exit $status"; }

echo "round trips: chosen peer $slow ms, another $near ms"
[ "$slow" -ge 80 ] && [ "$slow" -lt 130 ] || fail "the chosen peer's round trip: $slow ms, not 80"
[ "$near" -lt 50 ] || fail "the other peer's round trip: $near ms"
journal=$(last_run)/journal.jsonl
# Of the one fault that asks for 1 %: 4 deviations of 20,000 packets either way.
grep '"event":"fault_effect"' "$journal" | grep '"ref":"forms\.1[^0-9]' |
	sed -n 's/.*"text":"\([0-9]*\) of \([0-9]*\) packets dropped.*/\1 \2/p' |
	awk '{ n++; p = 100 * $1 / $2; printf "loss asked 1 %%: %.2f %% of %d\n", p, $2 }
		END { exit !(n == 1 && $2 >= 20000 && p > 0.7 && p < 1.3) }' || fail "loss is not 1 %"
[ "$(grep '"event":"fault_reverted"' "$journal" | grep -c '"equal":true')" -eq 9 ] || fail "not all restored"
grep -q '"event":"fault_injected".*"carrier_away_ms":[1-9]' "$journal" || fail "no time without carrier"
# Asked once, and told for both faults that use it, before anything was injected.
sed '/"event":"fault_injecting"/,$d' "$journal" | grep '"event":"names"' >"$WORK/names" || true
[ "$(grep -cF '"names":{"api-2":["10.20.0.12"]}' "$WORK/names")" -eq 2 ] ||
	{ cat "$WORK/names"; fail "the journal does not tell the peer's address before it is used"; }
grep -q '"notes":\["peer api-2 is 10.20.0.12"' "$journal" || fail "the peer's address is not told"
all_state >"$WORK/after"
expect_same "$WORK/before" "$WORK/after" "netem on many devices"

# Each delay held for its time, and none of the changes lost or dropped a packet.
grep -q ' 0% packet loss' "$WORK/ping" || { tail -n 3 "$WORK/ping"; fail "changing a delay lost packets"; }
# A busy machine makes some round trips longer, and seem of the next delay; none is shorter.
sed -n 's/.*time=\([0-9]*\).*/\1/p' "$WORK/ping" | awk '
	$1 >= 40 && $1 < 80 { a++ } $1 >= 80 && $1 < 120 { b++ } $1 >= 120 { c++ }
	END { printf "round trips while the delay changes: %d of 40, %d of 80, %d of 120 ms\n", a, b, c
		exit !(a >= 5 && b >= 15 && b <= 60 && c >= 10 && a + b + c == 140) }' ||
	{ cat "$WORK/ping"; fail "the delay did not move as asked"; }
read -r sent left <"$WORK/sent"
echo "10 delays in 9 s: $sent packets sent, $left left the device"
# The host itself may send a packet or two.
[ "$sent" -gt 2000 ] && [ "$left" -ge "$sent" ] && [ "$left" -lt $((sent + 20)) ] || fail "changes in place lost $((sent - left)) of $sent packets"
grep '"event":"fault_effect"' "$journal" | grep 'moving.2' | grep -q '"text":"0 of ' || fail "a change dropped packets"
# Times are the plan's, and none is late because the one before it was.
[ "$(grep -c '"event":"fault_changed"' "$journal")" -eq 11 ] || fail "not 2 and 9 changes"
number() { sed -n "s/.*\"$1\":\"\{0,1\}\([0-9]*\).*/\1/p"; }
start=$(grep '"event":"stage_measured"' "$journal" | sed -n 3p | number wall_ns)
grep '"event":"fault_changed"' "$journal" | while read -r line; do
	echo "$(($(number wall_ns <<<"$line") - start)) $(number at_ns <<<"$line")"
done | awk '{ print ($1 - $2) / 1e6 }' | sort -n | awk '{ late[NR] = $1 } END {
	printf "changes are late by %.0f ms (median), at most %.0f ms\n", late[int((NR + 1) / 2)], late[NR]
	# Lateness that adds up would be nine times as long at the end.
	exit !(late[1] >= 0 && late[int((NR + 1) / 2)] < 800 && late[NR] < 3000) }' || fail "changes are not in time"
grep -q 'Changed in place 9 times.*delay 45ms' "$(last_run)/report.md" || fail "the report does not list the changes"

# All is lost in both directions but the way back, with neighbours forgotten as well.
timeout 60 "$GD" inject netem -i "$WORK/inventory.yaml" --on api-1 --for 12s --yes \
	device=eth0 direction=both loss=100% >"$WORK/out" 2>&1 &
inject=$!
has_fault() { on api-1 'ip link show gi-eth0' >/dev/null 2>&1; }
wait_for 60 has_fault || { cat "$WORK/out"; fail "eth0: the fault did not go in"; }
login api-1 'ip neigh flush dev eth0; ip -6 neigh flush dev eth0; ping -c 2 -i 0.2 -W 1 10.0.2.2; true' >/dev/null
login api-1 'ip neigh flush dev eth0' || fail "no new connection under 100 % loss"
# Nothing but SSH comes in on eth0, so that side may have had nothing to lose (exit 6).
status=0
wait $inject || status=$?
[ $status -eq 0 ] || [ $status -eq 6 ] || { cat "$WORK/out"; fail "inject: exit $status"; }
says '(100.00 %)'
says 'exactly as before'
all_state >"$WORK/after"
expect_same "$WORK/before" "$WORK/after" "100 % loss on the control device"
on api-1 "$REMOVE; true"
echo "forms: $SECONDS s"
