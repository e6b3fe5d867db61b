#!/usr/bin/python3
"""The installed package: another project finds it, builds the example with it, and the example works.

    package_test.py --bin build/release/bin [--sanitize address,undefined] [unittest's arguments]
"""

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
sys.path.insert(0, os.path.join(ROOT, "tests", "integration"))

from kvd_process import KvdProcess, clean_environment  # noqa: E402  (the path is set just above)

EXAMPLE = os.path.join(ROOT, "client", "examples", "tour.cc")
SECONDS = 600  # only so that a hang fails
FLAGS_OF_OURS = ("-Werror", "-Wall", "-Wextra", "-Wconversion", "-march=")


def run(*command):
    done = subprocess.run(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=SECONDS, env=clean_environment(), check=False
    )
    if done.returncode != 0:
        raise AssertionError(f"{' '.join(command)} ended with {done.returncode}:\n{done.stdout}")
    return done.stdout


class Package(unittest.TestCase):
    """Installs into a folder of its own, then configures and builds package/ against it."""

    @classmethod
    def setUpClass(cls):
        folder = cls.enterClassContext(tempfile.TemporaryDirectory())
        cls.prefix, cls.build = os.path.join(folder, "prefix"), os.path.join(folder, "build")
        run("cmake", "--install", os.path.dirname(ARGUMENTS.bin), "--prefix", cls.prefix, "--component", "flashkv_client")
        sanitize = f"-fsanitize={ARGUMENTS.sanitize}" if ARGUMENTS.sanitize else ""
        cls.configured = run(
            "cmake", "-G", "Ninja", "-S", os.path.join(HERE, "package"), "-B", cls.build, f"-DEXAMPLE={EXAMPLE}",
            f"-DCMAKE_PREFIX_PATH={cls.prefix}", f"-DCMAKE_CXX_FLAGS={sanitize}",
        )  # fmt: skip
        run("cmake", "--build", cls.build)

    def example(self, *arguments):
        command = [os.path.join(self.build, "example"), *arguments]
        return subprocess.run(command, capture_output=True, timeout=60, env=clean_environment(), check=False)

    def test_the_example_prints_what_the_same_from_this_tree_prints(self):
        with KvdProcess(ARGUMENTS.bin) as kvd:
            done = self.example(kvd.endpoint)
            self.assertEqual((done.returncode, done.stderr), (0, b""), done.stdout)
            in_tree = [os.path.join(ARGUMENTS.bin, "flashkv_tour"), kvd.endpoint]
            ours = subprocess.run(in_tree, capture_output=True, timeout=60, check=True).stdout
            differs = re.compile(rb"revision \d+|in \d+ ms")
            self.assertEqual(differs.sub(b"", done.stdout), differs.sub(b"", ours))
            self.assertIn(b"lock taken: true, again: false\n", ours)

    def test_the_example_without_a_server_reports_it(self):
        done = self.example("127.0.0.1:1")
        self.assertEqual((done.returncode, done.stdout), (1, b""))
        self.assertRegex(done.stderr, rb"^flashkv_tour: .*\n$")

    def test_users_get_c_plus_plus_20_and_none_of_our_warnings(self):
        with open(os.path.join(self.build, "compile_commands.json"), encoding="utf-8") as file:
            (command,) = (entry["command"] for entry in json.load(file))
        self.assertRegex(command, r"-std=(gnu|c)\+\+20")
        for flag in FLAGS_OF_OURS:
            self.assertNotIn(flag, command)

    def test_one_version(self):
        said = run(os.path.join(ARGUMENTS.bin, "kvctl"), "--version").split()[-1]
        self.assertIn(f"flashkv_VERSION={said}\n", self.configured)


def parse_arguments():
    parser = argparse.ArgumentParser(description="the installed package")
    parser.add_argument("--bin", required=True, type=os.path.abspath, help="folder of kvd and kvctl")
    parser.add_argument("--sanitize", default="", help="the sanitizers that the library was built with")
    known, rest = parser.parse_known_args()
    sys.argv[1:] = rest
    return known


if __name__ == "__main__":
    ARGUMENTS = parse_arguments()
    unittest.main(verbosity=2)
