#!/usr/bin/python3
"""The reader and runner of README sessions, on small sessions of its own."""

import tempfile
import unittest

from readme_session import matches, run_session, session_of

NOTE = "# Title\n```sh\n$ not this one\n```\n<!-- session -->\n"


def readme(session):
    return f"{NOTE}```sh\n{session}```\n```sh\n$ nor this one\n```\n"


class Session(unittest.TestCase):
    def run_in_a_folder(self, session):
        with tempfile.TemporaryDirectory() as folder:
            return run_session(readme(session), folder)

    def test_the_block_after_the_mark_is_the_session(self):
        steps = session_of(readme("$ one \\\n> two\nout\n\nmore\n$ three\n"))
        self.assertEqual([s.command for s in steps], ["one \\\ntwo", "three"])
        self.assertEqual([s.expected for s in steps], [["out", "", "more"], []])

    def test_a_readme_without_a_session_is_an_error(self):
        for text in ("", "```sh\n$ x\n```\n", NOTE + "text\n```sh\n$ x\n```\n", NOTE + "```sh\nout\n$ x\n```\n"):
            with self.assertRaises(ValueError):
                session_of(text)

    def test_dots_stand_for_any_text_and_for_any_lines(self):
        self.assertTrue(matches(["a ... b", "...", "z"], ["a 12 s b", "x", "y", "z"]))
        self.assertTrue(matches(["...", "z"], ["z"]))
        self.assertTrue(matches(["1.5 (ok)..."], ["1.5 (ok)"]))
        self.assertFalse(matches(["1.5"], ["125"]))
        self.assertFalse(matches(["a ... b"], ["a 12 s c"]))
        self.assertFalse(matches(["...", "z"], ["z", "y"]))
        self.assertFalse(matches(["a"], []))
        self.assertFalse(matches([], ["a"]))

    def test_a_session_that_holds(self):
        session = "$ mkdir d && cd d && x=5\n$ echo $x; pwd\n5\n.../d\n$ printf unfinished\nunfinished\n$ cat <<E\n> in\n> E\nin\n"
        self.assertEqual(self.run_in_a_folder(session), "")

    def test_another_output_fails_and_shows_both(self):
        problem = self.run_in_a_folder("$ echo printed; echo broken >&2\nexpected\n")
        for word in ("$ echo printed", "-- printed:\nprinted", "-- expected:\nexpected", "broken"):
            self.assertIn(word, problem)

    def test_output_that_was_not_expected_fails(self):
        self.assertIn("-- printed:\nmore", self.run_in_a_folder("$ echo more\n"))

    def test_a_command_that_fails_fails_the_session(self):
        self.assertIn("exit code 3", self.run_in_a_folder("$ (exit 3)\n"))
        self.assertIn("exit code 127", self.run_in_a_folder("$ no-such-program\n"))

    def test_a_server_in_the_background_is_waited_for_and_stopped_in_the_end(self):
        serve = "/usr/bin/python3 -m http.server --bind 127.0.0.1 7400 2>/dev/null &"
        fetch = "/usr/bin/python3 -c 'import urllib.request as u; print(u.urlopen(\"http://127.0.0.1:7400/\").status)'"
        for _ in range(2):  # the second needs the port of the first
            self.assertEqual(self.run_in_a_folder(f"$ {serve}\n$ {fetch}\n200\n"), "")

    def test_a_server_that_ends_before_it_listens_fails_the_session(self):
        with self.assertRaisesRegex(RuntimeError, "nothing listens"):
            self.run_in_a_folder("$ false &\n")

    def test_nothing_of_the_caller_leaks_in(self):
        import os

        os.environ["KVCTL_ENDPOINT"] = "elsewhere:1"
        self.addCleanup(os.environ.pop, "KVCTL_ENDPOINT")
        self.assertEqual(self.run_in_a_folder("$ echo \"[$KVCTL_ENDPOINT]\"\n[]\n"), "")


if __name__ == "__main__":
    unittest.main(verbosity=2)
