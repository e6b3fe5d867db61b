#include "server/service/validate.h"

#include <gmock/gmock.h>
#include <google/protobuf/text_format.h>
#include <gtest/gtest.h>

namespace flashkv {
namespace {

using testing::HasSubstr;
using testing::Not;

struct Row {
  const char* text;  // the request, in protobuf's text form
  Code code;
  std::vector<std::string> says = {};
};

template <typename R>
R parse(const std::string& text) {
  R request;
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(text, &request)) << text;
  return request;
}

constexpr StoreLimits kSmall{.max_key_bytes = 8, .max_value_bytes = 16};

template <typename R>
Status check_small(const R& request) {
  return validate(request, kSmall);
}
Status check_small(const v1::MultiGetRequest& request) {
  return validate(request, kSmall, RequestLimits{.max_multiget_keys = 3});
}

template <typename R>
void check(const std::vector<Row>& rows) {
  for (const Row& row : rows) {
    SCOPED_TRACE(row.text);
    const Status status = check_small(parse<R>(row.text));
    EXPECT_EQ(static_cast<int>(status.code), static_cast<int>(row.code)) << status.message;
    for (const std::string& text : row.says) EXPECT_THAT(status.message, HasSubstr(text));
    EXPECT_THAT(status.message, Not(HasSubstr("secret"))) << "an error must not show contents";
  }
}

constexpr Code kOk = Code::kOk;
constexpr Code kInvalid = Code::kInvalidArgument;

TEST(Validate, Get) {
  check<v1::GetRequest>({{R"(key: "k")", kOk},
                         {R"(key: "12345678")", kOk},
                         {R"(key: "\000\377")", kOk},
                         {R"()", kInvalid, {"key", "empty"}},
                         {R"(key: "secret789")", kInvalid, {"key", "9 bytes", "8"}}});
}

TEST(Validate, MultiGet) {
  check<v1::MultiGetRequest>({{R"()", kOk},
                              {R"(keys: "a" keys: "a" keys: "b")", kOk},
                              {R"(keys: "a" keys: "")", kInvalid, {"keys", "empty"}},
                              {R"(keys: "secret789")", kInvalid, {"keys", "9 bytes", "8"}},
                              {R"(keys: "a" keys: "b" keys: "c" keys: "d")", kInvalid, {"keys", "4", "3"}}});
}

TEST(Validate, Put) {
  check<v1::PutRequest>({{R"(key: "k")", kOk},
                         {R"(key: "k" value: "1234567890123456")", kOk},
                         {R"(key: "k" ttl_ms: 3153600000000)", kOk},
                         {R"(key: "k" keep_ttl: true)", kOk},
                         {R"(key: "k" ack: ACK_APPLIED condition: CONDITION_IF_ABSENT)", kOk},
                         {R"(value: "v")", kInvalid, {"key", "empty"}},
                         {R"(key: "secret789")", kInvalid, {"key", "9 bytes", "8"}},
                         {R"(key: "k" value: "secret78901234567")", kInvalid, {"value", "17 bytes", "16"}},
                         {R"(key: "k" ttl_ms: -1)", kInvalid, {"ttl_ms", "-1"}},
                         {R"(key: "k" ttl_ms: 3153600000001)", kInvalid, {"ttl_ms", "3153600000000"}},
                         {R"(key: "k" ttl_ms: -9223372036854775808)", kInvalid, {"ttl_ms"}},
                         {R"(key: "k" ttl_ms: 9223372036854775807)", kInvalid, {"ttl_ms"}},
                         {R"(key: "k" ttl_ms: 1 keep_ttl: true)", kInvalid, {"keep_ttl", "ttl_ms"}},
                         {R"(key: "k" condition: 9)", kInvalid, {"condition", "9"}},
                         {R"(key: "k" ack: 9)", kInvalid, {"ack", "9"}},
                         {R"(key: "k" ack: ACK_DURABLE)", kOk}});
}

TEST(Validate, Delete) {
  check<v1::DeleteRequest>({{R"(key: "k")", kOk},
                            {R"()", kInvalid, {"key", "prefix", "start", "end"}},
                            {R"(limit: 3)", kInvalid, {"key", "prefix"}},
                            {R"(key: "a" prefix: "b")", kInvalid, {"only one", "prefix"}},
                            {R"(key: "a" end: "b")", kInvalid, {"only one"}},
                            {R"(prefix: "a" start: "b")", kInvalid, {"only one"}},
                            {R"(start: "b" end: "a")", kInvalid, {"end", "start"}},
                            {R"(start: "a" end: "a")", kInvalid, {"end", "start"}},
                            {R"(key: "secret789")", kInvalid, {"key", "9 bytes"}},
                            {R"(prefix: "secret789")", kInvalid, {"prefix", "9 bytes"}},
                            {R"(start: "secret789")", kInvalid, {"start", "9 bytes"}},
                            {R"(end: "secret789")", kInvalid, {"end", "9 bytes"}},
                            {R"(key: "k" ack: -1)", kInvalid, {"ack", "-1"}},
                            {R"(prefix: "a" ack: 9)", kInvalid, {"ack"}},
                            {R"(prefix: "12345678")", kOk},
                            {R"(start: "a" limit: 3 prev_kv: true)", kOk},
                            {R"(end: "b")", kOk},
                            {R"(start: "a" end: "b")", kOk}});
}

TEST(Validate, Scan) {
  check<v1::ScanRequest>({{R"()", kOk},
                          {R"(prefix: "12345678" limit: 3 page_size: 1 reverse: true)", kOk},
                          {R"(start: "a")", kOk},
                          {R"(end: "b" count_only: true)", kOk},
                          {R"(start: "a" end: "b")", kOk},
                          {R"(prefix: "a" start: "b")", kInvalid, {"prefix", "only one"}},
                          {R"(prefix: "a" end: "b")", kInvalid, {"prefix", "only one"}},
                          {R"(start: "b" end: "a")", kInvalid, {"end", "start"}},
                          {R"(start: "a" end: "a")", kInvalid, {"end", "start"}},
                          {R"(prefix: "secret789")", kInvalid, {"prefix", "9 bytes", "8"}},
                          {R"(start: "secret789")", kInvalid, {"start", "9 bytes", "8"}},
                          {R"(end: "secret789")", kInvalid, {"end", "9 bytes", "8"}}});
}

// success and failure are lists of their own.
TEST(Validate, ATxnWithRangesWritesAKeyAtMostOnce) {
  check<v1::TxnRequest>(
      {{R"(success { delete { prefix: "b" } } success { put { key: "a" } } success { put { key: "c" } })",
        kOk},
       {R"(success { delete { start: "b" end: "d" } } success { put { key: "d" } })", kOk},
       {R"(success { delete { start: "b" end: "d" } } success { delete { start: "d" } })", kOk},
       {R"(success { delete { prefix: "b" } } success { get { key: "b1" } })", kOk},
       {R"(success { delete { prefix: "b" } } failure { put { key: "b" } })", kOk},
       {R"(success { delete { prefix: "a" } } success { delete { prefix: "b" } })", kOk},
       {R"(success { put { key: "b1" } } success { delete { prefix: "b" } })",
        kInvalid,
        {"success[1]", "overlap", "at most once"}},
       {R"(failure { delete { prefix: "b" } } failure { put { key: "a" } } failure { append { key: "b" } })",
        kInvalid,
        {"failure[2]", "overlap"}},
       {R"(success { delete { start: "b" end: "d" } } success { increment { key: "c" } })",
        kInvalid,
        {"success[1]", "overlap"}},
       {R"(success { expire { key: "z" } } success { delete { start: "b" } })", kInvalid, {"success[1]"}},
       {R"(success { delete { end: "c" } } success { delete { key: "b" } })", kInvalid, {"success[1]"}},
       {R"(success { delete { start: "a" end: "c" } } success { delete { start: "b" end: "d" } })",
        kInvalid,
        {"success[1]"}},
       {R"(success { delete { prefix: "ab" } } success { delete { prefix: "a" } })",
        kInvalid,
        {"success[1]"}},
       {R"(success { delete { prefix: "a" } } success { delete { prefix: "a" } })",
        kInvalid,
        {"success[1]"}}});
}

TEST(Validate, ExpireIncrementAppend) {
  check<v1::ExpireRequest>({{R"(key: "k" ttl_ms: 5)", kOk},
                            {R"(ttl_ms: 5)", kInvalid, {"key"}},
                            {R"(key: "k" ttl_ms: -5)", kInvalid, {"ttl_ms"}},
                            {R"(key: "k" ack: 4)", kInvalid, {"ack"}}});
  check<v1::IncrementRequest>({{R"(key: "k" delta: -5 initial: 2)", kOk},
                               {R"(delta: 5)", kInvalid, {"key"}},
                               {R"(key: "k" ttl_ms: -5)", kInvalid, {"ttl_ms"}},
                               {R"(key: "k" ack: 4)", kInvalid, {"ack"}}});
  check<v1::AppendRequest>({{R"(key: "k")", kOk},
                            {R"(value: "v")", kInvalid, {"key"}},
                            {R"(key: "k" value: "secret78901234567")", kInvalid, {"value", "17 bytes"}},
                            {R"(key: "k" ack: 4)", kInvalid, {"ack"}}});
}

TEST(Validate, Write) {
  check<v1::WriteRequest>(
      {{R"(ops { put { key: "k" } } ops { get { key: "k" } })", kOk},
       {R"()", kInvalid, {"ops", "empty"}},
       {R"(ops { put { key: "k" } } ops { })", kInvalid, {"ops[1]", "none is set"}},
       {R"(ops { put { } })", kInvalid, {"ops[0]", "key"}},
       {R"(ops { get { } })", kInvalid, {"ops[0]", "key"}},
       {R"(ops { delete { } })", kInvalid, {"ops[0]", "prefix"}},
       {R"(ops { expire { key: "k" ttl_ms: -1 } })", kInvalid, {"ops[0]", "ttl_ms"}},
       {R"(ops { increment { } })", kInvalid, {"ops[0]", "key"}},
       {R"(ops { append { key: "k" value: "secret78901234567" } })", kInvalid, {"ops[0]", "value"}},
       {R"(ops { put { key: "k" ack: 9 } })", kOk},
       {R"(ops { put { key: "k" } } ack: 9)", kInvalid, {"ack"}},
       {R"(ops { put { key: "k" } } ack: ACK_DURABLE)", kOk},
       {R"(ops { delete { prefix: "a" } } ops { put { } })", kInvalid, {"ops[1]"}},
       {R"(ops { delete { prefix: "a" } } ops { put { key: "a" } })", kOk}});
  v1::WriteRequest many;
  for (int i = 0; i < 10'000; ++i) many.add_ops()->mutable_get()->set_key("k");
  EXPECT_TRUE(check_small(many).ok());
  many.add_ops()->mutable_get()->set_key("k");
  const Status status = check_small(many);
  EXPECT_EQ(status.code, kInvalid);
  EXPECT_THAT(status.message, HasSubstr("10001"));
}

TEST(Validate, ATransactionHasAtMost1024EntriesInEachList) {
  const auto check_list = [](const char* field, const auto& add) {
    v1::TxnRequest r;
    for (int i = 0; i < 1'024; ++i) add(r);
    EXPECT_TRUE(validate(r, kSmall).ok()) << field;
    add(r);
    const Status status = validate(r, kSmall);
    EXPECT_EQ(status.code, kInvalid);
    EXPECT_EQ(status.message, std::string(field) + ": 1025, the limit is 1024");
  };
  check_list("compare", [](v1::TxnRequest& r) { r.add_compare()->set_key("k"); });
  check_list("success", [](v1::TxnRequest& r) { r.add_success()->mutable_get()->set_key("k"); });
  check_list("failure", [](v1::TxnRequest& r) { r.add_failure()->mutable_get()->set_key("k"); });
}

TEST(Validate, SetPublishPolicy) {
  const auto says = [](const char* text) {
    const Status s = validate(parse<v1::SetPublishPolicyRequest>(text));
    EXPECT_EQ(s.code, s.message.empty() ? kOk : kInvalid) << text;
    return s.message;
  };
  EXPECT_EQ(says("max_batch: 1"), "");
  EXPECT_EQ(says("max_batch: 1000000 interval_us: 86400000000"), "");
  EXPECT_EQ(says(""), "max_batch: 0, allowed is 1 to 1000000");
  EXPECT_EQ(says("max_batch: 1000001"), "max_batch: 1000001, allowed is 1 to 1000000");
  EXPECT_EQ(says("max_batch: 1 interval_us: 86400000001"),
            "interval_us: 86400000001, the limit is 86400000000 (24 hours)");
  EXPECT_EQ(says("max_batch: 1 interval_us: 2305843009213693952"),
            "interval_us: 2305843009213693952, the limit is 86400000000 (24 hours)")
      << "2^61: in nanoseconds it would come round to 0";
  EXPECT_NE(says("max_batch: 18446744073709551615"), "");
  EXPECT_NE(says("max_batch: 1 interval_us: 18446744073709551615"), "");
}

}  // namespace
}  // namespace flashkv
