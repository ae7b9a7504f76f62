#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# gameday inject --dashboard, the whole way: an sshd of its own on the loopback, the agent
# with a fault that only writes a file, and curl instead of a browser.
. "$(dirname "$0")/box.sh"
command -v curl >/dev/null || { echo "no curl here"; exit 77; }

inject=("$GD" inject file --on box path="$WORK/victim" content=changed -i "$WORK/inventory.yaml" --yes)

# Beyond the loopback only when asked for, and nothing was done.
echo original >"$WORK/victim"
status=0
"${inject[@]}" --for 5s --dashboard 0.0.0.0:0 >"$WORK/refused" 2>&1 || status=$?
[ "$status" = 2 ] || fail "0.0.0.0: status $status: $(cat "$WORK/refused")"
grep -q -- '--dashboard-public' "$WORK/refused" || fail "no way out: $(cat "$WORK/refused")"

# Live: what is in, for how long, what it does, and the end.
"${inject[@]}" --for 8s --dashboard 127.0.0.1:0 >"$WORK/out" 2>&1 &
pid=$!
pids="$pids $pid"
until_says '^dashboard at '
URL=$(sed -n 's/^dashboard at //p' "$WORK/out")
case $URL in http://127.0.0.1:*) ;; *) fail "not the loopback: $URL" ;; esac
curl -sN -m 60 "${URL}events" >"$WORK/events" &
curl=$!
[ "$(curl -s -m 10 -o "$WORK/page" -w '%{http_code}' "$URL")" = 200 ] || fail "no page"
grep -q '<title>gameday</title>' "$WORK/page" || fail "not the page"
[ "$(curl -s -m 10 -o /dev/null -w '%{http_code}' -X POST --data x "$URL")" = 405 ] ||
	fail "POST is taken"
status=0
wait "$pid" || status=$?
[ "$status" = 0 ] || fail "status $status: $(cat "$WORK/out")"
wait "$curl" || true
[ "$(cat "$WORK/victim")" = original ] || fail "not put back"
grep -q 'Ctrl-C undoes it at once' "$WORK/out" || fail "other lines: $(cat "$WORK/out")"

said() { # PATTERN: in the stream of events
	grep -qE "$1" "$WORK/events" || fail "never said $1: $(tail -c 1500 "$WORK/events")"
}
said '"title":"gameday inject file --on box"'
said '"no_load":true'
said '"in_fault_stage":true'
# What it does is asked after some seconds, while it is in.
said '"host":"box","what":"write to [^"]*victim","effect":"","coming":false'
said '"in_fault_stage":true.*victim","effect":"it is there","coming":false'
said '"tone":"fault","text":"box: write to '
tail -n 3 "$WORK/events" | grep -q '"over":true,"verdict":"undone","reason":"the state is exactly as before"' ||
	fail "no last word: $(tail -c 1500 "$WORK/events")"
tail -n 3 "$WORK/events" | grep -q '"faults":\[\]' || fail "the fault is still shown"
left=$(sed -n 's/^data: .*"stage_left":\([0-9]*\).*/\1/p' "$WORK/events" | sort -un | wc -l)
[ "$left" -ge 4 ] || fail "the time that is left does not move"
# Nothing of how the host is reached.
grep -qE "$WORK/(client|host|inventory|run)|PRIVATE KEY|ssh-ed25519|:$port" "$WORK/events" &&
	fail "it tells too much"

# Ctrl-C: the page hears of that too.
: >"$WORK/out"
"${inject[@]}" --for 60s --dashboard 127.0.0.1:0 >"$WORK/out" 2>&1 &
pid=$!
pids="$pids $pid"
until_says 'Ctrl-C undoes'
[ "$(cat "$WORK/victim")" = changed ] || fail "not in: $(cat "$WORK/out")"
curl -sN -m 30 "$(sed -n 's/^dashboard at //p' "$WORK/out")events" >"$WORK/events" &
curl=$!
sleep 1
kill -TERM "$pid"
status=0
wait "$pid" || status=$?
wait "$curl" || true
[ "$status" = 4 ] || fail "status $status: $(cat "$WORK/out")"
[ "$(cat "$WORK/victim")" = original ] || fail "not put back after SIGTERM"
tail -n 3 "$WORK/events" | grep -q '"over":true,"verdict":"stopped","reason":"stopped by ' ||
	fail "no last word: $(tail -c 1500 "$WORK/events")"
echo "shown and undone"
