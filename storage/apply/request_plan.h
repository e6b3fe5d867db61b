// A mutation request, prepared and then committed.
#pragma once

#include <cstdint>

#include "storage/apply/change_set.h"
#include "storage/apply/op_rules.h"
#include "storage/apply/prefetcher.h"
#include "storage/apply/staged_state.h"
#include "storage/request/request.h"

namespace flashkv {

// Purpose: all of a request or nothing of it. prepare() does everything that can fail and changes nothing
//          anyone can find; commit() cannot fail.
// Usage:   RequestPlan plan(staged, max_value_bytes);
//          if (plan.prepare(request, revision, now_ms)) { if (plan.changes_anything()) plan.commit(); }
//          else answer(request.status);
// Threads: the writer's, while the staged state is open.
// Cost:    one find, one reservation and one upsert or erase a key; no allocation but the records, once its
//          scratch space has grown to the largest request.
class RequestPlan {
 public:
  // Records that one request may take back with it (get, want_prev), together; one alone may be larger.
  static constexpr std::uint64_t kMaxOutcomeBytes = std::uint64_t{16} << 20;
  // Values that one request may have copied (append, expire, and answers), together; one alone may be larger.
  static constexpr std::uint64_t kMaxMadeBytes = std::uint64_t{256} << 20;

  RequestPlan(StagedState& staged, std::uint64_t max_value_bytes) noexcept
      : staged_(staged), rules_(staged, changes_, max_value_bytes) {}

  // The requests linked behind `first` come next; their keys are prefetched.
  void look_ahead(const Request* first) noexcept { prefetcher_.start(staged_, first); }
  // False: request.status says why, its operations hold no outcome, and nothing has changed.
  bool prepare(Request& request, std::uint64_t revision, std::int64_t now_ms) noexcept;
  bool changes_anything() const noexcept { return changes_anything_; }
  void commit() noexcept;
  // Of the records that the request prepared last takes back with it.
  std::uint64_t answer_bytes() const noexcept { return answer_bytes_; }
  // Of all records that were made since begin_batch().
  std::uint64_t batch_bytes() const noexcept { return batch_bytes_; }
  void begin_batch() noexcept { batch_bytes_ = 0; }
  // The next request is the one behind `request`, which was not prepared.
  void skip(const Request& request) noexcept { prefetcher_.passed(request.ops.size()); }

 private:
  bool decide_all(Request& request, std::size_t& decided);
  bool count_answer(Request& request, const Op& op) noexcept;
  bool count_copies(Request& request, std::size_t ops) const noexcept;

  StagedState& staged_;
  ChangeSet changes_;
  OpRules rules_;
  Prefetcher prefetcher_;
  std::uint64_t revision_ = 0;  // of the request prepared last
  std::uint64_t answer_bytes_ = 0;
  std::uint64_t batch_bytes_ = 0;
  bool changes_anything_ = false;
};

}  // namespace flashkv
