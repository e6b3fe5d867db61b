#!/usr/bin/python3
"""The server's processor time per key read: kvd over gRPC beside redis-server over RESP, at equal load.

    beside_redis.py [--bin build/release/bin] [--pairs 9] [--seconds 2] [--json]

Needs redis-server, redis-cli and redis-benchmark on PATH; tests/run does not install them.

Both servers run all the time, each with one request thread on the first processor, with the same 100,000 keys of 16
bytes and values of 100. Load comes from the second processor, from each side's own tool (kvctl bench, redis-benchmark),
and is turned on the one and the other in turn: as many connections, as many calls in flight, as many keys a call.
Counted is the server's processor time by its own clock, divided by the keys read. Processor time and not calls a second:
on a busy machine the latter measures the neighbours. The tools' own costs are not in it.
"""

import argparse
import json
import os
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time

from running import KvdProcess, Report, add_arguments, clean_environment, compare, cpu_seconds, pin

KEYS, KEY_BYTES, VALUE_BYTES = 100_000, 16, 100
CONNECTIONS = 10
REDIS_PROGRAMS = ("redis-server", "redis-cli", "redis-benchmark")
# Name -> (calls in flight on each connection, keys a call, calls of a turn for each second asked for).
SHAPES = {
    "GET, 1 in flight": (1, 1, 20_000),
    "GET, 10 in flight": (10, 1, 40_000),
    "100 keys a call": (1, 100, 2_000),
}


class Redis:
    """A redis-server of our own on a free port: nothing is written to disk."""

    def __init__(self):
        self._folder = tempfile.TemporaryDirectory()
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = str(free.getsockname()[1])
        options = ("--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--dir", self._folder.name)
        self._process = subprocess.Popen(["redis-server", "--port", self.port, *options], stdout=subprocess.DEVNULL)
        self.pid = self._process.pid

    def __enter__(self):
        for _ in range(100):
            if self.cli("ping", check=False).strip() == "PONG":
                return self
            time.sleep(0.1)
        raise RuntimeError("redis-server does not start")

    def __exit__(self, *_):
        self._process.terminate()
        self._process.wait()
        self._folder.cleanup()

    def cli(self, *words, check=True, data=None):
        command = ["redis-cli", "-p", self.port, *words]
        return subprocess.run(command, input=data, capture_output=True, text=True, check=check).stdout

    def fill(self):
        """The keys that redis-benchmark asks for: "key:" and twelve digits."""
        lines = (f'SET key:{i:012d} "{"v" * VALUE_BYTES}"\r\n' for i in range(KEYS))
        self.cli("--pipe", data="".join(lines))
        if self.cli("dbsize").split()[-1] != str(KEYS):
            sys.exit("beside_redis: redis-server does not hold the keys")

    def hits(self):
        stats = dict(line.split(":") for line in self.cli("info", "stats").splitlines() if ":" in line)
        return int(stats["keyspace_hits"])

    def load(self, in_flight, keys, calls):
        """A load to run; every key is found, or it is no result."""
        words = ["GET", "key:__rand_int__"] if keys == 1 else ["MGET", *["key:__rand_int__"] * keys]
        shape = ("-c", str(CONNECTIONS), "-P", str(in_flight), "-n", str(calls), "-r", str(KEYS))
        before = self.hits()
        run_pinned(["redis-benchmark", "-p", self.port, "-q", *shape, *words])
        if self.hits() - before < calls * keys:
            sys.exit("beside_redis: redis-server did not find every key")


class Kvd:
    """The same of a kvd that runs."""

    def __init__(self, folder, process):
        self.pid = process.pid
        self._bench = [os.path.join(folder, "kvctl"), "--endpoint", process.endpoint, "-q", "-w", "json", "bench"]
        self._bench += ["--keys", str(KEYS), "--key-size", str(KEY_BYTES), "--value-size", str(VALUE_BYTES)]

    def fill(self):
        run_pinned([*self._bench, "-n", "1", "--keep"])

    def load(self, in_flight, keys, calls):
        shape = ["--connections", str(CONNECTIONS), "--streams", str(CONNECTIONS * in_flight), "-n", str(calls)]
        shape += ["--mget", str(keys)] if keys > 1 else []
        result = json.loads(run_pinned([*self._bench, "--no-load", "--keep", *shape]))
        if result["errors"] != 0 or result["requests"] != calls:
            sys.exit(f"beside_redis: kvd answered {result['errors']} of {calls} calls with errors")


def run_pinned(command):
    """Runs a tool on the second processor; what it printed."""
    process = subprocess.Popen(command, stdout=subprocess.PIPE, env=clean_environment(), text=True)
    pin(process.pid, 1)
    out, _ = process.communicate()
    if process.returncode != 0:
        sys.exit(f"beside_redis: {command[0]}: exit code {process.returncode}: {out}")
    return out


def us_per_key(server, in_flight, keys, calls):
    before = cpu_seconds(server.pid)
    server.load(in_flight, keys, calls)
    return (cpu_seconds(server.pid) - before) * 1e6 / (calls * keys)


def compare_at(arguments, report, kvd, redis, name):
    in_flight, keys, calls_a_second = SHAPES[name]
    calls = max(1, int(calls_a_second * arguments.seconds))
    ours, theirs = [], []
    for pair in range(arguments.pairs):
        order = ((kvd, ours), (redis, theirs))
        for server, samples in order if pair % 2 == 0 else reversed(order):
            samples.append(us_per_key(server, in_flight, keys, calls))
    ratio, low, high = compare(ours, theirs)
    a, b = statistics.median(ours), statistics.median(theirs)
    report.show(
        f"{name:>17}: kvd {a:6.2f} us a key, redis {b:6.2f} us: {ratio:.2f} times, "
        f"half of the pairs within {low:.2f} to {high:.2f}",
        bench="beside_redis", shape=name, connections=CONNECTIONS, in_flight=in_flight, keys_a_call=keys, calls=calls,
        pairs=arguments.pairs, kvd_us=a, redis_us=b, ratio=ratio, ratio_quartiles=[low, high],
    )  # fmt: skip


def main():
    parser = argparse.ArgumentParser(description="processor time per key read, kvd beside redis-server")
    add_arguments(parser)
    parser.add_argument("--pairs", type=int, default=9)
    parser.add_argument("--seconds", type=float, default=2, help="roughly, of each turn")
    arguments = parser.parse_args()
    if missing := [program for program in REDIS_PROGRAMS if shutil.which(program) is None]:
        sys.exit(f"beside_redis: {', '.join(missing)} not found; on Debian: apt-get install redis-server redis-tools")
    if arguments.smoke:
        arguments.pairs, arguments.seconds = 2, 0.1
    report = Report(arguments.json)
    version = subprocess.run(["redis-server", "--version"], capture_output=True, text=True, check=True).stdout.split()[2]
    with KvdProcess(arguments.bin, "--threads", "1") as process, Redis() as redis:
        kvd = Kvd(arguments.bin, process)
        if not arguments.json:
            print(f"redis-server {version.removeprefix('v=')}; {KEYS:,} keys, {CONNECTIONS} connections", flush=True)
        for server in (kvd, redis):
            server.fill()
            pin(server.pid, 0)
        for name in SHAPES:
            compare_at(arguments, report, kvd, redis, name)


if __name__ == "__main__":
    main()
