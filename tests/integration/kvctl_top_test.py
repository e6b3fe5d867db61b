#!/usr/bin/python3
"""kvctl top: on a terminal of any size, which pyte emulates, and as blocks and objects in a pipe.

    kvctl_top_test.py --bin build/release/bin [KvctlTopScreen.test_... ...]
"""

import fcntl
import json
import os
import pty
import re
import select
import signal
import struct
import subprocess
import sys
import termios
import time
import unittest

import pyte

from kvd_process import KvdProcess, clean_environment

SECONDS = 30  # only so that a hang fails
LEAVES = (b"\x1b[?1049l", b"\x1b[?25h")  # the other screen is left, the cursor is back


def take_bin():
    if len(sys.argv) < 3 or sys.argv[1] != "--bin":
        sys.exit(__doc__)
    folder = os.path.abspath(sys.argv[2])
    del sys.argv[1:3]
    return folder


class Emulated(pyte.Screen):
    """A screen that knows whether its lines have moved."""

    moved = 0

    def index(self):
        self.moved += self.cursor.y == self.lines - 1
        super().index()


class Terminal:
    """A command in a terminal of its own."""

    def __init__(self, command, width=80, height=24, term="screen"):
        self._ours, self.theirs = pty.openpty()
        self._screen = Emulated(width, height)
        self._stream = pyte.ByteStream(self._screen)
        self.size(width, height)
        self.before = termios.tcgetattr(self.theirs)
        self.written = b""
        environment = {**clean_environment(), "TERM": term, "LINES": "7", "COLUMNS": "30"}
        self.work = subprocess.Popen(command, env=environment, preexec_fn=lambda: os.login_tty(os.dup(self.theirs)))

    def size(self, width, height):
        self._screen.resize(height, width)
        fcntl.ioctl(self.theirs, termios.TIOCSWINSZ, struct.pack("HHHH", height, width, 0, 0))

    def type(self, text):
        os.write(self._ours, text)

    def read(self, seconds):
        """Takes what is written within that time; false if that is nothing."""
        if not select.select([self._ours], [], [], seconds)[0]:
            return False
        written = os.read(self._ours, 65536)
        self.written += written
        self._stream.feed(written)
        return True

    def lines(self):
        return [line.rstrip() for line in self._screen.display]

    def moved(self):
        return self._screen.moved

    def until(self, pattern):
        """Waits until a line of the screen matches; returns the match."""
        end = time.monotonic() + SECONDS
        while True:
            for line in self.lines():
                if found := re.search(pattern, line):
                    return found
            if time.monotonic() > end:
                raise AssertionError(f"never shown: {pattern!r}; shown:\n" + "\n".join(self.lines()))
            self.read(0.1)

    def until_written(self, sequence):
        end = time.monotonic() + SECONDS
        while sequence not in self.written:
            if time.monotonic() > end:
                raise AssertionError(f"never written: {sequence!r}; but {self.written!r}")
            self.read(0.1)

    def wait(self, seconds=SECONDS):
        """The exit code, when everything is read."""
        end = time.monotonic() + seconds
        while self.work.poll() is None:
            if time.monotonic() > end:
                raise AssertionError("it does not end; shown:\n" + "\n".join(self.lines()))
            self.read(0.05)
        while self.read(0):
            pass
        return self.work.returncode

    def close(self):
        self.work.kill()
        self.work.wait()
        os.close(self._ours)
        os.close(self.theirs)


class TopCase(unittest.TestCase):
    def setUp(self):
        self.kvd = self.enterContext(KvdProcess(BIN))

    def command(self, *arguments):
        return [os.path.join(BIN, "kvctl"), "--endpoint", self.kvd.endpoint, *arguments]

    def start(self, *arguments):
        pipe = subprocess.PIPE
        command = self.command(*arguments)
        work = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=pipe, stderr=pipe, bufsize=0, env=clean_environment())
        self.addCleanup(work.communicate)
        self.addCleanup(work.kill)
        return work

    def run_kvctl(self, *arguments):
        out, err = (work := self.start(*arguments)).communicate(timeout=SECONDS)
        return work.returncode, out.decode(), err.decode()

    def load(self):
        """Gets, and some puts, until the test ends."""
        self.start("-q", "bench", "--keys", "10", "--rate", "2000", "--mix", "90:10", "-d", "1h")

    def restart(self):
        endpoint = self.kvd.endpoint
        self.kvd.kill()
        self.kvd = self.enterContext(KvdProcess(BIN, "--listen", endpoint))


class KvctlTopScreen(TopCase):
    def top(self, *arguments, **terminal):
        terminal = Terminal(self.command(*arguments, "top", "--interval", "300ms"), **terminal)
        self.addCleanup(terminal.close)
        return terminal

    def assert_restored(self, terminal):
        self.assertEqual(termios.tcgetattr(terminal.theirs), terminal.before)
        for sequence in LEAVES:
            self.assertIn(sequence, terminal.written)
            entered = sequence.replace(b"49l", b"49h").replace(b"25h", b"25l")
            self.assertGreater(terminal.written.rfind(sequence), terminal.written.rfind(entered))

    def test_shows_the_rates_of_a_load(self):
        self.load()
        terminal = self.top()
        terminal.until(r"^Get +[\d,]{3,} ")
        terminal.until(r"^requests +[\d,]{3,}/s")
        terminal.until(r"^Put +\d\d")
        self.assertTrue(terminal.lines()[0].startswith(f"kvctl top  {self.kvd.endpoint}  up "), terminal.lines()[0])
        names = [line.split()[0] for line in terminal.lines()[15:] if line]
        self.assertEqual(names[:3], ["method", "Get", "Put"], "the most called first")
        self.assertGreater(float(terminal.until(r"^mutations +([\d,.]+)/s").group(1).replace(",", "")), 0)
        self.assertEqual(terminal.moved(), 0)
        terminal.type(b"q")
        self.assertEqual(terminal.wait(), 0)

    def test_is_drawn_anew_for_every_size(self):
        terminal = self.top()
        terminal.until("^operations a batch")
        sizes = {(40, 10): "^requests .* errors", (200, 60): "to be reused", (1, 1): "^", (2, 2): "^kv", (80, 3): "^requests", (81, 24): "^operations"}
        for (width, height), shown in sizes.items():
            terminal.size(width, height)
            terminal.until(shown)
            for _ in range(4):  # what is drawn after two more looks fits, too
                terminal.read(0.2)
            lines = terminal.lines()
            self.assertEqual(len(lines), height)
            if width > 1:  # the last column of the last line cannot always be written
                self.assertTrue(lines[0].startswith("kvctl top"[:width]), lines)
            if height > 2:
                self.assertTrue(lines[1].startswith("requests"), lines)
                # A line that wrapped would go on with a figure.
                self.assertEqual([line for line in lines if not re.match("[a-zA-Z]|$", line)], [])
        self.assertEqual(terminal.moved(), 0, "it has scrolled")
        terminal.type(b"q")
        self.assertEqual(terminal.wait(), 0)

    def test_leaves_the_terminal_as_it_was(self):
        for end in (b"q", b"Q", b"\x03", b"\x1c", signal.SIGINT, signal.SIGTERM):
            with self.subTest(end):
                terminal = self.top()
                terminal.until("^requests")
                self.assertNotEqual(termios.tcgetattr(terminal.theirs), terminal.before)
                if isinstance(end, bytes):
                    terminal.type(end)
                else:
                    terminal.work.send_signal(end)
                self.assertEqual(terminal.wait(), 0)
                self.assert_restored(terminal)

    def test_stops_and_goes_on_as_a_job(self):
        top = " ".join(self.command("top", "--interval", "300ms"))
        for stop in (b"\x1a", signal.SIGTSTP):
            with self.subTest(stop):
                terminal = Terminal(["bash", "--norc", "--noprofile", "-m", "-c", top + '; echo stop"ped"; read; fg; echo en"ded" $?'])
                self.addCleanup(terminal.close)
                terminal.until("^requests")
                if isinstance(stop, bytes):
                    terminal.type(stop)
                else:
                    child = subprocess.run(["pgrep", "-P", str(terminal.work.pid)], capture_output=True, text=True, check=True)
                    os.kill(int(child.stdout), stop)
                terminal.until("stopped")
                self.assert_restored(terminal)
                terminal.written = b""
                terminal.size(100, 30)
                terminal.type(b"\n")
                terminal.until_written(b"\x1b[?1049h")
                terminal.until("^operations a batch")
                terminal.type(b"q")
                self.assertEqual(terminal.wait(), 0)
                terminal.until("ended 0")
                self.assert_restored(terminal)

    def test_says_that_the_server_is_away_and_goes_on(self):
        self.load()
        terminal = self.top("--timeout", "1s")
        terminal.until(r"^Get +[\d,]{3,} ")
        self.restart()
        # Not the rates of counters that began again; the load is over, too.
        terminal.until("^kvctl top .* up [0-9]+s")
        terminal.until("^requests +[0-9]")
        self.assertNotRegex(terminal.written.decode(), r"\d{3},\d{3},\d{3}")
        self.kvd.signal(signal.SIGSTOP)
        terminal.until(r"^no answer .*; figures of \d+(ms|s) ago")
        self.kvd.signal(signal.SIGCONT)
        while "no answer" in terminal.lines()[1]:
            terminal.until("^requests")
            terminal.read(0.1)
        terminal.type(b"q")
        self.assertEqual(terminal.wait(), 0)
        self.assert_restored(terminal)

    def test_q_does_not_wait_for_an_answer(self):
        terminal = self.top("--timeout", "1000s")
        terminal.until("^requests")
        self.kvd.signal(signal.SIGSTOP)
        self.addCleanup(self.kvd.signal, signal.SIGCONT)
        terminal.until("^no answer from ")
        terminal.type(b"q")
        self.assertEqual(terminal.wait(10), 0)  # gRPC itself gives the connection up after 30 s
        self.assert_restored(terminal)

    def test_the_shell_goes_on_after_it(self):
        terminal = Terminal(self.command("shell"))
        self.addCleanup(terminal.close)
        for end in (b"q", b"\x03"):
            terminal.until(re.escape(self.kvd.endpoint) + ">$")
            terminal.written = b""
            terminal.type(b"top\n")
            terminal.until("^requests")
            terminal.type(end)
            terminal.until_written(LEAVES[0])
            terminal.type(b"put k v\n")
            terminal.until_written(b"OK\r\n")
        terminal.type(b"exit\n")
        self.assertEqual(terminal.wait(), 0)

    def test_q_does_not_wait_for_the_first_answer(self):
        self.kvd.signal(signal.SIGSTOP)
        self.addCleanup(self.kvd.signal, signal.SIGCONT)
        terminal = self.top("--timeout", "1000s")
        terminal.until("^kvctl top  .*  waiting for an answer$")
        terminal.type(b"q")
        self.assertEqual(terminal.wait(10), 0)
        self.assert_restored(terminal)

    def test_without_a_server_it_fails_with_one_line(self):
        self.kvd.kill()
        terminal = self.top()
        self.assertEqual(terminal.wait(), 3)
        self.assertRegex(terminal.written, rb"kvctl: cannot reach [^\r]*\r\n$")
        self.assertEqual(termios.tcgetattr(terminal.theirs), terminal.before)

    def test_a_terminal_that_cannot_place_its_cursor_gets_blocks(self):
        for term in ("dumb", "no-such-terminal"):
            terminal = self.top(term=term)
            terminal.until("^requests +[0-9]")
            terminal.until("^requests +[0-9]")
            self.assertNotIn(b"\x1b", terminal.written)
            terminal.type(b"\x03")  # a signal here: the terminal is as it was
            self.assertEqual(terminal.wait(), 0)


class KvctlTopBlocks(TopCase):
    def test_prints_so_many_blocks(self):
        code, out, err = self.run_kvctl("top", "-n", "2", "--interval", "200ms")
        self.assertEqual((code, err), (0, ""))
        blocks = out.split("\n\nkvctl top")
        self.assertEqual(len(blocks), 2, out)
        for block in blocks:
            self.assertRegex(block, r"(?m)^requests +[\d.]+/s +errors 0/s ")
            self.assertRegex(block, r"(?m)^Stats +[\d.]+ ")
        self.assertNotIn("\x1b", out)

    def test_prints_so_many_objects(self):
        code, out, err = self.run_kvctl("-w", "json", "top", "-n", "3", "--interval", "100ms")
        self.assertEqual((code, err), (0, ""))
        objects = [json.loads(line) for line in out.splitlines()]
        self.assertEqual(len(objects), 3)
        for each in objects:
            self.assertGreater(each["seconds"], 0)
            self.assertEqual((each["endpoint"], each["queue_requests_limit"]), (self.kvd.endpoint, 65536))

    def test_an_object_has_the_rates_of_a_load(self):
        self.load()
        work = self.start("-w", "json", "top", "--interval", "300ms")
        end = time.monotonic() + SECONDS
        while True:  # the first ones may show how the keys are written
            now = json.loads(self.line(work.stdout))
            rates = {m["method"]: m["calls_per_second"] for m in now["methods"]}
            if rates.get("Get", 0) > rates.get("Put", 0) > 0:
                break
            self.assertLess(time.monotonic(), end, now)
        self.assertEqual(list(rates)[0], "Get", "the most called first")
        self.assertGreater(now["requests_per_second"], rates["Get"])
        self.assertGreater(now["mutations_per_second"], 0)
        work.send_signal(signal.SIGTERM)
        self.assertEqual((work.wait(SECONDS), work.stderr.read()), (0, b""))

    def test_once_is_one_block_even_on_a_terminal(self):
        terminal = Terminal(self.command("top", "--once", "--interval", "100ms"))
        self.addCleanup(terminal.close)
        self.assertEqual(terminal.wait(), 0)
        self.assertEqual(terminal.written.count(b"\r\nrequests "), 1, terminal.written)
        self.assertNotIn(b"\x1b", terminal.written)

    def test_a_script_goes_on_after_it(self):
        script = b"top --once --interval 100ms\nput k v\nget k\n"
        done = subprocess.run(self.command("shell"), input=script, capture_output=True, env=clean_environment(), timeout=SECONDS, check=False)
        self.assertEqual((done.returncode, done.stderr), (0, b""))
        self.assertTrue(done.stdout.endswith(b"\n\nOK\nv\n"), done.stdout)

    def test_goes_on_after_a_restart_without_rates_of_it(self):
        work = self.start("-w", "json", "top", "--interval", "100ms", "--timeout", "1s")
        self.assertIsNotNone(json.loads(self.line(work.stdout))["requests_per_second"])
        self.restart()
        self.assertEqual(self.line(work.stderr), f"kvctl: lost the connection to {self.kvd.endpoint}; connecting again\n")
        self.assertEqual(self.line(work.stderr), "kvctl: connected again\n")
        end = time.monotonic() + SECONDS
        seen = []
        while not seen or seen[-1] is None:
            self.assertLess(time.monotonic(), end)
            seen.append(json.loads(self.line(work.stdout))["requests_per_second"])
        self.assertIn(None, seen)
        work.send_signal(signal.SIGINT)
        _, err = work.communicate(timeout=SECONDS)
        self.assertEqual((work.returncode, err), (0, b""))

    def line(self, pipe):
        self.assertTrue(select.select([pipe], [], [], SECONDS)[0], "no line came")
        return pipe.readline().decode()

    def test_without_a_server_it_fails(self):
        self.kvd.kill()
        for arguments in (("top",), ("top", "--once"), ("-w", "json", "top")):
            code, out, err = self.run_kvctl(*arguments)
            self.assertEqual((code, out), (3, ""))
            self.assertRegex(err, "^kvctl: cannot reach .*\n$")


BIN = take_bin()

if __name__ == "__main__":
    unittest.main(verbosity=2)
