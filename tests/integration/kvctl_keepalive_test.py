#!/usr/bin/python3
"""kvctl put --keepalive: a key that is there as long as a process runs.

    kvctl_keepalive_test.py --bin build/release/bin [KvctlKeepalive.test_... ...]
"""

import json
import os
import select
import signal
import subprocess
import sys
import time
import unittest

from kvd_process import KvdProcess, clean_environment

SECONDS = 30  # only so that a hang fails
TTL = 2  # seconds; long enough for a renewal on a loaded machine


def take_bin():
    if len(sys.argv) < 3 or sys.argv[1] != "--bin":
        sys.exit(__doc__)
    folder = os.path.abspath(sys.argv[2])
    del sys.argv[1:3]
    return folder


class KvctlKeepalive(unittest.TestCase):
    def setUp(self):
        self.kvd = self.enterContext(KvdProcess(BIN))

    def command(self, *arguments):
        return [os.path.join(BIN, "kvctl"), "--endpoint", self.kvd.endpoint, *arguments]

    def kvctl(self, *arguments):
        return subprocess.run(
            self.command(*arguments), capture_output=True, text=True, env=clean_environment(), timeout=SECONDS, check=False
        )

    def keep(self, *arguments, ttl=TTL):
        """A put that keeps the key "k" alive. It has printed OK."""
        command = self.command("put", "k", "v", "--ttl", f"{ttl}s", "--keepalive", *arguments)
        pipe = subprocess.PIPE
        work = subprocess.Popen(command, stdout=pipe, stderr=pipe, bufsize=0, env=clean_environment())
        self.addCleanup(work.communicate)
        self.addCleanup(work.kill)
        self.assertEqual(self.line(work.stdout), "OK\n", arguments)
        return work

    def line(self, pipe):
        """The next line, which must come."""
        self.assertTrue(select.select([pipe], [], [], SECONDS)[0], "no line came")
        return pipe.readline().decode()

    def key(self, name="k"):
        """What the key holds, as an object; None without one."""
        done = self.kvctl("-w", "json", "get", name)
        return json.loads(done.stdout) if done.stdout else None

    def until(self, holds, what):
        end = time.monotonic() + SECONDS
        while not (got := holds()):
            self.assertLess(time.monotonic(), end, what)
            time.sleep(0.05)
        return got

    def ended(self, work, code, errors):
        out, err = work.communicate(timeout=SECONDS)
        self.assertEqual((work.returncode, out, err.decode()), (code, b"", errors))

    def test_renews_until_ctrl_c_or_sigterm_and_then_the_key_expires(self):
        work = self.keep()
        time.sleep(2.2 * TTL)  # without renewals it would have expired twice over
        self.assertEqual(self.key()["value"], "v")
        self.assertGreaterEqual(self.key()["version"], 3, "renewed more than once a ttl")
        work.send_signal(signal.SIGINT)
        self.ended(work, 0, "")
        self.assertIsNotNone(self.key(), "it expires by itself, it is not deleted")
        self.until(lambda: self.key() is None, "never expired")
        work = self.keep(ttl=60)
        work.send_signal(signal.SIGTERM)
        self.ended(work, 0, "")

    def test_a_key_that_is_deleted_ends_it(self):
        work = self.keep()
        self.assertEqual(self.kvctl("del", "k").stdout, "1\n")
        self.ended(work, 1, "kvctl: k is gone: it was deleted, or it expired before it could be renewed\n")

    def test_a_key_that_another_client_puts_is_left_alone(self):
        another = "kvctl: k was put, or given another expiry, by another client; its ttl is no longer renewed\n"
        work = self.keep(ttl=9)  # no renewal before the changes are made, on a slow machine too
        self.kvctl("put", "k", "theirs")
        self.ended(work, 1, another)
        self.assertEqual((self.key()["value"], self.key()["expires_at_ms"]), ("theirs", 0))
        work = self.keep(ttl=9)
        self.kvctl("del", "k")
        self.kvctl("put", "k", "v", "--ttl", "1h")
        expires = self.key()["expires_at_ms"]
        self.ended(work, 1, another)
        self.assertEqual(self.key()["expires_at_ms"], expires, "a key created again was renewed")

    def test_changes_that_keep_the_expiry_do_not_end_it(self):
        work = self.keep()
        self.kvctl("append", "k", "+")
        before = self.key()["expires_at_ms"]
        self.until(lambda: (self.key() or {"expires_at_ms": before})["expires_at_ms"] > before, "never renewed")
        self.assertEqual(self.key()["value"], "v+")
        work.send_signal(signal.SIGINT)
        self.ended(work, 0, "")

    def test_goes_on_when_the_server_is_back(self):
        work = self.keep("--timeout", "1s", ttl=9)
        self.until(lambda: self.key()["version"] == 2, "never renewed")
        self.kvd.signal(signal.SIGSTOP)
        self.assertEqual(self.line(work.stderr), "kvctl: no answer within 1000 ms; trying again\n")
        self.kvd.signal(signal.SIGCONT)
        self.assertEqual(self.line(work.stderr), "kvctl: connected again; the key is still there\n")
        version = self.key()["version"]
        self.until(lambda: self.key()["version"] > version, "never renewed again")
        work.send_signal(signal.SIGINT)
        self.ended(work, 0, "")

    def test_a_server_that_starts_anew_has_lost_the_key(self):
        work = self.keep("--timeout", "1s")
        endpoint = self.kvd.endpoint
        self.assertEqual(self.kvd.stop(), 0)
        self.assertEqual(self.line(work.stderr), f"kvctl: lost the connection to {endpoint}; connecting again\n")
        time.sleep(1)  # more attempts, of which nothing is said
        self.enterContext(KvdProcess(BIN, "--listen", endpoint))
        self.ended(work, 1, "kvctl: k is gone: it was deleted, or it expired before it could be renewed\n")

    def test_ctrl_c_does_not_wait_for_an_answer(self):
        self.kvctl("publish-policy", "--interval", "1h", "--adaptive", "false")
        # The key is not published, so the first look at it waits: 30 s, by the server.
        work = self.keep("--ack", "applied", "--timeout", "300s", ttl=1000)
        time.sleep(0.5)
        work.send_signal(signal.SIGINT)
        self.assertEqual(work.communicate(timeout=20), (b"", b""))
        self.assertEqual(work.returncode, 0)

    def test_without_a_put_nothing_is_kept(self):
        self.kvctl("put", "k", "first")
        done = self.kvctl("put", "k", "v", "--ttl", "1h", "--keepalive", "--if-absent")
        self.assertEqual((done.returncode, done.stdout), (1, ""))
        self.assertEqual(done.stderr, "kvctl: the condition does not hold; nothing was written\n")
        work = self.keep("--if-present")
        work.send_signal(signal.SIGINT)
        self.ended(work, 0, "")

    def test_bad_usage_writes_nothing(self):
        for ttl in ((), ("--ttl", "0"), ("--ttl", "999ms")):
            done = self.kvctl("put", "k", "v", "--keepalive", *ttl)
            self.assertEqual((done.returncode, done.stdout), (2, ""))
            self.assertEqual(done.stderr, "kvctl: --keepalive: needs a --ttl of at least 1s; see kvctl put --help\n")
        self.assertIsNone(self.key())


BIN = take_bin()

if __name__ == "__main__":
    unittest.main(verbosity=2)
