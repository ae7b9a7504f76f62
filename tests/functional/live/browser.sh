#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The dashboard in Chromium: it follows a run, breaks no rule of its own policy, shows hostile
# text as text, and says when the run is gone. Exit 77 without a browser. With a third argument the
# screenshots are kept in that folder.
set -eu -o pipefail
SOURCE=$1
FEED=$2
KEEP=${3:-}
command -v chromedriver >/dev/null && command -v chromium >/dev/null || {
	echo "no chromium and chromedriver here"
	exit 77
}
. "$(dirname "$0")/../functions.sh"

at_end() {
	[ -z "${SESSION:-}" ] || curl -s -m 10 -X DELETE "$SESSION" >/dev/null
}

until_says() { # FILE SED_EXPRESSION: what it prints, waited for
	local text
	for _ in $(seq 150); do
		text=$(sed -n "$2" "$1" | head -n 1)
		[ -z "$text" ] || {
			echo "$text"
			return
		}
		sleep 0.2
	done
	fail "$(cat "$1")"
}

ask() { # PATH JSON: the driver's answer
	curl -s -m 60 -H 'Content-Type: application/json' -d "$2" "$SESSION/$1"
}

js() { # EXPRESSION: its value as JSON
	ask execute/sync "{\"script\":\"return $1\",\"args\":[]}" | sed 's/^{"value"://; s/}$//'
}

wait_js() { # SECONDS EXPRESSION: until it is true
	local end=$((SECONDS + $1))
	until [ "$(js "$2")" = true ]; do
		[ $SECONDS -lt $end ] || fail "never: $2; the page says $(js 'document.body.innerText')"
		sleep 0.3
	done
}

screen() { # WIDTH HEIGHT: of the page, without what a window has around it
	ask goog/cdp/execute "{\"cmd\":\"Emulation.setDeviceMetricsOverride\",\"params\":
		{\"width\":$1,\"height\":$2,\"deviceScaleFactor\":1,\"mobile\":false}}" >/dev/null
}

shot() { # NAME
	[ -z "$KEEP" ] || curl -s -m 60 "$SESSION/screenshot" |
		sed 's/^{"value":"//; s/"}$//' | base64 -d >"$KEEP/$1.png"
}

# A title and an event that would be markup.
cp -r "$SOURCE/tests/unit/report/data/refuted" "$WORK/run"
sed -i 's/^title: .*/title: "<img src=x onerror=document.title=1> <b>Silent<\/b> NIC"/' \
	"$WORK/run/scenario.yaml"
"$FEED" "$WORK/run" --lines --dashboard 127.0.0.1:0 --linger 60 >"$WORK/feed" 2>&1 &
FEED_PID=$!
pids="$pids $FEED_PID"
URL=$(until_says "$WORK/feed" 's/^dashboard //p')

chromedriver --port=0 >"$WORK/driver" 2>&1 &
pids="$pids $!"
DRIVER=http://127.0.0.1:$(until_says "$WORK/driver" 's/.*started successfully on port \([0-9]*\).*/\1/p')
args='"--headless","--no-sandbox","--disable-gpu","--disable-quic","--no-first-run",
	"--disable-background-networking","--disable-component-update","--disable-sync",
	"--window-size=1920,1080","--user-data-dir='$WORK/profile'"'
id=$(curl -s -m 120 -H 'Content-Type: application/json' "$DRIVER/session" -d \
	"{\"capabilities\":{\"alwaysMatch\":{\"goog:chromeOptions\":{\"args\":[$args]},
	\"goog:loggingPrefs\":{\"browser\":\"ALL\"}}}}" | sed -n 's/.*"sessionId":"\([^"]*\)".*/\1/p')
[ -n "$id" ] || fail "no browser: $(tail -n 5 "$WORK/driver")"
SESSION=$DRIVER/session/$id

ask url "{\"url\":\"$URL\"}" >/dev/null
wait_js 30 "document.querySelectorAll('.client').length == 2"
# It moves: the clock goes on, and the history grows.
before=$(js "document.getElementById('elapsed').textContent")
wait_js 20 "document.getElementById('elapsed').textContent != ${before//\"/\'}"
wait_js 30 "document.querySelectorAll('.client svg path').length == 2"
wait_js 30 "document.getElementById('events').textContent.includes('restored api-1')"
wait_js 10 "document.getElementById('expects').children.length == 5"
[ "$(js "document.querySelectorAll('#expects .mark.bad').length")" = 1 ] || fail "not one missed"
# Values of hosts that there is no room for are counted.
[ "$(js "document.getElementById('more').textContent")" = '""' ] || fail "more than all"
host="{watches: [{name: 'a', value: '1'}], more_watches: 7, warnings: [], events: []}"
more=$(js "(rest($host), document.getElementById('hosts').textContent)")
[ "$more" = '"Hosts1 shown, 7 morea1"' ] || fail "not how many more: $more"
fault="{host: 'h', what: 'w', seconds: 5, effect: 'lost 3'}"
said=$(js "(faults({faults: [$fault]}), document.getElementById('faults').textContent)")
case $said in *'for 0:05, so far: lost 3"') ;; *) fail "not what a fault does: $said" ;; esac
# Text stays text.
[ "$(js "document.querySelectorAll('h1 *').length")" = 0 ] || fail "the title is markup"
[ "$(js "document.getElementById('title').textContent.includes('<b>Silent</b> NIC')")" = true ] ||
	fail "not the title"
[ "$(js "document.documentElement.scrollWidth <= innerWidth")" = true ] || fail "wider than the screen"
shot wide
# Nobody scrolls a screen on the wall, and the charts take the room there is.
screen 1280 720
wait_js 10 "innerHeight == 720 && document.documentElement.scrollHeight <= innerHeight"
[ "$(js "document.getElementById('events').children.length >= 3")" = true ] || fail "no events left"
shot small
screen 1920 1080
wait_js 10 "document.querySelector('.client svg').getBoundingClientRect().height > 100"
ask goog/cdp/execute '{"cmd":"Emulation.clearDeviceMetricsOverride","params":{}}' >/dev/null
ask window/rect '{"width":420,"height":900}' >/dev/null
sleep 1
[ "$(js "document.documentElement.scrollWidth <= innerWidth")" = true ] || fail "wider than a phone"
shot phone
ask window/rect '{"width":1920,"height":1080}' >/dev/null
# The browser found nothing against the policy, and no error.
log=$(ask se/log '{"type":"browser"}')
[ "$log" = '{"value":[]}' ] || fail "the browser says $log"

# Gone without a word: the page says so instead of showing old figures as new.
kill -KILL "$FEED_PID"
wait_js 20 "document.getElementById('link').textContent.includes('no news')"
shot gone
echo "followed, and told the end"
