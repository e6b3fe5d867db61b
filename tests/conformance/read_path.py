#!/usr/bin/env python3
"""Checks the machine code of every engine's reads, ReadHandleOf<E>::get and multi_get with everything they call, for
instructions that cost other threads.

usage: read_path.py OBJDUMP PROGRAM

The engines in the program and those in READS must be the same. A call that leaves the program or goes through a pointer
is an error unless LEAVES or THROUGH_POINTER allows it: what it does has not been checked.
"""

import os
import re
import subprocess
import sys

TESTS = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path.insert(0, os.path.join(TESTS, "support"))
from locked_instructions import LOCKED  # noqa: E402

# NONE: no instruction that orders memory for all processors. FENCES: only liburcu's fallback for kernels without
# membarrier(), off the straight path. SOME: read-modify-writes; they show that the check finds them.
NONE, FENCES, SOME = "none", "fences", "some"
READS = {
    "Flashmap<flashmap::AsymmetricGuards>": NONE,
    "Flashmap<flashmap::RefcountGuards>": SOME,
    "WithOverlay<chain::ChainedEngine<reclaim::Urcu, ResizingBuckets>>": FENCES,
    "WithOverlay<chain::ChainedEngine<reclaim::Urcu, FixedBuckets>>": FENCES,
    "CuckooRwlock": None,  # a lock of the C library
    "CopyingCuckoo<cuckoo::DeletionLockAccess>": SOME,
    "CopyingCuckoo<cuckoo::LeakAccess>": NONE,
    "WithOverlay<PerfectHash<perfect_hash::DeletionLockAccess<perfect_hash::ServedParameters>>>": SOME,
    "WithOverlay<PerfectHash<perfect_hash::LeakAccess<perfect_hash::ServedParameters>>>": NONE,
    "WithOverlay<WordEngine<reclaim::Urcu, radix::FullTails>>": FENCES,
    "WithOverlay<WordEngine<reclaim::Urcu, radix::CompressedTails>>": FENCES,
    "WithOverlay<WordEngine<reclaim::Urcu, critnib::Pooled>>": FENCES,
    "WithOverlay<WordEngine<reclaim::Urcu, critnib::Leaking>>": FENCES,
}
MOST_FENCES = 5  # one to enter the section, two to leave it, and two more to leave it on an allocation failure

# Calls that are not followed, by part of their name.
LEAVES = (
    "memcpy@plt", "memmove@plt", "memset@plt", "memcmp@plt", "strlen@plt", "__stack_chk_fail@plt",
    "operator new", "operator delete", "std::__throw", "std::vector", "std::__cxx11::basic_string",
    "_Unwind_Resume@plt", "__cxa_", "__clang_call_terminate", "std::terminate", "abort@plt", "sync::fatal",
    "sched_yield@plt",  # ReadHandleOf holds a reply back
    "enter_slowly", "enter_newer", "leave_counted",  # after a publish, and when nested; the guard's own test checks them
    "register_thread", "syscall@plt", "compat_futex", "__errno_location@plt",  # liburcu: first use, waking the writer
)  # fmt: skip
# Clock::now_ms, for a record with an expiry: the third entry of its virtual table.
THROUGH_POINTER = re.compile(r"\bcall\s+\*0x10\(%r|\bblr\s")

HEAD = re.compile(r"^([0-9a-f]+) <(.*)>:$")
# A direct call or jump: its target address, function and offset.
DIRECT = re.compile(
    r"\b(?:call|jmp|j[a-z]{1,3}|bl?|b\.[a-z]{2}|cbn?z|tbn?z)\s.*?([0-9a-f]+) <(.*?)(?:\+(0x[0-9a-f]+))?>$"
)
INDIRECT = re.compile(r"\b(?:call|jmp)\s+\*|\bblr?\s+x\d+$")
READ = re.compile(r"^flashkv::ReadHandleOf<(.*)>::(get|multi_get)\([^\[]*\)$")
PLAIN_FENCE = re.compile(r"\b(?:mfence|dmb\s+ish)$")
WAY_ENDS = re.compile(r"\b(?:jmp|ret|b|ud2)\b")
PADDING = re.compile(r"\bnop|\bxchg\s+%ax,%ax$")


class Function:
    def __init__(self, name):
        self.name = name
        self.lines = []


def functions_of(objdump, program):
    """Address -> function: several functions may have the same name."""
    command = [objdump, "-dC", "--no-show-raw-insn", program]
    text = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    functions, lines = {}, []
    for line in text.splitlines():
        head = HEAD.match(line)
        if head:
            function = functions[int(head.group(1), 16)] = Function(head.group(2))
            lines = function.lines
        elif line.strip():
            lines.append(line.strip())
    return functions


def walk(functions, start):
    """The functions reachable from `start`, and the calls that cannot be followed."""
    odd, reached, waiting = [], {}, [start]
    while waiting:
        at = waiting.pop()
        if at in reached:
            continue
        function = reached[at] = functions[at]
        for line in function.lines:
            target = DIRECT.search(line)
            if INDIRECT.search(line):
                if not THROUGH_POINTER.search(line):
                    odd.append(f"{function.name}: {line}")
            elif target and not any(part in target.group(2) for part in LEAVES):
                to = int(target.group(1), 16) - int(target.group(3) or "0", 16)
                if target.group(2).endswith("@plt") or to not in functions:
                    odd.append(f"{function.name}: {line}")
                else:
                    waiting.append(to)
    return list(reached.values()), odd


def falls_into(lines, i):
    """Whether control falls through to lines[i] from the instruction before it."""
    i -= 1
    while i >= 0 and PADDING.search(lines[i]):
        i -= 1
    return i < 0 or not WAY_ENDS.search(lines[i])


def fault_of(functions, start, expected):
    """The fault of one read, or None."""
    if expected is None:
        return None
    reached, odd = walk(functions, start)
    if odd:
        return "\n  ".join(["calls that have not been checked:", *odd])
    locked = [(f.lines, i) for f in reached for i, line in enumerate(f.lines) if LOCKED.search(line)]
    texts = [lines[i] for lines, i in locked]
    print(f"{functions[start].name.split('(')[0]}: {sum(len(f.lines) for f in reached)} lines, {len(locked)} locked")
    if expected == NONE and locked or expected == SOME and not locked:
        return "\n  ".join([f"expected {expected} of them", *texts])
    if expected == FENCES:
        straight = [lines[i] for lines, i in locked if not PLAIN_FENCE.search(lines[i]) or falls_into(lines, i)]
        if straight or len(locked) > MOST_FENCES:
            return "\n  ".join([f"expected {MOST_FENCES} fences at most, all off the straight path", *(straight or texts)])
    return None


def main():
    _, objdump, program = sys.argv
    functions = functions_of(objdump, program)
    reads = {}
    for start, function in functions.items():
        read = READ.match(function.name)
        if read:
            engine = read.group(1).replace("flashkv::", "").replace(" >", ">").strip()
            reads[engine, read.group(2)] = start
    faults = []
    for engine, method in sorted({(e, m) for e in READS for m in ("get", "multi_get")} | set(reads)):
        if (engine, method) not in reads:
            faults.append(f"{engine}: {method} is not in the program")
        elif engine not in READS:
            faults.append(f"{engine}: nobody has said what its {method} may cost")
        else:
            fault = fault_of(functions, reads[engine, method], READS[engine])
            if fault:
                faults.append(f"{engine}, {method}: {fault}")
    if faults:
        sys.exit("\n".join(faults))


if __name__ == "__main__":
    main()
