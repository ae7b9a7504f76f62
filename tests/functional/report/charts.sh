#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Every chart of every kept run, the hostile ones included, is well-formed XML without a
# number that is none.
set -eu
source=$1 draw=$2
command -v xmllint >/dev/null || { echo "no xmllint"; exit 77; }
. "$(dirname "$0")/../functions.sh"

n=0
for run in "$source"/tests/unit/report/data/*/; do
	out=$WORK/$(basename "$run")
	mkdir "$out"
	"$draw" "$run" "$out" >/dev/null
	for svg in "$out"/*.svg; do
		[ -e "$svg" ] || continue
		xmllint --noout --nonet "$svg"
		if grep -nE '="[^"]*\b(nan|inf)\b' "$svg"; then
			fail "$svg has a number that is none"
		fi
		n=$((n + 1))
	done
done
[ "$n" -ge 30 ] || fail "only $n charts were drawn"

# Five minutes of five loads with four clients each: as large as an hour of them, since
# lines, cells and rows are bounded. All of them, with tables, leave room in 3 MB.
python3 - "$source/tests/unit/report/data/refuted" "$WORK/long" <<'EOF'
import json, os, sys
src, dst = sys.argv[1:]
os.mkdir(dst)
line = [json.loads(l) for l in open(src + "/metrics.jsonl")]
kinds = [l for l in line if l["type"] == "load"]
start = int(kinds[0]["start_wall_ns"])
with open(dst + "/metrics.jsonl", "w") as out:
    for i in range(300):
        for k in range(20):
            iv = dict(kinds[(i * 7 + k * 3) % len(kinds)])
            iv.update(load="load%d" % (k // 4), client="policy%d" % (k % 4), index=i,
                      start_wall_ns=str(start + i * 10**9), length_ns=10**9)
            out.write(json.dumps(iv) + "\n")
with open(src + "/journal.jsonl") as inp, open(dst + "/journal.jsonl", "w") as out:
    for l in inp:
        e = json.loads(l)
        e["wall_ns"] = str(start + (int(e["wall_ns"]) - start) * 12)
        out.write(json.dumps(e) + "\n")
EOF
mkdir "$WORK/long-out"
"$draw" "$WORK/long" "$WORK/long-out" >/dev/null
xmllint --noout --nonet "$WORK"/long-out/*.svg
size=$(stat -c %s "$WORK/long-out/page.html")
[ "$size" -lt 2600000 ] || fail "a long run's charts take $size bytes"
echo "a long run's charts and tables: $size bytes"
echo "$n charts are well-formed"
