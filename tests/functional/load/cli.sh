#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# gameday load from the command line: figures, exit statuses, an early end.
#
#   cli.sh GAMEDAY SERVER
set -u
gameday=$1 server=$2
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
bad=0

# Each server ends with the descriptor that is its standard input.
mkfifo "$dir/in" "$dir/in4"
"$server" <"$dir/in" >"$dir/port" &
exec 3>"$dir/in"
"$server" 4 <"$dir/in4" >"$dir/port4" &
exec 4>"$dir/in4"
for _ in $(seq 100); do
	[ -s "$dir/port" ] && [ -s "$dir/port4" ] && break
	sleep 0.05
done
url=http://127.0.0.1:$(cat "$dir/port")/
failing=http://127.0.0.1:$(cat "$dir/port4")/

# expect STATUS PATTERN ARGUMENTS...: exit status, and an extended pattern in the output
expect() {
	local want=$1 pattern=$2 got
	shift 2
	"$gameday" load "$@" >"$dir/out" 2>&1
	got=$?
	if [ $got -ne "$want" ] || ! grep -qE -- "$pattern" "$dir/out"; then
		echo "gameday load $*: status $got, wanted $want and '$pattern' in:"
		cat "$dir/out"
		bad=1
	fi
}

expect 0 '^plain +200 /s +100 +100 %' "$url" --rate 200/s --for 500ms
expect 0 '^b +100 /s +50 +100 %' "$url" --rate 100/s --for 500ms --client a \
	--client 'b: {retry: {attempts: 2}}'
expect 0 '"intended":[[:space:]]*50,' "$url" --rate 100/s --for 500ms --json
expect 0 '"connections":|"hdr":' "$url" --concurrency 4 --for 200ms --json
expect 0 '^plain .* 75 % ' "$failing" --rate 200/s --for 500ms
expect 0 'errors: status-5xx 25' "$failing" --rate 200/s --for 500ms
expect 0 'errors: refused' http://127.0.0.1:1/ --concurrency 2 --for 100ms
expect 0 'errors: wrong 50' "$url" --rate 100/s --for 500ms --with 'expect: {status: 204}'
expect 0 '^plain .* 100 % ' "${url}k/\${seq}" --rate 100/s --for 200ms \
	--with 'headers: {X-N: "${random:1..9}"}' --with 'expect: {status: 200, body: hello}'
expect 0 '^plain +[0-9.]+ /s +55 ' "$url" --rate '10/s..100/s over 1s' --for 1s
expect 0 '^plain +[0-9.]+ /s +25 +100 %' "$url" --rate '100/s for 200ms, 10/s' --for 700ms
expect 0 '^plain +200 /s +100 ' "$url" --burst 20 --every 100ms --for 500ms
expect 0 '^b +100 /s +50 ' "$url" --rate 200/s --for 500ms --share --client a --client b
expect 0 '^plain +[0-9.]+ /s +(6|7|8|9|1[0-4])[0-9] ' "$url" --rate 200/s --for 500ms \
	--arrivals poisson
expect 0 '^plain .* 100 % ' "$url" --concurrency 4 --for 200ms --engine epoll
if [ "$(cat /proc/sys/kernel/io_uring_disabled 2>/dev/null)" = 0 ]; then
	expect 0 '^plain .* 100 % ' "$url" --concurrency 4 --for 200ms --engine io_uring
fi
expect 0 '"achieved":[[:space:]]*[01]' "$url" --rate 100/s --for 200ms --json
expect 0 '"late_p99_ns":[[:space:]]*[1-9]' "$url" --rate 100/s --for 200ms --json
expect 0 'the generator itself was late: asked 1e\+06 /s|itself was late: asked 1000000 /s' \
	"$url" --rate 1000000/s --for 50ms
expect 0 '^plain +200 /s +100 +100 %' "$url" --rate 200/s --for 500ms --threads 3
expect 0 'some [0-9]+ requests were never sent' "$url" --concurrency 4 --for 500ms --threads 2
expect 0 '"missed":' "$url" --concurrency 4 --for 200ms --json
expect 2 'a concurrency of 4 can.t be divided between 5 threads' "$url" \
	--concurrency 4 --for 1s --threads 5
expect 0 '^b ' "$url" --rate 100/s --for 300ms --client a --client b --hdr "$dir/log"
if ! head -n 1 "$dir/log" | grep -q 'log format version 1.3' ||
	! grep -qE '^Tag=b,0\.000,0\.300,[0-9.]+,HISTFAAAA' "$dir/log"; then
	echo "the histogram log:"
	cut -c1-100 "$dir/log"
	bad=1
fi
jar=/usr/share/maven-repo/org/hdrhistogram/HdrHistogram/debian/HdrHistogram-debian.jar
if command -v java >/dev/null && [ -e $jar ]; then
	java -cp $jar org.HdrHistogram.HistogramLogProcessor -i "$dir/log" -tag b >"$dir/out" 2>&1
	grep -qE 'Total count += +30\]' "$dir/out" || {
		echo "HistogramLogProcessor reads the log otherwise:"
		cat "$dir/out"
		bad=1
	}
	# What its tools make of our log is what we say ourselves, to the nanosecond.
	"$gameday" load "$url" --rate 300/s --for 1s --json --hdr "$dir/log" >"$dir/json"
	java -cp $jar org.HdrHistogram.HistogramLogProcessor -i "$dir/log" \
		-outputValueUnitRatio 1 >"$dir/out" 2>&1
	for p in p50_ns:0.5 p90_ns:0.9; do
		ours=$(awk -F'[:,\t "]+' -v k="${p%:*}" '$2 == k {print $3; exit}' "$dir/json")
		theirs=$(awk -v p="${p#*:}" '$2 + 0 == p {printf "%d", $1; exit}' "$dir/out")
		if [ -z "$ours" ] || [ "$ours" != "$theirs" ]; then
			echo "${p%:*} is $ours, HistogramLogProcessor says '$theirs'"
			cat "$dir/out"
			bad=1
		fi
	done
fi
# A server that fails is worse, and the exit status says so.
"$gameday" load "$url" --rate 200/s --for 5s --json >"$dir/then"
expect 1 'success +100 % +75 % +-25.00 points +worse \(p = ' "$failing" --rate 200/s \
	--for 6s --compare "$dir/then"
expect 0 'too few intervals to say' "$url" --rate 100/s --for 300ms --compare "$dir/then"
expect 2 'none of its clients' "$url" --rate 100/s --for 100ms --client x --compare "$dir/then"
expect 3 'nothing-here' "$url" --rate 100/s --for 60s --compare "$dir/nothing-here"
echo '{"clients": [{"client": "plain"}]}' >"$dir/odd"
expect 2 'no series of intervals' "$url" --rate 100/s --for 100ms --compare "$dir/odd"
expect 3 'nowhere' "$url" --rate 100/s --for 300ms --hdr "$dir/nowhere/log"
expect 2 'how long the rate before' "$url" --rate '10/s, 20/s' --for 1s
expect 2 'did you mean "body"' "$url" --rate 1/s --for 1s --with 'bdy: x'
expect 2 'key method given twice' "$url" --rate 1/s --for 1s --method PUT --with 'method: GET'
expect 2 "wanted 'KEY: VALUE'" "$url" --rate 1/s --for 1s --with body
expect 2 "'\\$\{sec\}' is not possible" "${url}\${sec}" --rate 1/s --for 1s
expect 2 'either rate' "$url" --for 1s
expect 2 'not both' "$url" --for 1s --rate 1/s --concurrency 1
expect 2 '"for" is missing|--for' "$url" --rate 1/s
expect 2 'does not begin with' gopher://127.0.0.1/ --rate 1/s --for 1s
expect 2 'did you mean "retry"' "$url" --rate 1/s --for 1s --client 'a: {retri: {}}'
expect 2 'given twice' "$url" --rate 1/s --for 1s --client a --client 'a: {}'
expect 2 'too few' --rate 1/s --for 1s
expect 3 'no address' http://name.invalid/ --rate 1/s --for 1s

# Ctrl-C: what was measured is printed, and that is no failure.
"$gameday" load "$url" --rate 100/s --for 60s --threads 2 >"$dir/out" 2>&1 &
pid=$!
sleep 0.7
kill -INT $pid
wait $pid
status=$?
if [ $status -ne 0 ] || ! grep -qE '^plain +(9[0-9]|10[0-9])(\.[0-9]+)? /s' "$dir/out"; then
	echo "interrupted: status $status"
	cat "$dir/out"
	bad=1
fi
exec 3>&- 4>&-
wait
exit $bad
