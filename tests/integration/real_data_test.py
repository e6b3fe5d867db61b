#!/usr/bin/python3
"""The Debian package index of this machine, imported and rewritten while clients read it, and read back whole."""

import os
import random
import subprocess
import sys
import tempfile
import threading

from kvd_case import KvdCase, connect, kv_pb2, kv_pb2_grpc, kvctl, main, put
from rounds import WINDOW

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)
import dumpavail_to_jsonl  # noqa: E402

PAGE = 200  # keys of one MultiGet, and of one Write request
POLICIES = ((0, True), (1_000, True), (20_000, True), (20_000, False))
PREFIX = 9  # bytes of the round number in front of a rewritten stanza


def pages(keys):
    return [keys[i : i + PAGE] for i in range(0, len(keys), PAGE)]


def stamped(number, stanza):
    return b"%08d\n" % number + stanza


class PageReaders:
    """Two clients that MultiGet random pages until stopped; check(keys, results) says what is wrong, or None."""

    def __init__(self, endpoint, all_pages, check):
        self._stopping = False
        self._pages = all_pages
        self._check = check
        self.problems = []
        self.reads = 0
        self._channels = [connect(endpoint) for _ in range(2)]
        self._threads = [
            threading.Thread(target=self._run, args=(channel, seed), daemon=True)
            for seed, channel in enumerate(self._channels)
        ]
        for thread in self._threads:
            thread.start()

    def _run(self, channel, seed):
        kv = kv_pb2_grpc.KVStub(channel)
        source = random.Random(seed)
        try:
            while not self._stopping:
                keys = source.choice(self._pages)
                reply = kv.MultiGet(kv_pb2.MultiGetRequest(keys=keys), timeout=60)
                self.reads += 1
                problem = self._check(keys, reply.results)
                if problem:
                    self.problems.append(problem)
        except Exception as error:  # the test reports it
            self.problems.append(repr(error))

    def stop(self):
        self._stopping = True
        for thread in self._threads:
            thread.join()
        for channel in self._channels:
            channel.close()


class RealData(KvdCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        cls.file = os.path.join(folder.name, "packages.jsonl")
        with open(cls.file, "wb") as out:
            script = os.path.join(HERE, "dumpavail_to_jsonl.py")
            subprocess.run([sys.executable, script], stdout=out, check=True)
        # Read from the index itself, not from the file: the conversion to jsonl is under test too.
        cls.data, _ = dumpavail_to_jsonl.machine_index()
        cls.pages = pages(list(cls.data))

    def import_file(self):
        result = kvctl(self.kvd.endpoint, "import", self.file, seconds=600)
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertIn(b"%d records imported" % len(self.data), result.stdout)

    def assert_holds_the_index(self):
        """Checks every key, byte for byte, through MultiGet and again one by one."""
        kv = self.other_client()
        for keys in self.pages:
            reply = kv.MultiGet(kv_pb2.MultiGetRequest(keys=keys), timeout=self.TIMEOUT)
            for key, result in zip(keys, reply.results, strict=True):
                if result.kv.key != key or result.kv.value != self.data[key]:
                    self.fail(f"{key!r} came back changed")
        for keys in self.pages:
            calls = [kv.Get.future(kv_pb2.GetRequest(key=key), timeout=self.TIMEOUT) for key in keys]
            for key, call in zip(keys, calls, strict=True):
                if call.result().kv.value != self.data[key]:
                    self.fail(f"Get of {key!r} came back changed")
        self.assertEqual(self.stats().keys, len(self.data))

    def test_1_the_import_is_read_while_it_runs_and_read_back_whole(self):
        def check(keys, results):
            for key, result in zip(keys, results, strict=True):
                if result.found and result.kv.value != self.data[key]:
                    return f"{key!r} was seen half imported"
            return None

        readers = PageReaders(self.kvd.endpoint, self.pages, check)
        self.import_file()
        readers.stop()
        self.assertEqual(readers.problems[:3], [])
        self.assertGreater(readers.reads, 10)
        self.assert_holds_the_index()

    def rewrite(self, rounds):
        """Every page as one Write request, so many times over, each stanza with its round in front."""
        window = threading.Semaphore(WINDOW)

        def requests():
            for number in rounds:
                for keys in self.pages:
                    window.acquire()
                    yield kv_pb2.WriteRequest(ops=[put(key, stamped(number, self.data[key])) for key in keys])

        answers = 0
        for reply in self.kv.Write(requests(), timeout=600):
            window.release()
            self.assertEqual(reply.error.code, 0, reply.error.message)
            answers += 1
        self.assertEqual(answers, len(rounds) * len(self.pages))

    def test_2_pages_are_rewritten_whole_at_every_publish_policy(self):
        self.import_file()
        self.rewrite([0])

        def check(keys, results):
            seen = {result.kv.value[:PREFIX] for result in results}
            if len(seen) != 1:
                return f"rounds {sorted(seen)} in one page"
            for key, result in zip(keys, results, strict=True):
                if result.kv.value[PREFIX:] != self.data[key]:
                    return f"{key!r} was seen changed"
            return None

        readers = PageReaders(self.kvd.endpoint, self.pages, check)
        number = 1
        for interval_us, adaptive in POLICIES:
            self.set_policy(interval_us, adaptive)
            before = self.stats().publishes
            self.rewrite(range(number, number + 2))
            number += 2
            self.assertGreaterEqual(self.stats().publishes - before, 2)
        readers.stop()
        self.assertEqual(readers.problems[:3], [])
        self.assertGreater(readers.reads, 10)
        self.set_policy(0)

    def test_3_importing_again_restores_the_index(self):
        self.import_file()
        self.assert_holds_the_index()


if __name__ == "__main__":
    main()
