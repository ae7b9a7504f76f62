#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# A host that only generates load loses its path to the runner for 8 s while a fault is in
# elsewhere: it goes on measuring, the run goes on, and every interval is there afterwards. Then
# it is lost for good: the run still goes on, and the report says what is missing.
. "$(dirname "$0")/functions.sh"

cat >"$WORK/cut.yaml" <<'YAML'
scenario: cut-off
title: A vantage point that nobody hears for a while
hypothesis: What a client measures is not lost with its path to the runner.
severity: low
hosts:
  client: {host: client}
  server: {host: api-2}

load:
  - name: web
    from: client
    http: "http://{server}:8080/"
    rate: 20/s
    timeout: 3s

steady:
  - web.success > 99%
stages:
  - baseline: {for: 4s}
  - far:
      for: 14s
      faults:
        - netem: {on: server, device: eth1, delay: 60ms}
  - recovery: {for: 3s}
expect:
  - web.success in far > 99%
  - web.p50 in far > 60ms
YAML
# Does something on the client as soon as the fault is in.
run_and() { # EXPECTED_STATUS COMMAND...
	local want=$1 got=0 run
	shift
	"$GD" run "$WORK/cut.yaml" -i lab --yes -o "$RUNS" >"$WORK/out" 2>&1 &
	run=$!
	for _ in $(seq 400); do
		grep -q "^ .* fault  " "$WORK/out" && break
		sleep 0.1
	done
	login client "$@"
	wait "$run" || got=$?
	cat "$WORK/out"
	[ "$got" -eq "$want" ] || fail "the run ended with $got, expected $want"
}

run_and 0 'setsid sh -c "ip link set eth0 down; ip -o link show eth0 >/run/cut; sleep 8
	ip link set eth0 up" >/dev/null 2>&1 &'
on client 'cat /run/cut' >"$WORK/cut"
grep -q BROADCAST "$WORK/cut" && ! grep -q '[<,]UP[,>]' "$WORK/cut" || {
	cat "$WORK/cut"
	fail "the path was not cut"
}
grep "are missing" "$(last_run)/report.md" && fail "figures are missing"
python3 - "$(last_run)" <<'PY'
import json, sys
load = []
for line in open(sys.argv[1] + "/metrics.jsonl"):
    m = json.loads(line)
    if m["type"] == "load":
        load.append(m)
assert [m["index"] for m in load] == list(range(len(load))), "an interval is missing"
events = [json.loads(line) for line in open(sys.argv[1] + "/journal.jsonl")]
wall = {(e["event"], e.get("stage")): int(e["wall_ns"]) for e in events}
begin, end = wall["stage_measured", "far"], wall["stage_end", "far"]
n = sum(begin <= int(m["start_wall_ns"]) and int(m["start_wall_ns"]) + int(m["length_ns"]) <= end for m in load)
print("intervals", len(load), "of which in the fault's stage", n)
assert n >= 12, "the stage is not covered"
PY

# Its figures are too few to judge by, which is another thing than an aborted run.
# The older one first: that is the agent, and it must not tell of its generator's death.
run_and 6 'old=; for p in $(pidof gameday-agent); do old="$p $old"; done; kill -9 $old'
grep -q "lost     load web: host client" "$WORK/out" || fail "that the host is lost was not told"
grep "s of web.plain are missing, the first of them from" "$(last_run)/report.md" ||
	fail "the report does not say what is missing"
grep -q "lost load web" "$(last_run)/report.md" || fail "the timeline does not say that the load was lost"
