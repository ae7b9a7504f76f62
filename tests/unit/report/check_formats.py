#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Every file that `gameday report` writes for other programs, read as those programs do.

report.json against its schema, by jsonschema; journal.json by the "MUST"s of Chaos Toolkit's
journal; junit.xml by what the schemas of Jenkins and Ant have in common; metrics.prom by
Prometheus' text format (and by promtool where that is installed); annotations.json by
Grafana's POST /api/annotations. For all runs under data/, and for one full of nasty text.
"""
import copy
import datetime
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as ET

try:
    import jsonschema
except ImportError:
    print("skipped: python3-jsonschema is not installed")
    sys.exit(77)

SOURCE, GAMEDAY = sys.argv[1:3]
DATA = os.path.join(SOURCE, "tests/unit/report/data")
DOC = os.path.join(SOURCE, "gameday/doc")
NASTY = "</td><script>alert(\"1\")</script> | `x` \\ 'q' \x1b[31mred\x1b[0m \u202egnp.exe\nline two\t]]> & é"
problems = []


def expect(ok, *what):
    if not ok:
        problems.append(" ".join(str(w) for w in what))


# --- report.json ---------------------------------------------------------------------------


def each_object(schema):
    """Every part of a schema that lists the members of an object."""
    if isinstance(schema, dict):
        if "properties" in schema and schema.get("type") == "object":
            yield schema
        for value in schema.values():
            yield from each_object(value)
    elif isinstance(schema, list):
        for value in schema:
            yield from each_object(value)


def strict(schema):
    """The same, but a member that it does not know is an error: ours are all written down."""
    schema = copy.deepcopy(schema)
    for part in each_object(schema):
        part.setdefault("additionalProperties", False)
    return schema


def check_schema():
    with open(os.path.join(DOC, "report.schema.json"), encoding="utf-8") as f:
        schema = json.load(f)
    with open(os.path.join(DOC, "REPORT.md"), encoding="utf-8") as f:
        page = f.read()
    jsonschema.Draft202012Validator.check_schema(schema)
    told = set(re.findall(r"[A-Za-z0-9_]+", " ".join(re.findall(r"`([^`]+)`", page))))
    told |= set(re.findall(r"\b[a-z0-9]+_[a-z0-9_]+\b", page))
    told |= set(re.findall(r"\w+", " ".join(re.findall(r"\{([^}]*)\}", page))))
    for part in each_object(schema):
        for name in part["properties"]:
            expect(name in told, "REPORT.md does not tell of the member", name)
    return jsonschema.Draft202012Validator(strict(schema))


def check_report(name, text, validator):
    report = json.loads(text)
    for error in validator.iter_errors(report):
        expect(False, name, "report.json", "/".join(map(str, error.absolute_path)), error.message)
    return report


# --- journal.json --------------------------------------------------------------------------


def moment(text):
    expect(re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z", text), "RFC 3339 in UTC:", text)
    return datetime.datetime.fromisoformat(text.replace("Z", "+00:00"))


def check_span(where, o):
    seconds = (moment(o["end"]) - moment(o["start"])).total_seconds()
    expect(abs(seconds - o["duration"]) < 0.01, where, "duration", o["duration"], "is not", seconds)


def check_activity(where, a):
    expect(a["type"] in ("probe", "action") and a["name"], where, "type and name")
    expect(a["provider"]["type"] == "process" and a["provider"]["path"], where, "provider")
    expect(isinstance(a["provider"]["arguments"], dict), where, "arguments")


def check_result(where, o, probe):
    check_activity(where, o["activity"])
    check_span(where, o)
    expect(o["status"] in ("succeeded", "failed"), where, "status", o["status"])
    expect(o["output"] is None or isinstance(o["output"], str), where, "output")
    if "exception" in o:
        expect(all(isinstance(x, str) for x in o["exception"]), where, "exception")
    if probe:
        expect(isinstance(o["tolerance_met"], bool), where, "tolerance_met")
        expect(o["activity"]["tolerance"], where, "tolerance")


def check_chaostoolkit(name, text, report):
    j = json.loads(text)
    e = j["experiment"]
    expect(j["status"] in ("completed", "failed", "aborted", "interrupted"), name, j["status"])
    expect(re.fullmatch(r"\d+\.\d+\.\d+", j["chaoslib-version"]), name, "chaoslib-version")
    expect(isinstance(j["platform"], str) and isinstance(j["node"], str), name, "platform, node")
    check_span(name + " journal", j)
    expect(e["title"] and e["description"] and isinstance(e["tags"], list), name, "experiment")
    expect(e["steady-state-hypothesis"]["title"], name, "hypothesis")
    for a in e["method"] + e["rollbacks"] + e["steady-state-hypothesis"]["probes"]:
        check_activity(name, a)
    for key in ("method", "rollbacks"):
        results = j["run" if key == "method" else key]
        expect([r["activity"] for r in results] == e[key], name, key, "is not what was run")
        for r in results:
            check_result(name, r, False)
    for key in ("before", "after"):
        state = j["steady_states"][key]
        for r in state["probes"] if state else []:
            check_result(name, r, True)
        if state:
            met = all(r["tolerance_met"] for r in state["probes"])
            expect(state["steady_state_met"] == met, name, key, "steady_state_met")
    # Chaos Toolkit's own success: completed and not deviated.
    good = j["status"] == "completed" and not j["deviated"]
    expect(good == (report["verdict"]["verdict"] == "held"), name, "is good by one, not the other")


# --- junit.xml -----------------------------------------------------------------------------

CASE = {"classname", "name", "time"}
SUITE = {"id", "package", "name", "timestamp", "hostname", "tests", "failures", "errors", "skipped", "time"}


def check_junit(name, text, report):
    root = ET.fromstring(text)
    expect(root.tag == "testsuites" and not root.attrib and len(root) == 1, name, "testsuites")
    suite = root[0]
    expect(set(suite.attrib) == SUITE, name, "testsuite has", sorted(suite.attrib))
    expect(re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d", suite.get("timestamp")), name, "timestamp")
    tags = [x.tag for x in suite]
    cases = suite.findall("testcase")
    expect(tags == ["properties"] + ["testcase"] * len(cases) + ["system-out", "system-err"], name, tags)
    n = {"failure": 0, "error": 0, "skipped": 0}
    for case in cases:
        expect(set(case.attrib) == CASE, name, "testcase has", sorted(case.attrib))
        expect(re.fullmatch(r"\d{1,12}\.\d{3}", case.get("time")), name, "time", case.get("time"))
        expect(len(case) <= 1, name, "several results")
        for result in case:
            n[result.tag] += 1
            expect(set(result.attrib) - {"type"} == {"message"}, name, result.tag, result.attrib)
    expect(int(suite.get("tests")) == len(cases), name, "tests")
    for tag, attribute in (("failure", "failures"), ("error", "errors"), ("skipped", "skipped")):
        expect(int(suite.get(attribute)) == n[tag], name, attribute)
    good = n["failure"] + n["error"] == 0
    expect(good == (report["verdict"]["verdict"] == "held"), name, "junit is good, or the verdict")
    return [(c.get("name"), [r.tag for r in c]) for c in cases]


# --- metrics.prom --------------------------------------------------------------------------

SAMPLE = re.compile(r'(gameday_[a-z_]+)\{((?:[a-z_]+="(?:[^"\\\n]|\\["\\n])*",?)+)\} (NaN|[-+0-9.e]+)')


def check_prometheus(name, text):
    typed, seen, last = set(), set(), None
    expect(text.endswith("\n"), name, "the last line has no end")
    for line in text.split("\n")[:-1]:
        if line.startswith("# HELP "):
            last = line.split(" ")[2]
            expect(last not in typed, name, last, "comes twice")
            continue
        if line.startswith("# TYPE "):
            expect(line == f"# TYPE {last} gauge", name, line)
            typed.add(last)
            continue
        m = SAMPLE.fullmatch(line)
        expect(m, name, "no sample:", line[:200])
        if m:
            expect(m[1] == last, name, m[1], "stands under", last)
            expect((m[1], m[2]) not in seen, name, "twice:", m[2])
            seen.add((m[1], m[2]))
            float(m[3])
    if shutil.which("promtool"):
        p = subprocess.run(["promtool", "check", "metrics"], input=text.encode(), capture_output=True)
        expect(p.returncode == 0, name, "promtool:", p.stdout.decode() + p.stderr.decode())


# --- annotations.json ----------------------------------------------------------------------


def check_grafana(name, text, report):
    kinds = []
    for a in json.loads(text):
        expect(set(a) <= {"time", "timeEnd", "tags", "text"}, name, "annotation has", sorted(a))
        expect(isinstance(a["time"], int) and 1e12 < a["time"] < 1e13, name, "time", a["time"])
        if "timeEnd" in a:
            expect(a["timeEnd"] > a["time"], name, "timeEnd")
        expect(a["text"] and "<" not in a["text"], name, "text", a["text"])
        expect(all(isinstance(t, str) and t for t in a["tags"]), name, "tags")
        expect(a["tags"][0] == "gameday", name, "tags", a["tags"])
        kinds.append(a["tags"][1])
    faults = [f for f in report["faults"] if f["injecting_s"] is not None or f["injected_s"] is not None]
    expect(kinds.count("stage") == len(report["stages"]), name, "stages", kinds)
    expect(kinds.count("fault") == len(faults), name, "faults", kinds)
    expect(kinds.count("note") == len(report["notes"]), name, "notes", kinds)


# --- all of it -----------------------------------------------------------------------------


def read(directory, name):
    with open(os.path.join(directory, os.fsencode(name)), "rb") as f:
        data = f.read()
    text = data.decode("utf-8")  # strict: invalid bytes raise
    bad = set(re.findall("[\x00-\x08\x0b-\x1f\x7f\u202a-\u202e]", text))
    # JSON may hold a direction mark as text; nothing else may.
    expect(not bad - ({"\u202e"} if name.endswith(".json") else set()), name, "has", sorted(bad))
    return text


def check_run(name, directory, validator):
    p = subprocess.run([GAMEDAY, "report", directory], capture_output=True)
    expect(p.returncode == 0, name, "gameday report:", p.stderr.decode(errors="replace"))
    expect(b"\x1b" not in p.stdout, name, "the terminal gets an escape")
    report = check_report(name, read(directory, "report.json"), validator)
    check_chaostoolkit(name, read(directory, "journal.json"), report)
    cases = check_junit(name, read(directory, "junit.xml"), report)
    check_prometheus(name, read(directory, "metrics.prom"))
    check_grafana(name, read(directory, "annotations.json"), report)
    return report, cases


def rewrite(directory, change):
    path = os.path.join(directory, b"journal.jsonl")
    with open(path, encoding="utf-8") as f:
        events = [change(json.loads(line)) for line in f]
    with open(path, "w", encoding="utf-8") as f:
        f.writelines(json.dumps(e) + "\n" for e in events if e)
    return path


def spoil(e):
    for key in ("title", "hypothesis", "host", "describe", "text", "before", "measured", "argv", "runner"):
        if key in e:
            e[key] = NASTY
    return e


def nasty_run(work):
    """The run "refuted" with every text from people and hosts replaced, in a bad directory."""
    directory = os.path.join(os.fsencode(work), b"bad\xff\xfe<b>\"name\"")
    shutil.copytree(os.path.join(DATA, "refuted").encode(), directory)
    with open(rewrite(directory, spoil), "ab") as f:
        note = {"wall_ns": "1795442416000000000", "event": "note", "kind": "text", "text": "x" * 1000000}
        f.write(json.dumps(note).encode() + b"\n")
        f.write(b'{"wall_ns":"1795442416100000000","event":"note","kind":"text","text":"\xff\xc3\x28 \xed\xa0\x80"}\n')
    return directory


def held_run(work):
    """Without the failed expectation, the same run held."""
    directory = os.path.join(os.fsencode(work), b"held")
    shutil.copytree(os.path.join(DATA, "refuted").encode(), directory)
    path = os.path.join(directory, b"scenario.yaml")
    with open(path, encoding="utf-8") as f:
        text = f.read()
    with open(path, "w", encoding="utf-8") as f:
        f.write(text.replace("  - checkout.plain.success in lossy > 99.5%\n", ""))
    return directory


def main():
    validator = check_schema()
    with tempfile.TemporaryDirectory() as work:
        for name in sorted(os.listdir(DATA)):
            directory = os.path.join(os.fsencode(work), os.fsencode(name))
            shutil.copytree(os.path.join(DATA, name).encode(), directory)
            report, cases = check_run(name, directory, validator)
            if name == "refuted":
                failed = [c for c, results in cases if results]
                expect(failed == ["expect: checkout.plain.success in lossy > 99.5%"], failed)
                # The strict form must notice what is not written down, or it proves nothing.
                report["figures"][0]["new"] = 1
                del report["harm"]
                expect(len(list(validator.iter_errors(report))) == 2, "the schema takes anything")
        report, cases = check_run("held", held_run(work), validator)
        expect(report["verdict"]["verdict"] == "held", report["verdict"])
        expect(not any(results for _, results in cases), "held", cases)
        check_run("nasty", nasty_run(work), validator)
    for p in problems[:20]:
        print(p)
    return 1 if problems else 0


sys.exit(main())
