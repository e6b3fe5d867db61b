// The argument and result types of the client library.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace flashkv::client {

// The state a mutation must reach before it is answered: visible to all reads, applied, or synced to
// the journal.
enum class Ack { kPublished, kApplied, kDurable };
enum class Condition { kAlways, kIfAbsent, kIfPresent };

struct KeyValue {
  std::string key;
  std::string value;
  std::uint64_t create_revision = 0;
  std::uint64_t mod_revision = 0;
  std::uint64_t version = 0;       // 1 when created, incremented by each change
  std::int64_t expires_at_ms = 0;  // Unix milliseconds, 0 = never
};

struct GetOptions {
  bool keys_only = false;               // omit values
  std::uint64_t at_least_revision = 0;  // wait until this revision is published; 0 = do not wait
};

struct PutOptions {
  std::int64_t ttl_ms = 0;  // 0 = no expiry
  bool keep_ttl = false;
  Condition condition = Condition::kAlways;
  std::optional<std::uint64_t> expected_mod_revision{};  // 0 = the key must not exist
  bool prev_kv = false;
  Ack ack = Ack::kPublished;
};

struct IncrementOptions {
  std::int64_t initial = 0;  // what an absent key counts as
  std::int64_t ttl_ms = 0;   // 0 = no expiry; used only if the key is created
  Ack ack = Ack::kPublished;
};

struct GetResult {
  std::optional<KeyValue> kv;  // empty if there is no such key
  std::uint64_t revision = 0;
};

struct MultiGetResult {
  std::vector<std::optional<KeyValue>> kvs;  // kvs[i] belongs to keys[i]; all from one revision
  std::uint64_t revision = 0;
};

struct PutResult {
  bool succeeded = false;  // false if a condition did not hold
  std::optional<KeyValue> prev_kv;
  std::uint64_t revision = 0;
};

struct DeleteResult {
  std::uint64_t deleted = 0;
  std::vector<KeyValue> prev_kvs;
  std::uint64_t revision = 0;
};

struct ExpireResult {
  bool found = false;  // false if there is no such key
  std::uint64_t revision = 0;
};

struct IncrementResult {
  std::int64_t value = 0;  // after the addition
  std::uint64_t revision = 0;
};

struct AppendResult {
  std::uint64_t length = 0;  // of the whole value, in bytes
  std::uint64_t revision = 0;
};

struct PublishPolicy {
  std::chrono::microseconds interval{0};  // shortest time between publishes
  std::uint64_t max_batch = 1024;
  bool adaptive = true;
};

enum class Health { kUnknown, kServing, kNotServing };

}  // namespace flashkv::client
