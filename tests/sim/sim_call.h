// A request of the simulation: its operations, the expected answer, and how often it was answered.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "storage/request/request.h"
#include "tests/sim/model.h"

namespace flashkv::sim {

// Purpose: a seeded source of choices, the same on every machine.
class Dice {
 public:
  explicit Dice(std::uint64_t seed) : engine_(seed) {}
  std::uint64_t below(std::uint64_t n) { return engine_() % n; }
  bool one_in(std::uint64_t n) { return below(n) == 0; }

 private:
  std::mt19937_64 engine_;
};

class SimCall : public Request {
 public:
  SimCall(std::uint64_t call_id, RequestKind k) : id(call_id) { kind = k; }

  // Makes the store's operations, once all plans have been added.
  void build() {
    list_ = build(plans);
    ops = list_;
    other_list_ = build(other_plans);
    otherwise = other_list_;
    for (const ComparePlan& c : compare_plans) {
      comparisons_.push_back({.target = c.target,
                              .comparison = c.comparison,
                              .key = c.key,
                              .number = c.number,
                              .value = c.value});
    }
    compare = comparisons_;
  }
  const std::vector<OpPlan>& expected_plans() const { return all_hold ? plans : other_plans; }

  const std::uint64_t id;
  Nanos submitted_at = 0;
  std::uint64_t submitted_bytes = 0;  // its bytes when submitted; its answer adds to them
  std::vector<OpPlan> plans;
  std::vector<ComparePlan> compare_plans;  // a transaction's,
  std::vector<OpPlan> other_plans;         // and what is applied if one does not hold
  bool all_hold = true;                    // expected
  std::optional<Expectation> expected;     // set once the writer has dealt with it
  std::uint64_t asked_revision = 0;  // kWaitRevision, kTakePin; kPublish: the revision assigned at that time
  Nanos due = kNever;                // kWaitRevision, kTakePin: latest time of its answer
  int completions = 0;

 private:
  static std::vector<Op> build(const std::vector<OpPlan>& from) {
    std::vector<Op> list(from.size());
    for (std::size_t i = 0; i < from.size(); ++i) {
      const OpPlan& p = from[i];
      Op& op = list[i];
      op.kind = p.kind;
      op.condition = p.condition;
      op.keep_ttl = p.keep_ttl;
      op.want_prev = p.want_prev;
      op.has_expected = p.has_expected;
      op.key = p.key;
      op.expected_mod_revision = p.expected;
      op.ttl_ms = p.ttl_ms;
      op.delta = p.delta;
      op.initial = p.initial;
      op.limit = p.limit;
      if (p.kind == OpKind::kAppend || p.kind == OpKind::kEraseRange) op.value = p.value;
      if (p.kind == OpKind::kPut) {
        const bool room = p.ttl_ms != 0 || p.keep_ttl;
        op.record = Record::make(p.key, p.value, static_cast<Record::Expiry>(room));
      }
    }
    return list;
  }

  std::vector<Op> list_, other_list_;
  std::vector<Compare> comparisons_;
};

// Purpose: makes random mutations, over few keys so that they collide, or over many so that the index grows.
class CallMaker {
 public:
  static constexpr std::uint64_t kFew = 12;
  static constexpr std::uint64_t kMany = 4'000;

  CallMaker(Dice& dice, std::uint64_t keys) : dice_(dice), keys_(keys) {}
  std::uint64_t keys() const { return keys_; }
  static std::string key(std::uint64_t i) { return "key" + std::to_string(i); }

  // `assigned` is used to guess revisions that may match.
  std::unique_ptr<SimCall> mutation(std::uint64_t id, std::uint64_t assigned, Nanos now) {
    auto call = std::make_unique<SimCall>(id, RequestKind::kMutation);
    const std::uint64_t ops = dice_.one_in(3) ? dice_.below(keys_ == kFew ? 24 : 240) : 1;
    for (std::uint64_t i = 0; i < ops; ++i) call->plans.push_back(op(assigned));
    if (dice_.one_in(keys_ == kFew ? 4 : 20)) make_txn(*call, assigned);
    if (dice_.one_in(3)) call->ack = Ack::kApplied;
    if (dice_.one_in(50)) call->ack = Ack::kDurable;
    if (dice_.one_in(6)) call->deadline = now + static_cast<Nanos>(dice_.below(20)) * kNanosPerMilli / 4;
    call->build();
    return call;
  }

 private:
  // Conditions that hold about every second time.
  void make_txn(SimCall& call, std::uint64_t assigned) {
    for (std::uint64_t i = 1 + dice_.below(3); i > 0; --i) {
      ComparePlan c;
      c.target = static_cast<Target>(dice_.below(5));
      c.comparison = static_cast<Comparison>(dice_.below(c.target == Target::kExists ? 2 : 4));
      c.key = key(dice_.below(keys_));
      c.number = dice_.one_in(2) ? dice_.below(3) : assigned - std::min(assigned, dice_.below(8));
      c.value = value();
      call.compare_plans.push_back(std::move(c));
    }
    for (std::uint64_t i = dice_.below(4); i > 0; --i) call.other_plans.push_back(op(assigned));
  }

  OpPlan op(std::uint64_t assigned) {
    OpPlan p;
    constexpr std::array kKinds{OpKind::kPut,       OpKind::kErase,  OpKind::kExpire,
                                OpKind::kIncrement, OpKind::kAppend, OpKind::kGet};
    p.kind = kKinds[dice_.below(kKinds.size())];
    // One that fails fails its whole request, so large requests over many keys have few that can.
    if (keys_ == kFew ? dice_.one_in(2) : !dice_.one_in(16)) p.kind = OpKind::kPut;
    p.key = key(dice_.below(keys_));
    p.want_prev = dice_.one_in(3) && (p.kind == OpKind::kPut || p.kind == OpKind::kErase);
    if (dice_.one_in(keys_ == kFew ? 4 : 16)) p.ttl_ms = static_cast<std::int64_t>(dice_.below(30));
    if (p.kind == OpKind::kPut) {
      p.condition = static_cast<Condition>(dice_.one_in(2) ? 0 : dice_.below(3));
      p.keep_ttl = p.ttl_ms == 0 && dice_.one_in(4);
      p.has_expected = dice_.one_in(6);
      if (p.has_expected && !dice_.one_in(3)) p.expected = assigned - std::min(assigned, dice_.below(8));
    }
    if (dice_.one_in(keys_ == kFew ? 50 : 2'000)) return range(std::move(p));
    p.value = value();
    p.delta = static_cast<std::int64_t>(dice_.below(9)) - 4;
    p.initial = dice_.one_in(20) ? std::numeric_limits<std::int64_t>::max()
                                 : static_cast<std::int64_t>(dice_.below(5));
    return p;
  }
  // Few keys: any range, all of them included; many: a thousandth of them or a tenth.
  OpPlan range(OpPlan p) {
    p.kind = OpKind::kEraseRange;
    p.want_prev = dice_.one_in(3);
    if (dice_.one_in(2)) p.limit = 1 + dice_.below(6);
    p.value = keys_ == kFew ? (dice_.one_in(3) ? "" : key(dice_.below(keys_)))
                            : p.key + (dice_.one_in(2) ? "~" : "3");
    return p;
  }
  // Mostly numbers, for Increment; sometimes text of varying length.
  std::string value() {
    if (!dice_.one_in(4)) return std::to_string(dice_.below(1000));
    return std::string(dice_.below(12), static_cast<char>('A' + dice_.below(26)));
  }

  Dice& dice_;
  const std::uint64_t keys_;
};

}  // namespace flashkv::sim
