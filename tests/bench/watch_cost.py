#!/usr/bin/python3
"""The server's processor time with many watches over gRPC, for each put and each event, and how late events come.

    watch_cost.py [--bin build/release/bin] [--watches 10000] [--prefixes 1000] [--rate 10000] [--seconds 10]
                  [--rounds 3] [--json]

The watches are spread over the prefixes, 100 to a stream and ten connections; puts of 100 bytes come at a fixed rate.
Every watch must get every event of its prefix, in order. Server on the first processor, load on the second, so that
the lag includes the client's work on the events that came before.
"""

import argparse
import os

from running import KvdProcess, Report, add_arguments, pin, run_json


def main():
    parser = argparse.ArgumentParser(description="processor time of many watches")
    add_arguments(parser)
    parser.add_argument("--watches", type=int, default=10_000)
    parser.add_argument("--prefixes", type=int, default=1_000)
    parser.add_argument("--rate", type=int, default=10_000, help="puts a second")
    parser.add_argument("--seconds", type=int, default=10)
    parser.add_argument("--rounds", type=int, default=3)
    arguments = parser.parse_args()
    if arguments.smoke:
        arguments.watches, arguments.prefixes, arguments.rate = 200, 20, 1_000
        arguments.seconds, arguments.rounds = 1, 1
    shape = [str(n) for n in (arguments.watches, arguments.prefixes, arguments.rate, arguments.seconds)]
    report = Report(arguments.json)
    with KvdProcess(arguments.bin) as kvd:
        pin(kvd.pid, 0)
        for _ in range(arguments.rounds):
            load = os.path.join(arguments.bin, "watch_load")
            found = run_json([load, kvd.endpoint, str(kvd.pid), *shape], cpu=1)
            report.show(
                f"{arguments.watches} watches on {arguments.prefixes} prefixes, {arguments.rate} puts/s: "
                f"{found['server_cpu_us_per_put']:.1f} us a put, {found['server_cpu_us_per_event']:.2f} us an event; "
                f"lag p50 {found['lag_p50_us'] / 1000:.1f} ms, p99 {found['lag_p99_us'] / 1000:.1f} ms",
                bench="watch_cost",
                watches=arguments.watches,
                prefixes=arguments.prefixes,
                rate=arguments.rate,
                **found,
            )


if __name__ == "__main__":
    main()
