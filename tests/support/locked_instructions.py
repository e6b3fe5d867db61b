#!/usr/bin/env python3
"""Checks whether a compiled function has an instruction that orders memory for all processors.

usage: locked_instructions.py OBJDUMP OBJECT FUNCTION none|some [ALLOWED_CALL ...]

FUNCTION is part of its demangled name. Calls are not followed: a call is an error unless ALLOWED_CALL is part of the
callee's demangled name.
"""

import re
import subprocess
import sys

# x86: a lock prefix, an exchange with memory (implicitly locked), the fence. Arm: exclusive and atomic accesses,
# barriers.
LOCKED = re.compile(
    r"\block\b|\bxchg\b.*\(|\bmfence\b"
    r"|\b(ldadd|ldclr|ldset|ldeor|swp|cas)[a-z]*\b|\b(ldxr|ldaxr|stxr|stlxr|dmb|dsb)\b"
)
CALL = re.compile(r"\b(?:callq?|bl)\s+\S+\s+<(.*)>")
RELOCATION = re.compile(r"R_\w+_(?:PLT32|PC32|CALL26)\s+(.*?)(?:[-+]0x[0-9a-f]+)?$")


def instructions_of(objdump, obj, function):
    """The lines of `function`, including the cold part that the compiler has split off."""
    command = [objdump, "-drC", "--no-show-raw-insn", obj]
    text = subprocess.run(command, capture_output=True, text=True, check=True)
    lines, inside = [], False
    for line in text.stdout.splitlines():
        head = re.match(r"^[0-9a-f]+ <(.*)>:$", line)
        if head:
            inside = function in head.group(1)
        elif inside and line.strip():
            lines.append(line.strip())
    return lines


def unexpected_calls(lines, allowed):
    for i, line in enumerate(lines):
        if not CALL.search(line):
            continue
        target = RELOCATION.search(lines[i + 1]) if i + 1 < len(lines) else None
        name = target.group(1) if target else CALL.search(line).group(1)
        if not any(part in name for part in allowed):
            yield name


def main():
    objdump, obj, function, expected, *allowed = sys.argv[1:]
    lines = instructions_of(objdump, obj, function)
    if not lines:
        sys.exit(f"{function}: not in {obj}")
    calls = list(unexpected_calls(lines, allowed))
    if calls:
        sys.exit(f"{function}: calls {', '.join(calls)}: not checked")
    locked = [line for line in lines if LOCKED.search(line)]
    print(f"{function}: {len(lines)} lines, {len(locked)} locked", *locked, sep="\n  ")
    if bool(locked) != (expected == "some"):
        sys.exit(f"{function}: expected {expected}")


if __name__ == "__main__":
    main()
