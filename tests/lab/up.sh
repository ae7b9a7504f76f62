#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Boots the lab that the other tests use, and holds `up`, `status`, `inventory` to their word.
. "$(dirname "$0")/functions.sh"

"$GD" lab down >/dev/null 2>&1 || true
run_gameday 0 lab up
cat "$WORK/out"
run_gameday 0 lab up
says "already up"
run_gameday 0 lab status
run_gameday 0 lab inventory
cp "$WORK/out" "$WORK/inventory.yaml"
run_gameday 0 check "$WORK/inventory.yaml"
for host in api-1 api-2 api-3 r1 r2 client; do
	[ "$(login $host hostname)" = $host ] || fail "$host does not answer"
done
on client 'curl -s -m 5 -o /dev/null -w "%{http_code}\n" http://10.20.0.11:8080/' | grep -qx 200 ||
	fail "the client does not reach api-1 through the routers"
