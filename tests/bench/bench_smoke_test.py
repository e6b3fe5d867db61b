#!/usr/bin/python3
"""Every benchmark runs to its end, and where it prints JSON its figures can be true. No figure is judged.

    bench_smoke_test.py --bin build/release/bin [unittest's arguments]
"""

import json
import math
import os
import subprocess
import sys
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))


def take_bin():
    if len(sys.argv) < 3 or sys.argv[1] != "--bin":
        sys.exit("usage: bench_smoke_test.py --bin FOLDER [unittest's arguments]")
    folder = os.path.abspath(sys.argv[2])
    del sys.argv[1:3]
    return folder


BIN = take_bin()


class Smoke(unittest.TestCase):
    def objects(self, *command):
        result = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
        self.assertEqual(result.returncode, 0, result.stderr)
        return [json.loads(line) for line in result.stdout.splitlines()]

    def assert_positive(self, found, *names):
        for name in names:
            self.assertTrue(math.isfinite(found[name]) and found[name] > 0, f"{name}: {found[name]}")

    def test_the_default_engine(self):
        for what in ("lookup", "batch", "growth", "memory", "mutations", "publish"):
            with self.subTest(what=what):
                options = ("--keys", "200000", "--rounds", "1", "--seconds", "0.1")
                command = (os.path.join(BIN, "flashmap_bench"), "--what", what, *options)
                result = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
                self.assertEqual(result.returncode, 0, result.stderr)
                self.assertRegex(result.stdout, r"\d")

    def test_the_ordered_index(self):
        for shape in ("random", "text", "counted"):
            with self.subTest(shape=shape):
                command = (os.path.join(BIN, "order_bench"), "--keys", "20000", "--rounds", "1", "--shape", shape)
                result = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
                self.assertEqual(result.returncode, 0, result.stderr)
                self.assertRegex(result.stdout, r"memory +\d+\.\d bytes a key")
                for what in ("insert from empty", "replace", "scan up", "scan down", "count"):
                    self.assertRegex(result.stdout, rf"{what} +[1-9]\d* K keys/s")

    def test_the_watches(self):
        command = (os.path.join(BIN, "watch_bench"), "--watches", "100", "--prefixes", "10", "--mutations", "1000")
        result = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertRegex(result.stdout, r"[1-9]\d* ns a mutation, [1-9]\d* ns an event sent; 10000 events in")

    def store_bench(self, guard):
        program = os.path.join(BIN, "store_bench")
        found = self.objects(program, "--smoke", "--json", "--guard", guard)
        self.assertEqual([o["bench"] for o in found], ["wait", *["mutations"] * 4, "scan", "expiry"])
        wait, *mutations, scan, expiry = found
        self.assertEqual({o["guard"] for o in found[:-1]}, {guard})
        self.assert_positive(wait, "samples", "publishes", "puts", "reads")
        self.assertLessEqual(wait["p99_us"], wait["p999_us"])
        self.assertLessEqual(wait["p999_us"], wait["max_us"])
        self.assertEqual([o["ordered_index"] for o in mutations], [False, False, True, True])
        self.assertLess(mutations[0]["bytes_a_key"] + 10, mutations[2]["bytes_a_key"])
        self.assert_positive(scan, "scans", "scan_keys_per_second", "written_per_second", "step_max_us")
        for shape in mutations:
            self.assertEqual(shape["requests"] * shape["ops"], 1_024)
            self.assertEqual(shape["written"] % 1_024, 0)
            self.assert_positive(shape, "written", "per_second", "per_cpu_second", "reads")
        self.assert_positive(expiry, "keys", "quiet_reads", "during_reads", "steps", "gone_seconds")
        self.assertLessEqual(expiry["largest_piece"], 1_024)
        self.assertLessEqual(expiry["step_p999_us"], expiry["step_max_us"])

    def test_the_store_with_counting_readers(self):
        self.store_bench("refcount")

    def test_the_store_with_asymmetric_readers(self):
        self.store_bench("asymmetric")

    def test_the_store_bench_refuses_what_it_does_not_know(self):
        for arguments in (["--guard", "luck"], ["--fast"], ["--seconds", "0"]):
            program = os.path.join(BIN, "store_bench")
            result = subprocess.run([program, *arguments], capture_output=True, text=True, timeout=60, check=False)
            self.assertEqual((result.returncode, result.stdout), (2, ""))
            self.assertEqual(result.stderr.count("\n"), 1)

    def script(self, name):
        return self.objects(sys.executable, os.path.join(HERE, name), "--bin", BIN, "--smoke", "--json")

    def test_processor_time_per_get_against_the_echo(self):
        found = self.script("server_cpu.py")
        self.assertEqual([(o["clients"], o["streams"]) for o in found], [(1, 1), (10, 10)])
        for shape in found:
            self.assert_positive(shape, "get_us", "echo_us", "ratio", "pairs", "requests")
            low, high = shape["ratio_quartiles"]
            self.assertLessEqual(low, high)

    def test_watches_over_grpc(self):
        (found,) = self.script("watch_cost.py")
        self.assertEqual((found["puts"], found["events"]), (1_000, 10_000))
        self.assert_positive(found, "lag_p50_us")
        self.assertLessEqual(found["lag_p50_us"], found["lag_p99_us"])
        self.assertLessEqual(found["lag_p99_us"], found["lag_max_us"])

    def test_importing(self):
        (found,) = self.script("import_bench.py")
        self.assert_positive(found, "records", "per_second", "server_us", "client_us")
        self.assertLessEqual(found["slowest"], found["per_second"])
        self.assertLessEqual(found["per_second"], found["fastest"])


if __name__ == "__main__":
    unittest.main(verbosity=2)
