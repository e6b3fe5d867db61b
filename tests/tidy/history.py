"""How commits are written, where there are any: the tree may be an export."""

import os
import subprocess

from source import Finding

MAX_SUBJECT_COLUMNS = 72
NEWEST = 50  # older ones stay as they are


def log(root):
    """(abbreviated hash, subject) of the newest commits; none where git is absent or knows none."""
    if not os.path.exists(os.path.join(root, ".git")):
        return []
    command = ["git", "-c", "safe.directory=*", "-C", root, "log", "--no-merges", f"--max-count={NEWEST}", "--format=%h %s"]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    try:
        done = subprocess.run(command, capture_output=True, text=True, errors="replace", env=environment, check=False)
    except FileNotFoundError:
        return []
    return [tuple(line.split(" ", 1)) for line in done.stdout.splitlines()]


def check_subjects(tree):
    """A commit's subject fits a line of a log: MAX_SUBJECT_COLUMNS."""
    for commit, subject in log(tree.root):
        if len(subject) > MAX_SUBJECT_COLUMNS:
            yield Finding(f"commit {commit}", 1, f"a subject of {len(subject)} columns; at most {MAX_SUBJECT_COLUMNS}")
