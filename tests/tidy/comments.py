"""What a formatter or a careless edit does to comments and concepts: torn lines, lines that are too long."""

import re

from source import Finding

HEADINGS = "Purpose|Usage|Example|Threads|Lifetime|Cost|Limits|Errors|Source"
_HEADING = re.compile(rf"(?:{HEADINGS})(?:, (?:{HEADINGS}))*:")
_HEADING_INSIDE = re.compile(rf"\S +(?:{HEADINGS}):(?: |$)")
_COMMENT = re.compile(r"\s*//( *)(.*)$")
_LONE_WORD = re.compile(r"[A-Za-z-]+,?")
_REQUIREMENT = re.compile(r"\s*noexcept\s*(?:->|;)")


def _comments(tree):
    """(path, number, indent, text, lines before and after) of each line that is nothing but a comment."""
    for path in tree.with_suffix(".h", ".cc"):
        lines = [_COMMENT.match(line) for line in tree.lines(path)]
        for i, line in enumerate(lines):
            if line:
                yield path, i + 1, len(line.group(1)), line.group(2), lines[i - 1] if i else None, lines[i + 1 : i + 2]


def check_headings(tree):
    """A heading of a comment starts a line."""
    for path, number, _, text, _, _ in _comments(tree):
        if _HEADING_INSIDE.search(text) and not _HEADING.match(text):
            yield Finding(path, number, "a heading in the middle of a line")


def check_torn_comments(tree):
    """No line of a comment is a piece that was torn off the line before."""
    heading = None  # the indent of the heading that this line is under
    for path, number, indent, text, before, after in _comments(tree):
        if before is None or not before.group(2):
            heading = None
        if _HEADING.match(text):
            heading = indent
        elif heading is not None and indent <= heading and text[:1].islower():
            yield Finding(path, number, f"{text!r} goes on below a heading, without its indent")
        elif before is not None and before.group(2) and _LONE_WORD.fullmatch(text) and after[0] and after[0].group(2):
            yield Finding(path, number, f"{text!r} alone on a line, inside a paragraph")


def check_requirements(tree):
    """A concept's requirement stands on one line, its noexcept included."""
    for path in tree.with_suffix(".h", ".cc"):
        for number, line in enumerate(tree.lines(path), 1):
            if _REQUIREMENT.match(line):
                yield Finding(path, number, "a requirement without its noexcept: see storage/table/engine.h")


def check_columns(tree):
    """No line of C++ is longer than the formatter makes them, in comments too."""
    limit = None
    if ".clang-format" in tree.files:
        limit = re.search(r"(?m)^ColumnLimit: (\d+)", tree.text(".clang-format"))
    for path in tree.with_suffix(".h", ".cc") if limit else ():
        for number, line in enumerate(tree.lines(path), 1):
            if len(line) > int(limit.group(1)):
                yield Finding(path, number, f"{len(line)} columns; at most {limit.group(1)}")
