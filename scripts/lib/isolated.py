# SPDX-License-Identifier: BSD-2-Clause
"""Runs a command apart from the rest of the machine and writes down what it left behind.

usage: isolated.py REPORT COMMAND…

It gets a network namespace of its own, and where the root is a mount point (in a plain chroot it is not) mount and
process namespaces too, so that others on the machine cannot disturb the check and everything ends with the run. Without
them the check compares before and after. REPORT gets a line for each thing left; loaded programs are not kept apart by
namespaces, so the caller looks at those.
"""
import ctypes
import json
import os
import pathlib
import signal
import subprocess
import sys
import time

INSIDE = "XSKIM_ISOLATED"
PR_SET_CHILD_SUBREAPER = 36


def enter():
    """Starts this program again inside the namespaces."""
    words = ["unshare", "--net"]
    if root_is_mount():
        words += ["--mount", "--pid", "--fork", "--kill-child", "--mount-proc"]
    os.execvpe(words[0], [*words, sys.executable, *sys.argv], {**os.environ, INSIDE: "1"})


def root_is_mount():
    """Whether / stands among the mounts; os.path.ismount always says that it does."""
    mounts = pathlib.Path("/proc/self/mountinfo").read_text().splitlines()
    return any(line.split()[4] == "/" for line in mounts)


def mount(kind, where):
    os.makedirs(where, exist_ok=True)
    subprocess.run(["mount", "-t", kind, f"xskim-{kind}", where], check=True)


def own_world():
    if os.getpid() == 1:
        mount("bpf", "/sys/fs/bpf")
        mount("tmpfs", "/run/netns")
    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
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
    """What the command started and did not wait for: orphans become children of this process."""
    parents, words = {}, {}
    for path in pathlib.Path("/proc").glob("[0-9]*"):
        try:
            parents[int(path.name)] = int((path / "stat").read_text().rpartition(")")[2].split()[1])
            words[int(path.name)] = (path / "cmdline").read_text().replace("\0", " ").strip()
        except OSError:
            continue
    own = {os.getpid()}
    for _ in parents:
        own |= {pid for pid, parent in parents.items() if parent in own}
    return {pid: words.get(pid, "?") for pid in own - {os.getpid()}}


def things():
    links = json.loads(subprocess.run(["ip", "-j", "link"], capture_output=True, text=True, check=True).stdout)
    found = [f"interface {link['ifname']}" for link in links]
    if os.path.isdir("/run/netns"):
        found += [f"network namespace {name}" for name in os.listdir("/run/netns")]
    for where, _, files in os.walk("/sys/fs/bpf"):
        found += [f"pinned object {where}/{name}" for name in files]
    return found


def left(before):
    return [f"process {pid}: {words}" for pid, words in processes().items()] + [t for t in things() if t not in before]


def main():
    if INSIDE not in os.environ:
        enter()
    os.environ.pop(INSIDE)
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
    for pid in processes():
        os.kill(pid, signal.SIGKILL)
    return status if status >= 0 else 128 - status


if __name__ == "__main__":
    sys.exit(main())
