# SPDX-License-Identifier: BSD-2-Clause
"""Runs benchmarks and prints their figures.

A benchmark is an executable build-perf/perf/perf-NAME that prints, with --json, one JSON object a figure: name, value,
unit, baseline, ratio, ci95 [low, high], bound, holds; and may say baseline_name, bound_kind and note. Owns the table
that a person reads; what holds is the benchmark's to say.
"""
import argparse
import json
import os
import pathlib
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
DIRECTORY = ROOT / "build-perf/perf"
NEEDED = {"name", "value", "unit", "baseline", "ratio", "ci95", "bound", "holds"}
SIGNS = {"at_most": "<= ", "at_least": ">= "}
COLUMNS = "{:<34} {:>10} {:<13} {:>10} {:>7} {:>22} {:>14}  {}"


def benchmarks():
    found = [p for p in sorted(DIRECTORY.glob("perf-*")) if p.is_file() and os.access(p, os.X_OK)]
    return {p.name.removeprefix("perf-"): p for p in found}


def number(value):
    if value is None:
        return "-"
    return f"{value:,.0f}".replace(",", " ") if abs(value) >= 10000 else f"{value:.4g}"


def verdict(figure):
    return "-" if figure["bound"] is None else "holds" if figure["holds"] else "DOES NOT HOLD"


def line(figure):
    low, high = figure["ci95"] or (None, None)
    bound = figure["bound"]
    what, _, way = figure.get("bound_kind", "").partition("_")
    kind = ("ratio " if what == "ratio" else "") + SIGNS.get(way, "")
    row = COLUMNS.format(figure["name"], number(figure["value"]), figure["unit"], number(figure["baseline"]),
                         number(figure["ratio"]), "-" if low is None else f"[{number(low)}, {number(high)}]",
                         "-" if bound is None else kind + number(bound), verdict(figure)).rstrip()
    words = [figure[key] for key in ("baseline_name", "note") if figure.get(key)]
    return row + (f"\n    {'; '.join(words)}" if words else "")


def figures_of(name, program):
    """Yields the figures as they come; raises ValueError when the benchmark fails or says something else."""
    with subprocess.Popen([program, "--json"], stdout=subprocess.PIPE, text=True) as run:
        count = 0
        for text in run.stdout:
            try:
                figure = json.loads(text)
            except ValueError:
                raise ValueError(f"{name} printed what is no figure: {text.strip()}") from None
            if not isinstance(figure, dict) or NEEDED - set(figure):
                raise ValueError(f"{name} printed a figure that lacks something: {text.strip()}")
            count += 1
            yield figure
    # 3: a bound does not hold, which its figure says too.
    if run.returncode not in (0, 3):
        raise ValueError(f"{name} ended with status {run.returncode}")
    if not count:
        raise ValueError(f"{name} printed no figure")


def show(names, table, as_json):
    """0: every bound holds; 1: a benchmark failed; 3: one does not hold."""
    status = 0
    if not as_json:
        print(COLUMNS.format("figure", "value", "unit", "baseline", "ratio", "95 %", "bound", ""), flush=True)
    for name in names:
        try:
            for figure in figures_of(name, table[name]):
                print(json.dumps(figure) if as_json else line(figure), flush=True)
                status = status or (3 if figure["bound"] is not None and not figure["holds"] else 0)
        except ValueError as error:
            print(f"perf: {error}", file=sys.stderr)
            status = 1
    return status


def main():
    parser = argparse.ArgumentParser(prog="scripts/perf", description="Exit status 3 when a bound does not hold.",
                                     epilog="Longer ones, by name alone: scripts/perf validate, scripts/perf peers.")
    parser.add_argument("names", metavar="NAME", nargs="*", help="benchmarks to run (default: all)")
    parser.add_argument("--json", action="store_true", help="one JSON object a figure")
    parser.add_argument("--list", action="store_true", help="name the benchmarks")
    args = parser.parse_args()
    table = benchmarks()
    unknown = [name for name in args.names if name not in table]
    if unknown:
        parser.error(f"no benchmark {unknown[0]}: {', '.join(table)}")
    if args.list:
        print("\n".join(table))
        return 0
    if os.geteuid():
        sys.exit("perf: run as root: the benchmarks load BPF programs and make network namespaces")
    return show(args.names or list(table), table, args.json)


if __name__ == "__main__":
    sys.exit(main())
