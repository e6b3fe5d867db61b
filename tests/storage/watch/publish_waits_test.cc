#include "storage/watch/publish_waits.h"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>
#include <vector>

#include "storage/watch/history.h"

namespace flashkv::test {
namespace {

TEST(PublishWaits, AnArmedPlaceIsTakenOnce) {
  PublishWaits waits;
  Request request;
  PublishWaits::Place* place = waits.join(request);
  ASSERT_NE(place, nullptr);
  std::vector<Request*> woken;
  const auto take = [&] { waits.take([&](Request& r) { woken.push_back(&r); }); };
  take();
  EXPECT_TRUE(woken.empty()) << "it was not armed";
  place->arm();
  take();
  take();
  EXPECT_EQ(woken, std::vector<Request*>{&request});
  EXPECT_FALSE(place->disarm());
  place->arm();
  EXPECT_TRUE(place->disarm());
  take();
  EXPECT_EQ(woken.size(), 1U);
  place->leave();
}

TEST(PublishWaits, APlaceThatWasLeftIsGivenToTheNext) {
  PublishWaits waits;
  Request request;
  PublishWaits::Place* first = waits.join(request);
  for (std::size_t i = 1; i < PublishWaits::kPlaces; ++i) ASSERT_NE(waits.join(request), nullptr);
  EXPECT_EQ(waits.join(request), nullptr);
  first->leave();
  EXPECT_EQ(waits.join(request), first);
}

// A waiter sleeps only while nothing newer is published, so the last revision always reaches it.
TEST(PublishWaits, NoPublishIsMissed) {
  constexpr std::uint64_t kPublishes = 20'000;
  WatchHistory history(1 << 20, 0);
  Request request;
  std::atomic<bool> woken{false};
  std::thread waiter([&] {
    PublishWaits::Place* place = history.waits().join(request);
    for (std::uint64_t seen = 0; seen < kPublishes; seen = history.published()) {
      place->arm();
      if (history.published() > seen && place->disarm()) continue;
      woken.wait(false);
      woken.store(false);
    }
    place->leave();
  });
  for (std::uint64_t revision = 1; revision <= kPublishes; ++revision) {
    history.publish(revision);
    history.waits().take([&](Request&) {
      woken.store(true);
      woken.notify_one();
    });
  }
  waiter.join();
  EXPECT_EQ(history.published(), kPublishes);
}

}  // namespace
}  // namespace flashkv::test
