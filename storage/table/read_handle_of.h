// A reader of one engine behind the interface that request threads use.
#pragma once

#include <algorithm>
#include <atomic>
#include <thread>
#include <utility>
#include <vector>

#include "storage/record/hash.h"
#include "storage/sync/clock.h"
#include "storage/table/engine.h"
#include "storage/table/read_handle.h"

namespace flashkv {

// True for an engine whose readers all move to a new state in one step: once one of them has seen it, so does
// every later one. Their answers need not be held back (see ReadHandleOf).
template <typename E>
inline constexpr bool kReadersMoveAtOnce = false;

// Purpose: guard, find, copy, leave, all inside one virtual call.
// Usage:   ReadHandleOf<E> reader(engine, hash, clock);  reader.get("color", hit);
// Threads: bound to one.
// Lifetime: dies before its engine.
// Cost:    get(): the engine's enter, find and leave, the copy, and for a record with an expiry one reading
//          of the clock. multi_get(): the same once for all keys; its scratch space grows to the largest
//          request seen and stays.
//
// Revisions never run backward between threads. Where readers, or keys, move to a new state one by one, a
// view may be newer than the next reader's: its answer is held back until published() has caught up, so that
// whoever hears of a revision finds every later read at it or beyond. An engine whose batches are not atomic
// holds back only the answer for a key that the batch in progress has written, and only until that batch is
// published: a few microseconds to one millisecond at the default limit of operations.
template <Engine E>
class ReadHandleOf final : public ReadHandle {
 public:
  ReadHandleOf(E& engine, KeyHash hash, const Clock& clock)
      : engine_(engine), reader_(engine.make_reader()), hash_(hash), clock_(clock) {}

  std::uint64_t get(std::string_view key, Lookup& out) override {
    const Probe probe{key, hash_(key)};
    std::uint64_t revision;
    {
      auto guard = reader_.enter();
      revision = guard.revision();
      Instant instant{clock_};
      copy(guard.find(probe), instant, out, revision);
    }
    return await(revision);
  }

  std::uint64_t multi_get(std::span<const std::string_view> keys, std::span<Lookup> out,
                          std::uint64_t max_bytes, bool& complete) override {
    hash_all(keys);
    std::uint64_t revision;
    {
      auto guard = reader_.enter();
      revision = guard.revision();
      const std::span<const Record*> found(found_.data(), keys.size());
      guard.find_batch(std::span<const Probe>(probes_.data(), keys.size()), found);
      Instant instant{clock_};
      complete = fits(found, out, max_bytes, instant);
      if (complete) {
        for (std::size_t i = 0; i < keys.size(); ++i) copy(found[i], instant, out[i], revision);
      }
    }
    return await(revision);
  }

  std::uint64_t published_revision() const noexcept override { return engine_.published(); }

 private:
  // The one moment that decides what has expired; read only when something could have.
  struct Instant {
    const Clock& clock;
    std::int64_t ms = -1;
    bool passed(std::int64_t at_ms) noexcept {
      if (ms < 0) ms = clock.now_ms();
      return at_ms <= ms;
    }
  };

  static bool visible(const Record* r, Instant& instant) noexcept {
    if (r == nullptr) return false;
    const std::int64_t at = r->expires_at_ms();
    return at == 0 || !instant.passed(at);
  }

  // Inlined for sure: out of line, it would have the guard, the revision and the moment kept in memory.
  [[gnu::always_inline]] static void copy(const Record* r, Instant& instant, Lookup& out,
                                          std::uint64_t& revision) {
    out.found = visible(r, instant);
    if (!out.found) return;
    out.create_revision = r->create_revision();
    out.mod_revision = r->mod_revision();
    out.version = r->version();
    out.expires_at_ms = r->expires_at_ms();
    if (!E::traits().atomic_batch) revision = std::max(revision, r->mod_revision());
    if (out.value != nullptr) out.value->assign(r->value());
  }

  static bool fits(std::span<const Record* const> found, std::span<const Lookup> out, std::uint64_t max_bytes,
                   Instant& instant) noexcept {
    std::uint64_t sum = 0;
    for (std::size_t i = 0; i < found.size(); ++i) {
      if (out[i].value == nullptr || !visible(found[i], instant)) continue;
      sum += found[i]->value().size();
      if (sum > max_bytes) return false;
    }
    return true;
  }

  void hash_all(std::span<const std::string_view> keys) {
    if (probes_.size() < keys.size()) {
      probes_.resize(keys.size());
      found_.resize(keys.size());
    }
    for (std::size_t i = 0; i < keys.size(); ++i) probes_[i] = Probe{keys[i], hash_(keys[i])};
  }

  std::uint64_t await(std::uint64_t revision) const noexcept {
    if constexpr (!kReadersMoveAtOnce<E>) {
      // A publish under way ends soon, unless its thread lost the processor: then give it ours.
      constexpr int kSpins = 1000;
      for (int i = 0; engine_.published() < revision; ++i) {
        if (i >= kSpins) std::this_thread::yield();
      }
    }
    return revision;
  }

  E& engine_;
  decltype(std::declval<E&>().make_reader()) reader_;
  KeyHash hash_;
  const Clock& clock_;
  std::vector<Probe> probes_;
  std::vector<const Record*> found_;
};

}  // namespace flashkv
