#include "client/kvctl/output.h"

#include <gtest/gtest.h>

#include "client/kvctl/jsonl.h"
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
  const Output output(Format::kSimple, false);
  EXPECT_EQ(printed(output, false, false), "two\nlines\n");
  EXPECT_EQ(printed(output, true, false), "k\xFF\ntwo\nlines\n");
  EXPECT_EQ(printed(output, false, true), "k\xFF\n");
}

TEST(Output, JsonIsTextWhereThatIsUtf8AndBase64Elsewhere) {
  EXPECT_EQ(printed(Output(Format::kJson, false), false, false),
            R"({"key_b64":"a/8=","value":"two\nlines",)"
            R"("create_revision":3,"mod_revision":9,"version":2,"expires_at_ms":0})"
            "\n");
}

// Every byte alone, every character that terminals act on, and what JSON itself escapes.
std::vector<std::string> bytes_of_all_kinds() {
  std::vector<std::string> all{"",       "\"\\/",      "\u0000",       "\uFFFF",
                               "\u202E", "\U0001F511", "\xED\xA0\x80", "\xC0\x80"};
  for (int byte = 0; byte < 256; ++byte) all.emplace_back(1, static_cast<char>(byte));
  std::string every;
  for (const std::string& each : all) every += each;
  all.push_back(every);
  return all;
}

TEST(Output, JsonOfBytesOfAllKindsIsReadBackByImport) {
  for (const bool terminal : {false, true})
    for (const std::string& bytes : bytes_of_all_kinds()) {
      testing::internal::CaptureStdout();
      const client::KeyValue kv{.key = bytes, .value = "v" + bytes, .expires_at_ms = 77};
      Output(Format::kJson, terminal).key_values({kv}, false, false);
      std::string line = testing::internal::GetCapturedStdout();
      ASSERT_EQ(line.back(), '\n');
      line.pop_back();
      ImportRecord read;
      std::string why;
      ASSERT_TRUE(parse_jsonl(line, read, why)) << line << ": " << why;
      EXPECT_EQ(read.key, kv.key) << line;
      EXPECT_EQ(read.value, kv.value) << line;
      EXPECT_EQ(read.expires_at_ms, 77);
      if (terminal) {
        EXPECT_EQ(printable(line), line) << "a terminal would act on it";
      }
    }
}

TEST(Output, TableEscapesWhatATerminalWouldNotShow) {
  EXPECT_EQ(printed(Output(Format::kTable, false), false, false),
            "KEY    VALUE         VERSION  CREATE_REVISION  MOD_REVISION  EXPIRES\n"
            "k\\xff  two\\x0alines  2        3                9             never\n");
}

TEST(Output, TableShowsTheTimeLeftAndAlignsByCharacters) {
  const auto in_a_day = std::chrono::system_clock::now() + std::chrono::hours(30) + std::chrono::minutes(30);
  const auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(in_a_day.time_since_epoch()).count();
  testing::internal::CaptureStdout();
  Output(Format::kTable, false)
      .key_values({{.key = "\u0416", .value = "v", .expires_at_ms = ms}}, false, false);
  EXPECT_EQ(testing::internal::GetCapturedStdout(),
            "KEY  VALUE  VERSION  CREATE_REVISION  MOD_REVISION  EXPIRES\n"
            "\u0416    v      0        0                0             in 30 h\n");
}

TEST(Output, NoControlCharacterReachesATableOrATerminal) {
  const std::string bytes = "a\x7f\x1b[31m\xC2\x9B\xE2\x80\xAE";  // DEL, ESC, C1's CSI, U+202E
  const client::KeyValue kv{.key = bytes, .value = bytes};
  for (const auto& output : {Output(Format::kTable, false), Output(Format::kTable, true),
                             Output(Format::kSimple, true), Output(Format::kJson, true)}) {
    testing::internal::CaptureStdout();
    output.key_values({kv}, true, false);
    output.fields({{"name", bytes}});
    const std::string text = testing::internal::GetCapturedStdout();
    EXPECT_EQ(text.find_first_of("\x7f\x1b\xC2\x9B\xE2"), std::string::npos) << printable(text);
  }
}

TEST(Output, OnATerminalSimpleQuotesOnlyWhatIsNotPrintable) {
  const Output output(Format::kSimple, true);
  EXPECT_EQ(printed(output, true, false), "\"k\\xff\"\n\"two\\x0alines\"\n");
  testing::internal::CaptureStdout();
  output.key_values({{.key = "\xD0\xBA", .value = "say \"yes\""}}, true, false);
  EXPECT_EQ(testing::internal::GetCapturedStdout(), "\xD0\xBA\nsay \"yes\"\n");
}

TEST(Output, FiguresStayNumbersInJson) {
  testing::internal::CaptureStdout();
  Output(Format::kJson, false)
      .fields({{"n", "12"}, {"share", "0.5"}, {"on", "true"}, {"name", "x"}, {"store_id", "12", true}});
  EXPECT_EQ(testing::internal::GetCapturedStdout(),
            R"({"n":12,"share":0.5,"on":true,"name":"x","store_id":"12"})"
            "\n");
}

}  // namespace
}  // namespace flashkv::kvctl
