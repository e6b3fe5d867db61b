// Requests to the writer, their operations, and their outcomes.
#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "storage/record/record.h"
#include "storage/request/publish_policy.h"
#include "storage/request/status.h"
#include "storage/sync/clock.h"

namespace flashkv {

enum class Ack : std::uint8_t { kPublished, kApplied, kDurable };
enum class Condition : std::uint8_t { kAlways, kIfAbsent, kIfPresent };
// kEraseRange needs the ordered index. kRemoveExpired is the store's own: it removes the key if that has
// expired, and has no effect otherwise.
enum class OpKind : std::uint8_t {
  kPut,
  kErase,
  kEraseRange,
  kExpire,
  kIncrement,
  kAppend,
  kGet,
  kRemoveExpired
};

// What a comparison looks at, and how: the key's property is the left operand.
enum class Target : std::uint8_t { kVersion, kCreate, kMod, kValue, kExists };
enum class Comparison : std::uint8_t { kEqual, kNotEqual, kGreater, kLess };

// One condition on the state before the request. `key` and `value` must stay valid until the request
// completes. An absent or expired key has the numbers 0, and no value: every kValue comparison with it fails.
struct Compare {
  Target target = Target::kVersion;
  Comparison comparison = Comparison::kEqual;  // kExists: kEqual = present, kNotEqual = absent
  std::string_view key;
  std::uint64_t hash = 0;    // as Op::hash
  std::uint64_t number = 0;  // kVersion, kCreate, kMod
  std::string_view value;    // kValue
};

// What an erase of a range did. Expired keys are absent: neither removed by it nor counted.
struct ErasedRange {
  std::uint64_t count = 0;          // keys removed
  bool more = false;                // there are keys beyond the limit
  std::vector<RecordPtr> prev_kvs;  // with want_prev: the records removed, by key. Private copies
};

// The outcome of one operation; which fields are meaningful depends on its kind.
struct OpOutcome {
  bool succeeded = false;    // put: written. erase, kRemoveExpired: removed. kEraseRange: removed a key.
                             // expire, get: found
  std::int64_t number = 0;   // increment: the new value
  std::uint64_t length = 0;  // append: bytes of the new value
  RecordPtr kv;              // get: the record; put, erase with want_prev: the previous one. A private copy,
                             // without its value where keys_only is set
  std::unique_ptr<ErasedRange> erased;  // kEraseRange; null when it removed nothing
};

// One operation on one key, or kEraseRange on all from `key` up to but not including `value`. `key` and
// `value` must stay valid until the request completes.
struct Op {
  OpKind kind = OpKind::kGet;
  Condition condition = Condition::kAlways;
  bool keep_ttl = false;      // put: the expiry of the key it replaces
  bool want_prev = false;     // put, erase, kEraseRange
  bool keys_only = false;     // get: the outcome has no value
  bool has_expected = false;  // put: expected_mod_revision is compared
  std::string_view key;
  std::uint64_t hash = 0;                   // of key, by the store's KeyHash; Store::submit fills it in
  std::string_view value;                   // append; kEraseRange: the end, empty = to the last key
  RecordPtr record;                         // put: made by the request thread, with Expiry::kRoom when
                                            // ttl_ms or keep_ttl is set; moved out when it is applied
  std::uint64_t expected_mod_revision = 0;  // 0 = must not exist
  std::int64_t ttl_ms = 0;                  // 0 = none (expire: removes the expiry)
  std::int64_t delta = 0, initial = 0;      // increment
  // kEraseRange: removes the first so many keys at most. 0 = all of them, and the request is refused where
  // that is more than kMaxErasedKeys.
  std::uint64_t limit = 0;
  OpOutcome outcome;
};

// Keys that the kEraseRange operations of one request remove at most, together.
inline constexpr std::uint64_t kMaxErasedKeys = 10'000;

enum class RequestKind : std::uint8_t {
  kMutation,      // ops, applied atomically; with compare, ops or otherwise
  kPublish,       // publish now; completes with the published revision
  kWaitRevision,  // completes once `revision` is published
  kSetPolicy,     // sets the publish policy to `policy`
  kTakePin,       // completes with `pin`, of the last published state; first waits for `revision`, unless 0
  kReturnPin,     // the store's own (pinned_state.h)
};

struct Request;

// A published state that stays as it is while it is held: pinned_state.h. Destroying the pointer returns it
// to the writer, from any thread; that cannot fail.
class PinnedState;
struct ReturnPin {
  void operator()(PinnedState* pin) const noexcept;
};
using PinPtr = std::unique_ptr<PinnedState, ReturnPin>;

// Purpose: receives finished requests: one call per batch, one wake-up per request thread.
// Threads: complete() is called by the writer; it must not block, and must not call back into the store.
class CompletionSink {
 public:
  virtual ~CompletionSink() = default;
  // A list linked through Request::next, oldest first. The sink owns the requests again.
  virtual void complete(Request* first) noexcept = 0;
};

// Purpose: one atomic unit of work for the writer.
// Usage:   request.ops = {ops, n}; request.sink = &sink; Status s = store.submit(request);
//          s not ok: refused, the sink never sees it. Otherwise sink.complete() gets it exactly once.
//          A source inside the store (writer/source.h) offers requests that have no sink.
// Lifetime: owned by the caller, who must not touch it from submit() until complete().
// Limits:  the sum of `bytes` in the queue and their number are bounded (StoreLimits).
struct Request {
  // The operations that the comparisons decided for.
  std::span<Op> chosen() const noexcept { return held ? ops : otherwise; }
  // What it counts for in a batch: keys that the writer looks at, at most.
  std::size_t weight() const noexcept {
    return std::max<std::size_t>(compare.size() + std::max(ops.size(), otherwise.size()), 1);
  }

  RequestKind kind = RequestKind::kMutation;
  Ack ack = Ack::kPublished;
  std::span<Op> ops;
  std::span<Compare> compare;  // ops are applied if all of these hold,
  std::span<Op> otherwise;     // these instead if one does not
  Nanos deadline = kNever;     // not applied once this has passed
  std::uint64_t bytes = 0;     // payload held by it, for the queue's bound; set by submit()
  PublishPolicy policy;        // kSetPolicy
  CompletionSink* sink = nullptr;

  Status status;  // not ok: nothing of it was applied
  // Out: the one of chosen() that was refused; kNoOp if `status` is about the request as a whole.
  static constexpr std::size_t kNoOp = ~std::size_t{0};
  std::size_t failed_op = kNoOp;
  PinPtr pin;  // out: kTakePin
  // In: the one a kWaitRevision or kTakePin waits for; the one a source assigns (0: the next). Out: the
  // revision the request made, or that of the state its answer is based on.
  std::uint64_t revision = 0;
  bool applied = false;     // false with kDeadlineExceeded: certainly not applied
  bool held = true;         // out: the comparisons hold
  Request* next = nullptr;  // the queue's, then the completion list's
};

}  // namespace flashkv
