#!/usr/bin/python3
"""When a write can be read, and by whom: ack levels, revisions, reads that wait."""

import time

import grpc

from kvd_case import KvdCase, admin_pb2, kv_pb2, main, put

HOUR_US = 3_600_000_000
POLICIES = ((0, True, 300), (1_000, True, 300), (20_000, True, 40), (20_000, False, 40))


class Visibility(KvdCase):
    def setUp(self):
        self.set_policy(0)
        self.other = self.other_client()

    def test_a_published_put_is_seen_at_once_by_another_connection(self):
        for interval_us, adaptive, rounds in POLICIES:
            with self.subTest(interval_us=interval_us, adaptive=adaptive):
                self.set_policy(interval_us, adaptive)
                for i in range(rounds):
                    value = b"%d-%d" % (interval_us, i)
                    written = self.put(b"seen", value)
                    reply = self.get(b"seen", self.other)
                    self.assertEqual(reply.kv.value, value)
                    self.assertEqual(reply.kv.mod_revision, written.header.revision)
                    self.assertGreaterEqual(reply.header.revision, written.header.revision)

    def test_a_published_write_request_is_seen_at_once_by_another_connection(self):
        for number in range(100):
            request = kv_pb2.WriteRequest(ops=[put(b"w%d" % i, b"%d" % number) for i in range(20)])
            for reply in self.kv.Write(iter([request]), timeout=self.TIMEOUT):
                self.assertEqual(reply.error.code, 0)
                seen = self.get(b"w19", self.other)
                self.assertEqual(seen.kv.value, b"%d" % number)
                self.assertGreaterEqual(seen.header.revision, reply.header.revision)

    def test_a_published_delete_is_seen_at_once_by_another_connection(self):
        for _ in range(100):
            self.put(b"gone", b"x")
            deleted = self.kv.Delete(kv_pb2.DeleteRequest(key=b"gone"), timeout=self.TIMEOUT)
            self.assertEqual(deleted.deleted, 1)
            self.assertFalse(self.get(b"gone", self.other).HasField("kv"))

    def test_an_applied_put_is_invisible_until_the_tick_and_then_published(self):
        self.set_policy(1_000_000, adaptive=False)
        written = self.put(b"later", b"1", ack=kv_pb2.ACK_APPLIED)
        end = time.monotonic() + self.TIMEOUT
        while not self.get(b"later", self.other).HasField("kv"):
            self.assertLess(time.monotonic(), end, "an applied put was never published")
            time.sleep(0.02)
        self.assertEqual(self.get(b"later").kv.mod_revision, written.header.revision)

    def test_publish_makes_an_applied_put_readable(self):
        self.set_policy(HOUR_US, adaptive=False)
        written = self.put(b"asked", b"1", ack=kv_pb2.ACK_APPLIED)
        self.assertFalse(self.get(b"asked", self.other).HasField("kv"))
        published = self.admin.Publish(admin_pb2.PublishRequest(), timeout=self.TIMEOUT)
        self.assertGreaterEqual(published.revision, written.header.revision)
        self.assertEqual(self.get(b"asked", self.other).kv.value, b"1")

    def test_a_read_that_asks_for_a_revision_waits_for_it(self):
        self.set_policy(200_000, adaptive=False)
        for i in range(10):
            written = self.put(b"mine", b"%d" % i, ack=kv_pb2.ACK_APPLIED).header.revision
            reply = self.get(b"mine", self.other, at_least_revision=written)
            self.assertEqual(reply.kv.value, b"%d" % i)
            self.assertGreaterEqual(reply.header.revision, written)
            many = self.other.MultiGet(
                kv_pb2.MultiGetRequest(keys=[b"mine"], at_least_revision=written), timeout=self.TIMEOUT
            )
            self.assertEqual(many.results[0].kv.value, b"%d" % i)

    def test_a_revision_that_was_never_assigned_is_out_of_range(self):
        future = self.put(b"now", b"1").header.revision + 1_000
        for call, request in (
            (self.kv.Get, kv_pb2.GetRequest(key=b"now", at_least_revision=future)),
            (self.kv.MultiGet, kv_pb2.MultiGetRequest(keys=[b"now"], at_least_revision=future)),
        ):
            self.assert_fails(grpc.StatusCode.OUT_OF_RANGE, call, request, naming=["at_least_revision"])

    def test_waiting_for_a_revision_ends_at_the_deadline(self):
        self.set_policy(HOUR_US, adaptive=False)
        written = self.put(b"slow", b"1", ack=kv_pb2.ACK_APPLIED).header.revision
        with self.assertRaises(grpc.RpcError) as caught:
            self.kv.Get(kv_pb2.GetRequest(key=b"slow", at_least_revision=written), timeout=0.5)
        self.assertEqual(caught.exception.code(), grpc.StatusCode.DEADLINE_EXCEEDED)

    def test_revisions_grow_by_one_and_requests_without_changes_take_none(self):
        first = self.put(b"r", b"1").header.revision
        self.assertEqual(self.put(b"r", b"2").header.revision, first + 1)
        refused = self.put(b"r", b"3", condition=kv_pb2.CONDITION_IF_ABSENT)
        self.assertFalse(refused.succeeded)
        absent = self.kv.Delete(kv_pb2.DeleteRequest(key=b"never was"), timeout=self.TIMEOUT)
        self.assertEqual(absent.deleted, 0)
        ops = [put(b"r%d" % i, b"") for i in range(50)]
        (reply,) = self.kv.Write(iter([kv_pb2.WriteRequest(ops=ops)]), timeout=self.TIMEOUT)
        self.assertEqual(reply.header.revision, first + 2)
        kv = self.get(b"r").kv
        self.assertEqual((kv.value, kv.create_revision, kv.mod_revision, kv.version), (b"2", first, first + 1, 2))

    def test_a_store_keeps_its_id(self):
        ids = {self.get(b"id").header.store_id, self.put(b"id", b"").header.store_id, self.stats().header.store_id}
        self.assertEqual(len(ids), 1)
        self.assertNotEqual(ids, {0})


if __name__ == "__main__":
    main()
