// A relativistic engine that resizes one step at a time, with readers stalled at every link.
#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "storage/engine/relativistic/relativistic.h"
#include "tests/storage/reclaim/controlled_periods.h"
#include "tests/support/engine_batch.h"

namespace flashkv::test {

using WatchedBase = Relativistic<ControlledPeriods>;
using Phase = ResizingBuckets::Phase;

// Purpose: an engine with a model of what it holds, whose keys have the hashes that a test chooses, and with
//          readers stalled in the middle of their lookups: for every key, one before each link on its way.
//          Such a reader must find its key from where it is, until the grace period that ends it.
// Usage:   WatchedEngine e(3);  e.put("a", 0x8);  e.ask_for_resize();
//          do { e.park(); e.check(); } while (e.step());
// Threads: one.
class WatchedEngine {
 public:
  explicit WatchedEngine(unsigned min_log2)
      : engine_(EngineOptions{}, ResizingBuckets::Pace{.min_log2 = min_log2, .units = 0}) {}

  void put(const std::string& key, std::uint64_t hash) {
    const Probe probe{key, hash};
    const std::string value = named(key, ++written_);
    open();
    EXPECT_TRUE(engine_.reserve({&probe, 1}));
    engine_.upsert(Record::make(key, value, Record::Expiry::kNone).release(), hash);
    publish();
    // One that was there may be looked for from everywhere; a new one only by who begins now.
    held_[key] = Held{hash, value};
  }
  void erase(const std::string& key) {
    const Probe probe{key, held_.at(key).hash};
    open();
    EXPECT_TRUE(engine_.reserve({&probe, 1}));
    engine_.erase(probe);
    publish();
    gone_[key] = probe.hash;
    std::erase_if(parked_, [&](const Parked& reader) { return reader.key == key; });
    held_.erase(key);
  }
  // What is gone from here on is what check() looks for.
  void forget_gone() { gone_.clear(); }
  // A resize gets its memory from whatever is prepared next.
  void ask_for_resize() {
    open();
    EXPECT_TRUE(engine_.reserve({}));
    publish();
  }

  // One bucket, or one change of phase, or the end of the grace period that is waited for, or false at rest.
  bool step() {
    ResizingBuckets& buckets = engine_.buckets();
    if (buckets.waits()) {
      const reclaim::Ticket over = engine_.periods().started();
      std::erase_if(parked_, [&](const Parked& reader) { return reader.entered < over; });
      engine_.periods().end(over);
    }
    if (resting()) return false;
    buckets.work(engine_.periods(), 1);
    return true;
  }
  bool resting() { return phase() == Phase::kRest && engine_.buckets().other() == nullptr; }
  Phase phase() { return engine_.buckets().phase(); }

  // Readers that enter now stall before each link that they pass.
  void park() {
    const reclaim::Ticket entered = engine_.periods().started();
    for (const auto& [key, held] : held_) {
      const chain::Link* link = &engine_.buckets().current().link(held.hash);
      while (true) {
        parked_.insert(Parked{link, key, entered});
        const chain::Node* node = link->load(sync::kAcquire);
        ASSERT_NE(node, nullptr) << key << " cannot be reached";
        const Record* record = node->record.load(sync::kAcquire);
        if (record != nullptr && record->key() == key) break;
        link = &node->next;
      }
    }
  }

  void check() {
    for (const auto& [key, held] : held_) {
      const Probe probe{key, held.hash};
      ASSERT_EQ(value(engine_.lookup(probe)), held.value) << key;
      ASSERT_EQ(value(engine_.find(probe)), held.value) << key;
    }
    for (const auto& [key, hash] : gone_) {
      if (!held_.contains(key)) {
        ASSERT_EQ(engine_.lookup({key, hash}), nullptr) << key;
      }
    }
    ASSERT_NO_FATAL_FAILURE(check_batch());
    for (const Parked& reader : parked_) {
      const Held& held = held_.find(reader.key)->second;
      const Record* found = chain::find_from(reader.link->load(sync::kAcquire), {reader.key, held.hash});
      ASSERT_EQ(value(found), held.value) << "missed by a reader that stood on its way to " << reader.key;
    }
    ASSERT_EQ(engine_.stats().keys, held_.size());
  }

  // All that are held, all that are gone, and keys that never were with the hashes of those, in one lookup.
  void check_batch() {
    std::vector<Probe> probes;
    for (const auto& [key, held] : held_) probes.push_back({key, held.hash});
    for (const auto& [key, hash] : gone_) {
      if (!held_.contains(key)) probes.push_back({key, hash});
      probes.push_back({"another key with this hash", hash});
    }
    std::vector<const Record*> found(probes.size(), reinterpret_cast<const Record*>(8));
    engine_.lookup_batch(probes, found);
    std::size_t i = 0;
    for (const auto& [key, held] : held_) ASSERT_EQ(value(found[i++]), held.value) << key;
    for (; i < found.size(); ++i) ASSERT_EQ(found[i], nullptr) << probes[i].key;
  }

  // At rest each node is in its own bucket and in no other, and no erased node is left.
  void check_chains() {
    ASSERT_TRUE(resting());
    const chain::Buckets& buckets = engine_.buckets().current();
    std::size_t nodes = 0;
    for (std::uint64_t b = 0; b < buckets.size(); ++b) {
      const chain::Node* node = buckets.link(b).load(sync::kRelaxed);
      for (; node != nullptr; node = node->next.load(sync::kRelaxed)) {
        ASSERT_EQ(buckets.index(node->hash), b);
        ASSERT_NE(node->record.load(sync::kRelaxed), nullptr);
        ++nodes;
      }
    }
    ASSERT_EQ(nodes, held_.size());
  }

  // To the end of whatever is due, unwatched.
  void finish() {
    ask_for_resize();
    while (step()) {
    }
    parked_.clear();
  }
  WatchedBase& engine() noexcept { return engine_; }
  std::size_t parked() const noexcept { return parked_.size(); }
  std::uint64_t size() { return engine_.buckets().current().size(); }

 private:
  struct Held {
    std::uint64_t hash = 0;
    std::string value;
  };
  struct Parked {
    const chain::Link* link;
    std::string_view key;
    reclaim::Ticket entered;  // the newest period that had begun
    bool operator<(const Parked& other) const noexcept {
      return std::tie(link, key, entered) < std::tie(other.link, other.key, other.entered);
    }
  };

  static std::string_view value(const Record* record) { return record == nullptr ? "none" : record->value(); }
  void open() { EXPECT_TRUE(engine_.try_begin_batch(0)); }
  void publish() { engine_.publish(++revision_); }

  WatchedBase engine_;
  std::map<std::string, Held, std::less<>> held_;  // the keys in parked_ are views of its keys
  std::map<std::string, std::uint64_t> gone_;
  std::set<Parked> parked_;
  std::uint64_t revision_ = 0;
  std::uint64_t written_ = 0;
};

}  // namespace flashkv::test
