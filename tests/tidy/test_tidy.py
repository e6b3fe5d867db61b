"""Shows every check a small tree that breaks it, and one that does not."""

import os
import unittest

import arrows
import formatting
import layout
import lengths
import rooms
import tidy
import words
from sample import Sample

GOOD_HEADER = "// What a thing is for.\n#pragma once\n\nint f();\n"


class Arrows(Sample):
    def test_storage_must_not_include_server(self):
        found = self.fails(arrows.check_includes, {"storage/a.h": '// a\n#include "server/b.h"\n'})
        self.assertEqual(["storage/a.h:2"], found)

    def test_client_must_not_include_storage_or_server(self):
        for folder in ("storage", "server"):
            self.fails(arrows.check_includes, {"client/a.cc": f'#include "{folder}/b.h"\n'})

    def test_server_must_not_include_client_or_tests(self):
        for folder in ("client", "tests"):
            self.fails(arrows.check_includes, {"server/a.cc": f'#include "{folder}/b.h"\n'})

    def test_storage_must_not_see_grpc_protobuf_asio_spdlog(self):
        for header in ("grpcpp/grpcpp.h", "grpc/grpc.h", "google/protobuf/arena.h", "asio.hpp", "spdlog/spdlog.h"):
            self.fails(arrows.check_includes, {"storage/a.cc": f"#  include <{header}>\n"})
        self.fails(arrows.check_includes, {"storage/a.cc": '#include "flashkv/v1/kv.pb.h"\n'})

    def test_includes_start_at_the_root(self):
        self.fails(arrows.check_includes, {"storage/a.cc": '#include "a.h"\n'})
        self.fails(arrows.check_includes, {"storage/engine/a.cc": '#include "../a.h"\n'})

    def test_allowed_arrows(self):
        text = '#include <vector>\n#include "storage/store.h"\n#include "flashkv/v1/kv.pb.h"\n#include <grpcpp/grpcpp.h>\n'
        self.passes(arrows.check_includes, {"server/a.cc": text, "tests/server/a_test.cc": text})

    def test_storage_must_not_link_grpc(self):
        self.fails(arrows.check_storage_build, {"storage/x/CMakeLists.txt": "target_link_libraries(a gRPC::grpc++)\n"})
        self.passes(arrows.check_storage_build, {"storage/CMakeLists.txt": "# never gRPC\nadd_library(a)\n"})

    def test_proto_holds_protos(self):
        self.fails(arrows.check_proto_folder, {"proto/a.cc": ""})
        self.passes(arrows.check_proto_folder, {"proto/flashkv/v1/kv.proto": "", "proto/CMakeLists.txt": ""})


class Rooms(Sample):
    def including(self, path, header):
        return {path: f'// a\n#include "{header}"\n'}

    def test_an_engine_sees_neither_the_writer_nor_another_engine(self):
        for header in ("storage/writer/writer.h", "storage/engine/radix/tree.h", "storage/apply/op_rules.h",
                       "storage/request/request.h", "storage/store.h"):
            self.fails(rooms.check_rooms, self.including("storage/engine/critnib/a.h", header))

    def test_what_an_engine_may_see(self):
        for header in ("storage/engine/critnib/b.h", "storage/engine/parts/word_engine.h", "storage/table/engine.h",
                       "storage/reclaim/epoch.h", "storage/record/record.h", "storage/sync/sync.h"):
            self.passes(rooms.check_rooms, self.including("storage/engine/critnib/a.h", header))

    def test_rooms_below_do_not_look_up(self):
        for path, header in (("storage/record/a.h", "storage/table/engine.h"),
                             ("storage/table/a.h", "storage/request/request.h"),
                             ("storage/request/a.h", "storage/table/any_engine.h"),
                             ("storage/apply/a.h", "storage/writer/writer.h"),
                             ("storage/writer/a.h", "storage/engine/registry.h"),
                             ("storage/writer/a.h", "storage/store.h"),
                             ("server/service/a.h", "server/front/front.h"),
                             ("server/service/a.h", "server/daemon.h"),
                             ("server/config/a.h", "server/service/method.h"),
                             ("server/front/grpc/a.h", "server/front/http2/b.h")):
            self.fails(rooms.check_rooms, self.including(path, header))

    def test_the_server_uses_the_door(self):
        for header in ("storage/writer/writer.h", "storage/engine/flashmap/flashmap.h", "storage/apply/op_rules.h"):
            self.fails(rooms.check_rooms, self.including("server/service/a.h", header))
        for header in ("storage/store.h", "storage/request/status.h"):
            self.passes(rooms.check_rooms, self.including("server/service/a.h", header))

    def test_a_folder_without_arrows(self):
        self.fails(rooms.check_rooms_are_known, {"storage/attic/a.h": "// a\n"})
        self.fails(rooms.check_rooms_are_known, {"server/attic/a.cc": ""})
        self.passes(rooms.check_rooms_are_known, {"storage/engine/new/a.h": "// a\n", "server/main.cc": ""})


class Lengths(Sample):
    def test_a_file_over_the_limit(self):
        self.fails(lengths.check_files, {"storage/a.cc": "\n" * (lengths.MAX_FILE_LINES + 1)})
        self.passes(lengths.check_files, {"storage/a.cc": "\n" * lengths.MAX_FILE_LINES})

    def test_a_function_over_the_limit(self):
        for head in ("int f(int a = {})", "A::A(int a) : a_{a}, b_(1)", "template <class T>\nauto g() -> T", "TEST(A, b)"):
            for wrap in ("%s", "namespace a::b {\nclass C final : public D<int> {\n%s\n};\n}\n"):
                body = head + " {\n" + "  if (a) { b(); }\n" * 70 + "}\n"
                self.fails(lengths.check_functions, {"storage/a.cc": wrap % body})

    def test_functions_within_the_limit(self):
        function = "int f() {\n" + "  g();\n" * 68 + "}\n"
        self.passes(lengths.check_functions, {"storage/a.cc": "class A {\n" + function * 3 + "};\n"})
        self.passes(lengths.check_functions, {"storage/a.h": "struct alignas(64) A final : B {\n" + function * 3 + "};\n"})

    def test_braces_in_text_do_not_count(self):
        text = 'int f() { return g("{", \'{\', R"x({{)x"); }  // {\n/* { */\n#define A {\n' + "int a;\n" * 100
        self.passes(lengths.check_functions, {"storage/a.cc": text})

    def test_a_long_initializer_is_no_function(self):
        text = "constexpr int a[] = {\n" + "  1,\n" * 80 + "};\nint b{\n" + "\n" * 80 + "};\n"
        self.passes(lengths.check_functions, {"storage/a.cc": text})

    def test_the_name_and_place_of_a_function(self):
        text = "namespace a {\n\nstruct B {\n  B() : x_{1} {\n  }\n  int x_ = {2};\n};\n\nint f() {\n}\n}\n"
        self.assertEqual([("B", 4, 5), ("f", 9, 10)], list(lengths.cpp_functions(text)))

    def test_a_long_main(self):
        body = "g();\n" * lengths.MAX_MAIN_LINES
        self.fails(lengths.check_functions, {"server/main.cc": "int main() {\n" + body + "}\n"})
        self.passes(lengths.check_functions, {"server/a.cc": "int start() {\n" + body + "}\n"})

    def test_a_long_python_function(self):
        self.fails(lengths.check_functions, {"tests/a.py": "def f():\n" + "    g()\n" * 70})
        self.passes(lengths.check_functions, {"tests/a.py": "def f():\n" + "    g()\n" * 69})


class Words(Sample):
    def test_unfinished(self):
        for word in words.MARKS:
            self.fails(words.check_unfinished, {"storage/a.cc": f"// {word}: later\n"})
        self.passes(words.check_unfinished, {"deploy/a.sh": "mktemp a.XXXXXX\n"})

    def test_empty_names(self):
        for line in ("class QueueManager;", "struct StoreImpl {", "namespace utils {", "int FormatHelper();"):
            self.fails(words.check_empty_names, {"storage/a.h": line + "\n"})
        for path in ("storage/utils.h", "server/common/a.h", "tests/test_helper.py"):
            self.fails(words.check_empty_names, {path: "\n"})
        self.passes(words.check_empty_names, {"storage/a.h": "// No Manager, common ground.\ngoogle::protobuf::util::JsonUtil x;\n"})

    def test_off_topic(self):
        for text in ("see issue #12", "as shared/design.md says", "found under /" "work/main", "/tmp/" "bash" "_jobs/1"):
            self.fails(words.check_topic, {"storage/a.cc": f"// {text}\n"})
        self.passes(words.check_topic, {"README.md": "Keep sessions in flashkv; https://x.org/work/home/a is an address.\n"})

    def test_native_code(self):
        self.fails(words.check_portable_build, {"CMakeLists.txt": "add_compile_options(-march=native)\n"})

    def test_git_in_the_build(self):
        self.fails(words.check_no_git_in_build, {"CMakeLists.txt": "execute_process(COMMAND git describe)\n"})
        self.fails(words.check_no_git_in_build, {"deploy/run": "#!/bin/bash\ncd \"$(git rev-parse --show-toplevel)\"\n"})


class Layout(Sample):
    def test_a_stranger_at_the_root(self):
        self.assertEqual(["notes.md:1"], self.fails(layout.check_root, {"notes.md": "", "README.md": ""}))
        self.passes(layout.check_root, {".gitignore": "/build/\n*.pyc\n", "build/a": "", "a.pyc": "", "tests/run": ""})

    def test_a_header_without_comment_or_guard(self):
        self.fails(layout.check_headers, {"storage/a.h": "#pragma once\n"})
        self.fails(layout.check_headers, {"storage/a.h": "// a\n"})
        self.passes(layout.check_headers, {"storage/a.h": GOOD_HEADER})

    def test_an_invariant_that_no_code_cites(self):
        document = "# a\n- **I1** One.\n- **I2** Two.\n"
        found = self.fails(layout.check_invariants_are_cited, {"storage/a/a.md": document, "storage/a/a.h": "// a (I2)\n"})
        self.assertEqual(["storage/a/a.md:2"], found)
        cited = {"storage/a/a.md": document, "storage/a/a.h": "// a (I1)\n", "storage/a/b.cc": "// b (I2, I3)\n"}
        self.passes(layout.check_invariants_are_cited, cited)

    def test_executable_bits(self):
        self.fails(layout.check_executables, {"deploy/run": "#!/bin/bash\n"})
        self.fails(layout.check_executables, {"storage/a.cc": "int a;\n"}, executable=["storage/a.cc"])
        self.passes(layout.check_executables, {"deploy/run": "#!/bin/bash\n", "a.cc": "\n"}, executable=["deploy/run"])

    def test_whitespace(self):
        for text in ("\tint a;\n", "int a; \n", "int a;\r\n", "int a;", "int a;\n\n"):
            self.fails(layout.check_whitespace, {"storage/a.cc": text})
        self.passes(layout.check_whitespace, {"storage/a.cc": "int a;\n", "tests/data/a.tsv": "a\tb\n", "b.cc": ""})

    def test_a_broken_script(self):
        self.fails(layout.check_shell_syntax, {"deploy/run": "#!/bin/bash\nif true; then\n"})
        self.passes(layout.check_shell_syntax, {"deploy/run": "#!/bin/bash\ntrue\n"})

    def test_a_link_that_leads_nowhere(self):
        page = {"a/b/page.md": "# Page\n## One & two\n"}
        for link in ("(c.md)", "(/a/b/page.md)", "(../a/b/page.md)", "(b/page.md#three)", "(#page)", "(../../c.md)"):
            self.fails(layout.check_links, {**page, "a/c/top.md": f"# Top\n\n[text]{link}\n"})
        found = self.fails(layout.check_links, {"top.md": "![a picture](a.svg) and [there](top.md) and [not](b.md)\n"})
        self.assertEqual(["top.md:1", "top.md:1"], found)

    def test_links_that_lead_somewhere(self):
        page = {"a/b/page.md": "# Page\n## One & two\n", "a/b/c.svg": "\n"}
        links = ("(../b/page.md)", "(../b)", "(../b/page.md#one--two)", "(#top-2)", "(https://x.org/y.md)", "(../b/c.svg)")
        for link in links:
            self.passes(layout.check_links, {**page, "a/c/top.md": f"# Top 2\n[text]{link} and `[code](gone.md)`\n"})
        self.passes(layout.check_links, {"top.md": "```\n[code](gone.md)\n# None\n```\n"})


class Formatting(Sample):
    def test_an_unformatted_file(self):
        style = {".clang-format": "BasedOnStyle: Google\n"}
        found = self.fails(formatting.check_format, {**style, "storage/a.cc": "int a;\n", "storage/b.cc": "int   b;\n"})
        self.assertEqual(["storage/b.cc:1"], found)
        self.passes(formatting.check_format, {**style, "storage/a.cc": "int a;\n"})


class Completeness(unittest.TestCase):
    def test_every_check_is_shown_failing(self):
        text = ""
        for name in os.listdir(tidy.HERE):
            if name.startswith("test_"):
                with open(os.path.join(tidy.HERE, name), encoding="utf-8") as file:
                    text += file.read()
        for check in tidy.checks():
            self.assertIn(f"self.fails({check.__module__}.{check.__name__}, ", text)
