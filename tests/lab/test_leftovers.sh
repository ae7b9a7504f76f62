#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# What a dead run left is found and undone without that run's help: by status and revert, by
# the agent that runs at boot, and after a reboot, when only the journal is left of it.
. "$(dirname "$0")/functions.sh"

BOOT_ID=/proc/sys/kernel/random/boot_id
state api-1 >"$WORK/before"

# A fault on api-1 that nobody is left to undo.
leave_behind() {
	begin "$WORK/inject.out" inject netem --on api-1 device=eth1 loss=5% --for 10m -i lab --yes
	wait_for 30 grep -qs "Ctrl-C undoes" "$WORK/inject.out" || { cat "$WORK/inject.out"; fail "no fault in"; }
	kill_on api-1 gd-guardian gameday-agent
	kill -KILL $runner 2>/dev/null || true # it may have noticed by itself
	wait $runner 2>/dev/null || true
}

# What a reboot does: the kernel has nothing of it any more, and another boot id. The namespace of
# the host is its own, so only there.
reboot() {
	on api-1 "tc qdisc del dev eth1 clsact && ip link del gd-eth1 &&
		{ umount $BOOT_ID 2>/dev/null; cat /proc/sys/kernel/random/uuid >/run/boot_id; } &&
		mount --bind /run/boot_id $BOOT_ID"
}

all_is_well() { # WHAT
	state api-1 >"$WORK/after"
	expect_same "$WORK/before" "$WORK/after" "$1"
	run_gameday 0 status --on api-1 -i lab
	says "nothing left behind"
	echo "$1: as it was before"
}

run_gameday 0 recovery --on api-1 -i lab --yes
says "there is no systemd here"
recover=$(sed -n 's/^  \(.*\/gameday-agent recover\).*/\1/p' "$WORK/out")
on api-1 "$recover" | grep -q '"faults"' || fail "recover without a journal"

leave_behind
run_gameday 0 status --on api-1 -i lab
says "LEFT BEHIND"
says "gameday revert --on api-1"
on api-1 "$recover --wait 5" >"$WORK/recovered"
grep -q '"equal":[[:space:]]*true' "$WORK/recovered" || { cat "$WORK/recovered"; fail "recover: not equal"; }
all_is_well "gameday-agent recover"

leave_behind
reboot
run_gameday 0 status --on api-1 -i lab
says "the host was restarted since"
run_gameday 0 revert --on api-1 -i lab
all_is_well "revert after a reboot"

leave_behind
reboot
on api-1 "$recover --wait 5" >"$WORK/recovered"
all_is_well "recover after a reboot"
on api-1 "umount $BOOT_ID; rm -f /run/boot_id"

run_gameday 0 recovery --on api-1 --remove -i lab --yes
[ -z "$(on api-1 'ls -A /var/lib/gameday | grep agent')" ] || fail "the agent is still there"
