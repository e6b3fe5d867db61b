#!/usr/bin/python3
"""Every error that the API documents, provoked over the wire: its code, and a message that names the field or the limit.

A case is a row of a table: what is wrong, the code, the call, and words of the message. Keys and values all contain HUSH,
which no message may. A call that fails changes nothing.
"""

import itertools
import queue
import time
from dataclasses import dataclass

import grpc

from kvd_case import KvdCase, admin_pb2, kv_pb2, main, put

INVALID, OUT_OF_RANGE, PRECONDITION, EXHAUSTED, LATE, UNAVAILABLE = (
    grpc.StatusCode[name]
    for name in (
        "INVALID_ARGUMENT", "OUT_OF_RANGE", "FAILED_PRECONDITION", "RESOURCE_EXHAUSTED", "DEADLINE_EXCEEDED", "UNAVAILABLE",
    )
)  # fmt: skip
MIB = 1 << 20
CENTURY = 100 * 366 * 24 * 3600 * 1000  # milliseconds, and some days
FUTURE = 1 << 40
HUSH = b"hush"
TEXT, LARGE = HUSH + b"/text", HUSH + b"/large"


@dataclass(frozen=True)
class Case:
    what: str
    code: grpc.StatusCode
    method: str
    request: dict
    words: tuple  # of the message


def case(what, code, method, *words, **request):
    return Case(what, code, method, request, words)


def op(kind, **fields):
    return kv_pb2.Op(**{kind: fields})


def invalid():
    """INVALID_ARGUMENT, by what is wrong."""
    long_key, range_down = HUSH * 16384, {"start": HUSH + b"b", "end": HUSH + b"a"}
    two = {"prefix": HUSH, "start": HUSH}
    yield case("an empty key", INVALID, "Get", "key", "empty", key=b"")
    yield case("an empty key among others", INVALID, "MultiGet", "keys", "empty", keys=[TEXT, b""])
    yield case("a key too long", INVALID, "Put", "key", "65536", "65535", key=long_key, value=HUSH)
    yield case("a prefix too long", INVALID, "Scan", "prefix", "65536", "65535", prefix=long_key)
    yield case("a value too long", INVALID, "Put", "value", "8388612", "8388608", key=TEXT, value=HUSH * (2 * MIB + 1))
    yield case("a value that would be", INVALID, "Append", "value", "8388608 + 1", "max-value-bytes", key=LARGE, value=b"!")
    yield case("a negative ttl", INVALID, "Put", "ttl_ms", "100 years", key=TEXT, value=HUSH, ttl_ms=-1)
    yield case("a ttl too long", INVALID, "Expire", "ttl_ms", "100 years", key=TEXT, ttl_ms=CENTURY)
    yield case("a ttl of a counter", INVALID, "Increment", "ttl_ms", "100 years", key=TEXT, ttl_ms=CENTURY)
    yield case("two ttls", INVALID, "Put", "keep_ttl", "ttl_ms", key=TEXT, value=HUSH, ttl_ms=1, keep_ttl=True)
    yield case("no selector", INVALID, "Delete", "key", "prefix", "start")
    yield case("two selectors", INVALID, "Delete", "key", "prefix", key=TEXT, prefix=HUSH)
    yield case("two selectors of a scan", INVALID, "Scan", "prefix", "start", **two)
    yield case("two selectors of a watch", INVALID, "Watch", "prefix", "start", **two)
    for method in ("Delete", "Scan", "Watch"):
        yield case("an inverted range", INVALID, method, "end", "start", **range_down)
    yield case("too many keys", INVALID, "MultiGet", "keys", "10001", "10000", keys=[TEXT] * 10_001)
    yield case("a bad publish interval", INVALID, "SetPublishPolicy", "interval_us", interval_us=1 << 50, max_batch=1)
    yield case("a bad batch", INVALID, "SetPublishPolicy", "max_batch", "1000000", max_batch=0)


def invalid_lists():
    """INVALID_ARGUMENT in lists of operations; the message has the number of the operation."""
    twice = [op("put", key=TEXT, value=HUSH), op("delete", key=TEXT)]
    ranges = [op("delete", prefix=HUSH), op("delete", start=TEXT, end=HUSH + b"/z")]
    held = {"key": TEXT, "target": "TARGET_EXISTS"}
    yield case("a key written twice", INVALID, "Txn", "success[1]", "once", success=twice)
    yield case("ranges that overlap", INVALID, "Txn", "failure[1]", "overlap", failure=ranges)
    yield case("too many operations", INVALID, "Txn", "success", "1025", "1024", success=[op("get", key=TEXT)] * 1025)
    yield case("too many compares", INVALID, "Txn", "compare", "1025", "1024", compare=[held] * 1025)
    yield case("an order of existence", INVALID, "Txn", "compare[0]", "op", compare=[{**held, "op": "COMPARISON_LESS"}])
    yield case("no operation", INVALID, "Txn", "success[0]", "op", success=[kv_pb2.Op()])
    yield case("an empty request", INVALID, "Write", "ops", "empty")
    yield case("too many writes", INVALID, "Write", "ops", "10001", "10000", ops=[op("get", key=TEXT)] * 10_001)
    yield case("a bad write", INVALID, "Write", "ops[1]", "key", ops=[put(TEXT, HUSH), put(b"", HUSH)])
    yield case("a call of nothing", INVALID, "Pipeline", "call", calls=[{"id": 1}])
    yield case("a bad call", INVALID, "Pipeline", "key", calls=[{"id": 1, "put": {"value": HUSH}}])


def unknown_enums():
    for method, field in itertools.product(("Put",), ("condition", "ack")):
        yield case("an unknown enum", INVALID, method, field, "99", key=TEXT, value=HUSH, **{field: 99})
    yield case("an unknown enum", INVALID, "Delete", "ack", "99", key=TEXT, ack=99)
    for field in ("target", "op"):
        yield case("an unknown enum", INVALID, "Txn", "compare[0]", field, "99", compare=[{"key": TEXT, field: 99}])
    yield case("an unknown enum", INVALID, "Watch", "filters", "99", filters=[99])


def other_codes():
    for method, key in (("Get", {"key": TEXT}), ("MultiGet", {"keys": [TEXT]}), ("Scan", {})):
        yield case("a future revision", OUT_OF_RANGE, method, "revision", at_least_revision=FUTURE, **key)
    yield case("a sum too large", OUT_OF_RANGE, "Increment", "delta", "64 bits", key=HUSH + b"/n", delta=(1 << 63) - 1)
    yield case("a compacted revision", OUT_OF_RANGE, "Watch", "start_revision", "1", start_revision=1)
    yield case("not a number", PRECONDITION, "Increment", "value", "decimal", key=TEXT)
    yield case("no number in a write", PRECONDITION, "Write", "ops[1]: value", "decimal",
               ops=[op("get", key=TEXT), op("increment", key=TEXT)])  # fmt: skip
    yield case("no number in a Txn", PRECONDITION, "Txn", "success[0]: value", success=[op("increment", key=TEXT)])
    durable = {"ack": kv_pb2.ACK_DURABLE}
    yield case("no data directory", PRECONDITION, "Put", "ack", "data directory", key=TEXT, value=HUSH, **durable)
    yield case("too many to delete", EXHAUSTED, "Delete", "10000", "limit", prefix=b"many/")
    yield case("a reply too large", EXHAUSTED, "MultiGet", "keys", "16777216", keys=[LARGE] * 3)
    values = [put(HUSH + b"%d" % i, HUSH * (MIB + MIB // 2)) for i in range(3)]
    yield case("a message too large", EXHAUSTED, "Txn", "message", "16842752", success=values)


class ErrorCase(KvdCase):
    def outcome(self, method, request):
        """(code, message) of a call, whichever way the error comes: as the call's status, or in a reply."""
        stub = self.kv if hasattr(self.kv, method) else self.admin
        module = kv_pb2 if stub is self.kv else admin_pb2
        message = getattr(module, f"{'WatchCreate' if method == 'Watch' else method + 'Request'}")(**request)
        try:
            if method == "Watch":
                return self.canceled(kv_pb2.WatchRequest(create=message))
            if method == "Write":
                (reply,) = stub.Write(iter([message]), timeout=self.TIMEOUT)
            elif method == "Pipeline":
                ((reply,),) = (r.answers for r in stub.Pipeline(iter([message]), timeout=self.TIMEOUT))
            elif method == "Scan":
                return grpc.StatusCode.OK, str(len(list(stub.Scan(message, timeout=self.TIMEOUT))))
            else:
                return grpc.StatusCode.OK, str(getattr(stub, method)(message, timeout=self.TIMEOUT))
        except grpc.RpcError as error:
            return error.code(), error.details()
        return next(c for c in grpc.StatusCode if c.value[0] == reply.error.code), reply.error.message

    def canceled(self, *requests, seconds=20):
        """(code, message) of the first watch that is canceled; the stream stays open until then."""
        sent = queue.SimpleQueue()
        stream = self.kv.Watch(iter(sent.get, None), timeout=seconds)
        for request in requests:
            sent.put(request)
        reply = next(reply for reply in stream if reply.canceled)
        sent.put(None)
        stream.cancel()
        return next(c for c in grpc.StatusCode if c.value[0] == reply.cancel_code), reply.cancel_reason

    def assert_refused(self, expected):
        code, message = self.outcome(expected.method, expected.request)
        self.assertEqual(code, expected.code, message[:500])
        for word in expected.words:
            self.assertIn(word, message)
        self.assertNotIn(HUSH.decode(), message)
        self.assertLess(len(message), 300)

    def assert_all_refused(self, cases):
        for each in cases:
            with self.subTest(f"{each.what}: {each.method}"):
                before = self.stats().assigned_revision
                self.assert_refused(each)
                self.assertEqual(self.stats().assigned_revision, before, "a failed request changed something")


class Documented(ErrorCase):
    """On a server with default flags; its history has lost the first revisions."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        for i in range(3):
            cls.kv.Put(kv_pb2.PutRequest(key=LARGE, value=HUSH * (2 * MIB)), timeout=cls.TIMEOUT)
        cls.kv.Put(kv_pb2.PutRequest(key=TEXT, value=HUSH), timeout=cls.TIMEOUT)
        cls.kv.Put(kv_pb2.PutRequest(key=HUSH + b"/n", value=b"1"), timeout=cls.TIMEOUT)
        many = (kv_pb2.WriteRequest(ops=[put(b"many/%d" % i, b"") for i in range(n, n + 5001)]) for n in (0, 5001))
        list(cls.kv.Write(many, timeout=cls.TIMEOUT))

    def test_invalid_arguments(self):
        self.assert_all_refused(invalid())

    def test_invalid_lists_of_operations(self):
        self.assert_all_refused(invalid_lists())

    def test_unknown_enums(self):
        self.assert_all_refused(unknown_enums())

    def test_other_codes(self):
        self.assert_all_refused(other_codes())

    def test_a_watch_id_that_is_in_use(self):
        create = kv_pb2.WatchRequest(create=kv_pb2.WatchCreate(watch_id=5, key=TEXT))
        code, message = self.canceled(create, create)
        self.assertEqual((code, message), (INVALID, "watch_id: 5 is in use on this stream"))


class WithoutAnOrder(ErrorCase):
    """What an engine or a flag leaves out."""

    flags = ("--engine", "critnib", "--ordered-index", "off", "--watch-history", "0")

    def test_what_is_not_there_is_a_failed_precondition(self):
        self.assert_all_refused([
            case("no order", PRECONDITION, "Scan", "ordered-index", prefix=HUSH),
            case("no order", PRECONDITION, "Delete", "ordered-index", prefix=HUSH),
            case("no atomic batches", PRECONDITION, "MultiGet", "keys", "ordered-index", keys=[TEXT, LARGE]),
            case("no history", PRECONDITION, "Watch", "watch-history", key=TEXT),
        ])  # fmt: skip


class Limits(ErrorCase):
    """One scan, one watch, and a queue that three values of 4 MiB do not fit into."""

    flags = ("--max-pins", "1", "--max-watches", "1", "--max-queue-bytes", "10MiB", "--scan-timeout", "1s")

    def open_scan(self):
        """A scan of 40 MiB whose client has taken one page."""
        if not self.get(HUSH + b"39").HasField("kv"):
            for i in range(40):
                self.put(HUSH + b"%d" % i, b"v" * MIB)
        pages = self.other_client().Scan(kv_pb2.ScanRequest(page_size=1), timeout=self.TIMEOUT)
        self.addCleanup(pages.cancel)
        next(pages)
        return pages

    def test_too_many_pins(self):
        self.open_scan()
        self.assert_refused(case("too many pins", EXHAUSTED, "Scan", "pins", "max-pins 1"))

    def test_a_scan_that_nobody_reads_is_ended(self):
        pages = self.open_scan()
        end = time.monotonic() + self.TIMEOUT
        while self.stats().pins:
            self.assertLess(time.monotonic(), end, "the scan keeps its pin")
            time.sleep(0.05)
        with self.assertRaises(grpc.RpcError) as caught:
            list(pages)
        self.assertEqual(caught.exception.code(), LATE)
        self.assertIn("scan-timeout", caught.exception.details())

    def test_too_many_watches(self):
        creates = (kv_pb2.WatchRequest(create=kv_pb2.WatchCreate(key=TEXT)) for _ in range(2))
        self.assertEqual(self.canceled(*creates), (EXHAUSTED, "too many watches: --max-watches 1"))

    def test_a_queue_that_is_full(self):
        values = [put(HUSH + b"/q%d" % i, HUSH * MIB) for i in range(3)]
        self.assert_refused(case("queue full", EXHAUSTED, "Txn", "queue full", "max-queue-bytes", success=values))


class NotInTime(ErrorCase):
    flags = ("--publish-interval", "1h", "--publish-adaptive=false")

    def test_a_revision_that_is_not_published_in_time(self):
        applied = self.put(TEXT, HUSH, ack=kv_pb2.ACK_APPLIED).header.revision
        with self.assertRaises(grpc.RpcError) as caught:
            self.kv.Get(kv_pb2.GetRequest(key=TEXT, at_least_revision=applied), timeout=0.3)
        self.assertEqual(caught.exception.code(), LATE)
        self.assertFalse(self.get(TEXT).HasField("kv"))


class Draining(ErrorCase):
    def test_a_server_that_drains_says_so_on_an_open_stream(self):
        sent = queue.SimpleQueue()
        stream = self.kv.Write(iter(sent.get, None), timeout=self.TIMEOUT)
        sent.put(kv_pb2.WriteRequest(ops=[put(TEXT, HUSH)], request_id=1))
        self.assertEqual(next(stream).request_id, 1)
        self.kvd.terminate()
        with self.assertRaises(grpc.RpcError) as caught:
            next(stream)
        sent.put(None)
        self.assertEqual(caught.exception.code(), UNAVAILABLE)
        self.assertIn("drain", caught.exception.details())
        self.assertEqual(self.kvd.wait(), 0)


if __name__ == "__main__":
    main()
