#include "server/service/wire.h"

#include <algorithm>

namespace flashkv {
namespace {

Condition condition_of(v1::Condition condition) {
  if (condition == v1::CONDITION_IF_ABSENT) return Condition::kIfAbsent;
  if (condition == v1::CONDITION_IF_PRESENT) return Condition::kIfPresent;
  return Condition::kAlways;
}

Target target_of(v1::Target target) {
  switch (target) {
    case v1::TARGET_CREATE:
      return Target::kCreate;
    case v1::TARGET_MOD:
      return Target::kMod;
    case v1::TARGET_VALUE:
      return Target::kValue;
    case v1::TARGET_EXISTS:
      return Target::kExists;
    default:
      return Target::kVersion;
  }
}

Comparison comparison_of(v1::Comparison comparison) {
  switch (comparison) {
    case v1::COMPARISON_NOT_EQUAL:
      return Comparison::kNotEqual;
    case v1::COMPARISON_GREATER:
      return Comparison::kGreater;
    case v1::COMPARISON_LESS:
      return Comparison::kLess;
    default:
      return Comparison::kEqual;
  }
}

}  // namespace

void to_message(const Record& record, bool keys_only, v1::KeyValue& kv) {
  kv.set_key(record.key().data(), record.key().size());
  if (!keys_only) kv.set_value(record.value().data(), record.value().size());
  kv.set_create_revision(record.create_revision());
  kv.set_mod_revision(record.mod_revision());
  kv.set_version(record.version());
  kv.set_expires_at_ms(record.expires_at_ms());
}

Ack ack_of(v1::Ack ack) {
  if (ack == v1::ACK_APPLIED) return Ack::kApplied;
  return ack == v1::ACK_DURABLE ? Ack::kDurable : Ack::kPublished;
}

PublishPolicy to_policy(const v1::SetPublishPolicyRequest& r) {
  // What Nanos cannot hold becomes the longest time that it can, far beyond what a policy may have.
  const std::uint64_t most = static_cast<std::uint64_t>(kNever / kNanosPerMicro);
  return {.interval = static_cast<Nanos>(std::min(r.interval_us(), most)) * kNanosPerMicro,
          .max_batch = r.max_batch(),
          .adaptive = r.adaptive()};
}

Status to_op(const v1::PutRequest& r, Op& op) {
  op.kind = OpKind::kPut;
  op.key = r.key();
  op.condition = condition_of(r.condition());
  op.keep_ttl = r.keep_ttl();
  op.ttl_ms = r.ttl_ms();
  op.want_prev = r.prev_kv();
  op.has_expected = r.has_expected_mod_revision();
  op.expected_mod_revision = r.expected_mod_revision();
  const bool expires = r.ttl_ms() != 0 || r.keep_ttl();
  op.record = Record::make(r.key(), r.value(), expires ? Record::Expiry::kRoom : Record::Expiry::kNone);
  if (!op.record) return {Code::kResourceExhausted, "out of memory"};
  return {};
}

Status to_op(const v1::DeleteRequest& r, Op& op, PrefixEnds& ends) {
  op.want_prev = r.prev_kv();
  if (!r.key().empty()) {
    op.kind = OpKind::kErase;
    op.key = r.key();
    return {};
  }
  op.kind = OpKind::kEraseRange;
  op.limit = r.limit();
  if (r.prefix().empty()) {
    op.key = r.start();
    op.value = r.end();
  } else {
    op.key = r.prefix();
    op.value = ends.emplace_front(prefix_range(r.prefix()).end);
  }
  return {};
}

Status to_op(const v1::ExpireRequest& r, Op& op) {
  op.kind = OpKind::kExpire;
  op.key = r.key();
  op.ttl_ms = r.ttl_ms();
  return {};
}

Status to_op(const v1::IncrementRequest& r, Op& op) {
  op.kind = OpKind::kIncrement;
  op.key = r.key();
  op.delta = r.delta();
  op.initial = r.initial();
  op.ttl_ms = r.ttl_ms();
  return {};
}

Status to_op(const v1::AppendRequest& r, Op& op) {
  op.kind = OpKind::kAppend;
  op.key = r.key();
  op.value = r.value();
  return {};
}

Status to_op(const v1::GetRequest& r, Op& op) {
  op.kind = OpKind::kGet;
  op.key = r.key();
  op.keys_only = r.keys_only();
  return {};
}

Status to_op(const v1::Op& r, Op& op, PrefixEnds& ends) {
  switch (r.op_case()) {
    case v1::Op::kPut:
      return to_op(r.put(), op);
    case v1::Op::kDelete:
      return to_op(r.delete_(), op, ends);
    case v1::Op::kExpire:
      return to_op(r.expire(), op);
    case v1::Op::kIncrement:
      return to_op(r.increment(), op);
    case v1::Op::kAppend:
      return to_op(r.append(), op);
    case v1::Op::kGet:
      return to_op(r.get(), op);
    case v1::Op::OP_NOT_SET:
      break;
  }
  return {Code::kInvalidArgument, "op: none is set"};
}

void to_compare(const v1::Compare& r, Compare& compare) {
  compare.target = target_of(r.target());
  compare.comparison = comparison_of(r.op());
  compare.key = r.key();
  compare.number = r.number();
  compare.value = r.value();
}

void to_event(const WatchEvent& from, bool with_prev, v1::Event& to) {
  v1::KeyValue& kv = *to.mutable_kv();
  if (from.kv != nullptr) {
    to.set_type(v1::EVENT_TYPE_PUT);
    to_message(*from.kv, false, kv);
  } else {
    to.set_type(from.kind == EventKind::kExpire ? v1::EVENT_TYPE_EXPIRE : v1::EVENT_TYPE_DELETE);
    kv.Clear();
    kv.set_key(from.prev->key().data(), from.prev->key().size());
    kv.set_mod_revision(from.revision);
  }
  if (with_prev && from.prev != nullptr) {
    to_message(*from.prev, false, *to.mutable_prev_kv());
  } else {
    to.clear_prev_kv();
  }
}

void to_reply(const Op& op, v1::PutResponse& reply) {
  reply.set_succeeded(op.outcome.succeeded);
  if (op.outcome.kv) {
    to_message(*op.outcome.kv, false, *reply.mutable_prev_kv());
  } else {
    reply.clear_prev_kv();
  }
}

void to_reply(const Op& op, v1::DeleteResponse& reply) {
  reply.clear_prev_kvs();
  if (op.kind == OpKind::kEraseRange) {
    const ErasedRange* erased = op.outcome.erased.get();
    reply.set_deleted(erased != nullptr ? erased->count : 0);
    reply.set_more(erased != nullptr && erased->more);
    if (erased == nullptr) return;
    for (const RecordPtr& record : erased->prev_kvs) to_message(*record, false, *reply.add_prev_kvs());
    return;
  }
  reply.set_deleted(op.outcome.succeeded ? 1 : 0);
  reply.set_more(false);
  if (op.outcome.kv) to_message(*op.outcome.kv, false, *reply.add_prev_kvs());
}

void to_reply(const Op& op, v1::ExpireResponse& reply) { reply.set_found(op.outcome.succeeded); }
void to_reply(const Op& op, v1::IncrementResponse& reply) { reply.set_value(op.outcome.number); }
void to_reply(const Op& op, v1::AppendResponse& reply) { reply.set_length(op.outcome.length); }

void to_reply(const Op& op, const v1::Op& request, v1::OpResult& result) {
  switch (op.kind) {
    case OpKind::kPut:
      to_reply(op, *result.mutable_put());
      return;
    case OpKind::kErase:
    case OpKind::kEraseRange:
      to_reply(op, *result.mutable_delete_());
      return;
    case OpKind::kExpire:
      to_reply(op, *result.mutable_expire());
      return;
    case OpKind::kIncrement:
      to_reply(op, *result.mutable_increment());
      return;
    case OpKind::kAppend:
      to_reply(op, *result.mutable_append());
      return;
    case OpKind::kGet: {
      v1::GetResponse& got = *result.mutable_get();
      if (op.outcome.kv) to_message(*op.outcome.kv, request.get().keys_only(), *got.mutable_kv());
      return;
    }
    case OpKind::kRemoveExpired:  // never a client's
      return;
  }
}

}  // namespace flashkv
