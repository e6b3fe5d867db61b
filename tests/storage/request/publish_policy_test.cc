#include "storage/request/publish_policy.h"

#include <gtest/gtest.h>

#include <string>

namespace flashkv::test {
namespace {

std::string refusal(Nanos interval, std::uint64_t max_batch) {
  return text_of(policy_error({.interval = interval, .max_batch = max_batch, .adaptive = true}));
}

TEST(PublishPolicyTest, BothBoundsBelongToTheRange) {
  constexpr Nanos kDay = Nanos{24} * 3600 * 1'000'000'000;
  EXPECT_EQ(refusal(0, 1), "");
  EXPECT_EQ(refusal(kDay, 1'000'000), "");
  for (const Nanos interval : {Nanos{-1}, kDay + 1, kNever}) {
    EXPECT_EQ(refusal(interval, 1), "interval: must be 0 to 24 hours") << interval;
  }
  for (const std::uint64_t batch : {std::uint64_t{0}, std::uint64_t{1'000'001}, ~std::uint64_t{0}}) {
    EXPECT_EQ(refusal(0, batch), "max_batch: must be 1 to 1000000") << batch;
  }
  EXPECT_EQ(refusal(-1, 0), "interval: must be 0 to 24 hours") << "the first bad field is named";
}

}  // namespace
}  // namespace flashkv::test
