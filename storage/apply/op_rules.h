// The meaning of each kind of operation.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "storage/apply/change_set.h"
#include "storage/apply/staged_state.h"
#include "storage/record/store_limits.h"
#include "storage/request/request.h"
#include "storage/request/status.h"

namespace flashkv {

// Purpose: decides one operation against the staged state and the request's earlier operations, writes the
//          outcome into the operation and the effect into the ChangeSet. The store itself is not touched.
// Usage:   OpRules rules(staged, changes, limits);  rules.at(revision, now_ms);
//          for (Op& op : request.ops) if (!rules.decide(op, why)) reject;
// Threads: the writer's.
// Errors:  decide() returns false and says why, or throws std::bad_alloc; the caller discards what it already
//          wrote.
//
// A request writes a key as one event, however many of its operations name the key: the record it leaves
// carries the request's revision and a version one above its predecessor's. A key removed and put again
// within a request is a new key: version 1.
class OpRules {
 public:
  // Total bytes of the records in one request's answer (get, want_prev); a single one may be larger.
  static constexpr std::uint64_t kMaxOutcomeBytes = std::uint64_t{16} << 20;
  // Absent keys that the kEraseRange operations of a request pass at most: expired and waiting to be removed,
  // or erased by an earlier one.
  static constexpr std::uint64_t kMaxPassed = 65'536;
  // Keys that earlier operations of the request wrote, each counted once for every kEraseRange after it.
  static constexpr std::uint64_t kMaxSearched = std::uint64_t{1} << 20;

  OpRules(StagedState& staged, ChangeSet& changes, const StoreLimits& limits) noexcept
      : staged_(staged), changes_(changes), limits_(limits) {}

  // Sets the revision a change gets and the instant that decides what has expired.
  void at(std::uint64_t revision, std::int64_t now_ms) noexcept {
    revision_ = revision;
    now_ms_ = now_ms;
    made_bytes_ = 0;
    erased_keys_ = passed_keys_ = searched_keys_ = 0;
  }
  // Bytes of the records and answers made for the operations since at().
  std::uint64_t made_bytes() const noexcept { return made_bytes_; }
  bool decide(Op& op, Status& why);
  // True if the comparison holds for what is staged, before any operation of the request.
  bool holds(const Compare& compare) const noexcept;

 private:
  struct Found {
    Probe probe;
    Change* change = nullptr;         // an earlier operation of this request wrote the key
    Record* base = nullptr;           // staged, expired or not
    const Record* current = nullptr;  // what the operation sees; null = absent
  };
  Found look_up(const Op& op) noexcept;
  const Record* unexpired(const Record* staged) const noexcept;
  bool put(Op& op, const Found& f, Status& why) noexcept;
  bool erase(Op& op, const Found& f, Status& why) noexcept;
  // The present keys of a range, and what is beyond them.
  struct Victims {
    std::vector<Found> found;
    std::vector<const Change*> added;  // scratch: keys that only this request's operations made
    bool more = false;
  };
  bool erase_range(Op& op, Status& why);
  bool find_victims(const Op& op, Status& why);
  void find_added(const Op& op);
  bool add_victim(const Op& op, const Found& f, std::uint64_t most, Status& why);
  bool copy_victims(ErasedRange& out, Status& why);
  void remove_expired(Op& op, const Found& f) noexcept;
  bool expire(Op& op, const Found& f, Status& why) noexcept;
  bool increment(Op& op, const Found& f, Status& why) noexcept;
  bool append(Op& op, const Found& f, Status& why) noexcept;

  std::int64_t expiry_after(std::int64_t ttl_ms) const noexcept;
  void write(const Found& f, Record* after, Op* source, RecordPtr made) noexcept;
  bool write_made(const Found& f, RecordPtr made, std::int64_t expires_at_ms, Status& why) noexcept;
  bool copy_out(const Record* r, bool keys_only, OpOutcome& out, Status& why) noexcept;

  StagedState& staged_;
  ChangeSet& changes_;
  const StoreLimits& limits_;
  std::uint64_t revision_ = 0;
  std::int64_t now_ms_ = 0;
  std::uint64_t made_bytes_ = 0;
  std::uint64_t erased_keys_ = 0;  // by kEraseRange
  std::uint64_t passed_keys_ = 0;
  std::uint64_t searched_keys_ = 0;
  Victims victims_;
};

}  // namespace flashkv
