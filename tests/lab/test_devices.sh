#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# netem on devices of every make, between two network namespaces: each one's packets are late
# by what was asked, its neighbour's are not, and every device is afterwards what it was.
. "$(dirname "$0")/functions.sh"

"$GD" lab inventory >"$WORK/inventory.yaml"
open_session api-1

# The timers of a bridge run by themselves; the last words of a class are its live flows.
all_state() {
	ask 'ip -d -o link show | sed "s/[a-z_]*timer *[0-9.]*//g"
		for d in t-mq t-nq t-nq.7 t-p0 t-br t-b0 t-b1 t-bond; do
			echo "== $d"
			tc -d qdisc show dev $d
			tc -d class show dev $d | grep -v "^class fq_codel"
			for h in "" ingress egress; do tc -d filter show dev $d $h; done
		done 2>/dev/null'
}

round_trip() { # ADDRESS: the median of some pings, in microseconds
	ask "ping -c 21 -i 0.05 $1" | sed -n 's/.*time=\([0-9.]*\) ms$/\1/p' | sort -n |
		awk '{ t[NR] = $1 } END { if (NR < 21) exit 1; printf "%d\n", 1000 * t[11] }'
}

ask 'ip netns del t-far; for d in t-mq t-nq t-p0 t-b0 t-b1 t-br t-bond; do ip link del $d; done' \
	>"$WORK/removed" || true
# One leg each: a veth, and its other end in the namespace t-far.
ask 'set -e
	ip netns add t-far
	far="ip netns exec t-far"
	leg() { # NAME FAR_NAME QUEUES
		ip link add $1 numtxqueues $3 numrxqueues $3 type veth \
			peer name $2 netns t-far numtxqueues $3 numrxqueues $3
		ip link set $1 up
		$far ip link set $2 up
	}
	leg t-mq f-mq 4; leg t-nq f-nq 4; leg t-p0 f-p 1
	tc qdisc add dev t-mq root handle 1: mq
	ip link add link t-nq name t-nq.7 type vlan id 7
	$far ip link add link f-nq name f-nq.7 type vlan id 7
	ip link add t-br type bridge
	ip link set t-p0 master t-br
	ip link add t-bond type bond mode active-backup miimon 100
	$far ip link add f-br type bridge
	for n in 0 1; do
		leg t-b$n f-b$n 1
		ip link set t-b$n down
		ip link set t-b$n master t-bond
		$far ip link set f-b$n master f-br
	done
	for d in t-nq.7 t-br t-bond; do ip link set $d up; done
	for d in f-nq.7 f-br; do $far ip link set $d up; done
	net() { # NUMBER NEAR FAR
		ip addr add 198.18.$1.1/30 dev $2
		$far ip addr add 198.18.$1.2/30 dev $3
	}
	net 1 t-mq f-mq; net 2 t-nq f-nq; net 3 t-nq.7 f-nq.7; net 4 t-br f-p; net 5 t-bond f-br
	for n in 1 2 3 4 5; do ping -c 2 -i 0.2 -w 10 -q 198.18.$n.2 >/dev/null; done
	tc qdisc show dev t-mq | grep -q "^qdisc mq" && tc qdisc show dev t-nq | grep -q noqueue' ||
	fail "the devices can't be made"
sleep 1 # IPv6 of all of them has settled
all_state >"$WORK/before"

names=(t-mq t-nq t-nq.7 "t-br and t-p0" t-bond)
addresses=(198.18.1.2 198.18.2.2 198.18.3.2 198.18.4.2 198.18.5.2)
asked=(30 20 40 80 50)
idle=()
for address in "${addresses[@]}"; do idle+=("$(round_trip "$address")"); done

# The tagged frames of t-nq.7 leave by t-nq and are late by their own fault alone; what goes to
# the bridge's far side suffers its port's fault on the way there and the bridge's own on the way back.
scenario "$WORK/devices.yaml" '  - late:
      for: 90s
      faults:
        - netem: {on: server, device: t-mq, delay: 30ms}
        - netem: {on: server, device: t-nq, direction: ingress, delay: 20ms}
        - netem: {on: server, device: t-nq.7, delay: 40ms}
        - netem: {on: server, device: t-br, direction: ingress, delay: 30ms}
        - netem: {on: server, device: t-p0, delay: 50ms}
        - netem: {on: server, device: t-bond, direction: both, delay: 20ms, ingress: {delay: 30ms}}'
"$GD" run "$WORK/devices.yaml" -i "$WORK/inventory.yaml" --yes -o "$RUNS" >"$WORK/run.out" 2>&1 &
run=$!
in_stage() { [ "$(cat "$RUNS"/*/journal.jsonl 2>/dev/null | grep -c '"event":"stage_measured"')" -ge 2 ]; }
wait_for 90 in_stage || { cat "$WORK/run.out"; fail "the faults did not go in"; }
slow=()
for address in "${addresses[@]}"; do slow+=("$(round_trip "$address")"); done
# Everything is measured: the rest of the stage is not waited for.
kill -INT $run
wait $run || true
for i in "${!names[@]}"; do
	added=$((slow[i] - idle[i]))
	echo "${names[i]}: ${idle[i]} us without, ${slow[i]} us with ${asked[i]} ms more asked for"
	[ $added -ge $((asked[i] * 1000 - 1000)) ] && [ $added -le $((asked[i] * 1000 + 6000)) ] ||
		fail "${names[i]}: $added us more"
done
[ "$(grep '"event":"fault_reverted"' "$(last_run)/journal.jsonl" | grep -c '"equal":true')" -eq 6 ] ||
	{ cat "$WORK/run.out"; fail "not all restored"; }
all_state >"$WORK/after"
expect_same "$WORK/before" "$WORK/after" "netem on devices of every make"
ask 'ip netns del t-far; for d in t-p0 t-b0 t-b1 t-br t-bond; do ip link del $d 2>/dev/null; done; true'
echo "devices: $SECONDS s"
