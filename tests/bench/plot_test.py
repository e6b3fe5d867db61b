#!/usr/bin/python3
"""plot draws what several runs of engine_bench wrote, so that it can be read, and says where they differ."""

import json
import os
import re
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

    def names_in(self, drawn):
        """The names of a chart's rows, from top to bottom."""
        return re.findall(r"text-anchor='end'[^>]*>([a-z][^<]*)</text>", drawn)

    def test_only_a_linear_axis_from_zero_has_bars(self):
        rows = [self.growth("radix", 1000, 200.0), self.row("memory", "radix", 1000, 200.0, "resident_bytes_per_key")]
        rows += [self.row("rmw-cost", "pair", 1000, 40.0, "ns_per_lookup")]
        self.assertEqual(run(sys.executable, PLOT, self.write("a.json", rows)).returncode, 0)
        for name in ("reader-tail-during-growth", "memory-per-key"):
            drawn = self.chart(name)
            self.assertEqual((drawn.count("<rect"), "<circle" in drawn), (1, True), name)  # the background alone
        drawn = self.chart("read-modify-write-cost")
        self.assertIn(">0</text>", drawn)
        left, width = re.search(r"<rect x='([\d.]+)' y='[\d.]+' width='([\d.]+)' height='14'", drawn).groups()
        (full,) = re.findall(r"x='([\d.]+)'[^>]*text-anchor='middle'[^>]*>40</text>", drawn)
        self.assertAlmostEqual(float(left) + float(width), float(full), delta=0.2)  # 40 ends where the axis says 40

    def test_the_best_comes_first_and_fewer_keys_and_no_table_last(self):
        clock = {**self.growth("machine", 0, 10.0), "kind": "loop"}
        rows = [clock, self.growth("small", 100, 20.0), self.growth("slow", 1000, 900.0), self.growth("fast", 1000, 300.0)]
        reads = ("ns_per_read", "million_reads_per_s")
        rows += [self.row("read-hit", "slow", 1000, 1.0, *reads), self.row("read-hit", "fast", 1000, 3.0, *reads)]
        self.assertEqual(run(sys.executable, PLOT, self.write("a.json", rows)).returncode, 0)
        growth = self.names_in(self.chart("reader-tail-during-growth"))
        self.assertEqual(growth, ["fast", "slow", "small (100 keys)", "no table: the clock alone"])
        self.assertEqual(self.names_in(self.chart("reader-scaling")), ["fast", "slow"])
        self.assertEqual(self.names_in(self.chart("read-cost-against-writes")), ["slow", "fast"])  # by its ns

    def test_the_default_engine_alone_is_in_colour(self):
        rows = [self.growth("flashmap", 1000, 300.0), self.growth("radix", 1000, 200.0)]
        self.assertEqual(run(sys.executable, PLOT, self.write("a.json", rows)).returncode, 0)
        drawn = self.chart("reader-tail-during-growth")
        self.assertRegex(drawn, r"font-weight='bold'[^>]*>flashmap<")
        self.assertNotRegex(drawn, r"font-weight='bold'[^>]*>radix<")
        self.assertEqual(re.findall(r"<text[^>]*fill='#0063a6'[^>]*>([^<]*)<", drawn), ["300"])

    def test_labels_stay_inside(self):
        rows = [self.growth("perfect-hash-deletion-lock", 100_000, 1.0), self.growth("radix", 1_000_000, 2e6)]
        self.assertEqual(run(sys.executable, PLOT, self.write("a.json", rows)).returncode, 0)
        for x, size, anchor, text in re.findall(
            r"<text x='([\d.]+)' y='[\d.]+' font-size='(\d+)' text-anchor='(\w+)'[^>]*>([^<]*)<",
            self.chart("reader-tail-during-growth"),
        ):
            width = 0.48 * int(size) * len(text)  # Helvetica's letters, on the whole
            first = float(x) - {"start": 0, "middle": width / 2, "end": width}[anchor]
            self.assertGreaterEqual(int(size), 13, text)
            self.assertTrue(0 <= first and first + width <= 900, f"{text!r} from {first:.0f} to {first + width:.0f}")

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
