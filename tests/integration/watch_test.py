#!/usr/bin/python3
"""kvctl watch as a user sees it: its three outputs, a lost connection, Ctrl-C, and changes that are gone."""

import json
import re
import signal
import socket
import subprocess
import threading

from kvd_case import KvdCase, clean_environment, kvctl, kvctl_command, main

SECONDS = 60  # only so that a hang fails


class Proxy:
    """Passes connections on to a server, until they are cut."""

    def __init__(self, endpoint):
        host, port = endpoint.rsplit(":", 1)
        self.server = (host, int(port))
        self.open, self.down, self.lock = [], False, threading.Lock()
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.endpoint = "127.0.0.1:%d" % self.listener.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            with self.lock:
                if self.down:
                    client.close()
                    continue
                server = socket.create_connection(self.server)
                self.open += [client, server]
            for a, b in ((client, server), (server, client)):
                threading.Thread(target=self.copy, args=(a, b), daemon=True).start()

    @staticmethod
    def copy(a, b):
        try:
            while data := a.recv(65536):
                b.sendall(data)
        except OSError:
            pass
        for each in (a, b):
            try:
                each.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

    def cut(self, down):
        """Ends all connections; while `down` it takes no others."""
        with self.lock:
            self.down = down
            for each in self.open:
                try:
                    each.shutdown(socket.SHUT_RDWR)
                except OSError:
                    pass
            self.open = []

    def close(self):
        self.cut(True)
        self.listener.close()


class Watching:
    """A running kvctl watch."""

    def __init__(self, test, *arguments, endpoint=None):
        self.process = subprocess.Popen(
            kvctl_command(endpoint or test.kvd.endpoint, *arguments),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=clean_environment(),
            text=True,
        )
        self.guard = threading.Timer(SECONDS, self.process.kill)
        self.guard.start()
        test.addCleanup(self.end)

    def lines(self, n):
        return [self.process.stdout.readline().rstrip("\n") for _ in range(n)]

    def interrupt(self):
        """The exit code, and what came on standard error."""
        self.process.send_signal(signal.SIGINT)
        _, error = self.process.communicate(timeout=SECONDS)
        return self.process.returncode, error

    def end(self):
        self.guard.cancel()
        self.process.kill()
        self.process.communicate()


class WatchCase(KvdCase):
    def setUp(self):
        super().setUp()
        # The server may still count the watch of the test before, whose end would hide the next one's beginning.
        for _ in range(SECONDS * 100):
            if self.stats().watches == 0:
                return
            threading.Event().wait(0.01)
        self.fail("a watch whose client has ended is still there")

    def watch(self, *arguments, endpoint=None, before=()):
        """Returns once the server has the watch."""
        watches = self.stats().watches
        watching = Watching(self, *before, "watch", *arguments, endpoint=endpoint)
        for _ in range(SECONDS * 100):
            if self.stats().watches > watches:
                return watching
            if watching.process.poll() is not None:
                break
            threading.Event().wait(0.01)
        self.fail("no watch: " + watching.process.communicate()[1])


class Outputs(WatchCase):
    def test_simple(self):
        watching = self.watch("--prefix", "simple/", "--prev-kv")
        self.put(b"simple/a", b"1")
        self.put(b"other", b"1")
        self.put(b"simple/a", b"2")
        kvctl(self.kvd.endpoint, "del", "simple/a")
        self.put(b"simple/b", b"x", ttl_ms=1)
        self.assertEqual(
            watching.lines(8),
            ["PUT simple/a 1", "PUT simple/a 2", "WAS 1", "DELETE simple/a", "WAS 2", "PUT simple/b x"]
            + ["EXPIRE simple/b", "WAS x"],
        )
        self.assertEqual(watching.interrupt(), (0, ""))

    def test_json(self):
        watching = self.watch("json", "--prev-kv", before=("-w", "json"))
        self.put(b"json", b"\xff")
        revision = self.put(b"json", b"2").header.revision
        lines = [json.loads(line) for line in watching.lines(2)]
        self.assertEqual(lines[0]["value_b64"], "/w==")
        self.assertEqual(lines[1]["prev"]["value_b64"], "/w==")
        del lines[1]["prev"], lines[1]["create_revision"]
        self.assertEqual(
            lines[1],
            {"type": "PUT", "revision": revision, "key": "json", "value": "2", "mod_revision": revision}
            | {"version": 2, "expires_at_ms": 0},
        )

    def test_table(self):
        watching = self.watch("--range", "table/a", "table/c", before=("-w", "table"))
        self.put(b"table/c", b"no")
        revision = self.put(b"table/a", b"a\nb").header.revision
        heading, row = watching.lines(2)
        self.assertEqual(heading.split(), ["REVISION", "TYPE", "KEY", "VALUE", "BEFORE"])
        self.assertEqual(row.split(), [str(revision), "PUT", "table/a", "a\\x0ab"])
        self.assertEqual(heading.index("VALUE"), row.index("a\\x0ab"))

    def test_it_ends_after_a_number_of_changes(self):
        first = self.put(b"counted", b"1").header.revision
        self.put(b"counted", b"2")
        done = kvctl(self.kvd.endpoint, "watch", "counted", "--from", str(first), "--count", "2", seconds=SECONDS)
        self.assertEqual((done.returncode, done.stdout, done.stderr), (0, b"PUT counted 1\nPUT counted 2\n", b""))

    def test_bad_usage(self):
        for arguments, says in (
            ((), "[key,--prefix,--range,--all] is required"),
            (("a", "--prefix", "b"), "[key,--prefix,--range,--all] is required"),
            (("--range", "a"), "--range"),
            (("a", "--from", "x"), "--from"),
            (("a", "--count", "0"), "--count"),
            (("--range", "b", "a"), "end: not above start"),
        ):
            done = kvctl(self.kvd.endpoint, "watch", *arguments, seconds=SECONDS)
            self.assertEqual(done.returncode, 2, done.stderr)
            self.assertIn(says, done.stderr.decode())
            self.assertEqual(done.stderr.count(b"\n"), 1)


class Connections(WatchCase):
    def test_a_lost_connection_costs_no_change(self):
        proxy = Proxy(self.kvd.endpoint)
        self.addCleanup(proxy.close)
        watching = self.watch("--all", endpoint=proxy.endpoint)
        wanted = []
        for n in range(6):
            wanted.append(f"PUT k{n} before")
            self.put(b"k%d" % n, b"before")
            if n % 2 == 0:
                self.assertEqual(watching.lines(len(wanted)), wanted)
                wanted = []
            proxy.cut(down=True)
            wanted.append(f"PUT k{n} meanwhile")
            self.put(b"k%d" % n, b"meanwhile")
            proxy.cut(down=False)
        self.assertEqual(watching.lines(len(wanted)), wanted)
        code, error = watching.interrupt()
        self.assertEqual(code, 0)
        # A connection that is back at once is not worth a line.
        for line in error.splitlines():
            self.assertIn(
                line,
                (
                    f"kvctl: lost the connection to {proxy.endpoint}; connecting again",
                    "kvctl: connected again; nothing was missed",
                ),
            )
        created = sum(count.count for count in self.stats().requests if count.method == "Watch")
        self.assertGreater(created, 3, "the connection was hardly ever lost")

    def test_ctrl_c_while_there_is_no_connection(self):
        proxy = Proxy(self.kvd.endpoint)
        self.addCleanup(proxy.close)
        watching = self.watch("--all", endpoint=proxy.endpoint)
        self.put(b"first", b"1")
        self.assertEqual(watching.lines(1), ["PUT first 1"])
        proxy.cut(down=True)
        self.assertIn("lost the connection", watching.process.stderr.readline())
        self.assertEqual(watching.interrupt()[0], 0)

    def test_nobody_listens(self):
        done = kvctl("127.0.0.1:1", "watch", "a", seconds=SECONDS)
        self.assertEqual(done.returncode, 3)
        self.assertIn(b"cannot reach 127.0.0.1:1", done.stderr)


class Gone(WatchCase):
    flags = ("--watch-history", "1")

    def test_it_says_where_to_go_on(self):
        for n in range(3):
            self.put(b"a", b"%d" % n)
        done = kvctl(self.kvd.endpoint, "watch", "a", "--from", "1", seconds=SECONDS)
        self.assertEqual(done.returncode, 2)
        said = re.fullmatch(
            rb"kvctl: changes were lost: the server has those from revision (\d+) on only; "
            rb"read the keys again and go on with kvctl watch --from (\d+)\n",
            done.stderr,
        )
        self.assertTrue(said, done.stderr)
        self.assertEqual(said[1], said[2])
        self.assertGreater(int(said[1]), 1)


class Off(KvdCase):
    flags = ("--watch-history", "0")

    def test_it_says_what_to_change(self):
        done = kvctl(self.kvd.endpoint, "watch", "a", seconds=SECONDS)
        self.assertEqual(done.returncode, 2)
        self.assertIn(b"--watch-history is 0", done.stderr)


if __name__ == "__main__":
    main()
