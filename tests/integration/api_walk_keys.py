"""The steps of the walk through the API that are about single keys: each calls one method in all of its ways."""

import time

from kvd_case import grpc, kv_pb2

MINUTE = 60_000  # milliseconds
HOUR = 60 * MINUTE


def op(**kinds):
    return kv_pb2.Op(**kinds)


class KeySteps:
    """Mixed into a test with put(), read(), revision() and Recorder.call as `call`."""

    def assert_ends_in(self, kv, ttl_ms):
        """The key's time to live is about that: clocks may be adjusted meanwhile."""
        self.assertAlmostEqual(kv.expires_at_ms, time.time() * 1000 + ttl_ms, delta=2 * MINUTE)

    def walk_get(self):
        self.assertFalse(self.call("Get", key=b"get").HasField("kv"))
        first = self.put(b"get", b"1").header.revision
        kv = self.read(b"get")
        self.assertEqual(kv, kv_pb2.KeyValue(key=b"get", value=b"1", create_revision=first, mod_revision=first, version=1))
        second = self.put(b"get", b"22").header.revision
        reply = self.call("Get", key=b"get", at_least_revision=second)
        expected = kv_pb2.KeyValue(key=b"get", value=b"22", create_revision=first, mod_revision=second, version=2)
        self.assertEqual(reply.kv, expected)
        self.assertEqual(reply.header.revision, second)
        expected.ClearField("value")
        self.assertEqual(self.call("Get", key=b"get", keys_only=True).kv, expected)

    def walk_multi_get(self):
        self.put(b"multi/1", b"one")
        revision = self.put(b"multi/2", b"two").header.revision
        keys = [b"multi/2", b"multi/none", b"multi/1", b"multi/2"]
        reply = self.call("MultiGet", keys=keys, at_least_revision=revision)
        self.assertEqual([r.found for r in reply.results], [True, False, True, True])
        self.assertEqual([r.kv.value for r in reply.results], [b"two", b"", b"one", b"two"])
        self.assertFalse(reply.results[1].HasField("kv"))
        self.assertEqual(reply.results[0].kv, self.read(b"multi/2"))
        reply = self.call("MultiGet", keys=keys, keys_only=True)
        self.assertEqual([(r.kv.key, r.kv.value) for r in reply.results][2:], [(b"multi/1", b""), (b"multi/2", b"")])

    def walk_put(self):
        first = self.put(b"put", b"1").header.revision
        second = self.put(b"put", b"2", prev_kv=True, condition=kv_pb2.CONDITION_ALWAYS, ack=kv_pb2.ACK_PUBLISHED)
        self.assertEqual((second.succeeded, second.header.revision, second.prev_kv.value), (True, first + 1, b"1"))
        self.refused_puts(first + 1)
        self.assertTrue(self.put(b"put", b"3", condition=kv_pb2.CONDITION_IF_PRESENT).succeeded)
        self.assertTrue(self.put(b"put", b"4", expected_mod_revision=first + 2).succeeded)
        self.assertTrue(self.put(b"put/new", b"1", expected_mod_revision=0, prev_kv=True).succeeded)
        self.assertTrue(self.put(b"put/newer", b"1", condition=kv_pb2.CONDITION_IF_ABSENT).succeeded)
        self.times_to_live()
        applied = self.put(b"put", b"5", ack=kv_pb2.ACK_APPLIED).header.revision
        self.assertEqual(self.call("Get", key=b"put", at_least_revision=applied).kv.value, b"5")
        self.assert_code(grpc.StatusCode.FAILED_PRECONDITION, self.put, b"put", b"6", ack=kv_pb2.ACK_DURABLE)
        self.assertEqual(self.read(b"put").value, b"5")

    def refused_puts(self, revision):
        """A condition that does not hold: OK, nothing written, no revision taken, and still prev_kv."""
        absent, present = kv_pb2.CONDITION_IF_ABSENT, kv_pb2.CONDITION_IF_PRESENT
        for key, fields, before in (
            (b"put", {"condition": absent}, b"2"),
            (b"put", {"expected_mod_revision": 0}, b"2"),
            (b"put", {"expected_mod_revision": revision + 1}, b"2"),
            (b"put", {"condition": present, "expected_mod_revision": revision - 1}, b"2"),
            (b"put", {"condition": absent, "expected_mod_revision": revision}, b"2"),
            (b"put/none", {"condition": present}, None),
            (b"put/none", {"expected_mod_revision": revision}, None),
        ):
            reply = self.put(key, b"lost", prev_kv=True, **fields)
            self.assertEqual((reply.succeeded, reply.header.revision), (False, revision), fields)
            self.assertEqual(reply.prev_kv.value if reply.HasField("prev_kv") else None, before, fields)
        self.assertEqual((self.revision(), self.read(b"put").value), (revision, b"2"))

    def times_to_live(self):
        self.put(b"put/ttl", b"1", ttl_ms=HOUR)
        kv = self.read(b"put/ttl")
        self.assert_ends_in(kv, HOUR)
        self.put(b"put/ttl", b"2", keep_ttl=True)
        self.assertEqual(self.read(b"put/ttl").expires_at_ms, kv.expires_at_ms)
        self.put(b"put/ttl", b"3")
        self.assertEqual(self.read(b"put/ttl").expires_at_ms, 0)

    def walk_delete(self):
        names = [b"delete/%d" % i for i in range(6)]
        for key in (*names, b"\xff1", b"\xff2"):
            self.put(key, b"of " + key)
        before = self.revision()
        reply = self.call("Delete", key=names[0], prev_kv=True, ack=kv_pb2.ACK_APPLIED)
        self.assertEqual((reply.deleted, [p.value for p in reply.prev_kvs]), (1, [b"of delete/0"]))
        self.assertEqual(reply.header.revision, before + 1)
        again = self.call("Delete", key=names[0], prev_kv=True)
        self.assertEqual((again.deleted, list(again.prev_kvs), again.header.revision), (0, [], before + 1))
        reply = self.call("Delete", start=names[1], end=names[3], prev_kv=True)
        self.assertEqual((reply.deleted, [p.key for p in reply.prev_kvs], reply.more), (2, names[1:3], False))
        reply = self.call("Delete", prefix=b"delete/", limit=2, prev_kv=True)
        self.assertEqual((reply.deleted, [p.key for p in reply.prev_kvs], reply.more), (2, names[3:5], True))
        reply = self.call("Delete", prefix=b"delete/", limit=2)
        self.assertEqual((reply.deleted, list(reply.prev_kvs), reply.more), (1, [], False))
        self.assertEqual(self.call("Delete", start=b"\xff").deleted, 2)

    def walk_expire(self):
        self.assertFalse(self.call("Expire", key=b"expire", ttl_ms=HOUR).found)
        before = self.put(b"expire", b"v").header.revision
        reply = self.call("Expire", key=b"expire", ttl_ms=HOUR, ack=kv_pb2.ACK_PUBLISHED)
        self.assertEqual((reply.found, reply.header.revision), (True, before + 1))
        kv = self.read(b"expire")
        self.assert_ends_in(kv, HOUR)
        self.assertEqual((kv.value, kv.version, kv.mod_revision), (b"v", 2, before + 1))
        self.assertTrue(self.call("Expire", key=b"expire", ttl_ms=0).found)
        self.assertEqual(self.read(b"expire").expires_at_ms, 0)

    def walk_increment(self):
        first = self.call("Increment", key=b"increment", delta=5, initial=-7, ttl_ms=HOUR, ack=kv_pb2.ACK_PUBLISHED)
        self.assertEqual(first.value, -2)
        kv = self.read(b"increment")
        self.assertEqual(kv.value, b"-2")
        self.assert_ends_in(kv, HOUR)
        second = self.call("Increment", key=b"increment", delta=-10, initial=100, ttl_ms=2 * HOUR)
        self.assertEqual((second.value, second.header.revision), (-12, first.header.revision + 1))
        self.assertEqual(self.read(b"increment").expires_at_ms, kv.expires_at_ms)

    def walk_append(self):
        self.assertEqual(self.call("Append", key=b"append", value=b"abc", ack=kv_pb2.ACK_PUBLISHED).length, 3)
        self.call("Expire", key=b"append", ttl_ms=HOUR)
        expires = self.read(b"append").expires_at_ms
        self.assertEqual(self.call("Append", key=b"append", value=b"\x00\xff").length, 5)
        kv = self.read(b"append")
        self.assertEqual((kv.value, kv.expires_at_ms, kv.version), (b"abc\x00\xff", expires, 3))

    def walk_txn(self):
        self.compares()
        for key, value in ((b"txn/n", b"1"), (b"txn/gone/1", b""), (b"txn/gone/2", b""), (b"txn/text", b"ab")):
            self.put(key, value)
        ops = [
            op(put={"key": b"txn/put", "value": b"new", "prev_kv": True}),
            op(get={"key": b"txn/put"}),
            op(increment={"key": b"txn/n", "delta": 4}),
            op(append={"key": b"txn/text", "value": b"c"}),
            op(expire={"key": b"txn", "ttl_ms": HOUR}),
            op(delete={"prefix": b"txn/gone/", "prev_kv": True}),
        ]
        before = self.revision()
        reply = self.call("Txn", success=ops, failure=[op(get={"key": b"txn"})], ack=kv_pb2.ACK_PUBLISHED)
        self.assertEqual((reply.succeeded, reply.header.revision), (True, before + 1))
        put, get, increment, append, expire, delete = reply.results
        self.assertEqual([r.WhichOneof("result") for r in reply.results], [o.WhichOneof("op") for o in ops])
        self.assertTrue(put.put.succeeded)
        self.assertEqual((get.get.kv.value, get.get.kv.mod_revision), (b"new", before + 1))
        self.assertEqual((increment.increment.value, append.append.length, expire.expire.found), (5, 3, True))
        self.assertEqual([p.key for p in delete.delete.prev_kvs], [b"txn/gone/1", b"txn/gone/2"])
        self.assertEqual({self.read(k).mod_revision for k in (b"txn", b"txn/put", b"txn/n", b"txn/text")}, {before + 1})
        self.a_transaction_that_changes_nothing()

    def compares(self):
        """Every target with every comparison, on a key with value "m", version 2, and on one that is absent."""
        created = self.put(b"txn", b"l").header.revision
        modified = self.put(b"txn", b"m").header.revision
        equal, differs, greater, less = (
            getattr(kv_pb2, f"COMPARISON_{name}") for name in ("EQUAL", "NOT_EQUAL", "GREATER", "LESS")
        )
        numbers = {kv_pb2.TARGET_VERSION: 2, kv_pb2.TARGET_CREATE: created, kv_pb2.TARGET_MOD: modified}
        table = [(b"txn", kv_pb2.TARGET_EXISTS, equal, {}, True), (b"txn", kv_pb2.TARGET_EXISTS, differs, {}, False)]
        table += [(b"no", kv_pb2.TARGET_EXISTS, equal, {}, False), (b"no", kv_pb2.TARGET_EXISTS, differs, {}, True)]
        for relation, holds in ((equal, (0, 1, 0)), (differs, (1, 0, 1)), (greater, (1, 0, 0)), (less, (0, 0, 1))):
            for offset, expected in zip((-1, 0, 1), holds):
                for target, number in numbers.items():
                    table.append((b"txn", target, relation, {"number": number + offset}, bool(expected)))
            for value, expected in zip((b"lz", b"m", b"m\x00"), holds):
                table.append((b"txn", kv_pb2.TARGET_VALUE, relation, {"value": value}, bool(expected)))
            table.append((b"no", kv_pb2.TARGET_VALUE, relation, {"value": b""}, False))
            table.append((b"no", kv_pb2.TARGET_MOD, relation, {"number": 0}, relation == equal))
        for key, target, relation, than, expected in table:
            compare = kv_pb2.Compare(key=key, target=target, op=relation, **than)
            self.assertEqual(self.call("Txn", compare=[compare]).succeeded, expected, compare)

    def a_transaction_that_changes_nothing(self):
        """All compares must hold; the failure ops answer at the revision that is there."""
        held, missed = ({"key": b"txn", "target": "TARGET_VALUE", "value": value} for value in (b"m", b"x"))
        reads = [op(get={"key": b"txn", "keys_only": True}), op(delete={"key": b"txn/none"})]
        before = self.revision()
        reply = self.call("Txn", compare=[held, missed], success=[op(delete={"key": b"txn"})], failure=reads)
        self.assertEqual((reply.succeeded, reply.header.revision), (False, before))
        self.assertEqual((reply.results[0].get.kv.key, reply.results[0].get.kv.value), (b"txn", b""))
        self.assertEqual(reply.results[1].delete.deleted, 0)
        self.assertEqual((self.revision(), self.read(b"txn").value), (before, b"m"))
