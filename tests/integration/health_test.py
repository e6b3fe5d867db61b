#!/usr/bin/python3
"""The standard health service, which load balancers and `kvctl health` ask."""

import grpc

from bad_input_unread import UnreadCalls
from kvd_case import KvdCase, connect, health_pb2, health_pb2_grpc, main

SERVING = health_pb2.HealthCheckResponse.SERVING
NOT_SERVING = health_pb2.HealthCheckResponse.NOT_SERVING
SERVICE_UNKNOWN = health_pb2.HealthCheckResponse.SERVICE_UNKNOWN


class Health(KvdCase):
    flags = ("--drain-timeout", "1h")  # so a drain that waits for a watcher hangs

    def setUp(self):
        # One kvd per test: some of them stop it.
        if not self.kvd.running():
            self.setUpClass()
        self.health = health_pb2_grpc.HealthStub(self.open_channel())

    def check(self, name):
        request = health_pb2.HealthCheckRequest(service=name)
        return self.health.Check(request, timeout=self.TIMEOUT).status

    def test_the_server_and_its_service_are_serving(self):
        self.assertEqual([self.check(""), self.check("flashkv.v1.KV")], [SERVING, SERVING])

    def test_another_name_is_not_found(self):
        request = health_pb2.HealthCheckRequest(service="other")
        self.assert_fails(grpc.StatusCode.NOT_FOUND, self.health.Check, request)

    def test_checks_with_unread_replies_do_not_block_other_checks(self):
        with UnreadCalls(self.kvd.endpoint, "/grpc.health.v1.Health/Check", b"", 200):
            for _ in range(20):
                self.assertEqual(self.check(""), SERVING)

    def test_a_watch_of_another_name_says_unknown_and_stays(self):
        watch = self.health.Watch(health_pb2.HealthCheckRequest(service="other"))
        self.assertEqual(next(watch).status, SERVICE_UNKNOWN)
        watch.cancel()

    def test_a_watcher_gets_not_serving_before_its_stream_ends(self):
        watchers = []
        for name in ("", "flashkv.v1.KV", "", ""):
            channel = connect(self.kvd.endpoint)
            self.addCleanup(channel.close)
            request = health_pb2.HealthCheckRequest(service=name)
            watchers.append(health_pb2_grpc.HealthStub(channel).Watch(request, timeout=self.TIMEOUT))
        self.assertEqual([next(w).status for w in watchers], [SERVING] * 4)
        self.kvd.terminate()
        self.assertEqual([next(w).status for w in watchers], [NOT_SERVING] * 4)
        for watch in watchers:
            with self.assertRaises(grpc.RpcError) as caught:
                next(watch)
            self.assertEqual(caught.exception.code(), grpc.StatusCode.UNAVAILABLE)
        self.assertEqual(self.kvd.wait(), 0)

    def test_watchers_that_left_do_not_hold_up_the_drain(self):
        for _ in range(20):
            channel = connect(self.kvd.endpoint)
            watch = health_pb2_grpc.HealthStub(channel).Watch(health_pb2.HealthCheckRequest())
            next(watch)
            watch.cancel()
            channel.close()
        self.assertEqual(self.kvd.stop(), 0)


if __name__ == "__main__":
    main()
