// Engines whose index maps words only: a key's word leads to a leaf, and the leaf holds whole keys.
#pragma once

#include <algorithm>
#include <array>
#include <concepts>
#include <cstdint>
#include <span>
#include <type_traits>

#include "storage/engine/parts/batch_words.h"
#include "storage/engine/parts/section_reader.h"
#include "storage/reclaim/epoch.h"
#include "storage/reclaim/retire_list.h"
#include "storage/sync/sync.h"
#include "storage/table/engine.h"
#include "storage/table/engine_options.h"

namespace flashkv {

// Concepts are formatted by hand: the formatter tears a requirement from its noexcept.
// clang-format off

// Purpose: an index from 64-bit words to leaves. One writer, readers without locks.
//
// Usage:   reader: Leaf l = index.look(index.word(hash));   // may belong to another word: compare keys
//          writer: auto place = index.locate(word, key);    // place.leaf(): exactly this word's
//                  if (!index.reserve(place, word, promise)) reject;
//                  index.store(place, word, leaf);          // publishes it; an empty leaf removes the word
//                  index.end_batch(list);                   // publish: retires nodes; promises lapse
// Errors:  only reserve() can fail; roll_back() to a mark() undoes its promises.
template <typename I>
concept WordIndex = requires(I& i, const I& ci, std::uint64_t word, std::string_view key, Leaf leaf,
                             typename I::Place place, const BatchWords::Promise& promise,
                             typename I::Mark mark, reclaim::RetireList& list,
                             std::span<const std::uint64_t> words, std::span<Leaf> leaves) {
  { I::kName } -> std::convertible_to<std::string_view>;
  { I::kBoundedGarbage } -> std::convertible_to<bool>;
  { ci.word(word) } noexcept -> std::same_as<std::uint64_t>;  // from a hash
  { ci.look(word) } noexcept -> std::same_as<Leaf>;
  { ci.look_batch(words, leaves) } noexcept;  // at most kLookGroup at a time
  { i.locate(word, key) } noexcept -> std::same_as<typename I::Place>;
  { place.leaf() } noexcept -> std::same_as<Leaf>;
  { i.reserve(place, word, promise) } noexcept -> std::same_as<bool>;
  { ci.mark() } noexcept -> std::same_as<typename I::Mark>;
  { i.roll_back(mark) } noexcept;
  { i.store(place, word, leaf) } noexcept;
  { i.end_batch(list) } noexcept;
  { ci.bytes() } noexcept -> std::same_as<std::uint64_t>;  // of all nodes that are not retired
  { ci.leaked_bytes() } noexcept -> std::same_as<std::uint64_t>;
};

// clang-format on

// Number of keys whose cache misses overlap: a few more than a processor core can have outstanding.
inline constexpr std::size_t kLookGroup = 16;

// Purpose: Engine over a WordIndex. The word is derived from the key's 64-bit hash; keys that share it share
//          a leaf, which compares whole keys. Batches are not atomic: serve it through WithOverlay.
// Usage:   WithOverlay<WordEngine<reclaim::DefaultPeriods, radix::Radix>> engine(options);
// Threads, Lifetime: as Engine. A record or chain that was replaced is freed after a grace period; nodes as
//          their index says.
// Cost:    a read: the section and the index's walk, then the record.
// Limits:  try_begin_batch() returns false while more than max_retired_bytes wait for readers. If the index
//          leaks, reserve() returns false once more than that has leaked.
template <reclaim::GracePeriods G, WordIndex I>
class WordEngine {
 public:
  using Reader = SectionReader<const WordEngine, typename G::Section>;

  explicit WordEngine(const EngineOptions& options)
      : index_(options), most_retired_(options.limits.max_retired_bytes) {}

  static constexpr Traits traits() noexcept {
    return {.name = I::kName,
            .linearizable = true,
            .bounded_garbage = I::kBoundedGarbage,
            .read_rmw = std::is_same_v<G, reclaim::Epoch> ? ReadRmw::kOne : ReadRmw::kNone};
  }
  Reader make_reader() { return Reader(*this, periods_.make_section()); }
  I& index() noexcept { return index_; }

  bool try_begin_batch(Nanos) noexcept {
    if (!words_.empty()) return true;
    retired_.collect(periods_);
    if (retired_.bytes() <= most_retired_) return true;
    ++deferred_opens_;
    return false;
  }

  Record* find(const Probe& probe) noexcept { return look(probe); }
  void prefetch(std::span<const Probe> probes) noexcept {
    std::array<Leaf, kLookGroup> leaves;
    for_groups(probes, leaves, [](std::size_t, std::size_t) {});
  }

  bool reserve(std::span<const Probe> probes) noexcept {
    if (leak_full()) return false;
    const auto mark = index_.mark();
    std::size_t done = 0;
    bool enough = retired_.reserve(LeafChange::kMostRetired * probes.size() + kNodeEntries);
    for (; enough && done < probes.size(); done += enough ? 1 : 0) enough = reserve(probes[done]);
    if (enough) return true;
    index_.roll_back(mark);
    for (std::size_t i = 0; i < done; ++i) words_.remove(index_.word(probes[i].hash));
    if (words_.empty()) end_batch();
    return false;
  }

  void upsert(Record* record, std::uint64_t hash) noexcept {
    record->retain();
    const std::uint64_t word = index_.word(hash);
    auto place = index_.locate(word, record->key());
    const LeafChange change = place.leaf().with(record, words_.chains());
    record_bytes_ += record->bytes();
    ++keys_;
    apply(place, word, change);
  }
  void erase(const Probe& probe) noexcept {
    const std::uint64_t word = index_.word(probe.hash);
    auto place = index_.locate(word, probe.key);
    const LeafChange change = place.leaf().without(probe.key, words_.chains());
    if (change.removed != nullptr) apply(place, word, change);
  }

  void publish(std::uint64_t revision) noexcept {
    end_batch();
    // A reader that loads this revision sees every leaf that was stored before.
    published_.store(revision, sync::kRelease);
    retired_.begin(periods_);
  }
  std::uint64_t published() const noexcept { return published_.load(sync::kAcquire); }

  EngineStats stats() const noexcept {
    return {.keys = keys_,
            .record_bytes = record_bytes_,
            .index_bytes = index_.bytes() + chain_bytes_,
            .retired_bytes = retired_.bytes() + index_.leaked_bytes(),
            .leaked_bytes = index_.leaked_bytes(),
            .leak_full = leak_full(),
            .deferred_opens = deferred_opens_};
  }

  // For SectionReader: inside a section.
  Record* lookup(const Probe& probe) const noexcept { return look(probe); }
  void lookup_batch(std::span<const Probe> probes, std::span<const Record*> found) const noexcept {
    std::array<Leaf, kLookGroup> leaves;
    for_groups(probes, leaves, [&](std::size_t first, std::size_t count) {
      for (std::size_t i = 0; i < count; ++i) found[first + i] = leaves[i].find(probes[first + i].key);
    });
  }

 private:
  static constexpr std::size_t kNodeEntries = 1;  // a batch's nodes are retired as one entry

  bool leak_full() const noexcept { return !I::kBoundedGarbage && index_.leaked_bytes() > most_retired_; }

  Record* look(const Probe& probe) const noexcept {
    return index_.look(index_.word(probe.hash)).find(probe.key);
  }

  // Walks to the leaves of each group, prefetches their records, then calls use(first, count).
  template <typename F>
  void for_groups(std::span<const Probe> probes, std::array<Leaf, kLookGroup>& leaves, F&& use) const {
    std::array<std::uint64_t, kLookGroup> words;
    for (std::size_t first = 0; first < probes.size(); first += kLookGroup) {
      const std::size_t count = std::min(kLookGroup, probes.size() - first);
      for (std::size_t i = 0; i < count; ++i) words[i] = index_.word(probes[first + i].hash);
      index_.look_batch({words.data(), count}, {leaves.data(), count});
      for (std::size_t i = 0; i < count; ++i) __builtin_prefetch(leaves[i].single());
      use(first, count);
    }
  }

  bool reserve(const Probe& probe) noexcept {
    const std::uint64_t word = index_.word(probe.hash);
    const auto place = index_.locate(word, probe.key);
    BatchWords::Promise promise;
    if (!words_.add(word, probe.key, place.leaf(), promise)) return false;
    if (index_.reserve(place, word, promise)) return true;
    words_.remove(word);
    return false;
  }

  void apply(typename I::Place& place, std::uint64_t word, const LeafChange& change) noexcept {
    if (change.removed != nullptr) {
      record_bytes_ -= change.removed->bytes();
      --keys_;
    }
    if (change.chain != nullptr) chain_bytes_ -= change.chain->bytes();
    if (change.after.is_chain()) chain_bytes_ += change.after.chain()->bytes();
    index_.store(place, word, change.after);
    change.retire(retired_);
  }

  void end_batch() noexcept {
    index_.end_batch(retired_);
    words_.drop_reservations();
    retired_.drop_reservations();
  }

  G periods_;
  BatchWords words_;
  I index_;
  // Declared after the periods, so destroyed before them: no reader is left by then.
  reclaim::RetireList retired_;
  const std::uint64_t most_retired_;
  std::uint64_t keys_ = 0;
  std::uint64_t record_bytes_ = 0;
  std::uint64_t chain_bytes_ = 0;
  std::uint64_t deferred_opens_ = 0;
  alignas(sync::kOwnLine) sync::Atomic<std::uint64_t> published_{0};
};

}  // namespace flashkv
