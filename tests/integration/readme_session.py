"""Runs the session in a README word for word and compares what it prints.

The session is the first ```sh block after the line `<!-- session -->`. In it

    $ command          is run by one bash that stays for the whole session: folders and variables persist;
    > more             goes on with the command above it;
    anything else      is what the command prints on standard output. `...` within a line stands for any text,
                       a line of nothing but `...` for any lines, also none.

A command that ends in `&` starts a server: the session goes on once its port accepts connections, as a reader
does who waits for it to say that it serves. Every command has to succeed. The session runs in the checkout, in
a clean environment, and where the system allows it in a network of its own, so that a server elsewhere on the
machine is not in its way. What still runs at its end is stopped.
"""

import os
import re
import secrets
import signal
import socket
import subprocess
import tempfile
import time
from dataclasses import dataclass, field

MARK = "<!-- session -->"
SERVER_SECONDS = 1200  # for a server to listen: it may have to be built first
PORT = 7400


@dataclass
class Step:
    command: str
    expected: list = field(default_factory=list)


def session_of(text):
    """The steps of the session in a README's text."""
    after = text.partition(MARK)[2]
    block = re.match(r"\s*```sh\n(.*?)^```", after, re.S | re.M)
    if block is None:
        raise ValueError(f"no ```sh block right after {MARK}")
    steps = []
    for line in block[1].splitlines():
        if line.startswith("$ "):
            steps.append(Step(line[2:]))
        elif not steps:
            raise ValueError(f"output before the first command: {line!r}")
        elif line.startswith("> ") and not steps[-1].expected:
            steps[-1].command += "\n" + line[2:]
        else:
            steps[-1].expected.append(line)
    return steps


def matches(expected, printed):
    """Whether printed lines are those expected, with `...` for any text or lines."""
    if not expected:
        return not printed
    if expected[0].strip() == "...":
        return any(matches(expected[1:], printed[i:]) for i in range(len(printed) + 1))
    pattern = ".*".join(re.escape(part) for part in expected[0].split("..."))
    return bool(printed) and re.fullmatch(pattern, printed[0]) is not None and matches(expected[1:], printed[1:])


def own_network():
    """The words in front of a command that gives it a network of its own, or none where that is not allowed."""
    words = ["unshare", "--net"] if os.geteuid() == 0 else ["unshare", "--net", "--map-root-user"]
    try:
        return words if subprocess.run([*words, "true"], capture_output=True, check=False).returncode == 0 else []
    except FileNotFoundError:
        return []


# Brings up the loopback of a network that has just been made: ioctl SIOCSIFFLAGS with IFF_UP | IFF_RUNNING.
LOOPBACK_UP = (
    "import fcntl, socket, struct;"
    "fcntl.ioctl(socket.socket(), 0x8914, struct.pack('16sh14x', b'lo', 0x41))"
)


class Shell:
    """One bash that runs commands in turn and hands over what each printed."""

    def __init__(self, folder):
        home = tempfile.TemporaryDirectory()
        self._home = home
        self._errors = tempfile.TemporaryFile()
        path = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
        network = own_network()
        self._bash = subprocess.Popen(
            [*network, "/bin/bash", "--noprofile", "--norc"],
            cwd=folder,
            env={"PATH": path, "HOME": home.name, "LANG": "C.UTF-8"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            start_new_session=True,
            text=True,
        )
        if network:
            self.run(f'/usr/bin/python3 -c "{LOOPBACK_UP}"')

    def run(self, command):
        """(exit code, lines printed). A line that a command leaves unfinished counts as a line."""
        mark = secrets.token_hex(16)
        self._bash.stdin.write(f"{command}\nprintf '\\n%s %d\\n' {mark} $?\n")
        self._bash.stdin.flush()
        printed = []
        for line in self._bash.stdout:
            if line.startswith(mark):
                if printed and printed[-1] == "":
                    printed.pop()  # the newline in front of the mark
                return int(line.split()[1]), printed
            printed.append(line.rstrip("\n"))
        raise RuntimeError(f"the shell ended at: {command}")

    def wait_for_port(self):
        """Until the port accepts connections; fails when the command in the background ends before."""
        open_port = f"(: >/dev/tcp/127.0.0.1/{PORT}) 2>/dev/null"
        given_up = f"! kill -0 $! 2>/dev/null || ((SECONDS > {SERVER_SECONDS}))"
        code, _ = self.run(f"SECONDS=0; until {open_port} || {given_up}; do sleep 0.1; done; {open_port}")
        if code != 0:
            raise RuntimeError(f"nothing listens on port {PORT}; standard error: {self.errors()}")

    def errors(self):
        self._errors.seek(0)
        return self._errors.read().decode(errors="replace")

    def close(self):
        for how in (signal.SIGTERM, signal.SIGKILL):
            try:
                os.killpg(self._bash.pid, how)
            except ProcessLookupError:
                break
            time.sleep(0.5)
        self._bash.stdin.close()
        self._bash.stdout.close()
        self._bash.wait()
        self._errors.close()
        self._home.cleanup()


def run_session(text, folder):
    """Runs the session of a README's text; what went wrong as text, "" when nothing did."""
    if not own_network():
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", PORT)) == 0:
                return f"port {PORT} is taken by another server; stop it first"
    shell = Shell(folder)
    try:
        for step in session_of(text):
            code, printed = shell.run(step.command)
            if step.command.rstrip().endswith("&"):
                shell.wait_for_port()
            if code != 0 or not matches(step.expected, printed):
                told = "\n".join(printed)
                wanted = "\n".join(step.expected)
                return (
                    f"$ {step.command}\nexit code {code}\n-- printed:\n{told}\n-- expected:\n{wanted}\n"
                    f"-- standard error so far:\n{shell.errors()[-4000:]}"
                )
        return ""
    finally:
        shell.close()
