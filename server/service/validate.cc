#include "server/service/validate.h"

#include <string>
#include <string_view>
#include <utility>

#include "server/service/key_range.h"
#include "server/service/wire.h"

namespace flashkv {
namespace {

Status invalid(std::string message) { return {Code::kInvalidArgument, std::move(message)}; }

Status too_long(std::string_view field, std::size_t size, std::uint64_t limit) {
  return invalid(std::string(field) + ": " + std::to_string(size) + " bytes, the limit is " +
                 std::to_string(limit));
}

Status check_key(std::string_view field, std::string_view key, const StoreLimits& limits) {
  if (key.empty()) return invalid(std::string(field) + ": empty; a key has at least 1 byte");
  if (key.size() > limits.max_key_bytes) return too_long(field, key.size(), limits.max_key_bytes);
  return {};
}

Status check_value(std::string_view value, const StoreLimits& limits) {
  if (value.size() > limits.max_value_bytes) return too_long("value", value.size(), limits.max_value_bytes);
  return {};
}

Status check_ttl(std::int64_t ttl_ms) {
  if (ttl_ms < 0 || ttl_ms > kMaxTtlMs) {
    return invalid("ttl_ms: " + std::to_string(ttl_ms) + ", allowed is 0 to " + std::to_string(kMaxTtlMs) +
                   " (100 years)");
  }
  return {};
}

Status check_ack(int ack) {
  return v1::Ack_IsValid(ack) ? Status() : invalid("ack: no such value: " + std::to_string(ack));
}

Status check_count(std::string_view field, int count, std::uint64_t limit) {
  if (static_cast<std::uint64_t>(count) <= limit) return {};
  return invalid(std::string(field) + ": " + std::to_string(count) + ", the limit is " +
                 std::to_string(limit));
}

// Does not check the ack, which is ignored inside a Write.
Status check_op(const v1::PutRequest& r, const StoreLimits& limits) {
  if (Status s = check_key("key", r.key(), limits); !s.ok()) return s;
  if (Status s = check_value(r.value(), limits); !s.ok()) return s;
  if (Status s = check_ttl(r.ttl_ms()); !s.ok()) return s;
  if (r.keep_ttl() && r.ttl_ms() != 0) return invalid("keep_ttl: cannot be set together with ttl_ms");
  if (!v1::Condition_IsValid(r.condition())) {
    return invalid("condition: no such value: " + std::to_string(r.condition()));
  }
  return {};
}

// Exactly one of key, prefix and (start, end).
Status check_op(const v1::DeleteRequest& r, const StoreLimits& limits) {
  const bool range = !r.start().empty() || !r.end().empty();
  const int selectors = (r.key().empty() ? 0 : 1) + (r.prefix().empty() ? 0 : 1) + (range ? 1 : 0);
  if (selectors == 0) return invalid("key: empty; one of key, prefix or (start, end) is needed");
  if (selectors > 1) return invalid("key: only one of key, prefix and (start, end) may be set");
  if (!r.key().empty()) return check_key("key", r.key(), limits);
  return check_selectors(r.prefix(), r.start(), r.end(), limits);
}

Status check_op(const v1::ExpireRequest& r, const StoreLimits& limits) {
  if (Status s = check_key("key", r.key(), limits); !s.ok()) return s;
  return check_ttl(r.ttl_ms());
}

Status check_op(const v1::IncrementRequest& r, const StoreLimits& limits) {
  if (Status s = check_key("key", r.key(), limits); !s.ok()) return s;
  return check_ttl(r.ttl_ms());
}

Status check_op(const v1::AppendRequest& r, const StoreLimits& limits) {
  if (Status s = check_key("key", r.key(), limits); !s.ok()) return s;
  return check_value(r.value(), limits);
}

template <typename R>
Status check_with_ack(const R& r, const StoreLimits& limits) {
  if (Status s = check_op(r, limits); !s.ok()) return s;
  return check_ack(r.ack());
}

Status check_any(const v1::Op& op, const StoreLimits& limits) {
  switch (op.op_case()) {
    case v1::Op::kPut:
      return check_op(op.put(), limits);
    case v1::Op::kDelete:
      return check_op(op.delete_(), limits);
    case v1::Op::kExpire:
      return check_op(op.expire(), limits);
    case v1::Op::kIncrement:
      return check_op(op.increment(), limits);
    case v1::Op::kAppend:
      return check_op(op.append(), limits);
    case v1::Op::kGet:
      return validate(op.get(), limits);
    case v1::Op::OP_NOT_SET:
      break;
  }
  return invalid("op: none is set");
}

Status check_one(const v1::Compare& c, const StoreLimits& limits) {
  if (Status s = check_key("key", c.key(), limits); !s.ok()) return s;
  if (!v1::Target_IsValid(c.target())) return invalid("target: no such value: " + std::to_string(c.target()));
  if (!v1::Comparison_IsValid(c.op())) return invalid("op: no such value: " + std::to_string(c.op()));
  if (c.target() == v1::TARGET_EXISTS &&
      (c.op() == v1::COMPARISON_GREATER || c.op() == v1::COMPARISON_LESS)) {
    return invalid("op: TARGET_EXISTS allows only COMPARISON_EQUAL and COMPARISON_NOT_EQUAL");
  }
  return check_value(c.value(), limits);
}

Status check_one(const v1::Op& op, const StoreLimits& limits) { return check_any(op, limits); }

// Every item by itself; the message names the first wrong one.
template <typename Items>
Status check_each(std::string_view field, const Items& items, const StoreLimits& limits) {
  for (int i = 0; i < items.size(); ++i) {
    Status s = check_one(items[i], limits);
    if (s.ok()) continue;
    s.message.insert(0, std::string(field) + "[" + std::to_string(i) + "]: ");
    return s;
  }
  return {};
}

using Ops = google::protobuf::RepeatedPtrField<v1::Op>;

}  // namespace

Status validate(const v1::GetRequest& r, const StoreLimits& limits) {
  return check_key("key", r.key(), limits);
}

Status validate(const v1::MultiGetRequest& r, const StoreLimits& limits,
                const RequestLimits& request_limits) {
  if (Status s = check_count("keys", r.keys_size(), request_limits.max_multiget_keys); !s.ok()) return s;
  for (const std::string& key : r.keys()) {
    if (Status s = check_key("keys", key, limits); !s.ok()) return s;
  }
  return {};
}

Status validate(const v1::PutRequest& r, const StoreLimits& limits) { return check_with_ack(r, limits); }
Status validate(const v1::DeleteRequest& r, const StoreLimits& limits) { return check_with_ack(r, limits); }
Status validate(const v1::ExpireRequest& r, const StoreLimits& limits) { return check_with_ack(r, limits); }
Status validate(const v1::IncrementRequest& r, const StoreLimits& limits) {
  return check_with_ack(r, limits);
}
Status validate(const v1::AppendRequest& r, const StoreLimits& limits) { return check_with_ack(r, limits); }

Status validate(const v1::WriteRequest& r, const StoreLimits& limits) {
  if (r.ops_size() == 0) return invalid("ops: empty; a request has at least 1");
  if (Status s = check_count("ops", r.ops_size(), kMaxWriteOps); !s.ok()) return s;
  if (Status s = check_each("ops", r.ops(), limits); !s.ok()) return s;
  return check_ack(r.ack());
}

Status validate(const v1::TxnRequest& r, const StoreLimits& limits) {
  if (Status s = check_count("compare", r.compare_size(), kMaxTxnItems); !s.ok()) return s;
  if (Status s = check_each("compare", r.compare(), limits); !s.ok()) return s;
  const std::pair<std::string_view, const Ops*> branches[] = {{"success", &r.success()},
                                                              {"failure", &r.failure()}};
  for (const auto& [field, ops] : branches) {
    if (Status s = check_count(field, ops->size(), kMaxTxnItems); !s.ok()) return s;
    if (Status s = check_each(field, *ops, limits); !s.ok()) return s;
    if (Status s = check_written_once(field, *ops); !s.ok()) return s;
  }
  return check_ack(r.ack());
}

Status validate(const v1::ScanRequest& r, const StoreLimits& limits) {
  return check_selectors(r.prefix(), r.start(), r.end(), limits);
}

Status validate(const v1::WatchCreate& r, const StoreLimits& limits) {
  const bool range = !r.start().empty() || !r.end().empty();
  if (!r.key().empty() + !r.prefix().empty() + range > 1) {
    return invalid("key, prefix, start and end: two selectors; set key, or prefix, or start and end");
  }
  const std::pair<std::string_view, const std::string*> keys[] = {
      {"key", &r.key()}, {"prefix", &r.prefix()}, {"start", &r.start()}, {"end", &r.end()}};
  for (const auto& [field, key] : keys) {
    if (key->size() > limits.max_key_bytes) return too_long(field, key->size(), limits.max_key_bytes);
  }
  if (!r.end().empty() && r.end() <= r.start()) return invalid("end: not above start");
  for (const int type : r.filters()) {
    if (!v1::EventType_IsValid(type)) return invalid("filters: no such value: " + std::to_string(type));
  }
  return {};
}

Status validate(const v1::SetPublishPolicyRequest& r) {
  switch (policy_error(to_policy(r))) {
    case PolicyError::kNone:
      break;
    case PolicyError::kInterval:
      return invalid("interval_us: " + std::to_string(r.interval_us()) + ", the limit is " +
                     std::to_string(PublishPolicy::kMaxInterval / kNanosPerMicro) + " (24 hours)");
    case PolicyError::kMaxBatch:
      return invalid("max_batch: " + std::to_string(r.max_batch()) + ", allowed is 1 to " +
                     std::to_string(PublishPolicy::kMaxBatch));
  }
  return {};
}

}  // namespace flashkv
