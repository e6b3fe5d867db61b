#include "tests/sim/model.h"

#include <algorithm>
#include <charconv>
#include <limits>
#include <utility>

namespace flashkv::sim {
namespace {

std::optional<std::int64_t> number_in(const std::string& text) {
  std::int64_t n = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), n);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return n;
}

bool sum_fits(std::int64_t a, std::int64_t b) {
  using Limits = std::numeric_limits<std::int64_t>;
  return b >= 0 ? a <= Limits::max() - b : a >= Limits::min() - b;
}

}  // namespace

// The value and expiry after increment, append and expire.
Code Model::decide_value(const Entry* current, const OpPlan& op, std::int64_t now_ms, Entry& next,
                         OpExpectation& out) const {
  next.value = current != nullptr ? current->value : "";
  next.expires_at_ms = current != nullptr ? current->expires_at_ms : 0;
  if (op.kind == OpKind::kExpire) {
    next.expires_at_ms = op.ttl_ms == 0 ? 0 : now_ms + op.ttl_ms;
  } else if (op.kind == OpKind::kAppend) {
    next.value += op.value;
    if (next.value.size() > max_value_bytes_) return Code::kInvalidArgument;
    out.length = next.value.size();
  } else {
    if (current == nullptr && op.ttl_ms > 0) next.expires_at_ms = now_ms + op.ttl_ms;
    const auto before = current != nullptr ? number_in(current->value) : op.initial;
    if (!before) return Code::kFailedPrecondition;
    if (!sum_fits(*before, op.delta)) return Code::kOutOfRange;
    out.number = *before + op.delta;
    next.value = std::to_string(out.number);
  }
  return Code::kOk;
}

const Entry* Model::find(const std::string& key, std::uint64_t revision) const {
  const auto life = lives_.find(key);
  if (life == lives_.end()) return nullptr;
  const auto after = std::upper_bound(life->second.begin(), life->second.end(), revision,
                                      [](std::uint64_t r, const auto& step) { return r < step.first; });
  if (after == life->second.begin()) return nullptr;
  const std::optional<Entry>& held = std::prev(after)->second;
  return held ? &*held : nullptr;
}

std::map<std::string, Entry> Model::range(const std::string& start, const std::string& end,
                                          std::uint64_t revision) const {
  std::map<std::string, Entry> held;
  for (auto life = lives_.lower_bound(start); life != lives_.end(); ++life) {
    if (!end.empty() && life->first >= end) break;
    if (const Entry* entry = find(life->first, revision)) held.emplace(life->first, *entry);
  }
  return held;
}

Code Model::erase_range(Changes& changes, const OpPlan& op, std::int64_t now_ms, OpExpectation& out) const {
  if (!ordered_) return Code::kFailedPrecondition;
  std::map<std::string, Entry> held = range(op.key, op.value, assigned_);
  for (const auto& [key, entry] : changes) {
    if (key < op.key || (!op.value.empty() && key >= op.value)) continue;
    held.erase(key);
    if (entry) held.emplace(key, *entry);
  }
  std::erase_if(held, [now_ms](const auto& item) { return !item.second.live_at(now_ms); });
  for (const auto& [key, entry] : held) {
    out.more = op.limit != 0 && out.erased == op.limit;
    if (out.more) break;
    ++out.erased;
    if (op.want_prev) out.prev_kvs.push_back(entry);
    changes[key] = std::nullopt;
  }
  out.succeeded = out.erased > 0;
  return Code::kOk;
}

Code Model::decide(Changes& changes, const OpPlan& op, std::int64_t now_ms, OpExpectation& out) const {
  if (op.kind == OpKind::kEraseRange) return erase_range(changes, op, now_ms, out);
  const auto changed = changes.find(op.key);
  const Entry* stored = changed == changes.end() ? find(op.key, assigned_)
                        : changed->second        ? &*changed->second
                                                 : nullptr;
  const Entry* current = stored != nullptr && stored->live_at(now_ms) ? stored : nullptr;
  if (current != nullptr && (op.kind == OpKind::kGet || op.want_prev)) out.kv = *current;
  out.succeeded = current != nullptr;
  Entry next;
  switch (op.kind) {
    case OpKind::kGet:
      return Code::kOk;
    case OpKind::kErase:
      if (current != nullptr) changes[op.key] = std::nullopt;
      return Code::kOk;
    case OpKind::kPut: {
      const std::uint64_t mod = current != nullptr ? current->mod : 0;
      out.succeeded = !(op.condition == Condition::kIfAbsent && current != nullptr) &&
                      !(op.condition == Condition::kIfPresent && current == nullptr) &&
                      !(op.has_expected && op.expected != mod);
      if (!out.succeeded) return Code::kOk;
      next.value = op.value;
      if (op.ttl_ms > 0) next.expires_at_ms = now_ms + op.ttl_ms;
      if (op.keep_ttl && current != nullptr) next.expires_at_ms = current->expires_at_ms;
      break;
    }
    case OpKind::kExpire:
      if (current == nullptr || (op.ttl_ms == 0 && current->expires_at_ms == 0)) return Code::kOk;
      [[fallthrough]];
    case OpKind::kIncrement:
    case OpKind::kAppend:
    case OpKind::kEraseRange:     // decided above
    case OpKind::kRemoveExpired:  // never in a plan
      out.succeeded = true;
      if (const Code c = decide_value(current, op, now_ms, next, out); c != Code::kOk) return c;
  }
  next.mod = assigned() + 1;
  next.create = current != nullptr ? current->create : next.mod;
  next.version = current == nullptr ? 1 : current->version + (current->mod == next.mod ? 0 : 1);
  changes[op.key] = std::move(next);
  return Code::kOk;
}

bool Model::holds(const ComparePlan& c, std::int64_t now_ms) const {
  const Entry* stored = find(c.key, assigned_);
  const Entry nothing;
  const bool there = stored != nullptr && stored->live_at(now_ms);
  const Entry& e = there ? *stored : nothing;
  if (c.target == Target::kExists) return there == (c.comparison == Comparison::kEqual);
  if (c.target == Target::kValue && !there) return false;
  int sign = 0;
  if (c.target == Target::kValue) {
    sign = e.value.compare(c.value);
  } else {
    const std::uint64_t number = c.target == Target::kVersion  ? e.version
                                 : c.target == Target::kCreate ? e.create
                                                               : e.mod;
    sign = number < c.number ? -1 : number > c.number ? 1 : 0;
  }
  switch (c.comparison) {
    case Comparison::kEqual:
      return sign == 0;
    case Comparison::kNotEqual:
      return sign != 0;
    case Comparison::kGreater:
      return sign > 0;
    case Comparison::kLess:
      return sign < 0;
  }
  return false;
}

Code Model::decide_all(Changes& changes, const std::vector<OpPlan>& ops, std::int64_t now_ms,
                       std::vector<OpExpectation>& out) const {
  Code code = Code::kOk;
  for (auto op = ops.begin(); op != ops.end() && code == Code::kOk; ++op) {
    out.emplace_back();
    code = decide(changes, *op, now_ms, out.back());
  }
  return code;
}

std::uint64_t Model::expired(std::int64_t now_ms) const {
  return static_cast<std::uint64_t>(std::count_if(lives_.begin(), lives_.end(), [now_ms](const auto& life) {
    const std::optional<Entry>& held = life.second.back().second;
    return held && !held->live_at(now_ms);
  }));
}

bool Model::remove_expired(const std::string& key, std::int64_t now_ms) {
  const Entry* held = find(key, assigned_);
  if (held == nullptr || held->live_at(now_ms)) return false;
  lives_[key].emplace_back(++assigned_, std::nullopt);
  steps_.push_back({1, true});
  --keys_;
  return true;
}

void Model::remove_met(const std::vector<OpPlan>& ops, std::int64_t now_ms) {
  Changes changes;
  std::vector<std::string> written;  // in the order of their first write, as watchers see it
  for (const OpPlan& op : ops) {
    OpExpectation out;
    const bool known = changes.contains(op.key);
    if (decide(changes, op, now_ms, out) != Code::kOk) return;
    // A range leaves the keys that have expired to their own removal.
    if (op.kind != OpKind::kEraseRange && !known && changes.contains(op.key)) written.push_back(op.key);
  }
  for (const std::string& key : written) remove_expired(key, now_ms);
}

Expectation Model::apply(const std::vector<OpPlan>& ops, std::int64_t now_ms) {
  remove_met(ops, now_ms);
  Changes changes;
  Expectation e;
  e.code = decide_all(changes, ops, now_ms, e.ops);
  if (e.code != Code::kOk) return reject(e.code);
  e.applied = true;
  e.written = changes.size();
  std::erase_if(changes, [this](const auto& change) {
    const Entry* before = find(change.first, assigned_);
    return before == nullptr ? !change.second.has_value() : change.second == *before;
  });
  if (!changes.empty()) {
    ++assigned_;
    steps_.push_back({changes.size(), false});
  }
  for (auto& [key, entry] : changes) {
    keys_ += entry.has_value();
    keys_ -= find(key, assigned_) != nullptr;
    lives_[key].emplace_back(assigned_, std::move(entry));
  }
  e.revision = assigned();
  return e;
}

}  // namespace flashkv::sim
