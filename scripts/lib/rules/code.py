# SPDX-License-Identifier: BSD-2-Clause
"""Rules about C: size, nesting, names, barriers. Reads C well enough for the house's own formatting."""
import collections
import re

from . import rule

CONTROL = {"if", "for", "while", "switch"}
TOKEN = re.compile(r"[A-Za-z_]\w*|\d[\w.]*|[^\s\w]|\n")
Function = collections.namedtuple("Function", "name line length depth section")
BODY = "int f(int a) {\n%s        return a;\n}\n"


def bare(text):
    """The text without comments, strings and preprocessor lines; line numbers stay."""
    def blank(match):
        return ('""' if match[0][0] in "\"'" else " ") + "\n" * match[0].count("\n")
    text = re.sub(r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'', blank, text, flags=re.S)
    return re.sub(r"^[ \t]*#(?:.*\\\n)*.*$", lambda m: "\n" * m[0].count("\n"), text, flags=re.M)


def tokens_of(text):
    line, tokens = 1, []
    for match in TOKEN.finditer(bare(text)):
        if match[0] == "\n":
            line += 1
        else:
            tokens.append((match[0], line))
    return tokens


class Reader:
    """Statements by recursive descent: where one ends, and how deep the deepest control statement in it is."""

    def __init__(self, tokens):
        self.tokens = [t for t, _ in tokens]

    def at(self, i):
        return self.tokens[i] if i < len(self.tokens) else "}"

    def closed(self, i):
        """After the bracket that closes the one at i."""
        depth = 0
        while i < len(self.tokens):
            depth += {"(": 1, "{": 1, "[": 1, ")": -1, "}": -1, "]": -1}.get(self.at(i), 0)
            i += 1
            if not depth:
                break
        return i

    def block(self, i, level):
        deepest, i = level, i + 1
        while self.at(i) != "}":
            i, depth = self.statement(i, level)
            deepest = max(deepest, depth)
        return i + 1, deepest

    def conditional(self, i, level):
        """if, for, while, switch, and macros that look like them."""
        i, deepest = self.statement(self.closed(i + 1), level + 1)
        if self.at(i) == "else":
            chained = self.at(i + 1) == "if"
            i, depth = self.statement(i + 1, level if chained else level + 1)
            deepest = max(deepest, depth)
        return i, deepest

    def plain(self, i, level):
        while self.at(i) not in (";", "}"):
            i = self.closed(i) if self.at(i) in "({[" else i + 1
        return i + (self.at(i) == ";"), level

    def is_loop_macro(self, i):
        name = re.match(r"[A-Za-z_]", self.at(i))
        return bool(name) and self.at(i + 1) == "(" and self.at(self.closed(i + 1)) == "{"

    def statement(self, i, level):
        token = self.at(i)
        if token == "{":
            return self.block(i, level)
        if token in CONTROL or self.is_loop_macro(i):
            return self.conditional(i, level)
        if token == "do":
            i, deepest = self.statement(i + 1, level + 1)
            return self.plain(i, level)[0], deepest
        if token in ("case", "default") or self.at(i + 1) == ":":
            while self.at(i) != ":":
                i += 1
            return i + 1, level
        return self.plain(i, level)


def functions(text):
    """Every function with a body, also those of Criterion's macros."""
    tokens, reader, i, start = tokens_of(text), None, 0, 0
    reader = Reader(tokens)
    while i < len(tokens):
        token = tokens[i][0]
        if token == "{" and reader.at(i - 1) == ")":
            end, depth = reader.block(i, 0)
            words = reader.tokens[start:i]
            name = next((w for w, n in zip(words, words[1:]) if n == "(" and w not in ("SEC", "__attribute__")), "?")
            first, last = tokens[i][1], tokens[min(end, len(tokens)) - 1][1]
            yield Function(name, tokens[start][1], last - first + 1, depth, "SEC" in words)
            i = start = end
        elif token == "{" and reader.tokens[max(0, i - 3):i] == ["extern", '"', '"']:
            i = start = i + 1
        elif token in "({[":
            i = reader.closed(i)
        else:
            i += 1
            start = i if token in ";}" else start


def sources(tree):
    return [p for p in tree.select(".c", ".h") if not p.startswith("test/corpus")]


@rule("function-length",
      bad=[{"userspace/long.c": BODY % ("        a++;\n" * 69)},
           {"xdp/long.bpf.c": 'SEC("xdp")\n' + BODY % ("        a++;\n" * 59)}],
      good=[{"userspace/long.c": BODY % ("        a++;\n" * 67)}])
def function_length(tree):
    """Functions have 70 lines at most, an XDP program's main function 60."""
    for path in sources(tree):
        for function in functions(tree.text(path)):
            most = 60 if function.section and path.startswith("xdp/") else 70
            if function.length > most:
                yield path, function.line, f"{function.name} has {function.length} lines, {most} at most"


@rule("nesting",
      bad=[{"userspace/deep.c": BODY % "        for (;;)\n if (a)\n while (a) {\n if (a)\n a--;\n }\n"}],
      good=[{"userspace/flat.c": BODY % "        for (;;)\n if (a)\n a--;\n else if (a)\n while (a) {\n a--;\n }\n"}])
def nesting(tree):
    """Three levels of control statements inside a function at most."""
    for path in sources(tree):
        for function in functions(tree.text(path)):
            if function.depth > 3:
                yield path, function.line, f"{function.name} nests {function.depth} levels deep, 3 at most"


@rule("typedef-struct",
      bad=[{"userspace/alias.h": "typedef struct ring ring_t;\n"}, {"userspace/alias.h": "typedef union {\n"}],
      good=[{"userspace/alias.h": "typedef int (*visit)(struct ring *ring);\nstruct ring;\n"}])
def typedef_struct(tree):
    """No typedef for a struct or union."""
    for path in sources(tree):
        for number, line in enumerate(bare(tree.text(path)).splitlines(), 1):
            if re.match(r"\s*typedef\s+(struct|union)\b[^(]*$", line):
                yield path, number, "write struct where it is one"


FORBIDDEN = {"info", "infos", "manager", "mgr", "data", "helper", "helpers", "misc", "stuff"}


def defined_names(text):
    """(line, name) of what a file defines: functions and tags."""
    for function in functions(text):
        yield function.line, function.name
    for number, line in enumerate(bare(text).splitlines(), 1):
        match = re.match(r"\s*(?:struct|union|enum)\s+(\w+)\s*\{", line)
        if match:
            yield number, match[1]


@rule("names",
      bad=[{"userspace/named.c": "int ring_info(void) {\n}\n"}, {"userspace/named.c": "struct port_manager {\n};\n"},
           {"userspace/named.c": "void handle_event(void) {\n}\n"}, {"userspace/ring_data.c": "int x;\n"}],
      good=[{"userspace/named.c": "int ring_take(struct xdp_md *ctx) {\n        return ctx->data + info.id;\n}\n"}])
def names(tree):
    """What we name has no word that says nothing: data, info, manager, helper, handle_."""
    for path in sources(tree):
        stem = path.split("/")[-1].split(".")[0]
        for number, name in [(0, stem), *defined_names(tree.text(path))]:
            if FORBIDDEN & set(name.lower().split("_")) or name.startswith("handle_"):
                yield path, number, f"{name}: say what it is"


@rule("xdp-aborted",
      bad=[{"xdp/abort.bpf.c": "int f(void) {\n        return XDP_ABORTED;\n}\n"}],
      good=[{"xdp/abort.bpf.c": "/* never XDP_ABORTED */\nint f(void) {\n        return XDP_PASS;\n}\n"}])
def xdp_aborted(tree):
    """No XDP program returns XDP_ABORTED."""
    for path in tree.select(".c", ".h", under="xdp/"):
        for number, line in enumerate(bare(tree.text(path)).splitlines(), 1):
            if re.search(r"\bXDP_ABORTED\b", line):
                yield path, number, "observation never changes the verdict"


@rule("barriers",
      bad=[{"userspace/racy.c": "void f(void) {\n        __sync_synchronize();\n}\n"},
           {"xdp/racy.h": "int f(int *p) {\n        return __atomic_load_n(p, 2);\n}\n"}],
      good=[{"include/xskim/barrier.h": "#define FENCE() __sync_synchronize()\n"},
            {"userspace/calm.c": "/* pairs with __atomic_store_n there */\n"}])
def barriers(tree):
    """Barriers and atomic built-ins stand in barrier.h alone."""
    words = re.compile(r"\b(__sync_\w+|__atomic_\w+|smp_\w+|atomic_thread_fence)\b")
    for path in tree.select(".c", ".h"):
        if not path.startswith(("userspace/", "include/", "xdp/")) or path.endswith("/barrier.h"):
            continue
        text = re.sub(r"/\*.*?\*/|//[^\n]*", lambda m: "\n" * m[0].count("\n"), tree.text(path), flags=re.S)
        for number, line in enumerate(text.splitlines(), 1):
            if words.search(line):
                yield path, number, f"{words.search(line)[0]} belongs in barrier.h"
