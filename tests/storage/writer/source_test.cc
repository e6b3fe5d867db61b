// Sources inside the store beside the clients' queue, over every engine.
#include "storage/writer/source.h"

#include <gtest/gtest.h>

#include <chrono>
#include <deque>
#include <optional>
#include <string>

#include "storage/writer/writer.h"
#include "storage/writer/writer_thread.h"
#include "tests/support/deadline.h"
#include "tests/support/store_fixture.h"

namespace flashkv::test {
namespace {

// Purpose: a backlog of requests without sinks, offered a few operations at a time.
// Threads: feed() before the writer runs, or `due_at` set from another thread before wake().
class Backlog final : public Source {
 public:
  explicit Backlog(std::uint64_t bound) : bound_(bound) {}

  Call& feed(std::string_view key, std::string_view value) {
    Call& call = calls_.emplace_back();
    call.put(key, value);
    call.op().hash = KeyHash(7)(key);
    return call;
  }
  Nanos due() const noexcept override { return due_at.load(std::memory_order_seq_cst); }
  Request* offer(std::uint64_t assigned, Nanos now, std::uint64_t) noexcept override {
    seen_assigned = assigned;
    seen_now = now;
    RequestList piece;
    for (; next_ < calls_.size() && piece.size() < bound_; ++next_) piece.push(calls_[next_]);
    if (next_ == calls_.size()) due_at = kNever;
    return piece.release();
  }
  void take_back(Request* first) noexcept override {
    std::size_t n = 0;
    for (Request* r = first; r != nullptr; r = r->next, ++n) ++static_cast<Call*>(r)->completions;
    pieces.push_back(n);
  }

  std::atomic<Nanos> due_at{0};
  std::uint64_t seen_assigned = 0;
  Nanos seen_now = 0;
  std::vector<std::size_t> pieces;

 private:
  const std::uint64_t bound_;
  std::deque<Call> calls_;
  std::size_t next_ = 0;
};

class SourceTest : public ::testing::TestWithParam<EngineCase> {
 protected:
  SourceTest() : made_(GetParam().make(KeyHash(7))) { finish_within(std::chrono::seconds(30)); }

  Writer& writer() {
    if (!writer_) writer_.emplace(*made_.table, PublishPolicy{}, limits_, clock, sources_);
    return *writer_;
  }
  std::optional<std::string> value_of(std::string_view key) {
    std::string value;
    Lookup lookup;
    lookup.value = &value;
    made_.table->make_reader(clock)->get(key, lookup);
    if (!lookup.found) return std::nullopt;
    return value;
  }
  void submit(Call& call) {
    call.sink = &sink;
    for (Op& op : call.ops) op.hash = KeyHash(7)(op.key);
    ASSERT_EQ(writer().submit(call), Admission::kAccepted);
  }
  void TearDown() override {
    writer().close();
    writer().finish(kNever);
  }

  ManualClock clock;
  CountingSink sink;
  Backlog inside{2};

 private:
  TestTable made_;
  const StoreLimits limits_;
  std::array<Source*, 1> sources_{&inside};
  std::optional<Writer> writer_;
};
INSTANTIATE_TEST_SUITE_P(Engines, SourceTest, ::testing::ValuesIn(engine_cases()), EngineName{});

TEST_P(SourceTest, ABacklogIsAppliedInPiecesOfItsOwnBound) {
  for (int i = 0; i < 5; ++i) inside.feed(numbered("k", static_cast<std::size_t>(i)), "inside");
  Call client;
  submit(client.put("c", "client"));
  EXPECT_LE(writer().step(), clock.now()) << "there is more";
  EXPECT_EQ(inside.pieces, (std::vector<std::size_t>{2}));
  EXPECT_TRUE(client.done()) << "clients wait for one piece, not for the backlog";
  EXPECT_EQ(client.revision, 3U) << "each request takes one revision";
  for (int i = 0; i < 20 && writer().step() <= clock.now(); ++i) {
  }
  EXPECT_EQ(inside.pieces, (std::vector<std::size_t>{2, 2, 1}));
  EXPECT_EQ(inside.seen_assigned, 5U);
  EXPECT_EQ(inside.seen_now, clock.now());
  for (int i = 0; i < 5; ++i) EXPECT_EQ(value_of(numbered("k", static_cast<std::size_t>(i))), "inside");
  EXPECT_EQ(writer().stats().source_requests, 5U);
  EXPECT_EQ(writer().stats().applied_requests, 6U);
  EXPECT_EQ(sink.count(), 1U) << "what a source offers goes to no sink";
  EXPECT_EQ(writer().stats().queue_requests, 0U) << "and is not the queue's";
}

TEST_P(SourceTest, ASourceMayBringItsRevisions) {
  Call& far = inside.feed("a", "1");
  far.revision = 100;
  Call& low = inside.feed("b", "2");
  low.revision = 99;
  writer().step();
  EXPECT_TRUE(far.applied);
  EXPECT_EQ(far.revision, 100U);
  EXPECT_FALSE(low.applied) << "history does not run backward";
  EXPECT_EQ(low.status.code, Code::kOutOfRange);
  Call client;
  submit(client.put("c", "3"));
  writer().step();
  writer().step();
  EXPECT_EQ(client.revision, 101U);
  EXPECT_EQ(writer().assigned(), 101U);
  EXPECT_EQ(value_of("a"), "1");
  EXPECT_EQ(value_of("b"), std::nullopt);
}

TEST_P(SourceTest, TheWriterComesBackWhenASourceIsDue) {
  inside.feed("a", "1");
  inside.due_at = clock.now() + 5 * kNanosPerMilli;
  EXPECT_EQ(writer().step(), clock.now() + 5 * kNanosPerMilli);
  EXPECT_TRUE(inside.pieces.empty());
  clock.advance(5 * kNanosPerMilli);
  writer().step();
  EXPECT_EQ(inside.pieces, (std::vector<std::size_t>{1}));
}

TEST_P(SourceTest, ASourceThatIsFedByAnotherThreadWakesTheWriter) {
  inside.due_at = kNever;
  inside.feed("a", "1");
  WriterThread thread(writer());
  thread.start();
  inside.due_at.store(0, std::memory_order_seq_cst);
  writer().wake();
  const auto give_up = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  while (value_of("a") != "1" && std::chrono::steady_clock::now() < give_up) std::this_thread::yield();
  EXPECT_EQ(value_of("a"), "1");
  thread.stop(kNever);
}

TEST_P(SourceTest, AStopAsksNoSource) {
  inside.feed("a", "1");
  writer().close();
  EXPECT_TRUE(writer().finish(kNever));
  EXPECT_TRUE(inside.pieces.empty());
}

}  // namespace
}  // namespace flashkv::test
