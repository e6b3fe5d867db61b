"""Shared by the tests of a running kvd: a server per test class, clients, and the program's arguments.

    X_test.py --bin build/release/bin [unittest's arguments]

    class Something(KvdCase):
        flags = ("--publish-interval", "1ms")
        def test_it(self):
            self.kv.Put(kv_pb2.PutRequest(key=b"k", value=b"v"), timeout=self.TIMEOUT)
"""

import os
import subprocess
import sys
import unittest

import grpc

import stubs
from kvd_process import KvdProcess, clean_environment


def _take_bin():
    for i, argument in enumerate(sys.argv[:-1]):
        if argument == "--bin":
            folder = os.path.abspath(sys.argv[i + 1])
            del sys.argv[i : i + 2]
            return folder
    sys.exit(f"usage: {os.path.basename(sys.argv[0])} --bin FOLDER_OF_KVD_AND_KVCTL [unittest's arguments]")


BIN = _take_bin()
BUILD = os.path.dirname(BIN)
stubs.make(BUILD)

from flashkv.v1 import admin_pb2, admin_pb2_grpc, kv_pb2, kv_pb2_grpc  # noqa: E402  (made just above)
from flashkv_test import health_pb2, health_pb2_grpc, reflection_pb2, reflection_pb2_grpc  # noqa: E402, F401

LARGE = 64 << 20


def connect(endpoint):
    """A new connection: python's channels with equal options would share one."""
    return grpc.insecure_channel(
        endpoint,
        options=(
            ("grpc.use_local_subchannel_pool", 1),
            ("grpc.max_receive_message_length", LARGE),
            ("grpc.max_send_message_length", LARGE),
        ),
    )


def put(key, value):
    return kv_pb2.Op(put=kv_pb2.PutRequest(key=key, value=value))


class KvdCase(unittest.TestCase):
    """One kvd per class; `self.kv` and `self.admin` are stubs on one connection to it."""

    flags = ()
    TIMEOUT = 60  # seconds; only so that a hang fails
    maxDiff = 2000

    @classmethod
    def setUpClass(cls):
        cls.kvd = KvdProcess(BIN, *cls.flags)
        cls.addClassCleanup(cls.kvd.kill)
        cls.channel = connect(cls.kvd.endpoint)
        cls.addClassCleanup(cls.channel.close)
        cls.kv = kv_pb2_grpc.KVStub(cls.channel)
        cls.admin = admin_pb2_grpc.AdminStub(cls.channel)

    def open_channel(self):
        channel = connect(self.kvd.endpoint)
        self.addCleanup(channel.close)
        return channel

    def other_client(self):
        """A KV stub on a new connection."""
        return kv_pb2_grpc.KVStub(self.open_channel())

    def get(self, key, kv=None, **fields):
        return (kv or self.kv).Get(kv_pb2.GetRequest(key=key, **fields), timeout=self.TIMEOUT)

    def put(self, key, value, kv=None, **fields):
        return (kv or self.kv).Put(kv_pb2.PutRequest(key=key, value=value, **fields), timeout=self.TIMEOUT)

    def stats(self):
        return self.admin.Stats(admin_pb2.StatsRequest(), timeout=self.TIMEOUT)

    def set_policy(self, interval_us, adaptive=True, max_batch=1024):
        request = admin_pb2.SetPublishPolicyRequest(interval_us=interval_us, max_batch=max_batch, adaptive=adaptive)
        self.admin.SetPublishPolicy(request, timeout=self.TIMEOUT)

    def assert_fails(self, code, call, *arguments, naming=(), never=()):
        """Checks that the call fails with `code`, and that the message contains all of `naming` and none of `never`."""
        with self.assertRaises(grpc.RpcError) as caught:
            call(*arguments, timeout=self.TIMEOUT)
        error = caught.exception
        self.assertEqual(error.code(), code, error.details())
        for word in naming:
            self.assertIn(word, error.details())
        for word in never:
            self.assertNotIn(word, error.details())
        return error


def kvctl(endpoint, *arguments, stdin=None, seconds=300):
    """Runs kvctl; returns the finished process, with its output as bytes."""
    return subprocess.run(
        kvctl_command(endpoint, *arguments),
        input=stdin,
        stdin=subprocess.DEVNULL if stdin is None else None,
        capture_output=True,
        timeout=seconds,
        env=clean_environment(),
        check=False,
    )


def kvctl_command(endpoint, *arguments):
    return [os.path.join(BIN, "kvctl"), "--endpoint", endpoint, *arguments]


def main():
    unittest.main(module="__main__", verbosity=2)
