#!/usr/bin/python3
"""plot draws what several runs of engine_bench wrote, and says where they differ."""

import json
import os
import subprocess
import sys
import tempfile
import unittest

PLOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "plot")


def run(*command):
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


class SeveralFiles(unittest.TestCase):
    """Figures of several runs in one set of charts."""

    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)

    def write(self, name, rows, **changed):
        machine = {"date": "2030-01-01T00:00:00Z", "processor": "P", "processors": 2, "memory_gib": 8, "load_at_start": 0}
        program = {"compiler": "g++", "flags": "", "linked": "statically", "allocator": "jemalloc-5"}
        options = {"key_bytes": 16, "value_bytes": 16, "pairs": 5, "seconds": 0.3}
        for part in (machine, program, options):
            part.update({k: v for k, v in changed.items() if k in part})
        path = os.path.join(self.folder.name, name)
        with open(path, "w", encoding="utf-8") as file:
            json.dump({"machine": machine, "program": program, "options": options, "rows": rows}, file)
        return path

    def row(self, workload, contestant, keys, value, *metrics):
        return {
            "workload": workload, "contestant": contestant, "kind": "engine", "keys": keys, "readers": 1,
            "distribution": "uniform", "variant": "", "note": "", "metrics": {m: {"median": value} for m in metrics},
        }  # fmt: skip

    def growth(self, contestant, keys, value):
        return self.row("growth", contestant, keys, value, "read_p999_growing_ns", "read_p999_quiet_ns")

    def chart(self, name):
        with open(os.path.join(self.folder.name, name + ".svg"), encoding="utf-8") as file:
            return file.read()

    def test_charts_take_rows_from_every_file_and_the_later_one_of_two(self):
        reads = self.row("read-hit", "flashmap", 1000, 5.0, "ns_per_read", "million_reads_per_s")
        first = self.write("a.json", [reads, self.growth("radix", 1000, 111.0), self.growth("tbb", 1000, 333.0)])
        later = self.write("b.json", [self.growth("radix", 9000, 222.0)], date="2030-01-02T00:00:00Z", seconds=7)
        result = run(sys.executable, PLOT, first, later)
        self.assertEqual((result.returncode, result.stderr), (0, ""))
        drawn = self.chart("reader-tail-during-growth")
        for text in ("222", "333", "tbb (1,000 keys)", "9,000 keys at most", "rounds of 0.3 s", "rounds of 7 s"):
            self.assertIn(text, drawn)
        self.assertNotIn("111", drawn)
        self.assertNotIn("rounds of 7 s", self.chart("reader-scaling"))

    def test_files_of_different_machines_or_programs_are_said_to_be(self):
        first = self.write("a.json", [self.growth("radix", 1000, 1.0)])
        other = self.write("b.json", [self.growth("tbb", 1000, 2.0)], processor="Q", allocator="mimalloc-2")
        result = run(sys.executable, PLOT, first, other)
        self.assertEqual(result.returncode, 0)
        self.assertEqual(result.stderr, f"plot: {first} and {other} differ in allocator, processor\n")
        for text in ("P, 2 processors", "Q, 2 processors"):
            self.assertIn(text, self.chart("reader-tail-during-growth"))


if __name__ == "__main__":
    unittest.main(verbosity=2)
