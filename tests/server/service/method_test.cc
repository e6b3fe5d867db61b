#include "server/service/method.h"

#include <gtest/gtest.h>

#include <set>

namespace flashkv {
namespace {

TEST(MethodCounters, AddUpOverThreads) {
  MethodCounters one;
  MethodCounters other;
  one.count(Method::kGet, Code::kOk);
  other.count(Method::kGet, Code::kOk);
  other.count(Method::kWrite, Code::kUnavailable);
  MethodCounts sum{};
  one.add_to(sum);
  other.add_to(sum);
  EXPECT_EQ(sum[static_cast<std::size_t>(Method::kGet)][0], 2U);
  EXPECT_EQ(sum[static_cast<std::size_t>(Method::kWrite)][14], 1U);
}

TEST(MethodCounters, AnUnknownCodeCountsAsUnknown) {
  MethodCounters counters;
  counters.count(Method::kPut, 99);
  MethodCounts sum{};
  counters.add_to(sum);
  EXPECT_EQ(sum[static_cast<std::size_t>(Method::kPut)][2], 1U);
}

TEST(MethodNames, AreAllThereAndAllDifferent) {
  const std::set<std::string_view> names(kMethodNames.begin(), kMethodNames.end());
  EXPECT_EQ(names.size(), kMethods);
  EXPECT_FALSE(names.contains(""));
}

}  // namespace
}  // namespace flashkv
