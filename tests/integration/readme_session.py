"""Pastes a README's session into a shell, all at once, and compares what it prints.

The session is the first ```sh block after the line `<!-- session -->`. In it

    command            is a line for the shell; an indented line continues the command above it;
    # text             is what that command prints on standard output. `...` within a line stands for any text,
                       a line with only `...` for any lines, or none.

There is no pause between lines: an interactive bash on its own terminal reads them as fast as it can, as it does when a
person pastes them. A session that needs a server must therefore wait for it, and a command that reads standard input
swallows the lines after it. Every command must succeed. The session runs in the checkout, in a clean environment and, if
the system allows it, in its own network, so that another server on the machine is not in the way. Processes still
running at its end are stopped.
"""

import os
import pty
import re
import select
import shlex
import signal
import socket
import subprocess
import tempfile
import termios
import time
from dataclasses import dataclass, field

MARK = "<!-- session -->"
SESSION_SECONDS = 1500  # the server may need to be built first
STOP_SECONDS = 15
PORT = 7400
# Bash prints this before it reads the next command: the last exit code, between two bytes that no command prints.
PROMPT = 'printf "\\036%d\\036" "$?"'
PROMPTED = re.compile("\x1e(\\d+)\x1e")


@dataclass
class Step:
    command: str
    expected: list = field(default_factory=list)


def block_of(text):
    """The session, as pasted."""
    after = text.partition(MARK)[2]
    block = re.match(r"\s*```sh\n(.*?)^```", after, re.S | re.M)
    if block is None:
        raise ValueError(f"no ```sh block right after {MARK}")
    return block[1]


def steps_of(block):
    """The commands of a session, with their expected output."""
    steps = []
    for line in block.splitlines():
        if not line.strip():
            raise ValueError("a blank line in the session")
        if line[0] not in "# ":
            steps.append(Step(line))
        elif not steps:
            raise ValueError(f"output before the first command: {line!r}")
        elif line[0] == "#":
            steps[-1].expected.append(line[1:].removeprefix(" "))
        elif steps[-1].expected:
            raise ValueError(f"a command goes on after its output: {line!r}")
        else:
            steps[-1].command += "\n" + line
    return steps


def matches(expected, printed):
    """Whether the printed lines match the expected ones, in which `...` stands for any text or lines."""
    if not expected:
        return not printed
    if expected[0].strip() == "...":
        return any(matches(expected[1:], printed[i:]) for i in range(len(printed) + 1))
    pattern = ".*".join(re.escape(part) for part in expected[0].split("..."))
    return bool(printed) and re.fullmatch(pattern, printed[0]) is not None and matches(expected[1:], printed[1:])


def own_network():
    """The command prefix that gives a command its own network; empty if that is not allowed."""
    words = ["unshare", "--net"] if os.geteuid() == 0 else ["unshare", "--net", "--map-root-user"]
    try:
        return words if subprocess.run([*words, "true"], capture_output=True, check=False).returncode == 0 else []
    except FileNotFoundError:
        return []


# Brings up the loopback interface of a new network: ioctl SIOCSIFFLAGS with IFF_UP | IFF_RUNNING.
LOOPBACK_UP = (
    "import fcntl, socket, struct;"
    "fcntl.ioctl(socket.socket(), 0x8914, struct.pack('16sh14x', b'lo', 0x41))"
)


def session_processes(leader):
    """Every process started by a session's shell that still runs, in any process group."""
    found = []
    for entry in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{entry}/stat", encoding="utf-8", errors="replace") as stat:
                state, _, _, session = stat.read().rpartition(")")[2].split()[:4]
        except OSError:
            continue  # ended meanwhile
        if int(session) == leader and state != "Z":
            found.append(int(entry))
    return found


class Terminal:
    """An interactive bash on its own terminal; standard error goes to a file."""

    def __init__(self, folder, first_on_path):
        self._home = tempfile.TemporaryDirectory()
        self._errors = tempfile.TemporaryFile()
        self.pid, self._terminal = pty.fork()
        if self.pid == 0:
            try:
                self._become_bash(folder, first_on_path)
            finally:
                os._exit(127)  # exec failed
        self._status = None

    def _become_bash(self, folder, first_on_path):
        mode = termios.tcgetattr(0)
        mode[1] &= ~termios.OPOST  # lines end in \n
        mode[3] &= ~termios.ECHO
        termios.tcsetattr(0, termios.TCSANOW, mode)
        os.dup2(self._errors.fileno(), 2)
        os.chdir(folder)
        bash = "exec /bin/bash --noprofile --norc --noediting -i"
        network = own_network()
        prepare = f"/usr/bin/python3 -c {shlex.quote(LOOPBACK_UP)} && " if network else ""
        path = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
        environment = {"PATH": f"{first_on_path}:{path}" if first_on_path else path, "HOME": self._home.name, "LANG": "C.UTF-8", "TERM": "dumb"}
        environment |= {"PROMPT_COMMAND": PROMPT, "PS1": "", "PS2": ""}
        os.execvpe("env", ["env", *network, "/bin/sh", "-c", prepare + bash], environment)

    def _ended(self):
        if self._status is None:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            self._status = status if pid else None
        return self._status is not None

    def paste(self, text, seconds):
        """Writes the text as fast as the terminal takes it; returns what was printed until the shell ended."""
        left, printed, end = text.encode(), b"", time.monotonic() + seconds
        os.set_blocking(self._terminal, False)
        while time.monotonic() < end:
            ended = self._ended()
            readable, writable, _ = select.select([self._terminal], [self._terminal] if left else [], [], 0.2)
            try:
                if readable:
                    printed += os.read(self._terminal, 65536)
                elif ended:
                    break
                if writable and left:
                    left = left[os.write(self._terminal, left) :]
            except OSError:
                break  # no process has the terminal open any more
        else:
            raise TimeoutError(f"not through after {seconds} s; printed:\n{printed.decode(errors='replace')}")
        return printed.decode(errors="replace")

    def errors(self):
        self._errors.seek(0)
        return self._errors.read().decode(errors="replace")

    def close(self):
        if not self._ended():
            os.kill(self.pid, signal.SIGKILL)  # an interactive bash ignores SIGTERM
            os.waitpid(self.pid, 0)
        for how in (signal.SIGTERM, signal.SIGKILL):
            for pid in session_processes(self.pid):
                try:
                    os.kill(pid, how)
                except ProcessLookupError:
                    pass
            end = time.monotonic() + STOP_SECONDS
            while session_processes(self.pid) and time.monotonic() < end:
                time.sleep(0.1)
        os.close(self._terminal)
        self._errors.close()
        self._home.cleanup()


def outcomes(printed):
    """(exit code, lines) for each line of input, from the shell's output."""
    parts = PROMPTED.split(printed)[2:]  # there is a prompt before the first command too
    texts, codes = parts[0::2], parts[1::2]
    return [(int(code), text.splitlines()) for text, code in zip(texts, codes)]


def judge(steps, found):
    """The first problem, or "". A line of expected output is a comment to the shell: an outcome without text."""
    for step in steps:
        if not found:
            return f"$ {step.command}\ndid not finish: the shell ended, or an earlier command read its lines\n"
        (code, printed), found = found[0], found[1 + len(step.expected) :]
        if code != 0 or not matches(step.expected, printed):
            told, wanted = "\n".join(printed), "\n".join(step.expected)
            return f"$ {step.command}\nexit code {code}\n-- printed:\n{told}\n-- expected:\n{wanted}\n"
    return ""


def run_session(text, folder, seconds=SESSION_SECONDS, first_on_path=""):
    """Pastes the session of a README's text; returns the problem, or "".

    first_on_path: a folder of programs that override the system's.
    """
    block = block_of(text)
    steps = steps_of(block)
    if not own_network():
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", PORT)) == 0:
                return f"port {PORT} is taken by another server; stop it first"
    terminal = Terminal(folder, first_on_path)
    try:
        try:
            # The second `exit` is for a shell that warns about stopped jobs instead of ending.
            problem = judge(steps, outcomes(terminal.paste(block + "exit\nexit\n", seconds)))
        except TimeoutError as error:
            problem = f"{error}\n"
        return problem and f"{problem}-- standard error:\n{terminal.errors()[-4000:]}"
    finally:
        terminal.close()
