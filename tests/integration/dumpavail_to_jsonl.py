#!/usr/bin/python3
"""Turns the machine's Debian package index into records to import: package name -> full stanza.

    dumpavail_to_jsonl.py > packages.jsonl            # the index, as `apt-cache dumpavail` prints it
    dumpavail_to_jsonl.py --input FILE > out.jsonl    # stanzas from a file; "-" is standard input

One JSON object per line, {"key", "value"}, or "key_b64", "value_b64" where bytes are not UTF-8. Of several
versions of a package the last counts. If apt knows no packages, dpkg's own lists are used, and a line on standard
error says so.
"""

import argparse
import base64
import json
import subprocess
import sys

DPKG_LISTS = ("/var/lib/dpkg/available", "/var/lib/dpkg/status")


def stanzas(lines):
    """The stanzas of an index: runs of lines that are not blank, as bytes with their newlines."""
    stanza = []
    for line in lines:
        if line.strip():
            stanza.append(line)
        elif stanza:
            yield b"".join(stanza)
            stanza = []
    if stanza:
        yield b"".join(stanza)


def records(lines):
    """Package name -> the last stanza of that name, in the order of first appearance."""
    found = {}
    for stanza in stanzas(lines):
        for line in stanza.split(b"\n"):
            if line.startswith(b"Package:"):
                name = line[len(b"Package:") :].strip()
                if name:
                    found[name] = stanza
                break
    return found


def field(name, data):
    try:
        return {name: data.decode()}
    except UnicodeDecodeError:
        return {name + "_b64": base64.b64encode(data).decode()}


def to_json(key, value):
    return json.dumps({**field("key", key), **field("value", value)}, ensure_ascii=False, separators=(",", ":"))


def machine_index():
    """This machine's (records, their source), or ({}, the reason why there are none)."""
    try:
        listing = subprocess.run(["apt-cache", "dumpavail"], capture_output=True, check=False)
        found = records(listing.stdout.splitlines(keepends=True))
        if found:
            return found, "apt-cache dumpavail"
    except FileNotFoundError:
        pass
    for path in DPKG_LISTS:
        try:
            with open(path, "rb") as lines:
                found = records(lines)
        except OSError:
            continue
        if found:
            return found, path
    return {}, "no package index: `apt-cache dumpavail` prints nothing (run `apt-get update`), and dpkg has no list"


def read(path):
    if path == "-":
        return records(sys.stdin.buffer)
    with open(path, "rb") as lines:
        return records(lines)


def main():
    parser = argparse.ArgumentParser(description="Debian package index -> jsonl")
    parser.add_argument("--input", metavar="FILE", help="stanzas to convert instead of the machine's index")
    arguments = parser.parse_args()
    if arguments.input:
        found, source = read(arguments.input), arguments.input
    else:
        found, source = machine_index()
        if found and source in DPKG_LISTS:
            print(f"apt knows no packages (run `apt-get update`); taken from {source}", file=sys.stderr)
    if not found:
        print(f"dumpavail_to_jsonl: {source if not arguments.input else 'no stanzas in ' + source}", file=sys.stderr)
        return 1
    out = sys.stdout.buffer
    for key, value in found.items():
        out.write(to_json(key, value).encode() + b"\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
