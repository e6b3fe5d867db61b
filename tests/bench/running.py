"""What the benchmark programs in python share: where the programs are, starting them, and figures."""

import ctypes
import json
import os
import statistics
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
sys.path.insert(0, os.path.join(ROOT, "tests", "integration"))

from kvd_process import KvdProcess, clean_environment  # noqa: E402, F401  (found just above)


def add_arguments(parser):
    parser.add_argument("--bin", default=os.path.join(ROOT, "build", "release", "bin"), help="folder of the programs")
    parser.add_argument("--json", action="store_true", help="one JSON object a line instead of text")
    parser.add_argument("--smoke", action="store_true", help="a few seconds: that it runs, not how fast")


def pin(pid, *cpus):
    """Binds a process and its threads to some of the processors that this one may use, where it has so many."""
    allowed = sorted(os.sched_getaffinity(0))
    if max(cpus) >= len(allowed):
        return
    for task in os.listdir(f"/proc/{pid}/task"):
        try:
            os.sched_setaffinity(int(task), {allowed[i] for i in cpus})
        except ProcessLookupError:
            pass  # the thread has ended


def cpu_seconds(pid):
    """Processor time of another process by its clock, which counts ns; /proc/PID/stat has ticks of 10 ms."""
    clock = ctypes.c_int()
    error = ctypes.CDLL(None).clock_getcpuclockid(pid, ctypes.byref(clock))
    if error != 0:
        raise OSError(error, os.strerror(error))
    return time.clock_gettime(clock.value)


def run_json(command, cpu=None):
    """Runs a program, on one processor where that is named, and gives the JSON object that it prints."""
    process = subprocess.Popen(command, stdout=subprocess.PIPE, env=clean_environment())
    if cpu is not None:
        pin(process.pid, cpu)
    out, _ = process.communicate()
    if process.returncode != 0:
        raise RuntimeError(f"{' '.join(command)}: exit code {process.returncode}: {out.decode()}")
    return json.loads(out)


def compare(ours, theirs):
    """The ratio of medians, and the quartiles of the ratios of the pairs; 0 where a time is too short to see."""
    pairs = sorted(a / b if b > 0 else 0.0 for a, b in zip(ours, theirs, strict=True))
    base = statistics.median(theirs)
    ratio = statistics.median(ours) / base if base > 0 else 0.0
    return ratio, pairs[len(pairs) // 4], pairs[3 * len(pairs) // 4]


class Report:
    """Prints a figure as text, or everything about it as one JSON object."""

    def __init__(self, as_json):
        self._as_json = as_json

    def show(self, text, **fields):
        print(json.dumps(fields) if self._as_json else text, flush=True)
