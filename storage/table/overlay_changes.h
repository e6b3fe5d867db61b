// A batch that is applied but not published, kept beside a table that cannot hide unpublished changes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "storage/record/record.h"
#include "storage/table/engine.h"

namespace flashkv {

// Purpose: for each key that a batch changed, its newest staged record and the record in the table below.
// Usage:   if (!changes.reserve(n)) reject;      // room for n more keys
//          if (auto* c = changes.find(probe)) use(c->staged);
//          changes.put(base, record, hash);  changes.erase(base, probe);  changes.clear();
// Threads: one.
// Lifetime: owns the staged records; borrows `base`, which must outlive the batch.
// Cost:    one lookup in a small open-addressed index; memory grows to the largest batch and is kept.
// Errors:  reserve() returns false when memory is short; nothing else can fail.
class OverlayChanges {
 public:
  struct Change {
    std::uint64_t hash = 0;
    Record* base = nullptr;    // what the table below holds
    Record* staged = nullptr;  // what this batch leaves; null = removed
    bool live = false;         // false: neither; the batch added the key and removed it again
    std::string_view key() const noexcept { return staged != nullptr ? staged->key() : base->key(); }
  };

  OverlayChanges() = default;
  OverlayChanges(const OverlayChanges&) = delete;
  OverlayChanges& operator=(const OverlayChanges&) = delete;
  ~OverlayChanges() { clear(); }

  bool reserve(std::size_t keys) noexcept;
  const Change* find(const Probe& probe) const noexcept;
  // `base` is what the table below holds for the key; it is used only at the key's first change.
  void put(Record* base, Record* record, std::uint64_t hash) noexcept;
  void erase(Record* base, const Probe& probe) noexcept;
  std::span<const Change> all() const noexcept { return changes_; }
  void clear() noexcept;
  // Added to the sizes of the table below, they give those of the staged state.
  std::int64_t key_delta() const noexcept { return key_delta_; }
  std::int64_t byte_delta() const noexcept { return byte_delta_; }

 private:
  Change* locate(const Probe& probe) noexcept;
  void add(const Change& change) noexcept;
  void account(const Record* before, const Record* after) noexcept;

  std::vector<Change> changes_;       // in the order of first change
  std::vector<std::uint32_t> index_;  // position + 1 in changes_, 0 = free; a power of two of slots
  std::size_t promised_ = 0;          // keys reserved since clear()
  std::int64_t key_delta_ = 0;
  std::int64_t byte_delta_ = 0;
};

}  // namespace flashkv
