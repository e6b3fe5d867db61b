#!/usr/bin/python3
"""Runs the benchmarks and keeps what they print, with the machine and the commands, in tests/bench/results.txt.

    record.py [--bin build/release/bin] [NAME...]      all of them, or those named

Takes some minutes; leave the machine alone meanwhile. A benchmark that was not run keeps its last results.
"""

import argparse
import datetime
import os
import platform
import re
import subprocess
import sys

from running import HERE, ROOT, add_arguments, clean_environment

RESULTS = os.path.join(HERE, "results.txt")
FLASHMAP = ("lookup", "batch", "growth", "memory", "mutations", "publish")
# Name -> command; {bin} is the programs' folder, {here} this one.
BENCHMARKS = {
    **{f"flashmap-{what}": ["{bin}/flashmap_bench", "--what", what] for what in FLASHMAP},
    "store-asymmetric": ["{bin}/store_bench", "--guard", "asymmetric", "--seconds", "10"],
    "store-refcount": ["{bin}/store_bench", "--guard", "refcount", "--seconds", "10"],
    "server-cpu": [sys.executable, "{here}/server_cpu.py", "--bin", "{bin}"],
    "import": [sys.executable, "{here}/import_bench.py", "--bin", "{bin}"],
}


def machine():
    with open("/proc/cpuinfo", encoding="utf-8") as info:
        model = re.search(r"^model name\s*: (.*)$", info.read(), re.M)
    with open("/proc/meminfo", encoding="utf-8") as info:
        memory = int(info.readline().split()[1]) >> 20
    with open("/proc/loadavg", encoding="utf-8") as info:
        load = info.read().split()[0]
    return (
        f"{model[1] if model else platform.machine()}, {len(os.sched_getaffinity(0))} cores, {memory} GiB, "
        f"Linux {platform.release()}, load {load} at the start"
    )


def previous():
    """Name -> section text of the results that are there."""
    try:
        with open(RESULTS, encoding="utf-8") as results:
            text = results.read()
    except FileNotFoundError:
        return {}
    return {name: body for name, body in re.findall(r"^== (\S+)\n(.*?)(?=^== |\Z)", text, re.M | re.S)}


def run(command, folder):
    """The section of one benchmark."""
    words = [word.format(bin=folder, here=HERE) for word in command]
    shown = " ".join(
        "python3" if word == sys.executable else os.path.relpath(word, ROOT) if os.path.isabs(word) else word
        for word in words
    )
    header = f"{datetime.date.today()}, {machine()}\n$ {shown}\n"
    result = subprocess.run(words, stdout=subprocess.PIPE, text=True, cwd=ROOT, env=clean_environment(), check=False)
    if result.returncode != 0:
        sys.exit(f"record: {shown}: exit code {result.returncode}")
    print(header + result.stdout, flush=True)
    return header + result.stdout.rstrip("\n") + "\n"


def main():
    parser = argparse.ArgumentParser(description="runs the benchmarks and keeps what they print")
    add_arguments(parser)
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(BENCHMARKS))
    arguments = parser.parse_args()
    unknown = set(arguments.names) - set(BENCHMARKS)
    if unknown:
        parser.error(f"unknown: {', '.join(sorted(unknown))}; known: {', '.join(BENCHMARKS)}")
    sections = previous()
    for name in arguments.names or BENCHMARKS:
        sections[name] = run(BENCHMARKS[name], os.path.abspath(arguments.bin))
        with open(RESULTS, "w", encoding="utf-8") as results:
            results.write("\n".join(f"== {n}\n{sections[n].rstrip()}\n" for n in BENCHMARKS if n in sections))


if __name__ == "__main__":
    main()
