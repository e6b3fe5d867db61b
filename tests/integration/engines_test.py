#!/usr/bin/python3
"""A server over each engine: the machine's package index written while a client reads it, read back by Get."""

import os
import subprocess
import sys
import tempfile
import threading

import grpc

from kvd_case import BIN, KvdCase, connect, kv_pb2, kv_pb2_grpc, kvctl, main, put
from kvd_process import KvdProcess, clean_environment

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)
import dumpavail_to_jsonl  # noqa: E402

IN_FLIGHT = 200  # Gets at a time
SHARE = 6  # each engine is asked for every sixth key, beginning elsewhere than the one before


def engine_names():
    """As the server lists them to whoever asks for one that it does not have."""
    wrong = [os.path.join(BIN, "kvd"), "--engine", "none"]
    said = subprocess.run(wrong, capture_output=True, text=True, timeout=60, env=clean_environment(), check=False)
    _, found, names = said.stderr.partition("allowed: ")
    if said.returncode != 2 or not found:
        sys.exit(f"kvd --engine none: exit code {said.returncode}, {said.stderr}")
    return names.strip().split(", ")


def value_of(kv, key):
    """What a Get of the key brings, None where there is no such key."""
    reply = kv.Get(kv_pb2.GetRequest(key=key), timeout=60)
    return reply.kv.value if reply.HasField("kv") else None


class Reader:
    """Gets keys in turn until stopped; a value is the one imported, or none yet."""

    def __init__(self, endpoint, data):
        self._data = data
        self._channel = connect(endpoint)
        self._stopping = False
        self.problems = []
        self.reads = 0
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self):
        kv = kv_pb2_grpc.KVStub(self._channel)
        keys = list(self._data)
        try:
            while not self._stopping:
                key = keys[self.reads * 7919 % len(keys)]
                value = value_of(kv, key)
                self.reads += 1
                if value not in (None, self._data[key]):
                    self.problems.append(f"{key!r} was seen half imported")
        except Exception as error:  # the test reports it
            self.problems.append(repr(error))

    def stop(self):
        self._stopping = True
        self._thread.join()
        self._channel.close()


class ServerOver:
    """What is tested of a server over any engine; subclasses name it."""

    engine = ""

    @classmethod
    def setUpClass(cls):
        cls.flags = ("--engine", cls.engine)
        super().setUpClass()
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        cls.file = os.path.join(folder.name, "packages.jsonl")
        with open(cls.file, "wb") as out:
            subprocess.run([sys.executable, os.path.join(HERE, "dumpavail_to_jsonl.py")], stdout=out, check=True)
        cls.data, _ = dumpavail_to_jsonl.machine_index()

    def assert_holds(self, data):
        keys = list(data)
        kv = self.other_client()
        for first in range(0, len(keys), IN_FLIGHT):
            some = keys[first : first + IN_FLIGHT]
            calls = [kv.Get.future(kv_pb2.GetRequest(key=key), timeout=self.TIMEOUT) for key in some]
            for key, call in zip(some, calls, strict=True):
                if call.result().kv.value != data[key]:
                    self.fail(f"Get of {key!r} came back changed")

    def test_1_the_package_index_is_imported_under_a_reader_and_read_back(self):
        reader = Reader(self.kvd.endpoint, self.data)
        result = kvctl(self.kvd.endpoint, "import", self.file, seconds=600)
        reader.stop()
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertEqual(reader.problems[:3], [])
        self.assertGreater(reader.reads, 10)
        self.assert_holds(dict(list(self.data.items())[engine_names().index(self.engine) % SHARE :: SHARE]))
        self.assertEqual(self.stats().keys, len(self.data))

    def test_2_what_is_rewritten_and_deleted_is_seen_so(self):
        keys = list(self.data)[:600]
        requests = []
        for first in range(0, len(keys), 100):
            ops = [put(key, b"rewritten " + key) for key in keys[first : first + 50]]
            ops += [kv_pb2.Op(delete=kv_pb2.DeleteRequest(key=key)) for key in keys[first + 50 : first + 100]]
            requests.append(kv_pb2.WriteRequest(ops=ops))
        for reply in self.kv.Write(iter(requests), timeout=self.TIMEOUT):
            self.assertEqual(reply.error.code, 0, reply.error.message)
        for i, key in enumerate(keys):
            self.assertEqual(value_of(self.kv, key), b"rewritten " + key if i % 100 < 50 else None)
        self.assert_holds(dict(list(self.data.items())[600:2_000]))
        self.assertEqual(self.stats().keys, len(self.data) - 300)

    def test_3_several_keys_at_once_need_atomic_batches(self):
        stats = self.stats()
        self.assertEqual(stats.engine, self.engine)
        several = kv_pb2.MultiGetRequest(keys=list(self.data)[1_000:1_003])
        if stats.traits.atomic_batch:
            for result in self.kv.MultiGet(several, timeout=self.TIMEOUT).results:
                self.assertEqual(result.kv.value, self.data[result.kv.key])
        else:
            naming = (self.engine, "atomic_batch")
            self.assert_fails(grpc.StatusCode.FAILED_PRECONDITION, self.kv.MultiGet, several, naming=naming)
        one = self.kv.MultiGet(kv_pb2.MultiGetRequest(keys=several.keys[:1]), timeout=self.TIMEOUT)
        self.assertEqual(one.results[0].kv.value, self.data[several.keys[0]])

    def test_4_kvctl_shows_the_engine_and_its_traits(self):
        said = kvctl(self.kvd.endpoint, "stats").stdout.decode()
        self.assertIn(self.engine, said)
        for trait in ("atomic_batch", "linearizable", "ordered", "bounded_garbage", "read_rmw"):
            self.assertIn(trait, said)


for name in engine_names():
    title = "".join(part.capitalize() for part in name.split("-"))
    globals()[title] = type(title, (ServerOver, KvdCase), {"engine": name})


class FullOfGarbage(KvdCase):
    """Engines that never free take writes up to a bound."""

    def test_writes_end_with_a_number_and_reads_go_on(self):
        leaking = [name for name in engine_names() if name.endswith("-leak")]
        self.assertTrue(leaking)
        for engine in leaking:
            with self.subTest(engine), KvdProcess(BIN, "--engine", engine, "--max-retired", "1MiB") as kvd:
                channel = connect(kvd.endpoint)
                kv = kv_pb2_grpc.KVStub(channel)
                refused = self.write_until_refused(kv)
                self.assertEqual(refused.code(), grpc.StatusCode.RESOURCE_EXHAUSTED)
                self.assertRegex(refused.details(), f"engine {engine} holds [0-9]{{7}} bytes that it never frees")
                self.assertEqual(self.get(b"first", kv=kv).kv.value, b"1")
                channel.close()

    def write_until_refused(self, kv):
        self.put(b"first", b"1", kv=kv)
        for round in range(20_000):
            puts = [put(b"k%d" % i, b"%d" % round) for i in range(60)]
            deletes = [kv_pb2.Op(delete=kv_pb2.DeleteRequest(key=b"k%d" % i)) for i in range(0, 60, 2)]
            for ops in (puts, deletes):
                for reply in kv.Write(iter([kv_pb2.WriteRequest(ops=ops)]), timeout=self.TIMEOUT):
                    if reply.error.code == 0:
                        continue
                    with self.assertRaises(grpc.RpcError) as caught:
                        self.put(b"one more", b"1", kv=kv)
                    return caught.exception
        self.fail("the bound was passed")


if __name__ == "__main__":
    main()
