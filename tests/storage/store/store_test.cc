// The store as its readers and its owner see it.
#include "storage/store.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <vector>

#include "tests/support/store_fixture.h"

namespace flashkv::test {
namespace {

using StoreReadTest = StoreTest;
INSTANTIATE_TEST_SUITE_P(Engines, StoreReadTest, ::testing::ValuesIn(served_cases()), EngineName{});

TEST_P(StoreReadTest, GetCopiesWhatIsAskedFor) {
  put("a", "value");
  auto reader = store().make_reader();
  std::string value = "left over";
  Lookup with{.value = &value};
  EXPECT_EQ(reader->get("a", with), 1U);
  EXPECT_EQ(value, "value");
  Lookup without;
  EXPECT_EQ(reader->get("a", without), 1U);
  EXPECT_TRUE(without.found);
  EXPECT_EQ(without.mod_revision, 1U);
  Lookup missing{.found = true};
  reader->get("b", missing);
  EXPECT_FALSE(missing.found);
  EXPECT_EQ(reader->published_revision(), 1U);
}

TEST_P(StoreReadTest, KeysAreBytes) {
  const std::string with_nul("a\0b", 3);
  put(with_nul, "nul");
  put("a", "prefix");
  put(std::string(65'535, 'k'), "longest");
  EXPECT_EQ(value_of(with_nul), "nul");
  EXPECT_EQ(value_of("a"), "prefix");
  EXPECT_EQ(value_of(std::string(65'535, 'k')), "longest");
  EXPECT_EQ(value_of(std::string(65'534, 'k')), std::nullopt);
}

TEST_P(StoreReadTest, MultiGetAnswersInRequestOrder) {
  for (std::size_t i = 0; i < 300; ++i) put(numbered("k", i), numbered("v", i));
  auto reader = store().make_reader();
  for (const std::size_t n : {0U, 1U, 7U, 64U, 300U}) {
    std::vector<std::string> keys;
    std::vector<std::string> values(n);
    std::vector<Lookup> out(n);
    for (std::size_t i = 0; i < n; ++i) {
      keys.push_back(numbered(i % 5 == 0 ? "missing" : "k", (i * 37) % 300));
      out[i].value = &values[i];
    }
    const std::vector<std::string_view> views(keys.begin(), keys.end());
    bool complete = false;
    EXPECT_EQ(reader->multi_get(views, out, 1 << 20, complete), 300U);
    EXPECT_TRUE(complete);
    for (std::size_t i = 0; i < n; ++i) {
      ASSERT_EQ(out[i].found, i % 5 != 0) << keys[i];
      if (!out[i].found) continue;
      ASSERT_EQ(values[i], numbered("v", (i * 37) % 300));
    }
  }
}

TEST_P(StoreReadTest, MultiGetCopiesNothingWhenTheValuesAreTooLarge) {
  put("a", std::string(60, 'a'));
  put("b", std::string(41, 'b'));
  auto reader = store().make_reader();
  const std::array<std::string_view, 3> keys{"a", "b", "none"};
  std::array<std::string, 3> values;
  std::array<Lookup, 3> out;
  for (std::size_t i = 0; i < 3; ++i) out[i].value = &values[i];
  bool complete = true;
  reader->multi_get(keys, out, 100, complete);
  EXPECT_FALSE(complete);
  EXPECT_EQ(values[0].capacity(), std::string().capacity());
  reader->multi_get(keys, out, 101, complete);
  EXPECT_TRUE(complete);
  EXPECT_EQ(values[1].size(), 41U);
  out[1].value = nullptr;
  reader->multi_get(keys, out, 60, complete);
  EXPECT_TRUE(complete) << "values that nobody wants do not count";
}

TEST_P(StoreReadTest, MultiGetKnowsExpiry) {
  Call c;
  run(c.put_ttl("a", std::string(90, 'a'), 100).put("b", "1"));
  clock.advance(100 * kMs);
  auto reader = store().make_reader();
  const std::array<std::string_view, 2> keys{"a", "b"};
  std::array<std::string, 2> values;
  std::array<Lookup, 2> out{Lookup{.value = &values[0]}, Lookup{.value = &values[1]}};
  bool complete = false;
  reader->multi_get(keys, out, 10, complete);
  EXPECT_TRUE(complete) << "an expired value is not copied and does not count";
  EXPECT_FALSE(out[0].found);
  EXPECT_TRUE(out[1].found);
}

// Counts how often it is asked.
class CountingClock final : public Clock {
 public:
  Nanos now() const noexcept override {
    ++asked;
    return 1000 * kMs;
  }
  mutable int asked = 0;
};

TEST_P(StoreReadTest, TheClockIsReadOnceAndOnlyForKeysThatCanExpire) {
  CountingClock counting;
  options.clock = &counting;
  Call c;
  c.put("plain", "1").put_ttl("a", "1", 100).put_ttl("b", "1", 100);
  ASSERT_TRUE(submit(c).ok());
  store().step();
  auto reader = store().make_reader();
  counting.asked = 0;
  Lookup out;
  reader->get("plain", out);
  EXPECT_EQ(counting.asked, 0);
  std::array<Lookup, 3> many;
  const std::array<std::string_view, 3> keys{"a", "plain", "b"};
  bool complete = false;
  reader->multi_get(keys, many, 100, complete);
  EXPECT_EQ(counting.asked, 1);
  close();
}

TEST_P(StoreReadTest, StatsTellWhatHappened) {
  put("a", "1");
  Call c;
  run(c.increment("a", 1).increment("b", 1).erase("none"));
  Call bad;
  run(bad.put("c", "x").increment("c", 1));
  const StoreStats s = store().stats();
  EXPECT_EQ(s.engine.keys, 2U);
  EXPECT_EQ(s.writer.keys, 2U);
  EXPECT_GE(s.engine.record_bytes, 2 * Record::bytes_for(1, 1, Record::Expiry::kNone));
  EXPECT_EQ(s.writer.applied_requests, 2U);
  EXPECT_EQ(s.writer.applied_ops, 4U);
  EXPECT_EQ(s.writer.completed_requests, 3U);
  EXPECT_EQ(s.writer.rejected[static_cast<std::size_t>(Code::kFailedPrecondition)], 1U);
  EXPECT_EQ(s.writer.publishes, 2U);
  EXPECT_EQ(s.writer.publish_ns.count(), 2U);
  EXPECT_EQ(s.assigned_revision, 2U);
  EXPECT_EQ(s.published_revision, 2U);
  EXPECT_EQ(s.writer.published_revision, 2U);
  EXPECT_EQ(s.traits.name, store().traits().name);
  EXPECT_EQ(s.store_id, store().store_id());
}

TEST(StoreOpenTest, FlashmapComesWithEitherGuard) {
  for (const auto& [guard, name] :
       {std::pair{GuardChoice::kRefcount, "refcount"}, std::pair{GuardChoice::kAsymmetric, "asymmetric"}}) {
    Status why;
    StoreOptions options;
    options.guard = guard;
    auto store = Store::open(options, why);
    ASSERT_NE(store, nullptr) << why.message;
    EXPECT_EQ(store->stats().guard, name);
    EXPECT_TRUE(store->traits().atomic_batch);
    EXPECT_NE(store->store_id(), 0U);
  }
  EXPECT_THAT(engine_names(), ::testing::Contains("flashmap"));
}

TEST(StoreOpenTest, AnUnknownEngineIsRefusedWithTheAllowedOnes) {
  Status why;
  StoreOptions engine;
  engine.engine = "btree";
  EXPECT_EQ(Store::open(engine, why), nullptr);
  EXPECT_EQ(why.code, Code::kInvalidArgument);
  EXPECT_THAT(why.message, ::testing::HasSubstr("flashmap"));
}

TEST(StoreOpenTest, AnImpossiblePolicyIsRefused) {
  for (const PublishPolicy policy : {PublishPolicy{-1, 1, true}, PublishPolicy{0, 0, true}}) {
    Status why;
    StoreOptions options;
    options.policy = policy;
    EXPECT_EQ(Store::open(options, why), nullptr);
    EXPECT_EQ(why.code, Code::kInvalidArgument);
    EXPECT_EQ(why.message, std::string("publish policy: ") + text_of(policy_error(policy)));
  }
}

TEST(StoreOpenTest, EachStoreHasItsOwnId) {
  Status why;
  EXPECT_NE(Store::open({}, why)->store_id(), Store::open({}, why)->store_id());
}

}  // namespace
}  // namespace flashkv::test
