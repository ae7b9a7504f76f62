# SPDX-License-Identifier: Apache-2.0
"""Where the processors of a QEMU machine are: asked of its monitor, or named from kallsyms."""
import bisect
import json
import re
import socket
import sys


def ask(path):
    s = socket.socket(socket.AF_UNIX)
    s.settimeout(5)
    s.connect(path)
    f = s.makefile("rw")
    f.readline()
    for name, args in (("qmp_capabilities", {}),
                       ("human-monitor-command", {"command-line": "info registers -a"})):
        f.write(json.dumps({"execute": name, "arguments": args}) + "\n")
        f.flush()
        while True:
            reply = json.loads(f.readline())
            if "return" in reply or "error" in reply:
                break
    for line in str(reply.get("return", reply)).splitlines():
        if re.match(r"CPU#|RIP=|RSP=|R8 ", line) or "HLT=" in line:
            print(line.strip())


def name(seen):
    symbols = sorted((int(a, 16), n) for a, _, n, *_ in (l.split() for l in sys.stdin))
    starts = [a for a, _ in symbols]
    for rip in sorted(set(re.findall(r"RIP=([0-9a-f]+)", seen))):
        at = int(rip, 16)
        i = bisect.bisect(starts, at) - 1
        if i >= 0:
            print(f"{rip}: {symbols[i][1]}+{at - symbols[i][0]:#x}")


if sys.argv[1] == "--names":
    name(sys.argv[2])
else:
    try:
        ask(sys.argv[1])
    except (OSError, ValueError) as e:
        print(f"the monitor does not answer either: {e}")
