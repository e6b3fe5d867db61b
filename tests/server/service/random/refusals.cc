#include "tests/server/service/random/refusals.h"

#include <algorithm>
#include <cstdint>

#include "tests/server/service/random/oracle.h"

namespace flashkv::test {
namespace {

constexpr std::int64_t kHundredYearsMs = std::int64_t{100} * 365 * 24 * 3600 * 1000;

bool bad_key(const std::string& key) { return key.empty() || key.size() > Oracle::kMaxKeyBytes; }
bool bad_value(const std::string& value) { return value.size() > Oracle::kMaxValueBytes; }
bool bad_ttl(std::int64_t ttl_ms) { return ttl_ms < 0 || ttl_ms > kHundredYearsMs; }
bool bad_ack(int ack) { return ack < 0 || ack > 3; }
bool bad_bound(const std::string& bytes) { return bytes.size() > Oracle::kMaxKeyBytes; }

// An operation without its ack, which is ignored inside a Txn.
bool bad_op(const v1::GetRequest& r) { return bad_key(r.key()); }
bool bad_op(const v1::PutRequest& r) {
  return bad_key(r.key()) || bad_value(r.value()) || bad_ttl(r.ttl_ms()) ||
         (r.keep_ttl() && r.ttl_ms() != 0) || r.condition() < 0 || r.condition() > 3;
}
bool bad_op(const v1::DeleteRequest& r) {
  const bool range = !r.start().empty() || !r.end().empty();
  if (!r.key().empty() + !r.prefix().empty() + range != 1) return true;
  return bad_bound(r.key()) || bad_bound(r.prefix()) || bad_bound(r.start()) || bad_bound(r.end()) ||
         (!r.end().empty() && r.end() <= r.start());
}
bool bad_op(const v1::ExpireRequest& r) { return bad_key(r.key()) || bad_ttl(r.ttl_ms()); }
bool bad_op(const v1::IncrementRequest& r) { return bad_key(r.key()) || bad_ttl(r.ttl_ms()); }
bool bad_op(const v1::AppendRequest& r) { return bad_key(r.key()) || bad_value(r.value()); }
bool bad_op(const v1::Op& op) {
  if (op.has_put()) return bad_op(op.put());
  if (op.has_delete_()) return bad_op(op.delete_());
  if (op.has_expire()) return bad_op(op.expire());
  if (op.has_increment()) return bad_op(op.increment());
  if (op.has_append()) return bad_op(op.append());
  return !op.has_get() || bad_op(op.get());
}

bool bad_compare(const v1::Compare& c) {
  if (bad_key(c.key()) || bad_value(c.value())) return true;
  if (c.target() < 0 || c.target() > 5 || c.op() < 0 || c.op() > 4) return true;
  return c.target() == v1::TARGET_EXISTS && c.op() > v1::COMPARISON_NOT_EQUAL;
}

// What an operation may write; nothing has start == end.
struct Keys {
  std::string start, end;
  bool to_the_last = false;
};
Keys one(const std::string& key) { return {key, key + '\0', false}; }
Keys written_by(const v1::Op& op) {
  if (op.has_put()) return one(op.put().key());
  if (op.has_expire()) return one(op.expire().key());
  if (op.has_increment()) return one(op.increment().key());
  if (op.has_append()) return one(op.append().key());
  if (!op.has_delete_()) return {};
  const v1::DeleteRequest& r = op.delete_();
  if (!r.key().empty()) return one(r.key());
  const auto [start, end] = r.prefix().empty() ? std::pair(r.start(), r.end()) : keys_of_prefix(r.prefix());
  return {start, end, end.empty()};
}
bool empty(const Keys& keys) { return !keys.to_the_last && keys.start == keys.end; }
bool meet(const Keys& a, const Keys& b) {
  if (empty(a) || empty(b)) return false;
  return (a.to_the_last || b.start < a.end) && (b.to_the_last || a.start < b.end);
}

bool bad_list(const google::protobuf::RepeatedPtrField<v1::Op>& ops) {
  if (std::any_of(ops.begin(), ops.end(), [](const v1::Op& op) { return bad_op(op); })) return true;
  for (int i = 0; i < ops.size(); ++i) {
    for (int j = 0; j < i; ++j) {
      if (meet(written_by(ops[i]), written_by(ops[j]))) return true;
    }
  }
  return false;
}

}  // namespace

std::pair<std::string, std::string> keys_of_prefix(const std::string& prefix) {
  std::string end = prefix;
  while (!end.empty() && end.back() == '\xff') end.pop_back();
  if (!end.empty()) ++end.back();
  return {prefix, end};
}

bool is_invalid(const v1::GetRequest& r) { return bad_op(r); }
bool is_invalid(const v1::MultiGetRequest& r) {
  return r.keys_size() > Oracle::kMaxMultiGetKeys || std::any_of(r.keys().begin(), r.keys().end(), bad_key);
}
bool is_invalid(const v1::PutRequest& r) { return bad_op(r) || bad_ack(r.ack()); }
bool is_invalid(const v1::DeleteRequest& r) { return bad_op(r) || bad_ack(r.ack()); }
bool is_invalid(const v1::ExpireRequest& r) { return bad_op(r) || bad_ack(r.ack()); }
bool is_invalid(const v1::IncrementRequest& r) { return bad_op(r) || bad_ack(r.ack()); }
bool is_invalid(const v1::AppendRequest& r) { return bad_op(r) || bad_ack(r.ack()); }
bool is_invalid(const v1::TxnRequest& r) {
  return std::any_of(r.compare().begin(), r.compare().end(), bad_compare) || bad_list(r.success()) ||
         bad_list(r.failure()) || bad_ack(r.ack());
}
bool is_invalid(const v1::ScanRequest& r) {
  const bool range = !r.start().empty() || !r.end().empty();
  return (!r.prefix().empty() && range) || bad_bound(r.prefix()) || bad_bound(r.start()) ||
         bad_bound(r.end()) || (!r.end().empty() && r.end() <= r.start());
}

}  // namespace flashkv::test
