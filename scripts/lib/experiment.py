# SPDX-License-Identifier: BSD-2-Clause
"""Runs `xskim bench` as an instrument, reads what it says, and prints figures as benchmarks print them.

Used by the programs of perf/ that take longer than a benchmark may: perf/validate, perf/peers. Owns how the command is
called and how a figure looks; not what is measured.
"""
import json
import math
import os
import subprocess
import sys

import figures

XSKIM = figures.ROOT / "build-perf/userspace/xskim"
RELAY = figures.ROOT / "build-perf/perf/relay/xskim-relay"
DONE, EXCEEDED = 0, 3


class Failed(Exception):
    """What was to be measured could not be; the message says why."""


def need(*programs):
    for program in programs:
        if not os.access(program, os.X_OK):
            raise Failed(f"{program} is not there: scripts/perf builds it")
    if os.geteuid():
        raise Failed("run as root: XDP programs are loaded and network namespaces made")


def say(text):
    print(text, file=sys.stderr, flush=True)


def bench(*options, namespace=None):
    """The JSON object of one run."""
    command = ["nsenter", f"--net=/run/netns/{namespace}"] if namespace else []
    command += [str(XSKIM), "bench", "--json", *options]
    run = subprocess.run(command, capture_output=True, text=True)
    objects = [line for line in run.stdout.splitlines() if line.startswith("{")]
    if run.returncode not in (DONE, EXCEEDED) or not objects:
        raise Failed(f"{' '.join(command)} ended with status {run.returncode}: {run.stderr.strip()[-2000:]}")
    return json.loads(objects[-1])


def condition(result, name):
    for found in result["conditions"]:
        if found["name"] == name:
            return found
    raise Failed(f"bench has no condition {name}: {[found['name'] for found in result['conditions']]}")


def only(result, name, as_name):
    """The result as if besides the baseline, twice, it had one condition, of another name."""
    keep = [0, 1, [found["name"] for found in result["conditions"]].index(name)]
    conditions = [dict(result["conditions"][place]) for place in keep]
    conditions[-1]["name"] = as_name
    slices = {key: [dict(one, condition=keep.index(one["condition"])) for one in result[key]
                    if one["condition"] in keep] for key in ("slices", "latency_slices")}
    return {**result, "conditions": conditions, **slices}


def is_regression(directory, then, now):
    """What `xskim bench compare` says."""
    paths = []
    for name, result in (("then", then), ("now", now)):
        paths.append(os.path.join(directory, f"{name}.json"))
        with open(paths[-1], "w", encoding="utf-8") as file:
            json.dump(result, file)
    run = subprocess.run([XSKIM, "bench", "compare", *paths], capture_output=True, text=True)
    if run.returncode not in (DONE, EXCEEDED):
        raise Failed(f"bench compare ended with status {run.returncode}: {run.stderr.strip()}")
    return run.returncode == EXCEEDED


def median(values):
    values = sorted(value for value in values if value is not None)
    middle = len(values) // 2
    if not values:
        return None
    return values[middle] if len(values) % 2 else (values[middle - 1] + values[middle]) / 2


def inside(value, interval):
    return interval is not None and None not in interval and interval[0] <= value <= interval[1]


class Figures:
    """Prints each as it comes; knows the exit status."""

    def __init__(self, as_json):
        self.as_json, self.status = as_json, DONE
        if not as_json:
            print(figures.COLUMNS.format("figure", "value", "unit", "baseline", "ratio", "95 %", "bound", ""),
                  flush=True)

    def add(self, name, value, unit, bound=None, way="at_most", ci95=None, note=None, **baseline):
        """`baseline`: baseline, baseline_name, ratio; with a ratio, that is what is bounded."""
        ratio = baseline.get("ratio")
        bounded = value if ratio is None else ratio
        holds = bound is None or (bounded is not None and (bounded <= bound if way == "at_most" else bounded >= bound))
        kind = "none" if bound is None else ("value_" if ratio is None else "ratio_") + way
        figure = {"name": name, "value": value, "unit": unit, "baseline": None, "ratio": None, "ci95": ci95,
                  "bound": bound, "bound_kind": kind, "holds": holds, **baseline, **({"note": note} if note else {})}
        print(json.dumps(figure) if self.as_json else figures.line(figure), flush=True)
        if not holds:
            self.status = EXCEEDED

    def hits(self, name, found, share, note=None):
        """How often it was so, of how many; at least this share of them has to be."""
        self.add(name, sum(found), f"of {len(found)}", math.ceil(share * len(found) - 1e-9), "at_least", note=note)
