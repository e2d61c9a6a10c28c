# SPDX-License-Identifier: BSD-2-Clause
"""The frame of the rules: the tree that they look at, and the list that they enter themselves in.

A rule is a function of a Tree that yields (path, line or 0, message); its docstring is its description. Samples are
dictionaries of path to content; the path COMMIT plants a commit message.
"""
import collections
import contextlib
import pathlib
import shutil
import subprocess

COMMIT = "commit message"
Rule = collections.namedtuple("Rule", "name check bad good")
RULES = []


class Skip(Exception):
    """A rule cannot run on this machine; says why."""


def rule(name, bad, good):
    """Enters the function under this name with samples that it must reject and accept."""
    def enter(check):
        RULES.append(Rule(name, check, bad, good))
        return check
    return enter


class Tree:
    """The files that are in git, or would be with the next commit, and the commit messages."""

    def __init__(self, root, paths, messages):
        self.root, self.paths, self.messages = pathlib.Path(root), sorted(paths), messages
        self.texts = {}

    @classmethod
    def of_git(cls, root):
        def git(*words):
            run = subprocess.run(["git", "-C", root, "-c", f"safe.directory={root}", *words], capture_output=True,
                                 text=True, check=True, errors="replace")
            return run.stdout.split("\0")
        paths = git("ls-files", "-z", "--cached", "--others", "--exclude-standard")
        log = git("log", "-z", "--format=%h %B")
        return cls(root, {p for p in paths if p and (root / p).is_file()}, [m for m in log if m])

    def copy(self, directory):
        for path in self.paths:
            target = pathlib.Path(directory) / path
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(self.root / path, target)
        return Tree(directory, self.paths, self.messages)

    @contextlib.contextmanager
    def planted(self, sample):
        """A tree with these files too; afterwards the copy is as before."""
        kept = {p: self.text(p) for p in sample if p in self.paths}
        files = {p: text for p, text in sample.items() if p != COMMIT}
        for path, text in files.items():
            (self.root / path).parent.mkdir(parents=True, exist_ok=True)
            (self.root / path).write_text(text)
        try:
            yield Tree(self.root, {*self.paths, *files}, self.messages + [sample[p] for p in sample if p == COMMIT])
        finally:
            for path in files:
                (self.root / path).unlink()
            for path, text in kept.items():
                (self.root / path).write_text(text)

    def text(self, path):
        if path not in self.texts:
            self.texts[path] = (self.root / path).read_text(errors="replace")
        return self.texts[path]

    def lines(self, path):
        return enumerate(self.text(path).splitlines(), 1)

    def select(self, *suffixes, under=""):
        return [p for p in self.paths if p.startswith(under) and p.endswith(suffixes)]
