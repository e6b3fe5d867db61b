#!/usr/bin/python3
"""A tour of the API from Python: put and get, a time to live, a condition, a transaction, a scan, a watch, a pipeline.

Takes the server's address as its argument, 127.0.0.1:7400 unless told. All its keys begin with "tour/"; it deletes them
in the end. README.md in this folder makes the stubs that it imports.

Prints:
  color = blue, revision ...
  session ends in ... ms
  lock taken: true, again: false
  moved: 5 left, 3 there
  tour/shelf/1 = tea
  tour/shelf/2 = rice
  watch: PUT tour/door = open
  watch: DELETE tour/door
  pipeline: 100 answers, the sum is 4950
  deleted: 107 keys
"""

import queue
import sys
import time

import grpc

from flashkv.v1 import kv_pb2, kv_pb2_grpc

SECONDS = 10  # the deadline of each call; without one, a call waits for ever


def put(kv, key, value, **fields):
    return kv.Put(kv_pb2.PutRequest(key=key, value=value, **fields), timeout=SECONDS)


def get(kv, key):
    reply = kv.Get(kv_pb2.GetRequest(key=key), timeout=SECONDS)
    if not reply.HasField("kv"):
        raise KeyError(key)
    return reply.kv


def put_and_get(kv):
    put(kv, b"tour/color", b"blue")
    got = get(kv, b"tour/color")
    print(f"color = {got.value.decode()}, revision {got.mod_revision}")


def time_to_live(kv):
    put(kv, b"tour/session", b"token", ttl_ms=30_000)
    print(f"session ends in {get(kv, b'tour/session').expires_at_ms - int(time.time() * 1000)} ms")


def lock(kv):
    """A lock that ends by itself: it is written only if nobody has it."""
    first, second = (
        put(kv, b"tour/lock", b"me", ttl_ms=30_000, condition=kv_pb2.CONDITION_IF_ABSENT).succeeded for _ in range(2)
    )
    print(f"lock taken: {str(first).lower()}, again: {str(second).lower()}")


def transaction(kv):
    """Both counters change, or neither."""
    put(kv, b"tour/stock", b"8")
    request = kv_pb2.TxnRequest(
        compare=[kv_pb2.Compare(key=b"tour/stock", target=kv_pb2.TARGET_EXISTS)],
        success=[
            kv_pb2.Op(increment=kv_pb2.IncrementRequest(key=b"tour/stock", delta=-3)),
            kv_pb2.Op(increment=kv_pb2.IncrementRequest(key=b"tour/shop", delta=3)),
        ],
    )
    left, there = (result.increment.value for result in kv.Txn(request, timeout=SECONDS).results)
    print(f"moved: {left} left, {there} there")


def scan(kv):
    """All keys with a prefix, in order and from one revision."""
    put(kv, b"tour/shelf/2", b"rice")
    put(kv, b"tour/shelf/1", b"tea")
    for page in kv.Scan(kv_pb2.ScanRequest(prefix=b"tour/shelf/"), timeout=SECONDS):
        for item in page.kvs:
            print(f"{item.key.decode()} = {item.value.decode()}")


def watch(kv):
    """What the client sends comes from an iterator, here a queue: more watches may follow on the same stream."""
    requests = queue.SimpleQueue()
    stream = kv.Watch(iter(requests.get, None), timeout=SECONDS)
    requests.put(kv_pb2.WatchRequest(create=kv_pb2.WatchCreate(prefix=b"tour/door")))
    next(stream)  # created: every later change comes
    put(kv, b"tour/door", b"open")
    kv.Delete(kv_pb2.DeleteRequest(key=b"tour/door"), timeout=SECONDS)
    seen = 0
    while seen < 2:
        for event in next(stream).events:
            seen += 1
            kind = kv_pb2.EventType.Name(event.type).removeprefix("EVENT_TYPE_")
            value = f" = {event.kv.value.decode()}" if event.type == kv_pb2.EVENT_TYPE_PUT else ""
            print(f"watch: {kind} {event.kv.key.decode()}{value}")
    requests.put(None)
    stream.cancel()


def pipeline(kv):
    """Many calls in one message. Answers come in any order; the id says which call each belongs to."""
    calls = [
        kv_pb2.Call(id=i, increment=kv_pb2.IncrementRequest(key=b"tour/n/%d" % i, delta=i)) for i in range(100)
    ]
    answers = {}
    for reply in kv.Pipeline(iter([kv_pb2.PipelineRequest(calls=calls)]), timeout=SECONDS):
        for answer in reply.answers:
            if answer.HasField("error"):
                raise RuntimeError(f"call {answer.id}: {answer.error.message}")
            answers[answer.id] = answer.increment.value
    print(f"pipeline: {len(answers)} answers, the sum is {sum(answers.values())}")


def main():
    endpoint = sys.argv[1] if len(sys.argv) > 1 else "127.0.0.1:7400"
    with grpc.insecure_channel(endpoint) as channel:
        kv = kv_pb2_grpc.KVStub(channel)
        for step in (put_and_get, time_to_live, lock, transaction, scan, watch, pipeline):
            step(kv)
        deleted = kv.Delete(kv_pb2.DeleteRequest(prefix=b"tour/"), timeout=SECONDS).deleted
        print(f"deleted: {deleted} keys")


if __name__ == "__main__":
    try:
        main()
    except grpc.RpcError as error:
        sys.exit(f"tour.py: {error.code().name}: {error.details()}")
