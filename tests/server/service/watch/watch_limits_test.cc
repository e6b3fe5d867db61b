// Slow clients, and revisions larger than a reply.
#include <numeric>

#include "tests/server/service/watch/watch_fixture.h"

namespace flashkv::test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

TEST_F(WatchTest, ASlowClientsRepliesAreBoundedAndItMissesNothing) {
  watch_all(1);
  stream->client_takes = false;
  const std::string value(std::size_t{100} << 10, 'v');
  for (int i = 0; i < 400; ++i) {
    put("a", std::to_string(i) + value);
    run();
    ASSERT_LE(stats().watch_buffered_bytes(), 2 * WatchStream::kBuffered);
  }
  EXPECT_EQ(stats().watches_behind(), 1U);
  EXPECT_GT(stats().watch_lag(), 300U);
  stream->client_takes = true;
  run();
  const std::vector<std::string> lines = received();
  EXPECT_THAT(lines.back(), HasSubstr("canceled 11 compact")) << "1 MiB of history holds ten of them";
  EXPECT_THAT(last().cancel_reason(), HasSubstr("read again, and watch on"));
  watch_all(2, last().compact_revision());
  EXPECT_THAT(received(), Not(IsEmpty()));
  EXPECT_EQ(stats().watch_buffered_bytes(), 0U);
  EXPECT_EQ(stats().watch_lag(), 0U);
}

TEST_F(WatchTest, OneThatCatchesUpJoinsTheOthers) {
  begin(std::uint64_t{64} << 20);
  watch_all(1);
  stream->client_takes = false;
  std::vector<std::string> wanted{"1: created /0"};
  for (int i = 0; i < 30; ++i) {
    put("a", std::string(std::size_t{100} << 10, 'v'));
    run();
  }
  EXPECT_EQ(stats().watches_behind(), 1U);
  stream->client_takes = true;
  run();
  EXPECT_EQ(stats().watches_behind(), 0U);
  std::uint64_t next = 1;
  for (const auto& reply : stream->replies<v1::WatchResponse>()) {
    for (const v1::Event& e : reply.events()) ASSERT_EQ(e.kv().mod_revision(), next++);
  }
  EXPECT_EQ(next, 31U);
  put("a", "more");
  run();
  EXPECT_THAT(received().back(), HasSubstr("PUT a=more @31"));
}

TEST_F(WatchTest, ARevisionIsNeverSplitUnlessItMayBe) {
  begin(std::uint64_t{64} << 20);
  watch_all(1);
  v1::WatchCreate create;
  create.set_watch_id(2);
  create.set_fragment(true);
  watch(create);
  put("before", "1");
  run();
  std::vector<std::pair<std::string, std::string>> puts;
  for (std::size_t i = 0; i < 30; ++i) puts.emplace_back(numbered("k", i), std::string(100 << 10, 'v'));
  write(puts);
  run();
  put("after", "1");
  run();
  std::vector<int> whole, parts;
  std::size_t largest_part = 0;
  for (const auto& reply : stream->replies<v1::WatchResponse>()) {
    if (reply.events_size() == 0 || reply.events(0).kv().mod_revision() != 2) continue;
    (reply.watch_id() == 1 ? whole : parts).push_back(reply.events_size());
    EXPECT_EQ(reply.header().revision(), 2U);
    if (reply.watch_id() == 2) {
      largest_part = std::max(largest_part, reply.ByteSizeLong());
      EXPECT_EQ(reply.fragment(), std::accumulate(parts.begin(), parts.end(), 0) < 30);
    }
  }
  EXPECT_THAT(whole, ElementsAre(30));
  EXPECT_THAT(parts, SizeIs(testing::Gt(1U)));
  EXPECT_LT(largest_part, 2 * WatchStream::kSplit);
  EXPECT_EQ(received().back(), "2: PUT after=1 @3 /3");
}

TEST_F(WatchTest, ARevisionTooLargeForAReplyCancels) {
  begin(std::uint64_t{64} << 20);
  const std::string large(std::size_t{5} << 20, 'v');
  write({{"a", large}, {"b", large}});
  watch_all(1, 0, true);
  v1::WatchCreate create;
  create.set_watch_id(2);
  create.set_prev_kv(true);
  create.set_fragment(true);
  watch(create);
  received();
  write({{"a", large}, {"b", large}});
  run();
  const std::vector<std::string> lines = received();
  EXPECT_EQ(lines.front(), "1: canceled 8 /2");
  std::string rest;
  for (std::size_t i = 1; i < lines.size(); ++i) rest += lines[i];
  EXPECT_EQ(rest, "2: PUT a=vvvvvvvv (vvvvvvvv) @2 ... /22: PUT b=vvvvvvvv (vvvvvvvv) @2 /2");
}

}  // namespace
}  // namespace flashkv::test
