#include "server/service/watch/watch_stream.h"

#include "tests/server/service/watch/watch_fixture.h"

namespace flashkv::test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

TEST_F(WatchTest, EventsOfItsKeysOnly) {
  watch_key("a", 1);
  v1::WatchCreate prefix;
  prefix.set_prefix("b/");
  watch(prefix);
  put("a", "1");
  put("b/x", "2");
  put("c", "3");
  erase("a");
  run();
  EXPECT_THAT(received(), ElementsAre("1: created /0", "2: created /0", "1: PUT a=1 @1 DELETE a @4 /4",
                                      "2: PUT b/x=2 @2 /2"));
}

TEST_F(WatchTest, NothingBeforeItIsPublished) {
  watch_all(1);
  received();
  DeskSubmission call(desk);
  v1::PutRequest request;
  request.set_key("a");
  ASSERT_TRUE(kv->put(request, call).submitted);
  run();
  EXPECT_THAT(received(), IsEmpty());
  run_writer();
  run();
  EXPECT_THAT(received(), ElementsAre("1: PUT a= @1 /1"));
}

TEST_F(WatchTest, FromARevisionInThePastOnOrInTheFuture) {
  for (int i = 1; i <= 4; ++i) put("a", std::to_string(i));
  watch_all(1, 3);
  watch_all(2, 6);
  EXPECT_THAT(received(), ElementsAre("1: created /4", "1: PUT a=3 @3 PUT a=4 @4 /4", "2: created /4"));
  put("a", "5");
  put("a", "6");
  run();
  EXPECT_THAT(received(), ElementsAre("1: PUT a=5 @5 PUT a=6 @6 /6", "2: PUT a=6 @6 /6"));
}

TEST_F(WatchTest, AStartThatIsGoneIsCanceledWithTheOldestRevision) {
  begin(1);
  for (int i = 1; i <= 4; ++i) put("a", "v");
  watch_all(7, 2);
  EXPECT_THAT(received(), ElementsAre("7: created /4", "7: canceled 11 compact 4 /4"));
  EXPECT_THAT(last().cancel_reason(), HasSubstr("start_revision: 2, the history begins at 4"));
  EXPECT_EQ(stats().watches(), 0U);
  watch_all(7, 4);
  EXPECT_THAT(received(), ElementsAre("7: created /4", "7: PUT a=v @4 /4"));
}

TEST_F(WatchTest, PreviousValuesAndFilters) {
  put("a", "1");
  watch_all(1, 0, true);
  v1::WatchCreate create;
  create.set_watch_id(2);
  create.add_filters(v1::EVENT_TYPE_PUT);
  watch(create);
  received();
  put("a", "2");
  erase("a");
  v1::PutRequest brief;
  brief.set_key("b");
  brief.set_ttl_ms(10);
  put(brief);
  run();
  EXPECT_THAT(received(), ElementsAre("1: PUT a=2 (1) @2 DELETE a (2) @3 PUT b= @4 /4", "2: DELETE a @3 /3"));
  clock.advance(20 * kMs);
  run_writer();
  run();
  EXPECT_THAT(received(), ElementsAre("1: EXPIRE b () @5 /5", "2: EXPIRE b @5 /5"));
  EXPECT_EQ(last().events(0).kv().value(), "");
}

TEST_F(WatchTest, APutOverAnExpiredKeyComesAfterItsExpiry) {
  v1::PutRequest brief;
  brief.set_key("a");
  brief.set_value("old");
  brief.set_ttl_ms(10);
  watch_all(1, 0, true);
  put(brief);
  clock.advance(10 * kMs);
  put("a", "new");
  run();
  EXPECT_THAT(received(), ElementsAre("1: created /0", "1: PUT a=old @1 EXPIRE a (old) @2 PUT a=new @3 /3"));
}

TEST_F(WatchTest, ACanceledWatchIsSilentAndItsIdFree) {
  watch_all(1);
  cancel(1);
  put("a", "1");
  run();
  EXPECT_THAT(received(), ElementsAre("1: created /0", "1: canceled 0 /0"));
  cancel(1);
  EXPECT_THAT(received(), IsEmpty()) << "there is no such watch";
  watch_all(1);
  put("a", "2");
  run();
  EXPECT_THAT(received(), ElementsAre("1: created /1", "1: PUT a=2 @2 /2"));
}

TEST_F(WatchTest, TheServerChoosesFreeIds) {
  watch_all(1);
  watch_all(0);
  watch_all(0);
  EXPECT_THAT(received(), ElementsAre("1: created /0", "2: created /0", "3: created /0"));
}

struct Refused {
  const char* name;
  std::function<void(v1::WatchCreate&)> make;
  const char* says;
};

class WatchRefusals : public WatchTest, public testing::WithParamInterface<Refused> {};

TEST_P(WatchRefusals, SayWhatIsWrongAndLeaveTheOthersAlone) {
  watch_all(1);
  received();
  v1::WatchCreate create;
  create.set_watch_id(9);
  GetParam().make(create);
  watch(create);
  EXPECT_THAT(received(), ElementsAre(std::to_string(create.watch_id()) + ": created canceled 3 /0"));
  EXPECT_THAT(last().cancel_reason(), HasSubstr(GetParam().says));
  EXPECT_EQ(stream->counts[Code::kInvalidArgument], 1);
  put("a", "1");
  run();
  EXPECT_THAT(received(), ElementsAre("1: PUT a=1 @1 /1"));
  EXPECT_FALSE(stream->ended);
}

INSTANTIATE_TEST_SUITE_P(
    All, WatchRefusals,
    testing::Values(
        Refused{"TwoSelectors",
                [](auto& c) {
                  c.set_key("a");
                  c.set_prefix("b");
                },
                "two selectors"},
        Refused{"KeyAndRange",
                [](auto& c) {
                  c.set_key("a");
                  c.set_end("b");
                },
                "two selectors"},
        Refused{"InvertedRange",
                [](auto& c) {
                  c.set_start("b");
                  c.set_end("a");
                },
                "end: not above start"},
        Refused{"EmptyRange",
                [](auto& c) {
                  c.set_start("b");
                  c.set_end("b");
                },
                "end: not above start"},
        Refused{"LongKey", [](auto& c) { c.set_key(std::string(70'000, 'k')); }, "key: 70000 bytes"},
        Refused{"LongPrefix", [](auto& c) { c.set_prefix(std::string(70'000, 'k')); }, "prefix: 70000 bytes"},
        Refused{"UnknownFilter", [](auto& c) { c.add_filters(static_cast<v1::EventType>(9)); },
                "filters: no such value: 9"},
        Refused{"IdInUse", [](auto& c) { c.set_watch_id(1); }, "watch_id: 1 is in use"}),
    [](const auto& refused) { return refused.param.name; });

TEST_F(WatchTest, TooManyWatchesAreRefused) {
  RequestLimits few;
  few.max_watches = 3;
  begin(kHistory, few);
  watch_all(1);
  watch_key(std::string(1'500, 'k'), 2);
  watch_all(3);
  EXPECT_THAT(received(), ElementsAre("1: created /0", "2: created /0", "3: created canceled 8 /0"));
  EXPECT_THAT(last().cancel_reason(), HasSubstr("--max-watches 3")) << "a long key counts twice";
  EXPECT_EQ(stats().watches(), 2U);
  EXPECT_EQ(stats().watches_limit(), 3U);
  cancel(2);
  watch_all(3);
  EXPECT_THAT(received(), ElementsAre("2: canceled 0 /0", "3: created /0"));
  more.push_back(open_stream());
  stream->leave();
  stream.swap(more.back());
  more.clear();
  EXPECT_EQ(stats().watches(), 0U) << "a stream takes its watches with it";
}

TEST_F(WatchTest, WithoutAHistoryThereAreNone) {
  begin(0);
  ASSERT_TRUE(stream->ended);
  EXPECT_EQ(stream->ended->code, Code::kFailedPrecondition);
  EXPECT_THAT(stream->ended->message, HasSubstr("--watch-history is 0"));
}

TEST_F(WatchTest, WhatIsNoRequestEndsTheStream) {
  stream->send_bytes("\xff");
  run();
  ASSERT_TRUE(stream->ended);
  EXPECT_EQ(stream->ended->code, Code::kInvalidArgument);
  begin(kHistory);
  stream->send(v1::WatchRequest());
  run();
  ASSERT_TRUE(stream->ended);
  EXPECT_THAT(stream->ended->message, HasSubstr("request: none is set"));
}

TEST_F(WatchTest, ItGoesOnAfterTheClientsSideHasEndedUntilNoWatchIsLeft) {
  begin(1);
  put("a", "1");
  watch_key("a", 1);
  stream->client_takes = false;
  stream->end_side();
  run();
  put("a", "2");
  run();
  stream->client_takes = true;
  run();
  EXPECT_THAT(received(), ElementsAre("1: created /1", "1: PUT a=2 @2 /2"));
  EXPECT_FALSE(stream->ended);
  begin(kHistory);
  stream->end_side();
  run();
  ASSERT_TRUE(stream->ended) << "no watch, and none can come";
  EXPECT_TRUE(stream->ended->ok());
}

TEST_F(WatchTest, ADrainEndsTheStream) {
  watch_all(1);
  stream->drain();
  ASSERT_TRUE(stream->ended);
  EXPECT_EQ(stream->ended->code, Code::kUnavailable);
  EXPECT_FALSE(stream->delays_stop());
}

TEST_F(WatchTest, OneWakeUpAThreadAndPublish) {
  for (std::uint64_t id = 1; id <= 50; ++id) watch_key(numbered("k", id % 5), id);
  more.push_back(open_stream());
  inbox.wakes = 0;
  put("k1", "1");
  EXPECT_EQ(inbox.wakes, 1);
  put("k2", "1");
  EXPECT_EQ(inbox.wakes, 1) << "the thread has not come to rest since";
  run();
  put("nobody", "1");
  EXPECT_EQ(inbox.wakes, 2);
}

TEST_F(WatchTest, AThreadWithoutWatchesIsNotWoken) {
  watch_all(1);
  cancel(1);
  put("a", "1");
  run();
  inbox.wakes = 0;
  put("a", "2");
  EXPECT_EQ(inbox.wakes, 0);
}

TEST_F(WatchTest, ProgressPromisesThatAllEventsWereSent) {
  watch_key("a", 1);
  put("a", "1");
  put("b", "2");
  run();
  ask_progress();
  EXPECT_THAT(received(), ElementsAre("1: created /0", "1: PUT a=1 @1 /1", "0: /2"));
  stream->client_takes = false;
  put("a", std::string(WatchStream::kBuffered, 'v'));
  run();
  put("a", "late");
  run();
  ask_progress();
  stream->client_takes = true;
  run();
  EXPECT_THAT(received(), ElementsAre("1: PUT a=vvvvvvvv @3 /3", "1: PUT a=late @4 /4", "0: /4"));
}

TEST_F(WatchTest, ProgressAtIntervalsWhenNothingHappens) {
  v1::WatchCreate create;
  create.set_watch_id(1);
  create.set_key("a");
  create.set_progress_interval_ms(1'000);
  watch(create);
  received();
  ASSERT_EQ(stream->timer, Nanos{1'000} * kMs);
  put("b", "1");
  clock.advance(600 * kMs);
  put("a", "1");
  run();
  clock.advance(400 * kMs);
  stream->fire_timer();
  run();
  EXPECT_THAT(received(), ElementsAre("1: PUT a=1 @2 /2")) << "it was not quiet for a second";
  ASSERT_EQ(stream->timer, Nanos{600} * kMs);
  clock.advance(600 * kMs);
  stream->fire_timer();
  run();
  EXPECT_THAT(received(), ElementsAre("1: /2"));
  stream->leave();
  EXPECT_TRUE(stream->ended);
}

TEST_F(WatchTest, StatsShowWhatTheHistoryHolds) {
  put("a", "1");
  put("a", "2");
  watch_all(1);
  const v1::StatsResponse s = stats();
  EXPECT_EQ(s.watches(), 1U);
  EXPECT_EQ(s.watches_behind(), 0U);
  EXPECT_EQ(s.watch_history_events(), 2U);
  EXPECT_GT(s.watch_history_bytes(), 0U);
  EXPECT_EQ(s.watch_history_limit(), kHistory);
  EXPECT_EQ(s.compact_revision(), 1U);
}

}  // namespace
}  // namespace flashkv::test
