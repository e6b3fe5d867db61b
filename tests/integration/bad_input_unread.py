"""A client that sends requests and accepts no byte of any reply: an HTTP/2 connection whose streams have no window.

    with UnreadCalls(endpoint, "/flashkv.v1.KV/Get", request_bytes, 600): ...

The frames are written by hand, because every library opens the window for its replies.
"""

import socket
import struct

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
DATA, HEADERS, SETTINGS = 0, 1, 4
END_STREAM, END_HEADERS = 1, 4
INITIAL_WINDOW_SIZE = 4


def _frame(kind, flags, stream, payload):
    return struct.pack(">I", len(payload))[1:] + bytes([kind, flags]) + struct.pack(">I", stream) + payload


def _literal(name, value):
    """A literal header: no table, no Huffman code."""
    return b"\0" + bytes([len(name)]) + name + bytes([len(value)]) + value


def _headers(method):
    fields = (
        (b":method", b"POST"),
        (b":scheme", b"http"),
        (b":path", method.encode()),
        (b":authority", b"localhost"),
        (b"content-type", b"application/grpc"),
        (b"te", b"trailers"),
    )
    return b"".join(_literal(name, value) for name, value in fields)


class UnreadCalls:
    def __init__(self, endpoint, method, request, number):
        host, port = endpoint.rsplit(":", 1)
        self._socket = socket.create_connection((host, int(port)), timeout=30)
        message = b"\0" + struct.pack(">I", len(request)) + request
        frames = [PREFACE, _frame(SETTINGS, 0, 0, struct.pack(">HI", INITIAL_WINDOW_SIZE, 0))]
        for stream in range(1, 2 * number, 2):
            frames.append(_frame(HEADERS, END_HEADERS, stream, _headers(method)))
            frames.append(_frame(DATA, END_STREAM, stream, message))
        self._socket.sendall(b"".join(frames))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._socket.close()
