"""A client made from the protos' service descriptors that notes what went over the wire.

    recorder = Recorder(channel, (kv_pb2, admin_pb2))
    reply = recorder.call("Put", key=b"k", value=b"v")          # a reply, or an iterator of them
    recorder.methods                                            # name -> Method, of every service
    recorder.calls["Put"], recorder.seen                        # how often; {"PutRequest.key", "ACK_APPLIED", ...}
    reachable(methods, leave_out=("StatsResponse",))            # what `seen` can hold once these methods are called

A field counts as seen once a message had it with another value than its default, an enum's value once a field held it.
"""

import collections
from dataclasses import dataclass

from google.protobuf import descriptor_pb2

SECONDS = 60  # only so that a hang fails


@dataclass(frozen=True)
class Method:
    """One rpc: its path and messages, and grpc's name for its kind, such as `unary_stream`."""

    path: str
    request: type
    reply: type
    kind: str


def methods_of(module):
    """(name, Method) for every rpc of a generated module's services."""
    for service in module.DESCRIPTOR.services_by_name.values():
        proto = descriptor_pb2.ServiceDescriptorProto()
        service.CopyToProto(proto)
        for method, stated in zip(service.methods, proto.method):
            sides = ("stream" if streams else "unary" for streams in (stated.client_streaming, stated.server_streaming))
            path = f"/{service.full_name}/{method.name}"
            classes = (getattr(module, each.name) for each in (method.input_type, method.output_type))
            yield method.name, Method(path, *classes, "_".join(sides))


def _is_message(field):
    return field.message_type is not None


def parts_of(message):
    """What is set in a message: its fields, those of the messages in it, and the values of enums."""
    for field, content in message.ListFields():
        yield f"{message.DESCRIPTOR.name}.{field.name}"
        for each in content if field.label == field.LABEL_REPEATED else (content,):
            if _is_message(field):
                yield from parts_of(each)
            elif field.enum_type is not None and each in field.enum_type.values_by_number:
                yield field.enum_type.values_by_number[each].name


def reachable(methods, leave_out=()):
    """All that parts_of() may yield for these methods' messages, but for those named and what only they hold."""
    found, ways = set(), [each.DESCRIPTOR for method in methods for each in (method.request, method.reply)]
    known = set(leave_out)
    while ways:
        message = ways.pop()
        if message.name in known:
            continue
        known.add(message.name)
        for field in message.fields:
            found.add(f"{message.name}.{field.name}")
            if _is_message(field):
                ways.append(field.message_type)
            elif field.enum_type is not None:
                found.update(value.name for value in field.enum_type.values if value.number != 0)
    return found


class Recorder:
    def __init__(self, channel, modules):
        self._channel = channel
        self.methods = dict(pair for module in modules for pair in methods_of(module))
        self.calls, self.seen = collections.Counter(), set()

    def _noted(self, message):
        self.seen.update(parts_of(message))
        return message

    def call(self, name, *requests, **fields):
        """Calls a method with one request made of `fields`, or with `requests`, which may be one iterator.

        Returns the reply, or grpc's call, an iterator of replies.
        """
        method = self.methods[name]
        stub = getattr(self._channel, method.kind)(
            method.path,
            request_serializer=lambda message: self._noted(message).SerializeToString(),
            response_deserializer=lambda data: self._noted(method.reply.FromString(data)),
        )
        self.calls[name] += 1
        if method.kind.startswith("unary"):
            return stub(*requests or (method.request(**fields),), timeout=SECONDS)
        return stub(*requests, timeout=SECONDS)
