"""Shows the check of commits a history with a long subject, one without, and a tree that has no history."""

import os
import unittest.mock

import history
from sample import Sample


class History(Sample):
    def with_subjects(self, *lengths):
        commits = [(f"c{n}", "s" * length) for n, length in enumerate(lengths)]
        return unittest.mock.patch.object(history, "log", return_value=commits)

    def test_a_subject_over_the_limit(self):
        with self.with_subjects(10, history.MAX_SUBJECT_COLUMNS + 1):
            found = self.fails(history.check_subjects, {})
        self.assertEqual(["commit c1:1"], found)
        with self.with_subjects(10, history.MAX_SUBJECT_COLUMNS):
            self.passes(history.check_subjects, {})

    def test_a_tree_without_a_history(self):
        self.assertEqual([], history.log(self.tree({"README.md": "\n"}).root))
        # As a copied worktree has one: a file that leads nowhere.
        self.assertEqual([], history.log(self.tree({".git": "gitdir: /nowhere/at/all\n"}).root))

    def test_the_newest_commits_of_this_tree(self):
        root = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
        commits = history.log(root)
        self.assertLessEqual(len(commits), history.NEWEST)
        for commit in commits:
            self.assertEqual(2, len(commit))
            self.assertRegex(commit[0], "^[0-9a-f]{7,}$")
