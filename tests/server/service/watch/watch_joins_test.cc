// Watches that come in the middle of something, and many on one stream.
#include <map>

#include "tests/server/service/watch/watch_fixture.h"

namespace flashkv::test {
namespace {

class WatchJoins : public WatchTest {
 protected:
  // Events of each watch so far.
  std::map<std::uint64_t, int> events() {
    std::map<std::uint64_t, int> count;
    for (const auto& reply : stream->replies<v1::WatchResponse>())
      count[reply.watch_id()] += reply.events_size();
    return count;
  }
  void create(std::uint64_t id, std::uint64_t interval_ms) {
    v1::WatchCreate request;
    request.set_watch_id(id);
    request.set_key(numbered("key", id));
    request.set_progress_interval_ms(interval_ms);
    watch(request);
  }
};

TEST_F(WatchJoins, ARevisionThatIsBeingReadComesWhole) {
  constexpr int kEvents = 5 * WatchHub::kRound / 2;
  begin(std::uint64_t{64} << 20);
  watch_all(1);
  std::vector<std::pair<std::string, std::string>> puts;
  for (std::size_t i = 0; i < kEvents; ++i) puts.emplace_back(numbered("k", i), "1");
  write(puts);
  ASSERT_TRUE(inbox.deliver());
  stream->run();
  ASSERT_LT(events()[1], kEvents) << "the rest of the revision is still to be read";
  v1::WatchRequest second;
  second.mutable_create()->set_watch_id(2);
  second.mutable_create()->set_start_revision(1);
  stream->send(second);
  stream->run();
  run();
  EXPECT_EQ(events()[1], kEvents);
  EXPECT_EQ(events()[2], kEvents);
}

TEST_F(WatchJoins, ALargeRevisionIsNotKeptForEachOfManyWatches) {
  constexpr std::uint64_t kWatches = 8;
  constexpr int kEvents = 60;
  begin(std::uint64_t{64} << 20);
  for (std::uint64_t id = 1; id <= kWatches; ++id) watch_all(id);
  stream->client_takes = false;
  std::vector<std::pair<std::string, std::string>> puts;
  for (std::size_t i = 0; i < kEvents; ++i) puts.emplace_back(numbered("k", i), std::string(100 << 10, 'v'));
  write(puts);
  run();
  EXPECT_LT(stats().watch_buffered_bytes(), WatchStream::kMostReply + (std::size_t{8} << 20)) << "not 48 MiB";
  stream->client_takes = true;
  run();
  for (std::uint64_t id = 1; id <= kWatches; ++id) EXPECT_EQ(events()[id], kEvents) << "watch " << id;
  for (const auto& reply : stream->replies<v1::WatchResponse>()) {
    EXPECT_EQ(reply.events_size(), reply.created() ? 0 : kEvents) << "a part of a revision";
  }
}

TEST_F(WatchJoins, ProgressIsNotPiledUpForAClientThatDoesNotRead) {
  create(1, 100);
  stream->client_takes = false;
  put("key1", std::string(2 * WatchStream::kBuffered, 'v'));
  run();
  for (int i = 0; i < 20; ++i) {
    clock.advance(1'000 * kMs);
    ASSERT_TRUE(stream->timer);
    stream->fire_timer();
    run();
  }
  stream->client_takes = true;
  run();
  EXPECT_EQ(stream->replies<v1::WatchResponse>().size(), 2U) << "created, and the put";
}

TEST_F(WatchJoins, AShortIntervalIsKeptBesideALongOne) {
  create(1, 3'600'000);
  create(2, 1'000);
  received();
  for (int i = 0; i < 3; ++i) {
    ASSERT_TRUE(stream->timer);
    ASSERT_LE(*stream->timer, 1'000 * kMs);
    clock.advance(*stream->timer);
    stream->fire_timer();
    run();
  }
  EXPECT_THAT(received(), testing::Contains("2: /0"));
}

}  // namespace
}  // namespace flashkv::test
