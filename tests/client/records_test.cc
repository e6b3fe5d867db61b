// The formats of import and export: what one writes, the other reads.
#include <gtest/gtest.h>

#include <sstream>

#include "client/kvctl/records/parser.h"
#include "client/kvctl/records/writer.h"

namespace flashkv::kvctl {
namespace {

using namespace std::string_literals;

constexpr std::size_t kLongest = 1 << 20;

struct Read {
  std::vector<ImportRecord> records;
  std::vector<std::string> errors;  // "LINE: why"
};

Read read(RecordFormat format, const std::string& text, std::size_t longest = kLongest) {
  RecordParser parser(format, longest);
  Read all;
  ImportRecord record;
  std::string why;
  std::istringstream lines(text);
  int number = 0;
  for (std::string line; std::getline(lines, line);) {
    ++number;
    const auto took = parser.take(line, record, why);
    if (took == RecordParser::kRecord) all.records.push_back(record);
    if (took == RecordParser::kBad) all.errors.push_back(std::to_string(number) + ": " + why);
    if (took == RecordParser::kNoHeading) {
      all.errors.push_back("heading: " + why);
      return all;
    }
  }
  if (!parser.finish(why)) all.errors.push_back("end: " + why);
  return all;
}

// "key=value" of each record, "@ms" behind those with a ttl.
std::vector<std::string> shown(const Read& all) {
  std::vector<std::string> texts = all.errors;
  for (const ImportRecord& r : all.records)
    texts.push_back(r.key + "=" + r.value + (r.ttl_ms > 0 ? "@"s + std::to_string(r.ttl_ms) : "") +
                    (r.expires_at_ms > 0 ? "@@"s + std::to_string(r.expires_at_ms) : ""));
  return texts;
}

using Texts = std::vector<std::string>;

TEST(Records, BytesOfAllKindsSurviveEveryFormatWithColumnsOrJson) {
  std::vector<client::KeyValue> kvs{
      {.key = "plain", .value = ""},
      {.key = "a,b\"c\"", .value = "\"quoted\", and\r\nover\nlines\r"},
      {.key = "\ttab\\n", .value = "back\\slash\\"},
      {.key = "\xFF", .value = "\u20AC \u202E"},
      {.key = "[a,b]", .value = " blanks "},
      {.key = "#", .value = "\xEF\xBB\xBF mark"},
      {.key = "soon", .value = "v", .expires_at_ms = 1'005},
      {.key = "past", .value = "v", .expires_at_ms = 5},
  };
  std::string every;
  for (int byte = 0; byte < 256; ++byte) {
    every += static_cast<char>(byte);
    kvs.push_back({.key = "k"s + static_cast<char>(byte), .value = std::string(2, static_cast<char>(byte))});
  }
  kvs.push_back({.key = every, .value = every + every});
  for (const auto format : {RecordFormat::kJsonl, RecordFormat::kCsv, RecordFormat::kTsv}) {
    const RecordWriter writer(format);
    std::string out = writer.heading();
    std::string why;
    for (const auto& kv : kvs) ASSERT_TRUE(writer.append(kv, 1'000, out, why)) << why;
    const Read back = read(format, out);
    EXPECT_EQ(back.errors, Texts{});
    ASSERT_EQ(back.records.size(), kvs.size()) << out;
    for (std::size_t i = 0; i < kvs.size(); ++i) {
      EXPECT_EQ(back.records[i].key, kvs[i].key) << static_cast<int>(format);
      EXPECT_EQ(back.records[i].value, kvs[i].value) << static_cast<int>(format) << " " << kvs[i].key;
      EXPECT_EQ(back.records[i].ttl_ms, kvs[i].expires_at_ms == 0 ? 0 : kvs[i].key == "past" ? 1 : 5);
    }
  }
}

TEST(Records, WrittenFormsAreWhatTheirNamesSay) {
  const client::KeyValue text{.key = "a\tb", .value = "say \"x\"", .expires_at_ms = 60};
  const client::KeyValue bytes{.key = "k", .value = "\xFF"};
  const auto written = [&](RecordFormat format) {
    const RecordWriter writer(format);
    std::string out = writer.heading();
    std::string why;
    EXPECT_TRUE(writer.append(text, 10, out, why)) << why;
    EXPECT_TRUE(writer.append(bytes, 10, out, why)) << why;
    return out;
  };
  EXPECT_EQ(written(RecordFormat::kJsonl),
            "{\"key\":\"a\\tb\",\"value\":\"say "
            "\\\"x\\\"\",\"ttl_ms\":50}\n{\"key\":\"k\",\"value_b64\":\"/w==\"}\n");
  EXPECT_EQ(written(RecordFormat::kCsv),
            "key,key_b64,value,value_b64,ttl_ms\na\tb,,\"say \"\"x\"\"\",,50\nk,,,/w==,\n");
  std::string out, why;
  // Other readers take a lone carriage return for the end of a line.
  EXPECT_TRUE(RecordWriter(RecordFormat::kCsv).append({.key = "k", .value = "a\rb"}, 0, out, why));
  EXPECT_EQ(out, "k,,\"a\rb\",,\n");
  EXPECT_EQ(written(RecordFormat::kTsv),
            "key\tkey_b64\tvalue\tvalue_b64\tttl_ms\na\\tb\t\tsay \"x\"\t\t50\nk\t\t\t/w==\t\n");
}

TEST(Records, LinesHoldWhatFitsIntoThem) {
  const RecordWriter writer(RecordFormat::kLines);
  std::string out, why;
  EXPECT_TRUE(writer.append({.key = "k", .value = "two words \xFF"}, 0, out, why));
  EXPECT_TRUE(writer.append({.key = "empty", .value = ""}, 0, out, why));
  EXPECT_FALSE(writer.append({.key = "a b", .value = "v"}, 0, out, why));
  EXPECT_NE(why.find("a key with a blank"), std::string::npos) << why;
  EXPECT_FALSE(writer.append({.key = "k", .value = "a\nb"}, 0, out, why));
  EXPECT_NE(why.find("the end of a line"), std::string::npos) << why;
  EXPECT_FALSE(writer.append({.key = "k", .value = "v", .expires_at_ms = 1}, 0, out, why));
  EXPECT_NE(why.find("an expiry"), std::string::npos) << why;
  EXPECT_EQ(out, "k two words \xFF\nempty \n");
  EXPECT_EQ(shown(read(RecordFormat::kLines, out + "\nno-value\n x\n")),
            (Texts{"4: not KEY VALUE", "5: not KEY VALUE", "k=two words \xFF", "empty="}));
}

TEST(Records, ColumnsStandInAnyOrderAndMayBeMissing) {
  EXPECT_EQ(shown(read(RecordFormat::kCsv, "\xEF\xBB\xBFvalue,key\r\n1,a\r\n\r\n\"2\r\n3\",b\r\n")),
            (Texts{"a=1", "b=2\r\n3"}));
  EXPECT_EQ(shown(read(RecordFormat::kCsv, "version,ttl_ms,key_b64,value\n7,60,YQ==,x\n7,,YQ==,y\n")),
            (Texts{"a=x@60", "a=y"}));
  EXPECT_EQ(shown(read(RecordFormat::kTsv, "key\tvalue\texpires_at_ms\r\na\tb c\t9\r\n")), Texts{"a=b c@@9"});
}

TEST(Records, ABadLineIsNamedAndTheNextOneRead) {
  EXPECT_EQ(shown(read(RecordFormat::kCsv, "key,value\na\nb,1,2\nc,\"x\"y\nd,x\"y\ne,ok\n")),
            (Texts{"2: 1 cells for 2 columns", "3: 3 cells for 2 columns", "4: text behind a closing quote",
                   "5: a quote inside a cell that does not begin with one", "e=ok"}));
  EXPECT_EQ(shown(read(RecordFormat::kCsv, "key,key_b64,value,ttl_ms\na,YQ==,1,\nb,,1,-1\n,?,1,\nc,,1,2\n")),
            (Texts{"2: key is given twice, as text and as base64",
                   "3: ttl_ms must be a whole number of milliseconds", "4: key_b64 is not base64", "c=1@2"}));
  EXPECT_EQ(shown(read(RecordFormat::kTsv, "key\tvalue\na\\x\tb\na\tb\\\nc\tok\n")),
            (Texts{"2: a backslash that is none of \\t, \\n, \\r and \\\\",
                   "3: a backslash that is none of \\t, \\n, \\r and \\\\", "c=ok"}));
}

TEST(Records, WithoutAHeadingNothingIsRead) {
  for (const char* text :
       {"a,1\nb,2\n", "key\na\n", "key,value,key\n", "key,value,\n", "value,ttl_ms\n", "\"key\"x,value\n"}) {
    const Read all = read(RecordFormat::kCsv, text);
    EXPECT_EQ(all.records.size(), 0U) << text;
    ASSERT_EQ(all.errors.size(), 1U) << text;
    EXPECT_EQ(all.errors[0].find("heading: "), 0U) << text;
  }
}

TEST(Records, AnOpenQuoteEndsWithTheInputOrTheLimit) {
  EXPECT_EQ(shown(read(RecordFormat::kCsv, "key,value\na,\"b\nc\n")),
            Texts{"end: the input ends inside quotes"});
  const std::string long_cell =
      "key,value\na,\""s + std::string(60, 'x') + "\n" + std::string(60, 'y') + "\nb,1\n";
  EXPECT_EQ(shown(read(RecordFormat::kCsv, long_cell, 100)),
            (Texts{"3: longer than 100 bytes; is a quote missing?", "b=1"}));
}

TEST(Records, FormatsGoByName) {
  EXPECT_EQ(format_of_file("a.csv"), RecordFormat::kCsv);
  EXPECT_EQ(format_of_file("a.tsv"), RecordFormat::kTsv);
  EXPECT_EQ(format_of_file("a.txt"), RecordFormat::kLines);
  EXPECT_EQ(format_of_file("-"), RecordFormat::kJsonl);
  EXPECT_EQ(format_named("lines"), RecordFormat::kLines);
  EXPECT_EQ(format_named("auto"), std::nullopt);
}

}  // namespace
}  // namespace flashkv::kvctl
