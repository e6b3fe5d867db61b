// The memory that cuckoo-leak keeps.
#include <gtest/gtest.h>

#include <string>

#include "tests/storage/engine/cuckoo/cuckoo_engines.h"
#include "tests/support/engine_batch.h"

namespace flashkv::test {
namespace {

TEST(CuckooLeakTest, KeepsWhatItCannotFreeAndCountsIt) {
  const std::int64_t records = Record::live();
  const KeyHash hash{3};
  {
    CuckooLeak engine(EngineOptions{});
    std::uint64_t kept = 0;
    std::uint64_t revision = 0;
    for (int i = 0; i < 20; ++i) {
      ASSERT_TRUE(engine.try_begin_batch(0));
      kept += engine.staged().bytes();
      if (const Record* old = engine.find({"a", hash("a")})) kept += old->bytes();
      stage_put(engine, hash, "a", named("v", revision), revision);
      engine.publish(++revision);
      EXPECT_EQ(engine.stats().retired_bytes, kept);
    }
  }
  EXPECT_EQ(Record::live(), records);
}

}  // namespace
}  // namespace flashkv::test
