// The memory that a store holds for its clients is bounded, whatever they ask for and however seldom it
// publishes.
#include <gtest/gtest.h>

#include <vector>

#include "storage/apply/request_plan.h"
#include "storage/writer/writer.h"
#include "tests/support/store_fixture.h"

namespace flashkv::test {
namespace {

class BoundsTest : public StoreTest {
 protected:
  // Publishes only when asked.
  void never_publish() {
    options.policy = {.interval = 3'600'000 * kMs, .max_batch = 1'024, .adaptive = false};
  }
  Call& run_unpublished(Call& call) {
    call.ack = Ack::kApplied;
    return run(call);
  }
};

// The bounds are the writer's, whatever the engine: where so many bytes take long, one of each kind is
// enough.
std::vector<EngineCase> bounded_cases() {
  std::vector<EngineCase> cases = engine_cases();
#if defined(__SANITIZE_THREAD__) || defined(__SANITIZE_ADDRESS__)
  std::erase_if(cases, [](const EngineCase& c) {
    return c.name != "flashmap_asymmetric" && c.name != "relativistic" && c.name != "cuckoo_leak";
  });
#endif
  return cases;
}
INSTANTIATE_TEST_SUITE_P(Engines, BoundsTest, ::testing::ValuesIn(bounded_cases()), EngineName{});

TEST_P(BoundsTest, GarbageOfAnUnpublishedBatchIsLetGo) {
  never_publish();
  const std::string value(64 << 10, 'v');
  std::uint64_t most = 0;
  // Five times as much as may wait.
  const std::uint64_t writes = 5 * Writer::kMaxUnpublishedBytes / value.size();
  for (std::uint64_t n = 0; n < writes; ++n) {
    Call c;
    run_unpublished(c.put("key", value));
    ASSERT_TRUE(c.status.ok()) << c.status.message;
    const EngineStats stats = store().stats().engine;
    if (stats.leak_full) return;  // said so in words: leaking_test.cc
    most = std::max(most, stats.retired_bytes - stats.leaked_bytes);
  }
  EXPECT_LE(most, Writer::kMaxUnpublishedBytes + (1 << 20));
  EXPECT_LE(store().stats().writer.publishes, 6U);
}

TEST_P(BoundsTest, AMillionOperationsArePublishedBeforeTheirTime) {
  never_publish();
  constexpr std::uint64_t kOps = 10'000;
  std::uint64_t ops = 0;
  for (; store().published_revision() == 0 && ops <= Writer::kMaxUnpublishedOps; ops += kOps) {
    Call c;
    for (std::uint64_t n = 0; n < kOps; ++n) c.increment(numbered("counter", n % 10), 1);
    run_unpublished(c);
    ASSERT_TRUE(c.status.ok()) << c.status.message;
  }
  EXPECT_GE(ops, Writer::kMaxUnpublishedOps);
  EXPECT_EQ(store().published_revision(), store().assigned_revision());
}

TEST_P(BoundsTest, ARequestThatWouldCopyTooMuchIsRefusedWhole) {
  options.limits.max_value_bytes = 8 << 20;
  put("large", std::string(6 << 20, 'v'));
  const std::uint64_t revision = store().assigned_revision();
  Call c;
  for (int n = 0; n < 100; ++n) c.append("large", "x");
  run(c);
  EXPECT_EQ(c.status.code, Code::kResourceExhausted);
  EXPECT_EQ(c.status.message,
            "ops: the request would copy more than 256 MiB of values; send fewer operations at a time");
  EXPECT_EQ(store().assigned_revision(), revision);
  EXPECT_EQ(value_of("large")->size(), std::size_t{6} << 20);
  Call fewer;
  for (int n = 0; n < 20; ++n) fewer.append("large", "x");
  EXPECT_TRUE(run(fewer).status.ok()) << fewer.status.message;
  EXPECT_EQ(value_of("large")->size(), (std::size_t{6} << 20) + 20);
}

// Many small requests that each copy a large value do not make one long batch.
TEST_P(BoundsTest, ABatchEndsWhenItHasMadeMuch) {
  put("large", std::string(8 << 20, 'v'));
  std::array<Call, 40> calls;
  for (Call& c : calls) ASSERT_TRUE(submit(c.expire("large", 1'000'000)).ok());
  store().step();
  const auto done = [&] {
    return std::count_if(calls.begin(), calls.end(), [](const Call& c) { return c.done(); });
  };
  EXPECT_GE(done(), 7);
  EXPECT_LE(done(), 9);
  settle();
  EXPECT_EQ(done(), 40);
}

TEST_P(BoundsTest, AnswersThatWaitForAPublishCountAgainstTheQueue) {
  never_publish();
  options.limits.max_queue_bytes = 4 << 20;
  Call stored;
  run_unpublished(stored.put("large", std::string(1 << 20, 'v')));
  Call dirty[6];
  int taken = 0;
  for (Call& c : dirty) {
    c.get("large").put(numbered("k", static_cast<std::size_t>(taken)), "v");
    const Status s = submit(c);
    settle();
    if (!s.ok()) {
      EXPECT_EQ(s.code, Code::kResourceExhausted);
      break;
    }
    ++taken;
  }
  EXPECT_GE(taken, 3);
  EXPECT_LE(taken, 4);
  Call publish(RequestKind::kPublish);
  ASSERT_TRUE(submit(publish).ok());
  settle();
  EXPECT_EQ(store().stats().writer.queue_bytes, 0U);
  Call after;
  EXPECT_TRUE(run_unpublished(after.put("k", "v")).status.ok());
}

// What one publish frees is bounded too: it comes early, and so does the end of a batch. It is the writer
// that counts: one engine is enough.
class RemovalBoundsTest : public BoundsTest {
 protected:
  static constexpr std::size_t kEach = std::size_t{4} << 20;
  static constexpr std::size_t kRecord = Record::bytes_for(8, kEach, Record::Expiry::kNone);
  void fill(std::size_t values) {
    for (std::size_t i = 0; i < values; ++i) put(numbered("large", i), std::string(kEach, 'v'));
  }
};
std::vector<EngineCase> one_case() {
  std::vector<EngineCase> cases = engine_cases();
  std::erase_if(cases, [](const EngineCase& c) { return c.name != "flashmap_asymmetric"; });
  return cases;
}
INSTANTIATE_TEST_SUITE_P(Engines, RemovalBoundsTest, ::testing::ValuesIn(one_case()), EngineName{});

TEST_P(RemovalBoundsTest, RemovalsOfMuchArePublishedBeforeTheirTime) {
  constexpr std::size_t kValues = Writer::kMaxUnpublishedBytes / kRecord + 2;
  fill(kValues);
  never_publish();
  Call policy(RequestKind::kSetPolicy);
  policy.policy = options.policy;
  run(policy);
  const std::uint64_t published = store().published_revision();
  std::size_t removed = 0;
  for (; removed < kValues && store().published_revision() == published; ++removed) {
    Call c;
    run_unpublished(c.erase(numbered("large", removed)));
  }
  EXPECT_EQ(removed, Writer::kMaxUnpublishedBytes / kRecord + 1);
  EXPECT_EQ(store().published_revision(), store().assigned_revision());
}

TEST_P(RemovalBoundsTest, ABatchEndsWhenItHasRemovedMuch) {
  constexpr std::size_t kValues = 2 * Writer::kMaxBatchBytes / kRecord;
  fill(kValues);
  std::vector<Call> calls(kValues);
  for (std::size_t i = 0; i < kValues; ++i) {
    ASSERT_TRUE(submit(calls[i].erase(numbered("large", i))).ok());
  }
  store().step();
  const auto done = std::count_if(calls.begin(), calls.end(), [](const Call& c) { return c.done(); });
  EXPECT_EQ(static_cast<std::size_t>(done), Writer::kMaxBatchBytes / kRecord + 1);
  settle();
}

}  // namespace
}  // namespace flashkv::test
