#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# CPU per request of gameday load against the floor and, where installed, wrk and ab: 64
# connections, closed loop, nginx on one core, the client on the other. Ratios only, rounds
# interleaved, the median of each; never a gate.
#
#   run.sh GAMEDAY [SECONDS [ROUNDS]]
set -eu
gameday=$(realpath "$1") seconds=${2:-3} rounds=${3:-5}
cd "$(dirname "$0")/../../.."
port=18089
dir=$(mktemp -d)
trap '[ -s "$dir/pid" ] && kill "$(cat "$dir/pid")"; rm -rf "$dir"' EXIT

cat >"$dir/nginx.conf" <<END
worker_processes 1; daemon on; pid $dir/pid; error_log $dir/error.log;
events { worker_connections 1024; }
http {
	access_log off; keepalive_requests 1000000000; keepalive_timeout 600s;
	client_body_temp_path $dir/a; proxy_temp_path $dir/b; fastcgi_temp_path $dir/c;
	uwsgi_temp_path $dir/d; scgi_temp_path $dir/e;
	server { listen 127.0.0.1:$port; location / { return 200 "hello\n"; } }
}
END
floor=$dir/floor-client
${CC:-cc} -std=c17 -O2 -D_GNU_SOURCE -I. tests/bench/load/floor.c gameday/base/clock.c -o "$floor"
taskset -c 0 nginx -c "$dir/nginx.conf" -e "$dir/error.log"
url=http://127.0.0.1:$port/

# CPU microseconds (user + system) of a command, divided by the requests it reports.
cpu_of() {
	local t
	t=$({ TIMEFORMAT='%U %S'; time taskset -c 1 "$@" >"$dir/out" 2>/dev/null; } 2>&1)
	awk '{print ($1 + $2) * 1e6}' <<<"$t"
}
per_request() { awk -v c="$1" -v n="$2" 'BEGIN {printf "%.3f\n", c / n}'; }

for _ in $(seq "$rounds"); do
	taskset -c 1 "$floor" $port / "$seconds" | awk '{print $2}' >>"$dir/floor"
	cpu=$(cpu_of "$gameday" load $url --concurrency 64 --for "${seconds}s" --json)
	n=$(awk -F'[:,\t ]+' '/"intended"/ {print $3; exit}' "$dir/out")
	per_request "$cpu" "$n" >>"$dir/gameday"
	if command -v wrk >/dev/null; then
		cpu=$(cpu_of wrk -t1 -c64 -d"${seconds}s" $url)
		per_request "$cpu" "$(awk '/requests in/ {print $1}' "$dir/out")" >>"$dir/wrk"
	fi
	if command -v ab >/dev/null; then
		cpu=$(cpu_of ab -q -k -c64 -t"$seconds" -n 100000000 $url)
		per_request "$cpu" "$(awk '/Complete requests/ {print $3}' "$dir/out")" >>"$dir/ab"
	fi
done

base=$(sort -n "$dir/floor" | sed -n "$(((rounds + 1) / 2))p")
for who in floor gameday wrk ab; do
	[ -s "$dir/$who" ] || continue
	v=$(sort -n "$dir/$who" | sed -n "$(((rounds + 1) / 2))p")
	awk -v w=$who -v v="$v" -v b="$base" \
		'BEGIN {printf "%-8s %7.2f us/request  %.2f x floor\n", w, v, v / b}'
done
