// One engine, any of them, written to as the store's writer does and compared with a std::map.
#pragma once

#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "storage/record/record.h"
#include "storage/table/engine_options.h"
#include "tests/support/calls.h"
#include "tests/support/engine_cases.h"
#include "tests/support/sanitized.h"

namespace flashkv::test {

// Purpose: an engine with what was staged and what was published, as maps.
// Usage:   EngineUnderTest e(engine_case, options);  e.begin();  e.put("a", "1");  e.publish();
//          e.expect_content();
// Threads: the writer's, as AnyEngine; make_reader() and hold() from any.
class EngineUnderTest {
 public:
  using Content = std::map<std::string, std::string, std::less<>>;

  explicit EngineUnderTest(const EngineCase& which, const EngineOptions& options = {});

  AnyEngine& table() { return *table_; }
  bool leaks() const { return !table_->traits().bounded_garbage; }
  Probe probe(std::string_view key) const { return {key, hash_(key)}; }
  std::uint64_t revision() const { return revision_; }
  const Content& published() const { return published_; }

  // Opens the next batch. Fails the test where readers that are out of the way still keep it closed.
  void begin();
  // False when the engine had no memory, or may keep no more: then nothing happened.
  bool put(std::string_view key, std::string_view value);
  bool erase(std::string_view key);
  void publish();
  // One batch with one change.
  void put_now(std::string_view key, std::string_view value);
  void erase_now(std::string_view key);

  // What a reader, the writer and the statistics say is what was published. Between batches.
  void expect_content();
  // The value a reader finds; "(absent)" without one.
  std::string read(std::string_view key);
  std::unique_ptr<ReadHandle> make_reader() { return table_->make_reader(clock_); }
  std::unique_ptr<HeldGuard> hold() { return guards_->hold(); }
  // Opens empty batches until the garbage of the last ones is gone. Readers must be out.
  void settle();
  // One of them; true when nothing waited.
  bool settled();
  // Between two looks at what others have to end first: readers, or the thread of liburcu.
  static void pause(int looks);

 private:
  ManualClock clock_;
  KeyHash hash_;
  std::unique_ptr<AnyEngine> table_;
  std::unique_ptr<GuardSource> guards_;
  std::unique_ptr<ReadHandle> reader_;
  Content staged_;
  Content published_;
  std::uint64_t revision_ = 0;
};

// Every engine, with options a test chooses before it opens one.
class ConformanceTest : public ::testing::TestWithParam<EngineCase> {
 protected:
  EngineUnderTest& engine() {
    if (!engine_) engine_ = std::make_unique<EngineUnderTest>(GetParam(), options);
    return *engine_;
  }
  void close() { engine_.reset(); }

  EngineOptions options;

 private:
  std::unique_ptr<EngineUnderTest> engine_;
};

}  // namespace flashkv::test
