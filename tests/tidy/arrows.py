"""Which folder may include what: the layers of the project, read off the #include lines."""

import re

from source import Finding

FOLDERS = {"storage", "proto", "server", "client", "tests", "deploy"}

# Our folders that a folder may include. "proto" stands for the generated headers.
ALLOWED = {
    "storage": {"storage"},
    "proto": set(),
    "server": {"server", "storage", "proto"},
    "client": {"client", "proto"},
    "tests": FOLDERS,
    "deploy": set(),
}

# Other people's headers that a folder must not see, by the start of their path.
DENIED = {
    "storage": ("grpc", "google/protobuf", "asio", "boost/asio", "spdlog", "fmt/", "CLI/", "prometheus/"),
    "client": ("spdlog", "asio", "boost/asio", "prometheus/", "rocksdb/"),
}

# The same for the build files: packages and targets that storage's targets must not name.
DENIED_IN_STORAGE_BUILD = re.compile(r"grpc|protobuf|\basio\b|spdlog|CLI11|prometheus|flashkv_(proto|server|client)", re.I)

_INCLUDE = re.compile(r'^\s*#\s*include\s*(["<])([^">]+)[">]')


def _layer(header):
    """The folder of ours that a header belongs to, or None."""
    if header.endswith((".pb.h",)) and not header.startswith("google/"):
        return "proto"
    first = header.split("/")[0]
    return first if "/" in header and first in FOLDERS else None


def check_includes(tree):
    """An include points only where the layers allow, and is written from the project's root."""
    for path in tree.with_suffix(".h", ".cc"):
        folder = path.split("/")[0]
        for number, line in enumerate(tree.lines(path), 1):
            match = _INCLUDE.match(line)
            if match:
                yield from _judge(path, number, folder, match.group(1), match.group(2))


def _judge(path, number, folder, quote, header):
    layer = _layer(header)
    if layer is None and quote == '"':
        yield Finding(path, number, f'"{header}" is not a path from the project\'s root')
    if layer is not None and layer not in ALLOWED.get(folder, set()):
        yield Finding(path, number, f"{folder} must not include {layer}: {header}")
    if header.startswith(DENIED.get(folder, ())):
        yield Finding(path, number, f"{folder} must not see {header}")


def check_storage_build(tree):
    """The build files of storage name no library that storage must not see."""
    for path in tree.with_suffix("CMakeLists.txt"):
        if path.startswith("storage/"):
            for number, line in enumerate(tree.lines(path), 1):
                match = DENIED_IN_STORAGE_BUILD.search(line.split("#")[0])
                if match:
                    yield Finding(path, number, f"storage must not be linked to {match.group(0)}")


def check_proto_folder(tree):
    """proto holds the contract and its build file, nothing else."""
    for path in tree.files:
        if path.startswith("proto/") and not path.endswith((".proto", "CMakeLists.txt")):
            yield Finding(path, 1, "proto holds .proto files and build files only")
