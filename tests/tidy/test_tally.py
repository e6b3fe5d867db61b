"""Shows tests/tally.py reports of ctest and GoogleTest, and what it makes of them."""

import importlib.util
import os
import tempfile
import unittest
import xml.etree.ElementTree as ElementTree

_SPEC = importlib.util.spec_from_file_location("tally", os.path.join(os.path.dirname(__file__), "..", "tally.py"))
tally = importlib.util.module_from_spec(_SPEC)
_SPEC.loader.exec_module(tally)

RAN = '<testcase name="%s" classname="A" status="run" result="completed"/>'
FAILED = RAN.replace("/>", '><failure message="1 instead of 2"/></testcase>')


class Tally(unittest.TestCase):
    def tally(self, junit, reports=(), status=0):
        with tempfile.TemporaryDirectory() as folder:
            for test, cases in dict(reports).items():
                with open(os.path.join(folder, f"{test}.xml"), "w", encoding="utf-8") as file:
                    file.write(f"<testsuites><testsuite>{cases}</testsuite></testsuites>")
            root = ElementTree.fromstring(f"<testsuite>{junit}</testsuite>") if junit else None
            passed, failed = tally.tally(root, folder, status)
            return passed, len(failed)

    def test_a_program_counts_as_its_cases(self):
        junit = '<testcase name="p.0" status="run"/><testcase name="script" status="run"/>'
        self.assertEqual((3, 0), self.tally(junit, {"p.0": RAN % "a" + RAN % "b"}))
        self.assertEqual((1, 0), self.tally(junit, {"p.0": ""}))

    def test_failed_cases(self):
        junit = '<testcase name="p.0" status="fail"/><testcase name="script" status="fail"/>'
        self.assertEqual((1, 2), self.tally(junit, {"p.0": RAN % "a" + FAILED % "b"}, 8))

    def test_what_did_not_run(self):
        for status in ("notrun", "disabled"):
            self.assertEqual((0, 1), self.tally(f'<testcase name="a" status="{status}"/>'))
        skipped = '<testcase name="a" classname="A" status="run" result="skipped"/>'
        disabled = '<testcase name="a" classname="A" status="notrun" result="suppressed"/>'
        for case in (skipped, disabled):
            self.assertEqual((0, 1), self.tally('<testcase name="p" status="run"/>', {"p": case}))

    def test_a_program_that_fails_after_its_cases(self):
        self.assertEqual((1, 1), self.tally('<testcase name="p" status="fail"/>', {"p": RAN % "a"}, 8))

    def test_a_crash(self):
        self.assertEqual((0, 1), self.tally('<testcase name="p" status="fail"/>', {}, 8))

    def test_no_report(self):
        self.assertEqual((0, 1), self.tally("", {}, 8))
        self.assertEqual((0, 1), self.tally("", {}, 0))
