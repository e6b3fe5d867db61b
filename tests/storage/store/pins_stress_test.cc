// Real threads: scanners with pins while the writer changes, erases and expires what they read.
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "storage/store.h"
#include "tests/support/calls.h"
#include "tests/support/engine_cases.h"
#include "tests/support/sanitized.h"

namespace flashkv::test {
namespace {

constexpr std::size_t kRequests = kSanitized ? 300 : 1'500;
constexpr std::size_t kScanners = 3;
constexpr std::size_t kKeys = 16;

class PinsStressTest : public ::testing::TestWithParam<EngineCase> {
 protected:
  void open(const StoreLimits& limits) {
    StoreOptions options;
    options.limits = limits;
    store = Store::over(GetParam().make(KeyHash(9)).table, options);
    store->start();
  }
  void run(Call& call) {
    CountingSink sink;
    call.sink = &sink;
    while (!store->submit(call).ok()) std::this_thread::yield();
    sink.wait_for(1);
  }
  // Request n leaves the keys k0 to k(n % kKeys), all with the value n, and some that expire soon.
  void mutate() {
    for (std::size_t n = 1; n <= kRequests; ++n) {
      Call c;
      c.erase_range("k", "l");
      for (std::size_t i = 0; i <= n % kKeys; ++i) c.put(numbered("k", i), std::to_string(n));
      const std::string brief = numbered("x", n % 64);
      c.put_ttl(brief, brief, static_cast<std::int64_t>(1 + n % 7));
      run(c);
      if (!c.status.ok()) failures.fetch_add(1);
    }
    done.store(true);
  }
  void scan() {
    for (std::size_t round = 0; !done.load(); ++round) {
      Call call(RequestKind::kTakePin);
      run(call);
      if (!call.status.ok()) {
        // The others' pins: two are allowed.
        if (call.status.code != Code::kResourceExhausted) failures.fetch_add(1);
        std::this_thread::sleep_for(std::chrono::microseconds(100));
        continue;
      }
      const PinPtr pin = std::move(call.pin);
      if (round % 4 == 0) std::this_thread::sleep_for(std::chrono::milliseconds(2));
      if (!read_set(*pin, round) || !read_brief(*pin)) {
        if (!pin->revoked()) failures.fetch_add(1);
        revoked.fetch_add(1);
      } else {
        scans.fetch_add(1);
      }
    }
  }
  // False: revoked. The keys of one request, as it left them, in three ways.
  bool read_set(PinnedState& pin, std::size_t round) {
    const auto direction = round % 2 == 0 ? OrderedScan::kForward : OrderedScan::kReverse;
    OrderedScan scan(pin, prefix_range("k"), {.direction = direction});
    std::vector<std::string> values;
    while (!scan.done()) {
      OrderedScan::Page page(scan, {.keys = 1 + round % 5});
      if (page.revoked()) return false;
      while (const Record* record = page.next()) {
        if (record->mod_revision() > pin.numbers().revision) failures.fetch_add(1);
        values.emplace_back(record->value());
      }
    }
    OrderedScan count(pin, prefix_range("k"));
    OrderedScan::Counted counted;
    while ((counted = count.count_on()) == OrderedScan::Counted::kPartly) {
    }
    if (counted == OrderedScan::Counted::kRevoked) return false;
    const PinSection section(pin);
    if (!section) return false;
    const Record* first = section.find("k0");
    if (values.empty()) {
      if (first != nullptr) failures.fetch_add(1);
      return true;
    }
    const bool whole = std::count(values.begin(), values.end(), values.front()) ==
                       static_cast<std::ptrdiff_t>(std::stoul(values.front()) % kKeys + 1);
    const bool same =
        values.size() == std::stoul(values.front()) % kKeys + 1 && count.counted() == values.size();
    if (!whole || !same || first == nullptr || first->value() != values.front()) failures.fetch_add(1);
    return true;
  }
  bool read_brief(PinnedState& pin) {
    OrderedScan scan(pin, prefix_range("x"));
    while (!scan.done()) {
      OrderedScan::Page page(scan, {.keys = 7});
      if (page.revoked()) return false;
      while (const Record* record = page.next()) {
        if (record->value() != record->key() || !pin.is_live(*record)) failures.fetch_add(1);
      }
    }
    return true;
  }
  void race() {
    std::vector<std::thread> threads;
    for (std::size_t i = 0; i < kScanners; ++i) threads.emplace_back([this] { scan(); });
    mutate();
    for (std::thread& t : threads) t.join();
    EXPECT_EQ(failures.load(), 0U);
    EXPECT_TRUE(store->stop(1000 * kMs));
  }

  std::unique_ptr<Store> store;
  std::atomic<std::uint64_t> failures{0};
  std::atomic<std::uint64_t> scans{0};
  std::atomic<std::uint64_t> revoked{0};
  std::atomic<bool> done{false};
};
std::vector<EngineCase> raced_cases() {
  std::vector<EngineCase> cases = served_cases();
  std::erase_if(cases,
                [](const EngineCase& c) { return c.name != "flashmap_asymmetric" && c.name != "critnib"; });
  return cases;
}
INSTANTIATE_TEST_SUITE_P(Engines, PinsStressTest, ::testing::ValuesIn(raced_cases()), EngineName{});

TEST_P(PinsStressTest, EachScanSeesOneRequestWhole) {
  open({.max_pins = 2});
  race();
  EXPECT_GT(scans.load(), 0U);
  EXPECT_EQ(revoked.load(), 0U);
  EXPECT_EQ(store->stats().writer.pins_revoked, 0U);
}

// So little may be kept that a pin seldom lives long.
TEST_P(PinsStressTest, PinsAreRevokedUnderTheirScanners) {
  open({.max_pins = 2, .max_pinned_bytes = 4'000});
  race();
  EXPECT_GT(revoked.load(), 0U);
  EXPECT_GT(store->stats().writer.pins_revoked, 0U);
}

}  // namespace
}  // namespace flashkv::test
