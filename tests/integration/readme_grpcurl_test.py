#!/usr/bin/python3
"""README's grpcurl commands print what stands below them.

    readme_grpcurl_test.py --bin build/release/bin --grpcurl build/tools/grpcurl

A command that ends with `&` and a comment goes on beside those after it; its output is compared once they are done.
"""

import os
import re
import subprocess
import sys
import tempfile
import time
import unittest

from kvd_process import KvdProcess, clean_environment
from readme_session import matches, steps_of

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
ENDPOINT = "127.0.0.1:7400"
SECONDS = 20  # only so that a hang fails
BESIDE = re.compile(r"(.*?) &(?:  #.*)?", re.S)


def commands():
    with open(os.path.join(ROOT, "README.md"), encoding="utf-8") as file:
        block = re.search(r"<!-- grpcurl -->\n```sh\n(.*?)^```", file.read(), re.M | re.S)
    return steps_of(block[1])


class Grpcurl(unittest.TestCase):
    def setUp(self):
        self.kvd = self.enterContext(KvdProcess(BIN))
        path = os.pathsep.join((os.path.dirname(GRPCURL), clean_environment()["PATH"]))
        self.environment = {**clean_environment(), "PATH": path}

    def bash(self, command):
        """The arguments that run a command of the page on this test's server."""
        self.assertIn(ENDPOINT, command)
        return ["/bin/bash", "-o", "pipefail", "-c", command.replace(ENDPOINT, self.kvd.endpoint)]

    def run_beside(self, command):
        """Starts a watch and returns its growing output, a file, once it has said that it watches."""
        output = self.enterContext(tempfile.NamedTemporaryFile())
        process = subprocess.Popen(self.bash("exec " + command), stdout=output, env=self.environment)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        self.wait_until(output, lambda lines: any('"created": true' in line for line in lines))
        return output

    def wait_until(self, output, holds):
        end = time.monotonic() + SECONDS
        while not holds(lines := self.lines_of(output)):
            self.assertLess(time.monotonic(), end, "printed: " + "\n".join(lines))
            time.sleep(0.05)

    @staticmethod
    def lines_of(output):
        with open(output.name, encoding="utf-8") as file:
            return file.read().splitlines()

    def test_its_commands_print_what_stands_below_them(self):
        beside = []
        for step in commands():
            if watched := BESIDE.fullmatch(step.command):
                beside.append((step.expected, self.run_beside(watched[1])))
                continue
            done = subprocess.run(
                self.bash(step.command), capture_output=True, text=True, env=self.environment, timeout=SECONDS, check=False
            )
            self.assertEqual(done.returncode, 0, done.stderr)
            self.assertTrue(matches(step.expected, done.stdout.splitlines()), f"{step}\nprinted: {done.stdout}")
        self.assertGreater(len(beside), 0)
        for expected, output in beside:
            self.wait_until(output, lambda lines, expected=expected: matches(expected, lines))

    def test_it_shows_reads_writes_and_a_watch(self):
        called = {method for step in commands() for method in re.findall(r"flashkv\.v1\.KV/(\w+)", step.command)}
        self.assertEqual(called, {"Get", "Put", "Watch"})


if __name__ == "__main__":
    if len(sys.argv) < 5 or (sys.argv[1], sys.argv[3]) != ("--bin", "--grpcurl"):
        sys.exit("usage: readme_grpcurl_test.py --bin FOLDER_OF_KVD --grpcurl FILE [unittest's arguments]")
    BIN, GRPCURL = os.path.abspath(sys.argv[2]), os.path.abspath(sys.argv[4])
    del sys.argv[1:5]
    unittest.main(verbosity=2)
