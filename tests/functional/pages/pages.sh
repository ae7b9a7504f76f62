#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Renders runs of every verdict, and one of a stranger who means harm, and looks at the
# pages in Chromium (browser.py).
set -eu
source=$1 gameday=$2
here=$source/tests/functional/pages
data=$source/tests/unit/report/data
for tool in chromium chromedriver python3; do
	command -v $tool >/dev/null || { echo "no $tool (gameday/install-packages test)"; exit 77; }
done
. "$(dirname "$0")/../functions.sh"

for run in refuted killed left notrun garbage; do
	cp -r "$data/$run" "$WORK/$run"
done
# The same run with other ends: everything met, stopped on the way, no effect seen.
for run in held aborted invalid hostile; do
	cp -r "$data/refuted" "$WORK/$run"
done
sed -i '/success in lossy > 99.5%/d' "$WORK/held/scenario.yaml"
sed -i 's/"seen":true/"seen":false/' "$WORK/invalid/journal.jsonl"
sed -i '/"stage_begin","stage":"recovery"/i {"wall_ns":"1795442417850000000","event":"abort","condition":"checkout.retrying.success < 80% for 5s","reason":"72 % for 5 s"}' \
	"$WORK/aborted/journal.jsonl"
# Markup, quotes, terminal codes, bytes that are no text, and a word of 200 kB.
python3 "$here/hostile.py" "$WORK/hostile"

for run in "$WORK"/*/; do
	"$gameday" report "$run" >/dev/null
done

expect() { # RUN WORD: the first line of both pages begins with the verdict
	head -n 1 "$WORK/$1/report.md" | grep -q "^# Verdict: $2: " ||
		fail "report.md of $1 begins with: $(head -n 1 "$WORK/$1/report.md")"
}
expect held held
expect refuted refuted
expect aborted aborted
expect killed aborted
expect invalid invalid
expect notrun not-run
expect left left-behind

python3 "$here/browser.py" "$WORK" held=held refuted=refuted aborted=aborted killed=aborted \
	invalid=invalid notrun=not-run left=left-behind garbage= hostile= "${@:3}"
