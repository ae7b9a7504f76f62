#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# 100 % loss on the interface that SSH itself uses, neighbour caches flushed: SSH stays.
. "$(dirname "$0")/functions.sh"

scenario "$WORK/cut.yaml" '  - cut: {for: 12s, faults: [{netem: {on: server, device: eth0, loss: 100%}}]}'
state api-1 >"$WORK/before"
begin "$WORK/out" run "$WORK/cut.yaml" -i lab --yes -o "$RUNS"
wait_for 60 journal_has "$RUNS" fault_injected || { cat "$WORK/out"; fail "no fault in"; }
# New connections, each after a flush of the neighbour caches on the host.
for _ in 1 2 3; do
	login api-1 'ip neigh flush all; ip -6 neigh flush all; ip route flush cache' || fail "SSH was cut"
done
# Only SSH goes over eth0, which is exempt: something else must be lost for the fault to count.
on api-1 'ping -c 3 -W 1 -I eth0 224.0.0.1 >/dev/null; true'
on api-1 'tc qdisc show' | grep -q netem || fail "no netem while SSH was tried"
status=0
wait $runner || status=$?
[ $status -eq 0 ] || { cat "$WORK/out"; fail "exit $status, expected 0"; }
state api-1 >"$WORK/after"
expect_same "$WORK/before" "$WORK/after" "100 % loss on eth0"
grep -q '"event":"control_path".*"ok":true' "$(last_run)/journal.jsonl" || fail "the way back was not proved"
