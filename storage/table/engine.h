// The Engine concept, its traits, and the contract between an engine, the writer and the readers.
#pragma once

#include <concepts>
#include <cstdint>
#include <span>
#include <string_view>

#include "storage/record/record.h"
#include "storage/sync/clock.h"

namespace flashkv {

// Read-modify-writes on shared or own cache lines that one read section costs.
enum class ReadRmw : std::uint8_t { kNone, kOne, kTwo, kLock };

// What an engine promises beyond the concept; the server checks them at start and per request.
struct Traits {
  std::string_view name;         // as --engine spells it
  bool atomic_batch = false;     // all of a publish becomes visible at once
  bool linearizable = false;     // a read that starts after publish() returned sees it
  bool ordered = false;          // keys come in byte order
  bool bounded_garbage = false;  // retired memory does not grow with the number of writes
  ReadRmw read_rmw = ReadRmw::kNone;
};

// A key to look up, hashed once by the caller.
struct Probe {
  std::string_view key;
  std::uint64_t hash = 0;
};

// Sizes of an engine at one moment. Written by the writer thread, read by the writer thread.
struct EngineStats {
  std::uint64_t keys = 0;
  std::uint64_t record_bytes = 0;    // of records that can be found in the staged state
  std::uint64_t index_bytes = 0;     // everything that is not a record
  std::uint64_t retired_bytes = 0;   // records and nodes that wait for readers, or for ever
  std::uint64_t leaked_bytes = 0;    // of those, what is kept until the engine is destroyed
  bool leak_full = false;            // leaked_bytes passed its bound: reserve() fails from now on
  std::uint64_t deferred_opens = 0;  // times try_begin_batch() returned false
  // How long the last try_begin_batch() that had work to do waited, in ns, fences included.
  std::uint64_t open_wait_ns = 0;
};

// Concepts are formatted by hand: the formatter tears a requirement from its noexcept.
// clang-format off

// A read section: while it lives, records returned by find() stay valid and (atomic_batch engines) all
// answers come from one state.
// Threads: bound to its reader's thread.
template <typename G>
concept EngineGuard = requires(const G& g, const Probe& probe, std::span<const Probe> probes,
                               std::span<const Record*> found) {
  { g.revision() } noexcept -> std::same_as<std::uint64_t>;  // of the state it sees
  { g.find(probe) } noexcept -> std::same_as<const Record*>;
  // found[i] answers probes[i]; equal lengths; overlaps the cache misses of many keys.
  { g.find_batch(probes, found) } noexcept;
};

// One per thread, made once: constructing and destroying it may take a lock, enter() never does.
template <typename R>
concept EngineReader = std::movable<R> && requires(R& r) {
  { r.enter() } noexcept -> EngineGuard;
};

// Purpose: a map from keys to records with one writer and many readers.
//
// The writer's cycle, all from one thread:
//   if (!e.try_begin_batch(budget)) try again later;     // the previous publish is settled on both sides
//   for each request { decide with e.find(); if (!e.reserve(probes)) reject it; e.upsert(...)/e.erase(...) }
//   e.publish(revision);
//
// Lifetime: readers are destroyed before their engine. The engine is ONE owner of every record passed to
//          upsert() (it retains once, and releases when no reader can hold the record any more).
// Errors:  only the constructor, make_reader() (std::bad_alloc) and reserve() (false) can fail; everything
//          the writer does after a successful reserve() is noexcept.
template <typename E>
concept Engine = requires(E& e, const E& ce, Nanos budget, const Probe& probe, std::span<const Probe> probes,
                          Record* record, std::uint64_t hash, std::uint64_t revision) {
  { E::traits() } -> std::same_as<Traits>;
  { e.make_reader() } -> EngineReader;

  // Makes the staged state writable: waits at most `budget` ns for readers of the state that is about to
  // change, then brings it level with the published one and frees what no reader can reach any more.
  // False: readers are still inside, nothing changed. Already open: true at once. Calling it with nothing
  // to write (the idle replay) frees the last batch's garbage.
  { e.try_begin_batch(budget) } noexcept -> std::same_as<bool>;

  // Reads the staged state: published plus what was applied since. Only between try_begin_batch() and
  // publish(); the result is valid until the next mutation. prefetch() is a hint: find() will need these
  // keys soon.
  { e.find(probe) } noexcept -> std::same_as<Record*>;
  { e.prefetch(probes) } noexcept;

  // Reserves everything that upsert() and erase() of these keys need, so that those cannot fail. All or
  // nothing; never changes what is found. Reservations add up and lapse at publish().
  { e.reserve(probes) } noexcept -> std::same_as<bool>;
  { e.upsert(record, hash) } noexcept;  // inserts or replaces; takes one ownership of the record
  { e.erase(probe) } noexcept;  // no effect on an absent key

  // Every reader that enters after it returns sees the staged state as `revision`.
  { e.publish(revision) } noexcept;
  { e.published() } noexcept -> std::same_as<std::uint64_t>;  // any thread: what every new reader sees
  { ce.stats() } noexcept -> std::same_as<EngineStats>;
};

// clang-format on

}  // namespace flashkv
