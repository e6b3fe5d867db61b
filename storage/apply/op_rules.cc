#include "storage/apply/op_rules.h"

#include <charconv>
#include <cstdio>
#include <limits>
#include <utility>

#include "storage/apply/compare.h"
#include "storage/request/failure.h"

namespace flashkv {
namespace {

using Expiry = Record::Expiry;

// "-9223372036854775808"
constexpr std::size_t kMaxDecimal = 20;

bool parse_decimal(std::string_view text, std::int64_t& out) noexcept {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  return error == std::errc{} && end == text.data() + text.size();
}

bool refuse(Status& why, Code code, std::string_view message) noexcept {
  fail(why, code, message);
  return false;
}

Expiry room_for(std::int64_t expires_at_ms) noexcept {
  return expires_at_ms == 0 ? Expiry::kNone : Expiry::kRoom;
}

}  // namespace

OpRules::Found OpRules::look_up(const Op& op) noexcept {
  Found f;
  f.probe = Probe{op.key, op.hash};
  f.change = changes_.find(f.probe);
  if (f.change != nullptr) {
    f.base = f.change->base;
    f.current = f.change->after;
    return f;
  }
  f.base = staged_.find(f.probe);
  f.current = unexpired(f.base);
  return f;
}

const Record* OpRules::unexpired(const Record* staged) const noexcept {
  if (staged == nullptr) return nullptr;
  const std::int64_t at = staged->expires_at_ms();
  return at == 0 || at > now_ms_ ? staged : nullptr;
}

bool OpRules::holds(const Compare& compare) const noexcept {
  return flashkv::holds(compare, unexpired(staged_.find(Probe{compare.key, compare.hash})));
}

bool OpRules::decide(Op& op, Status& why) {
  if (op.kind == OpKind::kEraseRange) return erase_range(op, why);
  const Found f = look_up(op);
  switch (op.kind) {
    case OpKind::kPut:
      return put(op, f, why);
    case OpKind::kErase:
      return erase(op, f, why);
    case OpKind::kEraseRange:
      break;
    case OpKind::kExpire:
      return expire(op, f, why);
    case OpKind::kIncrement:
      return increment(op, f, why);
    case OpKind::kAppend:
      return append(op, f, why);
    case OpKind::kGet:
      op.outcome.succeeded = f.current != nullptr;
      return f.current == nullptr || copy_out(f.current, op.keys_only, op.outcome, why);
    case OpKind::kRemoveExpired:
      remove_expired(op, f);
      return true;
  }
  return refuse(why, Code::kInvalidArgument, "op: unknown kind");
}

bool OpRules::put(Op& op, const Found& f, Status& why) noexcept {
  if (op.record == nullptr) return refuse(why, Code::kInternal, "put without a record");
  if (op.ttl_ms < 0) return refuse(why, Code::kInvalidArgument, "ttl_ms: negative");
  if (op.keep_ttl && op.ttl_ms != 0) {
    return refuse(why, Code::kInvalidArgument, "keep_ttl: not together with ttl_ms");
  }
  if (op.want_prev && f.current != nullptr && !copy_out(f.current, false, op.outcome, why)) return false;

  const bool absent = f.current == nullptr;
  if (op.condition == Condition::kIfAbsent && !absent) return true;
  if (op.condition == Condition::kIfPresent && absent) return true;
  if (op.has_expected && (absent ? 0 : f.current->mod_revision()) != op.expected_mod_revision) return true;

  std::int64_t expires_at_ms = 0;
  if (op.ttl_ms > 0) expires_at_ms = expiry_after(op.ttl_ms);
  if (op.keep_ttl && !absent) expires_at_ms = f.current->expires_at_ms();
  if (op.record->has_expiry_room()) {
    op.record->set_expires_at_ms(expires_at_ms);
  } else if (expires_at_ms != 0) {
    return refuse(why, Code::kInternal, "record without room for its expiry");
  }
  op.outcome.succeeded = true;
  write(f, op.record.get(), &op, nullptr);
  return true;
}

bool OpRules::erase(Op& op, const Found& f, Status& why) noexcept {
  // One that has expired is left to its own removal.
  if (f.current == nullptr) return true;
  if (op.want_prev && !copy_out(f.current, false, op.outcome, why)) return false;
  op.outcome.succeeded = true;
  write(f, nullptr, nullptr, nullptr);
  return true;
}

void OpRules::remove_expired(Op& op, const Found& f) noexcept {
  if (f.base == nullptr || f.current != nullptr || f.change != nullptr) return;
  op.outcome.succeeded = true;
  write(f, nullptr, nullptr, nullptr);
  changes_.all().back().cause = Cause::kExpiry;
}

bool OpRules::expire(Op& op, const Found& f, Status& why) noexcept {
  if (op.ttl_ms < 0) return refuse(why, Code::kInvalidArgument, "ttl_ms: negative");
  if (f.current == nullptr) return true;
  op.outcome.succeeded = true;
  const std::int64_t at = op.ttl_ms == 0 ? 0 : expiry_after(op.ttl_ms);
  if (at == 0 && f.current->expires_at_ms() == 0) return true;
  return write_made(f, Record::make(f.probe.key, f.current->value(), room_for(at)), at, why);
}

bool OpRules::increment(Op& op, const Found& f, Status& why) noexcept {
  if (op.ttl_ms < 0) return refuse(why, Code::kInvalidArgument, "ttl_ms: negative");
  std::int64_t number = op.initial;
  std::int64_t at = 0;
  if (f.current != nullptr) {
    if (!parse_decimal(f.current->value(), number)) {
      return refuse(why, Code::kFailedPrecondition, "value: not a decimal 64-bit integer");
    }
    at = f.current->expires_at_ms();
  } else if (op.ttl_ms > 0) {
    at = expiry_after(op.ttl_ms);
  }
  if (__builtin_add_overflow(number, op.delta, &number)) {
    return refuse(why, Code::kOutOfRange, "delta: the sum does not fit into 64 bits");
  }
  char text[kMaxDecimal];
  const auto written = std::to_chars(text, text + sizeof text, number);
  op.outcome.succeeded = true;
  op.outcome.number = number;
  const std::string_view value(text, static_cast<std::size_t>(written.ptr - text));
  return write_made(f, Record::make(f.probe.key, value, room_for(at)), at, why);
}

bool OpRules::append(Op& op, const Found& f, Status& why) noexcept {
  const std::string_view head = f.current != nullptr ? f.current->value() : std::string_view{};
  const std::uint64_t length = head.size() + op.value.size();
  if (length > limits_.max_value_bytes) {
    char text[128];
    std::snprintf(text, sizeof text, "value: %zu + %zu bytes exceed max-value-bytes %llu", head.size(),
                  op.value.size(), static_cast<unsigned long long>(limits_.max_value_bytes));
    return refuse(why, Code::kInvalidArgument, text);
  }
  const std::int64_t at = f.current != nullptr ? f.current->expires_at_ms() : 0;
  op.outcome.succeeded = true;
  op.outcome.length = length;
  return write_made(f, Record::make(f.probe.key, head, op.value, room_for(at)), at, why);
}

std::int64_t OpRules::expiry_after(std::int64_t ttl_ms) const noexcept {
  std::int64_t at;
  return __builtin_add_overflow(now_ms_, ttl_ms, &at) ? std::numeric_limits<std::int64_t>::max() : at;
}

bool OpRules::write_made(const Found& f, RecordPtr made, std::int64_t expires_at_ms, Status& why) noexcept {
  if (made == nullptr) return refuse(why, Code::kResourceExhausted, kOutOfMemory);
  if (expires_at_ms != 0) made->set_expires_at_ms(expires_at_ms);
  Record* after = made.get();
  made_bytes_ += after->bytes();
  write(f, after, nullptr, std::move(made));
  return true;
}

void OpRules::write(const Found& f, Record* after, Op* source, RecordPtr made) noexcept {
  if (after != nullptr) {
    const bool fresh = f.current == nullptr;
    const std::uint64_t version_before = fresh ? 0 : f.current->version() - (f.change != nullptr ? 1 : 0);
    after->stamp(fresh ? revision_ : f.current->create_revision(), revision_, version_before + 1);
  }
  Change& c = f.change != nullptr ? *f.change : changes_.add(f.probe, f.base);
  if (f.change == nullptr) c.over_expired = f.base != nullptr && f.current == nullptr && after != nullptr;
  c.after = after;
  c.source = source;
  c.made = std::move(made);
}

bool OpRules::copy_out(const Record* r, bool keys_only, OpOutcome& out, Status& why) noexcept {
  out.kv = keys_only ? r->clone_without_value() : r->clone();
  if (out.kv == nullptr) return refuse(why, Code::kResourceExhausted, kOutOfMemory);
  made_bytes_ += out.kv->bytes();
  return true;
}

}  // namespace flashkv
