// What tests look at in a TwinTable: each half's content, walked by its own directory, and whether the two
// are the same bytes.
#pragma once

#include <gtest/gtest.h>

#include <cstring>
#include <map>
#include <string>

#include "storage/engine/flashmap/twin_table.h"

namespace flashkv::flashmap {

using Content = std::map<std::string, std::string>;

inline Record* new_record(std::string_view key, std::string_view value, std::uint64_t revision = 0) {
  RecordPtr record = Record::make(key, value, Record::Expiry::kNone);
  record->stamp(revision, revision, 1);
  return record.release();
}

// Everything a reader could meet in that half, with lookups of all of it on the way.
inline Content content_of(const TwinTable& table, unsigned half_number, const KeyHash& hash) {
  const Half& half = table.half(half_number);
  Content content;
  const std::uint64_t entries = std::uint64_t{1} << (64 - half.shift);
  const Bucket* previous = nullptr;
  for (std::uint64_t e = 0; e < entries; ++e) {
    const Entry& entry = half.directory[e];
    if (entry.first() == previous) continue;
    previous = entry.first();
    for (std::uint64_t b = 0; b < half.size(entry); ++b) {
      for (unsigned slot = 0; slot < Bucket::kSlots; ++slot) {
        if ((entry.first()[b].free_slots() >> slot & 1U) != 0) continue;
        const Record* record = entry.first()[b].record(slot);
        const bool first = content.emplace(record->key(), record->value()).second;
        EXPECT_TRUE(first) << "a key stands twice in half " << half_number;
        EXPECT_EQ(half.find({record->key(), hash(record->key())}), record);
      }
    }
  }
  return content;
}

// The halves hold the same bytes in every bucket, and each directory names its own half's buckets (I4).
inline void expect_level(const TwinTable& table) {
  const Half& a = table.half(0);
  const Half& b = table.half(1);
  ASSERT_EQ(a.shift, b.shift);
  ASSERT_EQ(a.revision, b.revision);
  for (std::size_t i = 0; i < table.directory().size(); ++i) {
    const Segment& s = *table.directory()[i];
    for (unsigned h = 0; h < 2; ++h) {
      ASSERT_EQ(table.half(h).directory[i].first(), s.buckets[h].get());
      ASSERT_EQ(table.half(h).size(table.half(h).directory[i]), s.size());
    }
    ASSERT_FALSE(s.listed);
    ASSERT_EQ(s.outgrown, nullptr);
    ASSERT_EQ(std::memcmp(s.buckets[0].get(), s.buckets[1].get(), s.bytes()), 0) << "segment " << i;
  }
}

// The sum of what the segments count, each counted once; also checks that their prefixes tile the hash space.
inline std::uint64_t records_counted(const TwinTable& table) {
  std::uint64_t records = 0;
  std::uint64_t segments = 0;
  unsigned depth = static_cast<unsigned>(std::countr_zero(table.directory().size()));
  for (std::size_t i = 0; i < table.directory().size(); ++segments) {
    const Segment& s = *table.directory()[i];
    EXPECT_EQ(s.prefix, std::uint64_t{i} << (64 - depth));
    EXPECT_LE(std::uint64_t{s.count} + s.reserved, s.limit);  // wide: a count below zero is seen (I7)
    records += s.count;
    i += std::size_t{1} << (depth - s.depth);
  }
  EXPECT_EQ(segments, table.segment_count());
  return records;
}

inline void put(TwinTable& table, const KeyHash& hash, std::string_view key, std::string_view value) {
  const Probe probe{key, hash(key)};
  ASSERT_TRUE(table.reserve({&probe, 1}));
  table.upsert(new_record(key, value), probe.hash);
}

inline void remove(TwinTable& table, const KeyHash& hash, std::string_view key) {
  const Probe probe{key, hash(key)};
  ASSERT_TRUE(table.reserve({&probe, 1}));
  table.erase(probe);
}

inline void publish(TwinTable& table, std::uint64_t revision) {
  table.stage_revision(revision);
  table.swap_staged();
}

}  // namespace flashkv::flashmap
