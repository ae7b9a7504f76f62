#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# A delay under a mounted file system that is being written: put in and taken out without an
# error and with the table byte for byte as before, whoever dies and however the disk stands.
. "$(dirname "$0")/functions.sh"

disk_state() { ask 'dmsetup table; dmsetup info | grep -E "^(Name|State|Tables)"'; }
kernel_errors() { ask 'dmesg | grep -ciE "I/O error|EXT4-fs error|blk_update|hung task" || true'; }
slow() { ask 'dmsetup table api-1-data' | grep -q delay; }
fast() { disk_state >"$WORK/now" && diff -q "$WORK/before" "$WORK/now" >/dev/null; }
is_in() { grep -qs 'Ctrl-C undoes it' "$WORK/$1.out"; }

inject() { # NAME ARGS...: in the background; $runner is its pid
	local name=$1
	shift
	begin "$WORK/$name.out" inject "$@" --on api-1 -i lab --yes
	wait_for 30 is_in "$name" || { cat "$WORK/$name.out"; fail "$name: the fault did not come"; }
}

kill_all() { # agent and guardian on the host, and the program here
	kill_on api-1 gameday-agent gd-guardian
	kill -KILL $runner 2>/dev/null || true
	wait $runner 2>/dev/null || true
}

open_session api-1
disk_state >"$WORK/before"
errors=$(kernel_errors)

# Live, under writes: sums of what was written and read back, and the times of every sync.
ask 'mkdir -p /var/lib/etcd/gdtest; cd /var/lib/etcd/gdtest
	rm -f log stop
	(n=0; while [ ! -e stop ]; do n=$((n + 1)); a=${EPOCHREALTIME/[.,]/}
		dd if=/dev/urandom of=f$((n % 20)) bs=64k count=1 conv=fsync 2>/dev/null || echo FAILED
		b=${EPOCHREALTIME/[.,]/}; md5sum f$((n % 20)) >f$((n % 20)).sum; echo $(((b - a) / 1000)); done) >log 2>&1 </dev/null &'
delay=(disk_delay device=/var/lib/etcd read=20ms write=100ms flush=100ms)
inject live "${delay[@]}" --for 6s
ask 'dmsetup table api-1-data' | grep -qx '0 2097152 delay 254:0 0 20 254:0 0 100 254:0 0 100' ||
	fail "another table: $(ask 'dmsetup table')"
wait $runner || { cat "$WORK/live.out"; fail "live: inject failed"; }
cat "$WORK/live.out"
fast || { diff -u "$WORK/before" "$WORK/now"; fail "live: not restored"; }
ask 'cd /var/lib/etcd/gdtest; sleep 1; touch stop; sleep 1; sort -n log | tail -n 1; echo $(wc -l <log)
	grep -c FAILED log; sync; echo 3 >/proc/sys/vm/drop_caches; md5sum -c f*.sum 2>&1 | grep -vc OK
	cd /; rm -r /var/lib/etcd/gdtest' >"$WORK/writes" || true
read -r slowest count failed bad <<<"$(tr '\n' ' ' <"$WORK/writes")"
echo "writer: $count syncs, slowest $slowest ms, $failed failed, $bad bad sums"
[ "$failed" = 0 ] && [ "$bad" = 0 ] && [ "$count" -gt 20 ] && [ "$slowest" -ge 200 ] || fail "writes: $(cat "$WORK/writes")"

# A suspended disk with another table waiting, as if somebody died in the middle of a change,
# and a write that waits for it: the guardian lets it go, although the agent was killed.
inject suspended "${delay[@]}" --for 60s
ask 'dm=$(basename "$(dirname "$(dirname "$(grep -lx api-1-data /sys/block/dm-*/dm/name)")")")
	dmsetup load api-1-data --table "0 2097152 delay 254:0 0 500"
	dmsetup suspend --noflush --nolockfs api-1-data
	dd if=/dev/zero of=/var/lib/etcd/gdtest bs=4k count=1 conv=fsync 2>/dev/null &
	for p in /proc/[0-9]*; do
		read -r name <$p/comm && [ "$name" = gameday-agent ] && pids="$pids ${p#/proc/}"
	done 2>/dev/null
	kill -0 $! || echo "the write did not wait"
	from=${EPOCHREALTIME/[.,]/}; kill -KILL $pids
	while read -r suspended </sys/block/$dm/dm/suspended && [ $suspended = 1 ]; do
		[ $((${EPOCHREALTIME/[.,]/} - from)) -lt 5000000 ] || break
	done
	echo $(((${EPOCHREALTIME/[.,]/} - from) / 1000))
	wait $! || echo "the write failed"
	echo $(((${EPOCHREALTIME/[.,]/} - from) / 1000))
	rm /var/lib/etcd/gdtest' >"$WORK/healed"
fast || { diff -u "$WORK/before" "$WORK/now"; fail "suspended, agent killed: not restored"; }
{ read -r healed && read -r written; } <"$WORK/healed"
echo "suspended and agent killed: the disk goes on after $healed ms, a write that waited is down after $written ms"
[ "$healed" -lt 1000 ] && [ "$written" -lt 2000 ] || fail "the guardian took too long: $(cat "$WORK/healed")"
wait $runner && fail "suspended: the runner did not notice"

# Agent and guardian: nobody is left; `gameday revert` puts it back.
inject both "${delay[@]}" --for 60s
kill_all
slow || fail "both killed: restored by nobody?"
run_gameday 0 revert -i lab --on api-1
fast || { diff -u "$WORK/before" "$WORK/now"; fail "revert: not restored"; }
echo "agent and guardian killed: restored by gameday revert"

# A disk that only a raw mount or another device uses has nothing to swap.
run_gameday 3 inject disk_delay --on api-1 device=/dev/vda write=1ms --for 1s -i lab --yes
says "in use"
[ "$(kernel_errors)" = "$errors" ] || { ask 'dmesg | tail'; fail "the kernel logged errors"; }

# A ceiling for one group: in, felt, out; and put back when agent and guardian are gone.
limits() { ask 'cat /sys/fs/cgroup/etcd/io.max'; }
limit=(io_max device=/var/lib/etcd group=etcd wiops=5)
limits >"$WORK/limits"
# A member of the group that writes as fast as it may.
ask '(echo $BASHPID >/sys/fs/cgroup/etcd/cgroup.procs; end=$((SECONDS + 15))
	while [ $SECONDS -lt $end ]; do
		dd if=/dev/zero of=/var/lib/etcd/gdtest bs=4k count=1 conv=fsync 2>/dev/null
	done; rm -f /var/lib/etcd/gdtest) >/dev/null 2>&1 </dev/null &'
inject ceiling "${limit[@]}" --for 5s
limits | grep -q wiops=5 || fail "io_max: no limit: $(limits)"
wait $runner || { cat "$WORK/ceiling.out"; fail "io_max: inject failed"; }
cat "$WORK/ceiling.out"
limits | diff "$WORK/limits" - || fail "io_max: another limit than before"
inject killed "${limit[@]}" --for 60s
kill_all
limits | grep -q wiops=5 || fail "io_max: restored by nobody?"
run_gameday 0 revert -i lab --on api-1
limits | diff "$WORK/limits" - || fail "io_max: another limit than before the kill"
