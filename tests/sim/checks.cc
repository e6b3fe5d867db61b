// The checks of a simulation.
#include <algorithm>
#include <limits>

#include "storage/writer/expiry_source.h"
#include "storage/writer/writer.h"
#include "tests/sim/simulation.h"
#include "tests/support/failing_new.h"

namespace flashkv::sim {
namespace {

bool waits(const SimCall& call) {
  return call.kind == RequestKind::kWaitRevision || call.kind == RequestKind::kTakePin;
}

std::string name(const SimCall& call) { return "request " + std::to_string(call.id) + ": "; }

}  // namespace

void Simulation::Sink::complete(Request* first) noexcept {
  const long left = std::exchange(test::allocations_left, -1);
  ++calls_this_turn;
  for (Request* r = first; r != nullptr;) {
    Request* following = r->next;
    auto* call = static_cast<SimCall*>(r);
    ++call->completions;
    simulation.completed_.push_back(call);
    r = following;
  }
  test::allocations_left = left;
}

// Control requests are taken first: they see the revisions from before the batch, and a new policy applies to
// it.
void Simulation::take_controls() {
  for (auto& [id, call] : in_flight_) {
    if (call->kind == RequestKind::kSetPolicy) {
      policy_ = call->policy;
      policy_set_at_ = clock_.now();
    } else if (call->kind == RequestKind::kPublish) {
      force_publish_ = true;
    } else if (waits(*call) && !call->expected) {
      call->expected =
          model_.reject(call->asked_revision > model_.assigned() ? Code::kOutOfRange : Code::kOk);
      call->due = std::min(call->deadline, clock_.now() + Writer::kMaxRevisionWait);
    }
  }
}

void Simulation::turn() {
  const WriterStatsView before = store_->stats().writer;
  const std::uint64_t published_before = store_->published_revision();
  take_controls();
  erased_.clear();
  step();
  const WriterStatsView after = store_->stats().writer;
  const bool swept = after.deferrals != before.deferrals;
  const std::uint64_t handled = queued_.size() - (after.queue_requests - after.awaiting_publish);
  note("turn: " + std::to_string(handled) + (swept ? " swept" : " handled") + ", assigned " +
       std::to_string(store_->assigned_revision()) + ", published " +
       std::to_string(store_->published_revision()));
  deal_with_expired(after.source_requests - before.source_requests, handled > 0 && !swept, policy_.max_batch);
  deal_with_batch(handled, swept, policy_.max_batch);
  const Parked parked = count_parked();
  require(after.awaiting_publish == parked.requests, "requests waiting for a publish are counted wrongly");
  require(after.queue_bytes == queued_bytes_ + parked.bytes, "the queue's bytes are counted wrongly");
  check_turn(after, published_before);
}

Simulation::Parked Simulation::count_parked() const {
  Parked parked;
  for (const auto& [id, call] : in_flight_) {
    if (call->kind != RequestKind::kMutation || !call->expected || call->completions != 0) continue;
    ++parked.requests;
    parked.bytes += call->bytes;
  }
  return parked;
}

// What the writer takes out ahead of the requests has expired. Once it is `asked`, it takes what a piece
// holds; it may take as many as clients had operations in the step before.
void Simulation::deal_with_expired(std::uint64_t removed, bool asked, std::uint64_t max_batch) {
  const std::int64_t now_ms = times_.decided / kNanosPerMilli;
  const std::uint64_t piece = std::min<std::uint64_t>(max_batch, ExpirySource::kMaxKeys);
  require(removed <= std::max(piece, last_ops_), "more expired keys in one step than a batch holds");
  if (asked && !starves_) {
    require(removed >= std::min(piece, model_.expired(now_ms)), "expired keys were passed over");
  }
  require(removed <= erased_.size(), "an expiry that removed nothing");
  for (std::uint64_t i = 0; i < removed; ++i) {
    if (model_.assigned() == store_->published_revision()) changed_at_ = times_.began;
    require(model_.remove_expired(erased_[i], now_ms), erased_[i] + " was removed, but has not expired");
  }
  expired_ += removed;
}

// The writer has taken the first `handled` requests of the queue or, if blocked by readers, those whose
// deadline has passed.
void Simulation::deal_with_batch(std::uint64_t handled, bool swept, std::uint64_t max_batch) {
  std::uint64_t ops = 0;
  for (auto it = queued_.begin(); it != queued_.end() && handled > 0;) {
    SimCall& call = **it;
    const bool late = call.deadline <= times_.decided;
    if (swept && !late) {
      ++it;
      continue;
    }
    --handled;
    require(ops == 0 || ops + call.weight() <= max_batch, "a batch above its limit");
    const bool swept_in_stop = stopping_ && late && call.status.code == Code::kDeadlineExceeded;
    require(call.submitted_at <= times_.decided, name(call) + "judged by an instant before it was asked");
    const std::int64_t now_ms = times_.decided / kNanosPerMilli;
    call.all_hold = std::all_of(call.compare_plans.begin(), call.compare_plans.end(),
                                [&](const ComparePlan& c) { return model_.holds(c, now_ms); });
    const std::uint64_t assigned = model_.assigned();
    if (starved_ && call.status.code == Code::kResourceExhausted) {
      ++out_of_memory_;
      if (call.revision > model_.assigned()) model_.remove_met(call.expected_plans(), now_ms);
      call.expected = model_.reject(Code::kResourceExhausted);
    } else if (call.ack == Ack::kDurable && !swept && !swept_in_stop) {
      call.expected = model_.reject(Code::kFailedPrecondition);
    } else if (late) {
      call.expected = model_.reject(Code::kDeadlineExceeded);
    } else {
      call.expected = model_.apply(call.expected_plans(), now_ms);
      (call.all_hold ? txns_held_ : txns_not_held_) += !call.compare_plans.empty();
    }
    // A request that was refused may have removed expired keys before.
    if (model_.assigned() != assigned && assigned == store_->published_revision()) changed_at_ = times_.began;
    if (!swept) ops += std::max<std::uint64_t>(call.weight(), call.expected->written);
    std::uint64_t answer = 0;
    for (const Op& op : call.chosen()) {
      answer += op.outcome.kv != nullptr ? op.outcome.kv->bytes() : 0;
      if (op.outcome.erased == nullptr) continue;
      for (const RecordPtr& kv : op.outcome.erased->prev_kvs) answer += kv->bytes();
    }
    require(call.bytes == call.submitted_bytes + answer, "an answer's bytes are counted wrongly");
    queued_bytes_ -= call.submitted_bytes;
    it = queued_.erase(it);
  }
  if (ops != 0) last_ops_ = ops;
  most_keys_ = std::max(most_keys_, model_.keys());
  require(handled == 0, "requests left the queue that should not have");
}

void Simulation::check_turn(const WriterStatsView& after, std::uint64_t published_before) {
  require(store_->assigned_revision() == model_.assigned(),
          "assigned revision " + std::to_string(store_->assigned_revision()) + " instead of " +
              std::to_string(model_.assigned()));
  check_policy(published_before, std::exchange(force_publish_, false));
  check_answers();
  check_unanswered();
  check_held();
  check_pins(after);
  check_watchers();
  forget_answered();
}

void Simulation::check_watchers() {
  std::string wrong = eager_->look(model_, std::numeric_limits<std::size_t>::max());
  if (wrong.empty() && dice_.one_in(20)) wrong = lazy_->look(model_, dice_.below(50));
  require(wrong.empty(), "watching: " + wrong);
  watched_ = eager_->events() + lazy_->events();
  compactions_ = lazy_->compactions();
  // The stop publishes more than once.
  require(stopping_ || eager_->compactions() == 0, "the last batch was dropped");
}

void Simulation::check_policy(std::uint64_t published_before, bool forced) {
  const std::uint64_t published = store_->published_revision();
  require(published >= published_before && published <= model_.assigned(), "the published revision ran away");
  const auto tick = [this](Nanos t) { return (t - policy_set_at_) / std::max<Nanos>(policy_.interval, 1); };
  const auto due_at = [this, tick](Nanos t) {
    if (policy_.interval == 0) return true;
    return policy_.adaptive ? t - last_publish_ >= policy_.interval
                            : tick(t) > tick(std::max(changed_at_, policy_set_at_));
  };
  if (published != published_before) {
    require(due_at(times_.ended) || forced, "published before its time");
    require(published == model_.assigned(), "published only a part of what was assigned");
    last_publish_ = times_.ended;
  } else if (published != model_.assigned()) {
    require(!due_at(times_.decided), "not published when it was due");
  }
}

void Simulation::check_answers() {
  for (Sink& s : sinks_) {
    require(s.calls_this_turn <= 1, "a sink was called twice in a turn");
    s.calls_this_turn = 0;
  }
  // A sink hears of a pin that was refused before another hears of the last one that was given out.
  std::stable_partition(completed_.begin(), completed_.end(),
                        [](const SimCall* c) { return c->pin != nullptr; });
  for (const SimCall* call : completed_) {
    require(call->completions == 1, name(*call) + "answered twice");
    check_answer(*call);
  }
}

void Simulation::check_answer(const SimCall& call) {
  const std::uint64_t published = store_->published_revision();
  if (call.kind == RequestKind::kSetPolicy || call.kind == RequestKind::kPublish) {
    require(call.status.ok() && call.revision <= published,
            name(call) + "a wrong answer to a control request");
    // A stop takes several turns, and batches may follow the requested publish.
    const bool all_published =
        stopping_ ? call.revision >= call.asked_revision : call.revision == model_.assigned();
    require(all_published || call.kind != RequestKind::kPublish, name(call) + "something stayed unpublished");
    return;
  }
  require(call.expected.has_value(), name(call) + "answered before it was dealt with");
  const Expectation& e = *call.expected;
  if (call.kind == RequestKind::kWaitRevision) {
    const bool reached = call.asked_revision <= published;
    const Code code = e.code != Code::kOk ? e.code : reached ? Code::kOk : Code::kDeadlineExceeded;
    require(call.status.code == code, name(call) + "a wrong answer to a wait: " + call.status.message);
    require(code != Code::kDeadlineExceeded || call.due <= times_.decided, name(call) + "gave up too soon");
    return;
  }
  if (call.kind == RequestKind::kTakePin) return check_pin(call);
  require(call.status.code == e.code, name(call) + "code " +
                                          std::to_string(static_cast<int>(call.status.code)) +
                                          " instead of " + std::to_string(static_cast<int>(e.code)));
  require(call.applied == e.applied, name(call) + "wrong about being applied");
  require(call.revision == e.revision, name(call) + "revision " + std::to_string(call.revision) +
                                           " instead of " + std::to_string(e.revision));
  require(call.ack == Ack::kApplied || call.revision <= published,
          name(call) + "told before anyone can see it");
  if (call.status.ok()) require(call.held == call.all_hold, name(call) + "wrong about its conditions");
  for (std::size_t i = 0; i < call.chosen().size(); ++i) check_outcome(call, i);
}

void Simulation::check_outcome(const SimCall& call, std::size_t i) {
  const OpOutcome& out = call.chosen()[i].outcome;
  const OpExpectation e = call.expected->ops.empty() ? OpExpectation{} : call.expected->ops[i];
  const std::string what = name(call) + "operation " + std::to_string(i) + ": ";
  require(out.succeeded == e.succeeded, what + "succeeded");
  require(out.number == e.number, what + "number " + std::to_string(out.number));
  require(out.length == e.length, what + "length " + std::to_string(out.length));
  require((out.kv != nullptr) == e.kv.has_value(), what + (out.kv ? "a record" : "no record"));
  if (out.kv) require(entry_of(*out.kv) == *e.kv, what + "the record reads " + std::string(out.kv->value()));
  if (call.chosen()[i].kind != OpKind::kEraseRange || !call.status.ok()) return;
  require(out.erased != nullptr && out.erased->count == e.erased && out.erased->more == e.more,
          what + "erased other than " + std::to_string(e.erased) + (e.more ? " and more" : ""));
  require(std::equal(e.prev_kvs.begin(), e.prev_kvs.end(), out.erased->prev_kvs.begin(),
                     out.erased->prev_kvs.end(),
                     [](const Entry& entry, const RecordPtr& kv) { return entry == entry_of(*kv); }),
          what + "the records erased");
}

// No request waits for a publish that has already happened.
void Simulation::check_unanswered() {
  const std::uint64_t published = store_->published_revision();
  for (const auto& [id, call] : in_flight_) {
    if (call->completions != 0) continue;
    const bool wait = waits(*call);
    require(call->kind == RequestKind::kMutation || wait, name(*call) + "a control request went unanswered");
    if (wait) {
      require(call->asked_revision > published && call->due > times_.decided,
              name(*call) + "waits for nothing");
    } else if (call->expected) {
      require(call->ack != Ack::kApplied && call->expected->revision > published,
              name(*call) + "answered too late");
    }
  }
}

void Simulation::check_held() {
  for (Held& h : held_) {
    const bool atomic = store_->traits().atomic_batch;
    const std::uint64_t revision = atomic ? h.revision : store_->published_revision();
    require(!atomic || h.guard->revision() == h.revision, "a guard changed its revision");
    for (const auto& [record, bytes] : h.found) {
      require(record->value() == bytes, "a record changed under a guard");
    }
    const std::string key = CallMaker::key(dice_.below(maker_.keys()));
    const Record* found = h.guard->find(probe(key));
    const Entry* held = model_.find(key, revision);
    require((found != nullptr) == (held != nullptr), key + " under a guard: there or not");
    if (found == nullptr) continue;
    require(entry_of(*found) == *held, key + " under a guard reads " + std::string(found->value()));
    if (h.found.size() < 8) h.found.emplace_back(found, std::string(found->value()));
  }
}

void Simulation::forget_answered() {
  answered_ += completed_.size();
  for (SimCall* call : completed_) in_flight_.erase(call->id);
  completed_.clear();
}

void Simulation::stop() {
  note("stop");
  starved_ = false;
  stopping_ = true;
  times_ = {clock_.now(), clock_.now(), clock_.now()};
  const bool settled = store_->stop(0);
  require(settled || !held_.empty(), "the stop did not settle although no reader was inside");
  deal_with_stop();
  require(store_->published_revision() == model_.assigned(), "the stop left something unpublished");
  require(store_->assigned_revision() == model_.assigned(), "the stop assigned other revisions");
  for (Sink& s : sinks_) s.calls_this_turn = 0;
  check_answers();
  require(completed_.size() == in_flight_.size(), "the stop left a request unanswered");
  forget_answered();
  read_all();
  while (!pins_.empty()) read_pin();
  check_watchers();
  SimCall late(next_id_++, RequestKind::kMutation);
  require(store_->submit(late).code == Code::kUnavailable, "a stopped store takes requests");
}

// Requests that readers did not block were applied. Of those behind them, the ones past their deadline got
// DEADLINE_EXCEEDED, and the rest were refused.
void Simulation::deal_with_stop() {
  for (auto& [id, call] : in_flight_) {
    if (waits(*call) && !call->expected) {
      call->expected =
          model_.reject(call->asked_revision > model_.assigned() ? Code::kOutOfRange : Code::kOk);
    }
  }
  const auto refuse = [](const SimCall* call) { return call->status.code == Code::kUnavailable; };
  const auto first = std::find_if(queued_.begin(), queued_.end(), refuse);
  const std::vector<SimCall*> behind(first, queued_.end());
  queued_.erase(first, queued_.end());
  require(behind.empty() || !held_.empty(), "the stop refused a request although no reader was inside");
  deal_with_batch(queued_.size(), false, ~std::uint64_t{0});
  for (SimCall* call : behind) {
    const bool late = call->deadline <= times_.decided && call->status.code == Code::kDeadlineExceeded;
    call->expected = model_.reject(late ? Code::kDeadlineExceeded : Code::kUnavailable);
  }
}

}  // namespace flashkv::sim
