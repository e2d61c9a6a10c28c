# SPDX-License-Identifier: BSD-2-Clause
"""Runs a command apart from the rest of the machine and writes down what it left behind.

usage: isolated.py REPORT COMMAND…

It is process 1 of network, mount and process namespaces of its own, so that others on the machine cannot disturb the
check and everything ends with the run. REPORT gets a line for each thing left; loaded programs are not kept apart by
namespaces, so the caller looks at those.
"""
import json
import os
import pathlib
import random
import subprocess
import sys
import time

INSIDE = "XSKIM_ISOLATED"
# A mount onto / of a plain chroot would reach the machine's own root if that is shared. /proc is a mount point there
# too, so it can be made private first and can carry the new root.
AS_MOUNT = ('mount --make-rprivate /proc && mount --rbind / /proc && '
            'exec chroot /proc sh -c \'cd "$0" && exec "$@"\' "$@"')


def enter():
    """Starts this program again inside the namespaces, at the latest with / as a mount point."""
    own = [sys.executable, *sys.argv]
    if root_is_mount():
        words = ["unshare", "--net", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc", *own]
        os.environ[INSIDE] = "all"
    elif INSIDE in os.environ:
        sys.exit("isolated: / is no mount point and could not be made one")
    else:
        os.environ[INSIDE] = "root"
        words = ["unshare", "--mount", "--propagation", "unchanged", "sh", "-c", AS_MOUNT, "sh", os.getcwd(), *own]
    os.execvp(words[0], words)


def root_is_mount():
    """Whether / stands among the mounts; os.path.ismount always says that it does."""
    mounts = pathlib.Path("/proc/self/mountinfo").read_text().splitlines()
    return any(line.split()[4] == "/" for line in mounts)


def mount(kind, where):
    os.makedirs(where, exist_ok=True)
    subprocess.run(["mount", "-t", kind, f"xskim-{kind}", where], check=True)


def spread_process_ids():
    """Criterion names a socket in /tmp by its process id, and two runs at once would both count from 2."""
    most = int(pathlib.Path("/proc/sys/kernel/pid_max").read_text())
    last = pathlib.Path("/proc/sys/kernel/ns_last_pid")
    if last.exists():  # absent from kernels without CONFIG_CHECKPOINT_RESTORE: then one run at a time
        last.write_text(str(random.randrange(300, most // 2)))


def own_world():
    spread_process_ids()
    mount("bpf", "/sys/fs/bpf")
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
    links = json.loads(subprocess.run(["ip", "-j", "link"], capture_output=True, text=True, check=True).stdout)
    found = list(processes()) + [f"interface {link['ifname']}" for link in links]
    found += [f"network namespace {name}" for name in os.listdir("/run/netns")]
    for where, _, files in os.walk("/sys/fs/bpf"):
        found += [f"pinned object {where}/{name}" for name in files]
    return found


def left(before):
    return [thing for thing in things() if thing not in before]


def main():
    if os.environ.get(INSIDE) != "all":
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
    return status if status >= 0 else 128 - status


if __name__ == "__main__":
    sys.exit(main())
