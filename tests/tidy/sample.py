"""What the checks' own tests start from: a small tree, and whether a check finds something in it."""

import os
import tempfile
import unittest

from source import Tree


class Sample(unittest.TestCase):
    """A tree made of the given files."""

    def tree(self, files, executable=()):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        for path, text in files.items():
            full = os.path.join(folder.name, path)
            os.makedirs(os.path.dirname(full), exist_ok=True)
            with open(full, "w", encoding="utf-8") as file:
                file.write(text)
            os.chmod(full, 0o755 if path in executable else 0o644)
        return Tree(folder.name)

    def fails(self, check, files, executable=()):
        found = [f"{finding.path}:{finding.line}" for finding in check(self.tree(files, executable))]
        self.assertTrue(found, f"{check.__name__} finds nothing in {files}")
        return found

    def passes(self, check, files, executable=()):
        self.assertEqual([], [str(finding) for finding in check(self.tree(files, executable))])
