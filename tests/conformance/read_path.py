#!/usr/bin/env python3
"""How many instructions that order memory for all processors a read can come to, calls followed.

usage: read_path.py OBJDUMP PROGRAM FUNCTION none|some|like=OTHER [ALLOWED_CALL ...]

none: no such instruction; some: at least one; like=OTHER: as many as OTHER has. ALLOWED_CALL is a part of the name
of a function that is not followed (rare, or another's library); a call to anything outside PROGRAM that is not
among them, or through a pointer, is an error.
"""

import os
import re
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from locked_instructions import LOCKED  # noqa: E402

HEAD = re.compile(r"^[0-9a-f]+ <(.*)>:$")
# A direct call or jump: the function it leads to, offsets taken off.
DIRECT = re.compile(r"\b(?:call|jmp|j[a-z]{1,3}|bl?|b\.[a-z]{2}|cbn?z|tbn?z)\s.*?<(.*?)(?:\+0x[0-9a-f]+)?>$")
INDIRECT = re.compile(r"\b(?:call|jmp)\s+\*|\bblr?\s+x\d+$")


def functions_of(objdump, program):
    command = [objdump, "-dC", "--no-show-raw-insn", program]
    text = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    functions, current = {}, []
    for line in text.splitlines():
        head = HEAD.match(line)
        if head:
            current = functions.setdefault(head.group(1), [])
        elif line.strip():
            current.append(line.strip())
    return functions


def walk(functions, start, allowed):
    """All lines that `start` can come to, and the calls that cannot be followed."""
    lines, odd, seen, waiting = [], [], set(), [start]
    while waiting:
        name = waiting.pop()
        if name in seen:
            continue
        seen.add(name)
        for line in functions[name]:
            lines.append(f"{name}: {line}")
            target = DIRECT.search(line)
            if INDIRECT.search(line):
                odd.append(f"{name}: {line}")
            elif target and not any(part in target.group(1) for part in allowed):
                if target.group(1).endswith("@plt") or target.group(1) not in functions:
                    odd.append(f"{name}: {line}")
                else:
                    waiting.append(target.group(1))
    return lines, odd


def locked_in(functions, name, allowed):
    if name not in functions:
        sys.exit(f"{name}: not in the program")
    lines, odd = walk(functions, name, allowed)
    if odd:
        sys.exit("\n  ".join([f"{name}: calls that nobody has looked at:", *odd]))
    return len(lines), [line for line in lines if LOCKED.search(line.split(": ", 1)[1])]


def main():
    objdump, program, name, expected, *allowed = sys.argv[1:]
    functions = functions_of(objdump, program)
    count, locked = locked_in(functions, name, allowed)
    print(f"{name}: {count} lines, {len(locked)} locked", *locked, sep="\n  ")
    if expected.startswith("like="):
        _, as_many = locked_in(functions, expected[5:], allowed)
        if len(locked) != len(as_many):
            sys.exit(f"{name}: {expected[5:]} has {len(as_many)}")
    elif bool(locked) != (expected == "some"):
        sys.exit(f"{name}: expected {expected}")


if __name__ == "__main__":
    main()
