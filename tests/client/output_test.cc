#include "client/kvctl/output.h"

#include <gtest/gtest.h>

#include "client/kvctl/text.h"

namespace flashkv::kvctl {
namespace {

const client::KeyValue kBytes{
    .key = "k\xFF", .value = "two\nlines", .create_revision = 3, .mod_revision = 9, .version = 2};

std::string printed(const Output& output, bool print_key, bool keys_only) {
  testing::internal::CaptureStdout();
  output.key_values({kBytes}, print_key, keys_only);
  return testing::internal::GetCapturedStdout();
}

TEST(Output, SimpleIsTheBytesThemselves) {
  const Output output(Format::kSimple, false, false);
  EXPECT_EQ(printed(output, false, false), "two\nlines\n");
  EXPECT_EQ(printed(output, true, false), "k\xFF\ntwo\nlines\n");
  EXPECT_EQ(printed(output, false, true), "k\xFF\n");
}

TEST(Output, JsonIsBase64UnlessUtf8IsAskedForAndHolds) {
  const std::string rest = R"("create_revision":3,"mod_revision":9,"version":2,"expires_at_ms":0})"
                           "\n";
  EXPECT_EQ(printed(Output(Format::kJson, false, false), false, false),
            R"({"key_b64":"a/8=","value_b64":"dHdvCmxpbmVz",)" + rest);
  EXPECT_EQ(printed(Output(Format::kJson, true, false), false, false),
            R"({"key_b64":"a/8=","value":"two\nlines",)" + rest);
}

TEST(Output, TableEscapesWhatATerminalWouldNotShow) {
  EXPECT_EQ(printed(Output(Format::kTable, false), false, false),
            "KEY    VALUE         CREATED  MODIFIED  VERSION  EXPIRES\n"
            "k\\xff  two\\x0alines  3        9         2        never\n");
}

TEST(Output, NoControlCharacterReachesATableOrATerminal) {
  const std::string bytes = "a\x7f\x1b[31m\xC2\x9B";  // DEL, ESC, and C1's CSI
  const client::KeyValue kv{.key = bytes, .value = bytes};
  for (const auto& output : {Output(Format::kTable, true, false), Output(Format::kTable, true, true),
                             Output(Format::kSimple, true, true), Output(Format::kJson, true, true)}) {
    testing::internal::CaptureStdout();
    output.key_values({kv}, true, false);
    output.fields({{"name", bytes}});
    const std::string text = testing::internal::GetCapturedStdout();
    EXPECT_EQ(text.find_first_of("\x7f\x1b\xC2\x9B"), std::string::npos) << printable(text);
  }
}

TEST(Output, OnATerminalSimpleQuotesOnlyWhatIsNotPrintable) {
  const Output output(Format::kSimple, false, true);
  EXPECT_EQ(printed(output, true, false), "\"k\\xff\"\n\"two\\x0alines\"\n");
  testing::internal::CaptureStdout();
  output.key_values({{.key = "\xD0\xBA", .value = "say \"yes\""}}, true, false);
  EXPECT_EQ(testing::internal::GetCapturedStdout(), "\xD0\xBA\nsay \"yes\"\n");
}

TEST(Output, FiguresStayNumbersInJson) {
  testing::internal::CaptureStdout();
  Output(Format::kJson, false).fields({{"n", "12"}, {"share", "0.5"}, {"on", "true"}, {"name", "x"}});
  EXPECT_EQ(testing::internal::GetCapturedStdout(), R"({"n":12,"share":0.5,"on":true,"name":"x"})"
                                                    "\n");
}

}  // namespace
}  // namespace flashkv::kvctl
