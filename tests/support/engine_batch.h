// Writes to an engine of a known type the way the store's writer does (reserve, then commit), and reads it.
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <utility>

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

namespace test {

inline std::string named(std::string text, std::uint64_t n) {
  text += std::to_string(n);
  return text;
}

// A read section that lasts as long as the object.
template <Engine E>
struct Pinned {
  explicit Pinned(E& engine) : reader(engine.make_reader()), guard(reader.enter()) {}
  decltype(std::declval<E&>().make_reader()) reader;
  decltype(std::declval<decltype(reader)&>().enter()) guard;
};

// The value a new guard finds, or "none".
template <Engine E>
std::string seen(E& engine, const Probe& probe) {
  Pinned<E> pinned(engine);
  const Record* record = pinned.guard.find(probe);
  return record == nullptr ? "none" : std::string(record->value());
}

}  // namespace test
}  // namespace flashkv
