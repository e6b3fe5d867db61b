// Readers of the history while the writer appends, drops and frees.
#include <gtest/gtest.h>

#include <atomic>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "tests/storage/watch/logged_map.h"
#include "tests/support/calls.h"

namespace flashkv::test {
namespace {

#if defined(__SANITIZE_THREAD__) || defined(__SANITIZE_ADDRESS__)
constexpr int kBatches = 1'000;
#else
constexpr int kBatches = 4'000;
#endif

// A value names the revision that wrote it, so an event checks itself; each revision writes kKeys keys.
constexpr std::uint64_t kKeys = 3;

struct Tally {
  std::uint64_t events = 0;
  std::uint64_t compactions = 0;
  std::string wrong;
};

void follow(WatchHistory& history, const std::atomic<bool>& over, unsigned seed, Tally& tally) {
  HistoryReader reader(history);
  std::mt19937 random(seed);
  HistoryCursor at = reader.now();
  std::uint64_t revision = 0;  // of the event before
  std::uint64_t of_revision = 0;
  for (bool last = false; tally.wrong.empty();) {
    last = over.load();
    const ReadEnd end = reader.read(at, random() % 40, [&](const WatchEvent& e) {
      ++tally.events;
      const bool same = e.revision == revision;
      if (!same && of_revision != kKeys && of_revision != 0) tally.wrong = "an event is missing in front of ";
      if (same ? of_revision == kKeys : e.revision != revision + 1 && revision != 0) tally.wrong = "order: ";
      if (e.kv->value() != std::to_string(e.revision)) tally.wrong = "value: ";
      if (e.prev != nullptr && e.prev->value() != std::to_string(e.revision - 1)) tally.wrong = "prev: ";
      if (!tally.wrong.empty()) tally.wrong += words_of(e);
      of_revision = same ? of_revision + 1 : 1;
      revision = e.revision;
      return tally.wrong.empty();
    });
    if (end == ReadEnd::kCompacted) {
      ++tally.compactions;
      if (!reader.seek(history.compact_revision(), at)) continue;
      revision = of_revision = 0;
    } else if (end == ReadEnd::kReached) {
      if (revision > at.revision) tally.wrong = "the cursor is behind its events";
      if (last) return;
    }
  }
}

TEST(WatchHistoryReaders, SeeEveryEventOnceOrThatSomeAreGone) {
  LoggedMap map(std::uint64_t{64} << 10);
  std::atomic<bool> over{false};
  std::vector<Tally> tallies(3);
  std::vector<std::thread> readers;
  for (unsigned i = 0; i < tallies.size(); ++i) {
    readers.emplace_back([&, i] { follow(map.history, over, i, tallies[i]); });
  }
  std::mt19937 random(7);
  for (int batch = 0; batch < kBatches; ++batch) {
    for (auto n = random() % 30; n > 0; --n) {
      map.transaction([&] {
        for (std::uint64_t k = 0; k < kKeys; ++k) {
          map.put(numbered("k", k), std::to_string(map.revision));
        }
      });
    }
    while (!map.history.has_room()) std::this_thread::yield();
    map.publish();
    if (batch % 64 == 0) map.history.collect();
    if (batch % 16 == 0) std::this_thread::yield();
  }
  over = true;
  for (std::thread& each : readers) each.join();
  for (const Tally& t : tallies) {
    EXPECT_EQ(t.wrong, "");
    EXPECT_GT(t.events, 0U);
  }
}

}  // namespace
}  // namespace flashkv::test
