# SPDX-License-Identifier: BSD-2-Clause
"""Runs the test suites in every build that has something to say, and counts their cases.

Owns: which builds there are (STAGES), how the cases are counted. Does not install (scripts/setup), build
(scripts/build) or keep the runs apart from the machine (lib/isolated.py).
"""
import argparse
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import time

import tap

ROOT = pathlib.Path(__file__).resolve().parents[2]
SUITES = ["unit", "program", "path", "fuzz"]
REPORT = re.compile(r"^.*(?:ERROR: \w*Sanitizer|WARNING: \w*Sanitizer|runtime error:).*$", re.M)
# Warnings are errors in the plain build; under a sanitizer gcc sees some that are not there.
SANITIZED = ["-Db_lundef=false", "-Dperf=false", "-Dwerror=false"]
# build directory, meson options, suites, programs that it needs
STAGES = {
    "plain": ("build", [], SUITES, []),
    "asan": ("build-asan", ["-Db_sanitize=address,undefined", *SANITIZED], SUITES, []),
    "tsan": ("build-tsan", ["-Db_sanitize=thread", "-Dtests=false", "-Dc_args=-Wno-tsan", *SANITIZED],
             ["path"], ["setarch"]),
    "clang-19": ("build-clang-19", ["-Dclang=clang-19", "-Dperf=false", "-Dsuites=program"], ["program"], ["clang-19"]),
}
ENVIRONMENT = {
    "ASAN_OPTIONS": "detect_leaks=1:strict_string_checks=1",
    "UBSAN_OPTIONS": "halt_on_error=1:print_stacktrace=1",
    "TSAN_OPTIONS": "halt_on_error=1:exitcode=66",
}
SLOWER = {"asan": 3, "tsan": 5}
WITHOUT = {"asan": ["long"]}  # suites of test/meson.build


def say(text):
    print(text, flush=True)


def programs_now():
    """Ids of the loaded programs of the types that xskim and its tests load."""
    out = subprocess.run(["bpftool", "-j", "prog", "show"], capture_output=True, text=True, check=True).stdout
    return {p["id"]: p.get("name", "?") for p in json.loads(out or "[]") if p["type"] in ("xdp", "sched_cls", "ext")}


def programs_held():
    """Ids of the programs that some living process holds, by descriptor or by link."""
    held = set()
    for path in pathlib.Path("/proc").glob("[0-9]*/fdinfo/*"):
        try:
            lines = path.read_text().splitlines()
        except OSError:
            continue
        held |= {int(line.split()[1]) for line in lines if line.startswith("prog_id:")}
    return held


def programs_left(before):
    """The programs that came since and that no process holds: waits up to 10 s for the kernel to free them."""
    left = {}
    for _ in range(50):
        left = {i: name for i, name in programs_now().items() if i not in before}
        left = {i: name for i, name in left.items() if i not in programs_held()} if left else {}
        if not left:
            break
        time.sleep(0.2)
    return [f"BPF program {name}, id {i}" for i, name in left.items()]


def cases_of(log, stage):
    """Every case of meson's log; a test that ended badly without naming a case is a case that failed."""
    cases = []
    for line in log.read_text().splitlines() if log.exists() else []:
        test = json.loads(line)
        name = f"{stage}: {test['name'].split(' / ')[-1].split(':')[-1]}"
        own = tap.parse(test.get("stdout") or "", name)
        if test["result"] == "SKIP" and not own:
            own.append(tap.Case(name, "skipped", "said so by its exit status"))
        elif test["result"] == "OK" and not own:
            own.append(tap.Case(name, "passed", ""))
        elif test["result"] not in ("OK", "SKIP", "EXPECTEDFAIL") and not any(c.result == "failed" for c in own):
            tail = "\n".join((test.get("stderr") or "").splitlines()[-30:])
            own.append(tap.Case(name, "failed", f"{test['result']}, exit status {test.get('returncode')}\n{tail}"))
        cases += own
        # Criterion does not look at how a test's process ended after its last assertion: leaks are found there.
        cases += [tap.Case(f"{name}: sanitizer", "failed", sanitizer_report(test))] if sanitizer_report(test) else []
    return cases


def sanitizer_report(test):
    text = test.get("stderr") or ""
    first = REPORT.search(text)
    return "\n" + text[first.start():first.start() + 3000] if first else ""


def meson_summary(out):
    wanted = ("Ok:", "Expected Fail:", "Fail:", "Unexpected Pass:", "Skipped:", "Timeout:")
    return [line for line in out.splitlines() if line.startswith(wanted)]


def stage_tests(directory, suites):
    """How many tests of these suites the build has: none is not a failure while a suite is still empty."""
    listed = subprocess.run(["meson", "introspect", "--tests", directory], capture_output=True, text=True, check=True)
    wanted = {f"xskim:{suite}" for suite in suites}
    return [t["name"] for t in json.loads(listed.stdout) if wanted & set(t["suite"])]


def run_meson(stage, directory, suites):
    """The tests in their own namespaces; returns their cases and what they left behind there."""
    command = ["meson", "test", "-C", directory, "--no-rebuild", "-t", str(SLOWER.get(stage, 1))]
    command += [word for suite in suites for word in ("--suite", suite)]
    command += [word for suite in WITHOUT.get(stage, []) for word in ("--no-suite", suite)]
    log = ROOT / directory / "meson-logs" / "testlog.json"
    log.unlink(missing_ok=True)
    with tempfile.NamedTemporaryFile("r", prefix="xskim-left-") as left:
        run = subprocess.run([sys.executable, ROOT / "scripts/lib/isolated.py", left.name, *command],
                             cwd=ROOT, env={**ENVIRONMENT, **os.environ}, text=True, capture_output=True)
        behind = left.read().splitlines()
    cases = cases_of(log, stage)
    if run.returncode and not any(c.result == "failed" for c in cases):
        cases.append(tap.Case(f"{stage}: meson test", "failed", (run.stdout + run.stderr)[-3000:]))
    for line in meson_summary(run.stdout):
        say(f"  {line}")
    return cases, behind


def run_threads(directory):
    """
    The command under traffic with ThreadSanitizer: Criterion's own memory does not fit into its address space, so the
    tests cannot run there. gcc's does not know the layout of kernels with vm.mmap_rnd_bits above 28: setarch -R.
    """
    cases = []
    with tempfile.TemporaryDirectory(prefix="xskim-tsan-") as record:
        for options in ("--sample 1 --workers 2", f"--sample 8 --record {record}/file"):
            own = {"XSKIM_DEMO_BUILD": directory, "XSKIM_DEMO_OPTIONS": options}
            run = subprocess.run(["setarch", "-R", "scripts/demo", "--json"], cwd=ROOT, text=True, capture_output=True,
                                 env={**ENVIRONMENT, **os.environ, **own})
            raced = run.returncode or REPORT.search(run.stderr)
            cases.append(tap.Case(f"tsan: watch {options}", "failed" if raced else "passed", run.stderr[-3000:]))
    return cases


def run_stage(stage, suites):
    directory, options, own, needs = STAGES[stage]
    suites = [s for s in own if not suites or s in suites]
    absent = [program for program in needs if not shutil.which(program)]
    if not suites:
        return []
    if absent:
        return [tap.Case(f"{stage}: {', '.join(suites)}", "skipped", f"{absent[0]} is not there")]
    say(f"{stage}: {', '.join(suites)}")
    if subprocess.run(["scripts/build", directory, *options], cwd=ROOT).returncode:
        return [tap.Case(f"{stage}: build", "failed", f"see scripts/build {directory}")]
    if stage == "tsan":
        return run_threads(directory)
    if not stage_tests(directory, suites):
        return []
    before = programs_now()
    cases, behind = run_meson(stage, directory, suites)
    behind += programs_left(before)
    cases.append(tap.Case(f"{stage}: nothing is left behind", "failed" if behind else "passed", "\n".join(behind)))
    return cases


def run_check():
    say("check: the rules of the house")
    run = subprocess.run([ROOT / "scripts/check", "--tap"], cwd=ROOT, text=True, capture_output=True)
    cases = tap.parse(run.stdout, "check")
    if run.returncode and not any(c.result == "failed" for c in cases):
        cases.append(tap.Case("check", "failed", run.stdout + run.stderr))
    return cases


def arguments():
    parser = argparse.ArgumentParser(prog="scripts/test", description="Without options: every suite in every build, "
                                     "then scripts/check. With one: only that build.")
    parser.add_argument("suites", metavar="SUITE", nargs="*", help=f"{', '.join(SUITES)} or check (default: all)")
    parser.add_argument("--asan", action="store_true", help="the build with Address- and UndefinedBehaviorSanitizer")
    parser.add_argument("--tsan", action="store_true", help="the build with ThreadSanitizer")
    parser.add_argument("--clang", metavar="19", choices=["19"], help="BPF programs by this clang")
    parser.add_argument("--mutants", action="store_true", help="are the tests any good? (see scripts/mutants)")
    args = parser.parse_args()
    unknown = set(args.suites) - {*SUITES, "check"}
    if unknown:
        parser.error(f"no suite {unknown.pop()}: {', '.join(SUITES)}, check")
    return args


def stages_wanted(args):
    chosen = {"asan": args.asan, "tsan": args.tsan, "clang-19": args.clang}
    only = [stage for stage, wanted in chosen.items() if wanted]
    if not only and args.suites:
        only = ["plain"] if set(args.suites) - {"check"} else []
    elif not only:
        only = list(STAGES)
    everything = not args.suites and not any(chosen.values())
    return only, everything or "check" in args.suites


def report(cases):
    if os.environ.get("XSKIM_NO_SKIP") == "1":
        cases = [c._replace(result="failed") if c.result == "skipped" else c for c in cases]
    for case in cases:
        if case.result != "passed":
            say(f"{case.result}: {case.name}" + (f": {case.reason}" if case.reason else ""))
    counts = {result: sum(c.result == result for c in cases) for result in ("passed", "failed", "skipped")}
    say(", ".join(f"{count} {result}" for result, count in counts.items()))
    return 1 if counts["failed"] or not counts["passed"] else 0


def main():
    args = arguments()
    if args.mutants:
        return subprocess.run([ROOT / "scripts/mutants"]).returncode
    if os.geteuid():
        sys.exit("test: run as root: the suites program and path load BPF programs and make network namespaces")
    stages, check = stages_wanted(args)
    cases = [case for stage in stages for case in run_stage(stage, args.suites)]
    return report(cases + (run_check() if check else []))


if __name__ == "__main__":
    sys.exit(main())
