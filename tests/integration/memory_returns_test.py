#!/usr/bin/python3
"""The memory of large values and replies returns to the system once they are deleted or sent."""

import time

import kvd_case
from kvd_case import KvdProcess, connect, kv_pb2, kv_pb2_grpc, main, unittest

VALUES = 64
VALUE_BYTES = 4 << 20
CLIENTS = 4
REPLIES = 100
REPLY_BYTES = 8 << 20
WARM_ROUNDS = 4
MIB = 1 << 20
GRPC_MIB = CLIENTS * 4  # each connection keeps buffers for its next read, as much as its largest message had
IDLE_SECONDS = 1.5  # an idle store keeps memory for the next large values for one
SETTLE_SECONDS = 5  # at most: it polls until the memory is back


def resident(pid):
    with open(f"/proc/{pid}/status", encoding="ascii") as status:
        return next(int(line.split()[1]) << 10 for line in status if line.startswith("VmRSS"))


def delete(key):
    return kv_pb2.Op(delete=kv_pb2.DeleteRequest(key=key))


class MemoryReturns(unittest.TestCase):
    TIMEOUT = 60

    def setUp(self):
        self.kvd = KvdProcess(kvd_case.BIN, "--watch-history", "1MiB")  # what it keeps of those that are gone
        self.addCleanup(self.kvd.kill)
        self.clients = []
        for _ in range(CLIENTS):
            channel = connect(self.kvd.endpoint)
            self.addCleanup(channel.close)
            self.clients.append(kv_pb2_grpc.KVStub(channel))
        self.keys = [b"large%d" % n for n in range(VALUES)]

    def on_all_clients(self, call, keys=None):
        """call(client, key) for every key, on one connection after the other. Never two at once: the buffers that gRPC
        keeps for messages in flight are not under test.
        """
        for n, key in enumerate(keys or self.keys):
            call(self.clients[n % CLIENTS], key)

    def put(self, client, key, size):
        client.Put(kv_pb2.PutRequest(key=key, value=bytes([key[-1]]) * size), timeout=self.TIMEOUT)

    def fill(self):
        """Puts all large values; returns kvd's resident memory before that, with its message buffers warm."""
        self.empty = resident(self.kvd.pid)
        warm = self.keys[:CLIENTS]
        for size in (*WARM_ROUNDS * (VALUE_BYTES,), 1):
            self.on_all_clients(lambda client, key: self.put(client, key, size), warm)
        before = self.resident_at_rest()
        self.on_all_clients(lambda client, key: self.put(client, key, VALUE_BYTES))
        self.assertGreater(resident(self.kvd.pid), VALUES * VALUE_BYTES)
        return before

    def resident_at_rest(self):
        """What is resident once IDLE_SECONDS bring it no lower, or after SETTLE_SECONDS."""
        end = time.monotonic() + SETTLE_SECONDS
        least, since = resident(self.kvd.pid), time.monotonic()
        while time.monotonic() < min(since + IDLE_SECONDS, end):
            time.sleep(0.05)
            now = resident(self.kvd.pid)
            if now < least:
                least, since = now, time.monotonic()
        return least

    def expect_back_at(self, before):
        end = time.monotonic() + SETTLE_SECONDS
        most = min(before / MIB * 1.25 + GRPC_MIB, self.empty / MIB + 2.5 * GRPC_MIB)
        while (now := resident(self.kvd.pid)) / MIB > most and time.monotonic() < end:
            time.sleep(0.1)
        print(f"{before / MIB:.1f} MiB before, {now / MIB:.1f} after")
        self.assertLessEqual(now / MIB, most, "MiB resident, with all large values deleted")

    def test_deleted_one_by_one(self):
        before = self.fill()
        self.on_all_clients(lambda c, key: c.Delete(kv_pb2.DeleteRequest(key=key), timeout=self.TIMEOUT))
        self.expect_back_at(before)

    def test_deleted_by_one_request(self):
        before = self.fill()
        request = kv_pb2.WriteRequest(ops=[delete(key) for key in self.keys])
        (reply,) = self.clients[0].Write(iter([request]), timeout=self.TIMEOUT)
        self.assertFalse(reply.HasField("error"), reply.error.message)
        self.expect_back_at(before)

    def test_a_replys_memory_is_freed_once_it_is_sent(self):
        self.put(self.clients[0], b"large", REPLY_BYTES)
        request = kv_pb2.GetRequest(key=b"large")
        before = resident(self.kvd.pid)
        for _ in range(REPLIES):
            self.clients[0].Get(request, timeout=self.TIMEOUT)
        self.assertLess(resident(self.kvd.pid), before + REPLIES * REPLY_BYTES * 3 // 10)


if __name__ == "__main__":
    main()
