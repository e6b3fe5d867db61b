#!/usr/bin/python3
"""Methods that the contract names and this server does not serve, and methods that nobody ever named."""

import grpc

from kvd_case import KvdCase, admin_pb2, kv_pb2, main

SERVED = {
    "/flashkv.v1.KV/Get",
    "/flashkv.v1.KV/MultiGet",
    "/flashkv.v1.KV/Put",
    "/flashkv.v1.KV/Delete",
    "/flashkv.v1.KV/Write",
    "/flashkv.v1.Admin/Stats",
    "/flashkv.v1.Admin/GetPublishPolicy",
    "/flashkv.v1.Admin/SetPublishPolicy",
    "/flashkv.v1.Admin/Publish",
}


def methods():
    """Every method of the contract as a path."""
    for file in (kv_pb2.DESCRIPTOR, admin_pb2.DESCRIPTOR):
        for service in file.services_by_name.values():
            for method in service.methods:
                yield f"/{service.full_name}/{method.name}"


class Unserved(KvdCase):
    def call(self, path, body=b""):
        """As a stream of one message: right for every kind of method on the wire."""
        return list(self.channel.stream_stream(path)(iter([body]), timeout=self.TIMEOUT))

    def failure(self, path, body=b""):
        with self.assertRaises(grpc.RpcError) as caught:
            self.call(path, body)
        return caught.exception

    def test_what_is_not_served_says_so_by_name(self):
        unserved = sorted(set(methods()) - SERVED)
        self.assertGreater(len(unserved), 5)
        for path in unserved:
            with self.subTest(path=path):
                error = self.failure(path)
                self.assertEqual(error.code(), grpc.StatusCode.UNIMPLEMENTED)
                self.assertIn(path.rsplit("/", 1)[1], error.details())

    def test_what_is_served_is_in_the_contract_and_answers(self):
        self.assertEqual(SERVED - set(methods()), set())
        for path in sorted(SERVED):
            with self.subTest(path=path):
                try:
                    self.call(path)
                except grpc.RpcError as error:
                    self.assertEqual(error.code(), grpc.StatusCode.INVALID_ARGUMENT)

    def test_unknown_methods_and_services_are_unimplemented(self):
        for path in ("/flashkv.v1.KV/Nothing", "/flashkv.v2.KV/Get", "/x/y", "/grpc.health.v1.Health/Other"):
            with self.subTest(path=path):
                self.assertEqual(self.failure(path, b"abc").code(), grpc.StatusCode.UNIMPLEMENTED)
        self.assertTrue(self.stats().version)

    def test_unserved_calls_are_counted(self):
        counted = [m for m in self.stats().requests if m.code == grpc.StatusCode.UNIMPLEMENTED.value[0]]
        before = sum(m.count for m in counted)
        self.failure("/flashkv.v1.KV/Scan")
        counted = [m for m in self.stats().requests if m.code == grpc.StatusCode.UNIMPLEMENTED.value[0]]
        self.assertEqual(sum(m.count for m in counted), before + 1)


if __name__ == "__main__":
    main()
