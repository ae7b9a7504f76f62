#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# What the load generator costs and how true it is: tables only, never a gate. The server has
# core 0, the client core 1; requests are those that the server counted; rounds of all clients
# are interleaved and each is a ratio to the floor of its own round.
#
#   run.sh GAMEDAY [closed|open|calls|pace|pause|memory]...     (default: all, some 5 minutes)
#
#   closed  CPU per request of a closed loop beside two floors, bare loops of epoll and of io_uring, and
#           what is installed of wrk, ab, h2load
#   open    the same of an open loop, with and without client policies
#   calls   system calls per request
#   pace    achieved / asked from 100/s to 30,000/s, and how late starts are
#   pause   a server that stands still for 1 s of each 10 s: percentiles beside arithmetic
#   memory  10,000 connections, 1,000,000 requests: memory over time
#
# SECONDS_EACH (3) and ROUNDS (5) of closed and open, RATE (30000) of open, may be set.
set -eu
gameday=$(realpath "${1:?usage: run.sh GAMEDAY [TABLE]...}")
if [ ! -f "$gameday" ] || [ ! -x "$gameday" ]; then
	echo "$0: $1 is no program: give the path of gameday itself, as build/bin/gameday" >&2
	exit 2
fi
shift
[ $# -gt 0 ] || set -- closed open calls pace pause memory
seconds=${SECONDS_EACH:-3} rounds=${ROUNDS:-5}
cd "$(dirname "$0")/../../.."
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
ulimit -n "$(ulimit -Hn)"
for p in floor floor_uring server; do
	${CC:-cc} -std=c17 -O2 -D_GNU_SOURCE -I. "tests/bench/load/$p.c" gameday/base/clock.c \
		-o "$dir/$p" -luring
done

# --- the server ---

start_server() { # ARGUMENTS...
	rm -f "$dir/in" "$dir/port"
	mkfifo "$dir/in" "$dir/port"
	taskset -c 0 "$dir/server" "$@" <"$dir/in" >"$dir/port" &
	server=$!
	exec 5>"$dir/in" 6<"$dir/port"
	read -r port <&6
	url=http://127.0.0.1:$port/
}
stop_server() {
	exec 5>&- 6<&-
	wait "$server"
}
counted() { # requests since the last call
	local n
	echo >&5
	read -r n <&6
	echo "$n"
}

# --- one client ---

client() { # COMMAND...: on its core, without the server's pipes
	taskset -c 1 "$@" 5>&- 6<&-
}
start_client() { # OUTPUT COMMAND...; its process is $!
	local out=$1
	shift
	taskset -c 1 "$@" >"$out" 2>&1 5>&- 6<&- &
}

# CPU microseconds (user + system) of a command per request, and requests per second.
cost_of() {
	local t n
	counted >/dev/null
	t=$({ TIMEFORMAT='%U %S %R'; time client "$@" >"$dir/out" 2>"$dir/err"; } 2>&1) ||
		echo "  $1 ends with status $?: $(tail -n 1 "$dir/err")" >&2
	n=$(counted)
	if [ "$n" -eq 0 ]; then
		echo "  $1 sent nothing: its figures stand for nothing" >&2
		n=1
	fi
	awk -v n="$n" '{printf "%.3f %.0f\n", ($1 + $2) * 1e6 / n, n / $3}' <<<"$t"
}

middle() { # FILE COLUMN
	awk -v c="$2" '{print $c}' "$1" | sort -n | sed -n "$(((rounds + 1) / 2))p"
}

# NAME: the medians of its cost and speed; min, median and max of its ratios to the floor
summary() {
	paste "$dir/cost.$1" "$dir/cost.floor" | awk '{printf "%.3f\n", $1 / $3}' >"$dir/ratio"
	printf '  %-24s %8.2f us/request %8d/s   x floor %.2f %.2f %.2f\n' "$1" \
		"$(middle "$dir/cost.$1" 1)" "$(middle "$dir/cost.$1" 2)" \
		"$(sort -n "$dir/ratio" | head -n 1)" "$(middle "$dir/ratio" 1)" \
		"$(sort -n "$dir/ratio" | tail -n 1)"
}

compare() { # NAME=COMMAND... the first is the floor
	local c
	rm -f "$dir"/cost.*
	for _ in $(seq "$rounds"); do
		for c; do
			# shellcheck disable=SC2086 # a command line
			cost_of ${c#*=} >>"$dir/cost.${c%%=*}"
		done
	done
	for c; do
		summary "${c%%=*}"
	done
}

# NAME: a number of the only client of the JSON in $dir/out
field() {
	awk -F'[:,\t "]+' -v k="$1" '$2 == k {print $3; exit}' "$dir/out"
}

# --- cost ---

bench_closed() {
	local peers=() closed="load $url --concurrency 64 --for ${seconds}s --json"
	echo "closed loop, 64 connections (min median max of $rounds rounds):"
	[ -n "$(command -v wrk)" ] && peers+=("wrk=wrk -t1 -c64 -d${seconds}s $url")
	[ -n "$(command -v ab)" ] &&
		peers+=("ab=ab -q -k -c64 -t$seconds -n 100000000 $url")
	[ -n "$(command -v h2load)" ] &&
		peers+=("h2load=h2load --h1 -t1 -c64 -D$seconds $url")
	compare "floor=$dir/floor $port / $seconds" \
		"floor-io_uring=$dir/floor_uring $port / $seconds" \
		"gameday-epoll=$gameday $closed --engine epoll" \
		"gameday-io_uring=$gameday $closed --engine io_uring" "${peers[@]}"
}

# All policies are on and none has to step in: refused requests would cost next to nothing.
write_full() {
	cat >"$dir/full" <<-END
	#!/bin/sh
	exec "$gameday" "\$@" --client "full: {retry: {attempts: 3, budget: 20%}, deadline: 5s, timeouts: {connect: 1s, first_byte: 4s}, hedge: {after: 3s, budget: 5%}, breaker: {}, bulkhead: {max: 1000, queue: 10000}, limit: {rate: 1000000/s, burst: 10000}}"
	END
	chmod +x "$dir/full"
}

bench_open() {
	local rate=${RATE:-30000} each
	each="load $url --rate $rate/s --connections 64 --for ${seconds}s --json"
	write_full
	echo "open loop, $rate/s over 64 connections (min median max of $rounds rounds):"
	compare "floor=$dir/floor $port / $seconds $rate" \
		"gameday-epoll=$gameday $each --engine epoll" \
		"gameday-epoll-policies=$dir/full $each --engine epoll" \
		"gameday-uring-policies=$dir/full $each --engine io_uring"
}

calls_of() { # NAME COMMAND...
	local n name=$1
	shift
	counted >/dev/null
	client strace -f -c -U calls,name \
		-e trace=%network,epoll_wait,epoll_pwait2,epoll_ctl,io_uring_enter,read,write \
		-o "$dir/strace" "$@" >/dev/null
	n=$(counted)
	awk -v n="$n" -v c="$name" '/total$/ {printf "  %-10s %.3f\n", c, $1 / n}' "$dir/strace"
}

bench_calls() {
	local c
	command -v strace >/dev/null || { echo "system calls: no strace"; return; }
	echo "system calls per request, closed loop, 64 connections:"
	calls_of floor "$dir/floor" "$port" / "$seconds"
	for c in epoll io_uring; do
		calls_of $c "$gameday" load "$url" --concurrency 64 --for "${seconds}s" \
			--engine $c --json
	done
}

# --- pace ---

# Arrivals of a constant pace are rate x time. Poisson arrivals are that within chance, told in
# standard deviations; what must be achieved of them is each at its time. Achieved are starts
# in the interval that they were meant for. The floor's row is what the machine allows a loop that
# sleeps until each start.
floor_pace_of() { # RATE
	local n late50 late99 late_max
	read -r n late50 late99 late_max < <(client "$dir/floor" "$port" / 5 "$1")
	awk -v r="$1" -v n="$n" -v c="$(counted)" -v p="$late50" -v q="$late99" \
		-v m="$late_max" 'BEGIN {
		printf "  %6d/s %-8s %7d %9s %9.5f %9.5f %9.1f %9.1f %9.1f us\n", r, "floor", n, "",
			n / (r * 5), c / (r * 5), p / 1e3, q / 1e3, m / 1e3}'
}
pace_of() { # RATE ARRIVALS
	client "$gameday" load "$url" --rate "$1/s" --arrivals "$2" --connections 64 \
		--for 5s --json >"$dir/out"
	awk -v r="$1" -v a="$2" -v n="$(field intended)" -v s="$(field sent)" \
		-v c="$(counted)" -v p="$(field late_p50_ns)" -v q="$(field late_p99_ns)" \
		-v m="$(field late_max_ns)" 'BEGIN {
		asked = a == "poisson" ? n : r * 5
		off = a == "poisson" ? sprintf("(%+.1f sd)", (n - r * 5) / sqrt(r * 5)) : ""
		printf "  %6d/s %-8s %7d %9s %9.5f %9.5f %9.1f %9.1f %9.1f us\n", r, a, n, off,
			s / asked, c / asked, p / 1e3, q / 1e3, m / 1e3}'
}

bench_pace() {
	local rate arrivals
	echo "pace, 5 s each; late is the start of a request against its time:"
	printf '  %8s %-8s %7s %9s %9s %9s %9s %9s %9s\n' asked arrivals requests "" \
		achieved answered "late p50" p99 max
	counted >/dev/null
	for rate in 100 1000 10000 30000; do
		floor_pace_of $rate
		for arrivals in even poisson; do
			pace_of $rate $arrivals
		done
	done
}

# --- truth ---

# P = 1 s of each 10 s, answers take d = 10 ms, read when the pause is over. Requests of the
# pause wait for its end and d: evenly d..P + d. Answers that were due in it, of requests in
# the d before it, come at its end: P..P + d. So a share of s of all, that is t = 10 s x s of
# each period, takes longer than P + d - t / 2 up to t = 2 d, and P + 2 d - t beyond.
bench_pause() {
	local row
	stop_server
	start_server 1000 10000 10
	client "$gameday" load "$url" --rate 1000/s --connections 2000 --timeout 5s \
		--for 30s --json >"$dir/out"
	echo "a server that stands still for 1 s of each 10 s, 30 s; measured, arithmetic, error:"
	echo " open loop, 1000/s: $(field intended) requests, $(field ok) answered"
	for row in p50_ns:0.01 p99_ns:0.92 p999_ns:1.005 max_ns:1.01; do
		awk -v k="${row%:*}" -v v="$(field "${row%:*}")" -v a="${row#*:}" 'BEGIN {
			printf "  %-8s %.5f s  %.5f s  %+.2f %%\n", k, v / 1e9, a, (v / 1e9 / a - 1) * 100}'
	done
	counted >/dev/null
	client "$gameday" load "$url" --concurrency 64 --timeout 5s --for 20s >"$dir/out"
	echo " closed loop, 64 at a time, of the same server:"
	sed 's/^/  /' "$dir/out"
	stop_server
	start_server
}

# The client is told to stop when the server has counted enough.
memory_of() { # ENGINE
	local pid kib n=0 i
	counted >/dev/null
	start_client "$dir/out" "$gameday" load "$url" --concurrency 10000 --timeout 30s \
		--engine "$1" --for 60s
	pid=$!
	for i in $(seq 60); do
		sleep 1
		n=$((n + $(counted)))
		kib=$(awk '/VmRSS/ {print $2}' "/proc/$pid/status" 2>/dev/null || true)
		[ -n "$kib" ] || break
		printf '  %-9s after %2d s %8d requests %8.1f MiB\n' "$1" "$i" "$n" \
			"$(awk -v k="$kib" 'BEGIN {print k / 1024}')"
		[ "$n" -lt 1000000 ] || break
	done
	kill -INT $pid 2>/dev/null || true
	wait $pid || true
	sed 's/^/  /' "$dir/out"
}

bench_memory() {
	if [ "$(ulimit -n)" -lt 10100 ]; then
		echo "memory: needs 10,100 open files, the limit is $(ulimit -n)"
		return
	fi
	echo "memory, 10,000 connections, until 1,000,000 requests:"
	memory_of epoll
	memory_of io_uring
}

for table; do
	declare -F "bench_$table" >/dev/null || {
		echo "$0: no table '$table': closed, open, calls, pace, pause or memory" >&2
		exit 2
	}
done
start_server
for table; do
	"bench_$table"
done
stop_server
