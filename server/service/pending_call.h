// A call's errand to the writer.
#pragma once

#include <utility>
#include <vector>

#include "storage/store.h"

namespace flashkv {

struct PendingCall;

// Who goes on when the writer has finished.
class Continuation {
 public:
  virtual void resume(PendingCall& done) = 0;

 protected:
  ~Continuation() = default;
};

// Purpose: a Request with room for its operations and the call that waits for it. Belongs to one call and is
//          used again by the next: the vector keeps its capacity.
// Usage:   call.sink = &inbox; call.waiter = this;   // once
//          call.deadline = ...; service.put(request, call);
// Lifetime: untouched between submit and resume(); the messages that its operations point into live as long.
struct PendingCall : Request {
  static constexpr std::size_t kKeptOps = 1024;

  Continuation* waiter = nullptr;
  Op single;                // unary calls
  std::vector<Op> several;  // Write

  // Forgets the last use; sink and waiter stay.
  void clear() {
    kind = RequestKind::kMutation;
    ack = Ack::kPublished;
    ops = {};
    deadline = kNever;
    bytes = 0;
    status = {};
    revision = 0;
    applied = false;
    single = {};
    several.clear();
    if (several.capacity() > kKeptOps) several.shrink_to_fit();
  }
};

// What starting a request came to: answered (status says how), or submitted and answered at resume().
struct Started {
  Status status = {};
  bool submitted = false;
};

inline Started submit(Store& store, PendingCall& call) {
  Status refused = store.submit(call);
  const bool submitted = refused.ok();
  return {std::move(refused), submitted};
}

}  // namespace flashkv
