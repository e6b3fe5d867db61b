// The calls of one unary method on one request thread.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <vector>

#include "server/front/grpc/request_thread.h"
#include "server/front/grpc/table_service.h"
#include "server/service/unary_state.h"

namespace flashkv {

class UnaryCalls;

// Purpose: receives one request, answers it in place or once the writer has completed it, and is reused.
// Threads: its request thread.
// Cost:    allocates only the reply's slice.
class UnaryCall final : public Event, public Continuation {
 public:
  explicit UnaryCall(UnaryCalls& owner);

  // Posts itself to the server for its method's next request.
  void post();
  void ready(bool ok) override;
  void resume(PendingCall& done) override;

  UnaryState& state() noexcept { return *state_; }

 private:
  void begin();
  void finish(Status status);
  // The reply has been sent: releases everything that belonged to the call.
  void end();

  UnaryCalls& owner_;
  std::unique_ptr<UnaryState> state_;
  std::optional<grpc::ServerContext> context_;
  std::optional<RawWriter> writer_;
  grpc::ByteBuffer request_;  // until it is parsed
  Answered timed_;
  bool finishing_ = false;
};

// Purpose: keeps kPosted calls posted: a call that is taken is replaced at once, however long its reply takes
//          to be sent. Idle calls are kept for reuse.
// Threads: its request thread.
// Limits:  kPosted waiting and kMaxSpare idle calls; the thread's IdleMemory bounds what their messages keep.
class UnaryCalls final : public CallGroup {
 public:
  static constexpr std::size_t kPosted = 8;
  static constexpr std::size_t kMaxSpare = 64;

  UnaryCalls(RequestThread& thread, TableService& service, MethodId row)
      : thread_(thread), service_(service), row_(row) {}

  void post() override;
  void post_one();
  // A posted call was taken: posts another in its place.
  void taken(UnaryCall& call);
  // A call's reply has been sent.
  void ended(UnaryCall& call);
  // Keeps a call that is over, or was never taken, as a spare, or deletes it.
  void set_aside(UnaryCall& call);

  RequestThread& thread() noexcept { return thread_; }
  TableService& service() noexcept { return service_; }
  MethodId row() const noexcept { return row_; }

 private:
  RequestThread& thread_;
  TableService& service_;
  const MethodId row_;
  std::vector<std::unique_ptr<UnaryCall>> spare_;
};

}  // namespace flashkv
