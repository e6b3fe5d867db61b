// What a request thread asks of the writer, and what comes back.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "storage/record/record.h"
#include "storage/request/publish_policy.h"
#include "storage/request/status.h"
#include "storage/sync/clock.h"

namespace flashkv {

enum class Ack : std::uint8_t { kPublished, kApplied, kDurable };
enum class Condition : std::uint8_t { kAlways, kIfAbsent, kIfPresent };
enum class OpKind : std::uint8_t { kPut, kErase, kExpire, kIncrement, kAppend, kGet };

// What one operation came to; which fields mean something depends on its kind.
struct OpOutcome {
  bool succeeded = false;    // put: written. erase: there was such a key. expire, get: found
  std::int64_t number = 0;   // increment: the new value
  std::uint64_t length = 0;  // append: bytes of the new value
  RecordPtr kv;              // get: the record; put, erase with want_prev: the one before. A private copy
};

// One operation on one key. `key` and, for append, `value` must stay valid until the request completes.
struct Op {
  OpKind kind = OpKind::kGet;
  Condition condition = Condition::kAlways;
  bool keep_ttl = false;      // put: the expiry of the key it replaces
  bool want_prev = false;     // put, erase
  bool has_expected = false;  // put: expected_mod_revision counts
  std::string_view key;
  std::uint64_t hash = 0;                   // of key, by the store's KeyHash; Store::submit fills it in
  std::string_view value;                   // append
  RecordPtr record;                         // put: made by the request thread, with Expiry::kRoom when
                                            // ttl_ms or keep_ttl is set; moved out when it is applied
  std::uint64_t expected_mod_revision = 0;  // 0 = must not exist
  std::int64_t ttl_ms = 0;                  // 0 = none (expire: removes the expiry)
  std::int64_t delta = 0, initial = 0;      // increment
  OpOutcome outcome;
};

enum class RequestKind : std::uint8_t {
  kMutation,      // ops, applied as one
  kPublish,       // publish now; completes with the published revision
  kWaitRevision,  // completes once `revision` is published
  kSetPolicy,     // takes over `policy`
};

struct Request;

// Purpose: where finished requests go: one call per batch, one wake-up per request thread.
// Threads: complete() is called by the writer; it must not block, and must not call back into the store.
class CompletionSink {
 public:
  virtual ~CompletionSink() = default;
  // A list linked through Request::next, oldest first. The sink owns the requests again.
  virtual void complete(Request* first) noexcept = 0;
};

// Purpose: one atomic unit of work for the writer.
// Usage:   request.ops = {ops, n}; request.sink = &sink; Status s = store.submit(request);
//          s not ok: refused, the sink never hears of it. Else: sink.complete() gets it exactly once.
//          A source inside the store (writer/source.h) offers requests that have no sink.
// Lifetime: the caller's; untouched by the caller from submit() until complete().
// Limits:  the sum of `bytes` in the queue and their number are bounded (QueueLimits).
struct Request {
  RequestKind kind = RequestKind::kMutation;
  Ack ack = Ack::kPublished;
  std::span<Op> ops;
  Nanos deadline = kNever;  // not applied once this has passed
  std::uint64_t bytes = 0;  // payload held by it, for the queue's bound; set by submit()
  PublishPolicy policy;     // kSetPolicy
  CompletionSink* sink = nullptr;

  Status status;  // not ok: nothing of it was applied
  // In: kWaitRevision, and a source that brings its own (0: the next). Out: made by it, or of the state its answer
  // rests on.
  std::uint64_t revision = 0;
  bool applied = false;     // false with kDeadlineExceeded: certainly not applied
  Request* next = nullptr;  // the queue's, then the completion list's
};

}  // namespace flashkv
