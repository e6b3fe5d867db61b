#include "storage/apply/request_plan.h"

#include <algorithm>
#include <new>
#include <span>

#include "storage/request/failure.h"

namespace flashkv {

// A single record is always allowed, whatever its size.
bool RequestPlan::count_answer(Request& request, const Op& op) noexcept {
  const std::uint64_t before = answer_bytes_;
  if (op.outcome.kv != nullptr) answer_bytes_ += op.outcome.kv->bytes();
  if (op.outcome.erased != nullptr) {
    for (const RecordPtr& kv : op.outcome.erased->prev_kvs) answer_bytes_ += kv->bytes();
  }
  if (before == 0 || answer_bytes_ <= kMaxOutcomeBytes) return true;
  fail(request.status, Code::kResourceExhausted,
       "ops: the reply would be larger than 16 MiB; ask for fewer values");
  return false;
}

// A single copy is always allowed, whatever its size.
bool RequestPlan::count_copies(Request& request, std::size_t ops) const noexcept {
  if (ops == 0 || rules_.made_bytes() <= kMaxMadeBytes) return true;
  fail(request.status, Code::kResourceExhausted,
       "ops: the request would copy more than 256 MiB of values; send fewer operations at a time");
  return false;
}

bool RequestPlan::decide_all(Request& request) {
  request.held = std::all_of(request.compare.begin(), request.compare.end(),
                             [this](const Compare& c) { return rules_.holds(c); });
  const std::span<Op> chosen = request.chosen();
  changes_.begin(chosen.size());
  for (std::size_t decided = 0; Op & op : chosen) {
    if (!rules_.decide(op, request.status)) {
      request.failed_op = decided;
      return false;
    }
    if (!count_answer(request, op) || !count_copies(request, decided)) return false;
    // Only `ops` were prefetched.
    if (request.held) pass(1);
    ++decided;
  }
  return true;
}

void RequestPlan::pass(std::size_t ops) noexcept {
  prefetcher_.passed(ops);
  passed_ += ops;
}

bool RequestPlan::prepare(Request& request, std::uint64_t revision, std::int64_t now_ms) noexcept {
  rules_.at(revision, now_ms);
  request.failed_op = Request::kNoOp;
  revision_ = revision;
  operations_ = request.chosen().size();
  answer_bytes_ = 0;
  changes_anything_ = false;
  passed_ = 0;
  bool prepared = false;
  try {
    const bool decided_all = decide_all(request);
    batch_bytes_ += rules_.made_bytes();
    prepared = decided_all && staged_.prepare(changes_.all(), request.status);
  } catch (const std::bad_alloc&) {
    fail(request.status, Code::kResourceExhausted, kOutOfMemory);
  }
  pass(request.ops.size() - passed_);
  if (prepared) {
    const std::span<const Change> all = changes_.all();
    operations_ = std::max<std::uint64_t>(request.chosen().size(), all.size());
    changes_anything_ = std::any_of(all.begin(), all.end(), [](const Change& c) { return c.is_net(); });
    return true;
  }
  changes_.clear();
  for (Op& op : request.chosen()) op.outcome = OpOutcome{};
  return false;
}

bool RequestPlan::meets_expired() const noexcept {
  const std::span<const Change> all = changes_.all();
  return std::any_of(all.begin(), all.end(), [](const Change& c) { return c.over_expired; });
}

// What was reserved for a change of the key serves its removal.
void RequestPlan::remove_expired(Request& request) noexcept {
  for (const Change& c : changes_.all()) {
    if (!c.over_expired) continue;
    Change removal;
    removal.probe = c.probe;
    removal.base = c.base;
    removal.cause = Cause::kExpiry;
    staged_.commit({&removal, 1}, staged_.assigned() + 1);
  }
  changes_.clear();
  for (Op& op : request.chosen()) op.outcome = OpOutcome{};
}

void RequestPlan::commit() noexcept {
  staged_.commit(changes_.all(), revision_);
  changes_.clear();
}

}  // namespace flashkv
