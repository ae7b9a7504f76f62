#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# A host that only generates load loses its path to the runner while a fault is in elsewhere: it
# goes on measuring, the run goes on, and every interval is there afterwards; be it for longer than
# the session lasts (test_vantages has it shorter), be it that its agent is killed. When its generator
# is killed too, the run still goes on, and the report says what is missing.
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
      for: FOR
      faults:
        - netem: {on: server, device: eth1, delay: 60ms}
  - recovery: {for: 3s}
expect:
  - web.success in far > 99%
  - web.p50 in far > 60ms
YAML
# Does something on the client as soon as the fault is in.
run_and() { # EXPECTED_STATUS LENGTH COMMAND...
	local want=$1 got=0
	sed "s/for: FOR/for: $2/" "$WORK/cut.yaml" >"$WORK/run.yaml"
	shift 2
	begin "$WORK/out" run "$WORK/run.yaml" -i lab --yes -o "$RUNS"
	for _ in $(seq 400); do
		grep -q "^ .* fault  " "$WORK/out" && break
		sleep 0.1
	done
	login client "$@"
	wait "$runner" || got=$?
	cat "$WORK/out"
	[ "$got" -eq "$want" ] || fail "the run ended with $got, expected $want"
}

cut_for() { # SECONDS [COMMAND, after which as many pass again]
	echo "setsid sh -c \"ip link set eth0 down; ip -o link show eth0 >/run/cut; sleep $1
		${2:+$2; sleep $1;} ip link set eth0 up\" >/dev/null 2>&1 &"
}
was_cut() {
	on client 'cat /run/cut; rm /run/cut' >"$WORK/cut"
	grep -q BROADCAST "$WORK/cut" && ! grep -q '[<,]UP[,>]' "$WORK/cut" || {
		cat "$WORK/cut"
		fail "the path was not cut"
	}
}
# Nothing is missing from the last run, nor there twice.
all_there() { # SECONDS of the fault's stage, at least
	grep "are missing" "$(last_run)/report.md" && fail "figures are missing"
	python3 - "$(last_run)" "$1" <<-'PY'
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
	assert n >= int(sys.argv[2]), "the stage is not covered"
	PY
}
nobody_left() {
	for _ in $(seq 20); do
		on client 'pidof gameday-agent' || return 0
		sleep 1
	done
	fail "an agent or a generator is left on the client"
}

# As a server does that asks for signs of life (ClientAliveInterval): it ends the session. The
# machine's user network acknowledges for the client, so it can't be the runner who does.
run_and 0 36s "$(cut_for 13 'pkill -f ssh[d]:.root@')"
grep -q "cut off  host client" "$WORK/out" || fail "that the host is cut off was not told"
grep -q "back     host client" "$WORK/out" || fail "that the host is back was not told"
was_cut
all_there 32
grep -q "client is back after" "$(last_run)/report.md" || fail "the timeline does not say that it was back"

# The oldest is the agent, a younger one its generator.
run_and 0 8s 'kill -9 $(pidof gameday-agent | tr " " "\n" | sort -n | head -n 1)'
grep -q "back     host client" "$WORK/out" || fail "that the host is back was not told"
all_there 6
nobody_left

# Its figures are too few to judge by, which is another thing than an aborted run.
# The older one first: that is the agent, and it must not tell of its generator's death.
run_and 6 8s 'old=; for p in $(pidof gameday-agent); do old="$p $old"; done; kill -9 $old'
grep -q "lost     load web: host client" "$WORK/out" || fail "that the load is lost was not told"
grep "s of web.plain are missing, the first of them from" "$(last_run)/report.md" ||
	fail "the report does not say what is missing"
grep -q "lost load web" "$(last_run)/report.md" || fail "the timeline does not say that the load was lost"

# The same when an abort condition looks at that load: a brake that does not work is no brake.
cp "$WORK/cut.yaml" "$WORK/plain.yaml"
printf 'abort:\n  - web.success < 50%% for 30s\n' >>"$WORK/cut.yaml"
run_and 4 30s 'old=; for p in $(pidof gameday-agent); do old="$p $old"; done; kill -9 $old'
grep -q "nobody tells any more what the abort condition \"web.success < 50% for 30s\" looks at" "$WORK/out" ||
	fail "why it was stopped is not told"
grep -q "^verdict  aborted: nobody tells any more" "$WORK/out" || fail "the verdict does not say why"
grep -q "restored api-2: netem is exactly as before" "$WORK/out" || fail "the fault was not undone"
cp "$WORK/plain.yaml" "$WORK/cut.yaml"

# A runner that is killed: its load would end by itself, and can be seen and ended before.
begin "$WORK/out" run "$WORK/run.yaml" -i lab --yes -o "$RUNS"
wait_for 60 grep -q "^ .* stage    baseline" "$WORK/out" || fail "the run did not begin"
"$GD" status --on client -i lab >"$WORK/status"
grep "client: load web of run .*-cut-off, in progress" "$WORK/status" || {
	cat "$WORK/status"
	fail "the load is not to be seen"
}
kill -9 $runner
wait $runner || true
"$GD" revert --on client -i lab >"$WORK/revert"
grep "client: load web of run .*-cut-off, which was cut off, is ended" "$WORK/revert" || {
	cat "$WORK/revert"
	fail "the load could not be ended"
}
nobody_left
