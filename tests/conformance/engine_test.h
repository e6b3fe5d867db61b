// Any one engine, written to the way the store's writer does it, and compared with a std::map.
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

// Purpose: an engine, and its expected staged and published contents as maps.
// Usage:   EngineUnderTest e(engine_case, options);  e.begin();  e.put("a", "1");  e.publish();
//          e.expect_content();
// Threads: the writer's, as for AnyEngine; make_reader() and hold() from any.
class EngineUnderTest {
 public:
  using Content = std::map<std::string, std::string, std::less<>>;

  explicit EngineUnderTest(const EngineCase& which, const EngineOptions& options = {});

  AnyEngine& table() { return *table_; }
  bool leaks() const { return !table_->traits().bounded_garbage; }
  Probe probe(std::string_view key) const { return {key, hash_(key)}; }
  std::uint64_t revision() const { return revision_; }
  const Content& published() const { return published_; }

  // Begins the next batch. Fails the test if it cannot begin although no reader is inside.
  void begin();
  // Returns false, and changes nothing, if the engine had no memory or may retire no more.
  bool put(std::string_view key, std::string_view value);
  bool erase(std::string_view key);
  void publish();
  // One batch with one change.
  void put_now(std::string_view key, std::string_view value);
  void erase_now(std::string_view key);

  // Checks a reader, the writer and the statistics against the published contents. Between batches only.
  void expect_content();
  // The value a reader finds, or "(absent)".
  std::string read(std::string_view key);
  std::unique_ptr<ReadHandle> make_reader() { return table_->make_reader(clock_); }
  std::unique_ptr<HeldGuard> hold() { return guards_->hold(); }
  // Begins empty batches until all garbage is freed. No reader may be inside.
  void settle();
  // Begins one of them; returns true if no garbage was waiting.
  bool settled();
  // Waits a moment for other threads: readers, or liburcu's.
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

// Every engine, with options that a test sets before its first use of engine().
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
