#!/usr/bin/python3
"""The parser and runner of README sessions, on small sessions."""

import os
import tempfile
import unittest

from readme_session import block_of, matches, run_session, steps_of

NOTE = "# Title\n```sh\nnot this one\n```\n<!-- session -->\n"
SERVE = "/usr/bin/python3 -m http.server --bind 127.0.0.1 7400 >/dev/null 2>&1"
FETCH = "/usr/bin/python3 -c 'import urllib.request as u; print(u.urlopen(\"http://127.0.0.1:7400/\").status)'"
LISTENS = "(: >/dev/tcp/127.0.0.1/7400) 2>/dev/null"


def readme(session):
    return f"{NOTE}```sh\n{session}```\n```sh\nnor this one\n```\n"


class Session(unittest.TestCase):
    def paste(self, session, seconds=60):
        with tempfile.TemporaryDirectory() as folder:
            return run_session(readme(session), folder, seconds)

    def test_the_block_after_the_mark_is_the_session(self):
        steps = steps_of(block_of(readme("one \\\n  two\n# out\n#\n# more\nthree\n")))
        self.assertEqual([s.command for s in steps], ["one \\\n  two", "three"])
        self.assertEqual([s.expected for s in steps], [["out", "", "more"], []])

    def test_a_readme_without_a_session_is_an_error(self):
        no_block = ("", "```sh\nx\n```\n", NOTE + "text\n```sh\nx\n```\n")
        for text in (*no_block, readme("# out\nx\n"), readme("x\n\ny\n"), readme("x\n# out\n  more\n")):
            with self.assertRaises(ValueError):
                steps_of(block_of(text))

    def test_dots_stand_for_any_text_and_for_any_lines(self):
        self.assertTrue(matches(["a ... b", "...", "z"], ["a 12 s b", "x", "y", "z"]))
        self.assertTrue(matches(["...", "z"], ["z"]))
        self.assertTrue(matches(["1.5 (ok)..."], ["1.5 (ok)"]))
        self.assertFalse(matches(["1.5"], ["125"]))
        self.assertFalse(matches(["a ... b"], ["a 12 s c"]))
        self.assertFalse(matches(["...", "z"], ["z", "y"]))
        self.assertFalse(matches(["a"], []))
        self.assertFalse(matches([], ["a"]))

    def test_a_session_that_passes(self):
        session = (
            "mkdir d && cd d && x=5\necho $x; pwd  # a remark\n# 5\n# .../d\nprintf unfinished\n# unfinished\n"
            "for i in 1 2; do\n  echo $i\n  done\n# 1\n# 2\necho one \\\n  two\n# one two\n"
        )
        self.assertEqual(self.paste(session), "")

    def test_different_output_fails_and_shows_both(self):
        problem = self.paste("echo printed; echo broken >&2\n# expected\n")
        for word in ("$ echo printed", "-- printed:\nprinted", "-- expected:\nexpected", "broken"):
            self.assertIn(word, problem)

    def test_output_that_was_not_expected_fails(self):
        self.assertIn("-- printed:\nmore", self.paste("echo more\n"))

    def test_a_command_that_fails_fails_the_session(self):
        self.assertIn("exit code 3", self.paste("(exit 3)\n"))
        self.assertIn("exit code 127", self.paste("no-such-program\n"))
        self.assertIn("$ false", self.paste("true\nfalse\ntrue\n"))

    def test_a_command_that_reads_standard_input_swallows_the_lines_after_it(self):
        self.assertIn("-- expected:\n2", self.paste("head -n 1 >/dev/null\necho 2\n# 2\n"))
        self.assertIn("not through after 2 s", self.paste("cat >/dev/null\necho 2\n", seconds=2))

    def test_a_shell_that_ends_early_fails(self):
        self.assertIn("$ exit\ndid not finish", self.paste("exit\necho 2\n# 2\n"))

    def test_a_session_that_does_not_wait_for_its_server_fails(self):
        problem = self.paste(f"(sleep 2; exec {SERVE}) &\n{FETCH}\n# 200\n")
        self.assertIn("exit code 1", problem)
        self.assertIn("Connection refused", problem)

    def test_a_session_that_waits_holds_and_its_server_is_stopped_in_the_end(self):
        session = f"(sleep 1; exec {SERVE}) &\nuntil {LISTENS}; do sleep 0.1; done\n{FETCH}\n# 200\n"
        for _ in range(2):  # the second needs the port of the first
            self.assertEqual(self.paste(session), "")

    def test_the_callers_environment_does_not_leak_in(self):
        os.environ["KVCTL_ENDPOINT"] = "elsewhere:1"
        self.addCleanup(os.environ.pop, "KVCTL_ENDPOINT")
        self.assertEqual(self.paste('echo "[$KVCTL_ENDPOINT]"\n# []\n'), "")


if __name__ == "__main__":
    unittest.main(verbosity=2)
