# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2154
# Waits until this host's journal has $line lines more than now, and strikes $victim then.
# Prints "struck LINE" at once. Nothing in the agent helps: the journal is read from outside.
export LC_ALL=C
journal=/var/lib/gameday/journal
pids_of() { # NAME...
	local p name
	for p in /proc/[0-9]*; do
		read -r name <"$p/comm" || continue
		case " $* " in *" $name "*) echo "${p#/proc/}" ;; esac
	done 2>/dev/null
}
# The sshd process that carries the agent: the nearest above it.
session_of() { # PID
	local pid=$1 name key value
	while [ "$pid" -gt 1 ]; do
		while read -r key value; do
			case $key in Name:) name=$value ;; PPid:) pid=$value && break ;; esac
		done <"/proc/$pid/status"
		read -r name <"/proc/$pid/comm" || return
		case $name in sshd*) echo "$pid" && return ;; esac
	done
}
# Everything that takes time, before the moment.
agent=$(pids_of gameday-agent)
guardian=$(pids_of gd-guardian)
victims=
case $victim in
agent) victims=$agent ;;
guardian) victims=$guardian ;;
both) victims="$agent $guardian" ;;
session) victims=$(session_of "${agent%%$'\n'*}") ;;
esac

n=0
text=now
limit=$((SECONDS + 40))
exec 3</dev/null
if [ "$line" -gt 0 ] && [ -e $journal ]; then
	exec 3<$journal
	cat <&3 >/dev/null
fi
echo ready
while [ "$n" -lt "$line" ]; do
	if IFS= read -r text <&3; then
		n=$((n + 1))
	elif [ ! $journal -ef /dev/fd/3 ]; then
		[ ! -e $journal ] || exec 3<$journal # it was put aside, or was not there
	elif [ $SECONDS -ge $limit ]; then
		echo "late: $n of $line lines"
		exit 1
	fi
done
# shellcheck disable=SC2086
[ -z "$victims" ] || kill -KILL $victims
[ "$victim" = runner ] || [ -n "$victims" ] || echo "nobody there"
echo "struck $text"
