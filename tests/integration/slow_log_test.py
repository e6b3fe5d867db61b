#!/usr/bin/python3
"""The slow log, latencies and the log level of a running kvd."""

import grpc

from kvd_case import KvdCase, admin_pb2, kv_pb2, main


class SlowLog(KvdCase):
    flags = ("--slow-log-threshold", "0", "--slow-log-entries", "4")

    def slow_log(self, **fields):
        return self.admin.SlowLog(admin_pb2.SlowLogRequest(**fields), timeout=self.TIMEOUT)

    def latencies(self):
        return {each.method: each for each in self.stats().latencies}

    def test_the_latest_requests_are_kept_without_their_keys(self):
        self.slow_log(reset=True)
        first = self.slow_log().total
        self.put(b"secret-key", b"secret-value")
        self.get(b"secret-key")
        self.assert_fails(grpc.StatusCode.INVALID_ARGUMENT, self.kv.Get, kv_pb2.GetRequest())
        log = self.slow_log(limit=3)
        self.assertEqual([(e.method, e.code) for e in log.entries], [("Get", 3), ("Get", 0), ("Put", 0)])
        self.assertEqual([e.id for e in log.entries], [first + 4, first + 3, first + 2])
        self.assertEqual(log.entries[2].request_bytes, kv_pb2.PutRequest(key=b"secret-key", value=b"secret-value").ByteSize())
        self.assertEqual([log.threshold_us, log.total], [0, first + 4])
        self.assertNotIn(b"secret", log.SerializeToString())
        self.assertEqual(len(self.slow_log(reset=True).entries), 4)
        self.assertEqual([e.method for e in self.slow_log().entries], ["SlowLog"])
        self.assertGreaterEqual(self.stats().slow_requests, first + 7)

    def test_calls_of_every_kind_are_timed_under_their_methods(self):
        before = {method: each.count for method, each in self.latencies().items()}
        calls = [kv_pb2.Call(id=i, get=kv_pb2.GetRequest(key=b"k")) for i in range(100)]
        calls.append(kv_pb2.Call(id=100, put=kv_pb2.PutRequest(key=b"k")))
        list(self.kv.Pipeline(iter([kv_pb2.PipelineRequest(calls=calls)]), timeout=self.TIMEOUT))
        list(self.kv.Write(iter([kv_pb2.WriteRequest()] * 3), timeout=self.TIMEOUT))
        list(self.kv.Scan(kv_pb2.ScanRequest(), timeout=self.TIMEOUT))
        self.get(b"k")
        now = self.latencies()
        added = {method: each.count - before.get(method, 0) for method, each in now.items()}
        del added["Stats"]
        self.assertEqual({m: n for m, n in added.items() if n}, {"Get": 101, "Put": 1, "Write": 3, "Scan": 1})
        for each in now.values():
            self.assertEqual(sum(each.buckets), each.count)
            self.assertLessEqual(each.max_us, each.total_us)

    def test_the_log_level_changes_at_once(self):
        def set_level(level):
            return self.admin.SetLogLevel(admin_pb2.SetLogLevelRequest(level=level), timeout=self.TIMEOUT).previous

        self.assertEqual([set_level("debug"), set_level("off"), set_level("info")], ["info", "debug", "off"])
        request = admin_pb2.SetLogLevelRequest(level="loud")
        self.assert_fails(
            grpc.StatusCode.INVALID_ARGUMENT,
            self.admin.SetLogLevel,
            request,
            naming=("debug, info, warning, error or off",),
            never=("loud",),
        )


if __name__ == "__main__":
    main()
