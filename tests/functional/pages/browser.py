# SPDX-License-Identifier: Apache-2.0
"""Looks at pages in Chromium, through chromedriver's WebDriver.

browser.py DIR [RUN=VERDICT ...] [--shots DIR]
"""
import base64
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import urllib.request

FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
         "--disable-background-networking", "--disable-component-update", "--disable-sync",
         "--hide-scrollbars"]
WIDTHS = {360: 740, 768: 1024, 1280: 900}
A4 = 703  # CSS pixels between the margins of a sheet: (210 - 2 x 12) mm x 96 / 25.4

# Everything asked of one page, at the width it has now.
LOOK = r"""
const out = {problems: []}, root = document.documentElement;
const say = (what) => out.problems.push(what);
if (root.scrollWidth > window.innerWidth)
  say("the page is " + root.scrollWidth + " px wide in a window of " + window.innerWidth);
const h1 = document.querySelectorAll("h1");
if (h1.length !== 1) say(h1.length + " headings of level 1");
const box = h1[0].getBoundingClientRect();
if (box.top < 0 || box.top > window.innerHeight / 3 || box.height < 10 || box.left < 0 ||
    box.right > window.innerWidth) say("the verdict is not at the top: " + JSON.stringify(box));
out.h1 = h1[0].textContent.replace(/\s+/g, " ").trim();
const happened = document.querySelector(".happened").getBoundingClientRect();
if (happened.height < 10 || happened.top > window.innerHeight) say("no sentence on screen one");
if (root.lang !== "en") say("no language");
if (document.scripts.length || window.broken) say("a script");
for (const e of document.querySelectorAll("*"))
  for (const a of e.attributes)
    if (/^on/i.test(a.name) || /javascript:/i.test(a.value)) say("a handler: " + a.name);
for (const e of document.querySelectorAll("img,iframe,object,embed,link,base,form"))
  say("an element " + e.localName);
for (const e of document.querySelectorAll("style"))
  if (e.closest("body") && !e.closest("svg")) say("a foreign style");
const ids = [...document.querySelectorAll("[id]")].map((e) => e.id);
if (new Set(ids).size !== ids.length)
  say("ids twice: " + ids.filter((id, i) => ids.indexOf(id) !== i));
for (const a of document.querySelectorAll("a[href^='#']"))
  if (!document.getElementById(a.getAttribute("href").slice(1))) say("dead link " + a);
let level = 1;
for (const h of document.querySelectorAll("h1,h2,h3,h4")) {
  if (+h.localName[1] > level + 1) say("heading skips a level: " + h.textContent.slice(0, 80));
  level = +h.localName[1];
}
for (const t of document.querySelectorAll("table")) {
  if (!t.closest(".scroll")) say("a table outside of a box");
  for (const h of t.querySelectorAll("th")) if (!h.scope) say("a th without scope");
}
for (const s of document.querySelectorAll(".chart svg"))
  if (s.parentElement.classList.contains("scroll") && s.getAttribute("role") !== "img")
    say("a chart without a role");
out.charts = document.querySelectorAll(".chart").length;
out.numbers = document.querySelectorAll(".number").length;
return out;
"""

# Nothing may be cut on paper: there is no scrolling there. What is folded is not printed.
PAPER = r"""
const out = {problems: []};
for (const e of document.querySelectorAll(".scroll,pre"))
  if (e.scrollWidth > e.clientWidth + 1 && e.clientWidth > 0 &&
      !e.closest("details:not([open])"))
    out.problems.push("cut on paper: " + e.scrollWidth + " px in " + e.clientWidth + ": " +
                      e.textContent.slice(0, 60));
if (document.querySelector("nav").offsetHeight) out.problems.push("contents on paper");
return out;
"""

# Text against what is behind it (WCAG 2.1, 1.4.3: at least 4.5 to 1).
CONTRAST = r"""
const out = {problems: []};
const rgb = (c) => (c.match(/[\d.]+/g) || []).map(Number);
const lum = (c) => rgb(c).slice(0, 3).map((v) => v / 255)
  .map((v) => v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
  .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
const behind = (e) => {
  for (; e; e = e.parentElement) {
    const c = getComputedStyle(e).backgroundColor, v = rgb(c);
    if (v.length === 3 || v[3] > 0.9) return c;
  }
  return "rgb(255,255,255)";
};
for (const e of document.querySelectorAll(
    "h1,h2,h3,p,li,dt,dd,dd *,td,th,a,code,summary,figcaption,.badge,.mark")) {
  if (!e.textContent.trim() || !e.offsetHeight || e.closest(".unseen,.skip,svg")) continue;
  const a = lum(getComputedStyle(e).color), b = lum(behind(e));
  const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
  if (ratio < 4.5)
    out.problems.push(ratio.toFixed(1) + ":1 for " + e.localName + "." + e.className + " " +
                      e.textContent.slice(0, 40));
}
out.background = lum(getComputedStyle(document.body).backgroundColor);
return out;
"""


class Browser:
    def __init__(self, profile):
        for _ in range(3):  # the port it picks may be taken by then
            port = self.start_driver()
            if port:
                break
        else:
            sys.exit("FAILED: chromedriver does not start")
        self.base = f"http://127.0.0.1:{port}"
        self.base += "/session/" + self.call("POST", "/session", {"capabilities": {
            "alwaysMatch": {
                "browserName": "chrome",
                "goog:chromeOptions": {"args": FLAGS + [f"--user-data-dir={profile}"],
                                       "binary": shutil.which("chromium")},
                "goog:loggingPrefs": {"browser": "ALL", "performance": "ALL"}}}})["sessionId"]

    def start_driver(self):
        self.driver = subprocess.Popen(["chromedriver", "--port=0"], stdout=subprocess.PIPE,
                                       stderr=subprocess.STDOUT, text=True)
        said = []
        for line in self.driver.stdout:
            found = re.search(r"started successfully on port (\d+)", line)
            if found:
                return found.group(1)
            said.append(line)
        self.driver.wait()
        print("".join(said), end="")
        return None

    def call(self, method, path, body=None):
        request = urllib.request.Request(
            self.base + path, method=method,
            data=json.dumps(body).encode() if body is not None else None,
            headers={"Content-Type": "application/json"})
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                return json.load(answer)["value"]
        except urllib.error.HTTPError as error:
            sys.exit(f"FAILED: {path}: {error.read().decode()[:500]}")

    def devtools(self, command, **params):
        return self.call("POST", "/goog/cdp/execute", {"cmd": command, "params": params})

    def look(self, script):
        return self.call("POST", "/execute/sync", {"script": script, "args": []})

    def size(self, width, height):
        self.devtools("Emulation.setDeviceMetricsOverride", width=width, height=height,
                      deviceScaleFactor=1, mobile=False)

    def media(self, kind="", dark=False):
        self.devtools("Emulation.setEmulatedMedia", media=kind, features=[
            {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}])

    def open(self, path):
        self.call("POST", "/url", {"url": path.as_uri()})

    def log(self, kind):
        return self.call("POST", "/se/log", {"type": kind})

    def shot(self, path):
        tall = self.look("return Math.min(document.documentElement.scrollHeight, 12000)")
        clip = {"x": 0, "y": 0, "scale": 1, "height": tall,
                "width": self.look("return window.innerWidth")}
        data = self.devtools("Page.captureScreenshot", clip=clip, captureBeyondViewport=True)
        pathlib.Path(path).write_bytes(base64.b64decode(data["data"]))

    def close(self):
        self.call("DELETE", "")
        self.driver.terminate()
        self.driver.wait(timeout=20)


def requests_made(browser):
    """What the pages asked for, but for themselves."""
    for entry in browser.log("performance"):
        message = json.loads(entry["message"])["message"]
        if message["method"] == "Network.requestWillBeSent":
            url = message["params"]["request"]["url"]
            if message["params"].get("type") != "Document" or not url.startswith("file:"):
                yield url


def check(browser, run, page, verdict, shots):
    """Everything about one page; yields what is wrong."""
    browser.media()
    for width, height in WIDTHS.items():
        browser.size(width, height)
        browser.open(page)
        seen = browser.look(LOOK)
        yield from (f"{width}: {what}" for what in seen["problems"])
        if not seen["h1"].startswith(f"Verdict: {verdict}"):
            yield f"{width}: the page begins with {seen['h1'][:100]}"
        for dark in (False, True) if shots else ():
            browser.media(dark=dark)
            browser.shot(f"{shots}/{run}-{width}{'-dark' if dark else ''}.png")
            browser.media()
    for dark in (False, True):
        browser.media(dark=dark)
        seen = browser.look(CONTRAST)
        yield from (f"{'dark' if dark else 'light'}: {what}" for what in seen["problems"][:5])
        if (seen["background"] < 0.2) != dark:
            yield "the page does not follow prefers-color-scheme"
    browser.size(A4, 1000)
    browser.media("print", dark=True)
    yield from browser.look(PAPER)["problems"]
    if shots:
        browser.shot(f"{shots}/{run}-paper.png")
    yield from (f"console: {e['message']}" for e in browser.log("browser"))
    yield from (f"asked the network for {url}" for url in requests_made(browser))


def without_scripts(browser, page):
    browser.devtools("Emulation.setScriptExecutionDisabled", value=True)
    browser.media()
    browser.size(1280, 900)
    browser.open(page)
    tree = browser.devtools("DOMSnapshot.captureSnapshot", computedStyles=[])
    browser.devtools("Emulation.setScriptExecutionDisabled", value=False)
    words = " ".join(tree["strings"])
    for wanted in ("refuted", "hit hardest", "What clients felt"):
        if wanted not in words:
            yield f"without scripts there is no \"{wanted}\""


def main(arguments):
    shots = None
    if "--shots" in arguments:
        at = arguments.index("--shots")
        shots = arguments[at + 1]
        del arguments[at:at + 2]
        os.makedirs(shots, exist_ok=True)
    runs = [a.split("=", 1) for a in arguments[1:]]
    profile = tempfile.mkdtemp()
    browser = Browser(profile)
    browser.call("POST", "/url", {"url": "about:blank"})
    list(requests_made(browser))  # of the browser's own first page
    failed = 0
    try:
        for run, verdict in runs:
            page = pathlib.Path(arguments[0]).resolve() / run / "report.html"
            problems = list(check(browser, run, page, verdict, shots))
            if verdict == "refuted":
                problems += without_scripts(browser, page)
            for what in problems[:20]:
                print(f"FAILED: {run}: {what}")
            failed += len(problems)
    finally:
        browser.close()
        shutil.rmtree(profile, ignore_errors=True)
    print(f"{len(runs)} pages were looked at, {failed} problems")
    return 1 if failed or not runs else 0


sys.exit(main(sys.argv[1:]))
