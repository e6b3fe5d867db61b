#include "storage/apply/staged_state.h"

#include <new>
#include <string>
#include <utility>

#include "storage/request/failure.h"

namespace flashkv {

bool StagedState::prepare(std::span<const Change> changes, Status& why) noexcept {
  probes_.clear();
  std::uint64_t replaced = 0;
  try {
    for (const Change& c : changes) {
      if (!c.is_net()) continue;
      probes_.push_back(c.probe);
      replaced += c.base != nullptr ? c.base->bytes() : 0;
    }
  } catch (const std::bad_alloc&) {
    fail(why, Code::kResourceExhausted, kOutOfMemory);
    return false;
  }
  if (probes_.empty()) return true;
  reserved_ = true;
  if (!history_.reserve(probes_.size(), replaced)) {
    fail(why, Code::kResourceExhausted, kOutOfMemory);
    return false;
  }
  if (engine_.reserve(probes_)) return true;
  say_what_is_short(why);
  return false;
}

void StagedState::say_what_is_short(Status& why) const noexcept {
  const EngineStats stats = engine_.stats();
  if (!stats.leak_full) return fail(why, Code::kResourceExhausted, kOutOfMemory);
  try {
    std::string text = "engine ";
    text.append(engine_.traits().name).append(" holds ").append(std::to_string(stats.leaked_bytes));
    text.append(" bytes that it never frees, more than max-retired allows: it takes no more writes");
    fail(why, Code::kResourceExhausted, text);
  } catch (const std::bad_alloc&) {
    fail(why, Code::kResourceExhausted, kOutOfMemory);
  }
}

void StagedState::commit(std::span<Change> changes, std::uint64_t revision) noexcept {
  for (Change& c : changes) {
    if (!c.is_net()) continue;
    const EventKind removed = c.cause == Cause::kExpiry ? EventKind::kExpire : EventKind::kDelete;
    history_.append({revision, c.after, c.base, c.after != nullptr ? EventKind::kPut : removed});
    if (c.base != nullptr) {  // the engine may free it
      expiries_.remove(*c.base);
      removed_bytes_ += c.base->bytes();
    }
    if (c.after == nullptr) {
      engine_.erase(c.probe);
      expired_ += c.cause == Cause::kExpiry ? 1 : 0;
    } else {
      expiries_.add(*c.after);
      engine_.upsert(c.take().release(), c.probe.hash);
    }
  }
  assigned_ = revision;
}

void StagedState::publish() noexcept {
  engine_.publish(assigned_);
  history_.publish(assigned_);  // who sees an event can read what it says
  published_ = assigned_;
  open_ = reserved_ = false;
}

bool StagedState::collect() noexcept {
  // An engine stays in a batch that it has reserved memory for; publishing the same state again ends the
  // batch.
  if (open_ && reserved_) publish();
  open_ = engine_.try_begin_batch(0);
  const bool history_waits = history_.collect();
  const EngineStats stats = engine_.stats();
  return !open_ || history_waits || stats.retired_bytes != stats.leaked_bytes;
}

}  // namespace flashkv
