// The actions of a simulation.
#include <algorithm>
#include <limits>

#include "tests/sim/simulation.h"
#include "tests/support/failing_new.h"

namespace flashkv::sim {
namespace {

using test::kMs;
constexpr std::size_t kTraceLength = 60;
constexpr int kActions = 1500;
constexpr int kActionsOfMany = 500;  // each takes longer
constexpr std::uint64_t kReadsOfMany = 50;
constexpr std::uint64_t kMostAllocations = 40;  // in a starved turn
constexpr Nanos kMostTick = 5 * kMs;            // TTLs are up to 30 ms, deadlines up to 5 ms
constexpr std::uint64_t kMaxValueBytes = 24;
// Two or three chunks of events, so that the oldest go while the run lasts; or all of them.
constexpr std::uint64_t kSmallHistory = 10'000;
constexpr std::uint64_t kLargeHistory = std::uint64_t{64} << 20;

PublishPolicy draw_policy(Dice& dice) {
  constexpr std::array<Nanos, 5> kIntervals{0, 0, kMs / 10, 2 * kMs, 50 * kMs};
  return {kIntervals[dice.below(kIntervals.size())], 1 + dice.below(dice.one_in(2) ? 6 : 100),
          !dice.one_in(3)};
}

}  // namespace

Simulation::Simulation(const test::EngineCase& engine, std::uint64_t seed)
    : dice_(seed),
      engine_(engine),
      many_keys_(dice_.one_in(8)),
      hash_(7, !many_keys_ && dice_.one_in(3) ? 0x3 : ~std::uint64_t{0}),
      ordered_(!dice_.one_in(4)),
      model_(kMaxValueBytes, ordered_),
      maker_(dice_, many_keys_ ? CallMaker::kMany : CallMaker::kFew),
      ticks_(dice_.one_in(2)),
      starves_(dice_.one_in(3)) {
  options_.clock = &clock_;
  options_.limits.max_value_bytes = kMaxValueBytes;
  options_.limits.max_queue_requests = dice_.one_in(2) ? 1 + dice_.below(8) : 64;
  options_.limits.max_queue_bytes = !many_keys_ && dice_.one_in(3) ? 2'000 + dice_.below(5'000) : 1'000'000;
  options_.ordered_index = ordered_;
  options_.limits.max_pins = 1 + dice_.below(4);
  if (dice_.one_in(3)) options_.limits.max_pinned_bytes = dice_.below(many_keys_ ? 200'000 : 10'000);
  options_.limits.watch_history_bytes = dice_.one_in(2) ? kSmallHistory : kLargeHistory;
  options_.policy = policy_ = draw_policy(dice_);
  policy_set_at_ = clock_.now();
  last_publish_ = clock_.now() - 3600'000 * kMs;
  test::TestTable made = engine_.make(hash_);
  guards_ = std::move(made.guards);
  store_ = Store::over(std::make_unique<LoggedEngine>(std::move(made.table), erased_), options_);
  reader_ = store_->make_reader();
  eager_ = std::make_unique<Watcher>(store_->history());
  lazy_ = std::make_unique<Watcher>(store_->history());
  for (int i = 0; i < 3; ++i) sinks_.emplace_back(*this);
  note("policy interval " + std::to_string(policy_.interval) + " batch " + std::to_string(policy_.max_batch) +
       (policy_.adaptive ? " adaptive" : " ticking") + " queue " +
       std::to_string(options_.limits.max_queue_requests) + (many_keys_ ? " many keys" : "") +
       (ticks_ ? " ticking" : "") + (starves_ ? " starving" : ""));
}

Simulation::~Simulation() {
  held_.clear();
  eager_.reset();
  lazy_.reset();
  reader_.reset();
  pins_.clear();
  store_->stop(0);  // the writer may still have requests, where a check has failed
  in_flight_.clear();
  store_.reset();
}

void Simulation::note(std::string event) {
  trace_.push_back(std::to_string(clock_.now() / kNanosPerMicro % 1'000'000'000) + "us " + std::move(event));
  if (trace_.size() > kTraceLength) trace_.pop_front();
}

void Simulation::run() {
  for (int i = 0; i < (many_keys_ ? kActionsOfMany : kActions); ++i) act();
  if (dice_.one_in(2)) {
    drain();
    require(in_flight_.empty(), std::to_string(in_flight_.size()) + " requests were never answered");
  }
  stop();
}

void Simulation::act() {
  const std::uint64_t d = dice_.below(100);
  if (d < 40) return submit_mutation();
  if (d < 48) return submit_control();
  if (d < 70) return turn();
  if (d < 80) return advance();
  if (d < 84) return hold();
  if (d < 88) return let_go();
  if (d < 92) return read_pin();
  if (d < 99) return read();
  drain();
}

bool Simulation::submit(std::unique_ptr<SimCall> call, const std::string& what) {
  call->sink = &sinks_[dice_.below(sinks_.size())];
  call->submitted_at = clock_.now();
  const Status s = store_->submit(*call);
  note("submit " + std::to_string(call->id) + " " + what + (s.ok() ? "" : " refused: " + s.message));
  if (call->kind == RequestKind::kMutation) {
    const Parked parked = count_parked();
    const bool full = queued_.size() + parked.requests >= options_.limits.max_queue_requests ||
                      queued_bytes_ + parked.bytes + call->bytes > options_.limits.max_queue_bytes;
    require(s.ok() == !full, "the queue took or refused a request against its limits");
    require(s.ok() || s.code == Code::kResourceExhausted, "refused with another code");
  } else {
    require(s.ok(), "a control request was refused");
  }
  if (!s.ok()) return false;
  if (call->kind == RequestKind::kMutation) {
    queued_.push_back(call.get());
    queued_bytes_ += call->submitted_bytes = call->bytes;
  }
  in_flight_.emplace(call->id, std::move(call));
  return true;
}

void Simulation::submit_mutation() {
  auto call = maker_.mutation(next_id_++, model_.assigned(), clock_.now());
  const std::string what = std::to_string(call->ops.size()) + " ops" +
                           (call->ack == Ack::kApplied ? " applied" : "") +
                           (call->deadline != kNever ? " with deadline" : "");
  submit(std::move(call), what);
}

void Simulation::submit_control() {
  const std::uint64_t d = dice_.below(15);
  const RequestKind kind = d < 2    ? RequestKind::kPublish
                           : d < 4  ? RequestKind::kSetPolicy
                           : d < 10 ? RequestKind::kWaitRevision
                                    : RequestKind::kTakePin;
  auto call = std::make_unique<SimCall>(next_id_++, kind);
  if (kind == RequestKind::kSetPolicy) {
    call->policy = draw_policy(dice_);
    submit(std::move(call), "set policy");
  } else if (kind == RequestKind::kPublish) {
    call->asked_revision = model_.assigned();
    submit(std::move(call), "publish");
  } else if (kind == RequestKind::kTakePin && dice_.one_in(2)) {
    submit(std::move(call), "pin");
  } else {
    call->revision = call->asked_revision =
        model_.assigned() + dice_.below(5) - std::min<std::uint64_t>(model_.assigned(), 2);
    if (dice_.one_in(2)) call->deadline = clock_.now() + static_cast<Nanos>(dice_.below(10)) * kMs;
    const std::string what =
        (kind == RequestKind::kTakePin ? "pin at " : "wait for ") + std::to_string(call->revision);
    submit(std::move(call), what);
  }
}

// Actions of other threads during a turn. The turn may handle their requests, but must judge them by an
// instant no earlier than their own.
void Simulation::meanwhile() noexcept {
  const long left = std::exchange(test::allocations_left, -1);
  try {
    if (dice_.one_in(3)) read();
    if (dice_.one_in(2)) {
      submit_mutation();
      ++submitted_in_turns_;
    }
  } catch (...) {
    violation_ = std::current_exception();
  }
  test::allocations_left = left;
}

// One turn of the writer, in which the clock may tick and memory may run out.
void Simulation::step() {
  if (ticks_) {
    clock_.begin_turn(static_cast<Nanos>(dice_.below(kMostTick)), [this] { meanwhile(); });
  } else {
    clock_.begin_turn(0, {});
  }
  starved_ = starves_ && dice_.one_in(4);
  if (starved_) test::allocations_left = static_cast<long>(dice_.below(kMostAllocations));
  wants_turn_at_ = store_->step();
  test::allocations_left = -1;
  times_ = clock_.end_turn();
  if (violation_) std::rethrow_exception(std::exchange(violation_, nullptr));
}

void Simulation::advance() {
  Nanos by = static_cast<Nanos>(dice_.below(3'000'000));
  if (dice_.one_in(2) && wants_turn_at_ != kNever) by = std::max<Nanos>(wants_turn_at_ - clock_.now(), 0);
  if (dice_.one_in(30)) by = static_cast<Nanos>(dice_.below(40'000)) * kMs;  // a stall
  clock_.advance(by);
  note("advance " + std::to_string(by / kNanosPerMicro) + "us");
}

void Simulation::hold() {
  if (held_.size() >= 4) return;
  Held h{guards_->hold(), 0, {}};
  h.revision = h.guard->revision();
  require(h.revision == store_->published_revision(), "a new guard does not see what is published");
  note("hold a guard at " + std::to_string(h.revision));
  held_.push_back(std::move(h));
}

void Simulation::let_go() {
  if (held_.empty()) return;
  check_held();
  const auto i = static_cast<std::ptrdiff_t>(dice_.below(held_.size()));
  note("let go the guard at " + std::to_string((held_.begin() + i)->revision));
  held_.erase(held_.begin() + i);
}

void Simulation::read() {
  if (!many_keys_) return read_all();
  std::vector<std::string> keys;
  for (std::uint64_t i = 0; i < kReadsOfMany; ++i) keys.push_back(CallMaker::key(dice_.below(maker_.keys())));
  read_keys(keys);
}

void Simulation::read_all() {
  std::vector<std::string> keys;
  for (std::uint64_t i = 0; i < maker_.keys(); ++i) keys.push_back(CallMaker::key(i));
  read_keys(keys);
}

void Simulation::read_keys(const std::vector<std::string>& keys) {
  const std::vector<std::string_view> views(keys.begin(), keys.end());
  std::vector<std::string> values(keys.size());
  std::vector<Lookup> out(keys.size());
  for (std::size_t i = 0; i < keys.size(); ++i) out[i].value = &values[i];
  if (dice_.one_in(10)) reader_ = store_->make_reader();
  bool complete = false;
  const std::uint64_t revision = reader_->multi_get(views, out, 1 << 20, complete);
  require(complete && revision == store_->published_revision(),
          "a read saw another revision than the published one");
  for (std::size_t i = 0; i < keys.size(); ++i) {
    const Entry* held = model_.find(keys[i], revision);
    const bool there = held != nullptr && held->live_at(clock_.now_ms());
    require(out[i].found == there, keys[i] + (there ? " is missing" : " should not be there"));
    if (!there) continue;
    const Entry seen{values[i], out[i].create_revision, out[i].mod_revision, out[i].version,
                     out[i].expires_at_ms};
    require(seen == *held, keys[i] + " reads " + seen.value + " instead of " + held->value);
  }
  check_held();
}

// Ends every reader and steps the writer until it has nothing left to do.
void Simulation::drain() {
  note("drain");
  held_.clear();
  const bool unpinned = dice_.one_in(2);
  if (unpinned) pins_.clear();
  for (int i = 0; i < 10'000; ++i) {
    turn();
    if (wants_turn_at_ == kNever) {
      const std::uint64_t held = store_->stats().writer.pinned_bytes;
      require(held == 0 || !pins_.empty(), "at rest with " + std::to_string(held) + " bytes kept for no pin");
      const std::uint64_t left = model_.expired(std::numeric_limits<std::int64_t>::max());
      require(left == 0, "at rest with " + std::to_string(left) + " keys that expire");
      return;
    }
    clock_.advance(std::max<Nanos>(wants_turn_at_ - clock_.now(), 0));
  }
  throw Violation("the writer never comes to rest");
}

}  // namespace flashkv::sim
