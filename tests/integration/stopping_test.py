#!/usr/bin/python3
"""A server stopped or killed while it is being written to: acknowledged writes, and the programs' messages."""

import re
import subprocess
import threading
import time
import unittest

import grpc

from kvd_case import BIN, admin_pb2, admin_pb2_grpc, connect, kv_pb2, kv_pb2_grpc, kvctl, kvctl_command, main
from kvd_process import KvdProcess, clean_environment
from rounds import RoundReaders, RoundWriter, group

UNDER_WAY = 20_000  # keys in the store when the server is stopped
UNAVAILABLE = grpc.StatusCode.UNAVAILABLE
# What a call gets that meets the drain: CANCELLED is the library's own word for one that came in too late.
TURNED_AWAY = {UNAVAILABLE, grpc.StatusCode.CANCELLED}


class EndlessImport:
    """kvctl import of records that never end, from its standard input."""

    def __init__(self, endpoint):
        self._process = subprocess.Popen(
            kvctl_command(endpoint, "-q", "import", "-"),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=clean_environment(),
        )
        self.sent = 0
        self._feeder = threading.Thread(target=self._feed, daemon=True)
        self._feeder.start()

    def _feed(self):
        try:
            while True:
                lines = b"".join(b'{"key":"k%09d","value":"v"}\n' % (self.sent + i) for i in range(1_000))
                self._process.stdin.write(lines)
                self.sent += 1_000
        except OSError:
            pass  # kvctl has ended

    def end(self):
        """Its exit code and what it said on standard error, once it ends."""
        code = self._process.wait(60)
        self._feeder.join()
        errors = self._process.stderr.read().decode()
        self._process.stdout.close()
        self._process.stderr.close()
        try:
            self._process.stdin.close()
        except OSError:
            pass
        return code, errors


class Stopping(unittest.TestCase):
    TIMEOUT = 60

    def setUp(self):
        # A drain that waits for something it should not would wait for an hour, and the test would notice.
        self.kvd = KvdProcess(BIN, "--drain-timeout", "1h")
        self.addCleanup(self.kvd.kill)
        self.channel = connect(self.kvd.endpoint)
        self.addCleanup(self.channel.close)
        self.kv = kv_pb2_grpc.KVStub(self.channel)

    def keys(self):
        return admin_pb2_grpc.AdminStub(self.channel).Stats(admin_pb2.StatsRequest(), timeout=self.TIMEOUT).keys

    def import_under_way(self):
        importing = EndlessImport(self.kvd.endpoint)
        end = time.monotonic() + self.TIMEOUT
        while self.keys() < UNDER_WAY:
            self.assertLess(time.monotonic(), end, "the import makes no progress")
            time.sleep(0.01)
        return importing

    def assert_says_what_was_acknowledged(self, importing):
        """kvctl ends with 3 and one line with a count; the count."""
        code, errors = importing.end()
        self.assertEqual(code, 3, errors)
        self.assertEqual(errors.count("\n"), 1, errors)
        count = re.search(r"(\d+) records imported and acknowledged", errors)
        self.assertIsNotNone(count, errors)
        self.assertLessEqual(int(count[1]), importing.sent)
        return int(count[1])

    def test_an_import_into_a_server_that_is_killed_reports_what_was_acknowledged(self):
        importing = self.import_under_way()
        self.kvd.kill()
        # All of what the store held was acknowledged, but for the requests in flight.
        self.assertGreater(self.assert_says_what_was_acknowledged(importing), UNDER_WAY // 4)

    def test_an_import_into_a_server_that_drains_reports_what_was_acknowledged(self):
        importing = self.import_under_way()
        self.assertEqual(self.kvd.stop(), 0, "\n".join(self.kvd.log))
        self.assertGreater(self.assert_says_what_was_acknowledged(importing), UNDER_WAY // 4)

    def test_acknowledged_keys_stay_readable_until_the_server_is_gone(self):
        keys = group(b"drain", 48)
        writer = RoundWriter(self.kvd.endpoint, keys)
        readers = RoundReaders(self.kvd.endpoint, [keys], least=lambda _: writer.acknowledged)
        readers.wait_until(lambda: len(readers.rounds_seen[0]) >= 50, self.TIMEOUT)
        self.assertEqual(self.kvd.stop(), 0)
        writer.stop()
        readers.stop()
        self.assertEqual(readers.problems[:3] + writer.problems[:3], [])
        self.assertGreater(writer.acknowledged, 0)
        self.assertEqual(writer.ended.code(), UNAVAILABLE)
        self.assertEqual(len(readers.ended), 2)
        self.assertLessEqual({e.code() for e in readers.ended}, TURNED_AWAY)

    def test_every_request_on_a_stream_that_was_taken_before_the_drain_is_answered(self):
        opened = threading.Event()
        closing = threading.Event()

        def requests():
            for i in range(200):
                op = kv_pb2.Op(put=kv_pb2.PutRequest(key=b"k%d" % i, value=b"v"))
                yield kv_pb2.WriteRequest(ops=[op], request_id=i)
            opened.set()
            closing.wait(self.TIMEOUT)

        stream = self.kv.Write(requests(), timeout=self.TIMEOUT)
        answered = [next(stream).request_id for _ in range(200)]
        self.assertTrue(opened.wait(self.TIMEOUT))
        self.kvd.terminate()
        with self.assertRaises(grpc.RpcError) as caught:
            next(stream)
        closing.set()
        self.assertEqual(caught.exception.code(), UNAVAILABLE)
        self.assertEqual(answered, list(range(200)))
        self.assertEqual(self.kvd.wait(), 0)

    def test_calls_in_flight_are_answered_or_unavailable(self):
        for round_number in range(50):
            calls = [
                self.kv.Put.future(kv_pb2.PutRequest(key=b"%d-%d" % (round_number, i), value=b"v"), timeout=60)
                for i in range(200)
            ]
            if round_number == 10:
                self.kvd.terminate()
            codes = {call.code() for call in calls}
            self.assertLessEqual(codes, {grpc.StatusCode.OK, *TURNED_AWAY})
            if grpc.StatusCode.OK not in codes:
                break
        self.assertEqual(self.kvd.wait(), 0)

    def test_waiting_for_a_revision_does_not_hold_up_the_drain(self):
        admin = admin_pb2_grpc.AdminStub(self.channel)
        admin.SetPublishPolicy(admin_pb2.SetPublishPolicyRequest(interval_us=3_600_000_000, max_batch=1))
        put = kv_pb2.PutRequest(key=b"k", value=b"v")
        waiting = self.kv.Put.future(put, timeout=self.TIMEOUT)
        applied = kv_pb2.PutRequest(key=b"k2", value=b"v", ack=kv_pb2.ACK_APPLIED)
        revision = self.kv.Put(applied, timeout=self.TIMEOUT).header.revision
        read = self.kv.Get.future(kv_pb2.GetRequest(key=b"k", at_least_revision=revision), timeout=self.TIMEOUT)
        self.assertFalse(waiting.done() or read.done())
        self.assertEqual(self.kvd.stop(), 0)
        # The last publish made it readable, so the write was acknowledged.
        self.assertEqual(waiting.code(), grpc.StatusCode.OK)
        # The read may still have been on its way when the drain began.
        self.assertIn(read.code(), {grpc.StatusCode.OK, *TURNED_AWAY})

    def test_a_server_that_is_gone_is_one_line_and_exit_code_3(self):
        endpoint = self.kvd.endpoint
        self.assertEqual(self.kvd.stop(), 0)
        for command in (["get", "k"], ["put", "k", "v"], ["import", "-"], ["stats"], ["health"]):
            with self.subTest(command=command):
                result = kvctl(endpoint, "--timeout", "2s", *command, stdin=b'{"key":"k","value":"v"}\n')
                self.assertEqual(result.returncode, 3, result.stderr)
                self.assertEqual(result.stderr.count(b"\n"), 1, result.stderr)
                self.assertIn(endpoint.encode(), result.stderr)


if __name__ == "__main__":
    main()
