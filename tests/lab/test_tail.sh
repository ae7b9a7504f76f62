#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# A tail under loss, and why: the client's TCP sends again, and the report concludes that the
# slow requests are those. Under mere delay nothing of the kind is said.
. "$(dirname "$0")/functions.sh"

cat >"$WORK/tail.yaml" <<'YAML'
scenario: tail
title: Where a tail comes from
hypothesis: Under loss requests are slow because TCP waits before it sends again.
severity: low
hosts:
  client: {host: client}
  server: {host: api-2}

load:
  - name: web
    from: client
    http: "http://{server}:8080/"
    rate: 100/s
    timeout: 4s

steady:
  - web.success > 99%
stages:
  - baseline: {for: 6s}
  - far:
      for: 4s
      faults:
        - netem: {on: server, device: eth1, delay: 200ms}
  - lossy:
      for: 15s
      faults:
        - netem: {on: server, device: eth1, loss: 15%}
  - recovery: {for: 3s}
expect:
  - web.rtt_samples in baseline > 0
  - web.rtt in baseline < 100ms
  - web.retransmits in lossy > 50
  - web.slow_retransmitted in lossy > 30
YAML
run_gameday 0 run "$WORK/tail.yaml" -i lab --yes -o "$RUNS"
cat "$WORK/out"
report=$(last_run)/report.md
grep "in lossy is .*; the tail is TCP retransmission timeouts: [0-9]* segments were sent again" "$report" ||
	fail "the report does not say why the tail is long"
grep "in far is .*the tail is TCP" "$report" && fail "a delay was taken for retransmissions"
sed -n '/### What TCP saw/,/^The client/p' "$report"
