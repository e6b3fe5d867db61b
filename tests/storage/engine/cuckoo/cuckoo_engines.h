// The three cuckoo engines, and keys for them.
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <string_view>

#include "storage/engine/cuckoo/copying.h"
#include "storage/engine/cuckoo/rwlock.h"

namespace flashkv::test {

using CuckooEngines = ::testing::Types<CuckooRwlock, CuckooDeletionLock, CuckooLeak>;
// The engines that free garbage before they are destroyed.
using FreeingCuckooEngines = ::testing::Types<CuckooRwlock, CuckooDeletionLock>;

inline std::string named(std::string text, std::uint64_t n) {
  text += std::to_string(n);
  return text;
}

// What a guard that is opened now sees.
template <Engine E>
std::string seen(E& engine, const Probe& probe) {
  auto reader = engine.make_reader();
  auto guard = reader.enter();
  const Record* record = guard.find(probe);
  return record == nullptr ? "none" : std::string(record->value());
}

// A read section that a test opens and ends.
template <Engine E>
struct Pinned {
  explicit Pinned(E& engine) : reader(engine.make_reader()), guard(reader.enter()) {}
  typename E::Reader reader;
  typename E::Reader::Guard guard;
};

// Under a hash of the test's choice.
template <Engine E>
bool put_hashed(E& engine, const Probe& probe, std::string_view value) {
  if (!engine.reserve({&probe, 1})) return false;
  engine.upsert(Record::make(probe.key, value, Record::Expiry::kNone).release(), probe.hash);
  return true;
}

}  // namespace flashkv::test
