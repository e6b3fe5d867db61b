#include "server/service/write_stream.h"

#include "tests/support/services_fixture.h"
#include "tests/support/services_fixture_stream.h"

namespace flashkv::test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

class WriteStreamTest : public ServicesTest {
 protected:
  WriteStreamTest() { begin(); }

  // Opens a stream over a store with these options.
  void begin(StoreOptions options = {}) {
    stream.reset();
    open(std::move(options));
    stream = std::make_unique<FakeStream>(*session, desk);
    stream->open(std::make_unique<WriteStream>(*stream));
  }
  ~WriteStreamTest() override {
    store->stop(0);
    stream.reset();
  }
  void send(std::uint64_t id, const std::string& key, std::size_t value = 1) {
    v1::WriteRequest request;
    request.set_request_id(id);
    request.add_ops()->mutable_put()->set_key(key);
    request.mutable_ops(0)->mutable_put()->set_value(std::string(value, 'v'));
    stream->send(request);
  }
  void send(std::uint64_t first, std::uint64_t last) {
    for (std::uint64_t i = first; i <= last; ++i) send(i, numbered("k", i));
  }
  std::vector<std::uint64_t> answered() const {
    std::vector<std::uint64_t> ids;
    for (const auto& reply : stream->replies<v1::WriteResponse>()) ids.push_back(reply.request_id());
    return ids;
  }
  std::uint64_t queued() { return store->stats().writer.queue_requests; }

  std::unique_ptr<FakeStream> stream;
};

TEST_F(WriteStreamTest, RepliesComeInOrderEvenIfALaterOneIsReadyFirst) {
  send(1, "a");
  send(2, "");
  send(3, "b");
  stream->run();
  EXPECT_THAT(answered(), ElementsAre()) << "the second was refused at once and waits for the first";
  run_writer();
  stream->run();
  EXPECT_THAT(answered(), ElementsAre(1, 2, 3));
  EXPECT_THAT(stream->followed, ElementsAre(true, true, false)) << "they travel together";
  const auto replies = stream->replies<v1::WriteResponse>();
  EXPECT_FALSE(replies[0].has_error());
  EXPECT_EQ(replies[1].error().code(), 3);
  EXPECT_EQ(replies[2].header().revision(), 2U);
  EXPECT_EQ(stream->counts[Code::kOk], 2);
  EXPECT_EQ(stream->counts[Code::kInvalidArgument], 1);
  EXPECT_FALSE(stream->ended);
  stream->end_side();
  stream->run();
  ASSERT_TRUE(stream->ended);
  EXPECT_TRUE(stream->ended->ok());
}

TEST_F(WriteStreamTest, AtMostAWindowOfMessagesIsInFlight) {
  send(1, 40);
  stream->run();
  ASSERT_EQ(stream->not_read(), 40 - WriteStream::kWindow);
  EXPECT_EQ(queued(), WriteStream::kWindow);
  run_writer();
  stream->run();
  EXPECT_EQ(answered().size(), WriteStream::kWindow);
  EXPECT_EQ(queued(), WriteStream::kWindow) << "each reply that is sent lets one in";
}

TEST_F(WriteStreamTest, LargeMessagesMakeTheWindowSmaller) {
  for (std::uint64_t i = 1; i <= 5; ++i) send(i, numbered("k", i), 3 << 20);
  stream->run();
  EXPECT_EQ(queued(), 2U) << "two of 3 MiB exceed the 4 MiB that may be in flight";
  run_writer();
  stream->run();
  EXPECT_EQ(queued(), 2U);
}

TEST_F(WriteStreamTest, AClientThatDoesNotReadIsNotReadEither) {
  stream->client_takes = false;
  send(1, 40);
  for (int i = 0; i < 5; ++i) {
    stream->run();
    run_writer();
  }
  EXPECT_EQ(stream->not_read(), 40 - WriteStream::kWindow) << "its replies hold the window";
  stream->client_takes = true;
  for (int i = 0; i < 5; ++i) {
    stream->run();
    run_writer();
  }
  stream->run();
  EXPECT_EQ(answered().size(), 40U);
}

TEST_F(WriteStreamTest, AFullQueueHoldsTheStreamBackLongerAndLonger) {
  StoreOptions narrow;
  narrow.limits.max_queue_requests = 1;
  begin(narrow);
  send(1, 4);
  stream->run();
  EXPECT_EQ(queued(), 1U);
  EXPECT_EQ(stream->not_read(), 2U) << "one is queued, one waits, no other is read";
  std::vector<Nanos> delays;
  for (int i = 0; i < 7; ++i) {
    ASSERT_TRUE(stream->timer);
    delays.push_back(*stream->timer);
    stream->fire_timer();
    stream->run();
  }
  const Nanos first = WriteStream::kRetry;
  EXPECT_THAT(delays, ElementsAre(first, 2 * first, 4 * first, 8 * first, WriteStream::kMaxRetry,
                                  WriteStream::kMaxRetry, WriteStream::kMaxRetry));
  EXPECT_EQ(stream->not_read(), 2U);
  run_writer();
  stream->fire_timer();
  stream->run();
  EXPECT_THAT(answered(), ElementsAre(1));
  ASSERT_TRUE(stream->timer) << "now the third waits";
  EXPECT_EQ(*stream->timer, first) << "from the first delay again";
  for (int i = 0; i < 2; ++i) {
    run_writer();
    if (stream->timer) stream->fire_timer();
    stream->run();
  }
  run_writer();
  stream->run();
  EXPECT_THAT(answered(), ElementsAre(1, 2, 3, 4));
  for (const auto& reply : stream->replies<v1::WriteResponse>()) EXPECT_FALSE(reply.has_error());
}

TEST_F(WriteStreamTest, ADrainAnswersEverythingReadAndThenEndsTheStream) {
  send(1, 3);
  stream->run();
  stream->drain();
  EXPECT_FALSE(stream->ended) << "the writer still has three";
  send(4, 4);
  run_writer();
  stream->run();
  EXPECT_THAT(answered(), ElementsAre(1, 2, 3));
  ASSERT_TRUE(stream->ended);
  EXPECT_EQ(stream->ended->code, Code::kUnavailable);
}

TEST_F(WriteStreamTest, AnIdleStreamEndsAsSoonAsTheServerDrains) {
  stream->drain();
  ASSERT_TRUE(stream->ended);
  EXPECT_EQ(stream->ended->code, Code::kUnavailable);
}

TEST_F(WriteStreamTest, AMalformedMessageEndsTheStreamOnceThoseBeforeItAreAnswered) {
  send(1, 2);
  stream->send_bytes("\x0a\x7f broken");
  send(3, 3);
  stream->run();
  EXPECT_FALSE(stream->ended);
  stream->drain();
  run_writer();
  stream->run();
  EXPECT_THAT(answered(), ElementsAre(1, 2)) << "and a drain meanwhile does not hide why it ends";
  ASSERT_TRUE(stream->ended);
  EXPECT_EQ(stream->ended->code, Code::kInvalidArgument);
  EXPECT_EQ(get("k3").has_kv(), false);
}

TEST_F(WriteStreamTest, AClientThatIsGoneEndsTheStreamOnceTheWriterHasCompletedItsCalls) {
  stream->client_takes = false;
  send(1, 5);
  stream->run();
  run_writer();
  send(6, 8);
  stream->run();
  stream->leave();
  EXPECT_FALSE(stream->ended) << "the writer still has three";
  run_writer();
  stream->run();
  EXPECT_TRUE(stream->ended);
  EXPECT_EQ(get("k8").kv().value(), "v");
}

TEST_F(WriteStreamTest, AMessageThatWaitsForTheQueueIsAppliedEvenIfItsClientIsGone) {
  StoreOptions narrow;
  narrow.limits.max_queue_requests = 1;
  begin(narrow);
  send(1, 2);
  stream->run();
  stream->leave();
  EXPECT_FALSE(stream->ended);
  run_writer();
  EXPECT_FALSE(stream->ended) << "the timer is still set";
  stream->fire_timer();
  run_writer();
  EXPECT_TRUE(stream->ended);
  EXPECT_EQ(get("k2").kv().value(), "v");
}

TEST_F(WriteStreamTest, ARequestPastTheStreamsDeadlineIsNotApplied) {
  stream->ends_at = clock.now() + kNanosPerMilli;
  send(1, 1);
  stream->run();
  clock.advance(2 * kNanosPerMilli);
  run_writer();
  stream->run();
  const auto replies = stream->replies<v1::WriteResponse>();
  ASSERT_EQ(replies.size(), 1U);
  EXPECT_EQ(replies[0].error().code(), 4);
  EXPECT_FALSE(get("k1").has_kv());
}

TEST_F(WriteStreamTest, AClientThatLeavesAfterItsLastMessageEndsTheStreamOnce) {
  send(1, 3);
  stream->end_side();
  stream->run();
  stream->leave();
  EXPECT_FALSE(stream->ended) << "the writer still has three";
  run_writer();
  EXPECT_TRUE(stream->ended);
  EXPECT_EQ(get("k3").kv().value(), "v");
}

TEST_F(WriteStreamTest, AStopWaitsForIt) { EXPECT_TRUE(stream->delays_stop()); }

TEST(Window, HasRoomBelowBothBoundsAndAgainOnceMessagesAreReleased) {
  Window window(2, 100);
  EXPECT_TRUE(window.has_room());
  window.admit(10);
  EXPECT_TRUE(window.has_room());
  window.admit(10);
  EXPECT_FALSE(window.has_room()) << "two messages";
  window.release(10);
  EXPECT_TRUE(window.has_room());
  window.release(10);
  window.admit(100);
  EXPECT_FALSE(window.has_room()) << "a hundred bytes";
  window.release(100);
  EXPECT_TRUE(window.has_room());
}

}  // namespace
}  // namespace flashkv::test
