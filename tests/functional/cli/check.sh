#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# A file with five different mistakes gives five errors, each at its place, and exit 2.
set -eu
SOURCE=$1
GD=$2
. "$(dirname "$0")/../functions.sh"
cd "$WORK"

cat >five.yaml <<'YAML'
scenario: five
title: Five mistakes
hypothesis: Each is found.
hosts:
  server: api-1
load:
  - name: page
    from: runner
    http: http://{server}:8080/
    rate: 50 furlongs
    connections: 8
    timeuot: 1s
steady:
  - page.plain.p98 < 50ms
stages:
  - baseline: {for: 5s}
  - lossy: {for: 5s, faults: [{netem: {on: sever, device: eth1, loss: 500%}}]}
  - recovery: {for: 5s}
YAML
status=0
"$GD" check five.yaml >out 2>&1 || status=$?
cat out
[ $status -eq 2 ] || fail "exit $status, expected 2"
for place in 10:11 12:5 14:16 17:44 17:71; do
	grep -q "^five.yaml:$place: error: " out || fail "no error at $place"
done
[ "$(grep -c ': error: ' out)" -eq 5 ] || fail "not five errors"
grep -q 'timeout' out || fail "no suggestion for timeuot"
[ "$(grep -cE '^ +\^$' out)" -eq 5 ] || fail "not five carets"

# What is shipped is right, and says so.
"$GD" check "$SOURCE"/scenarios/*.yaml "$SOURCE"/runbooks/*.yaml
# Not there; not YAML; a bomb; NULs.
status=0
"$GD" check missing >out 2>&1 || status=$?
[ $status -eq 2 ] || fail "exit $status for missing: $(cat out)"
printf 'a: &a [x,x]\nb: &b [*a,*a]\nc: [*b,*b]\n' >bomb.yaml
printf 'scenario: \0\n' >nul.yaml
head -c 2000000 /dev/zero | tr '\0' '[' >deep.yaml
for bad in bomb nul deep; do
	status=0
	timeout 10 "$GD" check $bad.yaml >out 2>&1 || status=$?
	[ $status -eq 2 ] || fail "exit $status for $bad.yaml: $(head -c 500 out)"
	[ "$(wc -c <out)" -lt 4000 ] || fail "$bad.yaml: too much output"
done
