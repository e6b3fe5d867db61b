#include "tests/server/service/random/oracle.h"

#include <algorithm>
#include <type_traits>
#include <utility>

#include "tests/server/service/random/refusals.h"

namespace flashkv::test {
namespace {

using sim::ComparePlan;
using sim::Entry;
using sim::OpExpectation;
using sim::OpPlan;

void fill(const std::string& key, const Entry& entry, bool keys_only, v1::KeyValue& kv) {
  kv.set_key(key);
  if (!keys_only) kv.set_value(entry.value);
  kv.set_create_revision(entry.create);
  kv.set_mod_revision(entry.mod);
  kv.set_version(entry.version);
  kv.set_expires_at_ms(entry.expires_at_ms);
}

OpPlan plan_of(const v1::PutRequest& r) {
  return {.kind = OpKind::kPut,
          .condition = r.condition() == v1::CONDITION_IF_ABSENT    ? Condition::kIfAbsent
                       : r.condition() == v1::CONDITION_IF_PRESENT ? Condition::kIfPresent
                                                                   : Condition::kAlways,
          .keep_ttl = r.keep_ttl(),
          .want_prev = r.prev_kv(),
          .has_expected = r.has_expected_mod_revision(),
          .key = r.key(),
          .value = r.value(),
          .expected = r.expected_mod_revision(),
          .ttl_ms = r.ttl_ms()};
}
OpPlan plan_of(const v1::DeleteRequest& r) {
  if (!r.key().empty())
    return {.kind = OpKind::kErase, .want_prev = r.prev_kv(), .key = r.key(), .value = ""};
  const auto [start, end] = r.prefix().empty() ? std::pair(r.start(), r.end()) : keys_of_prefix(r.prefix());
  return {
      .kind = OpKind::kEraseRange, .want_prev = r.prev_kv(), .key = start, .value = end, .limit = r.limit()};
}
OpPlan plan_of(const v1::ExpireRequest& r) {
  return {.kind = OpKind::kExpire, .key = r.key(), .value = "", .ttl_ms = r.ttl_ms()};
}
OpPlan plan_of(const v1::IncrementRequest& r) {
  return {.kind = OpKind::kIncrement,
          .key = r.key(),
          .value = "",
          .ttl_ms = r.ttl_ms(),
          .delta = r.delta(),
          .initial = r.initial()};
}
OpPlan plan_of(const v1::AppendRequest& r) {
  return {.kind = OpKind::kAppend, .key = r.key(), .value = r.value()};
}
OpPlan plan_of(const v1::Op& op) {
  if (op.has_put()) return plan_of(op.put());
  if (op.has_delete_()) return plan_of(op.delete_());
  if (op.has_expire()) return plan_of(op.expire());
  if (op.has_increment()) return plan_of(op.increment());
  if (op.has_append()) return plan_of(op.append());
  return {.kind = OpKind::kGet, .key = op.get().key(), .value = ""};
}

void fill(const v1::PutRequest& r, const OpExpectation& e, v1::PutResponse& reply) {
  reply.set_succeeded(e.succeeded);
  if (e.kv) fill(r.key(), *e.kv, false, *reply.mutable_prev_kv());
}
void fill(const v1::DeleteRequest& r, const OpExpectation& e, v1::DeleteResponse& reply) {
  if (!r.key().empty()) {
    reply.set_deleted(e.succeeded ? 1 : 0);
    if (e.kv) fill(r.key(), *e.kv, false, *reply.add_prev_kvs());
    return;
  }
  reply.set_deleted(e.erased);
  reply.set_more(e.more);
  // Without the keys, see name_removed().
  for (const Entry& entry : e.prev_kvs) fill("", entry, false, *reply.add_prev_kvs());
}
void fill(const v1::ExpireRequest&, const OpExpectation& e, v1::ExpireResponse& reply) {
  reply.set_found(e.succeeded);
}
void fill(const v1::IncrementRequest&, const OpExpectation& e, v1::IncrementResponse& reply) {
  reply.set_value(e.number);
}
void fill(const v1::AppendRequest&, const OpExpectation& e, v1::AppendResponse& reply) {
  reply.set_length(e.length);
}
void fill(const v1::Op& op, const OpExpectation& e, v1::OpResult& result) {
  if (op.has_put()) return fill(op.put(), e, *result.mutable_put());
  if (op.has_delete_()) return fill(op.delete_(), e, *result.mutable_delete_());
  if (op.has_expire()) return fill(op.expire(), e, *result.mutable_expire());
  if (op.has_increment()) return fill(op.increment(), e, *result.mutable_increment());
  if (op.has_append()) return fill(op.append(), e, *result.mutable_append());
  v1::GetResponse& got = *result.mutable_get();
  if (e.kv) fill(op.get().key(), *e.kv, op.get().keys_only(), *got.mutable_kv());
}

// The model does not say which keys a range removed: the first of those that were there before. In a Txn too,
// where no other operation may write them.
void name_removed(const v1::DeleteRequest& r, const std::map<std::string, Entry>& before,
                  v1::DeleteResponse& reply) {
  if (!r.key().empty()) return;
  const auto [start, end] = r.prefix().empty() ? std::pair(r.start(), r.end()) : keys_of_prefix(r.prefix());
  auto next = before.lower_bound(start);
  for (v1::KeyValue& kv : *reply.mutable_prev_kvs()) kv.set_key((next++)->first);
}

ComparePlan plan_of(const v1::Compare& c) {
  ComparePlan plan{.key = c.key(), .number = c.number(), .value = c.value()};
  if (c.target() == v1::TARGET_CREATE) plan.target = Target::kCreate;
  if (c.target() == v1::TARGET_MOD) plan.target = Target::kMod;
  if (c.target() == v1::TARGET_VALUE) plan.target = Target::kValue;
  if (c.target() == v1::TARGET_EXISTS) plan.target = Target::kExists;
  if (c.op() == v1::COMPARISON_NOT_EQUAL) plan.comparison = Comparison::kNotEqual;
  if (c.op() == v1::COMPARISON_GREATER) plan.comparison = Comparison::kGreater;
  if (c.op() == v1::COMPARISON_LESS) plan.comparison = Comparison::kLess;
  return plan;
}

}  // namespace

std::map<std::string, Entry> Oracle::live(const std::string& start, const std::string& end) const {
  std::map<std::string, Entry> held = model_.range(start, end, model_.assigned());
  std::erase_if(held, [this](const auto& item) { return !item.second.live_at(now_ms); });
  return held;
}

Code Oracle::answer(const v1::GetRequest& r, v1::GetResponse& reply) const {
  if (is_invalid(r)) return Code::kInvalidArgument;
  if (r.at_least_revision() > revision()) return Code::kOutOfRange;
  reply.mutable_header()->set_revision(revision());
  const auto held = content();
  if (const auto found = held.find(r.key()); found != held.end())
    fill(r.key(), found->second, r.keys_only(), *reply.mutable_kv());
  return Code::kOk;
}

Code Oracle::answer(const v1::MultiGetRequest& r, v1::MultiGetResponse& reply) const {
  if (is_invalid(r)) return Code::kInvalidArgument;
  if (!traits_.atomic_batch && !traits_.ordered && r.keys_size() > 1) return Code::kFailedPrecondition;
  if (r.at_least_revision() > revision()) return Code::kOutOfRange;
  reply.mutable_header()->set_revision(revision());
  const auto held = content();
  for (const std::string& key : r.keys()) {
    v1::Lookup& result = *reply.add_results();
    const auto found = held.find(key);
    result.set_found(found != held.end());
    if (result.found()) fill(key, found->second, r.keys_only(), *result.mutable_kv());
  }
  return Code::kOk;
}

template <typename Request, typename Reply>
Code Oracle::change(const Request& r, Reply& reply) {
  if (is_invalid(r)) return Code::kInvalidArgument;
  if (r.ack() == v1::ACK_DURABLE) return Code::kFailedPrecondition;
  const auto before = content();
  const sim::Expectation e = model_.apply({plan_of(r)}, now_ms);
  if (e.code != Code::kOk) return e.code;
  reply.mutable_header()->set_revision(e.revision);
  fill(r, e.ops[0], reply);
  if constexpr (std::is_same_v<Request, v1::DeleteRequest>) name_removed(r, before, reply);
  return Code::kOk;
}
Code Oracle::answer(const v1::PutRequest& r, v1::PutResponse& reply) { return change(r, reply); }
Code Oracle::answer(const v1::DeleteRequest& r, v1::DeleteResponse& reply) { return change(r, reply); }
Code Oracle::answer(const v1::ExpireRequest& r, v1::ExpireResponse& reply) { return change(r, reply); }
Code Oracle::answer(const v1::IncrementRequest& r, v1::IncrementResponse& reply) { return change(r, reply); }
Code Oracle::answer(const v1::AppendRequest& r, v1::AppendResponse& reply) { return change(r, reply); }

Code Oracle::answer(const v1::TxnRequest& r, v1::TxnResponse& reply) {
  if (is_invalid(r)) return Code::kInvalidArgument;
  if (r.ack() == v1::ACK_DURABLE) return Code::kFailedPrecondition;
  const bool held = std::all_of(r.compare().begin(), r.compare().end(),
                                [this](const v1::Compare& c) { return model_.holds(plan_of(c), now_ms); });
  const auto& ops = held ? r.success() : r.failure();
  std::vector<OpPlan> plans;
  for (const v1::Op& op : ops) plans.push_back(plan_of(op));
  const auto before = content();
  const sim::Expectation e = model_.apply(plans, now_ms);
  if (e.code != Code::kOk) return e.code;
  reply.mutable_header()->set_revision(e.revision);
  reply.set_succeeded(held);
  for (int i = 0; i < ops.size(); ++i) {
    v1::OpResult& result = *reply.add_results();
    fill(ops[i], e.ops[static_cast<std::size_t>(i)], result);
    if (ops[i].has_delete_()) name_removed(ops[i].delete_(), before, *result.mutable_delete_());
  }
  return Code::kOk;
}

Code Oracle::answer(const v1::ScanRequest& r, v1::ScanResponse& reply) const {
  if (is_invalid(r)) return Code::kInvalidArgument;
  if (!traits_.ordered) return Code::kFailedPrecondition;
  if (r.at_least_revision() > revision()) return Code::kOutOfRange;
  const auto [start, end] = r.prefix().empty() ? std::pair(r.start(), r.end()) : keys_of_prefix(r.prefix());
  const auto held = live(start, end);
  std::vector<std::pair<std::string, Entry>> found(held.begin(), held.end());
  if (r.reverse()) std::reverse(found.begin(), found.end());
  reply.mutable_header()->set_revision(revision());
  reply.set_count(found.size());
  if (r.count_only()) return Code::kOk;
  if (r.limit() != 0 && found.size() > r.limit()) {
    found.resize(r.limit());
    reply.set_more(true);
  }
  reply.set_count(found.size());
  for (const auto& [key, entry] : found) fill(key, entry, r.keys_only(), *reply.add_kvs());
  return Code::kOk;
}

void Oracle::remove_expired() {
  for (const auto& [key, entry] : model_.range("", "", model_.assigned())) {
    if (!entry.live_at(now_ms)) model_.remove_expired(key, now_ms);
  }
}

}  // namespace flashkv::test
