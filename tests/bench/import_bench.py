#!/usr/bin/python3
"""Records a second through `kvctl import`, on one connection, both ends on two processors. Target: 150,000.

    import_bench.py [--bin build/release/bin] [--records 1000000] [--runs 5] [--json]

Records of 100 bytes: a key of 16 and a value of 84. The clock runs from kvctl's start to its end, reading and
parsing the file included; each run goes into an empty server. The count is asked of the server afterwards.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time

from running import KvdProcess, Report, add_arguments, clean_environment, cpu_seconds, pin

TARGET = 150_000
KEY_BYTES = 16
VALUE_BYTES = 84


def write_records(path, count):
    with open(path, "w", encoding="ascii") as out:
        for first in range(0, count, 10_000):
            lines = []
            for i in range(first, min(first + 10_000, count)):
                key = f"key-{i:0{KEY_BYTES - 4}d}"
                value = (f"{i * 2654435761 % 10**9:09d}" * 10)[:VALUE_BYTES]
                lines.append(f'{{"key":"{key}","value":"{value}"}}\n')
            out.write("".join(lines))


def stored(kvctl, endpoint):
    command = [kvctl, "--endpoint", endpoint, "-w", "json", "stats"]
    return int(json.loads(subprocess.run(command, capture_output=True, env=clean_environment(), check=True).stdout)["keys"])


def run_once(arguments, path):
    """(records a second, the server's CPU microseconds a record, kvctl's)."""
    kvctl = os.path.join(arguments.bin, "kvctl")
    with KvdProcess(arguments.bin) as kvd:
        pin(kvd.pid, 0, 1)
        before = cpu_seconds(kvd.pid)
        children = os.times()
        start = time.monotonic()
        process = subprocess.Popen(
            [kvctl, "--endpoint", kvd.endpoint, "-q", "import", path],
            stdout=subprocess.DEVNULL,
            env=clean_environment(),
        )
        pin(process.pid, 0, 1)
        if process.wait() != 0:
            sys.exit("import_bench: kvctl import failed")
        seconds = time.monotonic() - start
        after = os.times()
        client = after.children_user + after.children_system - children.children_user - children.children_system
        server = cpu_seconds(kvd.pid) - before
        if stored(kvctl, kvd.endpoint) != arguments.records:
            sys.exit("import_bench: records are missing")
    per_record = 1e6 / arguments.records
    return arguments.records / seconds, server * per_record, client * per_record


def main():
    parser = argparse.ArgumentParser(description="records a second through kvctl import")
    add_arguments(parser)
    parser.add_argument("--records", type=int, default=1_000_000)
    parser.add_argument("--runs", type=int, default=5)
    arguments = parser.parse_args()
    if arguments.smoke:
        arguments.records, arguments.runs = 5_000, 1
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "records.jsonl")
        write_records(path, arguments.records)
        runs = [run_once(arguments, path) for _ in range(arguments.runs)]
    rates, servers, clients = zip(*runs)
    rate = statistics.median(rates)
    Report(arguments.json).show(
        f"kvctl import: {rate:,.0f} records/s (target >= {TARGET:,}), {min(rates):,.0f} to {max(rates):,.0f} in "
        f"{len(rates)} runs of {arguments.records:,}; CPU a record: kvd {statistics.median(servers):.2f} us, "
        f"kvctl {statistics.median(clients):.2f} us",
        bench="import",
        records=arguments.records,
        runs=len(rates),
        per_second=rate,
        slowest=min(rates),
        fastest=max(rates),
        server_us=statistics.median(servers),
        client_us=statistics.median(clients),
        target=TARGET,
    )


if __name__ == "__main__":
    main()
