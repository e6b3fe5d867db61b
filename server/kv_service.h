// What each KV method does, whatever brought the request.
#pragma once

#include "flashkv/v1/kv.pb.h"
#include "server/limits.h"
#include "server/session.h"
#include "server/submission.h"

namespace flashkv {

// Purpose: one short function a method. A read is answered in place with the session's read handle. A
// mutation
//          is checked, turned into operations and submitted; the reply is filled in once it comes back.
// Usage:   Outcome o = kv.put(request, submission);          // request and submission stay put from here ...
//          if (!o.submitted) return o.status;
//          // ... until the writer is done, then, on the request's thread:
//          Status s = kv.put_done(submission, reply);
// Threads: any, each with its own session, submission and messages.
// Lifetime: the store outlives it.
// Cost:    get() allocates nothing that `reply` does not keep for its next use.
// Replies are recycled: every field is overwritten, none is assumed empty.
class KvService {
 public:
  KvService(Store& store, const Clock& clock, const RequestLimits& limits)
      : store_(store), clock_(clock), limits_(limits), store_id_(store.store_id()) {}

  // Submitted only where at_least_revision is not yet published.
  Outcome get(Session& session, const v1::GetRequest& request, v1::GetResponse& reply,
              Submission& submission);
  Status get_done(Session& session, const v1::GetRequest& request, const Submission& submission,
                  v1::GetResponse& reply);
  Outcome multi_get(Session& session, const v1::MultiGetRequest& request, v1::MultiGetResponse& reply,
                    Submission& submission);
  Status multi_get_done(Session& session, const v1::MultiGetRequest& request, const Submission& submission,
                        v1::MultiGetResponse& reply);

  Outcome put(const v1::PutRequest& request, Submission& submission);
  Status put_done(const Submission& submission, v1::PutResponse& reply);
  Outcome erase(const v1::DeleteRequest& request, Submission& submission);
  Status erase_done(const Submission& submission, v1::DeleteResponse& reply);

  // One message of a Write stream; `reply` is an empty message and takes every failure but one: where
  // queue_was_full() says so, the caller may offer the same submission again with retry().
  Outcome write(const v1::WriteRequest& request, Submission& submission);
  Outcome retry(Submission& submission);
  bool queue_was_full(const Outcome& outcome, const Submission& submission) const;
  void write_done(const v1::WriteRequest& request, const Status& status, const Submission& submission,
                  v1::WriteResponse& reply);

 private:
  Status read(ReadHandle& reader, const v1::GetRequest& request, v1::GetResponse& reply) const;
  Status read(Session& session, const v1::MultiGetRequest& request, v1::MultiGetResponse& reply) const;
  Outcome await(std::uint64_t revision, Submission& submission);
  void set_header(std::uint64_t revision, v1::ResponseHeader& header) const;
  template <typename R>
  Outcome submit_one(const R& request, Submission& submission);

  Store& store_;
  const Clock& clock_;
  const RequestLimits limits_;
  const std::uint64_t store_id_;
};

}  // namespace flashkv
