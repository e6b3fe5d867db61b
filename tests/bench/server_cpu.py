#!/usr/bin/python3
"""The server's processor time per Get, against a bare gRPC echo of the same shape. Target: at most 1.15 times.

    server_cpu.py [--bin build/release/bin] [--pairs 15] [--requests 20000] [--grid 1x1,10x10] [--json]

Both servers run all the time, with the same number of request threads; the same closed-loop load is turned on
the one and the other in turn. CLIENTSxSTREAMS: connections, and calls in flight on each. Counted is the
server's processor time by its own clock, over the requests of each turn. Servers on the first processor, load on the second.
"""

import argparse
import os
import statistics
import subprocess
import sys

from running import KvdProcess, Report, add_arguments, clean_environment, compare, pin, run_json

TARGET = 1.15
KEYS = 100_000


class Echo:
    """The bare server, as a process with an endpoint."""

    def __init__(self, folder, threads):
        self._process = subprocess.Popen(
            [os.path.join(folder, "echo_server"), "127.0.0.1:0", str(threads)],
            stdout=subprocess.PIPE,
            text=True,
            env=clean_environment(),
        )
        port = self._process.stdout.readline().split()[-1:]
        if not port:
            sys.exit("server_cpu: echo_server does not start")
        self.endpoint = f"127.0.0.1:{port[0]}"
        self.pid = self._process.pid

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._process.terminate()
        self._process.wait()
        self._process.stdout.close()


def measure(load, server, clients, streams, requests):
    command = [load, "get", server.endpoint, str(server.pid), str(clients), str(streams), str(requests), str(KEYS)]
    result = run_json(command, cpu=1)
    if result["bad"] != 0:
        sys.exit(f"server_cpu: {result['bad']} of {requests} answers were wrong")
    return result["server_cpu_us_per_get"]


def compare_at(arguments, report, load, kvd, echo, shape):
    clients, streams = (int(n) for n in shape.split("x"))
    gets, echoes = [], []
    for pair in range(arguments.pairs):
        order = ((kvd, gets), (echo, echoes))
        for server, samples in order if pair % 2 == 0 else reversed(order):
            samples.append(measure(load, server, clients, streams, arguments.requests))
    ratio, low, high = compare(gets, echoes)
    ours, theirs = statistics.median(gets), statistics.median(echoes)
    report.show(
        f"{shape:>6}: Get {ours:6.2f} us, echo {theirs:6.2f} us: {ratio:.3f} times (target <= {TARGET}), "
        f"half of the pairs within {low:.3f} to {high:.3f}",
        bench="server_cpu",
        clients=clients,
        streams=streams,
        pairs=arguments.pairs,
        requests=arguments.requests,
        get_us=ours,
        echo_us=theirs,
        ratio=ratio,
        ratio_quartiles=[low, high],
        target=TARGET,
    )


def main():
    parser = argparse.ArgumentParser(description="processor time per Get against a bare echo")
    add_arguments(parser)
    parser.add_argument("--pairs", type=int, default=15)
    parser.add_argument("--requests", type=int, default=20_000, help="of each turn")
    parser.add_argument("--grid", default="1x1,10x10", help="CLIENTSxSTREAMS,...")
    parser.add_argument("--threads", type=int, default=2, help="request threads of both servers")
    arguments = parser.parse_args()
    if arguments.smoke:
        arguments.pairs, arguments.requests = 2, 3_000
    load = os.path.join(arguments.bin, "get_load")
    report = Report(arguments.json)
    with KvdProcess(arguments.bin, "--threads", str(arguments.threads)) as kvd:
        with Echo(arguments.bin, arguments.threads) as echo:
            subprocess.run([load, "fill", kvd.endpoint, str(KEYS)], check=True)
            for server in (kvd, echo):
                pin(server.pid, 0)
            for shape in arguments.grid.split(","):
                compare_at(arguments, report, load, kvd, echo, shape)


if __name__ == "__main__":
    main()
