#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# What can't be done safely ends with exit 3, one clear line, and nothing injected.
. "$(dirname "$0")/functions.sh"

"$GD" lab inventory >"$WORK/inventory.yaml"
NETEM='  - slow: {for: 4s, faults: [{netem: {on: server, device: eth1, delay: 20ms}}]}'
state api-1 >"$WORK/before"

refused() { # NAME TEXT
	run_gameday 3 run "$WORK/$1.yaml" -i "${INVENTORY:-$WORK/inventory.yaml}" --yes -o "$RUNS"
	says "$2"
	! grep -qs fault_injected "$(last_run)/journal.jsonl" || fail "$1: something was injected"
	[ -s "$(last_run)/report.md" ] || fail "$1: no report"
	echo "$1: $(grep -m 1 -F "$2" "$WORK/out")"
}

# A host already under a fault.
scenario "$WORK/first.yaml" '  - slow: {for: 60s, faults: [{netem: {on: server, device: eth1, delay: 20ms}}]}'
"$GD" run "$WORK/first.yaml" -i "$WORK/inventory.yaml" --yes -o "$WORK/first" >"$WORK/first.out" 2>&1 &
first=$!
wait_for 40 journal_has "$WORK/first" fault_injected || fail "the first run did not start"
scenario "$WORK/second.yaml" "$NETEM"
refused second "api-1"
kill -INT $first
status=0
wait $first || status=$?
[ $status -eq 4 ] || { cat "$WORK/first.out"; fail "the first run: exit $status, expected 4"; }
state api-1 >"$WORK/after"
expect_same "$WORK/before" "$WORK/after" "Ctrl-C"

scenario "$WORK/nodevice.yaml" "${NETEM/eth1/eth7}"
refused nodevice eth7
scenario "$WORK/bigring.yaml" '  - slow: {for: 4s, faults: [{ring: {on: server, device: eth1, rx: 8192}}]}'
refused bigring 4096
scenario "$WORK/unsteady.yaml" "$NETEM"
printf 'steady:\n  - page.plain.p99 < 1us\n' >>"$WORK/unsteady.yaml"
refused unsteady "steady state"

# An unreachable host: a port where nothing listens.
sed '/api-1:/,/port:/s/port: .*/port: 1/' "$WORK/inventory.yaml" >"$WORK/unreachable.inv.yaml"
scenario "$WORK/unreachable.yaml" "$NETEM"
INVENTORY=$WORK/unreachable.inv.yaml refused unreachable api-1
# Another host's key.
key=$(sed -n '/api-2:/,/host_key:/s/.*host_key: //p' "$WORK/inventory.yaml")
sed "/api-1:/,/host_key:/s|host_key: .*|host_key: $key|" "$WORK/inventory.yaml" >"$WORK/wrongkey.inv.yaml"
scenario "$WORK/wrongkey.yaml" "$NETEM"
INVENTORY=$WORK/wrongkey.inv.yaml refused wrongkey api-1

state api-1 >"$WORK/after"
expect_same "$WORK/before" "$WORK/after" "refusals"
