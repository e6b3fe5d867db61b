#include "storage/apply/staged_state.h"

#include <cstdio>
#include <new>
#include <string>
#include <utility>

#include "storage/request/failure.h"

namespace flashkv {

StagedState::StagedState(AnyEngine& engine, Index index, std::uint64_t history_bytes, JournalPump* journal,
                         std::uint64_t journal_bytes)
    : engine_(engine),
      hash_(engine.hash()),
      history_(history_bytes, journal != nullptr ? journal->written() : engine.published()),
      assigned_(journal != nullptr ? journal->written() : engine.published()),
      published_(engine.published()) {
  if (journal != nullptr) journal_.emplace(*journal, journal_bytes);
  if (index == Index::kNone) return;
  index_.emplace();
  index_->publish(published_);
}

bool StagedState::prepare(std::span<const Change> changes, Status& why) noexcept {
  probes_.clear();
  kinds_ = {};
  std::uint64_t replaced = 0;
  try {
    for (const Change& c : changes) {
      if (!c.is_net()) continue;
      probes_.push_back(c.probe);
      // One that has expired may be removed instead.
      const bool erased = c.after == nullptr || c.over_expired;
      ++(erased ? kinds_.erased : c.base == nullptr ? kinds_.inserted : kinds_.replaced);
      replaced += c.base != nullptr ? c.base->bytes() : 0;
    }
  } catch (const std::bad_alloc&) {
    fail(why, Code::kResourceExhausted, kOutOfMemory);
    return false;
  }
  if (probes_.empty()) return true;
  reserved_ = true;
  return reserve(replaced, why);
}

bool StagedState::reserve(std::uint64_t replaced_bytes, Status& why) noexcept {
  if (journal_ && !journal_->has_room()) {
    say_journal_is_full(why);
    return false;
  }
  const bool followed = (!journal_ || journal_->reserve(probes_.size())) &&
                        (!index_ || index_->reserve_only(kinds_)) &&  // by those that follow the engine
                        history_.reserve(probes_.size(), replaced_bytes);
  if (!followed) {
    fail(why, Code::kResourceExhausted, kOutOfMemory);
    return false;
  }
  if (engine_.reserve(probes_)) return true;
  say_what_is_short(why);
  return false;
}

void StagedState::say_journal_is_full(Status& why) const noexcept {
  char text[128];
  std::snprintf(text, sizeof text,
                "journal: %llu bytes wait for the disk, the limit is %llu (max-journal-bytes)",
                static_cast<unsigned long long>(journal_->bytes()),
                static_cast<unsigned long long>(journal_->max_bytes()));
  fail(why, Code::kResourceExhausted, text);
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
    if (journal_) journal_->append(c.after != nullptr ? *c.after : *c.base, c.after == nullptr);
    const EventKind removed = c.cause == Cause::kExpiry ? EventKind::kExpire : EventKind::kDelete;
    history_.append({revision, c.after, c.base, c.after != nullptr ? EventKind::kPut : removed});
    if (c.base != nullptr) {  // the engine may free it
      expiries_.remove(*c.base);
      expiring_ -= c.base->expires_at_ms() != 0 ? 1 : 0;
      removed_bytes_ += c.base->bytes();
    }
    if (c.after == nullptr) {
      engine_.erase(c.probe);
      // The key may be the removed record's own: the index still owns it.
      if (index_) index_->erase(c.probe.key);
      expired_ += c.cause == Cause::kExpiry ? 1 : 0;
    } else {
      insert(c.take().release(), c.probe);
    }
  }
  assigned_ = revision;
}

void StagedState::insert(Record* after, const Probe& probe) noexcept {
  expiries_.add(*after);
  expiring_ += after->expires_at_ms() != 0 ? 1 : 0;
  if (index_) index_->upsert(after);
  engine_.upsert(after, probe.hash);
}

bool StagedState::load(std::span<RecordPtr> records, Status& why) noexcept {
  probes_.clear();
  kinds_ = {};
  try {
    for (const RecordPtr& r : records) probes_.push_back({r->key(), hash_(r->key())});
  } catch (const std::bad_alloc&) {
    fail(why, Code::kResourceExhausted, kOutOfMemory);
    return false;
  }
  kinds_.inserted = records.size();
  if (index_ && !index_->reserve_only(kinds_)) {
    fail(why, Code::kResourceExhausted, kOutOfMemory);
    return false;
  }
  if (!engine_.reserve(probes_)) {
    say_what_is_short(why);
    return false;
  }
  for (std::size_t i = 0; i < records.size(); ++i) insert(records[i].release(), probes_[i]);
  // The index changes its nodes in place until it is published, once.
  engine_.publish(published_);
  open_ = reserved_ = false;
  return true;
}

void StagedState::publish() noexcept {
  engine_.publish(assigned_);
  if (index_) index_->publish(assigned_);
  history_.publish(assigned_);  // who sees an event can read what it says
  if (journal_) journal_->publish(assigned_);
  published_ = assigned_;
  published_expiring_ = expiring_;
  open_ = reserved_ = false;
}

bool StagedState::collect() noexcept {
  // An engine stays in a batch that it has reserved memory for; publishing the same state again ends the
  // batch.
  if (open_ && reserved_) publish();
  open_ = history_.has_room() && engine_.try_begin_batch(0);
  const bool history_waits = history_.collect();
  const EngineStats stats = engine_.stats();
  return !open_ || history_waits || stats.retired_bytes != stats.leaked_bytes;
}

}  // namespace flashkv
