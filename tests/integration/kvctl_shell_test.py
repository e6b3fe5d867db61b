#!/usr/bin/python3
"""kvctl's shell: typed into a terminal, and as a script.

    kvctl_shell_test.py --bin build/release/bin [KvctlShell.test_... ...]
"""

import os
import pty
import re
import select
import signal
import stat
import subprocess
import sys
import tempfile
import termios
import time
import unittest

from kvd_process import KvdProcess, clean_environment

SECONDS = 30  # only so that a hang fails


def take_bin():
    if len(sys.argv) < 3 or sys.argv[1] != "--bin":
        sys.exit(__doc__)
    folder = os.path.abspath(sys.argv[2])
    del sys.argv[1:3]
    return folder


class Terminal:
    """A shell of kvctl in a terminal of its own."""

    def __init__(self, endpoint, state, *flags):
        self._pid, self._terminal = pty.fork()
        if self._pid == 0:
            environment = {**clean_environment(), "TERM": "xterm", "HOME": "/nonexistent", "XDG_STATE_HOME": state, "LC_ALL": "C.UTF-8"}
            os.execve(os.path.join(BIN, "kvctl"), ["kvctl", "--endpoint", endpoint, *flags, "shell"], environment)
        self._prompt = f"{endpoint}> "
        self.shown = ""
        self.ended = None

    def type(self, text):
        os.write(self._terminal, text.encode())

    def until(self, pattern):
        """Reads until the pattern is shown, and returns everything up to it."""
        end = time.monotonic() + SECONDS
        while not (found := re.search(pattern, self.shown, re.S)):
            if time.monotonic() > end or not select.select([self._terminal], [], [], SECONDS)[0]:
                raise AssertionError(f"never shown: {pattern!r}; shown: {self.shown!r}")
            try:
                self.shown += os.read(self._terminal, 65536).decode()
            except OSError as ended:
                raise AssertionError(f"the shell ended before {pattern!r}; shown: {self.shown!r}") from ended
        seen, self.shown = self.shown[: found.end()], self.shown[found.end() :]
        return seen

    def prompt(self):
        """Waits until the shell edits a line: it shows the prompt first, and then takes the terminal."""
        self.until(re.escape(self._prompt))
        self.until_mode(0)

    def run(self, line):
        """What the line prints. Ends at the next prompt."""
        self.type(line + "\n")
        seen = self.until(r"\n.*?" + re.escape(self._prompt))
        self.until_mode(0)
        return re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", seen).split("\n", 1)[1].rsplit(self._prompt, 1)[0].replace("\r", "")

    def until_mode(self, mode):
        """Waits until the terminal takes whole lines (termios.ICANON), for a command, or each key (0), for the editor."""
        end = time.monotonic() + SECONDS
        while termios.tcgetattr(self._terminal)[3] & termios.ICANON != mode:
            if time.monotonic() > end:
                self.until("never shown")
            time.sleep(0.01)

    def wait(self):
        """The exit code. Whatever is still shown is dropped."""
        end = time.monotonic() + SECONDS
        while time.monotonic() < end:
            if select.select([self._terminal], [], [], 0.05)[0]:
                try:
                    os.read(self._terminal, 65536)
                except OSError:
                    pass
            pid, status = os.waitpid(self._pid, os.WNOHANG)
            if pid:
                self._pid = 0
                return os.waitstatus_to_exitcode(status)
        raise AssertionError("the shell does not end")

    def close(self):
        if self._pid:
            os.kill(self._pid, signal.SIGKILL)
            os.waitpid(self._pid, 0)
        os.close(self._terminal)


class KvctlShell(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.kvd = KvdProcess(BIN)
        cls.addClassCleanup(cls.kvd.kill)

    def setUp(self):
        self.state = self.enterContext(tempfile.TemporaryDirectory())
        self.history = os.path.join(self.state, "kvctl", "history")

    def shell(self, *flags, state=None):
        terminal = Terminal(self.kvd.endpoint, state or self.state, *flags)
        self.addCleanup(terminal.close)
        terminal.prompt()
        return terminal

    def script(self, text, *flags):
        command = [os.path.join(BIN, "kvctl"), "--endpoint", self.kvd.endpoint, *flags, "shell"]
        return subprocess.run(command, input=text, capture_output=True, env=clean_environment(), timeout=SECONDS, check=False)

    def stop_server(self):
        """From here to SIGCONT the server answers nothing; a signal takes effect thread by thread."""
        self.addCleanup(self.kvd.signal, signal.SIGCONT)
        self.kvd.signal(signal.SIGSTOP)
        end = time.monotonic() + SECONDS
        tasks = f"/proc/{self.kvd.pid}/task"
        for task in os.listdir(tasks):
            while True:
                with open(f"{tasks}/{task}/stat", encoding="ascii", errors="replace") as stat_file:
                    if stat_file.read().rsplit(")", 1)[1].split()[0] == "T":
                        break
                self.assertLess(time.monotonic(), end, "kvd does not stop")
                time.sleep(0.01)

    def test_runs_commands_quotes_as_a_shell_and_outlives_errors(self):
        shell = self.shell()
        self.assertEqual(shell.run("put color 'light blue'"), "OK\n")
        self.assertEqual(shell.run('put "odd\\x00key" "a\\tb"'), "OK\n")
        self.assertEqual(shell.run("get color  # the first"), "light blue\n")
        self.assertEqual(shell.run('get "odd\\x00key"'), '"a\\x09b"\n')
        self.assertEqual(shell.run("set color red"), 'kvctl: no command "set"; did you mean "put"?\n')
        self.assertEqual(shell.run("get 'color"), "kvctl: a quote ' is not closed\n")
        self.assertEqual(shell.run("get none"), "")
        self.assertEqual(shell.run("incr color"), "kvctl: value: not a decimal 64-bit integer\n")
        self.assertEqual(shell.run("   "), "")
        self.assertRegex(shell.run("-w json get color"), r'^\{"key":"color","value":"light blue",')
        self.assertEqual(shell.run("get color"), "light blue\n", "-w json was for one line")
        self.assertRegex(shell.run("get color --endpoint other"), "unexpected argument")
        self.assertIn("exit or Ctrl-D", shell.run("help"))
        shell.type("exit\n")
        self.assertEqual(shell.wait(), 0)

    def test_flags_of_the_shell_hold_for_its_lines(self):
        shell = self.shell("-w", "json")
        self.assertRegex(shell.run("put json 1"), r'^\{"result":"OK","revision":\d+\}\n$')
        shell.type("\x04")
        self.assertEqual(shell.wait(), 0)

    def test_tab_completes_commands_and_flags(self):
        shell = self.shell()
        shell.type("appe\tlist 12 --ac\tappl\t\n")
        shell.until(r"\n2\r\n")  # the length that append prints
        shell.prompt()
        self.assertEqual(shell.run("get list"), "12\n")
        shell.type("publish\t\t")
        shell.until("publish  publish-policy")
        shell.type("\x03")
        shell.prompt()

    def test_ctrl_c_ends_the_command_and_not_the_shell(self):
        shell = self.shell("--timeout", "1000s")
        shell.type("get typed and dropped\x03")
        shell.prompt()
        self.assertEqual(shell.run("put here 1"), "OK\n")
        self.stop_server()
        for line in ("get here", "import /dev/stdin", "stats"):
            shell.type(line + "\n")
            shell.until_mode(termios.ICANON)
            shell.type("\x03")
            shell.prompt()
        self.kvd.signal(signal.SIGCONT)
        self.assertEqual(shell.run("get here"), "1\n")
        shell.type("put typed -\n")
        shell.until_mode(termios.ICANON)
        shell.type("value\n\x04")
        shell.until("OK")
        shell.prompt()
        self.assertEqual(shell.run("get typed"), '"value\\x0a"\n')
        shell.type("\x04")
        self.assertEqual(shell.wait(), 0)

    def test_history_is_kept_for_the_owner_only(self):
        shell = self.shell()
        for line in ("put first 1", "put first 1", " put secret 2", "get first"):
            shell.run(line)
        shell.type("exit\n")
        shell.wait()
        with open(self.history, encoding="utf-8") as file:
            self.assertEqual(file.read(), "put first 1\nget first\nexit\n")
        self.assertEqual(stat.S_IMODE(os.stat(self.history).st_mode), 0o600)
        os.chmod(self.history, 0o644)
        again = self.shell()
        again.type("\x1b[A\x1b[A\n")  # up to "get first"
        again.until(r"\n1\r\n")
        again.prompt()
        again.type("\x04")
        self.assertEqual(again.wait(), 0)
        self.assertEqual(stat.S_IMODE(os.stat(self.history).st_mode), 0o600, "others could read what is added")

    def test_history_keeps_the_newest_thousand_lines(self):
        os.mkdir(os.path.dirname(self.history))
        with open(self.history, "w", encoding="utf-8") as file:
            file.writelines(f"get k{i}\n" for i in range(1500))
        shell = self.shell()
        shell.type("exit\n")
        shell.wait()
        with open(self.history, encoding="utf-8") as file:
            lines = file.read().split()[1::2]
        self.assertEqual((len(lines), lines[0]), (1000, "k500"))

    def test_without_a_writable_place_there_is_no_history(self):
        file = os.path.join(self.state, "file")
        open(file, "w", encoding="utf-8").close()
        shell = self.shell(state=file)
        self.assertEqual(shell.run("put unkept 1"), "OK\n")
        shell.type("exit\n")
        self.assertEqual(shell.wait(), 0)

    def test_a_script_runs_to_its_end_and_names_the_lines_of_errors(self):
        done = self.script(b"put s 1\n# a comment\n\nget s\nset s\nincr s 4\nget nothing\nget s\n")
        self.assertEqual(done.stdout, b"OK\n1\n5\n5\n")
        self.assertEqual(done.stderr, b'kvctl: line 5: no command "set"; did you mean "put"?\n')
        self.assertEqual(done.returncode, 1, "of the last that failed: get nothing")
        done = self.script(b"put s 1\nexit\nput s 2\n")
        self.assertEqual((done.returncode, done.stdout, done.stderr), (0, b"OK\n", b""))
        self.assertEqual(self.script(b"get s").stdout, b"1\n", "the last line needs no end")
        self.assertEqual(self.script(b"").returncode, 0)

    def test_a_command_of_a_script_does_not_read_the_script(self):
        for line in (b"put s -", b"append s -", b"import -", b"import", b"txn"):
            done = self.script(line + b"\nput after 1\n")
            self.assertEqual((done.returncode, done.stdout), (2, b"OK\n"), line)
            self.assertRegex(done.stderr, b"^kvctl: line 1: standard input holds the shell's commands")

    def test_many_lines_share_a_connection(self):
        done = self.script(b"".join(b"put k%d %d\n" % (i, i) for i in range(2000)) + b"get k1999\n")
        self.assertEqual((done.returncode, done.stdout), (0, b"OK\n" * 2000 + b"1999\n"), done.stderr)


BIN = take_bin()

if __name__ == "__main__":
    unittest.main(verbosity=2)
