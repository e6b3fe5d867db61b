#!/usr/bin/python3
"""Checks the shape of the tree: layers, rooms, lengths, words, comments, tests that show nothing, layout, formatting,
and the subjects of its commits.

    tests/tidy/tidy.py [ROOT]      default: the tree this file is in

Prints each finding as PATH:LINE: TEXT and ends with "N passed, N failed"; a check is one test. The checks'
own tests run first: each check is shown a tree that breaks it.
"""

import os
import sys
import unittest

sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)

import arrows  # noqa: E402
import comments  # noqa: E402
import formatting  # noqa: E402
import history  # noqa: E402
import layout  # noqa: E402
import lengths  # noqa: E402
import rooms  # noqa: E402
import skips  # noqa: E402
import words  # noqa: E402
from source import Tree  # noqa: E402

MODULES = (arrows, rooms, lengths, words, comments, skips, layout, formatting, history)


def checks():
    """Every check_* function, in the order of the files."""
    for module in MODULES:
        for name, function in vars(module).items():
            if name.startswith("check_"):
                yield function


def run_self_tests():
    suite = unittest.defaultTestLoader.discover(HERE, pattern="test_*.py")
    result = unittest.TextTestRunner(stream=sys.stdout, verbosity=1).run(suite)
    failed = len(result.failures) + len(result.errors) + len(result.skipped)
    return result.testsRun - failed, failed


def run_checks(root):
    tree = Tree(root)
    passed = failed = 0
    for check in checks():
        findings = [str(finding) for finding in check(tree)]
        passed += not findings
        failed += bool(findings)
        print(f"{'FAIL' if findings else 'ok  '} {check.__module__}.{check.__name__}: {check.__doc__}")
        for finding in findings:
            print(f"  {finding}")
    return passed, failed


def main():
    root = os.path.abspath(sys.argv[1]) if len(sys.argv) > 1 else os.path.dirname(os.path.dirname(HERE))
    passed, failed = (sum(pair) for pair in zip(run_self_tests(), run_checks(root)))
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
