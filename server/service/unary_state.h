// One call of a unary method, independent of the transport.
#pragma once

#include <google/protobuf/io/zero_copy_stream.h>
#include <google/protobuf/message_lite.h>

#include <cstddef>
#include <cstdint>

#include "server/service/pending_call.h"
#include "server/service/session.h"

namespace flashkv {

// Purpose: one call's request, reply and pending call, reused by the next call of the same method. A front
//          moves bytes and never sees the messages.
// Usage:   if (!state.parse(bytes, size)) return refuse();
//          if (state.may_wait()) state.pending.deadline = ...;
//          Started s = state.start(session);            // if submitted, in pending.waiter->resume():
//          Status status = state.finish(session);
//          if (status.ok()) { out.resize(state.reply_size()); state.write_reply(out.data()); }
//          ... state.recycle();                         // once the reply has been sent
// Threads: the session's.
// Lifetime: must not move from start() until the writer has completed `pending`; the session's services
//          outlive it. The front sets pending.sink and pending.waiter once.
// Cost:    two virtual calls per request, three if it waits; the messages keep their memory, so a call
//          normally allocates nothing.
// Limits:  a recycled state keeps about kKeptBytes of memory at most.
class UnaryState {
 public:
  // recycle() frees messages that may have grown beyond this.
  static constexpr std::size_t kKeptBytes = std::size_t{64} << 10;

  virtual ~UnaryState() = default;
  UnaryState(const UnaryState&) = delete;
  UnaryState& operator=(const UnaryState&) = delete;

  // Returns false if the bytes are not such a message.
  bool parse(google::protobuf::io::ZeroCopyInputStream& bytes, std::size_t size) {
    kept_bytes_ += size;
    return request_.ParseFromZeroCopyStream(&bytes);
  }
  // Returns true if start() may submit `pending`, which then needs a deadline.
  bool may_wait() { return pending_used_ = needs_writer(); }
  virtual Started start(Session& session) = 0;
  // Called after the writer has completed `pending`.
  virtual Status finish(Session& session) = 0;

  // The number of bytes write_reply() will write; called once per reply sent.
  std::size_t reply_size() {
    reply_made_ = true;
    const std::size_t size = reply_.ByteSizeLong();
    kept_bytes_ += size;
    return size;
  }
  void write_reply(std::uint8_t* to) const { reply_.SerializeWithCachedSizesToArray(to); }

  // Prepares for the next call. A reply that was never sent may have any size, so its memory is freed.
  void recycle() {
    if (pending_used_) pending.clear(PendingCall::kKeptOpsOfTxn);
    pending_used_ = false;
    if (!reply_made_ || kept_bytes_ > kKeptBytes) forget();
    reply_made_ = false;
  }
  // Frees the messages' memory.
  void forget() {
    free_messages();
    kept_bytes_ = 0;
  }
  // An upper bound on the messages' memory: the sum over all uses since they were last freed, as each use may
  // have grown a different field.
  std::size_t kept_bytes() const noexcept { return kept_bytes_; }

  PendingCall pending;

 protected:
  UnaryState(google::protobuf::MessageLite& request, google::protobuf::MessageLite& reply)
      : request_(request), reply_(reply) {}

  void add_kept_bytes(std::size_t more) noexcept { kept_bytes_ += more; }

 private:
  virtual bool needs_writer() const = 0;
  virtual void free_messages() = 0;

  google::protobuf::MessageLite& request_;
  google::protobuf::MessageLite& reply_;
  std::size_t kept_bytes_ = 0;
  bool pending_used_ = false;
  bool reply_made_ = false;
};

}  // namespace flashkv
