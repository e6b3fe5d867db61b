#!/usr/bin/python3
"""kvd is killed, or its machine loses power, at random moments under load: what was acknowledged as durable is there again.

    crash_test.py --bin build/release/bin [--rounds N] [--seed N]      200 rounds are the longer mode

Each writer has keys of its own and sets all of them to the same, growing number in one request; so a half-applied request
shows, a lost one as well, and the revisions that came with the answers tell which state it is.
"""

import random
import shutil
import sys
import tempfile
import threading
import time

import grpc

from faulty_disk import FaultyDisk
from kvd_case import (
    BIN,
    KvdProcess,
    admin_pb2,
    admin_pb2_grpc,
    connect,
    health_pb2,
    health_pb2_grpc,
    kv_pb2,
    kv_pb2_grpc,
    main,
    put,
    unittest,
)

WRITERS = 4
KEYS_EACH = 3
LONGEST_ROUND_SECONDS = 0.4
TIMEOUT = 60
SYNCS = ("always", "everysec", "never")


def _take_number(flag, default):
    if flag not in sys.argv:
        return default
    at = sys.argv.index(flag)
    number = int(sys.argv[at + 1])
    del sys.argv[at : at + 2]
    return number


ROUNDS = _take_number("--rounds", 20)
SEED = _take_number("--seed", random.SystemRandom().randrange(1 << 32))


def keys_of(writer):
    return [b"writer%d-%d" % (writer, n) for n in range(KEYS_EACH)]


class Writer(threading.Thread):
    """Counts up until the server goes. `durable`: (number, revision) acknowledged as durable; `revisions`: of all answers."""

    def __init__(self, endpoint, number, first, ack):
        super().__init__(daemon=True)
        self._number, self._first, self._ack = number, first, ack
        self._kv = kv_pb2_grpc.KVStub(connect(endpoint))
        self.durable, self.revisions, self.last_sent = (0, 0), {}, first - 1

    def run(self):
        value = self._first
        while True:
            ops = [put(key, b"%d" % value) for key in keys_of(self._number)]
            self.last_sent = value
            try:
                reply = self._kv.Txn(kv_pb2.TxnRequest(success=ops, ack=self._ack), timeout=TIMEOUT)
            except grpc.RpcError:
                return
            self.revisions[value] = reply.header.revision
            if self._ack == kv_pb2.ACK_DURABLE:
                self.durable = (value, reply.header.revision)
            value += 1


class Crash(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="flashkv-crash-")
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)
        self.random = random.Random(SEED)
        self.disk = FaultyDisk(BIN, self.folder)

    def start(self, sync):
        return KvdProcess(BIN, "--data-dir", self.disk.data, "--sync", sync, environment=self.disk.environment)

    def stored(self, kv):
        """Of each writer: the number all its keys hold, 0 = none, and the revision it came with; and the store's."""
        found = []
        for writer in range(WRITERS):
            reply = kv.MultiGet(kv_pb2.MultiGetRequest(keys=keys_of(writer)), timeout=TIMEOUT)
            values = {(bool(each.found), each.kv.value, each.kv.mod_revision) for each in reply.results}
            self.assertEqual(len(values), 1, f"half a request is there: {values}")
            ((is_there, value, revision),) = values
            found.append((int(value) if is_there else 0, revision))
        return found, reply.header.revision

    def check(self, writers, found, revision):
        for writer, (value, at) in zip(writers, found):
            durable, durable_at = writer.durable
            self.assertGreaterEqual(value, durable, "an acknowledged durable write is lost")
            self.assertLessEqual(value, writer.last_sent, "a value that nobody wrote")
            self.assertGreaterEqual(revision, durable_at)
            self.assertLessEqual(at, revision)
            if value in writer.revisions:
                self.assertEqual(at, writer.revisions[value], "not the revision that was acknowledged")
        ats = [at for _, at in found if at != 0]
        self.assertEqual(len(ats), len(set(ats)), "two requests have one revision")

    def test_killed_or_without_power_at_random_moments(self):
        print(f"seed {SEED}")
        found, revision, lost = [(0, 0)] * WRITERS, 0, 0
        durable = published = 0
        for number in range(ROUNDS):
            with self.subTest(round=number, seed=SEED):
                with self.start(self.random.choice(SYNCS)) as kvd:
                    # Everybody's next number is above all that were ever sent, so that none is mistaken for another.
                    first = max([value for value, _ in found] + [w.last_sent for w in getattr(self, "writers", [])]) + 1
                    self.writers = [
                        Writer(kvd.endpoint, n, first, self.random.choice((kv_pb2.ACK_DURABLE, kv_pb2.ACK_PUBLISHED)))
                        for n in range(WRITERS)
                    ]
                    for writer in self.writers:
                        writer.durable = found[writer._number]
                        writer.start()
                    time.sleep(self.random.uniform(0, LONGEST_ROUND_SECONDS))
                    kvd.kill()
                for writer in self.writers:
                    writer.join(TIMEOUT)
                durable += sum(w.durable[0] >= first for w in self.writers)
                published += sum(bool(w.revisions) for w in self.writers)
                if self.random.random() < 0.5:
                    lost += self.disk.lose_power(self.random)
                with self.start("always") as kvd:
                    channel = connect(kvd.endpoint)
                    found, revision = self.stored(kv_pb2_grpc.KVStub(channel))
                    self.check(self.writers, found, revision)
                    # What is there now is synced: the next round may count on it.
                    kv_pb2_grpc.KVStub(channel).Put(
                        kv_pb2.PutRequest(key=b"round", value=b"%d" % number, ack=kv_pb2.ACK_DURABLE), timeout=TIMEOUT
                    )
                    channel.close()
        print(f"{durable} writers with durable answers, {published} with any, {lost} bytes lost")
        self.assertGreater(durable, ROUNDS // 4, "the rounds were too short to show anything")
        self.assertGreater(lost, 0, "no power loss lost anything")

    def expect_failure(self, kv, reason):
        with self.assertRaises(grpc.RpcError) as caught:
            kv.Put(kv_pb2.PutRequest(key=b"k", value=b"during", ack=kv_pb2.ACK_DURABLE), timeout=TIMEOUT)
        self.assertEqual(caught.exception.code(), grpc.StatusCode.UNAVAILABLE, caught.exception.details())
        self.assertIn(reason, caught.exception.details())

    def test_a_disk_that_fails_stops_no_reads_and_recovers_by_itself(self):
        for how, reason in (("S", "no space left"), ("E", "data-dir: ")):
            with self.subTest(how=how), self.start("everysec") as kvd:
                channel = connect(kvd.endpoint)
                kv, admin = kv_pb2_grpc.KVStub(channel), admin_pb2_grpc.AdminStub(channel)
                kv.Put(kv_pb2.PutRequest(key=b"k", value=b"before", ack=kv_pb2.ACK_DURABLE), timeout=TIMEOUT)
                self.disk.fail(how)
                self.expect_failure(kv, reason)
                self.expect_failure(kv, reason)
                kv.Put(kv_pb2.PutRequest(key=b"meanwhile", value=b"x"), timeout=TIMEOUT)
                self.assertEqual(kv.Get(kv_pb2.GetRequest(key=b"meanwhile"), timeout=TIMEOUT).kv.value, b"x")
                self.assertIn(reason, admin.Stats(admin_pb2.StatsRequest(), timeout=TIMEOUT).journal.failure)
                health = health_pb2_grpc.HealthStub(channel)
                states = [health.Check(health_pb2.HealthCheckRequest(service=name), timeout=TIMEOUT).status
                          for name in ("", "flashkv.journal")]
                self.assertEqual(states, [health_pb2.HealthCheckResponse.SERVING, health_pb2.HealthCheckResponse.NOT_SERVING])
                self.disk.work()
                end = time.monotonic() + TIMEOUT
                while admin.Stats(admin_pb2.StatsRequest(), timeout=TIMEOUT).journal.failure and time.monotonic() < end:
                    time.sleep(0.05)
                kv.Put(kv_pb2.PutRequest(key=b"k", value=how.encode(), ack=kv_pb2.ACK_DURABLE), timeout=TIMEOUT)
                channel.close()
                kvd.kill()
                self.disk.lose_power(self.random)
            with self.start("always") as kvd:
                channel = connect(kvd.endpoint)
                kv = kv_pb2_grpc.KVStub(channel)
                for key, value in ((b"k", how.encode()), (b"meanwhile", b"x")):
                    self.assertEqual(kv.Get(kv_pb2.GetRequest(key=key), timeout=TIMEOUT).kv.value, value)
                channel.close()


if __name__ == "__main__":
    main()
