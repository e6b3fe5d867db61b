#!/usr/bin/python3
"""engine_bench runs every workload to its end, says what it does not know, and what it wrote can be drawn.

    engine_bench_test.py --bin build/release/bin [unittest's arguments]
"""

import glob
import json
import math
import os
import re
import subprocess
import sys
import tempfile
import unittest
import xml.etree.ElementTree

HERE = os.path.dirname(os.path.abspath(__file__))
PLOT = os.path.join(os.path.dirname(HERE), "plot")
ENGINES = os.path.join(HERE, "..", "..", "..", "storage", "engine")


def take_bin():
    if len(sys.argv) < 3 or sys.argv[1] != "--bin":
        sys.exit("usage: engine_bench_test.py --bin FOLDER [unittest's arguments]")
    folder = os.path.abspath(sys.argv[2])
    del sys.argv[1:3]
    return folder


PROGRAM = os.path.join(take_bin(), "engine_bench")
BASELINES = {"shared_mutex", "rculfhash", "libcuckoo", "tbb"}
WORKLOADS = {
    "read-hit", "read-miss", "2500:1", "50:1", "write-1", "write-64", "write-1024", "churn", "growth", "memory",
    "radix-widths", "key-sets", "critnib-remedies", "rmw-cost",
}  # fmt: skip
CHARTS = {
    "read-cost-against-writes", "memory-per-key", "reader-tail-during-growth", "read-modify-write-cost",
    "reader-scaling",
}  # fmt: skip


def run(*command):
    return subprocess.run(command, capture_output=True, text=True, timeout=250, check=False)


class Smoke(unittest.TestCase):
    """One run of everything, looked at from several sides."""

    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        cls.path = os.path.join(cls.folder.name, "figures.json")
        cls.result = run(PROGRAM, "--smoke", "--json", cls.path)
        if cls.result.returncode != 0:
            raise AssertionError(cls.result.stdout + cls.result.stderr)
        with open(cls.path, encoding="utf-8") as file:
            cls.all = json.load(file)

    @classmethod
    def tearDownClass(cls):
        cls.folder.cleanup()

    def rows(self, workload, **conditions):
        return [
            r for r in self.all["rows"] if r["workload"] == workload and all(r[k] == v for k, v in conditions.items())
        ]

    def engines(self):
        return {c["name"] for c in self.all["contestants"] if c["kind"] == "engine"}

    def test_every_registered_engine_and_every_baseline_takes_part(self):
        registered = set()
        for path in glob.glob(os.path.join(ENGINES, "*", "engine.cc")):
            with open(path, encoding="utf-8") as source:
                registered.update(re.findall(r'EngineRow\{"([^"]+)"', source.read()))
        self.assertGreaterEqual(len(registered), 10)
        self.assertLessEqual(registered, self.engines())
        self.assertEqual({c["name"] for c in self.all["contestants"] if c["kind"] == "baseline"}, BASELINES)

    def test_every_workload_has_rows_of_everybody_it_is_about(self):
        self.assertEqual({r["workload"] for r in self.all["rows"]}, WORKLOADS)
        everybody = self.engines() | BASELINES
        for workload in WORKLOADS - {"radix-widths", "key-sets", "critnib-remedies", "rmw-cost"}:
            with self.subTest(workload=workload):
                loops = {"machine"} if workload == "growth" else set()
                self.assertEqual({r["contestant"] for r in self.rows(workload)}, everybody | loops)
        widths = {r["contestant"] for r in self.rows("radix-widths")}
        self.assertEqual(widths, {f"{e}/{w}" for e in ("radix", "radix-compressed") for w in (4, 8, 11, 13, 16)})
        self.assertEqual(len({r["contestant"] for r in self.rows("rmw-cost")}), 4)

    def test_every_figure_can_be_true(self):
        for row in self.all["rows"]:
            with self.subTest(row=(row["workload"], row["contestant"], row["variant"])):
                self.assertTrue(row.get("metrics"), "no figures")
                for name, found in row["metrics"].items():
                    self.assertTrue(all(math.isfinite(s) for s in found["samples"]), name)
                    self.assertLessEqual(found["q1"], found["q3"], name)
                    if name.startswith(("ns_per_", "million_reads", "times_")):
                        self.assertGreater(found["median"], 0, name)

    def test_a_row_names_the_distribution_of_its_draws(self):
        both, uniform, none = {"uniform", "zipf"}, {"uniform"}, {""}
        expected = {w: uniform for w in WORKLOADS} | {w: both for w in ("read-hit", "2500:1", "50:1")} | {"memory": none}
        for workload, distributions in expected.items():
            rows = [r for r in self.rows(workload) if not r["variant"].endswith("size")]
            for name in {r["contestant"] for r in rows}:
                with self.subTest(workload=workload, name=name):
                    self.assertEqual({r["distribution"] for r in rows if r["contestant"] == name}, distributions)

    def test_a_chosen_distribution_is_what_runs(self):
        path = os.path.join(self.folder.name, "zipf.json")
        result = run(PROGRAM, "--smoke", "--engine", "tbb", "--workload", "read-hit,read-miss,2500:1,write-64",
                     "--distribution", "zipf", "--json", path)  # fmt: skip
        self.assertEqual(result.returncode, 0, result.stderr)
        with open(path, encoding="utf-8") as file:
            found = {(r["workload"], r["distribution"]) for r in json.load(file)["rows"]}
        self.assertEqual(found, {("read-hit", "zipf"), ("read-miss", "uniform"), ("2500:1", "zipf"), ("write-64", "zipf")})
        self.assertIn("write-64, zipf, 1 readers", result.stdout)

    def test_what_relativistic_has_to_reach_stands_in_a_row_with_its_spread(self):
        path = os.path.join(self.folder.name, "must.json")
        flat_out = ("write-1", "write-64", "write-1024")
        result = run(PROGRAM, "--engine", "relativistic,cuckoo-rwlock", "--workload", ",".join((*flat_out, "growth")),
                     "--keys", "2000", "--readers", "1", "--seconds", "0.02", "--pairs", "3", "--json", path)  # fmt: skip
        self.assertEqual(result.returncode, 0, result.stderr)
        with open(path, encoding="utf-8") as file:
            rows = {(r["workload"], r["contestant"]): r["metrics"] for r in json.load(file)["rows"]}
        wanted = [("growth", name, "times_quiet") for name in ("relativistic", "machine")]
        wanted += [(w, "relativistic", m) for w in flat_out for m in ("million_reads_per_s", "times_cuckoo_rwlock")]
        for workload, name, metric in wanted:
            with self.subTest(workload=workload, name=name, metric=metric):
                found = rows[workload, name][metric]
                self.assertEqual(len(found["samples"]), 3)
                self.assertTrue(found["q1"] <= found["median"] <= found["q3"])
                number = f"{found['median']:.3f}" if found["median"] < 10 else f"{found['median']:.1f}"
                self.assertRegex(result.stdout, rf"(?m)^  {name} .*{number} \[[0-9.]+ [0-9.]+\]")
        for workload in flat_out:
            mine, lock = (rows[workload, n]["million_reads_per_s"]["samples"] for n in ("relativistic", "cuckoo-rwlock"))
            for ratio, a, b in zip(rows[workload, "relativistic"]["times_cuckoo_rwlock"]["samples"], mine, lock):
                self.assertAlmostEqual(ratio, a / b)

    def test_a_table_larger_than_a_small_one_promised_ends_where_the_memory_does(self):
        path = os.path.join(self.folder.name, "widths.json")
        result = run(PROGRAM, "--workload", "radix-widths", "--engine", "radix-compressed", "--memory", "0.5", "--keys", "30000",
                     "--seconds", "0.01", "--pairs", "1", "--json", path)  # fmt: skip
        self.assertEqual(result.returncode, 0, result.stderr)
        with open(path, encoding="utf-8") as file:
            row = next(r for r in json.load(file)["rows"] if (r["contestant"], r["variant"]) == ("radix-compressed/16", "size"))
        self.assertLess(row["keys"] * row["metrics"]["index_bytes_per_key"]["median"], 0.7 * 2**30)
        self.assertIn("do not fit", row["note"])

    def test_engines_that_only_load_and_store_are_compared_with_their_floor(self):
        # Those of whose structure engine_bench knows how to read it without a guard.
        for engine in ("flashmap", "relativistic", "rcu-hash", "cuckoo-leak", "perfect-hash-leak", "radix", "radix-compressed",
                       "critnib", "critnib-leak"):  # fmt: skip
            for row in self.rows("read-hit", contestant=engine, kind="engine"):
                self.assertIn("times_floor", row["metrics"], engine)

    def test_machine_and_program_are_described(self):
        for field in ("processor", "processors", "memory_gib", "kernel", "date"):
            self.assertTrue(self.all["machine"][field], field)
        for field in ("compiler", "flags", "linked", "allocator"):
            self.assertTrue(self.all["program"][field], field)
        self.assertIn("--smoke", self.all["options"]["command"])

    def test_the_printed_table_has_the_workloads(self):
        for workload in WORKLOADS:
            self.assertIn(f"== {workload}: ", self.result.stdout)

    def test_the_charts_are_well_formed_and_name_everybody(self):
        result = run(sys.executable, PLOT, self.path)
        self.assertEqual((result.returncode, result.stderr), (0, ""))
        found = {os.path.basename(p)[: -len(".svg")] for p in glob.glob(os.path.join(self.folder.name, "*.svg"))}
        self.assertEqual(found, CHARTS)
        for chart in CHARTS:
            tree = xml.etree.ElementTree.parse(os.path.join(self.folder.name, chart + ".svg"))
            texts = [e.text for e in tree.iter() if e.tag.endswith("}text")]
            self.assertNotIn("href", xml.etree.ElementTree.tostring(tree.getroot(), encoding="unicode"))
            if chart == "read-modify-write-cost":
                continue
            for name in self.engines() | BASELINES:
                with self.subTest(chart=chart, name=name):
                    self.assertTrue(any(t == name or t.startswith(name + " (") for t in texts), texts)


class BadArguments(unittest.TestCase):
    def assert_one_line(self, result, *words):
        self.assertEqual((result.returncode, result.stdout), (2, ""))
        self.assertEqual(result.stderr.count("\n"), 1, result.stderr)
        for word in words:
            self.assertIn(word, result.stderr)

    def test_engine_bench_says_what_is_allowed(self):
        self.assert_one_line(run(PROGRAM, "--engine", "hope"), "--engine", "flashmap", "tbb")
        self.assert_one_line(run(PROGRAM, "--workload", "sleep"), "--workload", "read-hit", "rmw-cost")
        self.assert_one_line(run(PROGRAM, "--distribution", "normal"), "--distribution", "uniform", "zipf")
        self.assert_one_line(run(PROGRAM, "--readers", "none"), "--readers", "all")
        self.assert_one_line(run(PROGRAM, "--keys", "1"), "--keys", "1024")
        self.assert_one_line(run(PROGRAM, "--seconds", "0"), "--seconds", "3600")
        self.assert_one_line(run(PROGRAM, "--pairs", "0"), "--pairs", "1000")
        self.assert_one_line(run(PROGRAM, "--fast"), "--fast")

    def test_plot_says_what_is_wrong(self):
        self.assert_one_line(run(sys.executable, PLOT), "usage")
        self.assert_one_line(run(sys.executable, PLOT, "/nowhere.json"), "/nowhere.json")
        self.assert_one_line(run(sys.executable, PLOT, __file__), "engine_bench --json")


if __name__ == "__main__":
    unittest.main(verbosity=2)
