// The three cuckoo engines, and keys for them.
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <string_view>

#include "storage/engine/cuckoo/copying.h"
#include "storage/engine/cuckoo/rwlock.h"
#include "tests/support/engine_batch.h"

namespace flashkv::test {

using CuckooEngines = ::testing::Types<CuckooRwlock, CuckooDeletionLock, CuckooLeak>;

// Under a hash of the test's choice.
template <Engine E>
bool put_hashed(E& engine, const Probe& probe, std::string_view value) {
  if (!engine.reserve({&probe, 1})) return false;
  engine.upsert(Record::make(probe.key, value, Record::Expiry::kNone).release(), probe.hash);
  return true;
}

}  // namespace flashkv::test
