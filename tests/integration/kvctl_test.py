#!/usr/bin/python3
"""kvctl as users see it: the sessions in kvctl/*.txt, each against its own kvd; imports; terminals.

    kvctl_test.py --bin build/release/bin [KvctlSessions.test_basics ...]

A session is a text file. A line that begins with `$ kvctl` is run; the lines up to the next blank one say what it must do:
    text        a line of standard output, exactly
    ! text      a line of standard error, exactly
    exit N      the exit code, if it is not 0
Also: `kvd FLAGS` as the first line of the file (<folder>: the session's own), `file NAME` to write a file, and `NAME=text` before kvctl for its
environment.
    > text      a line of the file, or of the command's standard input
<number>, <figure> (with decimals) and <text> stand for text that differs between runs, <endpoint> for the server,
<nobody> for an address where no server is listening, \\xNN for a byte. An empty line of output is written <empty>.
"""

import base64
import fcntl
import json
import os
import pty
import re
import select
import shlex
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import termios
import threading
import time
import unittest

from kvd_process import KvdProcess, clean_environment

FOLDER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "kvctl")
SECONDS = 120  # only so that a hang fails
MIB = 1 << 20
PATTERNS = {b"<number>": rb"\d+", b"<figure>": rb"\d+(?:\.\d+)?", b"<text>": rb"[^\n]+"}


def take_bin():
    if len(sys.argv) < 3 or sys.argv[1] != "--bin":
        sys.exit("usage: kvctl_test.py --bin FOLDER_OF_KVD_AND_KVCTL [unittest's arguments]")
    folder = os.path.abspath(sys.argv[2])
    del sys.argv[1:3]
    return folder


def as_bytes(text):
    return re.sub(rb"\\x([0-9a-f]{2})", lambda m: bytes([int(m.group(1), 16)]), text.encode())


def as_pattern(lines):
    """The regular expression of these lines of output."""
    text = b"".join(as_bytes("" if line == "<empty>" else line) + b"\n" for line in lines)
    parts = re.split(b"(" + b"|".join(PATTERNS) + b")", text)
    return b"".join(PATTERNS.get(part, re.escape(part)) for part in parts)


class Step:
    """One block of a session: a command and its expected results, or a file to write."""

    def __init__(self, number, lines):
        self.number, self.head = number, lines[0]
        self.input, self.out, self.err, self.code = [], [], [], 0
        for line in lines[1:]:
            if line == ">" or line.startswith("> "):
                self.input.append(line[2:])
            elif line.startswith("! "):
                self.err.append(line[2:])
            elif re.fullmatch(r"exit \d+", line):
                self.code = int(line[5:])
            else:
                self.out.append(line)

    def input_bytes(self):
        return b"".join(as_bytes(line) + b"\n" for line in self.input)


def blocks(path):
    """(line number, lines) of each block between blank lines, without comments."""
    with open(path, encoding="utf-8") as file:
        block, begin = [], 0
        for number, line in enumerate([*file.read().split("\n"), ""], 1):
            if line.startswith("#"):
                continue
            if line:
                begin = begin if block else number
                block.append(line)
            elif block:
                yield begin, block
                block = []


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


class Session:
    """Runs one file's steps in their own folder."""

    def __init__(self, test, folder, endpoint):
        self.test, self.folder = test, folder
        self.names = {"<endpoint>": endpoint, "<nobody>": f"127.0.0.1:{free_port()}"}
        self.environment = {**clean_environment(), "KVCTL_ENDPOINT": endpoint}

    def fill_in(self, text):
        for name, value in self.names.items():
            text = text.replace(name, value)
        return text

    def run(self, step):
        if step.head.startswith("file "):
            with open(os.path.join(self.folder, step.head[5:]), "wb") as file:
                file.write(step.input_bytes())
            return
        words = [as_bytes(self.fill_in(word)) for word in shlex.split(step.head[2:])]
        program = words.index(b"kvctl")
        environment = dict(self.environment)
        environment.update(word.decode().split("=", 1) for word in words[:program])
        done = subprocess.run(
            [os.path.join(BIN, "kvctl"), *words[program + 1 :]],
            input=step.input_bytes(), capture_output=True, cwd=self.folder, env=environment, timeout=SECONDS, check=False,
        )
        self.compare("standard output", step.out, done.stdout)
        self.compare("standard error", ["kvctl: " + line for line in step.err], done.stderr)
        self.test.assertEqual(done.returncode, step.code, "exit code")

    def compare(self, what, wanted, got):
        wanted = [self.fill_in(line) for line in wanted]
        if not re.fullmatch(as_pattern(wanted), got):
            self.test.fail(f"{what} differs\n wanted: {wanted}\n    got: {got.decode(errors='backslashreplace').splitlines()}")


def peak_memory(pid):
    """The peak resident memory of a process so far, in bytes."""
    with open(f"/proc/{pid}/status", encoding="ascii") as status:
        return 1024 * next(int(line.split()[1]) for line in status if line.startswith("VmHWM:"))


class KvctlSessions(unittest.TestCase):
    """One test per file; a failing command is named by file and line."""


def session_test(name):
    def test(self):
        steps = [Step(number, lines) for number, lines in blocks(os.path.join(FOLDER, name))]
        flags = shlex.split(steps.pop(0).head)[1:] if steps[0].head.startswith("kvd") else []
        with tempfile.TemporaryDirectory() as folder, KvdProcess(
            BIN, *[flag.replace("<folder>", folder) for flag in flags]
        ) as kvd:
            session = Session(self, folder, kvd.endpoint)
            for step in steps:
                with self.subTest(f"kvctl/{name}:{step.number}: {step.head}"):
                    session.run(step)
            self.assertTrue(kvd.running(), "kvd ended: " + "\n".join(kvd.log[-5:]))

    return test


class KvctlImport(unittest.TestCase):
    """Imports that text files cannot express: pipes that pause, Ctrl-C, and records too large for a session."""

    def setUp(self):
        self.kvd = self.enterContext(KvdProcess(BIN))

    def kvctl(self, *arguments):
        command = [os.path.join(BIN, "kvctl"), "-q", "--endpoint", self.kvd.endpoint, *arguments]
        pipe = subprocess.PIPE
        return subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe, env=clean_environment())

    def value_of(self, key):
        return self.kvctl("get", key).communicate(timeout=SECONDS)[0]

    def wait_for(self, key, value):
        end = time.monotonic() + SECONDS
        while self.value_of(key) != value + b"\n":
            self.assertLess(time.monotonic(), end, f"{key} was never imported")

    def test_a_pause_keeps_nothing_back_and_ctrl_c_ends_it(self):
        work = self.kvctl("import", "-")
        work.stdin.write(b'{"key":"a","value":"1"}\n{"key":"b",')
        work.stdin.flush()
        self.wait_for("a", b"1")
        work.send_signal(signal.SIGINT)
        self.assertEqual(work.wait(SECONDS), 130)
        self.assertEqual(
            work.stderr.read(),
            b"kvctl: stopped; 1 record imported and acknowledged; importing again is safe; --from-line 2 goes on\n",
        )
        work.communicate()

    def test_a_record_too_large_for_a_request_is_one_bad_line(self):
        lines = [json.dumps({"key": k, "value": "x" * size}) for k, size in (("a", 1), ("b", 20_000_000), ("c", 2))]
        data = "\n".join(lines).encode()
        _, errors = (work := self.kvctl("import", "-")).communicate(data, SECONDS)
        self.assertEqual(work.returncode, 2)
        self.assertRegex(errors, rb"^kvctl: line 2: record: 20000001 bytes, .*; 1 record imported\n$")
        out, errors = (work := self.kvctl("import", "--skip-bad", "-")).communicate(data, SECONDS)
        self.assertEqual((work.returncode, out), (0, b"2 records imported, 1 skipped\n"), errors)
        self.assertEqual(self.value_of("c"), b"xx\n")

    def test_a_line_over_the_limit_is_refused_before_it_is_held_in_memory(self):
        work = self.kvctl("import", "--skip-bad", "-")
        work.stdin.write(b'{"key":"a","value":"1"}\n{"key":"b","value":"')
        for _ in range(500):
            work.stdin.write(b"x" * MIB)
        work.stdin.write(b'"}\n{"key":"c","value":"2"}\n')
        peak = peak_memory(work.pid)
        out, errors = work.communicate(timeout=SECONDS)
        self.assertEqual((work.returncode, out), (0, b"2 records imported, 1 skipped\n"), errors)
        self.assertRegex(errors, rb"^kvctl: line 2: longer than \d+ bytes \(skipped\)\n$")
        self.assertLess(peak, 400 * MIB)  # the buffer grows to 91 MiB; a sanitizer keeps the smaller ones it replaced

    def test_a_message_over_the_limit_names_the_limit(self):
        for size, wanted in (
            (9_000_000, rb"value: 9000000 bytes, the limit is 8388608; send less, or raise the server's --max-value-bytes"),
            (17_000_000, rb"message of \d+ bytes: the limit is \d+; use smaller values .*--max-request-bytes"),
            (20_000_000, rb"message of \d+ bytes: the limit is \d+; send a smaller value"),
        ):
            _, errors = (work := self.kvctl("put", "k", "-")).communicate(b"x" * size, SECONDS)
            self.assertRegex(errors, rb"^kvctl: " + wanted + rb"\n$")
            self.assertEqual(work.returncode, 2 if size < 10_000_000 else 3)


    def test_what_is_too_much_to_delete_at_once_names_the_way(self):
        data = b"".join(b'{"key":"k%d","value":""}\n' % i for i in range(10_001))
        self.kvctl("import", "-").communicate(data, SECONDS)
        _, errors = (work := self.kvctl("del", "--prefix", "k")).communicate(timeout=SECONDS)
        self.assertEqual(work.returncode, 3)
        self.assertEqual(errors, b"kvctl: range: more than 10000 keys for one request; delete them in steps with --limit\n")
        out, _ = self.kvctl("del", "--prefix", "k", "--limit", "20000").communicate(timeout=SECONDS)
        self.assertEqual(out, b"10001\n")


class KvctlBench(unittest.TestCase):
    """A benchmark that is stopped."""

    def test_ctrl_c_ends_it_with_its_figures_and_without_its_keys(self):
        with KvdProcess(BIN) as kvd:
            command = [os.path.join(BIN, "kvctl"), "-q", "--endpoint", kvd.endpoint]
            environment = clean_environment()

            def keys():
                stats = subprocess.run([*command, "-w", "json", "stats"], capture_output=True, env=environment, check=True)
                return json.loads(stats.stdout)["keys"]

            work = subprocess.Popen([*command, "bench", "-d", "1h", "--keys", "2500"], stdout=subprocess.PIPE, env=environment)
            end = time.monotonic() + SECONDS
            while keys() < 2500:
                self.assertLess(time.monotonic(), end)
            work.send_signal(signal.SIGINT)
            out, _ = work.communicate(timeout=SECONDS)
            self.assertEqual(work.returncode, 0)
            self.assertRegex(out, rb"(?m)^requests \d+$")
            self.assertEqual(keys(), 0)


class KvctlOnATerminal(unittest.TestCase):
    """Behaviour on a terminal; each command gets its own, 50 columns wide."""

    COLUMNS = 50

    def setUp(self):
        self.kvd = self.enterContext(KvdProcess(BIN))

    def run_on_terminal(self, *arguments, typed=b"", terminal=(0, 1, 2), **standard):
        """(exit code, what the terminal showed)"""
        ours, theirs = pty.openpty()
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, self.COLUMNS, 0, 0))
        streams = {name: theirs for number, name in enumerate(("stdin", "stdout", "stderr")) if number in terminal}
        command = [os.path.join(BIN, "kvctl"), "--endpoint", self.kvd.endpoint, *arguments]
        work = subprocess.Popen(command, env=clean_environment(), **{**standard, **streams})
        os.close(theirs)
        os.write(ours, typed)
        shown = b""
        while select.select([ours], [], [], SECONDS)[0]:
            try:
                shown += os.read(ours, 65536)
            except OSError:  # the program has closed the terminal
                break
        os.close(ours)
        return work.wait(SECONDS), shown

    def test_nothing_that_a_terminal_acts_on_reaches_it(self):
        # Every byte alone, and text that clears a screen, sets its title, or turns the direction of writing.
        values = [bytes([n]) for n in range(256)] + [b"\x1b[2J\x1b]0;title\x07", "\x9b31m\u202e".encode()]
        lines = (json.dumps({"key": f"k{i}", "value_b64": base64.b64encode(v).decode()}) for i, v in enumerate(values))
        command = [os.path.join(BIN, "kvctl"), "--endpoint", self.kvd.endpoint, "import", "-q"]
        subprocess.run(command, input="\n".join(lines).encode(), check=True, capture_output=True, timeout=SECONDS)
        keys = [f"k{i}" for i in range(len(values))]
        for arguments in (["mget", *keys], ["-w", "table", "mget", *keys], ["-w", "json", "mget", *keys], ["del", "--prev", *keys]):
            code, shown = self.run_on_terminal(*arguments)
            self.assertEqual(code, 0, shown)
            self.assertGreater(len(shown), 1000)
            text = shown.decode()  # what is shown is valid UTF-8, so a lone byte above 0x7f is escaped too
            self.assertEqual([c for c in text.replace("\r\n", "") if not c.isprintable() and c != "\xad"], [], arguments)
        code, shown = self.run_on_terminal("mget", "\x1b[2J")
        self.assertEqual((code, shown), (1, b'kvctl: no such key: "\\x1b[2J"\r\n'))

    def test_what_is_printable_is_not_quoted_on_a_terminal(self):
        put = [os.path.join(BIN, "kvctl"), "--endpoint", self.kvd.endpoint, "put", "--", "k", b"\x1b[31m\x7f"]
        subprocess.run(put, check=True, capture_output=True, timeout=SECONDS)
        self.assertEqual(self.run_on_terminal("get", "k"), (0, b'"\\x1b[31m\\x7f"\r\n'))
        subprocess.run([*put[:-1], "день 'x'".encode()], check=True, capture_output=True, timeout=SECONDS)
        self.assertEqual(self.run_on_terminal("get", "k"), (0, "день 'x'\r\n".encode()))

    def test_import_says_that_it_reads_standard_input(self):
        code, shown = self.run_on_terminal("import", typed=b'{"key":"a","value":"1"}\n\x04')
        self.assertEqual(code, 0, shown)
        self.assertIn(b"kvctl: reading records from standard input; Ctrl-D ends the input\r\n", shown)
        self.assertTrue(shown.endswith(b"1 record imported\r\n"), shown)

    def test_a_quiet_import_says_nothing_of_it(self):
        code, shown = self.run_on_terminal("-q", "import", typed=b'{"key":"a","value":"1"}\n\x04')
        self.assertEqual((code, b"reading records" in shown), (0, False), shown)

    def test_a_benchmark_shows_how_far_it_is(self):
        code, shown = self.run_on_terminal("bench", "--keys", "10", "-d", "1s", terminal=(0, 2), stdout=subprocess.DEVNULL)
        self.assertEqual(code, 0, shown)
        self.assertRegex(shown, rb"bench( \[[#.]+\])? \d+% \d+ requests")  # the bar goes first where there is no room

    def applied(self):
        stats = [os.path.join(BIN, "kvctl"), "--endpoint", self.kvd.endpoint, "-w", "json", "stats"]
        done = subprocess.run(stats, check=True, capture_output=True, timeout=SECONDS)
        return json.loads(done.stdout)["applied_ops"]

    def pause_when_loading(self, before):
        """Stops the server for a while once it has applied more: the bar is not drawn in the first 200 ms."""
        end = time.monotonic() + SECONDS
        while self.applied() == before and time.monotonic() < end:
            pass
        self.kvd.signal(signal.SIGSTOP)
        time.sleep(0.5)
        self.kvd.signal(signal.SIGCONT)

    def test_the_progress_bar_fits_the_terminal(self):
        for keys in (300_000, 1_000_000, 3_000_000):  # a fast machine may load the first before it is stopped
            pause = threading.Thread(target=self.pause_when_loading, args=(self.applied(),))
            pause.start()
            arguments = ("bench", "--keys", str(keys), "--requests", "1")
            code, shown = self.run_on_terminal(*arguments, terminal=(0, 2), stdout=subprocess.DEVNULL)
            pause.join()
            self.assertEqual(code, 0, shown)
            if bars := re.findall(rb"load [^\r\x1b]+", shown):
                break
        self.assertTrue(bars, shown)
        for bar in bars:
            self.assertLess(len(bar), self.COLUMNS)


BIN = take_bin()
for session_file in sorted(os.listdir(FOLDER)):
    if session_file.endswith(".txt"):
        setattr(KvctlSessions, "test_" + session_file[:-4].replace("-", "_"), session_test(session_file))

if __name__ == "__main__":
    unittest.main(verbosity=2)
