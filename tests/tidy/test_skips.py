"""Shows the checks of tests one that shows nothing, and one that does."""

import skips
from sample import Sample


class Skips(Sample):
    def test_switched_off(self):
        for line in ("  GTEST_" "SKIP();", "TEST(A, DISABLED" "_b) {"):
            self.fails(skips.check_switched_off, {"tests/a_test.cc": line + "\n"})
        self.fails(skips.check_switched_off, {"tests/a.py": "@unittest." "skip('x')\n"})

    def test_a_return_before_any_assertion(self):
        for macro in ("TEST(A, B)", "TEST_F(A, B)", "TEST_P(A, B)", "TYPED_TEST(A, B)"):
            for line in ("if (a()) return;", "if constexpr (A<B>::c) return;", "if (a || b) {\n    return;\n  }"):
                body = f"{macro} {{\n  prepare();\n  {line}\n  EXPECT_TRUE(x);\n}}\n"
                self.fails(skips.check_early_returns, {"tests/a_test.cc": body})
        self.fails(skips.check_early_returns, {"tests/b.h": "TEST(A, B) {\n  if (a) return;\n}\n"})

    def test_returns_that_are_no_skips(self):
        for body in ("EXPECT_TRUE(a);\n  if (b) return;", "if (leaks()) return;  // vacuous: it refuses\n  EXPECT_TRUE(a);",
                     "const auto f = [&](int a) noexcept {\n    for (;;) { if (a) return; }\n  };\n  EXPECT_TRUE(f());",
                     "for (int i : seeds) {\n    run(i);\n    if (HasFailure()) return;\n  }"):
            self.passes(skips.check_early_returns, {"tests/a_test.cc": f"TEST(A, B) {{\n  {body}\n}}\n"})
        self.passes(skips.check_early_returns, {"tests/a.cc": "void f() {\n  if (a) return;\n}\n"})

    def test_a_return_in_python(self):
        test = "class A(unittest.TestCase):\n    def test_a(self):\n        a = b()\n        if a:\n            return%s\n"
        self.assertEqual(["tests/a.py:5"], self.fails(skips.check_early_returns, {"tests/a.py": test % ""}))
        self.passes(skips.check_early_returns, {"tests/a.py": test % "  # vacuous: no network here"})
        self.passes(skips.check_early_returns, {"tests/a.py": (test % "").replace("a = b()", "self.assertTrue(a)")})

    def test_a_test_that_is_never_run(self):
        found = self.fails(skips.check_tests_are_run, {"tests/a/b_test.cc": "\n", "tests/a/CMakeLists.txt": "x_test.cc\n"})
        self.assertEqual(["tests/a/b_test.cc:1"], found)
        files = {"tests/a/b_test.cc": "\n", "tests/a/c_x_test.cc": "\n", "tests/a/d.cc": "\n", "tests/e/f_test.py": "\n"}
        build = "f(a/b_test.cc a/${p}_x_test.cc ${PROJECT_SOURCE_DIR}/tests/e/f_test.py)\n"
        self.passes(skips.check_tests_are_run, {**files, "tests/CMakeLists.txt": build})

    def test_a_test_named_only_in_another_folder(self):
        files = {"tests/a/b_test.cc": "\n", "tests/c/b_test.cc": "\n", "tests/a/CMakeLists.txt": "b_test.cc\n"}
        self.assertEqual(["tests/c/b_test.cc:1"], self.fails(skips.check_tests_are_run, files))

    def test_a_build_file_that_is_not_reached(self):
        files = {"tests/CMakeLists.txt": "foreach(s a b_c)\n", "tests/b/CMakeLists.txt": "\n"}
        self.assertEqual(["tests/b/CMakeLists.txt:1"], self.fails(skips.check_build_files_are_reached, files))
        self.passes(skips.check_build_files_are_reached, {**files, "tests/CMakeLists.txt": "add_subdirectory(b)\n"})

    def test_a_build_file_that_leaves_out_what_is_missing(self):
        files = {"tests/CMakeLists.txt": "if(A AND EXISTS ${x}/a.py)\nendif()\n"}
        self.assertEqual(["tests/CMakeLists.txt:1"], self.fails(skips.check_build_files_are_reached, files))
