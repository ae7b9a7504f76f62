#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# One load from four hosts and the runner: they divide it exactly from one instant, and are told
# apart. One is not heard for 6 s while the fault is in: its part is there afterwards.
. "$(dirname "$0")/functions.sh"

cat >"$WORK/vantages.yaml" <<'YAML'
scenario: vantages
title: Who sees what
hypothesis: A slow server is slow from everywhere.
severity: low
hosts:
  client: {host: client}
  shops: {tag: api, count: 3}
  server: {host: api-3}

load:
  - name: web
    from: [client, shops]
    http: "http://{server}:8080/"
    rate: 80/s
    connections: 24
    timeout: 2s
    clients:
      plain: {}
      limited: {bulkhead: {max: 12}}
  - name: here
    from: [runner, client]
    tcp: 127.0.0.1:22
    rate: 10/s
    timeout: 2s

steady:
  - web.plain.success > 99%
stages:
  - baseline: {for: 5s}
  - far:
      for: 12s
      faults:
        - netem: {on: server, device: eth1, delay: 80ms}
  - recovery: {for: 3s}
abort:
  - web.plain.rate < 60/s for 1s
expect:
  - web.plain.success in far > 99%
  - web.plain.rate in far > 79/s
YAML
"$GD" check "$WORK/vantages.yaml" -i lab || fail "the scenario is not right"
"$GD" run "$WORK/vantages.yaml" -i lab --yes -o "$RUNS" >"$WORK/out" 2>&1 &
run=$!
wait_for 60 grep -q "^ .* fault  " "$WORK/out" || fail "no fault came"
login client 'setsid sh -c "ip link set eth0 down; sleep 6; ip link set eth0 up" >/dev/null 2>&1 &'
got=0
wait $run || got=$?
cat "$WORK/out"
# Whether port 22 is open does not matter: it is about who measures.
[ $got -eq 0 ] || fail "the run ended with $got"
python3 - "$(last_run)" <<'PY'
import collections, json, sys
parts = collections.defaultdict(dict)
for line in open(sys.argv[1] + "/metrics.jsonl"):
    m = json.loads(line)
    if m["type"] == "load":
        parts[m["load"], m["client"], m["index"]][m["vantage"]] = m
last = max(i for (load, client, i) in parts if load == "web")
for (load, client, i), by in sorted(parts.items()):
    want = {"client", "api-1", "api-2", "api-3"} if load == "web" else {"client", "runner"}
    if i >= last - 1:
        continue
    assert set(by) == want, (load, client, i, set(by))
    assert sum(m["intended"] for m in by.values()) == (80 if load == "web" else 10), (i, by)
report = json.load(open(sys.argv[1] + "/report.json"))
error = {(v["load"], v["from"]): v["clock_error_ns"] for v in report["vantages"]}
print("clock errors, ms:", {k: round(v / 1e6, 3) for k, v in error.items()})
assert len(error) == 6 and error["here", "runner"] == 0
assert all(0 < v < 100e6 for k, v in error.items() if k[1] != "runner")
for key, by in parts.items():
    assert len({m["start_wall_ns"] for m in by.values()}) == 1, key
for f in report["figures"]:
    if f["load"] != "web":
        continue
    print(f["client"], f["stage"], f["requests"], [(p["from"], p["requests"], p["p50_ns"] / 1e6) for p in f["from"]])
    assert len(f["from"]) == 4
    assert sum(p["requests"] for p in f["from"]) == f["requests"]
PY
grep "lack what was seen" "$(last_run)/report.md" && fail "something is missing"
grep "loads started at one instant: web from client, api-1, api-2, api-3; here from runner, client" \
	"$(last_run)/report.md" || fail "the timeline does not tell of the start"
