"""Writers that set many keys to one round number, and readers that detect half of such a write.

    checker = RoundReaders(endpoint, groups)    # two threads, each on a connection of its own
    with RoundWriter(endpoint, groups[0]) as writer: ...
    checker.stop(); checker.problems, checker.rounds_seen

A group is a list of keys. Every request sets all keys of one group to the same round, so every published state holds one
round per group; and as rounds only grow, those that a reader sees must too.
"""

import threading
import time

import grpc

from kvd_case import connect, kv_pb2, kv_pb2_grpc, put

ABSENT = -1
WINDOW = 64  # requests in flight on a writer's stream


def group(name, size):
    return [b"%s-%04d" % (name, i) for i in range(size)]


def whole(keys, number):
    """One request for the whole group."""
    return [kv_pb2.WriteRequest(ops=[put(key, b"%d" % number) for key in keys], request_id=number)]


def halves(keys, number):
    """The same as two requests, between which a correct server may answer a reader."""
    middle = len(keys) // 2
    return whole(keys[:middle], number) + whole(keys[middle:], number)


class RoundWriter:
    """Writes rounds 1, 2, 3, ... on one stream until it is closed."""

    def __init__(self, endpoint, keys, requests_of=whole):
        self._channel = connect(endpoint)
        self._keys = keys
        self._requests_of = requests_of
        self._stopping = False
        self._window = threading.Semaphore(WINDOW)
        self.rounds = 0
        self.acknowledged = ABSENT  # the last round whose every request was answered PUBLISHED
        self.turned_away = 0  # requests answered that the server is stopping
        self.ended = None  # the error that the stream ended with
        self.problems = []
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()

    def stop(self):
        self._stopping = True
        self._thread.join()
        self._channel.close()

    def _requests(self):
        while not self._stopping:
            self.rounds += 1
            for request in self._requests_of(self._keys, self.rounds):
                self._window.acquire()
                yield request

    def _run(self):
        revision = 0
        try:
            for reply in kv_pb2_grpc.KVStub(self._channel).Write(self._requests()):
                self._window.release()
                if reply.error.code == grpc.StatusCode.UNAVAILABLE.value[0]:
                    self.turned_away += 1
                    continue
                if reply.error.code != 0:
                    self.problems.append(f"request {reply.request_id}: {reply.error.message}")
                if self.turned_away:
                    self.problems.append(f"request {reply.request_id} was taken after one was turned away")
                if reply.header.revision <= revision:
                    self.problems.append(f"revision {reply.header.revision} after {revision} on one stream")
                revision = reply.header.revision
                if self._requests_of is whole and reply.error.code == 0:
                    self.acknowledged = reply.request_id
        except grpc.RpcError as error:
            self.ended = error
            self._stopping = True
            self._window.release()


class RoundReaders:
    """MultiGets whole groups continuously, from several connections at once.

    least(i), called before each read of group i, is the lowest round that the read may return.
    """

    def __init__(self, endpoint, groups, connections=2, least=lambda i: ABSENT):
        self._groups = groups
        self._least = least
        self.ended = []  # the errors that readers ended with
        self._stopping = False
        self._lock = threading.Lock()
        self._newest = 0  # the largest revision that any reply named
        self.problems = []
        self.rounds_seen = [set() for _ in groups]
        self.reads = 0
        self._channels = [connect(endpoint) for _ in range(connections)]
        self._threads = [threading.Thread(target=self._run, args=(c,), daemon=True) for c in self._channels]
        for thread in self._threads:
            thread.start()

    def wait_until(self, done, seconds):
        """Waits until done() returns true, there is a problem, or the time is up."""
        end = time.monotonic() + seconds
        while not done() and not self.problems and time.monotonic() < end:
            time.sleep(0.01)

    def stop(self):
        self._stopping = True
        for thread in self._threads:
            thread.join()
        for channel in self._channels:
            channel.close()

    def _run(self, channel):
        kv = kv_pb2_grpc.KVStub(channel)
        last = [ABSENT] * len(self._groups)
        try:
            while not self._stopping:
                for i, keys in enumerate(self._groups):
                    last[i] = self._read(kv, i, keys, last[i])
        except grpc.RpcError as error:
            self.ended.append(error)

    def _read(self, kv, i, keys, last):
        with self._lock:
            newest = self._newest
        least = self._least(i)
        reply = kv.MultiGet(kv_pb2.MultiGetRequest(keys=keys), timeout=60)
        revision = reply.header.revision
        with self._lock:
            self._newest = max(self._newest, revision)
            self.reads += 1
        if revision < newest:
            self.problems.append(f"revision {revision} after another connection was told {newest}")
        seen = {int(r.kv.value) if r.found else ABSENT for r in reply.results}
        if len(reply.results) != len(keys) or len(seen) != 1:
            self.problems.append(f"revision {revision} shows rounds {sorted(seen)} at once")
        if len({r.kv.mod_revision for r in reply.results}) != 1:
            self.problems.append(f"revision {revision} shows keys of one request with several mod_revisions")
        if any(r.kv.mod_revision > revision for r in reply.results):
            self.problems.append(f"revision {revision} shows a key from a later one")
        number = min(seen)
        if number < last:
            self.problems.append(f"round {number} after round {last}")
        if number < least:
            self.problems.append(f"round {number} when round {least} was acknowledged")
        self.rounds_seen[i].add(number)
        return number
