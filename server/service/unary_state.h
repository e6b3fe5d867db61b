// One call of a unary method, whatever the transport.
#pragma once

#include <google/protobuf/io/zero_copy_stream.h>
#include <google/protobuf/message_lite.h>

#include <cstddef>
#include <cstdint>

#include "server/service/pending_call.h"
#include "server/service/session.h"

namespace flashkv {

// Purpose: the request, the reply and the trip to the writer of one call; used again by the next call of the
//          same method. A front moves the bytes and knows nothing of the messages.
// Usage:   if (!state.parse(bytes, size)) return refuse();
//          if (state.may_wait()) state.pending.deadline = ...;
//          Started s = state.start(session);            // submitted: goes on in pending.waiter->resume(),
//          Status status = state.finish(session);       // where the rest of the answer is made
//          if (status.ok()) { out.resize(state.reply_size()); state.write_reply(out.data()); }
//          ... state.recycle();                         // once the reply has left
// Threads: the session's.
// Lifetime: stays in place from start() until the writer has given `pending` back; the session's services
//          outlive it. pending.sink and pending.waiter are set once by the front.
// Cost:    two virtual calls a request that need not wait, three otherwise; the messages keep their memory,
//          so that nothing is allocated as a rule.
// Limits:  kKeptBytes of memory stay in a recycled state.
class UnaryState {
 public:
  // What the fields of both messages may have grown to before recycle() frees them.
  static constexpr std::size_t kKeptBytes = std::size_t{64} << 10;

  virtual ~UnaryState() = default;
  UnaryState(const UnaryState&) = delete;
  UnaryState& operator=(const UnaryState&) = delete;

  // Returns false for bytes that are no such message.
  bool parse(google::protobuf::io::ZeroCopyInputStream& bytes, std::size_t size) {
    kept_bytes_ += size;
    return request_.ParseFromZeroCopyStream(&bytes);
  }
  // Returns true when start() may submit `pending`, which then needs its deadline.
  bool may_wait() { return pending_used_ = needs_writer(); }
  virtual Started start(Session& session) = 0;
  // After the writer has given `pending` back.
  virtual Status finish(Session& session) = 0;

  // Bytes that write_reply() will write; called once for every reply that is sent.
  std::size_t reply_size() {
    reply_made_ = true;
    const std::size_t size = reply_.ByteSizeLong();
    kept_bytes_ += size;
    return size;
  }
  void write_reply(std::uint8_t* to) const { reply_.SerializeWithCachedSizesToArray(to); }

  // Ready for the next call. A reply that was never sent may have any size: it is freed at once.
  void recycle() {
    if (pending_used_) pending.clear();
    pending_used_ = false;
    if (!reply_made_ || kept_bytes_ > kKeptBytes) forget();
    reply_made_ = false;
  }
  // Frees the messages' memory.
  void forget() {
    free_messages();
    kept_bytes_ = 0;
  }
  // At most this much is in the messages: every use since they were freed is counted in full, as each may
  // have grown another field.
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
