// Transactions: conditions, and the operations that depend on them.
#pragma once

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include <flashkv/types.h>

namespace flashkv::client {

// What a condition compares: the key's property with the condition's number or value.
enum class Target { kVersion, kCreate, kMod, kValue, kExists };
enum class Comparison { kEqual, kNotEqual, kGreater, kLess };

// One condition. An absent key has the numbers 0 and no value: every comparison with its value fails.
struct Compare {
  std::string key;
  Target target = Target::kVersion;
  Comparison comparison = Comparison::kEqual;  // kExists: kEqual = present, kNotEqual = absent
  std::uint64_t number = 0;                    // kVersion, kCreate, kMod
  std::string value{};                         // kValue
};

// The operations. Their options' ack is ignored: the transaction's applies.
struct GetOp {
  std::string key;
  bool keys_only = false;
};
struct PutOp {
  std::string key;
  std::string value;
  PutOptions options{};
};
struct DeleteOp {
  std::string key;  // empty: `range`
  bool prev_kv = false;
  KeyRange range{};
  std::uint64_t limit = 0;  // of `range`, as in DeleteRangeOptions
};
struct ExpireOp {
  std::string key;
  std::int64_t ttl_ms = 0;  // 0 removes the expiry
};
struct IncrementOp {
  std::string key;
  std::int64_t delta = 1;
  IncrementOptions options{};
};
struct AppendOp {
  std::string key;
  std::string value;
};
using Op = std::variant<GetOp, PutOp, DeleteOp, ExpireOp, IncrementOp, AppendOp>;
// The result of an operation, in the same order of alternatives. Its revision is not set.
using OpResult =
    std::variant<GetResult, PutResult, DeleteResult, ExpireResult, IncrementResult, AppendResult>;

// Purpose: operations that are applied together, depending on conditions that are checked with them.
// Usage:   Txn txn;
//          txn.compare = {{.key = "lock", .target = Target::kExists, .comparison = Comparison::kNotEqual}};
//          txn.success = {PutOp{.key = "lock", .value = "me", .options = {.ttl_ms = 10'000}}};
//          txn.failure = {GetOp{.key = "lock"}};
//          auto done = client.txn(txn);
// Limits:  1,024 entries in each list; a list writes a key at most once.
struct Txn {
  std::vector<Compare> compare;
  std::vector<Op> success;  // applied if all conditions hold, or if there are none
  std::vector<Op> failure;  // applied otherwise
  Ack ack = Ack::kPublished;
};

struct TxnResult {
  bool succeeded = false;         // which list was applied
  std::vector<OpResult> results;  // of that list's operations
  std::uint64_t revision = 0;
};

}  // namespace flashkv::client
