#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Every command has --help with an example; a slip gets a suggestion and exit 2.
set -eu
GD=$2
. "$(dirname "$0")/../functions.sh"
cd "$WORK"

"$GD" --help >out
commands=$(sed -n '/^Commands:/,/^$/s/^  \([a-z]*\) .*/\1/p' out)
[ "$(echo "$commands" | wc -l)" -ge 10 ]
for c in $commands; do
	"$GD" "$c" --help >help
	grep -q "^Usage: gameday $c" help || fail "$c: no usage"
	grep -q "^Example:" help || fail "$c: no example"
done
expect2() {
	local status=0
	"$GD" "$@" >out 2>&1 </dev/null || status=$?
	[ $status -eq 2 ] || fail "gameday $*: exit $status, expected 2: $(cat out)"
	[ "$(wc -l <out)" -le 3 ] || fail "gameday $*: more than three lines: $(cat out)"
}
expect2 chekc
grep -q check out
expect2 run
expect2 run nothing.yaml --inventroy x
grep -q -- --inventory out
expect2 revert -i nothing.yaml
expect2 inject netme --on x --for 5s -i nothing.yaml
grep -q netem out
expect2 run --stage-scale banana x.yaml
[ "$(env -i "$GD" --version | wc -l)" -eq 1 ]
