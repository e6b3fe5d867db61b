#!/usr/bin/python3
"""Wrong flags, bad settings and bad input files: one line that names what is wrong, the right exit code, no harm."""

import os
import socket
import subprocess
import tempfile
import unittest

from kvd_case import BIN, KvdCase, kv_pb2, kvctl, main
from kvd_process import clean_environment

USAGE = 2


def kvd(*flags, **environment):
    return subprocess.run(
        [os.path.join(BIN, "kvd"), *flags],
        capture_output=True,
        text=True,
        timeout=60,
        env={**clean_environment(), **environment},
        check=False,
    )


class KvdFlags(unittest.TestCase):
    def assert_refused(self, result, *words, code=USAGE):
        self.assertEqual(result.returncode, code, result.stderr)
        self.assertEqual(result.stdout, "")
        self.assertEqual(result.stderr.count("\n"), 1, result.stderr)
        for word in words:
            self.assertIn(word, result.stderr)

    def test_a_bad_value_is_refused_with_the_flag_and_what_is_allowed(self):
        for flag, value in (
            ("listen", "nowhere"),
            ("guard", "luck"),
            ("threads", "0"),
            ("publish-interval", "soon"),
            ("publish-interval", "-1ms"),
            ("publish-max-batch", "0"),
            ("publish-adaptive", "maybe"),
            ("max-key-bytes", "65536"),
            ("max-value-bytes", "2GiB"),
            ("max-queue-requests", "-1"),
            ("log-level", "loud"),
            ("log-format", "xml"),
            ("drain-timeout", "1y"),
        ):
            with self.subTest(flag=flag, value=value):
                self.assert_refused(kvd(f"--{flag}={value}"), f"--{flag}", "allowed")

    def test_the_environment_and_the_file_are_named_when_they_are_wrong(self):
        self.assert_refused(kvd(FLASHKV_THREADS="many"), "--threads", "FLASHKV_THREADS", "allowed")
        with tempfile.NamedTemporaryFile("w", suffix=".conf") as config:
            config.write('threads = "many"\n')
            config.flush()
            self.assert_refused(kvd("--config", config.name), "--threads", "config file", "allowed")
            self.assert_refused(kvd("--config", config.name + ".none"), "--config")

    def assert_refused_to_serve_and_to_print(self, flags, *words, **environment):
        for also in ((), ("--print-config",)):
            with self.subTest(flags=flags, environment=environment, also=also):
                self.assert_refused(kvd(*flags, *also, **environment), "allowed: ", *words)

    def test_a_bad_choice_of_engine_is_refused_with_what_is_allowed(self):
        for flag, value, allowed in (
            ("engine", "btree", "flashmap, relativistic, rcu-hash, cuckoo-rwlock, "),
            ("radix-slice", "5", "auto, 4, 8, 11, 13 or 16"),
            ("radix-order", "random", "forward or reversed"),
            ("max-retired", "lots", "1048576 to "),
            ("max-retired", "1023KiB", "KiB, MiB or GiB"),
        ):
            naming = (f"--{flag}: bad value \"{value}\"", f"allowed: {allowed}" if flag != "max-retired" else allowed)
            self.assert_refused_to_serve_and_to_print((f"--{flag}", value), *naming)

    def test_an_option_that_the_engine_does_not_take_is_refused_with_what_is_allowed(self):
        # With so many connections a start that gets further warns of the machine's limit on open files.
        many = ("--max-connections", "1000000")
        for engine, flag, value, allowed in (
            ("flashmap", "radix-slice", "8", "auto, or the engine radix, radix-compressed"),
            ("critnib", "radix-order", "reversed", "forward, or the engine radix, radix-compressed"),
            ("radix", "guard", "refcount", "auto, or the engine flashmap"),
            ("cuckoo-rwlock", "guard", "asymmetric", "auto, or the engine flashmap"),
        ):
            flags = ("--engine", engine, f"--{flag}", value)
            naming = (f"--engine, --{flag}: the engine {engine} ", f"allowed: {allowed}\n")
            self.assert_refused_to_serve_and_to_print((*flags, *many), *naming)

    def test_such_an_option_is_found_wherever_it_comes_from(self):
        naming = ("--engine, --radix-slice: the engine rcu-hash ", "auto, or the engine radix")
        self.assert_refused_to_serve_and_to_print((), *naming, FLASHKV_ENGINE="rcu-hash", FLASHKV_RADIX_SLICE="8")
        with tempfile.NamedTemporaryFile("w", suffix=".conf") as config:
            config.write('engine = "rcu-hash"\n')
            config.flush()
            flags = ("--config", config.name)
            self.assert_refused_to_serve_and_to_print((*flags, "--radix-slice", "8"), *naming)
            self.assert_refused_to_serve_and_to_print(flags, *naming, FLASHKV_RADIX_SLICE="8")

    def test_an_option_is_taken_by_the_engines_that_have_it(self):
        for flags in (
            ("--engine", "radix", "--radix-slice", "8", "--radix-order", "reversed"),
            ("--engine", "radix-compressed", "--radix-slice", "16"),
            ("--engine", "flashmap", "--guard", "refcount"),
        ):
            with self.subTest(flags=flags):
                self.assertEqual(kvd("--print-config", *flags).returncode, 0)

    def test_an_unknown_flag_is_refused(self):
        self.assert_refused(kvd("--no-such-flag"), "no-such-flag")

    def test_an_address_that_others_reach_needs_to_be_asked_for(self):
        self.assert_refused(kvd("--listen", "0.0.0.0:7560"), "--listen", "--insecure")

    def test_a_port_that_is_taken_is_one_line_and_exit_code_3(self):
        with socket.create_server(("127.0.0.1", 0)) as taken:
            address = f"127.0.0.1:{taken.getsockname()[1]}"
            result = kvd("--listen", address)
            self.assertEqual(result.returncode, 3, result.stderr)
            self.assertIn(address, result.stderr)

    def test_every_value_comes_with_its_source(self):
        result = kvd("--print-config", "--threads", "3", FLASHKV_THREADS="4", FLASHKV_LOG_LEVEL="warning")
        lines = dict(line.split(" = ", 1) for line in result.stdout.splitlines())
        self.assertEqual(lines["threads"], '"3"  # flag')
        self.assertEqual(lines["log-level"], '"warning"  # environment')
        self.assertEqual(lines["listen"], '"127.0.0.1:7400"  # default')


class KvctlInput(KvdCase):
    def assert_refused(self, result, *words, code=USAGE):
        text = result.stderr.decode()
        self.assertEqual(result.returncode, code, text)
        self.assertEqual(text.count("\n"), 1, text)
        for word in words:
            self.assertIn(word, text)

    def test_wrong_usage_is_one_line_and_exit_code_2(self):
        for arguments in ((), ("fly",), ("get",), ("put", "k"), ("get", "k", "--no-such-flag"), ("bench", "--keys", "x")):
            with self.subTest(arguments=arguments):
                result = kvctl(self.kvd.endpoint, *arguments)
                self.assert_refused(result)

    def test_a_key_that_the_server_refuses_is_exit_code_2_and_names_the_field(self):
        self.assert_refused(kvctl(self.kvd.endpoint, "get", ""), "key")

    def test_a_file_that_is_not_there_is_named(self):
        self.assert_refused(kvctl(self.kvd.endpoint, "import", "none.jsonl"), "none.jsonl")

    def test_a_bad_line_ends_an_import_with_its_number_and_what_was_acknowledged(self):
        for bad in (b"{", b"[1]", b'{"key":"x"}', b'{"key":1,"value":"v"}', b'{"key_b64":"*","value":"v"}', b"\xff"):
            with self.subTest(bad=bad):
                lines = b'{"key":"one","value":"1"}\n' + bad + b'\n{"key":"three","value":"3"}\n'
                result = kvctl(self.kvd.endpoint, "import", "-", stdin=lines)
                self.assert_refused(result, "line 2", "1 record imported")
                self.assertEqual(self.get(b"one").kv.value, b"1")
                self.assertFalse(self.get(b"three").HasField("kv"))
                self.kv.Delete(kv_pb2.DeleteRequest(key=b"one"))

    def test_bad_lines_are_counted_and_passed_over_when_asked_for(self):
        lines = b'{"key":"1","value":"a"}\nnonsense\n{"key":"","value":"x"}\n{"key":"2","value":"b"}\n'
        result = kvctl(self.kvd.endpoint, "import", "--skip-bad", "-", stdin=lines)
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertEqual((self.get(b"1").kv.value, self.get(b"2").kv.value), (b"a", b"b"))
        self.assertIn(b"line 2", result.stderr)
        self.assertIn(b"line 3", result.stderr)
        self.assertIn(b"2", result.stdout)

    def test_importing_again_changes_no_value(self):
        lines = b"".join(b'{"key":"again%d","value":"v%d"}\n' % (i, i) for i in range(2_000))
        for _ in range(2):
            result = kvctl(self.kvd.endpoint, "import", "-", stdin=lines)
            self.assertEqual(result.returncode, 0, result.stderr)
        keys = [b"again%d" % i for i in range(2_000)]
        reply = self.kv.MultiGet(kv_pb2.MultiGetRequest(keys=keys))
        self.assertEqual([r.kv.value for r in reply.results], [b"v%d" % i for i in range(2_000)])


if __name__ == "__main__":
    main()
