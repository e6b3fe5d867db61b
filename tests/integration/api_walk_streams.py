"""The steps of the walk through the API whose methods are streams: Scan, Write, Pipeline and Watch."""

import queue

from kvd_case import grpc, kv_pb2, put

MIB = 1 << 20


class Watching:
    """A Watch stream: requests go in one by one, replies come out one by one."""

    def __init__(self, call):
        self._requests = queue.SimpleQueue()
        self._replies = call("Watch", iter(self._requests.get, None))

    def send(self, **request):
        self._requests.put(kv_pb2.WatchRequest(**request))

    def next(self):
        return next(self._replies)

    def events(self, count):
        """That many events or more, from as many replies as it takes."""
        found = []
        while len(found) < count:
            found += self.next().events
        return found

    def close(self):
        self._requests.put(None)
        self._replies.cancel()


class StreamSteps:
    """Mixed into a test with put(), read(), revision() and Recorder.call as `call`."""

    def scan(self, **fields):
        """(pages, keys) of a scan; all pages show one revision."""
        pages = list(self.call("Scan", **fields))
        self.assertEqual(len({page.header.revision for page in pages}), 1)
        return pages, [kv.key for page in pages for kv in page.kvs]

    def walk_scan(self):
        names = [b"scan/%d" % i for i in range(5)]
        revision = max(self.put(key, b"of " + key).header.revision for key in reversed(names))
        pages, keys = self.scan(prefix=b"scan/", page_size=2, at_least_revision=revision)
        self.assertEqual((keys, [len(p.kvs) for p in pages]), (names, [2, 2, 1]))
        self.assertEqual([(p.count, p.more) for p in pages], [(2, False), (4, False), (5, False)])
        self.assertEqual(pages[0].header.revision, revision)
        self.assertEqual(pages[0].kvs[0], self.read(names[0]))
        pages, keys = self.scan(start=names[1], end=names[4], limit=2)
        self.assertEqual((keys, pages[-1].count, pages[-1].more), (names[1:3], 2, True))
        self.assertFalse(self.scan(start=names[1], end=names[4], limit=3)[0][-1].more)
        pages, keys = self.scan(prefix=b"scan/", reverse=True, limit=2, keys_only=True)
        self.assertEqual((keys, {kv.value for kv in pages[0].kvs}), ([names[4], names[3]], {b""}))
        pages, keys = self.scan(prefix=b"scan/", count_only=True, limit=2)
        self.assertEqual((keys, len(pages), pages[0].count), ([], 1, 5))
        pages, keys = self.scan(prefix=b"none/")
        self.assertEqual((keys, len(pages), pages[0].count), ([], 1, 0))
        everything = self.scan()[1]
        self.assertEqual(everything, sorted(everything))
        self.assertLess(set(names), set(everything))
        self.assertEqual(self.scan(start=names[3])[1], [key for key in everything if key >= names[3]])

    def walk_write(self):
        ops = [
            put(b"write/1", b"a"),
            kv_pb2.Op(append={"key": b"write/1", "value": b"b"}),
            kv_pb2.Op(get={"key": b"write/1"}),
            kv_pb2.Op(increment={"key": b"write/2", "delta": 3}),
            kv_pb2.Op(expire={"key": b"write/none", "ttl_ms": 1}),
            kv_pb2.Op(delete={"key": b"write/2", "prev_kv": True}),
        ]
        refused = [put(b"write/3", b""), kv_pb2.Op(increment={"key": b"write/1"})]
        requests = [
            kv_pb2.WriteRequest(ops=ops, request_id=70, ack=kv_pb2.ACK_PUBLISHED),
            kv_pb2.WriteRequest(ops=refused, request_id=80),
            kv_pb2.WriteRequest(ops=[put(b"write/4", b"z")], request_id=70),
        ]
        before = self.revision()
        first, second, third = self.call("Write", iter(requests))
        self.assertEqual([r.request_id for r in (first, second, third)], [70, 80, 70])
        self.assertEqual([r.WhichOneof("result") for r in first.results], [o.WhichOneof("op") for o in ops])
        made, length, got, summed, expired, deleted = first.results
        self.assertEqual((made.put.succeeded, length.append.length, got.get.kv.value), (True, 2, b"ab"))
        self.assertEqual((summed.increment.value, expired.expire.found), (3, False))
        self.assertEqual((deleted.delete.deleted, deleted.delete.prev_kvs[0].value), (1, b"3"))
        self.assertEqual((first.header.revision, first.HasField("error")), (before + 1, False))
        self.assertEqual((second.error.code, list(second.results)), (grpc.StatusCode.FAILED_PRECONDITION.value[0], []))
        self.assertIn("ops[1]", second.error.message)
        self.assertEqual((third.header.revision, third.results[0].put.succeeded), (before + 2, True))
        self.assertFalse(self.call("Get", key=b"write/3").HasField("kv"))

    def walk_pipeline(self):
        self.put(b"pipe", b"v")
        calls = {
            "get": {"key": b"pipe"},
            "multi_get": {"keys": [b"pipe", b"none"]},
            "put": {"key": b"pipe/put", "value": b"1"},
            "delete": {"key": b"none"},
            "expire": {"key": b"none"},
            "increment": {"key": b"pipe/n", "delta": 2},
            "append": {"key": b"pipe/a", "value": b"abc"},
            "txn": {"success": [kv_pb2.Op(get={"key": b"pipe"})]},
        }
        messages = [kv_pb2.PipelineRequest(calls=[kv_pb2.Call(id=i, **{kind: fields})])
                    for i, (kind, fields) in enumerate(calls.items(), 100)]  # fmt: skip
        messages[-1].calls.add(id=999, get={})
        replies = list(self.call("Pipeline", iter(messages)))
        answers = {answer.id: answer for reply in replies for answer in reply.answers}
        self.assertEqual(sorted(answers), [*range(100, 100 + len(calls)), 999])
        error = answers.pop(999).error
        self.assertEqual(error.code, grpc.StatusCode.INVALID_ARGUMENT.value[0])
        self.assertIn("key", error.message)
        found = {a.WhichOneof("answer"): getattr(a, a.WhichOneof("answer")) for a in answers.values()}
        self.assertEqual([answers[i].WhichOneof("answer") for i in sorted(answers)], list(calls))
        self.assertEqual((found["get"].kv.value, [r.found for r in found["multi_get"].results]), (b"v", [True, False]))
        self.assertEqual((found["put"].succeeded, found["delete"].deleted, found["expire"].found), (True, 0, False))
        self.assertEqual((found["increment"].value, found["append"].length), (2, 3))
        self.assertEqual((found["txn"].succeeded, found["txn"].results[0].get.kv.value), (True, b"v"))
        for answer in found.values():
            self.assertGreater(answer.header.revision, 0)

    def walk_watch(self):
        watching = Watching(self.call)
        self.addCleanup(watching.close)
        self.changes_as_they_happen(watching)
        self.history_and_selectors(watching)
        self.expiries(watching)
        self.large_revisions(watching)
        self.compaction(watching)

    def created(self, watching, **create):
        watching.send(create=kv_pb2.WatchCreate(**create))
        reply = watching.next()
        self.assertEqual((reply.created, reply.canceled), (True, False), reply)
        return reply

    def canceled(self, watching, watch_id):
        watching.send(cancel=kv_pb2.WatchCancel(watch_id=watch_id))
        reply = watching.next()
        self.assertEqual((reply.watch_id, reply.canceled, reply.cancel_code), (watch_id, True, 0))

    def changes_as_they_happen(self, watching):
        before = self.revision()
        reply = self.created(watching, watch_id=7, prefix=b"watch/", prev_kv=True)
        self.assertEqual((reply.watch_id, reply.header.revision), (7, before))
        self.put(b"watch/1", b"a")
        self.put(b"elsewhere", b"")
        self.put(b"watch/1", b"b")
        self.call("Delete", key=b"watch/1")
        made, changed, removed = watching.events(3)
        kv = kv_pb2.KeyValue(key=b"watch/1", value=b"a", create_revision=before + 1, mod_revision=before + 1, version=1)
        self.assertEqual(made, kv_pb2.Event(type=kv_pb2.EVENT_TYPE_PUT, kv=kv))
        self.assertEqual(changed.prev_kv, kv)
        self.assertEqual((changed.kv.value, changed.kv.mod_revision, changed.kv.version), (b"b", before + 3, 2))
        self.assertEqual(removed.kv, kv_pb2.KeyValue(key=b"watch/1", mod_revision=before + 4))
        self.assertEqual((removed.type, removed.prev_kv), (kv_pb2.EVENT_TYPE_DELETE, changed.kv))
        watching.send(progress=kv_pb2.WatchProgress())
        reply = watching.next()
        self.assertEqual((reply.watch_id, list(reply.events), reply.header.revision), (0, [], before + 4))
        self.canceled(watching, 7)

    def history_and_selectors(self, watching):
        """From a revision of the past on; of one key; of a range; without some types; and progress without events."""
        first = self.put(b"watch/2", b"a").header.revision
        self.put(b"watch/3", b"b")
        self.call("Delete", key=b"watch/2")
        for create, expected in (
            ({"key": b"watch/2"}, [(b"watch/2", first), (b"watch/2", first + 2)]),
            ({"start": b"watch/2", "end": b"watch/3"}, [(b"watch/2", first), (b"watch/2", first + 2)]),
            ({"start": b"watch/3"}, [(b"watch/3", first + 1)]),
            ({"filters": [kv_pb2.EVENT_TYPE_DELETE]}, [(b"watch/2", first), (b"watch/3", first + 1)]),
        ):
            watch_id = self.created(watching, start_revision=first, **create).watch_id
            self.assertGreater(watch_id, 0)
            found = [(event.kv.key, event.kv.mod_revision) for event in watching.events(len(expected))]
            self.assertEqual(found, expected, create)
            self.canceled(watching, watch_id)
        watch_id = self.created(watching, key=b"watch/quiet", progress_interval_ms=100).watch_id
        reply = watching.next()
        self.assertEqual((reply.watch_id, reply.created, list(reply.events)), (watch_id, False, []))
        self.assertEqual(reply.header.revision, self.revision())
        watching.send(cancel=kv_pb2.WatchCancel(watch_id=watch_id))
        while not watching.next().canceled:  # more progress may come first
            pass

    def expiries(self, watching):
        watch_id = self.created(watching, key=b"watch/brief", prev_kv=True).watch_id
        made = self.put(b"watch/brief", b"v", ttl_ms=1).header.revision
        put_event, gone = watching.events(2)
        self.assertEqual((put_event.type, gone.type), (kv_pb2.EVENT_TYPE_PUT, kv_pb2.EVENT_TYPE_EXPIRE))
        self.assertEqual((gone.kv.key, gone.kv.mod_revision, gone.prev_kv.value), (b"watch/brief", made + 1, b"v"))
        self.canceled(watching, watch_id)

    def large_revisions(self, watching):
        """All events of a revision come in one reply, unless the watch allows fragments."""
        for fragment in (False, True):
            watch_id = self.created(watching, prefix=b"watch/large", fragment=fragment).watch_id
            ops = [put(b"watch/large%d" % i, b"v" * MIB) for i in range(3)]
            (written,) = self.call("Write", iter([kv_pb2.WriteRequest(ops=ops)]))
            replies = [watching.next()]
            while replies[-1].fragment:
                replies.append(watching.next())
            self.assertEqual(len(replies) > 1, fragment)
            events = [event for reply in replies for event in reply.events]
            self.assertEqual({event.kv.mod_revision for event in events}, {written.header.revision})
            self.assertEqual(sorted(event.kv.key for event in events), [b"watch/large%d" % i for i in range(3)])
            self.canceled(watching, watch_id)

    def compaction(self, watching):
        """A start below the history: canceled, with the revision that can be started from."""
        for _ in range(40):  # the history holds 16 MiB of what was replaced
            last = self.put(b"watch/large", b"v" * MIB).header.revision
        watching.send(create=kv_pb2.WatchCreate(watch_id=9, key=b"watch/1", start_revision=1))
        reply = watching.next()
        while not reply.canceled:
            reply = watching.next()
        self.assertEqual((reply.watch_id, reply.cancel_code), (9, grpc.StatusCode.OUT_OF_RANGE.value[0]))
        self.assertTrue(1 < reply.compact_revision <= last, reply)
        self.assertIn("start_revision", reply.cancel_reason)
        self.created(watching, watch_id=9, key=b"watch/large", start_revision=reply.compact_revision)
        events = watching.events(1)
        self.assertEqual(events[0].kv.mod_revision, reply.compact_revision)
        while events[-1].kv.mod_revision < last:
            events += watching.events(1)
        self.canceled(watching, 9)
