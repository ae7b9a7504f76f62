# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2154
# The far end of torture, one per host for all its trials: reads commands, looks at the host, and
# strikes when its turn comes. Nothing in the agent helps: its journal is read from outside.
#   look                         the host, one fact per line, without what counts or ages; then END
#   strike LINE VICTIM SECONDS   when a run has claimed the host: "ready"; then, when the journal of faults has LINE lines more (0:
#                                at the word "now"), "struck TEXT". Or "late WHY".
# $host is this one's name, $boot when it was started, in seconds of a right clock; 0: as of now.
export LC_ALL=C
journal=/var/lib/gameday/journal
mark=/run/gameday-torture # while it is here, a disturbance still has to end
text=
[ "$boot" -gt 0 ] || { read -r up _ </proc/uptime && boot=$((${EPOCHREALTIME%.*} - ${up%.*})); }

# --- looking -------------------------------------------------------------------------------

# Every program costs a tenth of a second where the lab is emulated: batches, and one filter.
tc_lines() {
	local d
	echo 'qdisc show'
	for d in /sys/class/net/*; do
		d=${d##*/}
		echo "class show dev $d"
		echo "filter show dev $d"
		echo "filter show dev $d ingress"
		echo "filter show dev $d egress"
	done
}

facts() {
	local f d
	ip -o -b - <<<$'link show\naddress show'
	ip -4 -b - <<<$'rule show\nroute show table all'
	ip -6 -b - <<<$'rule show\nroute show table all'
	tc -d -force -b - <<<"$tc_batch"
	for d in /sys/class/net/*/device; do
		d=${d%/device}
		echo "@ring ${d##*/}"
		ethtool -g "${d##*/}"
		echo "@coalesce ${d##*/}"
		ethtool -c "${d##*/}"
	done
	# The lab's hosts share the disks: each looks at its own and at what nobody owns.
	echo "@dm"
	dmsetup info -c --noheadings -o name,suspended,readonly,open
	dmsetup table
	echo "@file"
	for f in /etc/bird/*; do echo "$f"; done
	for f in /sys/fs/cgroup{,/*,/*/*}/io.max; do
		[ ! -e "$f" ] || while read -r d; do echo "$f $d"; done <"$f"
	done
	while read -r _ f d; do
		case $f in /var/lib*) echo "mount $f $d" ;; esac
	done </proc/mounts
	if [ -S /run/bird/bird.ctl ]; then
		echo "@bird"
		birdc -r show protocols
	fi
}

look() {
	local p name
	# While one of these is here, the trial is not over.
	for p in /proc/[0-9]*/comm; do
		read -r name <"$p" || continue
		case $name in gameday-agent | gd-guardian) echo "busy: $name" ;; esac
	done
	[ ! -e $mark ] || echo "busy: the disturbance"
	facts | awk -v host="$host" '
		/^@/ { kind = substr($0, 2); next }
		/^class fq_codel/ { next } # a line per live flow
		kind == "dm" && /^[a-z0-9-]+-data:/ && $0 !~ "^" host "-data:" { next }
		kind == "bird" { if (NF > 4 && $2 != "Proto") print "bird", $1, $2, $3, $4, $6; next }
		{
			gsub(/ (refcnt|users|used|expires|valid_lft|preferred_lft) [0-9a-z]+/, "")
			gsub(/[ \t]+$/, "")
			if ($0 != "")
				print (kind ? kind " " : "") $0
		}'
} 2>/dev/null

# --- striking ------------------------------------------------------------------------------

pids_of() { # NAME; in $pids
	local p name
	pids=
	for p in /proc/[0-9]*; do
		read -r name <"$p/comm" || continue
		[ "$name" != "$1" ] || pids="$pids ${p#/proc/}"
	done 2>/dev/null
}

# The parent of PID in $parent, its name in $name.
parent_of() { # PID
	local key value
	parent=0 name=
	while read -r key value; do
		case $key in PPid:) parent=$value && break ;; esac
	done <"/proc/$1/status" && read -r name <"/proc/$parent/comm"
} 2>/dev/null

# Of the agents in $pids the one that speaks with the runner; the others are its loads.
first_agent() {
	local pid
	for pid in $pids; do
		parent_of "$pid"
		[ "$name" = gameday-agent ] || { pids=$pid && return; }
	done
	pids=
}

# The sshd process that carries the agent in $pids: the nearest above it.
session_of() {
	parent=$pids
	pids=
	while [ "${parent:-0}" -gt 1 ]; do
		parent_of "$parent" || return
		case $name in sshd*) pids=$parent && return ;; esac
	done
}

find_victims() { # VICTIM; in $pids. Only what is there once the host is claimed.
	local guardians parent name
	pids_of gd-guardian
	[ -n "$pids" ] || return 1
	guardians=$pids
	case $1 in guardian) return ;; esac
	case $1 in link | clock | none) return ;; esac
	pids_of gameday-agent
	first_agent
	[ -n "$pids" ] || return 1
	case $1 in
	both) pids="$guardians $pids" ;;
	session) session_of && [ -n "$pids" ] ;;
	esac
}

cut_link() { # SECONDS; nothing comes in from the runner and nothing gets out to it
	tc -b - <<-CUT
		qdisc add dev eth0 clsact
		filter add dev eth0 ingress matchall action drop
		filter add dev eth0 egress matchall action drop
	CUT
	sleep "$1"
	tc qdisc del dev eth0 clsact
	rm -f $mark
}

set_clock() { # SECONDS too far
	local up
	read -r up _ </proc/uptime
	date -s "@$((boot + ${up%.*} + $1))"
}

step_clock() { # SECONDS; and back
	set_clock "$1"
	sleep 5
	set_clock 0
	rm -f $mark
}

detached() {
	: >$mark
	(trap '' HUP && "$@") </dev/null >/dev/null 2>&1 3<&- &
}

# A pause of $1 s without starting a program; a word on standard input ends it: in $word.
pause() {
	word=
	read -r -t "$1" word || [ $? -gt 128 ] || exit 0
}

hit() { # VICTIM SECONDS
	case $1 in
	link) detached cut_link "$2" ;;
	clock) detached step_clock "$2" ;;
	none) ;; # the strike is the runner's
	*)
		# shellcheck disable=SC2086
		kill -KILL $pids 2>/dev/null # one may end with the other
		;;
	esac
}

# The next line of the journal into $text, or 1. Half a line is kept for later.
part=
next_line() {
	if IFS= read -r text <&3; then
		text=$part$text
		part=
		return 0
	fi
	part=$part$text
	# It was put aside, or was not there.
	[ ! -e $journal ] || [ $journal -ef /dev/fd/3 ] || exec 3<$journal
	return 1
}

await_line() { # N
	local n=0
	while [ $n -lt "$1" ]; do
		if next_line; then
			n=$((n + 1))
		else
			pause 0.008
			[ -z "$word" ] || return 1
		fi
	done
}

strike() { # LINE VICTIM SECONDS
	next_line # finds the journal, if it is new
	while next_line; do :; done
	find_victims "$2" || { echo "late: nobody there to strike" && return; }
	echo ready
	if [ "$1" -gt 0 ]; then
		await_line "$1" || { echo "late: the line did not come" && return; }
	else
		text=now
		pause 120
		[ "$word" = now ] || { echo "late: $word" && return; }
	fi
	hit "$2" "$3"
	echo "struck $text"
}

# --- commands ------------------------------------------------------------------------------

tc_batch=$(tc_lines)
exec 3</dev/null
echo "hello $boot"
while read -r command a b c; do
	case $command in
	look) look && echo END ;;
	strike) strike "$a" "$b" "$c" ;;
	esac
done
