#include "server/service/pipeline_stream.h"

#include "server/service/pipelined_call.h"
#include "tests/server/service/pipeline_calls.h"
#include "tests/support/services_fixture.h"
#include "tests/support/services_fixture_stream.h"

namespace flashkv::test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::UnorderedElementsAre;

class PipelineStreamTest : public ServicesTest {
 protected:
  PipelineStreamTest() { begin(); }
  ~PipelineStreamTest() override {
    store->stop(0);
    stream.reset();
  }

  // Opens a stream over a store with these options.
  void begin(StoreOptions options = {}) {
    stream.reset();
    open(std::move(options));
    stream = std::make_unique<FakeStream>(*session, desk);
    stream->open(std::make_unique<PipelineStream>(*stream));
  }
  void send(const Calls& calls) { stream->send(calls.message()); }
  // Each `rounds` times: what can move, then the writer.
  void run(int rounds = 2) {
    for (int i = 0; i < rounds; ++i) {
      stream->run();
      run_writer();
    }
    stream->run();
  }
  void put_applied(const std::string& key, const std::string& value) {
    v1::PutRequest request;
    request.set_key(key);
    request.set_value(value);
    request.set_ack(v1::ACK_APPLIED);
    DeskSubmission call(desk);
    ASSERT_TRUE(kv->put(request, call).submitted);
    run_writer();
    ASSERT_TRUE(call.applied);
  }
  void publish() {
    DeskSubmission call(desk);
    call.kind = RequestKind::kPublish;
    ASSERT_TRUE(submit(*store, call).submitted);
    run_writer();
  }
  std::vector<v1::PipelineResponse> replies() const { return stream->replies<v1::PipelineResponse>(); }
  std::vector<v1::Answer> answers() const {
    std::vector<v1::Answer> all;
    for (const auto& reply : replies()) all.insert(all.end(), reply.answers().begin(), reply.answers().end());
    return all;
  }
  std::vector<std::uint64_t> ids() const {
    std::vector<std::uint64_t> all;
    for (const auto& answer : answers()) all.push_back(answer.id());
    return all;
  }
  v1::Answer answer(std::uint64_t id) const {
    v1::Answer found;
    int times = 0;
    for (const auto& each : answers()) {
      if (each.id() != id) continue;
      found = each;
      ++times;
    }
    EXPECT_EQ(times, 1) << "answers to " << id;
    return found;
  }
  std::uint64_t queued() { return store->stats().writer.queue_requests; }

  std::unique_ptr<FakeStream> stream;
};

TEST_F(PipelineStreamTest, AllReadsOfAMessageAreAnsweredAtOnceByOneMessage) {
  put("a", "1");
  put("b", "2");
  Calls calls;
  calls.get("a").get("nothing").get("b");
  v1::MultiGetRequest& several = *calls.add().mutable_multi_get();
  several.add_keys("b");
  several.add_keys("a");
  send(calls);
  stream->run();
  ASSERT_EQ(replies().size(), 1U);
  EXPECT_EQ(replies()[0].header().revision(), 2U);
  EXPECT_EQ(replies()[0].header().store_id(), store->store_id());
  EXPECT_THAT(ids(), ElementsAre(1, 2, 3, 4));
  EXPECT_EQ(answer(1).get().kv().value(), "1");
  EXPECT_TRUE(answer(2).has_get());
  EXPECT_FALSE(answer(2).get().has_kv());
  EXPECT_EQ(answer(3).get().kv().mod_revision(), 2U);
  EXPECT_EQ(answer(4).multi_get().results(1).kv().value(), "1");
  EXPECT_EQ(stream->counts[Code::kOk], 4);
}

TEST_F(PipelineStreamTest, EveryMethodAnswersAsItsUnaryCall) {
  put("number", "40");
  put("text", "ab");
  put("gone", "x");
  put("soon", "y");
  Calls calls;
  calls.put("new", "n");
  calls.add().mutable_delete_()->set_key("gone");
  v1::ExpireRequest& expire = *calls.add().mutable_expire();
  expire.set_key("soon");
  expire.set_ttl_ms(60'000);
  v1::IncrementRequest& increment = *calls.add().mutable_increment();
  increment.set_key("number");
  increment.set_delta(2);
  v1::AppendRequest& append = *calls.add().mutable_append();
  append.set_key("text");
  append.set_value("cde");
  v1::TxnRequest& txn = *calls.add().mutable_txn();
  txn.add_compare()->set_key("absent");  // its version is 0
  txn.add_success()->mutable_get()->set_key("new");
  send(calls);
  stream->run();
  EXPECT_THAT(ids(), IsEmpty()) << "all of them are with the writer";
  run();
  EXPECT_THAT(ids(), UnorderedElementsAre(1, 2, 3, 4, 5, 6));
  EXPECT_TRUE(answer(1).put().succeeded());
  EXPECT_EQ(answer(1).put().header().revision(), 5U);
  EXPECT_EQ(answer(2).delete_().deleted(), 1U);
  EXPECT_TRUE(answer(3).expire().found());
  EXPECT_EQ(answer(4).increment().value(), 42);
  EXPECT_EQ(answer(5).append().length(), 5U);
  EXPECT_TRUE(answer(6).txn().succeeded());
  EXPECT_EQ(answer(6).txn().results(0).get().kv().value(), "n");
  EXPECT_EQ(get("new").kv().value(), "n");
}

TEST_F(PipelineStreamTest, ReadsDoNotWaitForTheWriter) {
  put("a", "1");
  send(Calls(1).put("b").get("a").put("c"));
  send(Calls(4).get("a"));
  stream->run();
  EXPECT_THAT(ids(), ElementsAre(2, 4));
  run();
  EXPECT_THAT(ids(), UnorderedElementsAre(2, 4, 1, 3));
}

TEST_F(PipelineStreamTest, ACallThatFailsIsAnsweredAndTheOthersGoOn) {
  put("text", "not a number");
  Calls calls;
  calls.put("a").get("");
  calls.add();  // no method
  calls.add().mutable_increment()->set_key("text");
  calls.put("").put("b");
  send(calls);
  run();
  EXPECT_THAT(ids(), UnorderedElementsAre(1, 2, 3, 4, 5, 6));
  EXPECT_EQ(answer(2).error().code(), 3);
  EXPECT_EQ(answer(3).error().code(), 3);
  EXPECT_THAT(answer(3).error().message(), HasSubstr("none is set"));
  EXPECT_EQ(answer(4).error().code(), 9);
  EXPECT_EQ(answer(5).error().code(), 3);
  EXPECT_TRUE(answer(1).put().succeeded());
  EXPECT_TRUE(answer(6).put().succeeded());
  EXPECT_EQ(stream->counts[Code::kOk], 2);
  EXPECT_EQ(stream->counts[Code::kInvalidArgument], 3);
  EXPECT_FALSE(stream->ended);
  stream->end_side();
  stream->run();
  ASSERT_TRUE(stream->ended);
  EXPECT_TRUE(stream->ended->ok());
}

TEST_F(PipelineStreamTest, ALargeReplyIsSentInPiecesAsTheClientTakesThem) {
  put("large", std::string(400 << 10, 'x'));
  Calls calls;
  for (int i = 0; i < 7; ++i) calls.get("large");
  send(calls);
  stream->client_takes = false;
  stream->run();
  EXPECT_EQ(stream->counts[Code::kOk], 6) << "one reply is on its way, the next is full";
  stream->client_takes = true;
  stream->run();
  ASSERT_EQ(replies().size(), 3U);
  EXPECT_EQ(replies()[0].answers_size(), 3) << "it was full after the third";
  EXPECT_THAT(ids(), ElementsAre(1, 2, 3, 4, 5, 6, 7));
}

TEST_F(PipelineStreamTest, AClientThatDoesNotReadIsNotReadEither) {
  put("large", std::string(2 << 20, 'x'));
  stream->client_takes = false;
  for (std::uint64_t i = 1; i <= 10; ++i) send(Calls(i).get("large"));
  run();
  EXPECT_EQ(stream->not_read(), 8U) << "one reply is on its way, another is made";
  stream->client_takes = true;
  run();
  EXPECT_EQ(ids().size(), 10U);
}

// Waits for revision 2, which is assigned and not published.
TEST_F(PipelineStreamTest, ReadsThatWaitHoldNoOthersUpAndAreAnsweredAsThereIsRoom) {
  StoreOptions on_request;
  on_request.policy = {.interval = Nanos{3600} * 1'000'000'000, .adaptive = false};
  begin(on_request);
  put_applied("large", std::string(2 << 20, 'x'));
  publish();
  put_applied("b", "1");
  Calls calls;
  for (int i = 0; i < 20; ++i) calls.get("large", 2);
  send(calls.get("b"));
  stream->run();
  EXPECT_THAT(ids(), ElementsAre(21));
  EXPECT_FALSE(answer(21).get().has_kv());
  stream->client_takes = false;
  publish();
  stream->run();
  EXPECT_EQ(stream->counts[Code::kOk], 3) << "one reply is on its way, another is made";
  stream->client_takes = true;
  stream->run();
  EXPECT_EQ(ids().size(), 21U);
  EXPECT_EQ(answer(20).get().header().revision(), 2U);
}

// What a refused call has copied stays in memory until its reply leaves, so few of them are started.
TEST_F(PipelineStreamTest, RefusedCallsThatHaveCopiedMuchWaitForTheReplyToLeave) {
  const std::string key(200, 'k');
  put(key, std::string((8 << 20) - 64, 'x'));
  Calls calls;
  for (int i = 0; i < 10; ++i) {
    v1::MultiGetRequest& request = *calls.add().mutable_multi_get();
    for (int k = 0; k < 2; ++k) request.add_keys(key);
  }
  send(calls);
  stream->client_takes = false;
  stream->run();
  EXPECT_EQ(stream->counts[Code::kResourceExhausted], 2) << "one reply is on its way, the next is full";
  stream->client_takes = true;
  stream->run();
  EXPECT_EQ(stream->counts[Code::kResourceExhausted], 10);
}

TEST_F(PipelineStreamTest, AFullQueueHoldsTheStreamBackLongerAndLonger) {
  StoreOptions narrow;
  narrow.limits.max_queue_requests = 1;
  begin(narrow);
  send(Calls(1).put("a").put("b").put("c"));
  send(Calls(4).get("a"));
  stream->run();
  EXPECT_EQ(queued(), 1U);
  EXPECT_EQ(stream->not_read(), 1U);
  std::vector<Nanos> delays;
  for (int i = 0; i < 6; ++i) {
    ASSERT_TRUE(stream->timer);
    delays.push_back(*stream->timer);
    stream->fire_timer();
    stream->run();
  }
  const Nanos first = PipelineStream::kRetry;
  EXPECT_THAT(delays, ElementsAre(first, 2 * first, 4 * first, 8 * first, PipelineStream::kMaxRetry,
                                  PipelineStream::kMaxRetry));
  run_writer();
  stream->fire_timer();
  stream->run();
  ASSERT_TRUE(stream->timer) << "now the third waits";
  EXPECT_EQ(*stream->timer, first) << "from the first delay again";
  for (int i = 0; i < 2; ++i) {
    run_writer();
    if (stream->timer) stream->fire_timer();
    stream->run();
  }
  EXPECT_THAT(ids(), UnorderedElementsAre(1, 2, 3, 4));
  for (const auto& each : answers()) EXPECT_FALSE(each.has_error());
}

TEST_F(PipelineStreamTest, FewCallsThatReturnValuesAreWithTheWriter) {
  Calls calls;
  for (std::size_t i = 0; i < 3 * PipelineStream::kMaxHolding; ++i) calls.put("a", "v", true);
  send(calls);
  stream->run();
  EXPECT_EQ(queued(), PipelineStream::kMaxHolding);
  run(4);
  EXPECT_EQ(ids().size(), 3 * PipelineStream::kMaxHolding);
}

TEST_F(PipelineStreamTest, ManyOthersAre) {
  Calls calls;
  for (std::size_t i = 0; i < PipelineStream::kMaxPending + 1; ++i) calls.put("a");
  send(calls);
  stream->run();
  EXPECT_EQ(queued(), PipelineStream::kMaxPending);
  run(4);
  EXPECT_EQ(ids().size(), PipelineStream::kMaxPending + 1);
}

TEST_F(PipelineStreamTest, AtMostAWindowOfMessagesIsUnanswered) {
  for (std::uint64_t i = 1; i <= PipelineStream::kWindow + 5; ++i) send(Calls(i).put("a"));
  stream->run();
  EXPECT_EQ(stream->not_read(), 5U);
  run(3);
  EXPECT_EQ(ids().size(), PipelineStream::kWindow + 5);
}

TEST_F(PipelineStreamTest, LargeMessagesMakeTheWindowSmaller) {
  for (std::uint64_t i = 1; i <= 5; ++i) send(Calls(i).put("a", std::string(3 << 20, 'v')));
  stream->run();
  EXPECT_EQ(queued(), 2U);
  run(4);
  EXPECT_EQ(ids().size(), 5U);
}

TEST_F(PipelineStreamTest, AMessageHasTenThousandCallsAtMost) {
  put("a", "1");
  Calls most;
  for (int i = 0; i < kMaxCalls; ++i) most.get("a");
  send(most);
  stream->run();
  EXPECT_EQ(ids().size(), static_cast<std::size_t>(kMaxCalls));
  most.get("a");
  send(most);
  stream->run();
  EXPECT_EQ(ids().size(), static_cast<std::size_t>(kMaxCalls));
  ASSERT_TRUE(stream->ended);
  EXPECT_EQ(stream->ended->code, Code::kInvalidArgument);
  EXPECT_THAT(stream->ended->message, HasSubstr("10000"));
}

TEST_F(PipelineStreamTest, AMalformedMessageEndsTheStreamOnceThoseBeforeItAreAnswered) {
  send(Calls(1).put("a"));
  stream->send_bytes("\x0a\x7f broken");
  send(Calls(2).put("b"));
  stream->run();
  EXPECT_FALSE(stream->ended);
  run();
  EXPECT_THAT(ids(), ElementsAre(1));
  ASSERT_TRUE(stream->ended);
  EXPECT_EQ(stream->ended->code, Code::kInvalidArgument);
  EXPECT_FALSE(get("b").has_kv());
}

TEST_F(PipelineStreamTest, UnknownFieldsAndEmptyMessagesArePassedOver) {
  stream->send_bytes("");
  stream->send_bytes(std::string("\x12\x03xyz\x18\x05", 7));
  stream->send_bytes("\x1c");  // a group that never ends
  stream->run();
  ASSERT_TRUE(stream->ended);
  EXPECT_EQ(stream->ended->code, Code::kInvalidArgument) << "of the last";
  EXPECT_THAT(ids(), IsEmpty());
}

TEST_F(PipelineStreamTest, ADrainAnswersEverythingReadAndThenEndsTheStream) {
  send(Calls(1).put("a").put("b"));
  stream->run();
  stream->drain();
  EXPECT_FALSE(stream->ended) << "the writer still has two";
  send(Calls(3).put("c"));
  run();
  EXPECT_THAT(ids(), UnorderedElementsAre(1, 2));
  ASSERT_TRUE(stream->ended);
  EXPECT_EQ(stream->ended->code, Code::kUnavailable);
}

TEST_F(PipelineStreamTest, AClientThatIsGoneEndsTheStreamOnceTheWriterHasCompletedItsCalls) {
  put("large", std::string(2 << 20, 'x'));
  stream->client_takes = false;
  send(Calls(1).get("large").get("large").get("large").put("a").put("b"));
  stream->run();
  stream->leave();
  EXPECT_FALSE(stream->ended) << "the writer has two";
  run_writer();
  EXPECT_TRUE(stream->ended);
  EXPECT_EQ(get("b").kv().value(), "v");
}

TEST_F(PipelineStreamTest, ACallPastTheStreamsDeadlineIsNotApplied) {
  stream->ends_at = clock.now() + kNanosPerMilli;
  send(Calls(1).put("a"));
  stream->run();
  clock.advance(2 * kNanosPerMilli);
  run();
  EXPECT_EQ(answer(1).error().code(), 4);
  EXPECT_FALSE(get("a").has_kv());
}

}  // namespace
}  // namespace flashkv::test
