// A call that waits for the writer.
#pragma once

#include <forward_list>
#include <string>
#include <utility>
#include <vector>

#include "storage/store.h"

namespace flashkv {

struct PendingCall;

// Purpose: resumes a call that the writer has completed.
// Threads: resume() runs on the thread that submitted the call.
class Continuation {
 public:
  virtual void resume(PendingCall& done) = 0;

 protected:
  ~Continuation() = default;
};

// Purpose: a Request together with storage for its operations and the continuation to run when it completes.
//          Reused from call to call: the vector keeps its capacity.
// Usage:   call.sink = &inbox; call.waiter = this;   // once
//          call.deadline = ...; service.put(request, call);
// Lifetime: not touched between submit() and resume(); the messages its operations point into
//           live until then.
// Limits:  keeps room for at most kKeptOps operations.
struct PendingCall : Request {
  static constexpr std::size_t kKeptOps = 1024;
  static constexpr std::size_t kKeptOpsOfTxn = 64;  // many more of these lie idle than streams are open

  Continuation* waiter = nullptr;
  Op single;                // unary calls
  std::vector<Op> several;  // Write; Txn, if its comparisons hold
  std::vector<Op> otherwise_several;
  std::vector<Compare> comparisons;
  std::forward_list<std::string> ends;  // of the prefixes that operations erase

  // Ready for the next call, with room for `kept` operations at most; sink and waiter stay.
  void clear(std::size_t kept = kKeptOps) {
    kind = RequestKind::kMutation;
    ack = Ack::kPublished;
    ops = {};
    compare = {};
    otherwise = {};
    held = true;
    deadline = kNever;
    bytes = 0;
    status = {};
    failed_op = kNoOp;
    pin.reset();
    revision = 0;
    applied = false;
    single = {};
    empty(several, kept);
    empty(otherwise_several, kept);
    empty(comparisons, kept);
    ends.clear();
  }

 private:
  template <typename T>
  static void empty(std::vector<T>& list, std::size_t kept) {
    list.clear();
    if (list.capacity() > kept) list.shrink_to_fit();
  }
};

// The result of starting a request: either answered already, with `status`, or submitted, to be answered in
// resume().
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
