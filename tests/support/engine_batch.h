// Writing to an engine as the store's writer does: prepare, then commit.
#pragma once

#include <gtest/gtest.h>

#include <string_view>

#include "storage/record/hash.h"
#include "storage/table/engine.h"

namespace flashkv {

template <Engine E>
void stage_put(E& engine, const KeyHash& hash, std::string_view key, std::string_view value,
               std::uint64_t revision) {
  RecordPtr record = Record::make(key, value, Record::Expiry::kNone);
  record->stamp(revision, revision, 1);
  const Probe probe{key, hash(key)};
  ASSERT_TRUE(engine.reserve({&probe, 1}));
  engine.upsert(record.release(), probe.hash);
}

template <Engine E>
void stage_erase(E& engine, const KeyHash& hash, std::string_view key) {
  const Probe probe{key, hash(key)};
  ASSERT_TRUE(engine.reserve({&probe, 1}));
  engine.erase(probe);
}

}  // namespace flashkv
