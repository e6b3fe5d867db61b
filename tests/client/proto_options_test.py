#!/usr/bin/python3
"""Code generators need no options of their own: the protos name the package of each language."""

import os
import subprocess
import unittest

from google.protobuf import descriptor_pb2

PROTO = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "proto")
FLASHKV = {
    "go_package": "flashkv/v1;flashkvv1",
    "java_package": "io.flashkv.v1",
    "java_multiple_files": True,
    "csharp_namespace": "FlashKv.V1",
}
# As in the protocol's own file, so that generated code is the same type as everyone's.
HEALTH = {
    "go_package": "google.golang.org/grpc/health/grpc_health_v1",
    "java_package": "io.grpc.health.v1",
    "java_multiple_files": True,
    "java_outer_classname": "HealthProto",
    "csharp_namespace": "Grpc.Health.V1",
}
FILES = {"flashkv/v1/kv.proto": FLASHKV, "flashkv/v1/admin.proto": FLASHKV, "grpc/health/v1/health.proto": HEALTH}


class ProtoOptions(unittest.TestCase):
    def test_every_language_has_its_package(self):
        command = ["protoc", f"-I{PROTO}", "--descriptor_set_out=/dev/stdout", *FILES]
        output = subprocess.run(command, capture_output=True, timeout=60, check=True).stdout
        described = {file.name: file.options for file in descriptor_pb2.FileDescriptorSet.FromString(output).file}
        for name, wanted in FILES.items():
            for option, value in wanted.items():
                self.assertEqual(getattr(described[name], option), value, f"{name}: {option}")


if __name__ == "__main__":
    unittest.main(verbosity=2)
