// The KV methods, independent of the transport.
#pragma once

#include "flashkv/v1/kv.pb.h"
#include "server/config/limits.h"
#include "server/service/pending_call.h"
#include "server/service/session.h"
#include "server/service/watch/watch_counts.h"

namespace flashkv {

// Purpose: one short function per method. A read is answered in place with the session's read handle. A
//          mutation is validated, turned into operations and submitted; its reply is made on completion.
// Usage:   Started s = kv.put(request, call);          // request and call must not move from here ...
//          if (!s.submitted) return s.status;
//          // ... until the writer has completed the call; then, on the request's thread:
//          Status status = kv.finish_put(call, reply);
// Threads: any, each with its own session, call and messages.
// Lifetime: the store and the limits outlive it.
// Cost:    get() allocates only what `reply` keeps for its next use.
// Limits:  the store's StoreLimits, and RequestLimits; kMaxReplyBytes for a MultiGet reply.
// Errors:  a Status with gRPC's code numbers; validate.h lists those for a bad request.
// Replies are recycled: every field is set or cleared, and none is assumed to be empty.
class KvService {
 public:
  KvService(Store& store, const RequestLimits& limits)
      : store_(store), limits_(limits), store_id_(store.store_id()) {}
  KvService(Store&, RequestLimits&&) = delete;

  // Submits only if at_least_revision is not yet published.
  Started get(Session& session, const v1::GetRequest& request, v1::GetResponse& reply, PendingCall& call);
  Status finish_get(Session& session, const v1::GetRequest& request, const PendingCall& call,
                    v1::GetResponse& reply);
  Started multi_get(Session& session, const v1::MultiGetRequest& request, v1::MultiGetResponse& reply,
                    PendingCall& call);
  // Submits also where only a pin shows all keys in one state; finishing returns the pin.
  Status finish_multi_get(Session& session, const v1::MultiGetRequest& request, PendingCall& call,
                          v1::MultiGetResponse& reply);
  // Submits unless the request is refused; the completed call has the pin to scan.
  Started scan(const v1::ScanRequest& request, PendingCall& call);

  Started put(const v1::PutRequest& request, PendingCall& call);
  Status finish_put(const PendingCall& call, v1::PutResponse& reply);
  Started erase(const v1::DeleteRequest& request, PendingCall& call);
  Status finish_erase(const PendingCall& call, v1::DeleteResponse& reply);
  Started expire(const v1::ExpireRequest& request, PendingCall& call);
  Status finish_expire(const PendingCall& call, v1::ExpireResponse& reply);
  Started increment(const v1::IncrementRequest& request, PendingCall& call);
  Status finish_increment(const PendingCall& call, v1::IncrementResponse& reply);
  Started append(const v1::AppendRequest& request, PendingCall& call);
  Status finish_append(const PendingCall& call, v1::AppendResponse& reply);
  Started txn(const v1::TxnRequest& request, PendingCall& call);
  Status finish_txn(const v1::TxnRequest& request, const PendingCall& call, v1::TxnResponse& reply);

  // One message of a Write stream. `reply` starts out empty, and a failure is reported in its `error`; but
  // while queue_was_full() returns true, the caller may submit the call again with retry().
  Started write(const v1::WriteRequest& request, PendingCall& call);
  Started retry(PendingCall& call);
  bool queue_was_full(const Started& outcome, const PendingCall& call) const;
  void finish_write(const v1::WriteRequest& request, const Status& status, const PendingCall& call,
                    v1::WriteResponse& reply);

  const RequestLimits& limits() const noexcept { return limits_; }
  void set_header(std::uint64_t revision, v1::ResponseHeader& header) const;
  // For a message that carries the replies of several calls: the revision that is published now.
  void set_header(v1::ResponseHeader& header) const { set_header(store_.published_revision(), header); }
  // The watches of all sessions, and how many may be open.
  WatchCounts& watch_counts() noexcept { return watch_counts_; }
  std::uint64_t max_watches() const noexcept { return limits_.max_watches; }

 private:
  Status read(ReadHandle& reader, const v1::GetRequest& request, v1::GetResponse& reply) const;
  Status read(Session& session, const v1::MultiGetRequest& request, v1::MultiGetResponse& reply) const;
  Status read(PinnedState& pin, const v1::MultiGetRequest& request, v1::MultiGetResponse& reply) const;
  // Both: the revision may be 0, for the published state.
  Started await(std::uint64_t revision, PendingCall& call);
  Started take_pin(std::uint64_t revision, PendingCall& call);
  Started wait_as(RequestKind kind, std::uint64_t revision, PendingCall& call);
  template <typename R>
  Started submit_one(const R& request, PendingCall& call);
  template <typename R>
  Status finish_one(const PendingCall& call, R& reply) const;

  Store& store_;
  const RequestLimits& limits_;
  const std::uint64_t store_id_;
  WatchCounts watch_counts_;
};

}  // namespace flashkv
