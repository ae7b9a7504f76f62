#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Every protocol that has someone to talk to in the lab, from hosts, through a fault that some
# of them must feel and others must not.
. "$(dirname "$0")/functions.sh"

cat >"$WORK/load.yaml" <<'YAML'
scenario: far-away
title: Far away
hypothesis: A distant server is felt by those who talk to it, and by no one else.
severity: medium
hosts:
  client: {host: client}
  near: {host: api-1}
  far: {host: api-2}

load:
  - name: reach
    from: client
    ping: "{far}"
    rate: 20/s
  - name: connect
    from: client
    tcp: "{far}:8080"
    rate: 10/s
  - name: web
    from: client
    http: "http://{far}:8080/?n=${random:1..9}"
    headers: {X-Request: "${uuid}"}
    expect: {status: [200]}
    rate: 10/s
  - name: store
    from: client
    etcd: "{near}:2379"
    put: 50%
    keys: 50
    size: 1KiB
    rate: 8/s
    timeout: 10s
  - name: disk
    from: near
    fsync: /var/lib/etcd
    rate: 5/s
    connections: 4
    timeout: 10s

steady:
  - reach.success > 99%
  - web.success > 99%
stages:
  - baseline: {for: 5s}
  - distant:
      for: 6s
      faults:
        - netem: {on: far, device: eth1, delay: 120ms}
  - recovery: {for: 4s}
expect:
  - reach.p50 in distant >= 120ms
  - connect.p50 in distant >= 120ms
  - web.p50 in distant >= 120ms
  - reach.p50 in distant > 1.5x baseline
  - store.success in baseline > 99%
  - disk.success in distant > 99%
  - web.success in distant > 99%
YAML
run_gameday 0 plan "$WORK/load.yaml" -i lab
grep -q 'ping://10.20.0.12 from client' "$WORK/out" || fail "the plan does not say where pings go"
grep -q '50% puts, the others gets, of 50 keys' "$WORK/out" || fail "the plan hides the puts"
run_gameday 0 run "$WORK/load.yaml" -i lab --yes -o "$RUNS"
cat "$WORK/out"
keys=$(on api-1 'ETCDCTL_API=3 etcdctl get --prefix gameday/load/ --keys-only 2>/dev/null | grep -c gameday' || true)
[ "${keys:-0}" -gt 20 ] || fail "etcd has $keys of the keys that were put"
on api-1 'ls -A /var/lib/etcd | grep gameday' && fail "the load left its file"
exit 0
