// A store over each engine, whose writer the test runs step by step.
#pragma once

#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "storage/store.h"
#include "tests/support/calls.h"
#include "tests/support/deadline.h"
#include "tests/support/engine_cases.h"

namespace flashkv::test {

// Purpose: one store with a clock that stands still and no thread: run() submits a request and steps the
//          writer until it has nothing left to do at that instant.
class StoreTest : public ::testing::TestWithParam<EngineCase> {
 protected:
  StoreTest() {
    finish_within(std::chrono::seconds(20));
    options.clock = &clock;
  }

  Store& store() {
    if (!store_) {
      EngineOptions engine;
      engine.hash = KeyHash(7, options.hash_mask);
      engine.limits = options.limits;
      TestTable made = GetParam().make_from(engine);
      guards_ = std::move(made.guards);
      store_ = Store::over(std::move(made.table), options);
    }
    return *store_;
  }
  // Destroys the store; requests in flight complete first.
  void close() { store_.reset(); }
  // A read section that lasts as long as the guard.
  std::unique_ptr<HeldGuard> hold() {
    store();
    return guards_->hold();
  }

  Status submit(Call& call) {
    call.sink = &sink;
    return store().submit(call);
  }
  // Steps until the writer has nothing to do at this instant; returns when it wants its next step.
  Nanos settle() {
    Nanos next = store().step();
    for (int i = 0; next <= clock.now(); ++i) {
      if (i > 10'000) {
        ADD_FAILURE() << "the writer never comes to rest";
        return next;
      }
      next = store().step();
    }
    return next;
  }
  Call& run(Call& call) {
    const Status s = submit(call);
    EXPECT_TRUE(s.ok()) << s.message;
    settle();
    EXPECT_EQ(call.completions, 1);
    return call;
  }
  void put(std::string_view key, std::string_view value) {
    Call call;
    call.put(key, value);
    run(call);
    EXPECT_TRUE(call.status.ok()) << call.status.message;
  }
  struct Seen {
    Lookup lookup;
    std::string value;
    std::uint64_t revision = 0;
  };
  // What a new reader finds.
  Seen read(std::string_view key) {
    Seen seen;
    seen.lookup.value = &seen.value;
    seen.revision = store().make_reader()->get(key, seen.lookup);
    return seen;
  }
  std::optional<std::string> value_of(std::string_view key) {
    Seen seen = read(key);
    if (!seen.lookup.found) return std::nullopt;
    return seen.value;
  }

  ManualClock clock;
  StoreOptions options;
  CountingSink sink;

 private:
  std::unique_ptr<GuardSource> guards_;
  std::unique_ptr<Store> store_;
};

}  // namespace flashkv::test
