// What `kvctl stats` prints: each value under the name of its field.
#include <gtest/gtest.h>

#include <map>
#include <set>

#include "client/kvctl/commands.h"
#include "flashkv/v1/admin.pb.h"

namespace flashkv::kvctl {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;

// Sets each number below `message` to another one, and records it under the name its row has.
void fill(Message& message, const std::string& head, std::uint64_t& next,
          std::map<std::string, std::string>& expected) {
  const auto& fields = *message.GetDescriptor();
  for (int i = 0; i < fields.field_count(); ++i) {
    const FieldDescriptor& field = *fields.field(i);
    if (field.is_repeated() || field.name() == "header") continue;
    const auto& to = *message.GetReflection();
    const bool named_by_itself = field.name() == "traits";
    if (field.cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE) {
      const std::string prefix = field.name() == "policy" ? "publish_" : field.name() + "_";
      fill(*to.MutableMessage(&message, &field), named_by_itself ? "" : prefix, next, expected);
    } else if (field.cpp_type() == FieldDescriptor::CPPTYPE_UINT64) {
      to.SetUInt64(&message, &field, ++next);
      expected[head + field.name()] = std::to_string(next);
    } else if (field.cpp_type() == FieldDescriptor::CPPTYPE_STRING) {
      to.SetString(&message, &field, "text" + std::to_string(++next));
      expected[head + field.name()] = "text" + std::to_string(next);
    }
  }
}

TEST(StatsRows, EachNumberIsInTheRowOfItsName) {
  v1::StatsResponse stats;
  std::map<std::string, std::string> expected;
  std::uint64_t next = 1'000;
  fill(stats, "", next, expected);
  stats.mutable_header()->set_store_id(7);
  v1::MethodCount& count = *stats.add_requests();
  count.set_method("Get");
  count.set_code(5);
  count.set_count(8);
  expected.emplace("store_id", std::to_string(7));
  expected.emplace("requests_Get_5", std::to_string(8));
  // A sample's number has no row; its percentiles do.
  std::erase_if(expected, [](const auto& row) { return row.first.ends_with("_count"); });
  std::map<std::string, std::string> rows;
  for (const auto& [name, value, text] : stats_rows(stats)) {
    EXPECT_TRUE(rows.emplace(name, value).second) << name << " is there twice";
  }
  ASSERT_GT(expected.size(), 30U);
  for (const auto& [name, value] : expected) EXPECT_EQ(rows[name], value) << name;
}

TEST(StatsRows, EachTraitIsInTheRowOfItsName) {
  for (const char* name : {"atomic_batch", "linearizable", "ordered", "bounded_garbage"}) {
    v1::StatsResponse stats;
    v1::EngineTraits& traits = *stats.mutable_traits();
    traits.GetReflection()->SetBool(&traits, traits.GetDescriptor()->FindFieldByName(name), true);
    std::set<std::string> yes;
    for (const auto& [row, value, text] : stats_rows(stats)) {
      if (value == "true") yes.insert(row);
    }
    EXPECT_EQ(yes, std::set<std::string>{name});
  }
}

}  // namespace
}  // namespace flashkv::kvctl
