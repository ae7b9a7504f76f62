#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# What the load generator costs and how true it is: tables only, never a gate. The server has
# core 0, the client core 1; requests are those that the server counted; rounds of all clients
# are interleaved and each is a ratio to the floor of its own round.
#
#   run.sh GAMEDAY [closed|open|calls|pace|pauses|memory]...     (default: all)
#
# SECONDS_EACH (3) and ROUNDS (5) may be set; wrk, ab and h2load take part where installed.
set -eu
gameday=$(realpath "$1")
shift
[ $# -gt 0 ] || set -- closed open calls pace pauses memory
seconds=${SECONDS_EACH:-3} rounds=${ROUNDS:-5}
cd "$(dirname "$0")/../../.."
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
ulimit -n "$(ulimit -Hn)"
for p in floor server; do
	${CC:-cc} -std=c17 -O2 -D_GNU_SOURCE -I. "tests/bench/load/$p.c" gameday/base/clock.c \
		-o "$dir/$p"
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

# CPU microseconds (user + system) of a command per request, and requests per second.
cost_of() {
	local t n
	counted >/dev/null
	t=$({ TIMEFORMAT='%U %S'; time taskset -c 1 "$@" >"$dir/out" 2>"$dir/err" 5>&- 6<&-; } 2>&1)
	n=$(counted)
	awk -v n="$n" '{printf "%.3f\n", ($1 + $2) * 1e6 / (n + 0.000001)}' <<<"$t"
}

middle() { sort -n "$1" | sed -n "$(((rounds + 1) / 2))p"; }

# NAME: the median of its cost; min, median and max of its ratios to the floor
summary() {
	paste "$dir/cost.$1" "$dir/cost.floor" | awk '{printf "%.3f\n", $1 / $2}' |
		sort -n >"$dir/ratio"
	printf '  %-24s %7.2f us/request   x floor %.2f %.2f %.2f\n' "$1" \
		"$(middle "$dir/cost.$1")" "$(head -n 1 "$dir/ratio")" \
		"$(middle "$dir/ratio")" "$(tail -n 1 "$dir/ratio")"
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

# --- the tables ---

bench_closed() {
	local peers=() closed="load $url --concurrency 64 --for ${seconds}s --json"
	echo "closed loop, 64 connections (min median max of $rounds rounds):"
	[ -n "$(command -v wrk)" ] && peers+=("wrk=wrk -t1 -c64 -d${seconds}s $url")
	[ -n "$(command -v ab)" ] &&
		peers+=("ab=ab -q -k -c64 -t$seconds -n 100000000 $url")
	[ -n "$(command -v h2load)" ] &&
		peers+=("h2load=h2load --h1 -t1 -c64 -D$seconds $url")
	compare "floor=$dir/floor $port / $seconds" \
		"gameday-epoll=$gameday $closed --engine epoll" \
		"gameday=$gameday $closed" "${peers[@]}"
}

bench_open() {
	local rate=${RATE:-30000} each
	each="load $url --rate $rate/s --connections 64 --for ${seconds}s --json"
	cat >"$dir/full" <<-END
	#!/bin/sh
	exec "$gameday" "\$@" --client "full: {retry: {attempts: 3, budget: 20%}, deadline: 2s, breaker: {}, bulkhead: {max: 64}, limit: {rate: 100000/s}}"
	END
	chmod +x "$dir/full"
	echo "open loop, $rate/s over 64 connections:"
	compare "floor=$dir/floor $port / $seconds $rate" \
		"gameday-epoll=$gameday $each --engine epoll" \
		"gameday-epoll-policies=$dir/full $each --engine epoll" \
		"gameday-policies=$dir/full $each"
}

calls_of() { # NAME COMMAND...
	local n name=$1
	shift
	counted >/dev/null
	taskset -c 1 strace -f -c -U calls,name \
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

field() { # NAME: of the only client of $dir/out
	awk -F'[:,\t ]+' -v k="\"$1\"" '$2 == k {print $3; exit}' "$dir/out"
}

bench_pace() {
	local rate
	echo "pace: asked, achieved / asked, starts late at p50, p99 and most:"
	for rate in 100 1000 5000 10000 20000 30000; do
		taskset -c 1 "$gameday" load "$url" --rate $rate/s --for "${seconds}s" --json \
			>"$dir/out"
		awk -v r=$rate -v a="$(field achieved)" -v p="$(field late_p50_ns)" \
			-v q="$(field late_p99_ns)" -v m="$(field late_max_ns)" 'BEGIN {
			printf "  %6d/s  %.5f  %7.1f us  %7.1f us  %8.1f us\n", r, a, p / 1e3, q / 1e3, m / 1e3}'
	done
	taskset -c 1 "$gameday" load "$url" --rate 10000/s --arrivals poisson \
		--for "${seconds}s" --json >"$dir/out"
	echo "  poisson, 10000/s: achieved $(field achieved), late p99 $(field late_p99_ns) ns"
}

# 1 s of each 10 s: a tenth of all requests waits, evenly up to 1 s. So a share of s waits
# longer than 1 - 10 s seconds.
bench_pauses() {
	stop_server
	start_server 1000 10000
	counted >/dev/null
	taskset -c 1 "$gameday" load "$url" --rate 1000/s --timeout 5s --for 30s --json >"$dir/out"
	echo "open loop, a server that stops for 1 s of each 10 s: measured, arithmetic, error:"
	for row in p99_ns:0.9 p999_ns:0.99 max_ns:1; do
		awk -v k="${row%:*}" -v v="$(field "${row%:*}")" -v a="${row#*:}" 'BEGIN {
			printf "  %-8s %.4f s  %.4f s  %+.2f %%\n", k, v / 1e9, a, (v / 1e9 / a - 1) * 100}'
	done
	echo "  p50_ns   $(field p50_ns) ns: knows nothing of it"
	counted >/dev/null
	taskset -c 1 "$gameday" load "$url" --concurrency 64 --timeout 5s --for 30s
	stop_server
	start_server
}

bench_memory() {
	local pid kib first=0 last=0 most=0
	echo "memory: 10,000 connections, MEMORY_SECONDS (25) long, for 1,000,000 requests:"
	counted >/dev/null
	taskset -c 1 "$gameday" load "$url" --concurrency 10000 --timeout 20s --engine epoll \
		--for "${MEMORY_SECONDS:-25}s" >"$dir/out" &
	pid=$!
	for i in $(seq 400); do
		sleep 0.25
		kib=$(awk '/VmRSS/ {print $2}' "/proc/$pid/status" 2>/dev/null || true)
		[ -n "$kib" ] || break
		[ "$i" -eq 16 ] && first=$kib
		[ "$kib" -gt "$most" ] && most=$kib
		last=$kib
	done
	wait $pid || true
	echo "  RSS after 4 s $first KiB, at the end $last KiB, at most $most KiB; requests $(counted)"
	sed 's/^/  /' "$dir/out"
}

start_server
for table; do
	"bench_$table"
done
stop_server
