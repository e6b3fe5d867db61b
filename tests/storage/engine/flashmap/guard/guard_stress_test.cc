// Readers of every habit against a writer at full speed. ThreadSanitizer sees a violation of I1 as a race on
// the halves' plain words.
#include <gtest/gtest.h>

#include <atomic>
#include <functional>
#include <thread>
#include <utility>
#include <vector>

#include "tests/storage/engine/flashmap/guard/policies.h"

namespace flashkv::flashmap {
namespace {

// A test ends after this many of both.
constexpr std::uint64_t kSwaps = 5'000;
constexpr std::uint64_t kReads = 100'000;

template <typename Guards>
class GuardStressTest : public testing::Test {
 protected:
  using Reader = typename Guards::Reader;

  // One read section: whole, not older than what was published before it, and the same to its end.
  void read(Reader& reader) {
    const std::uint64_t newest = published_.load(std::memory_order_acquire);
    const auto half = reader.enter();
    check(half, newest);
    reader.leave(half);
  }
  void check(const SelfVerifyingHalf* half, std::uint64_t newest) {
    const std::uint64_t seen = half->read();
    if (seen == SelfVerifyingHalf::kTorn) torn_.fetch_add(1, std::memory_order_relaxed);
    if (seen < newest) stale_.fetch_add(1, std::memory_order_relaxed);
    if (half->read() != seen) torn_.fetch_add(1, std::memory_order_relaxed);
  }

  // Runs `habit` over and over in each of `readers` threads while the writer swaps.
  void run(int readers, const std::function<void(Reader&)>& habit) {
    std::vector<std::thread> threads;
    for (int i = 0; i < readers; ++i) {
      threads.emplace_back([this, &habit] {
        auto reader = state_.guards.make_reader();
        while (!stop_.load(std::memory_order_relaxed)) {
          habit(reader);
          reads_.fetch_add(1, std::memory_order_relaxed);
        }
      });
    }
    for (std::uint64_t revision = 1; revision <= kSwaps || reads_.load(std::memory_order_relaxed) < kReads;
         ++revision) {
      // Every way to wait: looks only, a budget that may run out, no limit.
      const Nanos budget = revision % 3 == 0 ? 0 : (revision % 3 == 1 ? kNanosPerMicro : kNever);
      while (!state_.write(revision, budget)) std::this_thread::yield();
      published_.store(revision, std::memory_order_release);
    }
    stop_.store(true, std::memory_order_relaxed);
    for (auto& thread : threads) thread.join();
    EXPECT_EQ(torn_.load(), 0U);
    EXPECT_EQ(stale_.load(), 0U);
    EXPECT_TRUE(state_.guards.wait_drained(0));
  }

  Guarded<Guards> state_;
  std::atomic<std::uint64_t> published_{0};
  std::atomic<std::uint64_t> torn_{0};
  std::atomic<std::uint64_t> stale_{0};
  std::atomic<std::uint64_t> reads_{0};
  std::atomic<bool> stop_{false};
};
TYPED_TEST_SUITE(GuardStressTest, Policies, PolicyNames);

TYPED_TEST(GuardStressTest, ReadersInABusyLoopSeeWholeAndFreshHalves) {
  this->run(3, [this](auto& reader) { this->read(reader); });
}

TYPED_TEST(GuardStressTest, NestedGuardsDroppedOutOfOrderStayWhole) {
  this->run(2, [this](auto& reader) {
    const std::uint64_t newest = this->published_.load(std::memory_order_acquire);
    const auto outer = reader.enter();
    const auto inner = reader.enter();
    this->check(outer, newest);
    reader.leave(outer);
    this->check(inner, newest);
    reader.leave(inner);
  });
}

TYPED_TEST(GuardStressTest, ReadersComeAndGoWhileTheWriterSwaps) {
  this->run(2, [this](auto& reader) {
    this->read(reader);
    auto passing = this->state_.guards.make_reader();
    this->read(passing);
    reader = std::move(passing);
  });
}

// Each guard is opened here and dropped by a thread of its own.
TEST(RefcountGuardsStress, GuardsDroppedByOtherThreadsStayWhole) {
  Guarded<Refcount> state;
  auto reader = state.guards.make_reader();
  std::atomic<const SelfVerifyingHalf*> handed{nullptr};
  std::atomic<bool> stop{false};
  std::uint64_t torn = 0;
  std::thread dropper([&] {
    while (!stop.load(std::memory_order_acquire)) {
      const auto* half = handed.exchange(nullptr, std::memory_order_acq_rel);
      if (half == nullptr) continue;
      if (half->read() == SelfVerifyingHalf::kTorn) ++torn;
      reader.leave(half);
    }
  });
  for (std::uint64_t revision = 1; revision <= kSwaps; ++revision) {
    if (handed.load(std::memory_order_acquire) == nullptr) {
      handed.store(reader.enter(), std::memory_order_release);
    }
    ASSERT_TRUE(state.write(revision, kNever));
  }
  while (handed.load(std::memory_order_acquire) != nullptr) std::this_thread::yield();
  stop.store(true, std::memory_order_release);
  dropper.join();
  EXPECT_EQ(torn, 0U);
}

}  // namespace
}  // namespace flashkv::flashmap
