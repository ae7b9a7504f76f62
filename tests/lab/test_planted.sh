#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Somebody changes the host by hand during a fault: exit 5, and the first line says where, what
# and how to see it. Once that is mended, `gameday revert` closes the matter.
. "$(dirname "$0")/functions.sh"

scenario "$WORK/planted.yaml" '  - slow: {for: 10s, faults: [{netem: {on: server, device: eth1, delay: 20ms}}]}'
state api-1 >"$WORK/before"
begin "$WORK/out" run "$WORK/planted.yaml" -i lab --yes -o "$RUNS"
wait_for 120 journal_has "$RUNS" control_path || { cat "$WORK/out"; fail "no fault in"; }
on api-1 'tc qdisc replace dev eth1 root pfifo limit 7'
status=0
wait $runner || status=$?
[ $status -eq 5 ] || { cat "$WORK/out"; fail "a planted queue: exit $status, expected 5"; }
first=$(head -n 1 "$(last_run)/report.md")
echo "$first"
for text in left-behind "host api-1" "netem on eth1 is not as before" "qdisc pfifo" "tc -d qdisc show dev eth1"; do
	case $first in *"$text"*) ;; *) fail "the first line does not say: $text" ;; esac
done
# It stays an open matter until it is mended by hand.
run_gameday 5 revert -i lab --on api-1
says "qdisc pfifo"
on api-1 'tc qdisc del dev eth1 root'
run_gameday 0 revert -i lab --on api-1
run_gameday 0 status -i lab --on api-1
says "no fault"
state api-1 >"$WORK/after"
expect_same "$WORK/before" "$WORK/after" "a planted queue, mended"
