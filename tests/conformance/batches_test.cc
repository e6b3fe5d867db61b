// Every engine, in every form, against an ordinary map, one batch after the other.
#include "tests/conformance/engine_test.h"
#include "tests/conformance/more_cases.h"
#include "tests/support/random_batches.h"

namespace flashkv::test {
namespace {

class BatchesTest : public ConformanceTest {
 protected:
  static std::string value_of(const Record* record) {
    return record == nullptr ? "none" : std::string(record->value());
  }
  // What the writer finds in the middle of a batch, and what readers must not find yet.
  void expect_staged(const RandomBatches& batches, const RandomBatches::Model& before) {
    const bool held_back = !GetParam().name.starts_with("bare");
    for (const std::string& key : batches.keys()) {
      const Probe probe = engine().probe(key);
      ASSERT_EQ(value_of(engine().table().find(probe)), RandomBatches::expected(batches.model(), key)) << key;
      if (!held_back) continue;
      const std::string read = engine().read(key);
      ASSERT_EQ(read == "(absent)" ? "none" : read, RandomBatches::expected(before, key)) << key;
    }
  }
  // What readers find once it is published, and what the statistics say.
  void expect_published(const RandomBatches& batches) {
    const auto guard = engine().hold();
    ASSERT_EQ(guard->revision(), engine().revision());
    std::uint64_t bytes = 0;
    for (const std::string& key : batches.keys()) {
      const Record* found = guard->find(engine().probe(key));
      ASSERT_EQ(value_of(found), RandomBatches::expected(batches.model(), key)) << key;
      if (found != nullptr) bytes += found->bytes();
    }
    ASSERT_EQ(engine().table().stats().keys, batches.model().size());
    ASSERT_EQ(engine().table().stats().record_bytes, bytes);
  }
  // What a guard from before the batch finds after it.
  void expect_kept(const HeldGuard& guard, const RandomBatches& batches, const RandomBatches::Model& before) {
    ASSERT_EQ(guard.revision() + 1, engine().revision());
    if (!engine().table().traits().atomic_batch) return;  // vacuous: its guards see the keys as they change
    for (const std::string& key : batches.keys()) {
      ASSERT_EQ(value_of(guard.find(engine().probe(key))), RandomBatches::expected(before, key)) << key;
    }
  }
};
INSTANTIATE_TEST_SUITE_P(Engines, BatchesTest,
                         ::testing::ValuesIn(engine_cases() + shaped_cases() + bare_cases()), EngineName{});

TEST_P(BatchesTest, RandomBatchesMatchAMap) {
  constexpr int kBatches = kSanitized ? 40 : 120;
  for (const std::uint64_t mask : all_masks()) {
    SCOPED_TRACE(mask);
    const std::int64_t records = Record::live();
    close();
    options.hash = KeyHash(9, mask);
    const std::uint64_t range = (mask & (mask - 1)) == 0 || mask == 0x3 ? 60 : 600;
    RandomBatches batches(mask, {.range = range, .most = range / 4, .flip = kSanitized ? 10 : 20});
    for (int batch = 0; batch < kBatches; ++batch) {
      engine().begin();
      const RandomBatches::Model before = batches.model();
      auto guard = engine().hold();
      for (const RandomBatches::Change& c : batches.next()) {
        ASSERT_TRUE(c.value ? engine().put(c.key, *c.value) : engine().erase(c.key));
      }
      ASSERT_NO_FATAL_FAILURE(expect_staged(batches, before));
      engine().publish();
      ASSERT_NO_FATAL_FAILURE(expect_kept(*guard, batches, before));
      guard.reset();
      ASSERT_NO_FATAL_FAILURE(expect_published(batches));
    }
    close();
    ASSERT_EQ(Record::live(), records);
  }
}

}  // namespace
}  // namespace flashkv::test
