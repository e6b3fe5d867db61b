#!/usr/bin/python3
"""A MultiGet never sees half of a Write request, whatever the publish policy."""

from kvd_case import KvdCase, main
from rounds import RoundReaders, RoundWriter, group, halves, whole

DEADLINE = 120  # seconds; only so that a hang fails


class Snapshot(KvdCase):
    def watch(self, states, *writers):
        """Reads while the writers write, until so many states of each were seen; the readers afterwards."""
        groups = [keys for keys, _ in writers]
        running = [RoundWriter(self.kvd.endpoint, keys, how) for keys, how in writers]
        readers = RoundReaders(self.kvd.endpoint, groups, least=lambda i: running[i].acknowledged)
        readers.wait_until(lambda: min(len(seen) for seen in readers.rounds_seen) >= states, DEADLINE)
        for writer in running:
            writer.stop()
            self.assertEqual((writer.ended, writer.turned_away), (None, 0))
            self.assertEqual(writer.problems[:3], [])
        readers.stop()
        self.assertEqual(readers.ended, [])
        return readers

    def check(self, interval_us, adaptive, max_batch=1024, states=150):
        self.set_policy(interval_us, adaptive, max_batch)
        before = self.stats().publishes
        name = b"%d-%d-%d" % (interval_us, adaptive, max_batch)
        readers = self.watch(states, (group(name + b"-a", 48), whole), (group(name + b"-b", 48), whole))
        self.assertEqual(readers.problems[:3], [])
        for seen in readers.rounds_seen:
            self.assertGreaterEqual(len(seen), states)
        # Each publish shows the other half: so many in a row have shown both, over and over.
        self.assertGreaterEqual(self.stats().publishes - before, states - 1)

    def test_publishing_after_every_batch(self):
        self.check(0, adaptive=True, states=400)

    def test_publishing_every_millisecond(self):
        self.check(1_000, adaptive=True, states=400)

    def test_publishing_every_20_milliseconds(self):
        self.check(20_000, adaptive=True)

    def test_publishing_only_on_the_tick(self):
        self.check(20_000, adaptive=False)

    def test_batches_smaller_than_a_request(self):
        self.check(0, adaptive=True, max_batch=7, states=400)

    def test_the_readers_detect_two_halves(self):
        self.set_policy(0)
        readers = self.watch(1_000_000, (group(b"torn", 48), halves))
        self.assertRegex("\n".join(readers.problems), "rounds .* at once")


if __name__ == "__main__":
    main()
