#!/usr/bin/python3
"""What a client can send that it should not, through a real client to a real server: one case of each kind. Which input
is refused with which words is tested in tests/server/.
"""

import time

import grpc

from bad_input_unread import UnreadCalls
from kvd_case import KvdCase, kv_pb2, main, put

KEY_LIMIT = 65_535
INVALID = grpc.StatusCode.INVALID_ARGUMENT
SECRET = b"hunter2-do-not-log"


def raw(channel, method, kind="unary_unary"):
    """A callable that sends raw bytes to a method."""
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


class Keys(BadInputCase):
    def calls_with(self, key):
        yield self.kv.Get, kv_pb2.GetRequest(key=key), "key"
        yield self.kv.MultiGet, kv_pb2.MultiGetRequest(keys=[b"intact", key]), "keys"
        yield self.kv.Put, kv_pb2.PutRequest(key=key, value=SECRET), "key"
        yield self.kv.Delete, kv_pb2.DeleteRequest(key=key), "key"

    def test_a_key_of_one_byte_too_many_is_refused_with_both_sizes(self):
        for call, request, field in self.calls_with(b"k" * (KEY_LIMIT + 1)):
            self.assert_fails(INVALID, call, request, naming=[field, "65536", "65535"], never=["kkkk"])

    def test_unusual_keys_are_keys_like_any_other(self):
        longest = b"k" * KEY_LIMIT
        for key in (b"\0", b"\0" * 300, b"a\0b", b"\xff\xfe\x80", b"\xc3\x28", b" ", b"\n", longest):
            with self.subTest(key=key[:20]):
                for value in (b"", b"\0value\xff" + key[:10]):
                    self.put(key, value)
                    self.assertEqual((self.get(key).kv.key, self.get(key).kv.value), (key, value))
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


class Fields(BadInputCase):
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
    def test_a_method_that_is_not_served_says_so_by_name_and_is_counted(self):
        def refused():
            return sum(m.count for m in self.stats().requests if m.code == grpc.StatusCode.UNIMPLEMENTED.value[0])

        before = refused()
        call = raw(self.channel, "/flashkv.v1.Admin/Backup", "unary_stream")
        self.assert_fails(grpc.StatusCode.UNIMPLEMENTED, lambda body, timeout: list(call(body, timeout=timeout)), b"",
                          naming=["Backup"])
        self.assertEqual(refused(), before + 1)

    def test_the_last_of_a_duplicate_field_counts(self):
        body = b"\x0a\x05wrong\x0a\x06intact"
        reply = kv_pb2.GetResponse.FromString(raw(self.channel, "/flashkv.v1.KV/Get")(body))
        self.assertEqual(reply.kv.value, SECRET)

    def test_unknown_fields_are_ignored(self):
        body = b"\x0a\x06intact" + b"\xfa\x3f\x03abc" + b"\x98\x40\x07"
        reply = kv_pb2.GetResponse.FromString(raw(self.channel, "/flashkv.v1.KV/Get")(body))
        self.assertEqual(reply.kv.value, SECRET)

    def test_a_unary_method_called_without_a_message_or_with_two_fails(self):
        body = kv_pb2.GetRequest(key=b"intact").SerializeToString()
        call = raw(self.channel, "/flashkv.v1.KV/Get", "stream_unary")
        with self.assertRaises(grpc.RpcError):
            call(iter([]), timeout=self.TIMEOUT)
        try:
            call(iter([body, body]), timeout=self.TIMEOUT)
        except grpc.RpcError:
            pass  # refusing is as good as answering the first; the server must survive


class Unread(BadInputCase):
    """Replies that a client does not accept hold up no other client."""

    CALLS = 800  # more than both request threads ever have posted

    def answered(self, method):
        return sum(m.count for m in self.stats().requests if m.method == method)

    def test_others_are_served_beside_them(self):
        before = self.answered("Get")
        body = kv_pb2.GetRequest(key=b"intact").SerializeToString()
        with UnreadCalls(self.kvd.endpoint, "/flashkv.v1.KV/Get", body, self.CALLS):
            end = time.monotonic() + self.TIMEOUT
            while self.answered("Get") < before + self.CALLS:
                self.assertLess(time.monotonic(), end, "the unread calls are not answered")
                time.sleep(0.01)
            for _ in range(50):
                self.assertEqual(self.get(b"intact", self.other_client()).kv, self.before)
            self.put(b"beside", b"v")
        self.kv.Delete(kv_pb2.DeleteRequest(key=b"beside"))


if __name__ == "__main__":
    main()
