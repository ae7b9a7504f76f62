#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# A fault that nothing was felt of proves nothing: invalid, exit 6, and the report names it.
. "$(dirname "$0")/functions.sh"

# Without IPv6 nobody says a word on it.
on api-1 'ip link add t-idle type dummy && echo 1 >/proc/sys/net/ipv6/conf/t-idle/disable_ipv6 && ip link set t-idle up'
scenario "$WORK/idle.yaml" '  - lossy: {for: 4s, faults: [{netem: {on: server, device: t-idle, loss: 50%}}, {netem: {on: server, device: eth1, delay: 5ms}}]}'
state api-1 >"$WORK/before"
run_gameday 6 run "$WORK/idle.yaml" -i lab --yes -o "$RUNS"
state api-1 >"$WORK/after"
expect_same "$WORK/before" "$WORK/after" "a fault without effect"
grep verdict "$WORK/out"
says "invalid: 1 of 2 faults had no verified effect"
head -n 3 "$(last_run)/report.md" | grep -q "host api-1: t-idle" || fail "the report does not begin with the fault"

run_gameday 6 inject netem -i lab --on api-1 device=t-idle loss=50% --for 2s --yes
says "effect:"
on api-1 'ip link del t-idle'
