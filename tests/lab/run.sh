#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Runs one lab test. Under emulation the whole virtual machine was seen to stand still for good
# (about once in 200 tests, on a loaded machine); then nothing that a test says is about gameday. So when a
# test fails and the machine does not answer on its control channel either, which no fault can
# reach, where its processors stand is printed, the lab is started anew, and the test runs once more.
#
#   run.sh TEST.sh SOURCE BUILD
set -u
export GAMEDAY_LAB_DIR=${GAMEDAY_LAB_DIR:-$3/lab}
GD=$3/bin/gameday
here=$(dirname "$0")

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

word() { "$GD" lab status 2>/dev/null | sed -n 's/^lab: //p'; }

settle
status=0
bash "$1" "$2" "$3" || status=$?
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
"$GD" lab up || exit $status
# The kernel sits at the same addresses every time (nokaslr), so this one can name them.
"$GD" lab ssh api-1 cat /proc/kallsyms 2>/dev/null |
	python3 "$here/processors.py" --names "$seen"
echo "ONCE MORE, on a machine started anew:"
exec bash "$1" "$2" "$3"
