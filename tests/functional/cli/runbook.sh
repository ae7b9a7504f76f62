#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# gameday runbook: what was written stays as it is, pages have the headings people know, a
# draft passes the check, and a run's evidence ranks all runbooks with reasons.
set -eu
SOURCE=$1
GD=$2
. "$(dirname "$0")/../functions.sh"
cd "$WORK"

has() { # FILE TEXT
	grep -qF -- "$2" "$1" || fail "no \"$2\" in: $(cat "$1")"
}

for f in "$SOURCE"/tests/unit/scenario/foreign/* "$SOURCE"/runbooks/*.yaml; do
	"$GD" check "$f" >/dev/null
	# To the byte, and then one comment of ours.
	"$GD" runbook show "$f" >shown
	head -n -1 shown | cmp - "$f"
	[ "$(tail -n 1 shown)" = "# last exercised: never" ]
	"$GD" runbook render "$f" >page.md
	for h in Meaning Impact Detection Diagnosis Mitigation Escalation Prevention "Last exercised"; do
		has page.md "## $h"
	done
	"$GD" runbook render "$f" --format html >page.html
	has page.html "<!DOCTYPE html>"
	! grep -qE '<script|src=|href="https?:' page.html || fail "$f: not self-contained"
done
"$GD" runbook render "$SOURCE/tests/unit/scenario/foreign/nic.yaml" >page.md
has page.md "              printf \"%-12s %-40s %d\\n\", d, \$1, \$2"
has page.md "# one line per queue"

for s in "$SOURCE"/scenarios/*.yaml; do
	rm -f draft.yaml
	"$GD" runbook new --from "$s" -o draft.yaml >/dev/null
	"$GD" check draft.yaml >checked || fail "$s: $(cat draft.yaml checked)"
	! grep -q warning checked || fail "$s: $(cat checked)"
done
has draft.yaml 'when: "*.*.p50 > '
has draft.yaml "run: true"
has draft.yaml "TODO"
if "$GD" runbook new --from "$s" -o draft.yaml 2>err; then
	fail "a file was replaced"
fi
has err "draft.yaml: File exists"
! "$GD" runbook new 2>err || exit 1
has err "--from SCENARIO"

# A run of long ago as the newest one: the last time it was exercised.
mkdir -p runs
cp -r "$SOURCE/tests/unit/report/data/refuted" runs/20261123T140000Z-silent-nic-drops
"$GD" runbook list --dir "$SOURCE/runbooks" >list
has list "nic-queue-drops      P2   2026-11-23"
has list "slow-disk            P1   never"
"$GD" runbook show nic-queue-drops --dir "$SOURCE/runbooks" | tail -n 1 >last
has last "in run 20261123T140000Z-silent-nic-drops (refuted): detected after 3.3 s by the people, not mitigated"
"$GD" runbook render nic-queue-drops --dir "$SOURCE/runbooks" >page.md
has page.md "detected after 3.3 s by the people"
"$GD" runbook list --dir "$SOURCE/runbooks" --json >list.json
has list.json '"detect_s":	3.3'

"$GD" runbook match latest --dir "$SOURCE/runbooks" >match
[ "$(grep -c 'detections that could be judged' match)" -eq "$(ls "$SOURCE"/runbooks/*.yaml | wc -l)" ]
sed -n '1p' match | grep -q 'nic-queue-drops (the scenario' || fail "another is first: $(cat match)"
for word in "fits " "no data " "for people " "contradicts "; do
	has match "      $word"
done
"$GD" runbook match latest --dir "$SOURCE/runbooks" --json >match.json
has match.json '"outcome":	"contradicts"'
