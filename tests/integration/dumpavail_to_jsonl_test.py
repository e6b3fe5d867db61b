#!/usr/bin/python3
"""dumpavail_to_jsonl's output for small indexes."""

import base64
import json
import os
import subprocess
import sys
import unittest

SCRIPT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "dumpavail_to_jsonl.py")


def convert(index, *arguments):
    return subprocess.run(
        [sys.executable, SCRIPT, "--input", "-", *arguments], input=index, capture_output=True, check=False
    )


def rows(index):
    return [json.loads(line) for line in convert(index).stdout.splitlines()]


class DumpavailToJsonl(unittest.TestCase):
    def test_a_stanza_becomes_one_record_with_its_newlines(self):
        stanza = b"Package: zsh\nVersion: 5.9\nDescription: shell\n more\n .\n end\n"
        self.assertEqual(rows(stanza), [{"key": "zsh", "value": stanza.decode()}])

    def test_the_last_of_several_versions_counts(self):
        index = b"Package: a\nVersion: 1\n\nPackage: b\nVersion: 1\n\nPackage: a\nVersion: 2\n\n"
        self.assertEqual(
            rows(index),
            [{"key": "a", "value": "Package: a\nVersion: 2\n"}, {"key": "b", "value": "Package: b\nVersion: 1\n"}],
        )

    def test_only_the_package_field_names_a_stanza(self):
        index = b"Source: x\nDepends: Package: y\nPackage: z\n"
        self.assertEqual([row["key"] for row in rows(index)], ["z"])

    def test_runs_of_blank_lines_and_a_missing_newline_at_the_end(self):
        index = b"\n\n Package: no\n\n\n\nPackage: yes\nVersion: 1"
        self.assertEqual(rows(index), [{"key": "yes", "value": "Package: yes\nVersion: 1"}])

    def test_bytes_that_are_not_utf8_travel_as_base64(self):
        stanza = b"Package: latin\nMaintainer: J\xf6rg\n"
        self.assertEqual(rows(stanza), [{"key": "latin", "value_b64": base64.b64encode(stanza).decode()}])

    def test_text_in_other_scripts_stays_text(self):
        stanza = "Package: caf\u00e9\nMaintainer: \u4e2d\n"
        self.assertEqual(rows(stanza.encode()), [{"key": "caf\u00e9", "value": stanza}])

    def test_no_stanzas_is_an_error_of_one_line(self):
        result = convert(b"\n\n")
        self.assertEqual((result.returncode, result.stdout), (1, b""))
        self.assertEqual(result.stderr, b"dumpavail_to_jsonl: no stanzas in -\n")

    def test_this_machine_has_an_index(self):
        result = subprocess.run([sys.executable, SCRIPT], capture_output=True, check=False)
        self.assertEqual(result.returncode, 0, result.stderr)
        keys = [json.loads(line)["key"] for line in result.stdout.splitlines()]
        self.assertGreater(len(keys), 50)
        self.assertEqual(len(keys), len(set(keys)))


if __name__ == "__main__":
    unittest.main()
