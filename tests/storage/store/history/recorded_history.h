// What concurrent clients did and saw: the input of the checks in this folder.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace flashkv::test {

// Nanoseconds of a clock that all clients share.
using Instant = std::int64_t;
// Two threads' readings of it may be apart by as much: a smaller distance is not an order.
inline constexpr Instant kClockSlack = 100;

// What a key holds; nothing where it is absent. No two writes of a history write the same value.
using Content = std::optional<std::string>;

// What one operation saw of one key, and did to it.
struct KeyStep {
  int key = 0;
  std::optional<Content> saw = std::nullopt;      // what the key held before
  std::optional<Content> saw_not = std::nullopt;  // what it did not hold, where no more was learned
  std::optional<Content> wrote = std::nullopt;
  // Of what it saw; checked where `saw` holds a value and mod_revision is not 0.
  std::uint64_t mod_revision = 0;
  std::uint64_t version = 0;
};

// Purpose: one operation of one client, from before the call to after the answer.
struct Recorded {
  // How exactly `revision` tells what the answer is based on.
  enum class Reports : std::uint8_t {
    kState,   // the state of that revision
    kAtLeast  // that revision or a later one: engines whose batches are not atomic
  };

  std::string what;  // for people
  int client = 0;
  Instant called = 0;
  Instant returned = 0;
  // Reads that are called later see it. The later of `returned` and, where only its application was
  // acknowledged, the return of a read that asked for its revision.
  Instant visible = 0;
  // Whether every read called after `returned` must see its revision.
  bool published = true;
  bool took_revision = false;
  Reports reports = Reports::kState;
  std::uint64_t revision = 0;
  std::uint64_t at_least = 0;  // what it asked for
  std::vector<KeyStep> steps;  // one a key
};

using History = std::vector<Recorded>;

}  // namespace flashkv::test
