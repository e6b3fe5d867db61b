// A mutation request, prepared and then committed.
#pragma once

#include <cstdint>
#include <vector>

#include "storage/apply/change_set.h"
#include "storage/apply/op_rules.h"
#include "storage/apply/prefetcher.h"
#include "storage/request/request.h"
#include "storage/table/any_engine.h"

namespace flashkv {

// Purpose: all of a request or nothing of it. prepare() does everything that can fail and changes nothing
//          anyone can find; commit() cannot fail.
// Usage:   RequestPlan plan(table, max_value_bytes);
//          if (plan.prepare(request, next_revision, now_ms)) { if (plan.changes_anything()) plan.commit(); }
//          else answer(request.status);
// Threads: the writer's, between try_begin_batch() and publish().
// Cost:    one find, one prepare and one upsert or erase a key; no allocation but the records, once its
// scratch
//          space has grown to the largest request.
class RequestPlan {
 public:
  // Records that one request may take back with it (get, want_prev), together; one alone may be larger.
  static constexpr std::uint64_t kMaxOutcomeBytes = std::uint64_t{16} << 20;

  RequestPlan(AnyEngine& table, std::uint64_t max_value_bytes) noexcept
      : table_(table), rules_(table, changes_, max_value_bytes) {}

  // Values that one request may have copied (append, expire, and answers), together; one alone may be larger.
  static constexpr std::uint64_t kMaxMadeBytes = std::uint64_t{256} << 20;

  // The batch starts here: the requests linked behind `first` come next.
  void look_ahead(const Request* first) noexcept {
    ahead_.start(table_, first);
    batch_bytes_ = 0;
  }
  // False: request.status says why, its operations hold no outcome, and nothing has changed.
  bool prepare(Request& request, std::uint64_t revision, std::int64_t now_ms) noexcept;
  bool changes_anything() const noexcept { return !probes_.empty(); }
  void commit() noexcept;
  // Of the records that the request prepared last takes back with it.
  std::uint64_t answer_bytes() const noexcept { return answer_bytes_; }
  // Of all records that were made since look_ahead().
  std::uint64_t batch_bytes() const noexcept { return batch_bytes_; }
  // The batch goes on behind `request`, which was not prepared.
  void pass_over(const Request& request) noexcept { ahead_.passed(request.ops.size()); }

 private:
  bool decide_all(Request& request, std::size_t& decided);
  bool count_answer(Request& request, const Op& op) noexcept;
  bool count_copies(Request& request, std::size_t ops) const noexcept;
  void refuse_for_memory(Request& request) const;  // when the table's prepare() said no

  AnyEngine& table_;
  ChangeSet changes_;
  OpRules rules_;
  Prefetcher ahead_;
  std::uint64_t answer_bytes_ = 0;
  std::uint64_t batch_bytes_ = 0;
  std::vector<Probe> probes_;  // of the keys that are changed in the end
};

}  // namespace flashkv
