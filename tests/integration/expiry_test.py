#!/usr/bin/python3
"""Keys that expire are removed by the server itself: its figures, and its memory, say so."""

import time

from kvd_case import KvdCase, kv_pb2, main

KEYS = 200_000
PER_REQUEST = 2_000
FILL_SECONDS = 3  # all expire this long after the first was written, or, on a slow machine, when they are written
VALUE = b"v" * 100
MIB = 1 << 20
LATE_SECONDS = 20  # far more than it takes: only so that a machine under load is no failure
# What stays: the index that grew, pages that hold a record of something else, gRPC's buffers.
SPARE_MIB = 25


def puts(first, end):
    ttl_ms = max(1, int((end - time.monotonic()) * 1000))
    keys = (b"session-%012d" % n for n in range(first, first + PER_REQUEST))
    return kv_pb2.WriteRequest(
        ops=[kv_pb2.Op(put=kv_pb2.PutRequest(key=key, value=VALUE, ttl_ms=ttl_ms)) for key in keys]
    )


class Expiry(KvdCase):
    flags = ("--watch-history", "1MiB")  # what it keeps of those that are gone

    def fill(self, end):
        requests = (puts(first, end) for first in range(0, KEYS, PER_REQUEST))
        for reply in self.kv.Write(requests, timeout=self.TIMEOUT):
            self.assertFalse(reply.HasField("error"), reply.error.message)

    def poll(self, done):
        """Stats, as soon as they are `done`, or at the end of the time that there is."""
        end = time.monotonic() + LATE_SECONDS
        while not done(stats := self.stats()) and time.monotonic() < end:
            time.sleep(0.05)
        return stats

    def test_a_mass_of_keys_is_gone_from_figures_and_memory(self):
        self.put(b"stays", b"value")
        before = self.stats()
        end = time.monotonic() + FILL_SECONDS
        self.fill(end)
        filled = self.stats()
        self.assertEqual(filled.keys + filled.expired_keys - before.expired_keys, KEYS + 1)
        # No request meanwhile: the threads that made the records are to give their memory back unasked.
        time.sleep(max(0, end - time.monotonic()) + 1)
        gone = self.poll(lambda stats: stats.keys == 1 and stats.retired_bytes == 0)
        self.assertEqual(gone.keys, 1)
        self.assertEqual(gone.record_bytes, before.record_bytes)
        self.assertEqual(gone.retired_bytes, 0)
        self.assertEqual(gone.expired_keys, KEYS)
        self.assertEqual(gone.published_revision, 1 + KEYS // PER_REQUEST + KEYS, "each takes a revision of its own")
        self.assertLessEqual(gone.batch_ops.max, PER_REQUEST, "no batch of removals is larger than one that clients made")
        self.assertEqual(self.get(b"stays").kv.value, b"value")
        most = before.rss_bytes / MIB + SPARE_MIB
        left = self.poll(lambda stats: stats.rss_bytes / MIB <= most).rss_bytes / MIB
        print(f"MiB resident: {before.rss_bytes / MIB:.1f}, {filled.rss_bytes / MIB:.1f} full, {left:.1f} after")
        self.assertLessEqual(left, most)


if __name__ == "__main__":
    main()
