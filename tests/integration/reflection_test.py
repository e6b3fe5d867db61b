#!/usr/bin/python3
"""A client that knows only the address finds the services and their messages, and calls them."""

import grpc
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

from kvd_case import KvdCase, kv_pb2, main, reflection_pb2, reflection_pb2_grpc


class Reflection(KvdCase):
    def ask(self, **request):
        stub = reflection_pb2_grpc.ServerReflectionStub(self.channel)
        message = reflection_pb2.ServerReflectionRequest(**request)
        (reply,) = stub.ServerReflectionInfo(iter([message]), timeout=self.TIMEOUT)
        return reply

    def test_every_service_is_listed(self):
        names = {s.name for s in self.ask(list_services="").list_services_response.service}
        self.assertLessEqual({"flashkv.v1.KV", "flashkv.v1.Admin", "grpc.health.v1.Health"}, names)

    def test_a_client_made_from_the_descriptors_alone_reads_what_another_wrote(self):
        self.put(b"found", b"by reflection")
        pool = descriptor_pool.DescriptorPool()
        reply = self.ask(file_containing_symbol="flashkv.v1.KV")
        for data in reversed(reply.file_descriptor_response.file_descriptor_proto):
            pool.Add(descriptor_pb2.FileDescriptorProto.FromString(data))
        method = pool.FindServiceByName("flashkv.v1.KV").FindMethodByName("Get")
        factory = message_factory.MessageFactory(pool)
        request = factory.GetPrototype(method.input_type)(key=b"found")
        call = self.channel.unary_unary(
            f"/{method.containing_service.full_name}/{method.name}",
            request_serializer=lambda m: m.SerializeToString(),
            response_deserializer=factory.GetPrototype(method.output_type).FromString,
        )
        self.assertEqual(call(request, timeout=self.TIMEOUT).kv.value, b"by reflection")

    def test_the_descriptors_are_those_of_the_protos(self):
        served = self.ask(file_containing_symbol="flashkv.v1.PutRequest").file_descriptor_response
        file = descriptor_pb2.FileDescriptorProto.FromString(served.file_descriptor_proto[0])
        expected = descriptor_pb2.FileDescriptorProto()
        kv_pb2.DESCRIPTOR.CopyToProto(expected)
        self.assertEqual(file.message_type, expected.message_type)
        self.assertEqual(file.service, expected.service)

    def test_an_unknown_symbol_is_not_found(self):
        failure = self.ask(file_containing_symbol="flashkv.v1.Nothing").error_response
        self.assertEqual(failure.error_code, grpc.StatusCode.NOT_FOUND.value[0])


if __name__ == "__main__":
    main()
