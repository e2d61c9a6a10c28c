# SPDX-License-Identifier: BSD-2-Clause
"""Opens a page of xskim in a real browser: no error, nothing fetched, every picture drawn and in sight.

usage: browser.py FILE PICTURES     prints what is wrong; exit status 77: there is no browser here

What the browser made of it is measured by a script at the end of a copy of the page, and read from the document that
it hands back.
"""
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "chrome")
MEASURE = """<script>
const pictures = [...document.querySelectorAll("figure svg")].map(svg => {
  const box = svg.getBoundingClientRect();
  const lines = [...svg.querySelectorAll('[id*="_plot_"] path, [id*="_plot_"] polygon')];
  return {width: box.width, height: box.height, length: lines.reduce((sum, line) => sum + line.getTotalLength(), 0)};
});
document.title = "measured " + JSON.stringify({pictures: pictures, wide: document.documentElement.scrollWidth,
  window: window.innerWidth, fetched: performance.getEntriesByType("resource").map(entry => entry.name)});
</script></body>"""


def opened(browser, page, directory):
    """(the document as the browser has it, what it said)"""
    done = subprocess.run(
        [browser, "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run",
         "--disable-extensions", "--disable-background-networking", "--host-resolver-rules=MAP * ~NOTFOUND",
         f"--user-data-dir={directory}/profile", "--window-size=1280,900", "--enable-logging=stderr",
         "--dump-dom", f"file://{page}"], capture_output=True, text=True, timeout=120, check=False)
    return done.stdout, done.stderr


def judge(measured, pictures):
    if len(measured["pictures"]) != pictures:
        yield f"{len(measured['pictures'])} pictures"
    for number, picture in enumerate(measured["pictures"]):
        if picture["width"] < 300 or picture["height"] < 80:
            yield f"picture {number} is {picture['width']} x {picture['height']}"
        if picture["length"] < 100:
            yield f"picture {number} has no lines"
    if measured["fetched"]:
        yield f"it fetched {measured['fetched']}"
    if measured["wide"] > measured["window"]:
        yield f"it is wider than the window: {measured['wide']}"


def main():
    path, pictures = sys.argv[1], int(sys.argv[2])
    browser = next(filter(None, map(shutil.which, BROWSERS)), None)
    if not browser:
        return 77
    with tempfile.TemporaryDirectory(prefix="xskim-browser-") as directory:
        copy = os.path.join(directory, "page.html")
        with open(path, encoding="utf-8") as source, open(copy, "w", encoding="utf-8") as to:
            to.write(source.read().replace("</body>", MEASURE))
        document, said = opened(browser, copy, directory)
    title = re.search(r"<title>measured (.*?)</title>", document, re.S)
    wrong = re.findall(r".*CONSOLE.*", said)
    wrong += list(judge(json.loads(title[1]), pictures)) if title else [f"it was not measured: {said[-500:]}"]
    print("\n".join(wrong), end="")
    return bool(wrong)


sys.exit(main())
