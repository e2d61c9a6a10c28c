# SPDX-License-Identifier: BSD-2-Clause
"""Reads the Test Anything Protocol as Criterion and scripts/check write it: one Case for each line that is one."""
import collections
import re

Case = collections.namedtuple("Case", "name result reason")  # result: passed, failed, skipped

LINE = re.compile(r"^(?P<bad>not )?ok\b(?: +\d+)?(?: +- +)?(?P<name>.*?)"
                  r"(?: +# +(?P<word>SKIP|TODO)\b *(?P<why>.*))?$", re.I)
PLAN = re.compile(r"^1\.\.(\d+)")


def block(lines, start):
    """The indented explanation under a line, without its brackets."""
    own = []
    for line in lines[start:]:
        if not line.startswith("  "):
            break
        own.append(line.strip())
    return "\n    ".join(["", *(line for line in own if line not in ("---", "...", "failures:"))]).rstrip()


def parse(text, prefix):
    """All cases, and one that failed for the cases that were planned and are missing."""
    lines = text.splitlines()
    cases, planned = [], 0
    for number, line in enumerate(lines):
        plan, match = PLAN.match(line), LINE.match(line)
        planned = int(plan[1]) if plan else planned
        if not match:
            continue
        name = f"{prefix}: {re.sub(r' +[(][0-9.]+s[)]$', '', match['name'])}"
        skipped = (match["word"] or "").upper() == "SKIP"
        result = "skipped" if skipped else "failed" if match["bad"] else "passed"
        cases.append(Case(name, result, match["why"] or (block(lines, number + 1) if match["bad"] else "")))
    # Criterion runs a parameterised test as several cases under one place in the plan, so more is no fault.
    if len(cases) < planned:
        cases.append(Case(prefix, "failed", f"{len(cases)} of {planned} planned cases were reported"))
    return cases
