#!/usr/bin/python3
"""What a client can send that it should not: each answered with the right status, and nothing harmed by it."""

import random
import time

import grpc

from bad_input_unread import UnreadCalls
from kvd_case import KvdCase, admin_pb2, kv_pb2, main, put

KEY_LIMIT = 65_535
VALUE_LIMIT = 8 << 20
REQUEST_LIMIT = 16 << 20
INVALID = grpc.StatusCode.INVALID_ARGUMENT
SECRET = b"hunter2-do-not-log"


def raw(channel, method, kind="unary_unary"):
    """A method called with bytes as they are."""
    return getattr(channel, kind)(method, request_serializer=None, response_deserializer=None)


class BadInputCase(KvdCase):
    """After each test the server still runs and holds exactly what it held before."""

    def setUp(self):
        self.put(b"intact", SECRET)
        self.before = self.get(b"intact").kv
        self.keys_before = self.stats().keys

    def tearDown(self):
        self.assertTrue(self.kvd.running(), "\n".join(self.kvd.log[-5:]))
        self.assertEqual(self.get(b"intact", self.other_client()).kv, self.before)
        self.assertEqual(self.stats().keys, self.keys_before)
        self.assertNotIn(SECRET.decode(), "\n".join(self.kvd.log))

    def write_one(self, *ops, **fields):
        (reply,) = self.kv.Write(iter([kv_pb2.WriteRequest(ops=ops, **fields)]), timeout=self.TIMEOUT)
        return reply


class Keys(BadInputCase):
    def calls_with(self, key):
        yield self.kv.Get, kv_pb2.GetRequest(key=key), "key"
        yield self.kv.MultiGet, kv_pb2.MultiGetRequest(keys=[b"intact", key]), "keys"
        yield self.kv.Put, kv_pb2.PutRequest(key=key, value=SECRET), "key"
        yield self.kv.Delete, kv_pb2.DeleteRequest(key=key), "key"

    def test_an_empty_key_is_refused(self):
        for call, request, field in self.calls_with(b""):
            self.assert_fails(INVALID, call, request, naming=[field, "empty"], never=[SECRET.decode()])

    def test_a_key_of_one_byte_too_many_is_refused_with_both_sizes(self):
        for call, request, field in self.calls_with(b"k" * (KEY_LIMIT + 1)):
            self.assert_fails(INVALID, call, request, naming=[field, "65536", "65535"], never=["kkkk"])

    def test_odd_keys_are_keys_like_any_other(self):
        longest = b"k" * KEY_LIMIT
        for key in (b"\0", b"\0" * 300, b"a\0b", b"\xff\xfe\x80", b"\xc3\x28", b" ", b"\n", longest):
            with self.subTest(key=key[:20]):
                self.put(key, b"\0value\xff" + key[:10])
                self.assertEqual(self.get(key).kv.key, key)
                self.assertEqual(self.get(key).kv.value, b"\0value\xff" + key[:10])
                many = self.kv.MultiGet(kv_pb2.MultiGetRequest(keys=[key, key + b"x" if key != longest else b"x"]))
                self.assertEqual([r.found for r in many.results], [True, False])
                self.assertEqual(self.kv.Delete(kv_pb2.DeleteRequest(key=key)).deleted, 1)
                self.assertFalse(self.get(key).HasField("kv"))

    def test_a_key_may_repeat_in_a_multiget_and_many_keys_may_not(self):
        many = self.kv.MultiGet(kv_pb2.MultiGetRequest(keys=[b"intact"] * 10_000))
        self.assertEqual([r.kv.value for r in many.results], [SECRET] * 10_000)
        request = kv_pb2.MultiGetRequest(keys=[b"intact"] * 10_001)
        self.assert_fails(INVALID, self.kv.MultiGet, request, naming=["keys", "10001", "10000"])
        self.assertEqual(len(self.kv.MultiGet(kv_pb2.MultiGetRequest()).results), 0)


class Values(BadInputCase):
    def test_a_value_of_the_largest_size_comes_back_whole(self):
        value = random.Random(1).randbytes(VALUE_LIMIT)
        self.put(b"large", value)
        self.assertEqual(self.get(b"large").kv.value, value)
        self.kv.Delete(kv_pb2.DeleteRequest(key=b"large"))

    def test_a_value_of_one_byte_too_many_is_refused(self):
        request = kv_pb2.PutRequest(key=b"large", value=b"v" * (VALUE_LIMIT + 1))
        self.assert_fails(INVALID, self.kv.Put, request, naming=["value", "8388609", "8388608"], never=["vvvv"])
        error = self.write_one(put(b"large", request.value)).error
        self.assertEqual(error.code, INVALID.value[0])
        self.assertIn("value", error.message)

    def test_an_empty_value_is_a_value(self):
        self.put(b"empty", b"")
        self.assertTrue(self.get(b"empty").HasField("kv"))
        self.assertEqual(self.get(b"empty").kv.value, b"")
        self.kv.Delete(kv_pb2.DeleteRequest(key=b"empty"))

    def test_a_multiget_reply_that_grows_too_large_is_refused(self):
        self.put(b"large", b"v" * VALUE_LIMIT)
        request = kv_pb2.MultiGetRequest(keys=[b"large"] * 3)
        self.assert_fails(grpc.StatusCode.RESOURCE_EXHAUSTED, self.kv.MultiGet, request, naming=["keys", "16777216"])
        self.kv.MultiGet(kv_pb2.MultiGetRequest(keys=[b"large"] * 3, keys_only=True))
        self.kv.Delete(kv_pb2.DeleteRequest(key=b"large"))

    def test_a_message_over_the_request_limit_is_refused(self):
        ops = [put(b"big%d" % i, b"v" * (4 << 20)) for i in range(5)]
        with self.assertRaises(grpc.RpcError) as caught:
            list(self.kv.Write(iter([kv_pb2.WriteRequest(ops=ops)]), timeout=self.TIMEOUT))
        self.assertEqual(caught.exception.code(), grpc.StatusCode.RESOURCE_EXHAUSTED)
        body = b"\x0a" + bytes([0x80, 0x80, 0x80, 0x10]) + b"k" * (32 << 20)
        self.assert_fails(grpc.StatusCode.RESOURCE_EXHAUSTED, raw(self.channel, "/flashkv.v1.KV/Get"), body)


class Fields(BadInputCase):
    def test_unknown_enum_numbers_are_refused_by_name(self):
        for field in ("condition", "ack"):
            request = kv_pb2.PutRequest(key=b"k", value=SECRET, **{field: 77})
            self.assert_fails(INVALID, self.kv.Put, request, naming=[field, "77"], never=[SECRET.decode()])
        self.assert_fails(INVALID, self.kv.Delete, kv_pb2.DeleteRequest(key=b"k", ack=-1), naming=["ack", "-1"])
        error = self.write_one(put(b"k", SECRET), ack=9).error
        self.assertEqual((error.code, "ack" in error.message), (INVALID.value[0], True))

    def test_a_ttl_out_of_range_is_refused(self):
        for ttl_ms in (-1, -(1 << 63), (1 << 63) - 1, 100 * 366 * 24 * 3_600_000):
            request = kv_pb2.PutRequest(key=b"k", value=SECRET, ttl_ms=ttl_ms)
            self.assert_fails(INVALID, self.kv.Put, request, naming=["ttl_ms"], never=[SECRET.decode()])

    def test_a_ttl_together_with_keep_ttl_is_refused(self):
        request = kv_pb2.PutRequest(key=b"k", value=b"v", ttl_ms=1_000, keep_ttl=True)
        self.assert_fails(INVALID, self.kv.Put, request, naming=["keep_ttl", "ttl_ms"])

    def test_durable_needs_a_data_directory(self):
        request = kv_pb2.PutRequest(key=b"k", value=b"v", ack=kv_pb2.ACK_DURABLE)
        self.assert_fails(grpc.StatusCode.FAILED_PRECONDITION, self.kv.Put, request, naming=["ack", "data directory"])

    def test_a_delete_needs_exactly_one_selector(self):
        Delete = kv_pb2.DeleteRequest
        self.assert_fails(INVALID, self.kv.Delete, Delete(), naming=["key"])
        self.assert_fails(INVALID, self.kv.Delete, Delete(key=b"a", prefix=b"b"), naming=["prefix"])
        self.assert_fails(INVALID, self.kv.Delete, Delete(key=b"a", end=b"b"), naming=["end"])
        self.assert_fails(INVALID, self.kv.Delete, Delete(start=b"b", end=b"a"), naming=["end", "start"])

    def test_a_publish_policy_out_of_range_changes_nothing(self):
        get = lambda: self.admin.GetPublishPolicy(admin_pb2.GetPublishPolicyRequest())  # noqa: E731
        before = get()
        Set = admin_pb2.SetPublishPolicyRequest
        self.assert_fails(INVALID, self.admin.SetPublishPolicy, Set(max_batch=0), naming=["max_batch"])
        self.assert_fails(INVALID, self.admin.SetPublishPolicy, Set(max_batch=(1 << 64) - 1), naming=["max_batch"])
        endless = Set(max_batch=1, interval_us=(1 << 64) - 1)
        self.assert_fails(INVALID, self.admin.SetPublishPolicy, endless, naming=["interval_us"])
        after = get()
        self.assertEqual(
            (after.interval_us, after.max_batch, after.adaptive), (before.interval_us, before.max_batch, before.adaptive)
        )

    def test_one_bad_operation_refuses_its_whole_request_and_the_stream_goes_on(self):
        bad = [
            kv_pb2.WriteRequest(ops=[], request_id=1),
            kv_pb2.WriteRequest(ops=[kv_pb2.Op()], request_id=2),
            kv_pb2.WriteRequest(ops=[put(b"half", b"1"), put(b"", b"2")], request_id=3),
            kv_pb2.WriteRequest(ops=[put(b"half", b"1")] * 10_001, request_id=4),
            kv_pb2.WriteRequest(ops=[put(b"half", b"1"), kv_pb2.Op(increment={"key": b"intact"})], request_id=5),
        ]
        codes = [INVALID, INVALID, INVALID, INVALID, grpc.StatusCode.FAILED_PRECONDITION]
        good = kv_pb2.WriteRequest(ops=[put(b"good", b"1")], request_id=6)
        replies = list(self.kv.Write(iter([*bad, good]), timeout=self.TIMEOUT))
        self.assertEqual([r.request_id for r in replies], [1, 2, 3, 4, 5, 6])
        self.assertEqual([r.error.code for r in replies], [c.value[0] for c in codes] + [0])
        self.assertTrue(all(not r.results for r in replies[:5]))
        self.assertIn("ops[1]", replies[2].error.message)
        self.assertFalse(self.get(b"half").HasField("kv"))
        self.kv.Delete(kv_pb2.DeleteRequest(key=b"good"))


class Wire(BadInputCase):
    METHODS = ("KV/Get", "KV/MultiGet", "KV/Put", "KV/Delete", "Admin/SetPublishPolicy")

    def test_the_last_of_a_duplicate_field_counts(self):
        body = b"\x0a\x05wrong\x0a\x06intact"
        reply = kv_pb2.GetResponse.FromString(raw(self.channel, "/flashkv.v1.KV/Get")(body))
        self.assertEqual(reply.kv.value, SECRET)

    def test_unknown_fields_are_passed_over(self):
        body = b"\x0a\x06intact" + b"\xfa\x3f\x03abc" + b"\x98\x40\x07"
        reply = kv_pb2.GetResponse.FromString(raw(self.channel, "/flashkv.v1.KV/Get")(body))
        self.assertEqual(reply.kv.value, SECRET)

    def test_bytes_that_are_no_message_are_refused(self):
        for method in self.METHODS:
            call = raw(self.channel, f"/flashkv.v1.{method}")
            for body in (b"\xff" * 20, b"\x0a\xff\xff\xff\xff\x0f", b"\x0a\x05abc", b"\x0f", b"\x00"):
                with self.subTest(method=method, body=body):
                    self.assert_fails(grpc.StatusCode.INVALID_ARGUMENT, call, body)

    def test_random_bytes_never_hurt(self):
        source = random.Random(7)
        for _ in range(500):
            body = source.randbytes(source.randrange(1, 200))
            call = raw(self.channel, f"/flashkv.v1.{source.choice(('KV/Get', 'KV/MultiGet'))}")
            try:
                call(body, timeout=self.TIMEOUT)
            except grpc.RpcError as error:
                self.assertIn(
                    error.code(),
                    (grpc.StatusCode.INTERNAL, INVALID, grpc.StatusCode.OUT_OF_RANGE),
                    error.details(),
                )

    def test_a_stream_that_turns_into_garbage_fails_after_what_was_good(self):
        good = kv_pb2.WriteRequest(ops=[put(b"intact2", b"1")], request_id=5).SerializeToString()
        replies = []
        with self.assertRaises(grpc.RpcError):
            call = raw(self.channel, "/flashkv.v1.KV/Write", "stream_stream")
            for reply in call(iter([good, b"\xff" * 9, good]), timeout=self.TIMEOUT):
                replies.append(kv_pb2.WriteResponse.FromString(reply).request_id)
        self.assertEqual(replies, [5])
        self.kv.Delete(kv_pb2.DeleteRequest(key=b"intact2"))

    def test_a_unary_method_called_without_a_message_or_with_two_fails(self):
        body = kv_pb2.GetRequest(key=b"intact").SerializeToString()
        call = raw(self.channel, "/flashkv.v1.KV/Get", "stream_unary")
        with self.assertRaises(grpc.RpcError):
            call(iter([]), timeout=self.TIMEOUT)
        try:
            call(iter([body, body]), timeout=self.TIMEOUT)
        except grpc.RpcError:
            pass  # refusing is as good as answering the first; what counts is that the server lives

    def test_a_client_that_hangs_up_mid_stream_leaves_nothing_half_done(self):
        for _ in range(20):
            channel = self.open_channel()
            requests = (kv_pb2.WriteRequest(ops=[put(b"intact", SECRET)]).SerializeToString() for _ in range(1_000))
            stream = raw(channel, "/flashkv.v1.KV/Write", "stream_stream")(requests)
            next(stream)
            stream.cancel()
            channel.close()
        self.put(b"intact", SECRET)
        self.before = self.get(b"intact").kv


class Unread(BadInputCase):
    """Replies that a client does not let through hold up nobody else."""

    CALLS = 800  # more than both request threads ever offered at a time

    def answered(self, method):
        return sum(m.count for m in self.stats().requests if m.method == method)

    def assert_others_are_served_beside(self, method, request, counted_as):
        before = self.answered(counted_as)
        with UnreadCalls(self.kvd.endpoint, method, request.SerializeToString(), self.CALLS):
            end = time.monotonic() + self.TIMEOUT
            while self.answered(counted_as) < before + self.CALLS:
                self.assertLess(time.monotonic(), end, "the unread calls are not answered")
                time.sleep(0.01)
            for _ in range(50):
                self.assertEqual(self.get(b"intact", self.other_client()).kv, self.before)
            self.put(b"beside", b"v")
        self.kv.Delete(kv_pb2.DeleteRequest(key=b"beside"))

    def test_unread_gets(self):
        self.assert_others_are_served_beside("/flashkv.v1.KV/Get", kv_pb2.GetRequest(key=b"intact"), "Get")

    def test_unread_puts(self):
        request = kv_pb2.PutRequest(key=b"beside", value=b"v")
        self.assert_others_are_served_beside("/flashkv.v1.KV/Put", request, "Put")


if __name__ == "__main__":
    main()
