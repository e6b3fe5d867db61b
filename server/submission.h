// A call's errand to the writer.
#pragma once

#include <utility>
#include <vector>

#include "storage/store.h"

namespace flashkv {

struct Submission;

// Who goes on when the writer has finished.
class Waiter {
 public:
  virtual void resume(Submission& done) = 0;

 protected:
  ~Waiter() = default;
};

// Purpose: a Request with room for its operations and the call that waits for it. Belongs to one call and is
//          used again by the next: the vector keeps its capacity.
// Usage:   submission.sink = &inbox; submission.waiter = this;   // once
//          submission.deadline = ...; service.put(request, submission);
// Lifetime: untouched between submit and resume(); the messages that its operations point into live as long.
struct Submission : Request {
  static constexpr std::size_t kKeptOps = 1024;

  Waiter* waiter = nullptr;
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
struct Outcome {
  Status status = {};
  bool submitted = false;
};

inline Outcome submit(Store& store, Submission& submission) {
  Status refused = store.submit(submission);
  const bool submitted = refused.ok();
  return {std::move(refused), submitted};
}

}  // namespace flashkv
