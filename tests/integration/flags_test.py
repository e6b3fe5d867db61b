#!/usr/bin/python3
"""kvctl given wrong arguments or a bad file: one line that names what is wrong, the right exit code, no harm."""

from kvd_case import KvdCase, kv_pb2, kvctl, main

USAGE = 2


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
