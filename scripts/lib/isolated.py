# SPDX-License-Identifier: BSD-2-Clause
"""Runs a command in namespaces of its own and writes down what it left behind there.

usage: unshare --mount --net --pid --fork --kill-child --mount-proc isolated.py REPORT COMMAND…

It is process 1 of the namespace: orphans become its children, and whatever is still there ends with it. Interfaces,
named network namespaces and pinned objects are this run's alone, so others on the machine cannot disturb the check.
REPORT gets a line for each thing left; loaded programs are not kept apart by namespaces, so the caller looks at those.
"""
import os
import pathlib
import subprocess
import sys
import time


def mount(kind, where):
    os.makedirs(where, exist_ok=True)
    subprocess.run(["mount", "-t", kind, f"xskim-{kind}", where], check=True)


def own_world():
    subprocess.run(["mount", "--make-rprivate", "/"], check=True)
    mount("sysfs", "/sys")
    mount("bpf", "/sys/fs/bpf")
    if os.path.isdir("/sys/fs/cgroup"):
        mount("cgroup2", "/sys/fs/cgroup")
    mount("tmpfs", "/run/netns")
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)


def reap(until=None):
    """Collects ended children; returns the exit status of the process `until`, waiting for it."""
    while True:
        try:
            pid, status = os.waitpid(-1, 0 if until else os.WNOHANG)
        except ChildProcessError:
            return None
        if pid == until:
            return os.waitstatus_to_exitcode(status)
        if pid == 0:
            return None


def processes():
    for path in pathlib.Path("/proc").glob("[0-9]*"):
        if path.name != str(os.getpid()):
            try:
                yield f"process {path.name}: " + (path / "cmdline").read_text().replace("\0", " ").strip()
            except OSError:
                continue


def things():
    found = list(processes())
    found += [f"interface {name}" for name in os.listdir("/sys/class/net")]
    found += [f"network namespace {name}" for name in os.listdir("/run/netns")]
    for where, _, files in os.walk("/sys/fs/bpf"):
        found += [f"pinned object {where}/{name}" for name in files]
    return found


def left(before):
    return [thing for thing in things() if thing not in before]


def main():
    report, command = sys.argv[1], sys.argv[2:]
    own_world()
    before = things()
    status = reap(until=subprocess.Popen(command).pid)
    found = left(before)
    for _ in range(25):  # 5 s: the kernel takes namespaces down in its own time
        if not found:
            break
        time.sleep(0.2)
        reap()
        found = left(before)
    pathlib.Path(report).write_text("".join(line + "\n" for line in found))
    return status if status >= 0 else 128 - status


if __name__ == "__main__":
    sys.exit(main())
