// A mutation request, prepared and then committed.
#pragma once

#include <cstdint>

#include "storage/apply/change_set.h"
#include "storage/apply/op_rules.h"
#include "storage/apply/prefetcher.h"
#include "storage/apply/staged_state.h"
#include "storage/request/request.h"

namespace flashkv {

// Purpose: applies all of a request or none of it. prepare() does everything that can fail and changes
//          nothing that can be found; commit() cannot fail.
// Usage:   RequestPlan plan(staged, limits);
//          if (plan.prepare(request, revision, now_ms)) { if (plan.changes_anything()) plan.commit(); }
//          else answer(request.status);
// Threads: the writer's, while the staged state is open.
// Cost:    one find, one reservation and one upsert or erase per key; once its scratch space has grown to the
//          largest request, it allocates nothing but records.
class RequestPlan {
 public:
  // Total bytes of the records in one request's answer (get, want_prev); a single one may be larger.
  static constexpr std::uint64_t kMaxOutcomeBytes = OpRules::kMaxOutcomeBytes;
  // Total bytes of the values copied for one request (append, expire, and answers); a single one may be
  // larger.
  static constexpr std::uint64_t kMaxMadeBytes = std::uint64_t{256} << 20;

  RequestPlan(StagedState& staged, const StoreLimits& limits) noexcept
      : staged_(staged), rules_(staged, changes_, limits) {}

  // The list that starts at `first` comes next; its keys are prefetched.
  void look_ahead(const Request* first) noexcept { prefetcher_.start(staged_, first); }
  // False: request.status says why, the operations hold no outcome, and nothing has changed.
  bool prepare(Request& request, std::uint64_t revision, std::int64_t now_ms) noexcept;
  bool changes_anything() const noexcept { return changes_anything_; }
  void commit() noexcept;
  // Whether the request writes keys that have expired and are still there. Then remove_expired() instead of
  // commit(): it removes those, each with a revision of its own, and the request is prepared again.
  bool meets_expired() const noexcept;
  void remove_expired(Request& request) noexcept;
  // Of the request prepared last: its operations, or its changes where those are more.
  std::uint64_t operations() const noexcept { return operations_; }
  // Bytes of the records in the answer of the request prepared last.
  std::uint64_t answer_bytes() const noexcept { return answer_bytes_; }
  // Bytes of all records made since begin_batch().
  std::uint64_t batch_bytes() const noexcept { return batch_bytes_; }
  void begin_batch() noexcept { batch_bytes_ = 0; }
  // Moves on past `request`, which was not prepared.
  void skip(const Request& request) noexcept { prefetcher_.passed(request.ops.size()); }

 private:
  bool decide_all(Request& request);
  void pass(std::size_t ops) noexcept;
  bool count_answer(Request& request, const Op& op) noexcept;
  bool count_copies(Request& request, std::size_t ops) const noexcept;

  StagedState& staged_;
  ChangeSet changes_;
  OpRules rules_;
  Prefetcher prefetcher_;
  std::uint64_t revision_ = 0;  // of the request prepared last
  std::uint64_t operations_ = 0;
  std::uint64_t answer_bytes_ = 0;
  std::uint64_t batch_bytes_ = 0;
  std::size_t passed_ = 0;  // operations of that request that the prefetcher has left behind
  bool changes_anything_ = false;
};

}  // namespace flashkv
