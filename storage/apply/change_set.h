// The changes that one request is about to make to the store.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "storage/record/record.h"
#include "storage/request/request.h"
#include "storage/table/engine.h"

namespace flashkv {

// Whose doing a change is: watchers tell a removal that was asked for from an expiry.
enum class Cause : std::uint8_t { kRequest, kExpiry };

// One key that the request writes, however often.
struct Change {
  Probe probe;
  Record* base = nullptr;   // staged before the request; null = no such key
  Record* after = nullptr;  // what the request leaves; null = the key is removed
  Op* source = nullptr;     // the put that holds `after`, or
  RecordPtr made;           // the record the writer made for it
  Cause cause = Cause::kRequest;
  bool over_expired = false;  // `base` had expired: its removal comes first

  // False: the key is absent before and after.
  bool is_net() const noexcept { return base != nullptr || after != nullptr; }
  // Hands `after` over; once.
  RecordPtr take() noexcept { return source != nullptr ? std::move(source->record) : std::move(made); }
};

// Purpose: the changes of a request being prepared, by key, so that its later operations see its earlier
//          ones.
// Usage:   set.begin(ops);  if (Change* c = set.find(probe)) ...; else set.add(probe, base);
// Threads: one.
// Cost:    requests of few operations are searched linearly, larger ones through an index; memory is reused
//          and grows to the largest request.
// Errors:  begin() and make_room() throw std::bad_alloc; add() cannot fail for up to the number of keys
//          passed to both.
class ChangeSet {
 public:
  void begin(std::size_t ops);
  // Room for so many keys more. Changes may move.
  void make_room(std::size_t keys);
  Change* find(const Probe& probe) noexcept;
  Change& add(const Probe& probe, Record* base) noexcept;
  std::span<Change> all() noexcept { return changes_; }
  std::span<const Change> all() const noexcept { return changes_; }
  // Frees the records that were made and not taken.
  void clear() noexcept { changes_.clear(); }

 private:
  static constexpr std::size_t kSearchedInLine = 8;
  void enter(std::uint64_t hash, std::size_t number) noexcept;
  std::vector<Change> changes_;
  std::vector<std::uint32_t> index_;  // position + 1, 0 = free
  std::size_t mask_ = 0;              // 0 = no index for this request
  std::size_t promised_ = 0;          // keys
};

}  // namespace flashkv
