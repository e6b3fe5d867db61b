#!/usr/bin/python3
"""kvctl's completion, in bash itself: what a typed line becomes.

    kvctl_completion_test.py --bin build/release/bin --build build/release [KvctlCompletion.test_... ...]
"""

import os
import pty
import re
import select
import shutil
import subprocess
import sys
import tempfile
import time
import unittest

from kvd_process import clean_environment

SECONDS = 60  # only so that a hang fails
SCRIPTS = {
    "bash": "share/bash-completion/completions/kvctl",
    "zsh": "share/zsh/site-functions/_kvctl",
    "fish": "share/fish/vendor_completions.d/kvctl.fish",
}


def take(name):
    if name not in sys.argv[1:-1]:
        sys.exit(__doc__)
    at = sys.argv.index(name)
    folder = os.path.abspath(sys.argv[at + 1])
    del sys.argv[at : at + 2]
    return folder


def kvctl(*arguments):
    command = [os.path.join(BIN, "kvctl"), *arguments]
    return subprocess.run(command, capture_output=True, text=True, env=clean_environment(), timeout=SECONDS, check=False)


def commands():
    """The names in kvctl's list of commands."""
    listed = kvctl("help").stdout.split("\nOptions:")[0]
    return re.findall(r"(?m)^  ([a-z-]+) ", listed)


class Bash:
    """An interactive bash in a terminal. `kvctl` is a function there that prints its arguments, one per pair of brackets."""

    def __init__(self, script, folder):
        self._pid, self._terminal = pty.fork()
        if self._pid == 0:
            os.chdir(folder)
            os.execvpe("bash", ["bash", "--norc", "--noprofile", "-i"], {**clean_environment(), "PS1": "", "TERM": "dumb", "INPUTRC": "/dev/null"})
        self.run(f". {script}; bind 'set bell-style none'; kvctl() {{ printf '<%s>' \"$@\"; echo; }}")

    def run(self, typed):
        """What the line prints; \\t in it completes."""
        mark = f"end{time.monotonic_ns()}"
        os.write(self._terminal, f"{typed}\necho {mark[:3]}''{mark[3:]}\n".encode())
        shown, end = "", time.monotonic() + SECONDS
        while mark not in shown:
            if time.monotonic() > end or not select.select([self._terminal], [], [], SECONDS)[0]:
                raise AssertionError(f"bash hangs after {typed!r}: {shown!r}")
            shown += os.read(self._terminal, 65536).decode()
        return re.findall(r"(?m)^((?:<[^\n>]*>)+)\r?$", shown)

    def close(self):
        os.close(self._terminal)
        os.waitpid(self._pid, 0)


class KvctlCompletion(unittest.TestCase):
    def complete(self, *lines):
        with tempfile.TemporaryDirectory() as folder:
            script = os.path.join(folder, "script")
            with open(script, "w", encoding="utf-8") as file:
                file.write(kvctl("completion", "bash").stdout)
            with open(os.path.join(folder, "two words.jsonl"), "w", encoding="utf-8"):
                pass
            bash = Bash(script, folder)
            self.addCleanup(bash.close)
            return [bash.run(line) for line in lines]

    def test_bash_completes_commands_flags_and_values(self):
        self.assertEqual(
            self.complete(
                "kvctl appe\tcolor",
                "kvctl put k v --keep-\t",
                "kvctl --endp\thost:7400 mge\tk",
                "kvctl --endpoint=host:7400 -w js\thealth",
                "kvctl put k v --ack=dur\t",
                "kvctl bench --dist z\t",
                "kvctl help txn\t",
                "kvctl completion z\t",
                "kvctl get k --ca\tx",
            ),
            [
                ["<append><color>"],
                ["<put><k><v><--keep-ttl>"],
                ["<--endpoint><host:7400><mget><k>"],
                ["<--endpoint=host:7400><-w><json><health>"],
                ["<put><k><v><--ack=durable>"],
                ["<bench><--dist><zipf>"],
                ["<help><txn>"],
                ["<completion><zsh>"],
                ["<get><k><--cacert><x>"],
            ],
        )

    def test_bash_completes_names_of_files(self):
        self.assertEqual(self.complete("kvctl import two\t", "kvctl --cacert two\tget"), [
            ["<import><two words.jsonl>"],
            ["<--cacert><two words.jsonl><get>"],
        ])

    def test_every_script_holds_every_command_and_flag(self):
        names = commands()
        self.assertGreater(len(names), 15)
        for shell in SCRIPTS:
            done = kvctl("completion", shell)
            self.assertEqual((done.returncode, done.stderr), (0, ""))
            for name in names:
                flags = re.findall(r"(?m)^  (?:-\w,)?--([a-z-]+)", kvctl("help", name).stdout)
                line = next((each for each in done.stdout.split("\n") if re.match(rf"\s*{name}\)", each)), "") if shell != "fish" else done.stdout
                self.assertRegex(done.stdout, rf"(?<![\w-]){name}(?![\w-])", shell)
                for flag in flags:
                    pattern = rf"-l {flag}\b" if shell == "fish" else rf"--{flag}(?![\w-])"
                    self.assertRegex(line, pattern, f"{shell}: {name}")

    def test_shells_that_are_installed_take_their_script(self):
        for shell in SCRIPTS:
            if path := shutil.which(shell):
                done = subprocess.run([path, "-n"], input=kvctl("completion", shell).stdout, capture_output=True, text=True, timeout=SECONDS, check=False)
                self.assertEqual((done.returncode, done.stderr), (0, ""), shell)

    def test_an_unknown_shell_is_named(self):
        done = kvctl("completion", "csh")
        self.assertEqual((done.returncode, done.stdout), (2, ""))
        self.assertIn('"csh" is not one of bash, fish, zsh', done.stderr)

    def test_install_puts_scripts_where_shells_look(self):
        with tempfile.TemporaryDirectory() as prefix:
            command = ["cmake", "--install", BUILD, "--prefix", prefix, "--component", "kvctl"]
            subprocess.run(command, capture_output=True, timeout=SECONDS, check=True)
            for shell, path in SCRIPTS.items():
                with open(os.path.join(prefix, path), encoding="utf-8") as file:
                    self.assertEqual(file.read(), kvctl("completion", shell).stdout)
            self.assertTrue(os.access(os.path.join(prefix, "bin/kvctl"), os.X_OK))


if __name__ == "__main__":
    BIN, BUILD = take("--bin"), take("--build")
    unittest.main(verbosity=2)
