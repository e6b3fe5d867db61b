"""Tests that show nothing: switched off, not built, or over before their first assertion."""

import ast
import os
import re

from source import Finding, blank_comments_and_strings
from words import search

OFF = re.compile(r"\bGTEST_" r"SKIP\b|\bDISABLED" r"_\w+|@unittest\." r"skip|\bskip" r"Test\b|\bpytest\.mark\." r"skip")

# Gives the reason why a test has nothing to show in some case: `if (e.leaks()) return;  // vacuous: they refuse`.
REASON = re.compile(r"(?://|#) vacuous: \S")

_TEST = re.compile(r"(?m)^(?:TYPED_)?TEST(?:_F|_P)?\s*\([^)]*\)\s*\{")
_ASSERTION = re.compile(r"\b(?:EXPECT|ASSERT|STATIC_ASSERT|ADD_FAILURE|FAIL)|\b(?:expect|require|check)\w*\s*\(")
_RETURN = re.compile(r"\bif\s*(?:constexpr\s*)?\([^;{}]*\)\s*(?:\{\s*)?return\s*;")
_AFTER_FAILURE = re.compile(r"\bHas(?:Fatal)?Failure\b")
_LAMBDA = re.compile(r"\]\s*(?:\([^()]*\))?[\w\s:>-]*$")
_TEST_FILE = re.compile(r"\w+_test\.(cc|py)|test_\w+\.py")


def check_switched_off(tree):
    """No test is switched off."""
    tests = [path for path in tree.written() if path.startswith("tests/")]
    yield from search(tree, tests, OFF, "a test runs or is removed")


def check_early_returns(tree):
    """No test is over before its first assertion, unless the line says why ("vacuous: ...")."""
    for path in tree.files:
        if path.startswith("tests/") and path.endswith((".cc", ".h", ".py")):
            find = _python_returns if path.endswith(".py") else _cpp_returns
            for number in find(tree.text(path)):
                if not REASON.search(tree.lines(path)[number - 1]):
                    yield Finding(path, number, "the test returns before it has shown anything")


def _cpp_returns(text):
    """Lines of returns under a condition that come before the first assertion of their test."""
    code = blank_comments_and_strings(text)
    for test in _TEST.finditer(code):
        end = code.find("\n}", test.end())
        body = code[test.end() : end if end > 0 else len(code)]
        first = _ASSERTION.search(body)
        for found in _RETURN.finditer(body, 0, first.start() if first else len(body)):
            if not _AFTER_FAILURE.search(found.group(0)) and not _in_lambda(body, found.start()):
                yield code.count("\n", 0, test.end() + found.end()) + 1


def _in_lambda(body, position):
    """Whether one of the braces around a position opens a lambda's body."""
    depth = 0
    for brace in reversed(list(re.finditer(r"[{}]", body[:position]))):
        depth += 1 if brace.group(0) == "}" else -1
        if depth < 0:
            depth = 0
            if _LAMBDA.search(body[: brace.start()]):
                return True
    return False


def _python_returns(text):
    """The same of unittest: before the first call of one of the test's own methods."""
    try:
        nodes = list(ast.walk(ast.parse(text)))
    except SyntaxError:
        return
    for node in nodes:
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
            for statement in node.body:
                if isinstance(statement, ast.If) and isinstance(statement.body[-1], ast.Return):
                    yield statement.body[-1].lineno
                elif any(isinstance(n, ast.Call) and ast.unparse(n.func).startswith("self.") for n in ast.walk(statement)):
                    break


def check_tests_are_run(tree):
    """Every test file is named, by its whole path, in a build file that is reached, or it would never run."""
    named = []
    for path in tree.with_suffix("CMakeLists.txt"):
        folder = os.path.dirname(path)
        for token in re.findall(r"[\w${}./-]+\.(?:cc|py|sh)\b", tree.text(path)):
            named.append(_path_pattern(folder, token))
    pattern = re.compile("|".join(named) or "(?!)")
    for path in tree.files:
        if path.startswith("tests/tidy/") or not _TEST_FILE.fullmatch(os.path.basename(path)):
            continue
        if path.startswith("tests/") and not pattern.fullmatch(path):
            yield Finding(path, 1, "no CMakeLists.txt names it")


def _path_pattern(folder, token):
    """The paths from the root that a file named in folder's CMakeLists.txt may have; variables stand for one name."""
    token = token.replace("${PROJECT_SOURCE_DIR}/", "/").replace("${CMAKE_CURRENT_SOURCE_DIR}/", "")
    full = token[1:] if token.startswith("/") else os.path.normpath(os.path.join(folder, token))
    return re.sub(r"\\\$\\\{.*?\\\}", "[^/]*", re.escape(full))


def check_build_files_are_reached(tree):
    """No build file of the tests is left out, and none leaves out what happens to be missing."""
    for path in tree.with_suffix("CMakeLists.txt"):
        if not path.startswith("tests/"):
            continue
        own_project = re.search(r"(?m)^project\(", tree.text(path))  # a test configures it
        for number, line in enumerate(tree.lines(path), 1):
            if re.search(r"\bif\s*\(.*\bEXISTS\b", line.split("#")[0]):
                yield Finding(path, number, "what is missing has to be an error")
        parent, name = os.path.split(os.path.dirname(path))
        above = os.path.join(parent, "CMakeLists.txt")
        if not parent or own_project:
            continue
        if above not in tree.files or not re.search(rf"(?<![\w.]){re.escape(name)}(?![\w.])", tree.text(above)):
            yield Finding(path, 1, f"{above} does not add it")
