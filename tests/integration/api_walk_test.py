#!/usr/bin/python3
"""Every method of the API called in earnest, from Python: what it is asked and what it answers.

The methods come from the protos. One without a step here fails the test, as does a field or an enum's value that no
step sends or gets.
"""

import re

import grpc

from api_recorder import Recorder, reachable
from api_walk_keys import KeySteps
from api_walk_streams import StreamSteps
from kvd_case import KvdCase, admin_pb2, kv_pb2, main

# Declared in the protos, but not served: UNIMPLEMENTED. A method that is served has a step instead.
NOT_SERVED = {
    "Backup",
    "Restore",
    "Drain",
    "Reload",
}
# Messages whose fields are checked one by one where they are known: the others depend on the server's load and flags.
NOT_WHOLE = ("StatsResponse", "SlowLogResponse")


def step_of(name):
    return "walk_" + re.sub(r"(?<!^)([A-Z])", r"_\1", name).lower()


class ApiWalk(KeySteps, StreamSteps, KvdCase):
    flags = ("--slow-log-threshold", "0")  # every request is slow

    def setUp(self):
        self.recorder = Recorder(self.channel, (kv_pb2, admin_pb2))
        self.served = {name: m for name, m in self.recorder.methods.items() if name not in NOT_SERVED}
        self.store_id = self.call("Get", key=b"any").header.store_id

    def call(self, name, *requests, **fields):
        """As Recorder.call; of a single reply it checks the header."""
        reply = self.recorder.call(name, *requests, **fields)
        if hasattr(reply, "header"):
            self.assertEqual(reply.header.store_id, getattr(self, "store_id", reply.header.store_id))
            self.assertNotEqual(reply.header.store_id, 0)
        return reply

    def put(self, key, value, **fields):
        return self.call("Put", key=key, value=value, **fields)

    def read(self, key):
        reply = self.call("Get", key=key)
        self.assertTrue(reply.HasField("kv"), key)
        return reply.kv

    def revision(self):
        return self.call("Get", key=b"any").header.revision

    def assert_code(self, code, call, *arguments, **fields):
        with self.assertRaises(grpc.RpcError) as caught:
            call(*arguments, **fields)
        self.assertEqual(caught.exception.code(), code, caught.exception.details())
        return caught.exception.details()

    def test_every_method_has_a_step_or_is_listed_as_not_served(self):
        steps = {name for name in dir(self) if name.startswith("walk_")}
        self.assertEqual({step_of(name) for name in self.served}, steps)
        self.assertLessEqual(NOT_SERVED, set(self.recorder.methods))

    def test_a_method_that_is_not_served_says_so_by_name(self):
        for name in sorted(NOT_SERVED):
            method = self.recorder.methods[name]
            arguments = (iter(()),) if method.kind.startswith("stream") else ()
            with self.subTest(name):
                def finish(reply, streams=method.kind.endswith("stream")):
                    return list(reply) if streams else reply

                said = self.assert_code(
                    grpc.StatusCode.UNIMPLEMENTED, lambda: finish(self.recorder.call(name, *arguments))
                )
                self.assertIn(method.path, said)

    def test_every_method_does_what_it_promises_and_every_field_is_used(self):
        for name, method in self.served.items():
            before = self.recorder.calls[name]
            with self.subTest(name):
                getattr(self, step_of(name))()
                self.assertGreater(self.recorder.calls[name], before, "the step does not call its method")
        unused = reachable(self.served.values(), NOT_WHOLE) - self.recorder.seen
        self.assertEqual(unused, set(), "neither sent nor got by any step")

    def walk_stats(self):
        self.put(b"stats", b"v")
        stats = self.call("Stats")
        self.assertRegex(stats.version, r"^\d+\.\d+\.\d+$")
        self.assertEqual((stats.engine, stats.guard in ("refcount", "asymmetric")), ("flashmap", True))
        self.assertTrue(stats.traits.atomic_batch and stats.traits.linearizable)
        self.assertEqual(stats.published_revision, stats.assigned_revision)
        self.assertEqual(stats.published_revision, stats.header.revision)
        (page,) = self.call("Scan", count_only=True)
        self.assertEqual(stats.keys, page.count)
        self.assertGreater(min(stats.record_bytes, stats.index_bytes, stats.rss_bytes, stats.request_threads), 0)
        self.assertEqual((stats.queue_requests, stats.queue_requests_limit), (0, 65536))
        self.assertEqual((stats.queue_bytes, stats.queue_bytes_limit), (0, 256 << 20))
        self.assertEqual((stats.pins_limit, stats.watches_limit, stats.watch_history_limit), (64, 100_000, 16 << 20))
        self.assertEqual((stats.policy.interval_us, stats.policy.max_batch, stats.policy.adaptive), (0, 1024, True))
        counted = {(each.method, each.code): each.count for each in stats.requests}
        self.put(b"stats", b"w")
        again = {(each.method, each.code): each.count for each in self.call("Stats").requests}
        self.assertEqual(again["Put", 0], counted["Put", 0] + 1)

    def walk_get_publish_policy(self):
        policy = self.call("GetPublishPolicy")
        self.assertEqual((policy.interval_us, policy.max_batch, policy.adaptive), (0, 1024, True))

    def walk_set_publish_policy(self):
        before = {"interval_us": 0, "max_batch": 1024, "adaptive": True}
        for fields in ({"interval_us": 5_000, "max_batch": 77, "adaptive": False}, before):
            for reply in (self.call("SetPublishPolicy", **fields), self.call("GetPublishPolicy")):
                self.assertEqual({name: getattr(reply, name) for name in fields}, fields)

    def walk_slow_log(self):
        self.put(b"slow", b"v" * 1000)
        self.assert_code(grpc.StatusCode.INVALID_ARGUMENT, lambda: self.recorder.call("Get", key=b""))
        log = self.call("SlowLog", limit=2, reset=True)
        get, put = log.entries
        self.assertEqual([(e.method, e.code) for e in (get, put)], [("Get", 3), ("Put", 0)], "the latest first")
        self.assertGreater(put.request_bytes, 1000)
        self.assertGreater(put.reply_bytes, 0)
        self.assertGreater(put.duration_us, 0)
        self.assertGreater(get.id, put.id)
        self.assertGreaterEqual(get.at_ms, put.at_ms)
        self.assertGreaterEqual(log.total, get.id)
        self.assertEqual(log.threshold_us, 0)
        again = self.call("SlowLog")
        self.assertEqual([e.method for e in again.entries], ["SlowLog"], "only the one that reset it")

    def walk_set_log_level(self):
        self.assertEqual(self.call("SetLogLevel", level="debug").previous, "info")
        self.assertEqual(self.call("SetLogLevel", level="info").previous, "debug")

    def walk_publish(self):
        """With an hour between publishes, only Publish shows what was applied."""
        self.call("SetPublishPolicy", interval_us=3_600_000_000, max_batch=1024, adaptive=False)
        applied = self.put(b"publish", b"v", ack=kv_pb2.ACK_APPLIED).header.revision
        seen = self.call("Get", key=b"publish")
        self.assertFalse(seen.HasField("kv"))
        self.assertLess(seen.header.revision, applied)
        reply = self.call("Publish")
        self.assertEqual((reply.revision, reply.header.revision), (applied, applied))
        self.assertEqual(self.read(b"publish").mod_revision, applied)
        self.call("SetPublishPolicy", interval_us=0, max_batch=1024, adaptive=True)


if __name__ == "__main__":
    main()
