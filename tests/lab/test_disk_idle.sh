#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# A disk that nobody uses: a device is made on top of it, delays each kind of request by what
# was asked for, and leaves no trace; one that is open at the end is reported and let pass.
. "$(dirname "$0")/functions.sh"

mappings() { ask 'dmsetup table | sort; ls /dev/mapper'; }
gone() { mappings | diff "$WORK/before" - || fail "$1: the device is still there"; }
is_in() { grep -qs 'Ctrl-C undoes it' "$WORK/$1.out"; }

inject() { # NAME ARGS...
	local name=$1
	shift
	begin "$WORK/$name.out" inject disk_delay --on api-1 device=/dev/loop0 "$@" -i lab --yes
	wait_for 30 is_in "$name" || { cat "$WORK/$name.out"; fail "$name: the fault did not come"; }
}

# READ WRITE FLUSH: the mean time of 10 requests of each kind, in ms.
times() { # DEVICE
	ask "ms() { local a=\${EPOCHREALTIME/[.,]/}; \"\$@\" 2>/dev/null; echo -n \"\$(((\${EPOCHREALTIME/[.,]/} - a) / 10000)) \"; }
	flush() { for i in 1 2 3 4 5 6 7 8 9 10; do dd if=/dev/null of=$1 conv=notrunc,fsync; done; }
	ms dd if=$1 of=/dev/null bs=4k count=10 iflag=direct
	ms dd if=/dev/zero of=$1 bs=4k count=10 oflag=direct conv=notrunc
	ms flush; echo"
}

within() { # WHAT ASKED MEASURED ALONE: what it takes without a delay, ticks and a busy machine on top
	[ "$3" -ge "$2" ] && [ "$3" -le $(($2 + $4 + 25)) ] || fail "$1: $3 ms, asked for $2 and alone $4"
}

open_session api-1
ask 'truncate -s 64M /run/gdtest && losetup /dev/loop0 /run/gdtest' || fail "no loop device"
mappings >"$WORK/before"
read -r r0 w0 f0 <<<"$(times /dev/loop0)"
inject times read=40ms write=90ms flush=60ms --for 12s
read -r r w f <<<"$(times /dev/mapper/gd-loop0)"
echo "reads $r0 -> $r ms (asked for 40), writes $w0 -> $w ms (90), flushes $f0 -> $f ms (60)"
within reads 40 "$r" "$r0"
within writes 90 "$w" "$w0"
within flushes 60 "$f" "$f0"
wait $runner || { cat "$WORK/times.out"; fail "inject failed"; }
cat "$WORK/times.out"
gone "after its time"

# Somebody has it open when the time is over.
inject busy read=200ms --for 4s
ask 'sleep 60 </dev/mapper/gd-loop0 >/dev/null 2>&1 & echo $! >/run/gdtest.pid'
status=0
wait $runner || status=$?
cat "$WORK/busy.out"
[ $status -eq 5 ] || fail "busy: exit $status, expected 5"
grep -q "delays nothing any more.*fuser -vm" "$WORK/busy.out" || fail "busy: does not say what to do"
read -r r w f <<<"$(times /dev/mapper/gd-loop0)"
within "reads of the busy device" 0 "$r" "$r0"
ask 'kill $(cat /run/gdtest.pid)'
run_gameday 0 revert -i lab --on api-1
gone "after revert"
ask 'losetup -d /dev/loop0; rm /run/gdtest /run/gdtest.pid'
