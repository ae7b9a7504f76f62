#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# What the report of a large run costs: an hour, 5 loads by 4 clients, 4 hosts. Prints how long
# `gameday report` takes, how large its pages are and where the time goes; never a gate.
#
#   run.sh GAMEDAY        GAMEDAY: BUILD/bin/gameday of a build without sanitizers
#
# ROUNDS (3) may be set; the quickest is what the machine allows. The wall time means
# something on a quiet machine only, the CPU time nearly always.
set -eu
gameday=$(realpath "${1:?usage: run.sh GAMEDAY}")
build=$(dirname "$(dirname "$gameday")")
rounds=${ROUNDS:-3}
cd "$(dirname "$0")/../../.."
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT

# The lower layers after those that use them.
libs=()
for layer in report results scenario load shape base; do
	libs+=("$build/gameday/$layer/libgd_$layer.a")
done
mapfile -t system < <(
	pkg-config --cflags --libs libcjson yaml-0.1 zlib openssl libnghttp2 liburing |
		tr -s ' ' '\n'
)
for p in hour parts; do
	${CC:-cc} -std=c17 -O2 -D_GNU_SOURCE -I. "tests/bench/report/$p.c" -o "$dir/$p" \
		"${libs[@]}" "${system[@]}" -lunistring -lpthread -lm
done

mkdir "$dir/run"
"$dir/hour" "$dir/run"
echo "gameday report: wall, user and system seconds"
TIMEFORMAT='  %R %U %S'
for _ in $(seq "$rounds"); do
	time "$gameday" report "$dir/run" >/dev/null
done
echo "bytes"
(cd "$dir/run" && stat -c '  %s %n' metrics.jsonl report.html report.md report.json)
printf '  %s charts/\n' "$(cat "$dir/run/charts"/* | wc -c)"
echo "where the CPU time goes, in one process"
"$dir/parts" "$dir/run"
