// An engine without atomic batches behind its overlay.
#include "storage/table/with_overlay.h"

#include <gtest/gtest.h>

#include <map>
#include <random>
#include <string>

#include "tests/support/calls.h"
#include "tests/support/engines/locked_map.h"

namespace flashkv::test {
namespace {

class OverlayTest : public ::testing::Test {
 protected:
  Probe probe(std::string_view key) const { return {key, hash(key)}; }
  void put(std::string_view key, std::string_view value) {
    const Probe p = probe(key);
    ASSERT_TRUE(engine.reserve({&p, 1}));
    engine.upsert(Record::make(key, value, Record::Expiry::kNone).release(), p.hash);
  }
  void erase(std::string_view key) {
    const Probe p = probe(key);
    ASSERT_TRUE(engine.reserve({&p, 1}));
    engine.erase(p);
  }
  std::string staged(std::string_view key) {
    const Record* r = engine.find(probe(key));
    return r == nullptr ? "none" : std::string(r->value());
  }
  std::string seen(std::string_view key) {
    auto reader = engine.make_reader();
    auto guard = reader.enter();
    const Record* r = guard.find(probe(key));
    return r == nullptr ? "none" : std::string(r->value());
  }

  KeyHash hash{1, 0x7};
  WithOverlay<LockedMap> engine{EngineOptions{}};
};

TEST_F(OverlayTest, OnlyTheWriterSeesABatchBeforeItsPublish) {
  ASSERT_TRUE(engine.try_begin_batch(0));
  put("a", "1");
  EXPECT_EQ(staged("a"), "1");
  EXPECT_EQ(seen("a"), "none");
  engine.publish(1);
  EXPECT_EQ(seen("a"), "1");
  ASSERT_TRUE(engine.try_begin_batch(0));
  erase("a");
  put("b", "1");
  erase("b");
  EXPECT_EQ(staged("a"), "none");
  EXPECT_EQ(seen("a"), "1");
  EXPECT_EQ(engine.stats().keys, 0U);
  engine.publish(2);
  EXPECT_EQ(seen("a"), "none");
  EXPECT_EQ(seen("b"), "none");
  EXPECT_EQ(engine.published(), 2U);
}

TEST_F(OverlayTest, RandomBatchesMatchAMapBeforeAndAfterEachPublish) {
  std::mt19937 random(5);
  std::map<std::string, std::string> published;
  const std::int64_t records = Record::live();
  for (std::uint64_t revision = 1; revision <= 300; ++revision) {
    ASSERT_TRUE(engine.try_begin_batch(0));
    auto model = published;
    for (std::size_t i = random() % 40; i > 0; --i) {
      const std::string key = numbered("key", random() % 30);
      if (random() % 3 == 0) {
        erase(key);
        model.erase(key);
      } else {
        const std::string value = numbered("v", random());
        put(key, value);
        model[key] = value;
      }
    }
    std::uint64_t bytes = 0;
    for (std::size_t k = 0; k < 30; ++k) {
      const std::string key = numbered("key", k);
      const auto now = model.find(key);
      const auto before = published.find(key);
      ASSERT_EQ(staged(key), now == model.end() ? "none" : now->second);
      ASSERT_EQ(seen(key), before == published.end() ? "none" : before->second);
      if (now != model.end())
        bytes += Record::bytes_for(key.size(), now->second.size(), Record::Expiry::kNone);
    }
    ASSERT_EQ(engine.stats().keys, model.size());
    ASSERT_EQ(engine.stats().record_bytes, bytes);
    engine.publish(revision);
    ASSERT_EQ(engine.stats().keys, model.size());
    published = std::move(model);
  }
  ASSERT_TRUE(engine.try_begin_batch(0));
#ifndef NDEBUG
  EXPECT_EQ(Record::live() - records, static_cast<std::int64_t>(published.size()));
#else
  EXPECT_EQ(Record::live(), records);
#endif
}

TEST_F(OverlayTest, AnUnpublishedBatchIsFreedWithTheEngine) {
  const std::int64_t records = Record::live();
  {
    WithOverlay<LockedMap> short_lived{EngineOptions{}};
    ASSERT_TRUE(short_lived.try_begin_batch(0));
    const Probe p = probe("a");
    ASSERT_TRUE(short_lived.reserve({&p, 1}));
    short_lived.upsert(Record::make("a", "1", Record::Expiry::kNone).release(), p.hash);
  }
  EXPECT_EQ(Record::live(), records);
}

}  // namespace
}  // namespace flashkv::test
