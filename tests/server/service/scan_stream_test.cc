#include "server/service/scan_stream.h"

#include "tests/support/services_fixture.h"
#include "tests/support/services_fixture_stream.h"

namespace flashkv::test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

class ScanStreamTest : public ServicesTest {
 protected:
  ~ScanStreamTest() override {
    store->stop(0);
    stream.reset();
  }

  // A store with keys k0, k1, ...; their values carry the version that they were written with.
  void fill(std::size_t keys, std::size_t value_bytes = 8, StoreOptions options = {}) {
    stream.reset();
    open(std::move(options));
    write_all(keys, 1, value_bytes);
  }
  void write_all(std::size_t keys, char version, std::size_t value_bytes = 8) {
    for (std::size_t first = 0; first < keys; first += 1'000) {
      DeskSubmission call(desk);
      v1::WriteRequest request;
      for (std::size_t i = first; i < std::min(keys, first + 1'000); ++i) {
        v1::PutRequest& put = *request.add_ops()->mutable_put();
        put.set_key(numbered("k", i));
        put.set_value(std::string(value_bytes, version));
        put.set_ttl_ms(ttl_ms);
      }
      ASSERT_TRUE(kv->write(request, call).submitted);
      run_writer();
      ASSERT_TRUE(call.status.ok()) << call.status.message;
    }
  }
  void begin(const v1::ScanRequest& request = {}) {
    stream = std::make_unique<FakeStream>(*session, desk);
    stream->open(std::make_unique<ScanStream>(*stream));
    stream->send(request);
    stream->end_side();
    go();
  }
  void go() {
    for (int i = 0; i < 3; ++i) {
      stream->run();
      run_writer();
    }
  }
  // Lets one page through to a client that then stops reading.
  void take_one() {
    stream->client_takes = true;
    stream->run_one();
    stream->client_takes = false;
  }
  std::vector<v1::ScanResponse> pages() const { return stream->replies<v1::ScanResponse>(); }
  std::uint64_t pins() const { return store->stats().writer.pins; }

  std::int64_t ttl_ms = 0;
  std::unique_ptr<FakeStream> stream;
};

v1::ScanRequest paged(std::uint64_t keys) {
  v1::ScanRequest request;
  request.set_page_size(keys);
  return request;
}

TEST_F(ScanStreamTest, PagesStayBelowTheirBytesAndALargerItemIsAPageOfItsOwn) {
  fill(0);
  for (const auto& [key, size] : std::map<std::string, std::size_t>{
           {"a", 100}, {"b", 200'000}, {"c", 100'000}, {"d", 3 << 20}, {"e", 10}}) {
    put(key, std::string(size, 'v'));
  }
  begin();
  std::vector<std::string> keys;
  for (const auto& page : pages()) {
    std::string& joined = keys.emplace_back();
    for (const auto& each : page.kvs()) joined += each.key();
    if (page.kvs_size() > 1) {
      EXPECT_LE(page.ByteSizeLong(), std::size_t{1} << 20);
    }
  }
  EXPECT_THAT(keys, ElementsAre("ab", "c", "d", "e"));
  ASSERT_TRUE(stream->ended);
  EXPECT_TRUE(stream->ended->ok());
  EXPECT_EQ(stream->counts[Code::kOk], 1);
}

TEST_F(ScanStreamTest, EveryPageShowsTheRevisionThatItBeganWith) {
  fill(100);
  const std::uint64_t revision = store->published_revision();
  stream = std::make_unique<FakeStream>(*session, desk);
  stream->client_takes = false;
  stream->open(std::make_unique<ScanStream>(*stream));
  stream->send(paged(10));
  go();
  EXPECT_EQ(pins(), 1U);
  for (char version = 2; version < 12; ++version) {
    take_one();
    write_all(100, version);
  }
  stream->client_takes = true;
  go();
  std::uint64_t seen = 0;
  for (const auto& page : pages()) {
    EXPECT_EQ(page.header().revision(), revision);
    for (const auto& each : page.kvs()) EXPECT_EQ(each.value(), std::string(8, 1)) << each.key();
    seen += static_cast<std::uint64_t>(page.kvs_size());
    EXPECT_EQ(page.count(), seen);
  }
  EXPECT_EQ(seen, 100U);
  ASSERT_TRUE(stream->ended);
  EXPECT_TRUE(stream->ended->ok());
  EXPECT_EQ(pins(), 0U);
}

TEST_F(ScanStreamTest, OnePageIsInFlightAndThePinIsHeldUntilTheLastIsSent) {
  fill(20);
  stream = std::make_unique<FakeStream>(*session, desk);
  stream->client_takes = false;
  stream->open(std::make_unique<ScanStream>(*stream));
  stream->send(paged(10));
  go();
  EXPECT_EQ(stream->followed.size(), 1U);
  take_one();
  EXPECT_EQ(stream->followed.size(), 2U) << "the last page";
  run_writer();
  EXPECT_EQ(pins(), 1U);
  EXPECT_FALSE(stream->ended);
  take_one();
  run_writer();
  EXPECT_EQ(pins(), 0U);
  EXPECT_TRUE(stream->ended);
}

TEST_F(ScanStreamTest, AClientThatTakesNoPageForTheScanTimeoutIsCutOff) {
  limits.scan_timeout = 5'000 * kNanosPerMilli;
  fill(20);
  stream = std::make_unique<FakeStream>(*session, desk);
  stream->client_takes = false;
  stream->open(std::make_unique<ScanStream>(*stream));
  stream->send(paged(10));
  go();
  for (int second = 1; second < 5; ++second) {
    clock.advance(1'000 * kNanosPerMilli);
    stream->fire_timer();
  }
  EXPECT_FALSE(stream->cut_with);
  take_one();
  for (int second = 1; second < 5; ++second) {
    clock.advance(1'000 * kNanosPerMilli);
    stream->fire_timer();
  }
  EXPECT_FALSE(stream->cut_with) << "it took a page four seconds ago";
  clock.advance(1'000 * kNanosPerMilli);
  stream->fire_timer();
  ASSERT_TRUE(stream->cut_with);
  EXPECT_EQ(stream->cut_with->code, Code::kDeadlineExceeded);
  EXPECT_THAT(stream->cut_with->message, HasSubstr("scan-timeout"));
  go();
  EXPECT_TRUE(stream->ended);
  EXPECT_EQ(stream->counts[Code::kDeadlineExceeded], 1);
  EXPECT_EQ(pins(), 0U);
}

// A store that may keep next to nothing for pins.
StoreOptions narrow() {
  StoreOptions options;
  options.limits.max_pinned_bytes = 1 << 20;
  return options;
}

TEST_F(ScanStreamTest, ARevokedPinEndsTheScanAtItsNextPage) {
  fill(100, 30'000, narrow());
  stream = std::make_unique<FakeStream>(*session, desk);
  stream->client_takes = false;
  stream->open(std::make_unique<ScanStream>(*stream));
  stream->send(paged(10));
  go();
  write_all(100, 2, 30'000);
  run_writer();
  EXPECT_EQ(store->stats().writer.pins_revoked, 1U);
  stream->client_takes = true;
  go();
  ASSERT_TRUE(stream->ended);
  EXPECT_EQ(stream->ended->code, Code::kResourceExhausted);
  EXPECT_THAT(stream->ended->message, HasSubstr("max-pinned-bytes"));
  EXPECT_EQ(pages().size(), 1U) << "the page that was on its way";
  EXPECT_EQ(pins(), 0U);
}

TEST_F(ScanStreamTest, ARevokedPinCutsOffAPageThatTheClientDoesNotTake) {
  fill(100, 30'000, narrow());
  stream = std::make_unique<FakeStream>(*session, desk);
  stream->client_takes = false;
  stream->open(std::make_unique<ScanStream>(*stream));
  stream->send(paged(10));
  go();
  write_all(100, 2, 30'000);
  run_writer();
  stream->fire_timer();
  ASSERT_TRUE(stream->cut_with);
  EXPECT_EQ(stream->cut_with->code, Code::kResourceExhausted);
  go();
  EXPECT_TRUE(stream->ended);
  EXPECT_EQ(pins(), 0U);
}

// Completed calls wait here until the test lets them through.
class Shelf final : public CompletionSink {
 public:
  void complete(Request* first) noexcept override {
    for (; first != nullptr; first = first->next) ready_.push_back(static_cast<PendingCall*>(first));
  }
  bool empty() const { return ready_.empty(); }
  void deliver() {
    for (PendingCall* done : std::exchange(ready_, {})) done->waiter->resume(*done);
  }

 private:
  std::vector<PendingCall*> ready_;
};

// Keys that expire are looked at one by one.
TEST_F(ScanStreamTest, ALongCountGivesOtherCallsATurnAndFailsOnceItsPinIsRevoked) {
  fill(0, 8, narrow());
  ttl_ms = 1'000'000;
  const auto keys = static_cast<std::size_t>(ScanStream::kSections * OrderedScan::kLooks + 1'000);
  write_all(keys, 1);
  Shelf shelf;
  v1::ScanRequest request;
  request.set_count_only(true);
  const auto begin_counting = [&](FakeStream& counting) {
    counting.open(std::make_unique<ScanStream>(counting));
    counting.send(request);
    counting.run();
    run_writer();
    shelf.deliver();
    EXPECT_FALSE(shelf.empty()) << "it has given way";
    EXPECT_TRUE(counting.followed.empty());
  };
  FakeStream complete(*session, shelf);
  begin_counting(complete);
  shelf.deliver();
  complete.run();
  ASSERT_TRUE(complete.ended);
  EXPECT_EQ(complete.replies<v1::ScanResponse>().at(0).count(), keys);

  FakeStream late(*session, shelf);
  begin_counting(late);
  write_all(keys, 2);
  ASSERT_EQ(store->stats().writer.pins_revoked, 1U);
  shelf.deliver();
  ASSERT_TRUE(late.ended);
  EXPECT_EQ(late.ended->code, Code::kResourceExhausted);
}

TEST_F(ScanStreamTest, BeyondMaxPinsAScanIsRefusedAndTheOthersGoOn) {
  StoreOptions one;
  one.limits.max_pins = 1;
  fill(20, 8, one);
  stream = std::make_unique<FakeStream>(*session, desk);
  stream->client_takes = false;
  stream->open(std::make_unique<ScanStream>(*stream));
  stream->send(paged(10));
  go();
  FakeStream second(*session, desk);
  second.open(std::make_unique<ScanStream>(second));
  second.send(v1::ScanRequest());
  second.run();
  run_writer();
  ASSERT_TRUE(second.ended);
  EXPECT_EQ(second.ended->code, Code::kResourceExhausted);
  EXPECT_THAT(second.ended->message, HasSubstr("max-pins"));
  stream->client_takes = true;
  go();
  ASSERT_TRUE(stream->ended);
  EXPECT_TRUE(stream->ended->ok());
  begin();
  ASSERT_TRUE(stream->ended);
  EXPECT_TRUE(stream->ended->ok()) << "the pin is free again";
}

TEST_F(ScanStreamTest, AClientThatLeavesReturnsThePin) {
  fill(20);
  stream = std::make_unique<FakeStream>(*session, desk);
  stream->client_takes = false;
  stream->open(std::make_unique<ScanStream>(*stream));
  stream->send(paged(10));
  go();
  stream->leave();
  EXPECT_TRUE(stream->ended);
  run_writer();
  EXPECT_EQ(pins(), 0U);
}

TEST_F(ScanStreamTest, AClientThatLeavesBeforeTheWriterAnswersEndsTheStreamAfterIt) {
  fill(20);
  stream = std::make_unique<FakeStream>(*session, desk);
  stream->open(std::make_unique<ScanStream>(*stream));
  stream->send(paged(10));
  stream->run();
  stream->leave();
  EXPECT_FALSE(stream->ended) << "the writer has its call";
  run_writer();
  EXPECT_TRUE(stream->ended);
  EXPECT_TRUE(stream->followed.empty());
  run_writer();
  EXPECT_EQ(pins(), 0U);
}

TEST_F(ScanStreamTest, ADrainEndsAScanAtOnceAndReturnsThePin) {
  fill(20);
  stream = std::make_unique<FakeStream>(*session, desk);
  stream->client_takes = false;
  stream->open(std::make_unique<ScanStream>(*stream));
  stream->send(paged(10));
  go();
  stream->drain();
  ASSERT_TRUE(stream->cut_with);
  EXPECT_EQ(stream->cut_with->code, Code::kUnavailable);
  go();
  EXPECT_TRUE(stream->ended);
  EXPECT_EQ(pins(), 0U);
}

TEST_F(ScanStreamTest, ItWaitsForTheRevisionAndGivesUpAtItsDeadline) {
  StoreOptions slow;
  slow.policy.interval = 10'000 * kNanosPerMilli;
  slow.policy.adaptive = false;
  fill(0, 8, slow);
  DeskSubmission written(desk);
  v1::PutRequest request;
  request.set_key("late");
  ASSERT_TRUE(kv->put(request, written).submitted);
  run_writer();
  ASSERT_EQ(store->assigned_revision(), 1U);
  ASSERT_EQ(store->published_revision(), 0U);
  v1::ScanRequest scan;
  scan.set_at_least_revision(1);
  FakeStream patient(*session, desk);
  FakeStream hasty(*session, desk);
  hasty.ends_at = clock.now() + kNanosPerMilli;
  for (FakeStream* each : {&patient, &hasty}) {
    each->open(std::make_unique<ScanStream>(*each));
    each->send(scan);
    each->run();
  }
  clock.advance(2 * kNanosPerMilli);
  run_writer();
  ASSERT_TRUE(hasty.ended);
  EXPECT_EQ(hasty.ended->code, Code::kDeadlineExceeded);
  EXPECT_FALSE(patient.ended);
  clock.advance(10'000 * kNanosPerMilli);
  run_writer();
  patient.run();
  ASSERT_TRUE(patient.ended);
  EXPECT_TRUE(patient.ended->ok()) << patient.ended->message;
  EXPECT_EQ(patient.replies<v1::ScanResponse>().at(0).kvs_size(), 1);
  run_writer();
}

TEST_F(ScanStreamTest, ABadMessageOrNoneEndsIt) {
  fill(0);
  stream = std::make_unique<FakeStream>(*session, desk);
  stream->open(std::make_unique<ScanStream>(*stream));
  stream->send_bytes("\x0a\x7f broken");
  stream->run();
  ASSERT_TRUE(stream->ended);
  EXPECT_EQ(stream->ended->code, Code::kInvalidArgument);
  stream = std::make_unique<FakeStream>(*session, desk);
  stream->open(std::make_unique<ScanStream>(*stream));
  stream->end_side();
  stream->run();
  ASSERT_TRUE(stream->ended);
  EXPECT_EQ(stream->ended->code, Code::kInvalidArgument);
  EXPECT_TRUE(stream->delays_stop());
}

}  // namespace
}  // namespace flashkv::test
