#!/usr/bin/python3
"""The examples print what the comments at their heads say, built and started as client/examples/README.md says.

    examples_test.py --bin build/release/bin [Cpp Python Go]

Each tour runs twice against one kvd: it deletes what it wrote, so the second prints the same.
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
sys.path.insert(0, os.path.join(ROOT, "tests", "integration"))

from kvd_process import KvdProcess, clean_environment  # noqa: E402  (the path is set just above)
from readme_session import matches  # noqa: E402

EXAMPLES = os.path.join("client", "examples")
SECONDS = 100  # only so that a hang fails
BUILD_SECONDS = 600  # Go compiles gRPC once
NOBODY = "127.0.0.1:1"


def text_of(*path):
    with open(os.path.join(ROOT, EXAMPLES, *path), encoding="utf-8") as file:
        return file.read()


def promised(source):
    """The lines after `Prints:` in the comment at a file's head."""
    lines = re.search(r"^(?://)?\s*Prints:\n(?://\n)?((?:(?://\t|//   ?|  )\S.*\n)+)", source, re.M)
    if lines is None:
        raise ValueError("no `Prints:` in the comment")
    return [re.sub(r"^(?://)?\s+", "", line) for line in lines[1].splitlines()]


def commands(language):
    """(what prepares the program, what starts it) of README's block for a language."""
    block = re.search(rf"<!-- {re.escape(language)} -->\n```sh\n(.*?)\n?```", text_of("README.md"), re.S)
    if block is None:
        raise ValueError(f"no block for {language}")
    prepare, _, start = block[1].rpartition("\n")
    return prepare, start


class Example:
    """What every language's test does. The program runs in `folder`, a root with what the commands need."""

    language = source = name = None

    def setUp(self):
        self.folder = self.enterContext(tempfile.TemporaryDirectory())
        os.symlink(os.path.join(ROOT, "proto"), os.path.join(self.folder, "proto"))
        shutil.copytree(os.path.join(ROOT, EXAMPLES), os.path.join(self.folder, EXAMPLES))
        prepare, self.start = commands(self.language)
        self.prepare(prepare)

    def prepare(self, command):
        done = self.run_line(command, BUILD_SECONDS)
        self.assertEqual(done.returncode, 0, done.stderr)

    def run_line(self, command, seconds=SECONDS):
        environment = {**clean_environment(), "GOPROXY": "off"}
        return subprocess.run(
            ["/bin/bash", "-ec", command], cwd=self.folder, capture_output=True, text=True, timeout=seconds,
            env=environment, check=False,
        )  # fmt: skip

    def test_it_prints_what_its_comment_says_twice(self):
        expected = promised(text_of(*self.source))
        with KvdProcess(BIN) as kvd:
            for _ in range(2):
                done = self.run_line(f"{self.start} {kvd.endpoint}")
                self.assertEqual((done.returncode, done.stderr), (0, ""), done.stdout)
                printed = done.stdout.splitlines()
                self.assertTrue(matches(expected, printed), f"\n promised: {expected}\n  printed: {printed}")

    def test_without_a_server_it_ends_with_an_error(self):
        done = self.run_line(f"{self.start} {NOBODY}")
        self.assertEqual((done.returncode, done.stdout), (1, ""))
        self.assertRegex(done.stderr, self.name)

    def test_its_comment_promises_something(self):
        self.assertGreater(len(promised(text_of(*self.source))), 5)


class Cpp(Example, unittest.TestCase):
    language, source, name = "c++", ("tour.cc",), r"^flashkv_tour: .*\n$"

    def prepare(self, command):
        """It is already built."""
        self.assertEqual(command, "ninja -C build/release flashkv_tour")
        os.makedirs(os.path.join(self.folder, "build", "release"))
        os.symlink(BIN, os.path.join(self.folder, "build", "release", "bin"))


class Python(Example, unittest.TestCase):
    language, source, name = "python", ("tour.py",), r"^tour\.py: UNAVAILABLE: .*\n$"


class Go(Example, unittest.TestCase):
    language, source, name = "go", ("go", "main.go"), r"Unavailable"


if __name__ == "__main__":
    if len(sys.argv) < 3 or sys.argv[1] != "--bin":
        sys.exit("usage: examples_test.py --bin FOLDER_OF_KVD_AND_KVCTL [Cpp Python Go]")
    BIN = os.path.abspath(sys.argv[2])
    del sys.argv[1:3]
    unittest.main(verbosity=2)
