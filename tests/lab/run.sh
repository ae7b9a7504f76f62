#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Runs one lab test.
#
#   run.sh TEST.sh SOURCE BUILD alone|beside
#
# Tests that judge no figures of speed may run beside each other (`ctest -j`). Each then has a
# lab of its own, the first that no other test uses, so that its faults, its clock and its
# deaths are nobody else's: the machine's processors are all that they share. One that
# judges figures is alone, in the first lab, and the others are taken down for it.
#
# Under emulation the whole virtual machine was seen to stand still for good
# (about once in 200 tests, on a loaded machine); then nothing that a test says is about gameday. So when a
# test fails and the machine does not answer on its control channel either, which no fault can
# reach, where its processors stand is printed, the lab is started anew, and the test runs once more.
set -u
first=${GAMEDAY_LAB_DIR:-$3/lab}
GD=$3/bin/gameday
here=$(dirname "$0")

# What a test starts may outlive it, so it does not get the lock (9).
run_test() { bash "$@" 9>&-; }
word() { "$GD" lab status 2>/dev/null | sed -n 's/^lab: //p'; }

take() { # NUMBER [FLOCK_OPTION]: the lab of that number, until this script ends
	export GAMEDAY_LAB_DIR=$first
	[ "$1" -eq 1 ] || GAMEDAY_LAB_DIR=$first-$1
	exec 9>"$GAMEDAY_LAB_DIR.lock"
	flock ${2:+"$2"} 9
}

take_any() {
	local n=1
	until take $n --nonblock; do n=$((n + 1)); done
	# The first one was brought up by a test.
	[ $n -eq 1 ] || "$GD" lab up 9>&- || exit 1
}

take_down_others() {
	local other
	for other in "$first"-[0-9]*.lock; do
		[ ! -e "$other" ] || GAMEDAY_LAB_DIR=${other%.lock} "$GD" lab down >/dev/null
		rm -f "$other"
	done
}

# The test before may have left work behind that takes its time: services that elect and catch
# up after a clock that was stepped, links that came back. Figures want a machine that is calm.
settle() {
	local pid before now
	pid=$("$GD" lab status 2>/dev/null | sed -n 's/^ *QEMU *pid \([0-9]*\).*/\1/p')
	[ -n "$pid" ] || return 0
	for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15; do
		before=$(awk '{ print $14 + $15 }' "/proc/$pid/stat")
		sleep 1
		now=$(awk '{ print $14 + $15 }' "/proc/$pid/stat")
		[ $((now - before)) -ge 80 ] || return 0 # hundredths of a second
	done
	echo "the lab is still busy after 15 s: $((now - before)) % of a processor"
}

if [ "$4" = beside ]; then
	take_any
else
	take 1
	take_down_others
	settle
fi
status=0
run_test "$1" "$2" "$3" || status=$?
[ $status -ne 0 ] || exit 0
case $(word) in
"no answer" | died) ;;
*)
	tail -n 5 "$GAMEDAY_LAB_DIR/console.log" 2>/dev/null
	exit $status
	;;
esac

echo "THE VIRTUAL MACHINE STANDS STILL. Its console, and where its processors are:"
tail -n 20 "$GAMEDAY_LAB_DIR/console.log"
seen=$(for _ in 1 2 3; do
	python3 "$here/processors.py" "$GAMEDAY_LAB_DIR/qmp.sock"
	sleep 1
done)
echo "$seen"
for task in /proc/"$("$GD" lab status | sed -n 's/^ *QEMU *pid \([0-9]*\).*/\1/p')"/task/*; do
	echo "$(cat "$task/comm"): $(cut -d ' ' -f 3,14,15 "$task/stat"), $(cat "$task/wchan")"
done
"$GD" lab down
"$GD" lab up 9>&- || exit $status
# The kernel sits at the same addresses every time (nokaslr), so this one can name them.
"$GD" lab ssh api-1 cat /proc/kallsyms 2>/dev/null |
	python3 "$here/processors.py" --names "$seen"
echo "ONCE MORE, on a machine started anew:"
run_test "$1" "$2" "$3"
