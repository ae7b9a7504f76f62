#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# A delay under a mounted file system that is being written: put in and taken out without an
# error and with the table byte for byte as before, whoever dies and however the disk stands.
. "$(dirname "$0")/functions.sh"

disk_state() { on api-1 'dmsetup table; dmsetup info | grep -E "^(Name|State|Tables)"'; }
kernel_errors() { on api-1 'dmesg | grep -ciE "I/O error|EXT4-fs error|blk_update|hung task" || true'; }
api_1() { on api-1 "dmsetup table api-1-data"; }
slow() { api_1 | grep -q delay; }
fast() { disk_state >"$WORK/now" && diff -q "$WORK/before" "$WORK/now" >/dev/null; }

inject() { # NAME SECONDS: in the background; $runner is its pid
	"$GD" inject disk_delay --on api-1 device=/var/lib/etcd read=20ms write=100ms flush=100ms \
		--for "$2" -i lab --yes >"$WORK/$1.out" 2>&1 &
	runner=$!
	wait_for 20 slow || { cat "$WORK/$1.out"; fail "$1: the table does not delay"; }
}

disk_state >"$WORK/before"
errors=$(kernel_errors)

# Live, under writes: sums of what was written and read back, and the times of every sync.
on api-1 'mkdir -p /var/lib/etcd/gdtest; cd /var/lib/etcd/gdtest
	rm -f log stop
	(n=0; while [ ! -e stop ]; do n=$((n + 1)); a=${EPOCHREALTIME/[.,]/}
		dd if=/dev/urandom of=f$((n % 20)) bs=64k count=1 conv=fsync 2>/dev/null || echo FAILED
		b=${EPOCHREALTIME/[.,]/}; md5sum f$((n % 20)) >f$((n % 20)).sum; echo $(((b - a) / 1000)); done) >log 2>&1 </dev/null &'
inject live 6s
api_1 | grep -qx '0 2097152 delay 254:0 0 20 254:0 0 100 254:0 0 100' || fail "another table: $(api_1)"
wait $runner || { cat "$WORK/live.out"; fail "live: inject failed"; }
cat "$WORK/live.out"
fast || { diff -u "$WORK/before" "$WORK/now"; fail "live: not restored"; }
sleep 1
on api-1 'cd /var/lib/etcd/gdtest; touch stop; sleep 1; sort -n log | tail -n 1; echo $(wc -l <log)
	grep -c FAILED log; sync; echo 3 >/proc/sys/vm/drop_caches; md5sum -c f*.sum 2>&1 | grep -vc OK
	cd /; rm -r /var/lib/etcd/gdtest' >"$WORK/writes" || true
read -r slowest count failed bad <<<"$(tr '\n' ' ' <"$WORK/writes")"
echo "writer: $count syncs, slowest $slowest ms, $failed failed, $bad bad sums"
[ "$failed" = 0 ] && [ "$bad" = 0 ] && [ "$count" -gt 20 ] && [ "$slowest" -ge 200 ] || fail "writes: $(cat "$WORK/writes")"

# A suspended disk with another table waiting, as if somebody died in the middle of a change:
# the guardian lets it go, although the agent was killed.
inject suspended 60s
on api-1 'dmsetup load api-1-data --table "0 2097152 delay 254:0 0 500"
	dmsetup suspend --noflush --nolockfs api-1-data'
on api-1 'for p in /proc/[0-9]*; do [ "$(cat $p/comm 2>/dev/null)" = gameday-agent ] && pids="$pids ${p#/proc/}"; done
	from=${EPOCHREALTIME/[.,]/}; kill -KILL $pids
	until dmsetup info api-1-data | grep -q ACTIVE && dmsetup table api-1-data | grep -q linear; do
		[ $((${EPOCHREALTIME/[.,]/} - from)) -lt 5000000 ] || break
	done
	echo $(((${EPOCHREALTIME/[.,]/} - from) / 1000))' >"$WORK/healed"
fast || { diff -u "$WORK/before" "$WORK/now"; fail "suspended, agent killed: not restored"; }
echo "suspended and agent killed: restored within $(cat "$WORK/healed") ms"
[ "$(cat "$WORK/healed")" -lt 1000 ] || fail "the guardian took too long"
wait $runner && fail "suspended: the runner did not notice"

# Agent and guardian: nobody is left; `gameday revert` puts it back.
inject both 60s
kill_on api-1 gd-guardian gameday-agent
kill -KILL $runner 2>/dev/null || true
wait $runner 2>/dev/null || true
slow || fail "both killed: restored by nobody?"
run_gameday 0 revert -i lab --on api-1
fast || { diff -u "$WORK/before" "$WORK/now"; fail "revert: not restored"; }
echo "agent and guardian killed: restored by gameday revert"

# A disk that only a raw mount or another device uses has nothing to swap.
run_gameday 3 inject disk_delay --on api-1 device=/dev/vda write=1ms --for 1s -i lab --yes
says "in use"
[ "$(kernel_errors)" = "$errors" ] || { on api-1 'dmesg | tail'; fail "the kernel logged errors"; }

# A ceiling for one group: in, felt, out; and put back when agent and guardian are gone.
limits() { on api-1 'cat /sys/fs/cgroup/etcd/io.max'; }
limited() { limits | grep -q wiops=5; }
limit() { # NAME SECONDS
	"$GD" inject io_max --on api-1 device=/var/lib/etcd group=etcd wiops=5 --for "$2" -i lab --yes \
		>"$WORK/$1.out" 2>&1 &
	runner=$!
	wait_for 20 limited || { cat "$WORK/$1.out"; fail "$1: no limit"; }
}
limits >"$WORK/limits"
# A member of the group that writes as fast as it may.
on api-1 '(echo $BASHPID >/sys/fs/cgroup/etcd/cgroup.procs; end=$((SECONDS + 25))
	while [ $SECONDS -lt $end ]; do
		dd if=/dev/zero of=/var/lib/etcd/gdtest bs=4k count=1 conv=fsync 2>/dev/null
	done; rm -f /var/lib/etcd/gdtest) >/dev/null 2>&1 </dev/null &'
limit ceiling 8s
wait $runner || { cat "$WORK/ceiling.out"; fail "io_max: inject failed"; }
cat "$WORK/ceiling.out"
limits | diff "$WORK/limits" - || fail "io_max: another limit than before"
limit killed 60s
kill_on api-1 gd-guardian gameday-agent
kill -KILL $runner 2>/dev/null || true
wait $runner 2>/dev/null || true
limited || fail "io_max: restored by nobody?"
run_gameday 0 revert -i lab --on api-1
limits | diff "$WORK/limits" - || fail "io_max: another limit than before the kill"
