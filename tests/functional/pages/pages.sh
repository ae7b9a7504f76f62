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
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

for run in refuted killed left notrun garbage; do
	cp -r "$data/$run" "$work/$run"
done
# The same run with other ends: everything met, stopped on the way, no effect seen.
for run in held aborted invalid hostile; do
	cp -r "$data/refuted" "$work/$run"
done
sed -i '/success in lossy > 99.5%/d' "$work/held/scenario.yaml"
sed -i 's/"seen":true/"seen":false/' "$work/invalid/journal.jsonl"
sed -i '/"stage_begin","stage":"recovery"/i {"wall_ns":"1795442417850000000","event":"abort","condition":"checkout.retrying.success < 80% for 5s","reason":"72 % for 5 s"}' \
	"$work/aborted/journal.jsonl"
# Markup, quotes, terminal codes, bytes that are no text, and a word of 200 kB.
python3 "$here/hostile.py" "$work/hostile"

for run in "$work"/*/; do
	"$gameday" report "$run" >/dev/null
done

expect() { # RUN WORD: the first line of both pages begins with the verdict
	head -n 1 "$work/$1/report.md" | grep -q "^# Verdict: $2: " || {
		echo "FAILED: report.md of $1 begins with: $(head -n 1 "$work/$1/report.md")"
		exit 1
	}
}
expect held held
expect refuted refuted
expect aborted aborted
expect killed aborted
expect invalid invalid
expect notrun not-run
expect left left-behind

python3 "$here/browser.py" "$work" held=held refuted=refuted aborted=aborted killed=aborted \
	invalid=invalid notrun=not-run left=left-behind garbage= hostile= "${@:3}"
