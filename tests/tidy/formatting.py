"""C++ formatting: what clang-format 14 makes of .clang-format."""

import os
import re
import shutil
import subprocess

from source import Finding

VERSION = "14"


def find_clang_format():
    """The path of clang-format in the one version that the formatting is defined by, or None."""
    for name in (f"clang-format-{VERSION}", "clang-format"):
        path = shutil.which(name)
        if path:
            said = subprocess.run([path, "--version"], capture_output=True, text=True, check=False).stdout
            if re.search(rf"version {VERSION}\.", said):
                return path
    return None


def check_format(tree):
    """Every C++ file is formatted."""
    program = find_clang_format()
    if program is None:
        yield Finding(".clang-format", 1, f"clang-format {VERSION} is missing: deploy/install test")
        return
    files = tree.with_suffix(".h", ".cc")
    if not files:
        return
    command = [program, "--dry-run", "--style=file", *files]
    said = subprocess.run(command, cwd=tree.root, capture_output=True, text=True, check=False)
    first = {}
    for match in re.finditer(r"(?m)^(.+?):(\d+):\d+: (?:warning|error): (.*)$", said.stderr):
        first.setdefault(os.path.normpath(match.group(1)), (int(match.group(2)), match.group(3)))
    for path, (line, _) in first.items():
        yield Finding(path, line, f"not formatted: {os.path.basename(program)} -i {path}")
    if said.returncode != 0 and not first:
        yield Finding(".clang-format", 1, said.stderr.strip().splitlines()[-1])
