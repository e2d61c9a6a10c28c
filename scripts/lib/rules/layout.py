# SPDX-License-Identifier: BSD-2-Clause
"""Rules about where things are: rooms, ranks, includes, registries."""
import os
import re

from . import rule

TOP = {"xdp", "userspace", "include", "scripts", "test", "perf", "meson.build", "meson_options.txt", "README.md",
       "LICENSE"}
INCLUDE = re.compile(r'^\s*#\s*include\s+([<"])([^>"]+)[>"]')
RANKS = ["leaf", "pure", "adapter", "pipeline", "top", "command"]
# A header of a foreign library (or what begins with it), and the one noun of userspace/ that includes it.
ADAPTERS = {
    "jansson.h": "json",
    "microhttpd.h": "http",
    "liburing": "loop",
    "bpf/": "program",
    "xdp/libxdp.h": "program",
    "xdp/xsk.h": "xsk",
    "linux/if_xdp.h": "xsk",
    "libmnl/": "netdev",
    "linux/rtnetlink.h": "netdev",
    "sys/capability.h": "privilege",
    "xxhash.h": "checksum",
    "yaml.h": "yaml_tree",
    "pcap": "capture",
    "zlib.h": "capture_gzip",
    "zstd.h": "capture_zstd",
}
IMPURE = ("unistd.h", "fcntl.h", "poll.h", "pthread.h", "signal.h", "sched.h", "net/", "sys/", "linux/if")


def includes(tree, path):
    for number, line in tree.lines(path):
        match = INCLUDE.match(line)
        if match:
            yield number, match[1], match[2]


def stem(path):
    return re.sub(r"_private$", "", os.path.splitext(os.path.basename(path))[0])


def listed(tree):
    """(name of the list, its files) of userspace/meson.build."""
    for name, files in re.findall(r"^(\w+) = files\(([^)]*)\)", tree.text("userspace/meson.build"), re.M):
        yield name, re.findall(r"'([^']+)'", files)


def related(one, other):
    """Files of one noun: program.c, program_port.c, program_private.h."""
    return one == other or one.startswith(other + "_") or other.startswith(one + "_")


def ranks(tree):
    """Noun of a file of userspace/ -> (number of its rank, place in it), from the lists in meson.build."""
    found, place = {}, 0
    for name, files in listed(tree):
        rank = name.removeprefix("command_")
        for file in files if rank in RANKS else []:
            place += 1
            found[stem(file)] = (RANKS.index(rank), place)
    return found


def header_rank(tree, name, known, seen=()):
    """A header's rank is its source file's; without one, the highest of what it includes."""
    path = f"userspace/{name}"
    if stem(name) in known:
        return known[stem(name)]
    if path not in tree.paths or name in seen:
        return 0, 0
    own = [header_rank(tree, other, known, (*seen, name)) for _, kind, other in includes(tree, path) if kind == '"']
    return max(own, default=(0, 0))


@rule("include-ranks",
      bad=[{"userspace/log.c": '#include "program.h"\n'},
           {"userspace/loop.c": '#include "xsk.h"\n'},
           {"userspace/local.h": '#include "loop.h"\n', "userspace/log.c": '#include "local.h"\n'}],
      good=[{"userspace/log.c": '#include "log.h"\n#include "util.h"\n'},
            {"userspace/xsk.c": '#include "loop.h"\n'}])
def include_ranks(tree):
    """A file of userspace/ includes headers of lower rank, of files listed before it in its rank, or its noun's."""
    known = ranks(tree)
    for path in tree.select(".c", ".h", under="userspace/"):
        own = header_rank(tree, os.path.basename(path), known)
        for number, kind, other in includes(tree, path):
            if kind != '"' or f"userspace/{other}" not in tree.paths or related(stem(path), stem(other)):
                continue
            rank = header_rank(tree, other, known)
            if stem(path) in known and rank > own:
                yield path, number, f"{RANKS[own[0]]} includes {other}, which is {RANKS[rank[0]]}, listed later"


LEAVES = {"clock", "log", "util"}


@rule("library-alone",
      bad=[{"userspace/stream.c": '#include "tally.h"\n'}, {"userspace/format.h": '#include "doctor.h"\n'},
           {"userspace/json.c": "#include <xskim/record.h>\n"}],
      good=[{"userspace/stream.c": '#include <xskim/xskim.h>\n#include "clock.h"\n#include "log.h"\n'}])
def library_alone(tree):
    """Of the library the command's files include xskim.h alone, and the leaves, which they bring along."""
    own = {stem(file) for name, files in listed(tree) if name.startswith("command") for file in files}
    own |= LEAVES
    for path in tree.select(".c", ".h", under="userspace/"):
        if stem(path) not in own - LEAVES:
            continue
        for number, kind, other in includes(tree, path):
            if other.startswith("xskim/") and other != "xskim/xskim.h" or \
               f"userspace/{other}" in tree.paths and stem(other) not in own:
                yield path, number, f"includes {other}, which is inside the library"


@rule("every-file-ranked",
      bad=[{"userspace/orphan.c": "int orphan;\n"}],
      good=[{"userspace/meson.build": "leaf = files('log.c')\n"}])
def every_file_ranked(tree):
    """Every source file of userspace/ stands in one of the lists of userspace/meson.build."""
    text = tree.text("userspace/meson.build")
    for path in tree.select(".c", under="userspace/"):
        if f"'{os.path.basename(path)}'" not in text:
            yield path, 0, "is in no list of userspace/meson.build"


@rule("pure",
      bad=[{"userspace/meson.build": "pure = files('sum.c')\n", "userspace/sum.c": "#include <unistd.h>\n"}],
      good=[{"userspace/meson.build": "pure = files('sum.c')\n", "userspace/sum.c": "#include <string.h>\n"}])
def pure(tree):
    """Pure files include no header of the system calls."""
    known = ranks(tree)
    for path in tree.select(".c", ".h", under="userspace/"):
        if known.get(stem(path), (None,))[0] == RANKS.index("pure"):
            for number, kind, other in includes(tree, path):
                if kind == "<" and other.startswith(IMPURE):
                    yield path, number, f"a pure file includes <{other}>"


@rule("shared-headers",
      bad=[{"include/xskim/frame.h": "#include <stdint.h>\n"}, {"include/xskim/xskim.h": "#include <linux/bpf.h>\n"},
           {"include/xskim/xskim.h": '#include "frame.h"\n'}],
      good=[{"include/xskim/frame.h": '#include <linux/types.h>\n#include <xskim/record.h>\n#include "skip.h"\n'},
            {"include/xskim/xskim.h": '#include <stdint.h>\n#include "xskim_figures.h"\n'}])
def shared_headers(tree):
    """Headers of include/xskim/ include <linux/types.h> and each other; the public ones standard headers."""
    public = {"stdbool.h", "stddef.h", "stdint.h", "xskim_figures.h", "xskim_replay.h", "xskim_bench.h",
              "xskim_claims.h"}
    for path in tree.select(".h", under="include/"):
        for number, kind, other in includes(tree, path):
            shared = other == "linux/types.h" or other.startswith("xskim/") or kind == '"'
            if not (other in public if "/xskim/xskim" in path else shared):
                yield path, number, f"a shared header includes {other}"


@rule("foreign-headers",
      bad=[{"userspace/view.c": "#include <jansson.h>\n"}, {"userspace/worker.c": "#include <bpf/bpf.h>\n"},
           {"userspace/worker.c": '#include "sampler.skel.h"\n'}],
      good=[{"userspace/json.c": "#include <jansson.h>\n"}, {"userspace/program_port.c": "#include <bpf/bpf.h>\n"}])
def foreign_headers(tree):
    """A foreign library's header is included by its one adapter; skeletons by program."""
    for path in tree.select(".c", ".h", under="userspace/"):
        for number, _, other in includes(tree, path):
            table = [noun for header, noun in ADAPTERS.items() if other.startswith(header)]
            table += ["program"] if other.endswith(".skel.h") else []
            if table and not related(stem(path), table[0]):
                yield path, number, f"{other} belongs to {table[0]}"


@rule("include-c",
      bad=[{"test/unit/whole.c": '#include "histogram.c"\n'}],
      good=[{"test/unit/whole.c": '#include "histogram.h"\n'}])
def include_c(tree):
    """Nobody includes a .c file, unless it says why (perf/ does, to compare with the very sampler)."""
    for path in tree.select(".c", ".h"):
        if "is why a source file is included here" in " ".join(tree.text(path).replace("*", " ").split()):
            continue
        for number, _, other in includes(tree, path):
            if other.endswith(".c"):
                yield path, number, f"includes {other}: link it instead"


@rule("top-level",
      bad=[{"src/main.c": "int x;\n"}, {"Makefile": "all:\n"}],
      good=[{".editorconfig": "root = true\n"}, {"perf/figure.c": "int x;\n"}])
def top_level(tree):
    """Nothing at the top but the rooms, README.md, LICENSE, the build's files and dot files."""
    for path in tree.paths:
        top = path.split("/")[0]
        if top not in TOP and not top.startswith("."):
            yield path, 0, f"{top} does not belong at the top: {', '.join(sorted(TOP))}"


@rule("registry",
      bad=[{"xdp/stray.bpf.c": "int x;\n"}, {"xdp/meson.build": "programs = {\n  'absent': 'has no file',\n}\n"}],
      good=[{"xdp/stray.bpf.c": "int x;\n", "xdp/meson.build": "programs = {\n  'stray': 'has a row',\n}\n"}])
def registry(tree):
    """Every XDP program has its row in xdp/meson.build, and every row its file."""
    block = re.search(r"^programs = \{(.*?)^\}", tree.text("xdp/meson.build"), re.M | re.S)
    rows = set(re.findall(r"^\s*'(\w+)'\s*:", block[1], re.M)) if block else set()
    files = {os.path.basename(p).removesuffix(".bpf.c") for p in tree.select(".bpf.c", under="xdp/")}
    for name in sorted(files - rows):
        yield f"xdp/{name}.bpf.c", 0, "has no row in xdp/meson.build"
    for name in sorted(rows - files):
        yield "xdp/meson.build", 0, f"the row {name} has no file {name}.bpf.c"


@rule("generated",
      bad=[{"userspace/sampler.skel.h": "x\n"}, {"xdp/vmlinux.h": "x\n"}, {"include/xskim/bucket-table.h": "x\n"}],
      good=[{"userspace/table.h": "x\n"}])
def generated(tree):
    """Generated files stay out of git."""
    made = re.compile(r"(\.skel\.h|\.o|\.a|\.so|\.pyc|/vmlinux\.h|-table\.h|/registry\.h|\.tab\.c)$")
    for path in tree.paths:
        if made.search(path):
            yield path, 0, "is made by the build"
