"""Shows the checks of comments a torn one, and one that is whole."""

import comments
from sample import Sample


class Comments(Sample):
    def test_a_heading_inside_a_line(self):
        for line in ("// what it is for. Usage: f();", "//          g(); Threads: one."):
            found = self.fails(comments.check_headings, {"storage/a.h": f"// Purpose: a\n{line}\n"})
            self.assertEqual(["storage/a.h:2"], found)
        self.passes(comments.check_headings, {"storage/a.h": "// Threads, Lifetime: as Engine. Cost is another matter.\n"})

    def test_a_piece_below_a_heading(self):
        found = self.fails(comments.check_torn_comments, {"storage/a.h": "// Cost:    one, all the\n// same.\n"})
        self.assertEqual(["storage/a.h:2"], found)
        for whole in ("// Cost:    one, all\n//          the same.\n", "// Cost:    one.\n// Replies are kept.\n",
                      "// Cost:    one.\n\n// it stays\n"):
            self.passes(comments.check_torn_comments, {"storage/a.h": whole})

    def test_a_word_alone(self):
        for word in ("view", "changes,"):
            self.fails(comments.check_torn_comments, {"storage/a.cc": f"  // What the\n  // {word}\n  // has seen.\n"})
        for whole in ("// What ends with a\n// word.\n// And goes on.\n", "// The last\n// word\nint a;\n", "// word\n// and more\n"):
            self.passes(comments.check_torn_comments, {"storage/a.cc": whole})

    def test_a_requirement_without_its_noexcept(self):
        for torn in ("noexcept->std::same_as<int>;", "noexcept;"):
            found = self.fails(comments.check_requirements, {"storage/a.h": f"  {{ a.b() }}\n  {torn}\n"})
            self.assertEqual(["storage/a.h:2"], found)
        self.passes(comments.check_requirements, {"storage/a.h": "  { a.b() } noexcept -> std::same_as<int>;\n"})

    def test_a_line_too_long(self):
        style = {".clang-format": "BasedOnStyle: Google\nColumnLimit: 20\n"}
        self.assertEqual(["a.h:2"], self.fails(comments.check_columns, {**style, "a.h": "//\n// " + "x" * 18 + "\n"}))
        self.passes(comments.check_columns, {**style, "a.h": "// " + "x" * 17 + "\n", "a.py": "# " + "x" * 40 + "\n"})
