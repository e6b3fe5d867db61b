#!/usr/bin/python3
"""A server over each engine: the machine's package index written while a client reads it, read back by Get."""

import os
import struct
import subprocess
import sys
import tempfile
import threading

import grpc

from kvd_case import BIN, KvdCase, admin_pb2, admin_pb2_grpc, connect, kv_pb2, kv_pb2_grpc, kvctl, main, put
from kvd_process import KvdProcess, clean_environment

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)
import dumpavail_to_jsonl  # noqa: E402

SHARE = 6  # a sanitized build gets every sixth record, each engine starting at another one

# What each engine promises: atomic_batch, bounded_garbage and read_rmw. All are linearizable, none is ordered.
TRAITS = {
    "flashmap": ("true", "true", "none"),
    "relativistic": ("false", "true", "none"),
    "rcu-hash": ("false", "true", "none"),
    "cuckoo-rwlock": ("true", "true", "lock"),
    "cuckoo-deletion-lock": ("true", "true", "two"),
    "cuckoo-leak": ("true", "false", "none"),
    "perfect-hash-deletion-lock": ("false", "true", "two"),
    "perfect-hash-leak": ("false", "false", "none"),
    "radix": ("false", "true", "none"),
    "radix-compressed": ("false", "true", "none"),
    "critnib": ("false", "true", "none"),
    "critnib-leak": ("false", "false", "none"),
}


def sanitized():
    """Whether kvd was built with a sanitizer: several times slower, whatever its build folder is called."""
    with open(os.path.join(BIN, "kvd"), "rb") as program:
        code = program.read()
    return any(name in code for name in (b"__asan_init", b"__tsan_init", b"__ubsan_handle"))


def engine_names():
    """The names kvd lists when asked for an unknown engine."""
    wrong = [os.path.join(BIN, "kvd"), "--engine", "none"]
    said = subprocess.run(wrong, capture_output=True, text=True, timeout=60, env=clean_environment(), check=False)
    _, found, names = said.stderr.partition("allowed: ")
    if said.returncode != 2 or not found:
        sys.exit(f"kvd --engine none: exit code {said.returncode}, {said.stderr}")
    return names.strip().split(", ")


class Index:
    """The machine's package index, read once: the records, and the lines to import."""

    data = {}
    lines = []

    @classmethod
    def share_of(cls, engine):
        """The (records, lines) an engine is tested with: all, or a share of them in sanitized builds."""
        first, step = (engine_names().index(engine) % SHARE, SHARE) if sanitized() else (0, 1)
        return dict(list(cls.data.items())[first::step]), cls.lines[first::step]


def setUpModule():
    # The expected values come from the index itself, not from the lines: the conversion to jsonl is under test too.
    Index.data, _ = dumpavail_to_jsonl.machine_index()
    script = [sys.executable, os.path.join(HERE, "dumpavail_to_jsonl.py")]
    Index.lines = subprocess.run(script, stdout=subprocess.PIPE, check=True).stdout.splitlines(keepends=True)


def figures(endpoint):
    """kvctl's stats: name -> value, as text."""
    lines = kvctl(endpoint, "stats", "--raw").stdout.decode().splitlines()
    return dict(line.split(" ", 1) for line in lines)


def value_of(kv, key):
    """The value a Get returns, or None if there is no such key."""
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
    """The tests of a server over one engine; subclasses name it."""

    engine = ""

    @classmethod
    def setUpClass(cls):
        cls.flags = ("--engine", cls.engine)
        super().setUpClass()
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        cls.file = os.path.join(folder.name, "packages.jsonl")
        cls.data, lines = Index.share_of(cls.engine)
        with open(cls.file, "wb") as out:
            out.writelines(lines)

    def assert_holds(self, data):
        """Every key has its value, read by Get."""
        with tempfile.NamedTemporaryFile() as file:
            for key, value in data.items():
                file.write(struct.pack("<II", len(key), len(value)) + key + value)
            file.flush()
            command = [os.path.join(BIN, "read_back"), self.kvd.endpoint, file.name]
            result = subprocess.run(command, capture_output=True, text=True, env=clean_environment(), check=False)
        self.assertEqual((result.returncode, result.stderr), (0, ""))
        self.assertEqual(int(result.stdout), len(data))

    def test_1_the_package_index_is_imported_under_a_reader_and_read_back(self):
        reader = Reader(self.kvd.endpoint, self.data)
        result = kvctl(self.kvd.endpoint, "import", self.file, seconds=600)
        reader.stop()
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertEqual(reader.problems[:3], [])
        self.assertGreater(reader.reads, 10)
        self.assert_holds(self.data)
        self.assertEqual(self.stats().keys, len(self.data))

    def test_2_rewritten_and_deleted_keys_read_accordingly(self):
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

    def test_3_several_keys_at_once_come_from_one_state(self):
        stats = self.stats()
        self.assertEqual(stats.engine, self.engine)
        several = kv_pb2.MultiGetRequest(keys=list(self.data)[1_000:1_003])
        for result in self.kv.MultiGet(several, timeout=self.TIMEOUT).results:
            self.assertEqual(result.kv.value, self.data[result.kv.key])
        # Where a batch becomes visible key by key, a pin shows them together.
        self.assertEqual(self.stats().pins_taken - stats.pins_taken, 0 if stats.traits.atomic_batch else 1)
        one = self.kv.MultiGet(kv_pb2.MultiGetRequest(keys=several.keys[:1]), timeout=self.TIMEOUT)
        self.assertEqual(one.results[0].kv.value, self.data[several.keys[0]])

    def test_4_kvctl_shows_the_engine_and_its_traits(self):
        atomic_batch, bounded_garbage, read_rmw = TRAITS[self.engine]
        promised = {
            "engine": self.engine,
            "guard": "asymmetric" if self.engine == "flashmap" else "",
            "atomic_batch": atomic_batch,
            "linearizable": "true",
            "ordered": "false",
            "bounded_garbage": bounded_garbage,
            "read_rmw": read_rmw,
        }
        said = figures(self.kvd.endpoint)
        self.assertEqual({name: said.get(name) for name in promised}, promised)
        self.assertEqual(int(said["leaked_bytes"]) == 0, bounded_garbage == "true")
        self.assertEqual(said["retired_bytes_limit"], str(1 << 30))


class FlashmapCounted(KvdCase):
    """The default engine with its other guard."""

    flags = ("--guard", "refcount")

    def test_kvctl_shows_what_the_guard_costs(self):
        said = figures(self.kvd.endpoint)
        self.assertEqual((said["engine"], said["guard"], said["read_rmw"]), ("flashmap", "refcount", "two"))


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
                kept = int(refused.details().split(" holds ")[1].split(" ")[0])
                stats = admin_pb2_grpc.AdminStub(channel).Stats(admin_pb2.StatsRequest(), timeout=self.TIMEOUT)
                self.assertEqual((stats.leaked_bytes, stats.retired_bytes_limit), (kept, 1 << 20))
                self.assertGreater(stats.leaked_bytes, stats.retired_bytes_limit)
                self.assertGreaterEqual(stats.retired_bytes, stats.leaked_bytes)
                said = figures(kvd.endpoint)
                self.assertEqual((said["leaked_bytes"], said["retired_bytes_limit"]), (str(kept), str(1 << 20)))
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
        self.fail("the bound was exceeded")


if __name__ == "__main__":
    main()
