#include "server/service/key_range.h"

#include <algorithm>
#include <string>
#include <unordered_set>
#include <utility>
#include <vector>

namespace flashkv {
namespace {

using Ops = google::protobuf::RepeatedPtrField<v1::Op>;

Status invalid(std::string message) { return {Code::kInvalidArgument, std::move(message)}; }

Status check_length(std::string_view field, std::string_view bytes, const StoreLimits& limits) {
  if (bytes.size() <= limits.max_key_bytes) return {};
  return invalid(std::string(field) + ": " + std::to_string(bytes.size()) + " bytes, the limit is " +
                 std::to_string(limits.max_key_bytes));
}

// What one operation writes; its views point into the message.
struct Written {
  enum class Kind : std::uint8_t { kNothing, kKey, kPrefix, kRange };
  Kind kind = Kind::kNothing;
  std::string_view start;  // or the key, or the prefix
  std::string_view end;    // kRange; empty = to the last key
  int index = 0;
};

Written written_by(const v1::DeleteRequest& r) {
  if (!r.key().empty()) return {Written::Kind::kKey, r.key(), {}};
  if (!r.prefix().empty()) return {Written::Kind::kPrefix, r.prefix(), {}};
  return {Written::Kind::kRange, r.start(), r.end()};
}

Written written_by(const v1::Op& op) {
  switch (op.op_case()) {
    case v1::Op::kPut:
      return {Written::Kind::kKey, op.put().key(), {}};
    case v1::Op::kDelete:
      return written_by(op.delete_());
    case v1::Op::kExpire:
      return {Written::Kind::kKey, op.expire().key(), {}};
    case v1::Op::kIncrement:
      return {Written::Kind::kKey, op.increment().key(), {}};
    case v1::Op::kAppend:
      return {Written::Kind::kKey, op.append().key(), {}};
    case v1::Op::kGet:
    case v1::Op::OP_NOT_SET:
      break;
  }
  return {};
}

// Of two that are sorted by their starts.
bool overlap(const Written& first, const Written& second) {
  switch (first.kind) {
    case Written::Kind::kKey:
      return second.start == first.start;
    case Written::Kind::kPrefix:
      return second.start.starts_with(first.start);
    case Written::Kind::kRange:
      return first.end.empty() || second.start < first.end;
    case Written::Kind::kNothing:
      break;
  }
  return false;
}

Status refused(std::string_view field, int index, std::string_view why) {
  return invalid(std::string(field) + "[" + std::to_string(index) + "]: " + std::string(why) +
                 "; a Txn writes a key at most once");
}

// While none overlap, each ends before the next one starts: so neighbors are enough.
Status check_overlaps(std::string_view field, std::vector<Written> all) {
  std::sort(all.begin(), all.end(), [](const Written& a, const Written& b) { return a.start < b.start; });
  const auto found = std::adjacent_find(all.begin(), all.end(), overlap);
  if (found == all.end()) return {};
  return refused(field, std::max(found->index, std::next(found)->index),
                 "its keys and those of an earlier operation overlap");
}

}  // namespace

Status check_selectors(std::string_view prefix, std::string_view start, std::string_view end,
                       const StoreLimits& limits) {
  if (!prefix.empty() && (!start.empty() || !end.empty()))
    return invalid("prefix: only one of prefix and (start, end) may be set");
  if (Status s = check_length("prefix", prefix, limits); !s.ok()) return s;
  if (Status s = check_length("start", start, limits); !s.ok()) return s;
  if (Status s = check_length("end", end, limits); !s.ok()) return s;
  if (!end.empty() && start >= end) return invalid("end: not above start");
  return {};
}

ScanRange range_of(const v1::ScanRequest& r) {
  if (!r.prefix().empty()) return prefix_range(r.prefix());
  return {.start = r.start(), .end = r.end()};
}

Status check_written_once(std::string_view field, const Ops& ops) {
  std::unordered_set<std::string_view> keys;
  std::vector<Written> all;
  bool ranges = false;
  for (int i = 0; i < ops.size(); ++i) {
    Written written = written_by(ops[i]);
    if (written.kind == Written::Kind::kNothing) continue;
    if (written.kind != Written::Kind::kKey) {
      ranges = true;
    } else if (!keys.insert(written.start).second) {
      return refused(field, i, "an earlier operation writes the same key");
    }
    written.index = i;
    all.push_back(written);
  }
  return ranges ? check_overlaps(field, std::move(all)) : Status{};
}

}  // namespace flashkv
