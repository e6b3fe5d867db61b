"""The tree that is checked, its files, and what is code in a C++ source and what is not."""

import fnmatch
import os
import re
from dataclasses import dataclass

# Files that people write, by suffix; a file without a suffix counts when it starts with "#!".
TEXT_SUFFIXES = {".h", ".cc", ".py", ".sh", ".md", ".txt", ".cmake", ".proto", ".json", ".yml", ".yaml", ".service"}


@dataclass(frozen=True)
class Finding:
    """One thing that is wrong, at one place."""

    path: str
    line: int
    text: str

    def __str__(self):
        return f"{self.path}:{self.line}: {self.text}"


class Tree:
    """A checkout: relative paths of its files, without what .gitignore leaves out."""

    def __init__(self, root):
        self.root = root
        self._ignored = self._read_ignored()
        self._texts = {}
        self.files = sorted(self._walk(""))

    def _read_ignored(self):
        try:
            with open(os.path.join(self.root, ".gitignore"), encoding="utf-8") as lines:
                patterns = [line.strip() for line in lines]
        except FileNotFoundError:
            patterns = []
        return [".git"] + [p.strip("/") for p in patterns if p and not p.startswith("#")]

    def _walk(self, folder):
        for entry in self.entries(folder):
            path = os.path.join(folder, entry)
            if os.path.isdir(os.path.join(self.root, path)):
                yield from self._walk(path)
            else:
                yield path

    def entries(self, folder=""):
        """The names in a folder that are not ignored."""
        names = os.listdir(os.path.join(self.root, folder))
        return [n for n in names if not any(fnmatch.fnmatch(n, p) for p in self._ignored)]

    def text(self, path):
        if path not in self._texts:
            with open(os.path.join(self.root, path), encoding="utf-8", errors="replace", newline="") as file:
                self._texts[path] = file.read()
        return self._texts[path]

    def lines(self, path):
        return self.text(path).split("\n")

    def written(self):
        """The text files that people write: sources, scripts, build files, documents."""
        for path in self.files:
            suffix = os.path.splitext(path)[1]
            if suffix in TEXT_SUFFIXES or (not suffix and self.text(path).startswith("#!")):
                yield path

    def with_suffix(self, *suffixes):
        return [path for path in self.files if path.endswith(suffixes)]


_NOT_CODE = re.compile(
    r"""//[^\n]*|/\*.*?\*/|R"(?P<tag>[^\s()\\]*)\(.*?\)(?P=tag)"|"(?:\\.|[^"\\\n])*"|(?<![0-9A-Fa-f])'(?:\\.|[^'\\\n])+'""",
    re.DOTALL,
)


def blank_comments_and_strings(text):
    """C++ text with comments and literals replaced by spaces; lines stay where they are."""

    def blank(match):
        return re.sub(r"[^\n]", " ", match.group(0))

    return _NOT_CODE.sub(blank, text)


def blank_preprocessor(text):
    """C++ text with preprocessor lines, also continued ones, replaced by spaces."""
    return re.sub(r"(?m)^[ \t]*#(?:\\\n|[^\n])*", lambda m: re.sub(r"[^\n]", " ", m.group(0)), text)
