#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# What ships must pass; a bad file must give every mistake at its place and status 2; a plan
# must say what would be done and how it is undone.
set -eu
gameday=$1 source=$2
. "$(dirname "$0")/../functions.sh"

# want STATUS NAME COMMAND...: runs it, keeps its output in $out
want() {
	local status=$1 name=$2
	shift 2
	local got=0
	out=$("$@" 2>&1) || got=$?
	[ $got -eq "$status" ] || fail "$name: status $got, wanted $status: $out"
}

has() {
	grep -qF -- "$1" <<<"$out" || fail "no \"$1\" in: $out"
}

want 0 "what ships" "$gameday" check "$source"/scenarios/*.yaml "$source"/runbooks/*.yaml
has "silent-nic-drops.yaml: ok (scenario)"
has "nic-queue-drops.yaml: ok (runbook)"
grep -q warning <<<"$out" && fail "what ships has warnings: $out"

cat >"$WORK/inventory.yaml" <<-END
	hosts:
	  api-1: {host: 127.0.0.1, port: 2201, user: root, address: 10.20.0.11, tags: [api]}
	  client: {host: 127.0.0.1, port: 2206, user: root}
END
good=$source/scenarios/silent-nic-drops.yaml
want 0 "with an inventory" "$gameday" check -i "$WORK/inventory.yaml" "$good" "$WORK/inventory.yaml"
has "inventory.yaml: ok (inventory)"

sed -e 's/loss: 5%/los: 5%, delay: 5sec/' -e 's/rx: 128/rx: 1x8/' -e 's/p99 < [0-9]*ms/p99 < 250/' \
	-e 's/p99 in lossy >/p99 in losy >/' -e 's/^severity/severty/' "$good" >"$WORK/bad.yaml"
want 2 "a bad file" "$gameday" check "$WORK/bad.yaml" "$WORK/inventory.yaml"
has "bad.yaml:11:1: error: scenario: unknown key \"severty\"; did you mean \"severity\"?"
has "unknown key \"los\"; did you mean \"loss\"?"
has "did you mean 5s?"
has "rx: \"1x8\" is not a whole number"
has "p99 is compared with a duration"
has "there is no stage \"losy\"; did you mean \"lossy\"?"
has "6 errors in $WORK/bad.yaml"
has "inventory.yaml: ok"

want 2 "as JSON" "$gameday" check --json "$WORK/bad.yaml"
[ "$(grep -c '"severity":.*"error"' <<<"$out")" -eq 6 ] || fail "JSON: $out"
want 2 "no such file" "$gameday" check "$WORK/none.yaml"
has "No such file"
want 2 "no operand" "$gameday" check
printf 'a: b\n' >"$WORK/what.yaml"
want 2 "no known kind" "$gameday" check "$WORK/what.yaml"
has "neither a scenario"
sed 's/^runbook: .*/runbook: not-there/' "$good" >"$WORK/lonely.yaml"
want 0 "no runbook" "$gameday" check "$WORK/lonely.yaml"
has "warning: there is no runbook"

want 0 "a plan" "$gameday" plan "$good" -i "$WORK/inventory.yaml"
has "ssh root@127.0.0.1 port 2201"
has "GET http://10.20.0.11:8080/ from client (client)"
has "by hand on api-1:"
has "0:15  lossy, 30s"
has "checkout.retrying.success < 50% for 5s"
want 0 "a plan as JSON" "$gameday" plan "$good" -i "$WORK/inventory.yaml" --json
has '"ref":	"lossy.1.netem@api-1"'
sed '/client:/d' "$WORK/inventory.yaml" >"$WORK/short.yaml"
want 2 "a plan without its host" "$gameday" plan "$good" -i "$WORK/short.yaml"
has "role client: host \"client\" is not in inventory"
cat >"$WORK/twice.yaml" <<-END
	scenario: twice
	title: Two faults on one device
	hypothesis: They are not put in.
	hosts:
	  server: api-1
	  also: api-1
	  client: client
	load:
	  - {name: page, from: client, http: "http://{server}:8080/", rate: 5/s, clients: {plain: {}}}
	stages:
	  - baseline: {for: 10s}
	  - slow:
	      for: 10s
	      faults:
	        - netem: {on: server, device: eth1, delay: 20ms}
	        - netem: {on: also, device: eth1, loss: 1%}
	  - recovery: {for: 10s}
	expect:
	  - page.plain.success in recovery > 90%
END
want 2 "two faults on one device of one host" "$gameday" plan "$WORK/twice.yaml" -i "$WORK/inventory.yaml"
has "twice.yaml:16:11: error: netem on eth1 of host api-1 is in this stage already, by role server"
sed -i 's/eth1, loss/eth2, loss/' "$WORK/twice.yaml"
want 0 "two faults on two devices of one host" "$gameday" plan "$WORK/twice.yaml" -i "$WORK/inventory.yaml"
