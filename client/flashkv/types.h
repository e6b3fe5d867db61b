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

// The keys that a scan, a count or a deletion takes: those that begin with a prefix, or a range. Neither
// means all keys, except for a deletion, which refuses that.
struct KeyRange {
  std::string prefix{};
  std::string start{};
  std::string end{};  // exclusive; empty = to the last key
};

struct GetOptions {
  bool keys_only = false;               // omit values
  std::uint64_t at_least_revision = 0;  // wait until this revision is published; 0 = do not wait
};

struct ScanOptions {
  std::uint64_t limit = 0;              // of all keys together; 0 = no limit
  bool reverse = false;                 // from the last key to the first
  bool keys_only = false;               // omit values
  std::uint64_t page_size = 0;          // keys per page; 0 = the server's choice
  std::uint64_t at_least_revision = 0;  // as in GetOptions
};

struct DeleteRangeOptions {
  // Delete the first so many keys, at most 10,000 at a time. 0 = all of them, and more than 10,000 are
  // kResourceExhausted with nothing deleted.
  std::uint64_t limit = 0;
  bool prev_kv = false;
  Ack ack = Ack::kPublished;
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
  bool more = false;  // of a range: more keys match than were deleted
  std::uint64_t revision = 0;
};

struct CountResult {
  std::uint64_t count = 0;
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
