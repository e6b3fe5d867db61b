#include "client/flashkv/messages.h"

#include <utility>

namespace flashkv::client {
namespace {

v1::Condition to_wire(Condition condition) noexcept {
  switch (condition) {
    case Condition::kIfAbsent:
      return v1::CONDITION_IF_ABSENT;
    case Condition::kIfPresent:
      return v1::CONDITION_IF_PRESENT;
    case Condition::kAlways:
      break;
  }
  return v1::CONDITION_ALWAYS;
}

v1::Target to_wire(Target target) noexcept {
  switch (target) {
    case Target::kCreate:
      return v1::TARGET_CREATE;
    case Target::kMod:
      return v1::TARGET_MOD;
    case Target::kValue:
      return v1::TARGET_VALUE;
    case Target::kExists:
      return v1::TARGET_EXISTS;
    case Target::kVersion:
      break;
  }
  return v1::TARGET_VERSION;
}

v1::Comparison to_wire(Comparison comparison) noexcept {
  switch (comparison) {
    case Comparison::kNotEqual:
      return v1::COMPARISON_NOT_EQUAL;
    case Comparison::kGreater:
      return v1::COMPARISON_GREATER;
    case Comparison::kLess:
      return v1::COMPARISON_LESS;
    case Comparison::kEqual:
      break;
  }
  return v1::COMPARISON_EQUAL;
}

void fill(const Compare& from, v1::Compare& to) {
  to.set_key(from.key);
  to.set_target(to_wire(from.target));
  to.set_op(to_wire(from.comparison));
  to.set_number(from.number);
  to.set_value(from.value);
}

// The message inside `to` that an operation of this type fills.
struct Slot {
  v1::Op& to;
  void operator()(const GetOp& op) const { fill(op, *to.mutable_get()); }
  void operator()(const PutOp& op) const { fill(op, *to.mutable_put()); }
  void operator()(const DeleteOp& op) const { fill(op, *to.mutable_delete_()); }
  void operator()(const ExpireOp& op) const { fill(op, *to.mutable_expire()); }
  void operator()(const IncrementOp& op) const { fill(op, *to.mutable_increment()); }
  void operator()(const AppendOp& op) const { fill(op, *to.mutable_append()); }
};

OpResult op_result_of(v1::OpResult&& result) {
  switch (result.result_case()) {
    case v1::OpResult::kPut:
      return result_of(std::move(*result.mutable_put()));
    case v1::OpResult::kDelete:
      return result_of(std::move(*result.mutable_delete_()));
    case v1::OpResult::kExpire:
      return result_of(std::move(*result.mutable_expire()));
    case v1::OpResult::kIncrement:
      return result_of(std::move(*result.mutable_increment()));
    case v1::OpResult::kAppend:
      return result_of(std::move(*result.mutable_append()));
    case v1::OpResult::kGet:
    case v1::OpResult::RESULT_NOT_SET:
      break;
  }
  return result_of(std::move(*result.mutable_get()));
}

}  // namespace

v1::Ack to_wire(Ack ack) noexcept {
  switch (ack) {
    case Ack::kApplied:
      return v1::ACK_APPLIED;
    case Ack::kDurable:
      return v1::ACK_DURABLE;
    case Ack::kPublished:
      break;
  }
  return v1::ACK_PUBLISHED;
}

KeyValue from_wire(v1::KeyValue&& kv) {
  return {.key = std::move(*kv.mutable_key()),
          .value = std::move(*kv.mutable_value()),
          .create_revision = kv.create_revision(),
          .mod_revision = kv.mod_revision(),
          .version = kv.version(),
          .expires_at_ms = kv.expires_at_ms()};
}

void fill(const GetOp& from, v1::GetRequest& to) {
  to.set_key(from.key);
  to.set_keys_only(from.keys_only);
}

void fill(const PutOptions& from, v1::PutRequest& to) {
  to.set_ttl_ms(from.ttl_ms);
  to.set_keep_ttl(from.keep_ttl);
  to.set_condition(to_wire(from.condition));
  if (from.expected_mod_revision) to.set_expected_mod_revision(*from.expected_mod_revision);
  to.set_prev_kv(from.prev_kv);
}

void fill(const PutOp& from, v1::PutRequest& to) {
  to.set_key(from.key);
  to.set_value(from.value);
  fill(from.options, to);
}

void fill(const ScanOptions& from, v1::ScanRequest& to) {
  to.set_limit(from.limit);
  to.set_reverse(from.reverse);
  to.set_keys_only(from.keys_only);
  to.set_page_size(from.page_size);
  to.set_at_least_revision(from.at_least_revision);
}

void fill(const DeleteOp& from, v1::DeleteRequest& to) {
  if (from.key.empty()) {
    fill(from.range, to);
    to.set_limit(from.limit);
  } else {
    to.set_key(from.key);
  }
  to.set_prev_kv(from.prev_kv);
}

void fill(const ExpireOp& from, v1::ExpireRequest& to) {
  to.set_key(from.key);
  to.set_ttl_ms(from.ttl_ms);
}

void fill(const IncrementOp& from, v1::IncrementRequest& to) {
  to.set_key(from.key);
  to.set_delta(from.delta);
  to.set_initial(from.options.initial);
  to.set_ttl_ms(from.options.ttl_ms);
}

void fill(const AppendOp& from, v1::AppendRequest& to) {
  to.set_key(from.key);
  to.set_value(from.value);
}

void fill(const Txn& from, v1::TxnRequest& to) {
  for (const Compare& compare : from.compare) fill(compare, *to.add_compare());
  for (const Op& op : from.success) std::visit(Slot{*to.add_success()}, op);
  for (const Op& op : from.failure) std::visit(Slot{*to.add_failure()}, op);
  to.set_ack(to_wire(from.ack));
}

GetResult result_of(v1::GetResponse&& reply) {
  GetResult result;
  if (reply.has_kv()) result.kv = from_wire(std::move(*reply.mutable_kv()));
  return result;
}

MultiGetResult result_of(v1::MultiGetResponse&& reply) {
  MultiGetResult result;
  result.kvs.reserve(static_cast<std::size_t>(reply.results_size()));
  for (v1::Lookup& lookup : *reply.mutable_results()) {
    result.kvs.emplace_back();
    if (lookup.found()) result.kvs.back() = from_wire(std::move(*lookup.mutable_kv()));
  }
  return result;
}

PutResult result_of(v1::PutResponse&& reply) {
  PutResult result;
  result.succeeded = reply.succeeded();
  if (reply.has_prev_kv()) result.prev_kv = from_wire(std::move(*reply.mutable_prev_kv()));
  return result;
}

DeleteResult result_of(v1::DeleteResponse&& reply) {
  DeleteResult result;
  result.deleted = reply.deleted();
  result.more = reply.more();
  for (v1::KeyValue& kv : *reply.mutable_prev_kvs()) result.prev_kvs.push_back(from_wire(std::move(kv)));
  return result;
}

ExpireResult result_of(v1::ExpireResponse&& reply) { return {.found = reply.found()}; }
IncrementResult result_of(v1::IncrementResponse&& reply) { return {.value = reply.value()}; }
AppendResult result_of(v1::AppendResponse&& reply) { return {.length = reply.length()}; }

TxnResult result_of(v1::TxnResponse&& reply) {
  TxnResult result;
  result.succeeded = reply.succeeded();
  result.results.reserve(static_cast<std::size_t>(reply.results_size()));
  for (v1::OpResult& each : *reply.mutable_results()) result.results.push_back(op_result_of(std::move(each)));
  return result;
}

}  // namespace flashkv::client
