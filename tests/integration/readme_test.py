#!/usr/bin/python3
"""The documents are correct for this checkout.

README.md's session runs as pasted and its Python program as copied; the pages on flags and commands list those that kvd
and kvctl have.
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

from kvd_process import KvdProcess, clean_environment
from readme_session import run_session

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BIN = os.path.join(ROOT, "build", "release", "bin")
ENDPOINT = "127.0.0.1:7400"
# Everything is already built here, but a first build takes minutes. This delay is long enough for a session that does
# not wait to reach its first kvctl without a server.
BUILD_SECONDS = 10


def document(path):
    with open(os.path.join(ROOT, path), encoding="utf-8") as file:
        return file.read()


def run_in(folder, *command):
    result = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=60, check=False, env=clean_environment())
    if result.returncode != 0:
        raise AssertionError(f"{command}: exit code {result.returncode}: {result.stderr}")
    return result.stdout


class Readme(unittest.TestCase):
    def test_the_session_holds_word_for_word_and_waits_for_the_build(self):
        with tempfile.TemporaryDirectory() as folder:
            slow = os.path.join(folder, "ninja")
            with open(slow, "w", encoding="utf-8") as script:
                script.write(f'#!/bin/sh\nsleep {BUILD_SECONDS}\nexec {shutil.which("ninja")} "$@"\n')
            os.chmod(slow, 0o755)
            problem = run_session(document("README.md"), ROOT, first_on_path=folder)
        if problem:
            self.fail(problem)

    def test_the_python_program_prints_what_its_comments_say(self):
        blocks = re.search(r"<!-- python -->\n```sh\n(.*?)```\n```python\n(.*?)```\n", document("README.md"), re.S)
        self.assertIsNotNone(blocks, "no program after the mark")
        make_stubs, program = blocks.groups()
        self.assertEqual(program.count(ENDPOINT), 1)
        remarks = [line.rpartition("  # ")[2] for line in program.splitlines() if line.startswith("print(")]
        with tempfile.TemporaryDirectory() as folder, KvdProcess(BIN) as kvd:
            os.symlink(os.path.join(ROOT, "proto"), os.path.join(folder, "proto"))
            run_in(folder, "/bin/sh", "-c", make_stubs)
            printed = run_in(folder, sys.executable, "-c", program.replace(ENDPOINT, kvd.endpoint))
        self.assertEqual(printed.splitlines(), remarks)


class Pages(unittest.TestCase):
    maxDiff = None

    def test_every_flag_is_listed_with_its_default(self):
        page, _, reserved = document("server/config/flags.md").partition("## Reserved")
        listed = dict(re.findall(r"^\| `--([a-z-]+)` \| ([^|]+) \|", page, re.M))
        known = dict(re.findall(r'^([a-z-]+) = "(.*?)"  # default$', run_in(ROOT, os.path.join(BIN, "kvd"), "--print-config"), re.M))
        later = set(re.findall(r"`--([a-z-]+)`", reserved))
        self.assertEqual({name: value or "none" for name, value in known.items() if name not in later}, listed)
        self.assertEqual(later - set(known), set())

    def test_every_command_is_listed(self):
        table = document("client/kvctl/kvctl.md").partition("\n## ")[0]
        listed = re.findall(r"^\| `([a-z-]+)[ `]", table, re.M)
        known = run_in(ROOT, os.path.join(BIN, "kvctl"), "--help").partition("\nOptions:\n")[0]
        self.assertEqual(sorted(re.findall(r"^  ([a-z-]+) ", known, re.M)), sorted(set(listed)))


if __name__ == "__main__":
    unittest.main(verbosity=2)
