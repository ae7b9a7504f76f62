#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Every command, option, fault, key and message of the program is in its manual, and man(1) and
# mandoc(1) read every page without complaint.
set -eu -o pipefail
gd=$1
share=$2
. "$(dirname "$0")/../functions.sh"
text() { MANWIDTH=400 man -l "$1" 2>/dev/null | col -bx; }
has() { # TEXT WORDS WHERE
	grep -qF -- "$2" <<<"$1" || fail "$3 does not say: $2"
}

commands=$("$gd" --help | sed -n '/^Commands:/,/^$/s/^  \([a-z]*\) .*/\1/p')
[ "$(wc -w <<<"$commands")" -ge 14 ] || fail "only these commands: $commands"
overview=$(text "$share/man/man1/gameday.1")
for c in $commands; do
	page=$(text "$share/man/man1/gameday-$c.1")
	has "$overview" "gameday-$c(1)" gameday.1
	for option in $("$gd" "$c" --help | sed -n 's/^ .*\(--[a-z-]*\).*/\1/p'); do
		has "$page" "$option" "gameday-$c.1"
	done
	has "$page" "EXAMPLE" "gameday-$c.1"
done

for md in "$share"/md/gameday-*.7.md; do
	name=$(basename "$md" .7.md)
	fault=${name#gameday-}
	[ "$fault" != errors ] || continue
	page=$(text "$share/man/man7/$name.7")
	# Tried by a stage, with what the runbook says; nobody injects it by hand.
	if [ "$fault" = mitigation ]; then
		has "$page" "mitigate" "$name.7"
		continue
	fi
	keys=$("$gd" inject "$fault" --help | sed -n '/as KEY=VALUE/,/^Example/s/^  \([a-z][a-z0-9_]*\) .*/\1/p')
	[ -n "$keys" ] || fail "inject $fault --help has no keys"
	for key in $keys; do has "$page" "$key" "$name.7"; done
done

scenario=$(text "$share/man/man5/gameday-scenario.5")
for word in hypothesis connections budget backoff every hold attempts_per_request fsync; do
	has "$scenario" "$word" gameday-scenario.5
done

# Real errors are in the catalogue, word for word but for what is filled in.
errors=$(text "$share/man/man7/gameday-errors.7")
for code in 0 1 2 3 4 5 6; do has "$errors" "$code (" gameday-errors.7; done
"$gd" load http://127.0.0.1:1/ --rate 1/s --for soon 2>"$WORK/said" && fail "that should be an error"
said=$(cat "$WORK/said")
has "$said" "is not a duration: write a number and a unit" "gameday load"
has "$errors" "is not a duration: write a number and a unit" gameday-errors.7

n=0
for page in "$share"/man/man?/*; do
	n=$((n + 1))
	complaint=$(mandoc -T lint -W error "$page" 2>&1) || fail "$complaint"
	complaint=$(man --warnings -l "$page" 2>&1 >/dev/null | grep -v 'cannot adjust line' || true)
	[ -z "$complaint" ] || fail "$page: $complaint"
	grep -qE '^gameday[a-z_-]* - .' <<<"$(text "$page" | sed 's/^ *//')" || fail "$page has no name line"
done
echo "$n pages"
