// The model: a second, slow and obvious implementation of every operation.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "storage/request/request.h"
#include "storage/request/status.h"

namespace flashkv::sim {

struct Entry {
  std::string value;
  std::uint64_t create = 0;
  std::uint64_t mod = 0;
  std::uint64_t version = 0;
  std::int64_t expires_at_ms = 0;
  bool operator==(const Entry&) const = default;
  bool live_at(std::int64_t now_ms) const { return expires_at_ms == 0 || expires_at_ms > now_ms; }
};
inline Entry entry_of(const Record& r) {
  return {std::string(r.value()), r.create_revision(), r.mod_revision(), r.version(), r.expires_at_ms()};
}
// The keys a request names, after it. Expired entries stay until something removes them, as in the store.
using Changes = std::map<std::string, std::optional<Entry>>;

// One operation as submitted; outlives its record, which the store takes over.
struct OpPlan {
  OpKind kind = OpKind::kGet;
  Condition condition = Condition::kAlways;
  bool keep_ttl = false;
  bool want_prev = false;
  bool has_expected = false;
  std::string key;
  std::string value;  // kEraseRange: the end
  std::uint64_t limit = 0;
  std::uint64_t expected = 0;
  std::int64_t ttl_ms = 0;
  std::int64_t delta = 0;
  std::int64_t initial = 0;
};

// One condition as submitted.
struct ComparePlan {
  Target target = Target::kVersion;
  Comparison comparison = Comparison::kEqual;
  std::string key;
  std::uint64_t number = 0;
  std::string value;
};

struct OpExpectation {
  bool succeeded = false;
  std::int64_t number = 0;
  std::uint64_t length = 0;
  std::optional<Entry> kv;
  // kEraseRange
  std::uint64_t erased = 0;
  bool more = false;
  std::vector<Entry> prev_kvs;
};
struct Expectation {
  Code code = Code::kOk;
  bool applied = false;
  std::uint64_t revision = 0;      // in the answer; must be published before it
  std::vector<OpExpectation> ops;  // empty when the request failed
  std::uint64_t written = 0;       // keys
};

// Purpose: the exact history: what every key held at every revision since the start.
class Model {
 public:
  Model(std::uint64_t max_value_bytes, bool ordered) : max_value_bytes_(max_value_bytes), ordered_(ordered) {}
  std::uint64_t assigned() const { return assigned_; }
  // The key's entry at that revision; null if it had none.
  const Entry* find(const std::string& key, std::uint64_t revision) const;
  std::uint64_t keys() const { return keys_; }
  // What keys from `start` up to but not including `end` held at that revision; an empty end is above all.
  std::map<std::string, Entry> range(const std::string& start, const std::string& end,
                                     std::uint64_t revision) const;
  // How many keys a revision changed; whether it was the removal of one that had expired.
  std::uint64_t changes_at(std::uint64_t revision) const {
    return revision == 0 ? 0 : steps_[revision - 1].changes;
  }
  bool was_expiry(std::uint64_t revision) const { return steps_[revision - 1].expiry; }
  // How many of the keys that are there expire by `now_ms`.
  std::uint64_t expired(std::int64_t now_ms) const;

  // Removes a key that has expired, as one revision. False: it is not there, or has not.
  bool remove_expired(const std::string& key, std::int64_t now_ms);
  // Removes the expired keys that these operations would write over, each as one revision, if all succeed.
  void remove_met(const std::vector<OpPlan>& ops, std::int64_t now_ms);

  // Whether a condition holds in the newest state.
  bool holds(const ComparePlan& compare, std::int64_t now_ms) const;
  Expectation apply(const std::vector<OpPlan>& ops, std::int64_t now_ms);
  // A request that was refused with `code` before anything was decided.
  Expectation reject(Code code) const { return {code, false, assigned(), {}}; }

 private:
  using Life = std::vector<std::pair<std::uint64_t, std::optional<Entry>>>;  // from each revision on
  Code decide_all(Changes& changes, const std::vector<OpPlan>& ops, std::int64_t now_ms,
                  std::vector<OpExpectation>& out) const;
  Code decide(Changes& changes, const OpPlan& op, std::int64_t now_ms, OpExpectation& out) const;
  Code erase_range(Changes& changes, const OpPlan& op, std::int64_t now_ms, OpExpectation& out) const;
  Code decide_value(const Entry* current, const OpPlan& op, std::int64_t now_ms, Entry& next,
                    OpExpectation& out) const;

  const std::uint64_t max_value_bytes_;
  const bool ordered_;
  std::uint64_t assigned_ = 0;
  std::uint64_t keys_ = 0;
  std::map<std::string, Life> lives_;
  struct Step {
    std::uint64_t changes = 0;
    bool expiry = false;
  };
  std::vector<Step> steps_;  // of each revision from 1 on
};

}  // namespace flashkv::sim
