# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# Shared by the lab tests: sourced first, with the source and build folders as $1 and $2.
set -eu -o pipefail

SOURCE=$1
BUILD=$2
GD=$BUILD/bin/gameday
export GAMEDAY_LAB_DIR=${GAMEDAY_LAB_DIR:-$BUILD/lab}
WORK=$(mktemp -d)
RUNS=$WORK/runs

leave() { # STATUS
	local line
	for line in "$WORK"/on-*; do
		[ ! -S "$line" ] || ssh -S "$line" -O exit lab 2>/dev/null || true
	done
	if [ "$1" -eq 0 ]; then
		rm -rf "$WORK"
	else
		echo "kept: $WORK"
	fi
	exit "$1"
}
trap 'leave $?' EXIT

fail() {
	echo "FAILED: $*" >&2
	exit 1
}

# In the lab, as somebody who logs in for it. What may take the path of SSH away, or proves that
# it is there, is done like this.
login() { # HOST COMMAND...
	local host=$1
	shift
	timeout 60 "$GD" lab ssh "$host" "$@"
}

# In the lab, over a connection that is kept for the commands to come, as a login takes a second
# where the lab is emulated.
on() { # HOST COMMAND...
	local host=$1
	shift
	login "$host" -o ControlMaster=auto -o "ControlPath=$WORK/on-$host" -o ControlPersist=60 "$@"
}

# One shell for many commands: open_session HOST, then ask COMMAND as `on HOST COMMAND`.
open_session() { # HOST
	# shellcheck disable=SC2034 # named by the shell
	coproc SESSION { exec "$GD" lab ssh "$1" bash 2>&1; }
	# Numbers of our own: subshells, as pipes make, lose those of a coproc.
	exec 6<&"${SESSION[0]}" 7>&"${SESSION[1]}"
}

ask() { # COMMAND
	local line
	printf '(\n%s\n) </dev/null\necho "=$?"\n' "$1" >&7
	while IFS= read -r -t 60 -u 6 line; do
		case $line in =[0-9]*) return "${line#=}" ;; esac
		printf '%s\n' "$line"
	done
	fail "the session gave no answer: $1"
}

# Everything a fault may change on a host, without counters. Few programs, as each costs a tenth
# of a second there.
state() { # HOST
	on "$1" 'for d in eth0 eth1; do
			echo "== $d"
			tc -d -force -b - 2>/dev/null <<-END
				qdisc show dev $d
				class show dev $d
				filter show dev $d
				filter show dev $d ingress
				filter show dev $d egress
			END
		done | grep -v "^class fq_codel" # one line per live flow: not configuration
		echo /sys/class/net/*
		ethtool -g eth1'
}

# SIGKILL to every process of these names on a host, at one moment: none sees another one die.
# One that was about to end, as the agent of the session before is, may have done so meanwhile;
# what counts is that none of them is alive afterwards.
kill_on() { # HOST NAME...
	local host=$1
	shift
	on "$host" "for p in /proc/[0-9]*; do
		read -r name <\$p/comm || continue
		case \" $* \" in *\" \$name \"*) pids=\"\$pids \${p#/proc/}\" ;; esac
	done 2>/dev/null
	[ -n \"\$pids\" ] || exit 1
	kill -STOP \$pids
	kill -KILL \$pids
	for p in \$pids; do
		for _ in 1 2 3 4 5 6 7 8 9 10; do
			grep -qs '^State:[[:space:]]*[^ZX]' /proc/\$p/status || continue 2
			sleep 0.1
		done
		echo \"\$p lives\" && exit 1
	done" || fail "kill $* on $host"
}

expect_same() { # BEFORE AFTER WHAT
	diff -u "$1" "$2" || fail "$3: the state differs"
}

run_gameday() { # EXPECTED_STATUS ARGS...; output in $WORK/out
	local want=$1 got=0
	shift
	timeout 300 "$GD" "$@" >"$WORK/out" 2>&1 || got=$?
	# A machine that was busy with something else: nothing was injected, nothing is proved.
	if [ "$got" -eq 3 ] && [ "$want" -ne 3 ] && grep -q 'the steady state does not hold' "$WORK/out"; then
		grep 'the steady state does not hold' "$WORK/out"
		echo "once more, in 10 s"
		rm -rf "$RUNS"
		sleep 10
		got=0
		timeout 300 "$GD" "$@" >"$WORK/out" 2>&1 || got=$?
	fi
	[ "$got" -eq "$want" ] || {
		cat "$WORK/out"
		fail "gameday $*: exit $got, expected $want"
	}
}

says() { # TEXT: the last command printed it
	grep -qF -- "$1" "$WORK/out" || {
		cat "$WORK/out"
		fail "does not say: $1"
	}
}

last_run() { # the newest run directory
	local d
	d=$(find "$RUNS" -mindepth 1 -maxdepth 1 -type d | sort | tail -n 1)
	[ -n "$d" ] || fail "no run directory"
	echo "$d"
}

# A scenario with the given stages and faults; the rest is the same for all tests.
scenario() { # FILE STAGES_YAML
	cat >"$1" <<YAML
scenario: $(basename "$1" .yaml)
title: A test of the lab
hypothesis: Everything is put back.
hosts:
  server: api-1
  client: client
load:
  - name: page
    from: client
    http: http://{server}:8080/
    rate: 25/s
    connections: 16
    timeout: 1s
    clients:
      plain: {}
stages:
  - baseline: {for: 2s}
$2
  - recovery: {for: 2s}
expect:
  - page.plain.success in recovery > 90%
YAML
}

# In the background, as $runner. FILE has what it says, and nothing of one before it, which a look
# at once could still find there otherwise.
begin() { # FILE ARGS...
	local file=$1
	shift
	: >"$file"
	"$GD" "$@" >"$file" 2>&1 &
	runner=$!
}

# Waits until COMMAND says yes, at most SECONDS.
wait_for() { # SECONDS COMMAND...
	local end=$((SECONDS + $1))
	shift
	until "$@"; do
		[ $SECONDS -lt $end ] || return 1
		sleep 0.3
	done
}

journal_has() { # RUN_PARENT EVENT
	grep -qs "\"event\":\"$2\"" "$1"/*/journal.jsonl
}
