// The writer and its journal, step by step, over every engine and a disk that fails on demand.
#include <gtest/gtest.h>

#include <array>
#include <chrono>
#include <deque>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <thread>
#include <vector>

#include "storage/writer/writer.h"
#include "tests/storage/journal/journal_fixture.h"
#include "tests/support/deadline.h"
#include "tests/support/store_fixture.h"

namespace flashkv::test {
namespace {

using State = MemoryDisk::State;

class WriterJournalTest : public ::testing::TestWithParam<EngineCase> {
 protected:
  WriterJournalTest() : made_(GetParam().make(KeyHash(7))) { finish_within(std::chrono::seconds(30)); }
  ~WriterJournalTest() override {
    if (!writer_) return;
    writer_->close();
    writer_->finish(0);
  }

  JournalPump& pump() {
    if (!pump_) pump_.emplace(disk, sync, revision, clock);
    return *pump_;
  }
  Writer& writer() {
    if (!writer_) {
      writer_.emplace(*made_.table, policy, limits, clock, std::span<Source* const>(),
                      StagedState::Index::kOrdered, &pump());
      Status why;
      EXPECT_TRUE(writer_->load(loaded, why)) << why.message;
      EXPECT_TRUE(writer_->load({}, why));
    }
    return *writer_;
  }
  Call& submit(Call& call) {
    writer();
    call.sink = &sink;
    for (Op& op : call.ops) op.hash = KeyHash(7)(op.key);
    EXPECT_EQ(writer().submit(call), Admission::kAccepted);
    return call;
  }
  void settle() {
    for (int i = 0; i < 1'000 && writer().step() <= clock.now(); ++i) {
    }
  }
  Call& run(Call& call) {
    submit(call);
    settle();
    return call;
  }
  std::optional<std::string> value_of(std::string_view key) {
    std::string value;
    Lookup lookup;
    lookup.value = &value;
    made_.table->make_reader(clock)->get(key, lookup);
    if (!lookup.found) return std::nullopt;
    return value;
  }
  std::uint64_t published() { return made_.table->published(); }

  ManualClock clock;
  CountingSink sink;
  MemoryDisk disk;
  SyncPolicy sync = SyncPolicy::kOnRequest;
  std::uint64_t revision = 0;
  PublishPolicy policy;
  StoreLimits limits;
  std::vector<RecordPtr> loaded;

 private:
  TestTable made_;
  std::optional<JournalPump> pump_;
  std::optional<Writer> writer_;
};
INSTANTIATE_TEST_SUITE_P(Engines, WriterJournalTest, ::testing::ValuesIn(served_cases()), EngineName{});

TEST_P(WriterJournalTest, ADurableWriteIsAnsweredOnceItIsSynced) {
  Call durable, published;
  durable.ack = Ack::kDurable;
  submit(durable.put("a", "1"));
  run(published.put("b", "1"));
  EXPECT_TRUE(published.done());
  EXPECT_FALSE(durable.done());
  EXPECT_EQ(value_of("a"), "1") << "readers do not wait for the disk";
  pump().step();
  EXPECT_EQ(disk.synced, (State{{"a", "1"}, {"b", "1"}}));
  settle();
  EXPECT_TRUE(durable.done());
  EXPECT_TRUE(durable.status.ok()) << durable.status.message;
  EXPECT_EQ(durable.revision, 1U);
}

TEST_P(WriterJournalTest, OneSyncAnswersAllThatWait) {
  std::array<Call, 20> calls;
  for (std::size_t i = 0; i < calls.size(); ++i) {
    calls[i].ack = Ack::kDurable;
    run(calls[i].put(numbered("k", i), "1"));
  }
  pump().step();
  settle();
  pump().step();
  settle();
  for (const Call& c : calls) EXPECT_TRUE(c.done());
  EXPECT_LE(pump().counts().syncs, 2U);
  EXPECT_EQ(disk.synced.size(), calls.size());
}

TEST_P(WriterJournalTest, WhatChangesNothingWaitsForTheStateItWasDecidedOn) {
  Call put, conditional;
  run(put.put("a", "1"));
  conditional.ack = Ack::kDurable;
  conditional.put("a", "2");
  conditional.op().condition = Condition::kIfAbsent;
  run(conditional);
  EXPECT_FALSE(conditional.done());
  pump().step();
  settle();
  EXPECT_TRUE(conditional.done());
  EXPECT_FALSE(conditional.outcome().succeeded);
  // What is synced already is answered at once.
  Call again;
  again.ack = Ack::kDurable;
  run(again.erase("nobody"));
  EXPECT_TRUE(again.done());
}

TEST_P(WriterJournalTest, TheDiskGetsWhatIsPublishedAndNothingElse) {
  policy = {.interval = 10 * kMs, .max_batch = 1'024, .adaptive = false};
  Call applied;
  applied.ack = Ack::kApplied;
  run(applied.put("a", "1"));
  EXPECT_TRUE(applied.done());
  pump().step();
  EXPECT_EQ(disk.calls, "");
  clock.advance(20 * kMs);
  settle();
  pump().step();
  EXPECT_EQ(disk.written, (State{{"a", "1"}}));
  EXPECT_EQ(disk.revision, 1U);
}

TEST_P(WriterJournalTest, EveryKindOfChangeReachesTheDisk) {
  Call call, erase, range, expiring;
  call.put("put", "1").put("gone", "1").increment("number", 7, 5).append("text", "ab").append("text", "cd");
  run(call);
  run(erase.erase("gone").put("r1", "1").put("r2", "1").put("r3", "1"));
  run(range.erase_range("r1", "r3"));
  run(expiring.put_ttl("short", "1", 5));
  pump().step();
  EXPECT_EQ(disk.written,
            (State{{"put", "1"}, {"number", "12"}, {"text", "abcd"}, {"r3", "1"}, {"short", "1"}}));
  clock.advance(10 * kMs);
  settle();
  pump().step();
  EXPECT_EQ(disk.written, (State{{"put", "1"}, {"number", "12"}, {"text", "abcd"}, {"r3", "1"}}))
      << "an expired key is removed there, too";
  EXPECT_EQ(disk.revision, published());
}

TEST_P(WriterJournalTest, ARequestThatFailsReachesNoDisk) {
  Call put, failing;
  run(put.put("a", "text"));
  pump().step();
  run(failing.put("b", "1").increment("a", 1));
  EXPECT_FALSE(failing.status.ok());
  settle();
  pump().step();
  EXPECT_EQ(disk.written, (State{{"a", "text"}}));
}

TEST_P(WriterJournalTest, BeyondItsBoundWritesAreRefusedUntilTheDiskHasCaughtUp) {
  limits.max_journal_bytes = 10'000;
  std::size_t taken = 0;
  Call refused;
  std::deque<Call> calls;
  for (; taken < 100; ++taken) {
    Call& call = run(calls.emplace_back().put("key", std::string(1'000, 'v')));
    ASSERT_TRUE(call.done());
    if (!call.status.ok()) break;
  }
  EXPECT_GE(taken, 9U);
  EXPECT_LE(taken, 10U);
  const Status& s = calls.back().status;
  EXPECT_EQ(s.code, Code::kResourceExhausted);
  EXPECT_NE(s.message.find("max-journal-bytes"), std::string::npos) << s.message;
  EXPECT_GE(writer().journal_bytes(), 10'000U);
  EXPECT_EQ(value_of("key")->size(), 1'000U) << "reads go on";
  for (int i = 0; i < 2; ++i) {  // there are more batches than the ring holds
    pump().step();
    settle();
  }
  EXPECT_EQ(writer().journal_bytes(), 0U);
  Call after;
  EXPECT_TRUE(run(after.put("key", "short")).status.ok());
}

TEST_P(WriterJournalTest, WhileTheDiskFailsDurableWritesSayWhyAndOthersGoOn) {
  Call before, during, plain, after;
  before.ack = during.ack = after.ack = Ack::kDurable;
  disk.failing_writes = 1;
  run(before.put("before", "1"));
  pump().step();
  settle();
  ASSERT_TRUE(before.done());
  EXPECT_EQ(before.status.code, Code::kUnavailable);
  EXPECT_EQ(before.status.message, "ack: applied, but not durable: the disk is full");
  EXPECT_TRUE(before.applied);
  run(during.put("during", "1"));
  ASSERT_TRUE(during.done());
  EXPECT_EQ(during.status.message, "ack: not applied, as it would not be durable: the disk is full");
  EXPECT_FALSE(during.applied);
  run(plain.put("plain", "1"));
  EXPECT_TRUE(plain.status.ok());
  EXPECT_EQ(value_of("during"), std::nullopt);
  clock.advance(JournalPump::kMaxRetryGap);
  pump().step();
  settle();
  run(after.put("after", "1"));
  pump().step();
  settle();
  EXPECT_TRUE(after.done() && after.status.ok()) << after.status.message;
  EXPECT_EQ(disk.synced, (State{{"before", "1"}, {"plain", "1"}, {"after", "1"}}));
}

TEST_P(WriterJournalTest, WhatIsLoadedHasItsRevisionsAndIsNeitherWrittenNorAnEvent) {
  revision = 41;
  for (const char* key : {"a", "b", "c"}) {
    RecordPtr r = record_of(key, "old", 7, clock.now_ms() + 1'000);
    r->stamp(7, 40, 3);
    loaded.push_back(std::move(r));
  }
  EXPECT_EQ(writer().assigned(), 41U);
  EXPECT_EQ(published(), 41U);
  EXPECT_EQ(writer().history().compact_revision(), 42U);
  EXPECT_EQ(writer().history().events(), 0U);
  EXPECT_EQ(writer().engine_stats().keys, 3U);
  pump().step();
  EXPECT_EQ(disk.calls, "");
  Call change;
  change.put("b", "new");
  change.op().want_prev = true;
  change.op().expected_mod_revision = 40;
  change.op().has_expected = true;
  run(change);
  EXPECT_TRUE(change.outcome().succeeded);
  EXPECT_EQ(change.revision, 42U);
  EXPECT_EQ(change.outcome().kv->create_revision(), 7U);
  EXPECT_EQ(change.outcome().kv->version(), 3U);
  clock.advance(2'000 * kMs);
  settle();
  EXPECT_EQ(value_of("a"), std::nullopt);
  EXPECT_EQ(value_of("b"), "new") << "a put without ttl has no expiry";
  pump().step();
  EXPECT_EQ(disk.written, (State{{"b", "new"}}));
  EXPECT_EQ(disk.revision, 44U) << "two keys expired, each with a revision";
}

TEST_P(WriterJournalTest, TheEndHandsEverythingOver) {
  // More publishes than batches, and no step of the pump in between.
  std::deque<Call> calls;
  for (std::size_t i = 0; i < 2 * JournalQueue::kBatches; ++i)
    run(calls.emplace_back().put(numbered("k", i), "1"));
  Call durable;
  durable.ack = Ack::kDurable;
  run(durable.put("last", "1"));
  std::thread thread([&] {
    while (disk.synced.size() < calls.size() + 1) pump().step();
  });
  writer().close();
  writer().finish(kNever);
  thread.join();
  EXPECT_TRUE(durable.done() && durable.status.ok());
  EXPECT_EQ(disk.synced.size(), calls.size() + 1);
}

TEST_P(WriterJournalTest, TheEndDoesNotWaitForADiskThatHangs) {
  Call durable;
  durable.ack = Ack::kDurable;
  run(durable.put("a", "1"));
  writer().close();
  writer().finish(0);
  ASSERT_TRUE(durable.done());
  EXPECT_EQ(durable.status.code, Code::kUnavailable);
  EXPECT_EQ(durable.status.message, "stopping: applied, but not synced in time");
}

}  // namespace
}  // namespace flashkv::test
