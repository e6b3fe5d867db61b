#include "client/kvctl/jsonl.h"

#include <gtest/gtest.h>

namespace flashkv::kvctl {
namespace {

using namespace std::string_literals;

TEST(Jsonl, ReadsTextBase64AndTtl) {
  ImportRecord r;
  std::string why;
  ASSERT_TRUE(parse_jsonl(R"({"key":"a b","value":"x\ny\u20ac"})", r, why)) << why;
  EXPECT_EQ(r.key, "a b");
  EXPECT_EQ(r.value, "x\ny\xE2\x82\xAC");
  EXPECT_EQ(r.ttl_ms, 0);
  ASSERT_TRUE(parse_jsonl(R"({"value_b64":"AAH/","ttl_ms":1500,"key_b64":"/w=="})", r, why)) << why;
  EXPECT_EQ(r.key, "\xFF");
  EXPECT_EQ(r.value, "\0\1\xFF"s);
  EXPECT_EQ(r.ttl_ms, 1500);
  ASSERT_TRUE(parse_jsonl(R"( {"key" : "k" , "value" : ""} )", r, why)) << why;
  EXPECT_EQ(r.value, "");
  EXPECT_EQ(r.ttl_ms, 0) << "a ttl must not stay from the line before";
}

TEST(Jsonl, ReadsOverTheHistoryThatGetPrints) {
  ImportRecord r;
  std::string why;
  ASSERT_TRUE(parse_jsonl(
      R"({"key":"k","value":"v","create_revision":3,"mod_revision":4,"version":2,"expires_at_ms":99})", r,
      why))
      << why;
  EXPECT_EQ(r.expires_at_ms, 99);
  EXPECT_EQ(r.ttl_ms, 0);
  ASSERT_TRUE(parse_jsonl(R"({"key":"k","value":"v"})", r, why)) << why;
  EXPECT_EQ(r.expires_at_ms, 0) << "an expiry must not stay from the line before";
}

struct BadLine {
  const char* line;
  const char* why;
};

class JsonlRefuses : public testing::TestWithParam<BadLine> {};

TEST_P(JsonlRefuses, AndSaysWhy) {
  ImportRecord r;
  std::string why;
  EXPECT_FALSE(parse_jsonl(GetParam().line, r, why)) << GetParam().line;
  EXPECT_NE(why.find(GetParam().why), std::string::npos) << why;
}

INSTANTIATE_TEST_SUITE_P(
    Lines, JsonlRefuses,
    testing::Values(BadLine{"not json", "not valid JSON"},
                    BadLine{R"({"key":"a","value":"b")", "not valid JSON"},
                    BadLine{R"({"key":"a","value":"b"} x)", "not valid JSON"},
                    BadLine{"7", "not a JSON object"}, BadLine{"\"text\"", "not a JSON object"},
                    BadLine{"[]", "not a JSON object"}, BadLine{R"({"value":"b"})", "no \"key\""},
                    BadLine{R"({"key":"a"})", "no \"value\""},
                    BadLine{R"({"key":1,"value":"b"})", "must be strings"},
                    BadLine{R"({"key":null,"value":"b"})", "must be strings"},
                    BadLine{R"({"key":["a"],"value":"b"})", "must be strings"},
                    BadLine{R"({"key":"a","value":{"b":1}})", "nested"},
                    BadLine{R"({"key":"a","key_b64":"YQ==","value":"b"})", "given twice"},
                    BadLine{R"({"key":"a","value":"b","value":"c"})", "given twice"},
                    BadLine{R"({"key_b64":"*","value":"b"})", "not base64"},
                    BadLine{R"({"key":"a","value":"b","color":"c"})", "unknown field \"color\""},
                    BadLine{R"({"key":"a","value":"b","ttl_ms":"5"})", "must be a number"},
                    BadLine{R"({"key":"a","value":"b","ttl_ms":null})", "ttl_ms must be a number"},
                    BadLine{R"({"key":"a","ttl_ms":5,"value":"b","ttl_ms":5})", "given twice"},
                    BadLine{R"({"key":"a","value":"b","ttl_ms":-5})", "negative"},
                    BadLine{R"({"key":"a","value":"b","ttl_ms":1.5})", "whole number"},
                    BadLine{R"({"key":"a","value":"b","ttl_ms":18446744073709551615})", "too large"},
                    BadLine{R"({"key":"a","value":"b","ttl_ms":1,"expires_at_ms":1})", "given twice"},
                    BadLine{R"({"key":"a","value":"b","expires_at_ms":-1})", "expires_at_ms is negative"},
                    BadLine{R"({"key":"a","value":"b","version":"1"})", "must be numbers"},
                    BadLine{"{\"key\":\"\xFF\",\"value\":\"b\"}", "not valid JSON"}));

}  // namespace
}  // namespace flashkv::kvctl
