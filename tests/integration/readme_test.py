#!/usr/bin/python3
"""The session in README.md does what it says, word for word, in this checkout (see readme_session.py)."""

import os
import unittest

from readme_session import run_session

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


class Readme(unittest.TestCase):
    def test_the_session_holds_word_for_word(self):
        with open(os.path.join(ROOT, "README.md"), encoding="utf-8") as readme:
            problem = run_session(readme.read(), ROOT)
        self.assertEqual(problem, "", problem)


if __name__ == "__main__":
    unittest.main(verbosity=2)
