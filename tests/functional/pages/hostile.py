# SPDX-License-Identifier: Apache-2.0
"""Turns the texts of a run's records into what a stranger would put there."""
import json
import sys

NASTY = [
    "</title><script>window.broken=1</script>",
    "\" onmouseover=\"window.broken=1\" '><img src=x onerror=window.broken=1>",
    "]]>--><svg onload=window.broken=1></code></pre></table></details>",
    "[x](javascript:window.broken=1) ![y](http://example.invalid/z.png) | a | b |",
    "\x1b[31mred\x1b[0m \u202egnirts \x00 two\nlines\r\nand\ta tab",
    "`````\n# no heading\n<style>*{display:none}</style>",
    "W" * 200_000,
]
PLACES = {"title", "hypothesis", "host", "hostname", "kernel", "describe", "text", "before",
          "after", "manual", "error", "argv", "inventory", "measured", "version"}


def main(run):
    lines = open(f"{run}/journal.jsonl", encoding="utf-8").read().splitlines()
    out, count = [], 0
    for line in lines:
        record = json.loads(line)
        for key in sorted(record):
            if key in PLACES and isinstance(record[key], str):
                record[key] = NASTY[count % len(NASTY)]
                count += 1
        out.append(json.dumps(record).encode())
    # Bytes that are no UTF-8, where a text was.
    out.append(b'{"wall_ns":"1795442425000000000","event":"note","kind":"text",'
               b'"text":"\xff\xfe<b>\xc3\x28\xf0\x9f"}')
    with open(f"{run}/journal.jsonl", "wb") as file:
        file.write(b"\n".join(out) + b"\n")


main(sys.argv[1])
