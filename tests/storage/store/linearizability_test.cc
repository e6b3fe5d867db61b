// Clients on threads of their own record what they did and saw; afterwards the history is checked.
//
// The property. Where writes are acknowledged as published, the store is linearizable: each operation, a
// plain read included, takes effect at one instant between its call and its return, for all its keys at once,
// and the revisions are in that order. A write acknowledged as applied has its place among the writes then;
// reads may miss it until it is published, except those that ask for its revision. An engine whose batches
// are not atomic shows one key's changes in order, but a plain read of a removed key may report an earlier
// revision than it saw; several keys are read through pins there, as the server does.
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <random>
#include <thread>

#include "storage/store.h"
#include "tests/storage/store/history/order_search.h"
#include "tests/storage/store/history/revision_check.h"
#include "tests/support/calls.h"
#include "tests/support/engine_cases.h"

namespace flashkv::test {
namespace {

constexpr int kKeys = 4;
constexpr int kClients = 4;
constexpr int kOperationsEach = 500;

std::string key_name(int key) { return numbered("key", static_cast<std::size_t>(key)); }

Instant now() { return std::chrono::steady_clock::now().time_since_epoch().count(); }

// Purpose: one client: calls, waits, and writes down what it saw.
// Threads: one. `told` is the largest revision that any client was told.
class Client {
 public:
  Client(Store& store, int id, std::atomic<std::uint64_t>& told)
      : store_(store), id_(id), told_(told), dice_(static_cast<unsigned>(id)) {}

  void run() {
    reader_ = store_.make_reader();
    for (int i = 0; i < kOperationsEach; ++i) {
      switch (below(10)) {
        case 0:
        case 1:
        case 2:
          get(below(kKeys), below(2) == 0 ? told_.load(std::memory_order_relaxed) : 0);
          break;
        case 3:
          get_several();
          break;
        case 4:
          scan_pin();
          break;
        case 5:
          put(below(kKeys), below(3));
          break;
        case 6:
          put_if_unchanged(below(kKeys));
          break;
        case 7:
          erase(below(kKeys));
          break;
        case 8:
          txn();
          break;
        case 9:
          put_applied(below(kKeys));
          break;
      }
    }
    reader_.reset();
  }
  History take() { return std::move(history_); }
  int wrong = 0;  // answers that contradict themselves

 private:
  struct Seen {
    Content content;
    std::uint64_t mod_revision = 0;
  };

  int below(int n) { return static_cast<int>(dice_() % static_cast<unsigned>(n)); }
  std::string new_value() { return std::to_string(id_) + "." + std::to_string(++written_); }

  Recorded& begin(std::string what) {
    Recorded& r = history_.emplace_back();
    r.what = std::move(what);
    r.client = id_;
    r.called = now();
    return r;
  }
  void end(Recorded& r, std::uint64_t revision) {
    r.returned = r.visible = now();
    r.revision = revision;
    for (const KeyStep& step : r.steps) {
      if (step.wrote) seen_[step.key] = {*step.wrote, step.wrote->has_value() ? revision : 0};
    }
    std::uint64_t told = told_.load(std::memory_order_relaxed);
    while (told < revision && !told_.compare_exchange_weak(told, revision, std::memory_order_relaxed)) {
    }
  }
  void run(Call& call) {
    CountingSink sink;
    call.sink = &sink;
    while (!store_.submit(call).ok()) std::this_thread::yield();
    sink.wait_for(1);
    if (!call.status.ok()) ++wrong;
  }
  void await(std::uint64_t revision) {
    if (revision <= reader_->published_revision()) return;
    Call call(RequestKind::kWaitRevision);
    call.revision = revision;
    run(call);
  }

  KeyStep step_of(int key, const Lookup& lookup) {
    KeyStep step{.key = key, .saw = Content()};
    if (lookup.found) {
      step.saw = *lookup.value;
      step.mod_revision = lookup.mod_revision;
      step.version = lookup.version;
    }
    seen_[key] = {*step.saw, step.mod_revision};
    return step;
  }
  KeyStep step_of(int key, const Record* record) {
    KeyStep step{.key = key, .saw = Content()};
    if (record != nullptr) {
      step.saw = std::string(record->value());
      step.mod_revision = record->mod_revision();
      step.version = record->version();
    }
    seen_[key] = {*step.saw, step.mod_revision};
    return step;
  }

  void get(int key, std::uint64_t at_least) {
    Recorded& r = begin("get " + key_name(key) + (at_least != 0 ? " from " + std::to_string(at_least) : ""));
    await(r.at_least = at_least);
    std::string value;
    Lookup out{.value = &value};
    const std::uint64_t revision = reader_->get(key_name(key), out);
    r.steps = {step_of(key, out)};
    r.reports = store_.traits().atomic_batch ? Recorded::Reports::kState : Recorded::Reports::kAtLeast;
    end(r, revision);
  }

  void get_several() {
    if (!store_.traits().atomic_batch) return scan_pin();
    std::string names[kKeys], values[kKeys];
    std::string_view keys[kKeys];
    Lookup out[kKeys];
    for (int k = 0; k < kKeys; ++k) {
      keys[k] = names[k] = key_name(k);
      out[k].value = &values[k];
    }
    Recorded& r = begin("get all keys");
    r.at_least = below(2) == 0 ? told_.load(std::memory_order_relaxed) : 0;
    await(r.at_least);
    bool complete = false;
    const std::uint64_t revision = reader_->multi_get(keys, out, 1 << 20, complete);
    if (!complete) ++wrong;
    for (int k = 0; k < kKeys; ++k) r.steps.push_back(step_of(k, out[k]));
    end(r, revision);
  }

  void scan_pin() {
    Call call(RequestKind::kTakePin);
    Recorded& r = begin("read a pin");
    call.revision = r.at_least = below(2) == 0 ? told_.load(std::memory_order_relaxed) : 0;
    run(call);
    const PinPtr pin = std::move(call.pin);
    if (pin == nullptr) return void(++wrong);
    const PinSection section(*pin);
    for (int k = 0; k < kKeys; ++k) r.steps.push_back(step_of(k, section.find(key_name(k))));
    end(r, pin->numbers().revision);
  }

  void put(int key, int condition) {
    const std::string value = new_value();
    Call call;
    call.put(key_name(key), value);
    call.op().condition = static_cast<Condition>(condition);
    call.op().want_prev = true;
    Recorded& r = begin("put " + key_name(key) + " = " + value + ", condition " + std::to_string(condition));
    run(call);
    KeyStep step = step_of(key, call.outcome().kv.get());
    const bool there = step.saw->has_value();
    const bool expected = condition == 0 || (condition == 1) != there;
    if (call.outcome().succeeded != expected) ++wrong;
    end_put(r, call, step, value);
  }
  void put_if_unchanged(int key) {
    const std::string value = new_value();
    const Seen before = seen_[key];
    Call call;
    call.put(key_name(key), value);
    call.op().has_expected = true;
    call.op().expected_mod_revision = before.mod_revision;
    call.op().want_prev = true;
    Recorded& r =
        begin("put " + key_name(key) + " = " + value + " over " + before.content.value_or("nothing"));
    run(call);
    KeyStep step = step_of(key, call.outcome().kv.get());
    if (call.outcome().succeeded != (*step.saw == before.content)) ++wrong;
    end_put(r, call, step, value);
  }
  void end_put(Recorded& r, Call& call, KeyStep step, const std::string& value) {
    r.took_revision = call.outcome().succeeded;
    if (r.took_revision) step.wrote = value;
    r.steps = {step};
    end(r, call.revision);
  }

  // Acknowledged before readers see it; the read that follows asks for its revision.
  void put_applied(int key) {
    const std::string value = new_value();
    Call call;
    call.put(key_name(key), value);
    call.ack = Ack::kApplied;
    Recorded& r = begin("put " + key_name(key) + " = " + value + ", applied");
    run(call);
    r.published = false;
    r.took_revision = true;
    r.steps = {{.key = key, .wrote = value}};
    end(r, call.revision);
    const std::size_t at = history_.size() - 1;
    get(key, call.revision);
    history_[at].visible = history_.back().returned;
  }

  void erase(int key) {
    Call call;
    call.erase(key_name(key));
    call.op().want_prev = true;
    Recorded& r = begin("erase " + key_name(key));
    run(call);
    KeyStep step = step_of(key, call.outcome().kv.get());
    r.took_revision = call.outcome().succeeded;
    if (r.took_revision != step.saw->has_value()) ++wrong;
    if (r.took_revision) step.wrote = Content();
    r.steps = {step};
    end(r, call.revision);
  }

  // If the first key is as it was last seen, writes one of the others and removes another; else reads all
  // three.
  void txn() {
    const int first = below(kKeys);
    const int second = (first + 1) % kKeys;
    const int third = (first + 2) % kKeys;
    const Seen before = seen_[first];
    const std::string value = new_value();
    Call call;
    if (!before.content) {
      call.when(key_name(first), Target::kExists, Comparison::kNotEqual, 0);
    } else if (below(2) == 0) {
      call.when(key_name(first), Target::kMod, Comparison::kEqual, before.mod_revision);
    } else {
      call.when(key_name(first), Target::kValue, Comparison::kEqual, 0, *before.content);
    }
    call.put(key_name(second), value).op().want_prev = true;
    call.erase(key_name(third)).op().want_prev = true;
    call.get(key_name(first));
    call.or_else().get(key_name(second)).get(key_name(third)).get(key_name(first));
    Recorded& r = begin("txn on " + key_name(first) + " = " + before.content.value_or("nothing") + ": " +
                        key_name(second) + " = " + value + ", erase " + key_name(third));
    run(call);
    r.steps = {step_of(second, call.outcome(0).kv.get()), step_of(third, call.outcome(1).kv.get()),
               step_of(first, call.outcome(2).kv.get())};
    r.took_revision = call.held;
    if (call.held != (*r.steps[2].saw == before.content)) ++wrong;
    if (call.held) {
      r.steps[0].wrote = value;
      if (r.steps[1].saw->has_value()) r.steps[1].wrote = Content();
    }
    end(r, call.revision);
  }

  Store& store_;
  const int id_;
  std::atomic<std::uint64_t>& told_;
  std::mt19937 dice_;
  std::unique_ptr<ReadHandle> reader_;
  Seen seen_[kKeys];
  int written_ = 0;
  History history_;
};

class LinearizabilityTest : public ::testing::TestWithParam<EngineCase> {
 protected:
  History record(PublishPolicy policy) {
    StoreOptions options;
    options.policy = policy;
    const auto store = Store::over(GetParam().make(KeyHash(9)).table, options);
    store->start();
    std::atomic<std::uint64_t> told{0};
    std::vector<std::unique_ptr<Client>> clients;
    for (int id = 0; id < kClients; ++id) clients.push_back(std::make_unique<Client>(*store, id, told));
    std::vector<std::thread> threads;
    for (const auto& client : clients) threads.emplace_back([&client] { client->run(); });
    for (std::thread& thread : threads) thread.join();
    EXPECT_TRUE(store->stop(1000 * kMs));
    History all;
    for (const auto& client : clients) {
      EXPECT_EQ(client->wrong, 0) << "answers that contradict themselves";
      for (Recorded& r : client->take()) all.push_back(std::move(r));
    }
    return all;
  }
  void expect_linearizable(PublishPolicy policy) {
    const History history = record(policy);
    EXPECT_EQ(revision_violation(history, kKeys), "");
    EXPECT_EQ(order_violation(history, kKeys), "");
    const auto concurrent = std::count_if(history.begin(), history.end(), [&](const Recorded& r) {
      return std::any_of(history.begin(), history.end(), [&](const Recorded& other) {
        return other.client != r.client && other.called < r.returned && r.called < other.returned;
      });
    });
    EXPECT_GT(concurrent, kOperationsEach / 4) << "the clients hardly ever met";
  }
};
INSTANTIATE_TEST_SUITE_P(Engines, LinearizabilityTest, ::testing::ValuesIn(served_cases()), EngineName{});

TEST_P(LinearizabilityTest, OperationsTakeEffectAtOneInstantEach) { expect_linearizable({}); }

TEST_P(LinearizabilityTest, AlsoWithAnInterval) {
  expect_linearizable({.interval = kMs / 5, .max_batch = 16, .adaptive = true});
}

}  // namespace
}  // namespace flashkv::test
