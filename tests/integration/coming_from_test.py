#!/usr/bin/python3
"""The lines of client/coming-from.md print what stands below them.

A block marked `console` is run from its first line to its last against a kvd of its own: `$ ` begins a command, `> ` continues it,
and the lines up to the next one are its output, in which `...` stands for any text. `(exit code N)` ends those of a command
that does not end with 0.
"""

import os
import re
import subprocess
import tempfile
import unittest

from kvd_case import BIN, clean_environment, main
from kvd_process import KvdProcess
from readme_session import matches

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
SECONDS = 60  # only so that a hang fails
LEAST = {"Redis": 25, "memcached": 12, "etcd": 20}  # commands of each part


def parts():
    """{title: [(command, expected lines), ...]} of the page."""
    with open(os.path.join(ROOT, "client", "coming-from.md"), encoding="utf-8") as file:
        blocks = re.findall(r"^## ([^\n]*)\n```console\n(.*?)^```", file.read(), re.M | re.S)
    return {title: steps(block) for title, block in blocks}


def steps(block):
    found = []
    for line in block.splitlines():
        if line.startswith("$ "):
            found.append((line[2:], []))
        elif line.startswith("> ") and not found[-1][1]:
            found[-1] = (f"{found[-1][0]}\n{line[2:]}", [])
        else:
            found[-1][1].append(line)
    return found


class ComingFrom(unittest.TestCase):
    def run_part(self, title):
        with KvdProcess(BIN) as kvd, tempfile.TemporaryDirectory() as folder:
            environment = {**clean_environment(), "KVCTL_ENDPOINT": kvd.endpoint}
            environment["PATH"] = f"{BIN}:{environment['PATH']}"
            for command, expected in parts()[title]:
                done = subprocess.run(
                    ["/bin/bash", "-o", "pipefail", "-c", command], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                    stderr=subprocess.STDOUT, text=True, cwd=folder, env=environment, timeout=SECONDS, check=False,
                )  # fmt: skip
                printed = done.stdout.splitlines() + ([f"(exit code {done.returncode})"] if done.returncode else [])
                with self.subTest(command):
                    self.assertTrue(matches(expected, printed), f"\nexpected: {expected}\n printed: {printed}")

    def test_redis(self):
        self.run_part("Redis")

    def test_memcached(self):
        self.run_part("memcached")

    def test_etcd(self):
        self.run_part("etcd")

    def test_each_part_is_run_and_its_lines_name_what_they_stand_for(self):
        for title, found in parts().items():
            self.assertGreaterEqual(len(found), LEAST[title], title)
            for command, _ in found:
                self.assertRegex(command, r"\A[^#]*\bkvctl\b[^#]*  # \S", title)
        self.assertEqual(set(parts()), set(LEAST))


if __name__ == "__main__":
    main()
