#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Notes and findings of people, in a run that is over and in one that goes on.
set -eu
SOURCE=$1
GD=$2
. "$(dirname "$0")/../functions.sh"
cd "$WORK"
# refused TEXT ARGS...: exit 2, one line that has TEXT, and nothing was written.
refused() {
	local want=$1 status=0
	shift
	cp -r runs before
	"$GD" note "$@" >out 2>&1 || status=$?
	[ $status -eq 2 ] || fail "exit $status for: note $*: $(cat out)"
	grep -qF -- "$want" out || fail "\"$want\" is not in: $(cat out)"
	diff -r runs before >/dev/null || fail "note $* wrote all the same"
	rm -r before
}

mkdir -p runs
cp -r "$SOURCE/tests/unit/report/data/killed" runs/20260101T000000Z-old
cp -r "$SOURCE/tests/unit/report/data/refuted" runs/20261123T140000Z-over
run=runs/20261123T140000Z-over

"$GD" note latest mitigated --by Ada --at 14:00:15Z 'took it out' | tee out
grep -qF "noted in $run: mitigated at 2026-11-23T14:00:15.000Z, 15.0 s after the run began, by Ada" out
"$GD" note 20260101T000000Z-old recovered >out
grep -q '"kind":"recovered"' runs/20260101T000000Z-old/journal.jsonl || fail "not in the old run"
"$GD" note latest --by Bob -- '--a text with <b>dashes</b> '"$(printf '\033[31m')" >out
"$GD" note latest finding "no alert on drops" --owner Cy --ticket OPS-7 --retest 2027-01-15 \
	--severity high --by Ada | grep -qF "added to $run/findings.yaml"
printf '# a comment of mine\n' >>$run/findings.yaml
cp $run/findings.yaml mine
"$GD" note latest finding another
head -c "$(wc -c <mine)" $run/findings.yaml | cmp - mine || fail "what was written before has changed"

refused 'did you mean "diagnosed"?' latest diagnosd
refused 'an empty note' latest ' '
refused 'an empty finding' latest finding
refused 'go with a finding' latest detected --owner Cy
refused '--at goes with a note' latest finding x --at -2m
refused '"soon" is no day' latest finding x --retest soon
refused 'did you mean "high"?' latest finding x --severity hihg
refused 'before the run began' latest detected --at 13:59:00Z
refused 'is no time' latest detected --at noon
refused 'is not a run' nosuch detected
refused 'did you mean --owner?' latest finding x --ownr Cy
printf -- '- finding: a\n  ticket: [1]\n' >>$run/findings.yaml
refused 'findings.yaml:' latest finding more
cp mine $run/findings.yaml

# What is rendered has it all, and rendering leaves it alone.
cp $run/findings.yaml before.yaml
"$GD" report $run >out || [ $? -eq 1 ]
cmp $run/findings.yaml before.yaml || fail "rendering wrote to findings.yaml"
! grep -q "$(printf '\033')" out $run/report.md $run/report.html || fail "an escape came through"
! grep -q '<b>dashes' $run/report.md $run/report.html || fail "markup came through"
grep -q 'no alert on drops' $run/report.md || fail "the finding is not in report.md"
grep -q 'OPS-7' $run/report.html || fail "the ticket is not in report.html"
grep -q '"retest":.*"2027-01-15"' $run/report.json || fail "the date is not in report.json"
grep -q '^| mitigated | +6.0 s | .* | Ada | 14:00:15.000Z |' $run/report.md || fail "no moment in report.md"

# A role that there is not.
status=0
"$GD" run "$SOURCE/scenarios/slow-peer.yaml" -i nothing.yaml --role scribbe=Ada >out 2>&1 || status=$?
[ $status -eq 2 ] && grep -q 'did you mean "scribe"?' out || fail "--role scribbe: $(cat out)"
{ cat "$SOURCE/scenarios/slow-peer.yaml"; printf 'roles: {cordinator: Ada}\n'; } >roles.yaml
"$GD" check roles.yaml >out 2>&1 && fail "cordinator is taken"
grep -q 'did you mean "coordinator"?' out || fail "no suggestion: $(cat out)"
sed -i 's/cordinator: Ada/coordinator: Ada, observer: [Bob, Cy]/' roles.yaml
"$GD" check roles.yaml >out 2>&1 || fail "good roles: $(cat out)"
