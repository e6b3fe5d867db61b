#include "storage/apply/request_plan.h"

#include <new>
#include <string>

#include "storage/request/failure.h"

namespace flashkv {

// One record may always be answered, whatever its size.
bool RequestPlan::count_answer(Request& request, const Op& op) noexcept {
  if (op.outcome.kv == nullptr) return true;
  const std::uint64_t before = answer_bytes_;
  answer_bytes_ += op.outcome.kv->bytes();
  if (before == 0 || answer_bytes_ <= kMaxOutcomeBytes) return true;
  fail(request.status, Code::kResourceExhausted,
       "ops: the reply would be larger than 16 MiB; ask for fewer values");
  return false;
}

// One value may always be copied, whatever its size.
bool RequestPlan::count_copies(Request& request, std::size_t ops) const noexcept {
  if (ops == 0 || rules_.made_bytes() <= kMaxMadeBytes) return true;
  fail(request.status, Code::kResourceExhausted,
       "ops: the request would copy more than 256 MiB of values; send fewer operations at a time");
  return false;
}

bool RequestPlan::decide_all(Request& request, std::size_t& decided) {
  changes_.begin(request.ops.size());
  probes_.clear();
  for (Op& op : request.ops) {
    if (!rules_.decide(op, request.status) || !count_answer(request, op) || !count_copies(request, decided))
      return false;
    ahead_.passed(1);
    ++decided;
  }
  for (const Change& c : changes_.all()) {
    if (c.is_net()) probes_.push_back(c.probe);
  }
  if (probes_.empty() || table_.reserve(probes_)) return true;
  refuse_for_memory(request);
  return false;
}

void RequestPlan::refuse_for_memory(Request& request) const {
  const EngineStats stats = table_.stats();
  if (!stats.leak_full) return fail(request.status, Code::kResourceExhausted, kOutOfMemory);
  std::string why = "engine ";
  why.append(table_.traits().name).append(" holds ").append(std::to_string(stats.leaked_bytes));
  why.append(" bytes that it never frees, more than max-retired allows: it takes no more writes");
  fail(request.status, Code::kResourceExhausted, why);
}

bool RequestPlan::prepare(Request& request, std::uint64_t revision, std::int64_t now_ms) noexcept {
  rules_.at(revision, now_ms);
  answer_bytes_ = 0;
  std::size_t decided = 0;
  try {
    const bool decided_all = decide_all(request, decided);
    batch_bytes_ += rules_.made_bytes();
    if (decided_all) return true;
  } catch (const std::bad_alloc&) {
    fail(request.status, Code::kResourceExhausted, kOutOfMemory);
  }
  changes_.clear();
  probes_.clear();
  for (Op& op : request.ops) op.outcome = OpOutcome{};
  ahead_.passed(request.ops.size() - decided);
  return false;
}

void RequestPlan::commit() noexcept {
  for (Change& c : changes_.all()) {
    if (!c.is_net()) continue;
    if (c.after == nullptr) {
      table_.erase(c.probe);
    } else {
      Record* record = c.source != nullptr ? c.source->record.release() : c.made.release();
      table_.upsert(record, c.probe.hash);
    }
  }
  changes_.clear();
}

}  // namespace flashkv
