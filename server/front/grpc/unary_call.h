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

// Purpose: receives one request, answers it in place or after the writer has, and is used again.
// Threads: its request thread.
// Cost:    no allocation of its own but the reply's slice.
class UnaryCall final : public Event, public Continuation {
 public:
  explicit UnaryCall(UnaryCalls& owner);

  // Offers itself to the server for the next request of its method.
  void post();
  void ready(bool ok) override;
  void resume(PendingCall& done) override;

  UnaryState& state() noexcept { return *state_; }

 private:
  void begin();
  void finish(Status status);
  // The reply has left: lets go of everything that belonged to the call.
  void end();

  UnaryCalls& owner_;
  std::unique_ptr<UnaryState> state_;
  std::optional<grpc::ServerContext> context_;
  std::optional<RawWriter> writer_;
  grpc::ByteBuffer request_;  // until it is parsed
  bool finishing_ = false;
};

// Purpose: kPosted calls are offered at any time: a call that is taken is replaced at once, however long its
//          reply takes to leave. Idle calls are kept for that.
// Threads: its request thread.
// Limits:  kPosted offered and kMaxSpare idle calls; what their messages keep is the thread's IdleMemory.
class UnaryCalls final : public CallGroup {
 public:
  static constexpr std::size_t kPosted = 8;
  static constexpr std::size_t kMaxSpare = 64;

  UnaryCalls(RequestThread& thread, TableService& service, MethodId row)
      : thread_(thread), service_(service), row_(row) {}

  void post() override;
  void post_one();
  // An offered call that was taken: another one takes its place.
  void taken(UnaryCall& call);
  // A call whose reply has left.
  void ended(UnaryCall& call);
  // A call that is over, or was never taken: kept as a spare or deleted.
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
