"""How long a file and a function may be."""

import ast
import re

from source import Finding, blank_comments_and_strings, blank_preprocessor

MAX_FILE_LINES = 400
MAX_FUNCTION_LINES = 70
MAX_MAIN_LINES = 60

_SCOPE = re.compile(r"^\s*(?:(?:inline|export)\s+)*(?:namespace\b|extern\s*$)|\b(?:class|struct|union|enum)\b[^()]*$")
_ATTRIBUTES = re.compile(r"alignas\s*\([^()]*\)|\[\[[^\]]*\]\]")
_INITIALIZERS = re.compile(r"\)[^(){}:]*:(?!:)")


def check_files(tree):
    """No file is longer than MAX_FILE_LINES: longer ones hold more than one idea."""
    for path in tree.written():
        count = tree.text(path).count("\n")
        if count > MAX_FILE_LINES:
            yield Finding(path, count, f"{count} lines; at most {MAX_FILE_LINES}")


def check_functions(tree):
    """No function is longer than a screen: MAX_FUNCTION_LINES, main() MAX_MAIN_LINES."""
    for path in tree.with_suffix(".h", ".cc", ".py"):
        functions = python_functions if path.endswith(".py") else cpp_functions
        for name, first, last in functions(tree.text(path)):
            limit = MAX_MAIN_LINES if name == "main" else MAX_FUNCTION_LINES
            if last - first + 1 > limit:
                yield Finding(path, first, f"{name}() has {last - first + 1} lines; at most {limit}")


def python_functions(text):
    """(name, first line, last line) of each function of a Python file."""
    try:
        nodes = list(ast.walk(ast.parse(text)))
    except SyntaxError:
        nodes = []
    for node in nodes:
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            yield node.name, node.lineno, node.end_lineno


def cpp_functions(text):
    """(name, first line, last line) of each function defined in a C++ file, from signature to brace.

    Reads braces only. At namespace and class level a brace opens a scope, an initializer, or a function; what
    is inside a function belongs to it.
    """
    code = blank_preprocessor(blank_comments_and_strings(text))
    head = position = 0  # head: where the declaration at hand starts
    parentheses = 0
    while position < len(code):
        char = code[position]
        parentheses += (char in "([") - (char in ")]")
        if parentheses > 0 and char == "{":
            position = _closing(code, position)
        elif char == "{":
            declaration = code[head:position]
            if _SCOPE.search(_ATTRIBUTES.sub("", declaration)):
                head = position + 1
            elif _is_initializer(declaration):
                position = _closing(code, position)
            else:
                end = _closing(code, position)
                yield _name(declaration), _line(code, head), code.count("\n", 0, end) + 1
                position, head = end, end + 1
        elif char in ";}" and parentheses <= 0:
            head = position + 1
        position += 1


def _is_initializer(declaration):
    """Whether the brace after this opens a value: `int x{`, `= {`, `: member_{` of a constructor."""
    if "(" not in declaration or re.search(r"[=,]\s*$", declaration):
        return True
    match = _INITIALIZERS.search(declaration)
    return bool(match and re.search(r"[\w>]\s*$", declaration[match.end() :]))


def _closing(code, opening):
    depth = 0
    for match in re.compile(r"[{}]").finditer(code, opening):
        depth += 1 if match.group(0) == "{" else -1
        if depth == 0:
            return match.start()
    return len(code) - 1


def _name(declaration):
    match = re.search(r"(~?\w+|operator\s*[^\s\w(]+)\s*\(", declaration)
    return match.group(1) if match else "?"


def _line(code, head):
    start = re.compile(r"\S").search(code, head)
    return code.count("\n", 0, start.start() if start else head) + 1
