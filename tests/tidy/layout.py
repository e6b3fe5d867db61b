"""Where files are, and the form that all of them have."""

import os
import re
import subprocess

from source import Finding

ROOT_ENTRIES = {
    "CMakeLists.txt", "CMakePresets.json", "README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "LICENSE", "docker-compose.yml",
    ".gitignore", ".dockerignore", ".clang-format", ".ci",
    "server", "proto", "client", "storage", "deploy", "tests",
}  # fmt: skip


def check_root(tree):
    """The root holds a fixed set of entries."""
    for entry in sorted(tree.entries()):
        if entry not in ROOT_ENTRIES:
            yield Finding(entry, 1, "not one of the root's entries")


def check_headers(tree):
    """A header starts with a comment that says what it is for, and is included once."""
    for path in tree.with_suffix(".h"):
        lines = tree.lines(path)
        if not lines[0].startswith("//"):
            yield Finding(path, 1, "starts without a comment that says what it is for")
        if lines.count("#pragma once") != 1:
            yield Finding(path, 1, "needs one #pragma once")


def check_executables(tree):
    """A file is executable if and only if it starts with "#!"."""
    for path in tree.files:
        executable = os.access(os.path.join(tree.root, path), os.X_OK)
        script = tree.text(path).startswith("#!")
        if script and not executable:
            yield Finding(path, 1, "starts with #! but is not executable")
        if executable and not script:
            yield Finding(path, 1, "is executable but does not start with #!")


def check_whitespace(tree):
    """No tabs, no blanks at line ends, one newline at the end of a file."""
    for path in tree.written():
        text = tree.text(path)
        for number, line in enumerate(text.split("\n"), 1):
            if "\t" in line:
                yield Finding(path, number, "a tab")
            if re.search(r"[ \t\r]$", line):
                yield Finding(path, number, "blanks at the end of the line")
        if text and (not text.endswith("\n") or text.endswith("\n\n")):
            yield Finding(path, text.count("\n"), "must end with one newline")


def check_shell_syntax(tree):
    """Every shell script parses."""
    for path in tree.files:
        if re.match(r"#!\s*/(?:usr/)?bin/(?:env )?(?:ba)?sh\b", tree.text(path)):
            full = os.path.join(tree.root, path)
            result = subprocess.run(["bash", "-n", full], capture_output=True, text=True, check=False)
            if result.returncode != 0:
                yield Finding(path, 1, result.stderr.strip().splitlines()[-1])


def check_invariants_are_cited(tree):
    """The code beside a document that numbers invariants cites each of them."""
    for path in tree.with_suffix(".md"):
        folder = os.path.dirname(path) + "/"
        code = "\n".join(tree.text(p) for p in tree.with_suffix(".h", ".cc") if p.startswith(folder))
        for number, line in enumerate(tree.lines(path), 1):
            named = re.match(r"- \*\*(I\d+)\*\*", line)
            if named and not re.search(rf"\([^()\n]*\b{named.group(1)}\b[^()\n]*\)", code):
                yield Finding(path, number, f"no code cites {named.group(1)}")


def _prose(tree, path):
    """(number, line) of a document, without its blocks of code and without code within a line."""
    in_code = False
    for number, line in enumerate(tree.lines(path), 1):
        if line.lstrip().startswith("```"):
            in_code = not in_code
        elif not in_code:
            yield number, re.sub(r"`[^`]*`", "``", line)


def _anchors(tree, path):
    """What a link to a part of the document may name: its headings, lower case, with dashes for blanks."""
    for _, line in _prose(tree, path):
        if heading := re.match(r"#+ (.*)", line):
            yield re.sub(r"[^\w -]", "", heading[1].lower()).replace(" ", "-")


def check_links(tree):
    """A document's links within the tree lead somewhere."""
    for path in tree.with_suffix(".md"):
        for number, line in _prose(tree, path):
            for target in re.findall(r"\]\(([^()\s]+)\)", line):
                if re.match(r"[a-z][a-z+.-]*:", target):
                    continue  # another place than this tree
                name, _, anchor = target.partition("#")
                full = os.path.normpath(os.path.join(os.path.dirname(path), name)) if name else path
                if full not in tree.files and not any(p.startswith(full + "/") for p in tree.files):
                    yield Finding(path, number, f"links to {target}, which is not there")
                elif anchor and anchor not in _anchors(tree, full):
                    yield Finding(path, number, f"links to {target}, but no heading is called so")
