"""Python stubs of the protos, made by protoc on first use.

    import stubs
    stubs.make("build/release")                 # before these imports; kvd_case does it and passes them on
    from flashkv.v1 import kv_pb2, kv_pb2_grpc, admin_pb2, admin_pb2_grpc
    from flashkv_test import health_pb2, reflection_pb2

They are in BUILD/python_stubs-HASH, where HASH is that of the protos: a changed proto makes new ones. The health proto
gets another import path, because python's own `grpc` package hides its usual one.
"""

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
PROTO = os.path.join(os.path.dirname(os.path.dirname(HERE)), "proto")
# Import root for protoc -> files below it, as import paths.
SOURCES = (
    (PROTO, ("flashkv/v1/kv.proto", "flashkv/v1/admin.proto")),
    (f"flashkv_test={PROTO}/grpc/health/v1", ("flashkv_test/health.proto",)),
    (f"flashkv_test={HERE}", ("flashkv_test/reflection.proto",)),
)


def _disk_path(root, name):
    virtual, _, disk = root.rpartition("=")
    return os.path.join(disk, name[len(virtual) + 1 :] if virtual else name)


def _digest():
    digest = hashlib.sha256()
    for root, names in SOURCES:
        for name in names:
            with open(_disk_path(root, name), "rb") as proto:
                digest.update(proto.read())
    return digest.hexdigest()[:16]


def _generate(folder):
    plugin = shutil.which("grpc_python_plugin")
    if plugin is None or shutil.which("protoc") is None:
        sys.exit("protoc and grpc_python_plugin are needed: apt-get install protobuf-compiler protobuf-compiler-grpc")
    for root, names in SOURCES:
        command = ["protoc", f"-I{root}", f"--python_out={folder}", f"--grpc_python_out={folder}"]
        subprocess.run([*command, f"--plugin=protoc-gen-grpc_python={plugin}", *names], check=True)


def make(build):
    """Puts the stubs on the import path, making them if they are missing."""
    folder = os.path.join(os.path.abspath(build), f"python_stubs-{_digest()}")
    if not os.path.isdir(folder):
        fresh = tempfile.mkdtemp(dir=os.path.abspath(build))
        _generate(fresh)
        try:
            os.rename(fresh, folder)
        except OSError:  # another test made them meanwhile
            shutil.rmtree(fresh)
    sys.path.insert(0, folder)
