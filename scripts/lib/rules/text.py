# SPDX-License-Identifier: BSD-2-Clause
"""Rules about lines: licence, width, words, and what the README promises."""
import os
import re
import shutil
import subprocess

from . import COMMIT, Skip, rule

OURS = "BSD-2-Clause"
DUAL = "BSD-2-Clause OR GPL-2.0-only"
SOURCES = (".c", ".h", ".py", ".sh", ".build", ".h.in")
# In two pieces, so that this file does not hold what it forbids.
MACHINE = re.compile("|".join([
    "/wo" + "rk/", "/ho" + "me/[a-z]", "(deb|snapshot)\\.debian\\" + ".org", "pypi\\" + ".org",
    "proxy\\.golang\\" + ".org", "artifact" + "-?registry"]))


def is_script(tree, path):
    return path.startswith("scripts/") and tree.text(path).startswith("#!")


def licences(path):
    if path.startswith("xdp/"):
        return {DUAL}
    return {OURS, DUAL} if path.startswith("include/") or path.endswith(".bpf.c") else {OURS}


@rule("spdx",
      bad=[{"userspace/bare.c": "int x;\n"}, {"xdp/half.h": f"/* SPDX-License-Identifier: {OURS} */\n"},
           {"userspace/dual.c": f"/* SPDX-License-Identifier: {DUAL} */\n"}],
      good=[{"userspace/right.c": f"/* SPDX-License-Identifier: {OURS} */\n"},
            {"xdp/right.h": f"/* SPDX-License-Identifier: {DUAL} */\n"}])
def spdx(tree):
    """The licence stands in the first three lines: BSD-2-Clause; in xdp/ "BSD-2-Clause OR GPL-2.0-only"."""
    for path in tree.paths:
        if path.endswith(SOURCES) or is_script(tree, path):
            head = "\n".join(tree.text(path).splitlines()[:3])
            match = re.search(r"SPDX-License-Identifier: (.*?)(?: \*/)?$", head, re.M)
            if not match or match[1] not in licences(path):
                yield path, 1, f"SPDX-License-Identifier: {' or '.join(sorted(licences(path)))} is missing"


@rule("columns",
      bad=[{"userspace/wide.c": "/* " + "x" * 100 + " */\n"}, {"test/meson.build": "# " + "x" * 120 + "\n"}],
      good=[{"userspace/wide.c": "/* " + "·" * 94 + " */\n"}])
def columns(tree):
    """C has 100 columns, scripts and build files 120."""
    for path in tree.paths:
        wide = 100 if path.endswith((".c", ".h")) else 120
        if path.endswith(SOURCES) or is_script(tree, path):
            for number, line in tree.lines(path):
                if len(line) > wide and "http" not in line:
                    yield path, number, f"{len(line)} columns, {wide} at most"


@rule("file-length",
      bad=[{"userspace/god.c": "int x;\n" * 451}],
      good=[{"userspace/god.c": "int x;\n" * 450}])
def file_length(tree):
    """Files have 450 lines at most."""
    for path in tree.paths:
        if path.endswith(SOURCES) or is_script(tree, path):
            count = len(tree.text(path).splitlines())
            if count > 450:
                yield path, 0, f"{count} lines, 450 at most"


@rule("clang-format",
      bad=[{"userspace/ugly.c": "int  f( void ){return 1 ;}\n"}],
      good=[{"userspace/fine.c": "int f(void) {\n        return 1;\n}\n"}])
def clang_format(tree):
    """C looks as clang-format 14 writes it."""
    if not shutil.which("clang-format-14"):
        raise Skip("clang-format-14 is not there, and other versions write differently")
    files = tree.select(".c", ".h")
    run = subprocess.run(["clang-format-14", "--dry-run", *files], cwd=tree.root, capture_output=True, text=True)
    seen = set()
    for path, line in re.findall(r"^(\S+?):(\d+):\d+: warning: code should be clang-formatted", run.stderr, re.M):
        if path not in seen:
            seen.add(path)
            yield path, int(line), "is not as clang-format-14 writes it (clang-format-14 -i)"


@rule("keep-in-sync",
      bad=[{"userspace/twin.c": "/* keep in " + "sync with record.h */\n"}],
      good=[{"userspace/twin.c": "/* synchronous */\n"}])
def keep_in_sync(tree):
    """No comment asks the reader to change two places: one table, and views derived from it."""
    words = re.compile(r"(keep|kept|stay|must be)\s+in[ -]" + r"sync\b", re.I)
    for path in tree.select(".c", ".h", ".build", ".h.in"):
        for number, line in tree.lines(path):
            if words.search(line):
                yield path, number, "derive one from the other instead"


@rule("machine-paths",
      bad=[{"scripts/where": "#!/bin/bash\ncd /wo" + "rk/here\n"}, {COMMIT: "Fix it, see /wo" + "rk/notes"}],
      good=[{"scripts/where": "#!/bin/bash\ncd /etc/apt\n"}, {COMMIT: "Fix the work in progress"}])
def machine_paths(tree):
    """Neither files nor commit messages name one machine's paths or package hosts."""
    for path in tree.paths:
        for number, line in tree.lines(path):
            if MACHINE.search(line) and not path.endswith((".pcap", ".pcapng")):
                yield path, number, f"names {MACHINE.search(line)[0]}"
    for message in tree.messages:
        if MACHINE.search(message):
            yield COMMIT, 0, f"{message.split(chr(10))[0]!r} names {MACHINE.search(message)[0]}"


def blocks(text):
    """(line number, line) of what stands in code blocks, fenced or indented."""
    fenced = False
    for number, line in enumerate(text.splitlines(), 1):
        if line.startswith("```"):
            fenced = not fenced
        elif fenced or line.startswith("    "):
            yield number, line.strip()


@rule("readme-commands",
      bad=[{"README.md": "    ./scripts/absent --now\n"}, {"README.md": "```\nsudo xskim frobnicate eth0\n```\n"}],
      good=[{"README.md": "    ./scripts/build build-x\n\n    $ xskim --help\n    $ xskim watch eth0\n",
             "userspace/command_watch.c": "int x;\n"}])
def readme_commands(tree):
    """Every script and every command of xskim that a code block of the README shows exists."""
    if "README.md" not in tree.paths:
        yield "README.md", 0, "is missing"
        return
    for number, line in blocks(tree.text("README.md")):
        for path in re.findall(r"(?:^|\s)(?:\./)?(scripts/[\w-]+)", line):
            if path not in tree.paths or not os.access(tree.root / path, os.X_OK):
                yield "README.md", number, f"{path} does not exist or cannot be run"
        match = re.match(r"(?:[$#] )?(?:sudo )?(?:\S*/)?xskim ([a-z]+)(?:\s|$)", line)
        if match and f"userspace/command_{match[1]}.c" not in tree.paths:
            yield "README.md", number, f"xskim {match[1]}: there is no userspace/command_{match[1]}.c"


@rule("shellcheck",
      bad=[{"scripts/loose": "#!/bin/bash\nrm $1/*\n"}],
      good=[{"scripts/tight": "#!/bin/bash\nrm \"$1\"\n"}])
def shellcheck(tree):
    """Shell scripts pass shellcheck."""
    if not shutil.which("shellcheck"):
        raise Skip("shellcheck is not there")
    files = [p for p in tree.paths if re.match(r"#!\S*[/ ](ba)?sh\b", tree.text(p)[:40])]
    run = subprocess.run(["shellcheck", "-f", "gcc", *files], cwd=tree.root, capture_output=True, text=True)
    for path, line, message in re.findall(r"^([^:\n]+):(\d+):\d+: (.*)$", run.stdout, re.M):
        yield path, int(line), message
