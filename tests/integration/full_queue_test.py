#!/usr/bin/python3
"""A full queue: an error for a single call, a wait for a stream, and no loss of acknowledged writes."""

import time

import grpc

from kvd_case import KvdCase, kv_pb2, main, put

EXHAUSTED = grpc.StatusCode.RESOURCE_EXHAUSTED
DEADLINE = 120  # seconds; only so that a hang fails


class FullQueue(KvdCase):
    flags = ("--max-queue-requests", "1")

    def burst(self, prefix, size=400):
        """Sends that many Puts at once; returns (keys acknowledged, errors)."""
        calls = {}
        for i in range(size):
            key = b"%s-%d" % (prefix, i)
            calls[key] = self.kv.Put.future(kv_pb2.PutRequest(key=key, value=key), timeout=self.TIMEOUT)
        errors = {key: call.exception() for key, call in calls.items()}
        return [key for key, e in errors.items() if e is None], {k: e for k, e in errors.items() if e is not None}

    def burst_until_refused(self, prefix):
        end = time.monotonic() + DEADLINE
        while True:
            done, errors = self.burst(prefix)
            if errors or time.monotonic() > end:
                return done, errors

    def test_a_single_call_is_refused_by_name_and_changes_nothing(self):
        done, errors = self.burst_until_refused(b"single")
        self.assertTrue(errors, "the queue of one was never full")
        self.assertTrue(done)
        for error in errors.values():
            self.assertEqual(error.code(), EXHAUSTED)
            self.assertIn("max-queue-requests 1", error.details())

    def test_acknowledged_keys_exist_and_refused_ones_do_not(self):
        done, errors = set(), {}
        for i in range(5):
            some, failed = self.burst(b"kept%d" % i)
            done.update(some)
            errors.update(failed)
        keys = sorted(done) + sorted(errors)
        reply = self.other_client().MultiGet(kv_pb2.MultiGetRequest(keys=keys), timeout=self.TIMEOUT)
        for key, result in zip(keys, reply.results):
            self.assertEqual(result.kv.value, key if key in done else b"")
            self.assertEqual(result.found, key in done)

    def test_a_stream_waits_where_a_call_is_refused(self):
        requests = [kv_pb2.WriteRequest(ops=[put(b"s%d" % i, b"%d" % i)], request_id=i) for i in range(3_000)]
        streams = [self.other_client().Write(iter(requests), timeout=DEADLINE) for _ in range(2)]
        _, errors = self.burst_until_refused(b"beside")
        self.assertTrue(errors)
        for stream in streams:
            replies = list(stream)
            self.assertEqual([r.request_id for r in replies], list(range(3_000)))
            self.assertEqual({r.error.code for r in replies}, {0})

    def test_reads_and_statistics_pass_a_full_queue(self):
        self.put(b"there", b"1")
        stream = self.other_client().Write(
            iter([kv_pb2.WriteRequest(ops=[put(b"r%d" % i, b"")]) for i in range(2_000)]), timeout=DEADLINE
        )
        for _ in range(200):
            self.assertEqual(self.get(b"there").kv.value, b"1")
        self.assertEqual(self.stats().queue_requests_limit, 1)
        self.assertEqual(sum(1 for _ in stream), 2_000)


class FullOfBytes(KvdCase):
    flags = ("--max-queue-bytes", "10MiB")

    def test_a_request_that_can_never_fit_is_refused_even_on_a_stream(self):
        large = kv_pb2.WriteRequest(ops=[put(b"b%d" % i, b"v" * (4 << 20)) for i in range(3)], request_id=1)
        small = kv_pb2.WriteRequest(ops=[put(b"small", b"1")], request_id=2)
        replies = list(self.kv.Write(iter([large, small]), timeout=20))
        self.assertEqual([r.error.code for r in replies], [EXHAUSTED.value[0], 0])
        self.assertIn("max-queue-bytes", replies[0].error.message)
        self.assertFalse(self.get(b"b0").HasField("kv"))
        self.assertEqual(self.get(b"small").kv.value, b"1")

    def test_large_requests_in_a_row_wait_for_each_other(self):
        requests = [kv_pb2.WriteRequest(ops=[put(b"b", b"v" * (4 << 20))], request_id=i) for i in range(30)]
        replies = list(self.kv.Write(iter(requests), timeout=DEADLINE))
        self.assertEqual([(r.request_id, r.error.code) for r in replies], [(i, 0) for i in range(30)])


if __name__ == "__main__":
    main()
