#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The dashboard over HTTP: what it says, what it refuses, and that nobody who looks holds it up.
set -eu -o pipefail
SOURCE=$1
FEED=$2
. "$(dirname "$0")/../functions.sh"

start() { # OPTIONS...: sets URL and FEED_PID
	: >"$WORK/out"
	"$FEED" "$SOURCE/tests/unit/report/data/refuted" --lines --dashboard 127.0.0.1:0 "$@" \
		>"$WORK/out" 2>&1 &
	FEED_PID=$!
	pids="$pids $FEED_PID"
	for _ in $(seq 100); do
		URL=$(sed -n 's/^dashboard //p' "$WORK/out")
		[ -z "$URL" ] || break
		sleep 0.1
	done
	[ -n "$URL" ] || fail "no URL: $(cat "$WORK/out")"
}

code() { # CURL_ARGS...
	curl -s -m 10 -o "$WORK/body" -w '%{http_code}' "$@" || true
}

start --linger 20
port=${URL%/}
port=${port##*:}

# The page: one file, nothing from elsewhere, and a policy that says so.
[ "$(code -D "$WORK/head" "$URL")" = 200 ] || fail "no page"
grep -qi "^content-security-policy: default-src 'none'; connect-src 'self';.* script-src 'sha256-" \
	"$WORK/head" || fail "no policy: $(cat "$WORK/head")"
for header in 'x-content-type-options: nosniff' 'cache-control: no-store' 'x-frame-options: deny' \
	'referrer-policy: no-referrer'; do
	grep -qi "^$header" "$WORK/head" || fail "no $header"
done
grep -qE '(src|href)="?(https?:)?//' "$WORK/body" && fail "the page asks for something elsewhere"
grep -q '<title>gameday</title>' "$WORK/body" || fail "not the page"

# What it refuses.
[ "$(code -I "$URL")" = 200 ] || fail "no HEAD"
[ "$(code -I "${URL}events")" = 200 ] || fail "no HEAD of the events"
for method in POST PUT DELETE OPTIONS; do
	[ "$(code -X $method --data x "$URL")" = 405 ] || fail "$method is taken"
done
[ "$(code "${URL}journal.jsonl")" = 404 ] || fail "something else is there"
[ "$(code --path-as-is "${URL}../../etc/passwd")" = 404 ] || fail "a way out"
[ "$(code -H 'Host: evil.example' "$URL")" = 421 ] || fail "a rebound name is served"
[ "$(code -H "Host: evil.example:$port" "${URL}events")" = 421 ] || fail "... and its events"
[ "$(code -H "Host: localhost:$port" "$URL")" = 200 ] || fail "localhost is not served"
for address in 0.0.0.0:0 '[::]:0'; do
	if "$FEED" "$SOURCE/tests/unit/report/data/refuted" --lines --dashboard "$address" \
		>"$WORK/refused" 2>&1; then
		fail "$address is served to all"
	fi
	grep -q -- '--dashboard-public' "$WORK/refused" || fail "no way out: $(cat "$WORK/refused")"
done

# The stream: one snapshot after the other, each of them JSON, and they move.
curl -sN -m 12 "${URL}events" >"$WORK/events" || true
[ "$(head -n 1 "$WORK/events")" = 'retry: 1000' ] || fail "no retry"
[ "$(grep -c '^data: {' "$WORK/events")" -ge 10 ] || fail "few events"
grep -q '"load":"checkout","client":"plain"' "$WORK/events" || fail "no clients"
grep -q '"what":"eth0: lose 5 % of outgoing packets"' "$WORK/events" || fail "no fault"
[ "$(sed -n 's/^data: .*"elapsed":\([0-9.]*\).*/\1/p' "$WORK/events" | sort -un | wc -l)" -ge 10 ] ||
	fail "they do not move"
grep -qE 'PRIVATE KEY|known_hosts|"argv"|/home/|/root/|/tmp/' "$WORK/events" && fail "it tells too much"

# Clients that ask and never read, more than it takes: others are served, and the run is on time.
for _ in $(seq 40); do
	(
		exec 3<>"/dev/tcp/127.0.0.1/$port"
		printf 'GET /events HTTP/1.1\r\nHost: 127.0.0.1:%s\r\n\r\n' "$port" >&3
		exec sleep 15
	) &
	pids="$pids $!"
done
sleep 3
[ "$(ls "/proc/$FEED_PID/fd" | wc -l)" -lt 60 ] || fail "no bound on clients"
kill -TERM "$FEED_PID"
wait "$FEED_PID" || fail "the run failed: $(cat "$WORK/out")"
late=$(sed -n 's/^LATE //p' "$WORK/out")
[ "$late" -lt 2500 ] || fail "clients that do not read made the run late by $late ms"

# Blind: not a word of it in the stream; at the end all of it, with the verdict.
start --blind --speed 8 --linger 1
curl -sN -m 20 "${URL}events" >"$WORK/blind" || true
wait "$FEED_PID"
grep '"blind":true' "$WORK/blind" >"$WORK/hidden"
grep -qE 'lossy|api-1|lose 5|nic\.|Silent' "$WORK/hidden" && fail "blind, and it tells"
tail -n 3 "$WORK/blind" | grep -q '"over":true,"verdict":"refuted"' || fail "no last word"
tail -n 3 "$WORK/blind" | grep -q 'Silent NIC' || fail "not revealed at the end"
echo "late $late ms"
