# SPDX-License-Identifier: BSD-2-Clause
"""A wire between two ports of one network namespace, with the lab's relay in it, and a bench over it.

    host:  tx ---- to   dut: relay   from ---- rx

tcpdump on both sides of the relay takes 1 in 8 of the bench's paced packets, by bits of the time that they carry: so
what the relay did is known from outside it. Owns namespaces, relay and tcpdump, and removes them; and what a delay
of a share of the packets makes of a percentile.
"""
import collections
import dataclasses
import math
import os
import pathlib
import shutil
import signal
import struct
import subprocess
import tempfile
import time

import experiment

START_S = 5
# load_mark: behind 8 bytes of UDP header magic, run, due_ns; little-endian. Flooded packets have no due time.
PACED = "udp dst port 7007 and udp[17] & 7 = 0 and udp[20:4] != 0"
MARK = struct.Struct("<IIQ")
MARK_OFFSET = 42
IDLE_NS = 500_000      # between two packets of the bench's idle rate
# What is looked at when so many percent are slow: a percentile that stays, and those that move. With 1 % P99 is at the
# edge, and P99.9 tells.
RANKS = {1: ["p90", "p99", "p999"], 5: ["p50", "p99"]}
ABOVE = {"p50": 0.5, "p90": 0.1, "p99": 0.01, "p999": 0.001}
LOAD_PERCENT = 0       # so few packets that relay, sender and receiver do not take each other's CPU
TOLERANCE = 0.03
FACTOR = 3             # of the part above a percentile: left to chance, and to what else the machine does
SIGMAS = 4

Run = collections.namedtuple("Run", "latency delays_ns")


def netns(name, *command):
    return ["nsenter", f"--net=/run/netns/{name}", *command]


def do(*command):
    run = subprocess.run(command, capture_output=True, text=True)
    if run.returncode:
        raise experiment.Failed(f"{' '.join(command)}: {run.stderr.strip()}")


def frames(path):
    """(time in ns, bytes) of a capture as tcpdump writes it here: little-endian, microseconds or nanoseconds."""
    data = path.read_bytes()
    scale = {0xa1b2c3d4: 1000, 0xa1b23c4d: 1}[struct.unpack_from("<I", data)[0]]
    place = 24
    while place + 16 <= len(data):
        seconds, part, kept, _ = struct.unpack_from("<IIII", data, place)
        yield seconds * 1_000_000_000 + part * scale, data[place + 16:place + 16 + kept]
        place += 16 + kept


class Lane:
    def __init__(self):
        self.host, self.dut = (f"xskim-validate-{os.getpid()}-{side}" for side in ("host", "dut"))
        self.directory, self.running = None, []

    def __enter__(self):
        for tool in ("tcpdump", "ip", "ethtool", "nsenter"):
            if not shutil.which(tool):
                raise experiment.Failed(f"no {tool} here: scripts/setup --for perf installs it")
        self.directory = pathlib.Path(tempfile.mkdtemp(prefix="xskim-validate-"))
        try:
            self.make()
        except BaseException:
            self.__exit__()
            raise
        return self

    def make(self):
        for name in (self.host, self.dut):
            do("ip", "netns", "add", name)
            do(*netns(name, "sh", "-c", "[ ! -e /proc/sys/net/ipv6 ] || for c in all default; do "
                                        "echo 1 >/proc/sys/net/ipv6/conf/$c/disable_ipv6; done"))
            do(*netns(name, "ip", "link", "set", "dev", "lo", "up"))
        for port, peer in (("tx", "to"), ("rx", "from")):
            do("ip", "link", "add", "name", port, "netns", self.host, "type", "veth",
               "peer", "name", peer, "netns", self.dut)
            do(*netns(self.dut, "ethtool", "-K", peer, "gro", "on"))  # so that it takes redirected frames
            do(*netns(self.host, "ip", "link", "set", "dev", port, "up"))
            do(*netns(self.dut, "ip", "link", "set", "dev", peer, "up"))
        do(*netns(self.host, "ip", "address", "add", "192.0.2.2/24", "dev", "rx"))

    def __exit__(self, *_):
        for program in self.running:
            program.kill()
            program.wait()
        for name in (self.host, self.dut):
            subprocess.run(["ip", "netns", "del", name], capture_output=True)
        shutil.rmtree(self.directory, ignore_errors=True)

    def start(self, says, name, *command):
        """Runs it in the device's namespace, and waits until it says so on standard error."""
        log = self.directory / f"{name}.log"
        with open(log, "wb") as err, open(self.directory / f"{name}.out", "wb") as out:
            program = subprocess.Popen(netns(self.dut, *command), stdout=out, stderr=err, stdin=subprocess.DEVNULL)
        self.running.append(program)
        for _ in range(START_S * 50):
            if says in log.read_text():
                return program
            if program.poll() is not None:
                break
            time.sleep(0.02)
        raise experiment.Failed(f"{name} did not start: {log.read_text().strip()}")

    def stop(self, program, name, *signals):
        for number in signals:
            program.send_signal(number)
        try:
            program.wait(START_S)
        except subprocess.TimeoutExpired:
            raise experiment.Failed(f"{name} does not end") from None
        self.running.remove(program)

    def judge_start(self, port, direction):
        return self.start("listening on", port, "tcpdump", "-i", port, "-Q", direction, "-w",
                          str(self.directory / f"{port}.pcap"), PACED)

    def run(self, told, seconds):
        relay = self.start("relay: forwarding", "relay", str(experiment.RELAY), "to", "from", "--left-to-right", told,
                           "--json")
        judges = {port: self.judge_start(port, way) for port, way in (("to", "in"), ("from", "out"))}
        result = experiment.bench("--tx", "tx", "--rx", "rx", "--conditions", "empty", "--max-time", f"{seconds}s",
                                  namespace=self.host)
        time.sleep(0.3)
        for port, judge in judges.items():
            self.stop(judge, f"tcpdump on {port}", signal.SIGINT)
        self.stop(relay, "the relay", signal.SIGTERM)
        if relay.returncode:
            raise experiment.Failed(f"the relay does not account for all frames, or failed: {relay.returncode}")
        return Run(latency_of(result), self.delays_ns())

    def delays_ns(self):
        """Of each packet at the idle rate that both saw; copies of the same bytes in their order."""
        sent, came = list(frames(self.directory / "to.pcap")), frames(self.directory / "from.pcap")
        runs, times = idle_runs(data for _, data in sent), collections.defaultdict(collections.deque)
        for time_ns, data in sent:
            times[data].append(time_ns)
        return [time_ns - times[data].popleft() for time_ns, data in came if mark(data)[1] in runs and times[data]]


def mark(data):
    """Magic, run, due time."""
    return MARK.unpack_from(data, MARK_OFFSET)


def idle_runs(packets):
    """Numbers of the runs whose packets are due at multiples of IDLE_NS from each other; of two packets, at least."""
    due = collections.defaultdict(list)
    for data in packets:
        _, run, due_ns = mark(data)
        due[run].append(due_ns)
    return {run for run, times in due.items()
            if len(set(times)) > 1 and all((time_ns - times[0]) % IDLE_NS == 0 for time_ns in times)}


def latency_of(result):
    """Of the baseline, at LOAD_PERCENT of the no-drop rate (0: what the bench calls idle)."""
    for latency in result["conditions"][0]["latency"]:
        if latency["load_percent"] == LOAD_PERCENT and latency["received"]:
            return latency
    raise experiment.Failed(f"bench took no latency at {LOAD_PERCENT} %")


# ---- what a delayed share makes of percentiles ----

@dataclasses.dataclass
class Move:
    before_ns: float
    after_ns: float
    low_ns: float
    high_ns: float

    @property
    def hit(self):
        return self.low_ns <= self.after_ns <= self.high_ns


@dataclasses.dataclass
class Judged:
    wire_ns: float       # the median delay of the slow ones, by tcpdump
    wire_percent: float  # their share
    wire_agrees: bool
    ranks: dict


def part_above(curve, value):
    """What part of the packets is above it, by a curve of [millionths above, value, ...]."""
    return min((point[0] / 1e6 for point in curve if point[1] <= value), default=1)


def mixed(curve, share, delay_ns, above):
    """
    What so large a part is above when `share` of the packets are later by `delay_ns`: above x are (1 - s) A(x) +
    s A(x - delay) of them, A as the curve says.
    """
    values = sorted({point[1] + more for point in curve for more in (0, delay_ns)})
    for value in values:
        if (1 - share) * part_above(curve, value) + share * part_above(curve, value - delay_ns) <= above:
            return value
    return values[-1]


def expected(before, rank, percent, delay_ns):
    """Where the percentile has to be: what a part FACTOR times as large, and as small, is above."""
    share, above = percent / 100, ABOVE[rank]
    low = mixed(before["curve_ns"], share, delay_ns, min(1, above * FACTOR))
    return low * (1 - TOLERANCE), mixed(before["curve_ns"], share, delay_ns, above / FACTOR) * (1 + TOLERANCE)


def judge(off, slow, percent, delay_ns):
    late = sorted(delay for delay in slow.delays_ns if delay > delay_ns / 2)
    if not late:
        return Judged(0, 0, False, {rank: Move(0, 0, 1, 1) for rank in RANKS[percent]})
    count, share = len(slow.delays_ns), percent / 100
    near = abs(len(late) / count - share) <= SIGMAS * math.sqrt(share * (1 - share) / count)
    wire_ns = experiment.median(late)
    # tcpdump's clock has microseconds
    kept = late[0] >= delay_ns - 1000 and wire_ns <= delay_ns * (1 + TOLERANCE)
    ranks = {}
    for rank in RANKS[percent]:
        low, high = expected(off.latency, rank, percent, delay_ns)
        ranks[rank] = Move(off.latency[f"{rank}_ns"], slow.latency[f"{rank}_ns"], low, high)
    return Judged(wire_ns, 100 * len(late) / count, near and kept, ranks)
