"""Words that do not belong into the tree: unfinished business, empty names."""

import re

from source import Finding, blank_comments_and_strings

# The rules have to name what they forbid; in two parts where a search for it should find nothing here.
EXEMPT = {"tests/tidy/words.py", "tests/tidy/skips.py", "tests/tidy/test_tidy.py", "LICENSE"}

MARKS = ("TO" "DO", "FIX" "ME", "X" * 3, "HA" "CK")
UNFINISHED = re.compile(rf"\b({'|'.join(MARKS)})\b")

# Names that say nothing: a better noun exists.
EMPTY_NAME = re.compile(r"\b(\w*(?:Manager|Helper|Helpers|Utils|Util|Impl))\b|\bnamespace\s+(utils?|common|helpers?|misc)\b")
EMPTY_PATH = re.compile(r"(?:^|[/_.-])(utils?|common|helpers?|misc|manager|impl)(?=[/_.-]|$)", re.I)
FOREIGN_NAME = re.compile(r"\b(?:grpc|google|absl|std|boost|prometheus|spdlog)::[\w:]*$")

# Text is about the program, not about how and where it was written.
OFF_TOPIC = re.compile(
    r"\bissues?\s+#?\d|\b(?:sub|coding |AI )agents?\b|\bLLM\b|\bthe brief\b|\bin this session\b|\bshared/\w+\.md\b"
    r"|(?<![\w.])/(?:(?:work|root|home)/\w|tmp/bash)",
    re.I,
)
NATIVE = re.compile(r"-m(?:arch|tune)=native")
GIT_CALL = re.compile(r"(?:^|[\s(;|&])git\s+(?:-C|rev-|describe|clone|log|status|submodule|ls-files)|find_package\(Git\b")


def search(tree, paths, pattern, message, code_only=False):
    """A finding for each place where these files match, but for names that others chose."""
    for path in paths:
        if path in EXEMPT:
            continue
        text = tree.text(path)
        if code_only and path.endswith((".h", ".cc")):
            text = blank_comments_and_strings(text)
        for number, line in enumerate(text.split("\n"), 1):
            for match in pattern.finditer(line):
                if not FOREIGN_NAME.search(line[: match.start()]):
                    yield Finding(path, number, f"{match.group(0).strip()!r}: {message}")


def check_unfinished(tree):
    """Nothing is left to be done later."""
    yield from search(tree, tree.written(), UNFINISHED, "unfinished work is not committed")


def check_empty_names(tree):
    """No file, type or namespace has a name that says nothing."""
    yield from search(tree, tree.with_suffix(".h", ".cc", ".py"), EMPTY_NAME, "name it after what it is", code_only=True)
    for path in tree.files:
        match = EMPTY_PATH.search(path)
        if match and path not in EXEMPT:
            yield Finding(path, 1, f"{match.group(1)!r} in a path: name it after what it holds")


def check_topic(tree):
    """The text speaks of the program only, and of no machine's own paths."""
    yield from search(tree, tree.written(), OFF_TOPIC, "does not belong into the tree")


def check_portable_build(tree):
    """The programs run on any machine of their kind."""
    paths = [path for path in tree.written() if not path.endswith(".md")]
    yield from search(tree, paths, NATIVE, "the programs must run on other machines too")


def check_no_git_in_build(tree):
    """Building needs no git: the clone may belong to another user, or be no clone."""
    paths = [p for p in tree.written() if p.endswith(("CMakeLists.txt", ".cmake")) or p.startswith("deploy/")]
    yield from search(tree, paths, GIT_CALL, "the build must not call git")
