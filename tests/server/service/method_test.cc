#include "server/service/method.h"

#include <gtest/gtest.h>

namespace flashkv {
namespace {

constexpr MethodId kGet = 0;
constexpr MethodId kPut = 1;
constexpr MethodId kWrite = 2;

TEST(MethodCounters, AddUpOverThreads) {
  MethodCounters one;
  MethodCounters other;
  one.count(kGet, Code::kOk);
  other.count(kGet, Code::kOk);
  other.count(kWrite, Code::kUnavailable);
  MethodCounts sum{};
  one.add_to(sum);
  other.add_to(sum);
  EXPECT_EQ(sum[kGet][0], 2U);
  EXPECT_EQ(sum[kWrite][14], 1U);
}

TEST(MethodCounters, AnUnknownCodeCountsAsUnknown) {
  MethodCounters counters;
  counters.count(kPut, Code{99});
  MethodCounts sum{};
  counters.add_to(sum);
  EXPECT_EQ(sum[kPut][2], 1U);
}

}  // namespace
}  // namespace flashkv
