#include "tests/server/service/random/random_requests.h"

#include <limits>

#include "tests/server/service/random/oracle.h"

namespace flashkv::test {

std::string RandomRequests::key() {
  static const std::string kKeys[] = {"a",   "ab",          "abc",  "b",        "b/1",
                                      "b/2", "b\xff",       "\xff", "\xff\xff", std::string("b\0", 2),
                                      "0",   "a/long key!!"};
  if (one_in(60)) return "";
  if (one_in(60)) return std::string(Oracle::kMaxKeyBytes + below(2), 'k');
  return kKeys[below(std::size(kKeys))];
}

// Of a range; where it is empty the range has no such bound.
std::string RandomRequests::bound() { return one_in(4) ? "" : key(); }

std::string RandomRequests::value() {
  switch (below(6)) {
    case 0:
      return "";
    case 1:
      return std::to_string(number());
    case 2:
      return std::string(Oracle::kMaxValueBytes - 1 + below(one_in(8) ? 4 : 2), 'v');
    default:
      return std::to_string(below(20));
  }
}

std::int64_t RandomRequests::ttl() {
  constexpr std::int64_t kHundredYearsMs = std::int64_t{100} * 365 * 24 * 3600 * 1000;
  if (one_in(40)) return kHundredYearsMs + static_cast<std::int64_t>(below(2));
  if (one_in(40)) return -1;
  return one_in(2) ? 0 : static_cast<std::int64_t>(1 + below(200));
}

std::int64_t RandomRequests::number() {
  using Limits = std::numeric_limits<std::int64_t>;
  if (one_in(8)) return one_in(2) ? Limits::max() : Limits::min();
  return static_cast<std::int64_t>(below(20)) - 10;
}

int RandomRequests::choice(int last) {
  if (one_in(60)) return last + 1;
  return static_cast<int>(below(static_cast<std::uint64_t>(last) + 1));
}

v1::Ack RandomRequests::ack() {
  if (one_in(3)) return v1::ACK_APPLIED;
  return static_cast<v1::Ack>(one_in(15) ? choice(3) : 0);
}

std::uint64_t RandomRequests::revision(std::uint64_t newest) {
  if (one_in(3)) return 0;
  return newest - std::min(newest, below(one_in(4) ? 50 : 6));
}

std::uint64_t RandomRequests::at_least(std::uint64_t newest) {
  return one_in(20) ? newest + below(3) : one_in(3) ? revision(newest) : 0;
}

v1::GetRequest RandomRequests::get(std::uint64_t newest) {
  v1::GetRequest r;
  r.set_key(key());
  r.set_keys_only(one_in(4));
  r.set_at_least_revision(at_least(newest));
  return r;
}

v1::MultiGetRequest RandomRequests::multi_get(std::uint64_t newest) {
  v1::MultiGetRequest r;
  for (std::uint64_t i = below(Oracle::kMaxMultiGetKeys + (one_in(10) ? 2 : 1)); i > 0; --i)
    r.add_keys(key());
  r.set_keys_only(one_in(4));
  r.set_at_least_revision(at_least(newest));
  return r;
}

v1::PutRequest RandomRequests::put(std::uint64_t newest) {
  v1::PutRequest r;
  r.set_key(key());
  r.set_value(value());
  if (one_in(2)) r.set_ttl_ms(ttl());
  if (one_in(5)) r.set_keep_ttl(true);
  if (r.keep_ttl() && !one_in(10)) r.set_ttl_ms(0);
  if (one_in(2)) r.set_condition(static_cast<v1::Condition>(choice(3)));
  if (one_in(3)) r.set_expected_mod_revision(revision(newest));
  r.set_prev_kv(one_in(2));
  r.set_ack(ack());
  return r;
}

v1::DeleteRequest RandomRequests::erase() {
  v1::DeleteRequest r;
  const std::uint64_t kind = below(4);
  if (kind <= 1) r.set_key(key());
  if (kind == 2) r.set_prefix(key());
  if (kind == 3) {
    r.set_start(bound());
    r.set_end(bound());
    if (!r.end().empty() && r.end() < r.start() && !one_in(6)) r.mutable_start()->swap(*r.mutable_end());
  }
  if (one_in(40)) r.set_prefix(key());
  if (one_in(2)) r.set_limit(below(4));
  r.set_prev_kv(one_in(2));
  r.set_ack(ack());
  return r;
}

v1::ExpireRequest RandomRequests::expire() {
  v1::ExpireRequest r;
  r.set_key(key());
  r.set_ttl_ms(ttl());
  r.set_ack(ack());
  return r;
}

v1::IncrementRequest RandomRequests::increment() {
  v1::IncrementRequest r;
  r.set_key(key());
  r.set_delta(number());
  if (one_in(2)) r.set_initial(number());
  if (one_in(3)) r.set_ttl_ms(ttl());
  r.set_ack(ack());
  return r;
}

v1::AppendRequest RandomRequests::append() {
  v1::AppendRequest r;
  r.set_key(key());
  r.set_value(value());
  r.set_ack(ack());
  return r;
}

v1::Op RandomRequests::op(std::uint64_t newest) {
  v1::Op op;
  switch (below(one_in(40) ? 7 : 6)) {
    case 0:
      *op.mutable_put() = put(newest);
      break;
    case 1:
      *op.mutable_delete_() = erase();
      break;
    case 2:
      *op.mutable_expire() = expire();
      break;
    case 3:
      *op.mutable_increment() = increment();
      break;
    case 4:
      *op.mutable_append() = append();
      break;
    case 5:
      *op.mutable_get() = get(0);
      break;
    default:
      break;  // none is set
  }
  return op;
}

v1::Compare RandomRequests::compare(std::uint64_t newest) {
  v1::Compare c;
  c.set_key(key());
  c.set_target(static_cast<v1::Target>(choice(5)));
  c.set_op(
      static_cast<v1::Comparison>(c.target() == v1::TARGET_EXISTS && !one_in(10) ? below(3) : choice(4)));
  c.set_number(one_in(3) ? below(3) : revision(newest));
  if (one_in(2)) c.set_value(value());
  return c;
}

v1::TxnRequest RandomRequests::txn(std::uint64_t newest) {
  v1::TxnRequest r;
  for (std::uint64_t i = below(3); i > 0; --i) *r.add_compare() = compare(newest);
  for (std::uint64_t i = below(4); i > 0; --i) *r.add_success() = op(newest);
  for (std::uint64_t i = below(4); i > 0; --i) *r.add_failure() = op(newest);
  r.set_ack(ack());
  return r;
}

v1::ScanRequest RandomRequests::scan(std::uint64_t newest) {
  v1::ScanRequest r;
  const std::uint64_t kind = below(4);
  if (kind == 0) r.set_prefix(key());
  if (kind == 1) {
    r.set_start(bound());
    r.set_end(bound());
    if (!r.end().empty() && r.end() < r.start() && !one_in(6)) r.mutable_start()->swap(*r.mutable_end());
  }
  if (one_in(40)) r.set_prefix(key());
  if (one_in(2)) r.set_limit(below(6));
  r.set_reverse(one_in(2));
  r.set_keys_only(one_in(3));
  r.set_count_only(one_in(4));
  if (one_in(2)) r.set_page_size(below(4));
  r.set_at_least_revision(at_least(newest));
  return r;
}

}  // namespace flashkv::test
