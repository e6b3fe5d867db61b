// One unary call in place: the method, its messages and the trip to the writer.
#pragma once

#include <grpcpp/impl/codegen/proto_utils.h>
#include <grpcpp/server_context.h>
#include <grpcpp/support/async_unary_call.h>

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "server/front/grpc/deadline.h"
#include "server/front/grpc/request_thread.h"
#include "server/service/pending_call.h"

namespace flashkv {

// A recycled message that grew beyond this is replaced by an empty one.
inline constexpr std::size_t kKeptMessageBytes = std::size_t{64} << 10;

using RawWriter = grpc::ServerAsyncResponseWriter<grpc::ByteBuffer>;

template <typename M>
class CallSet;

// Purpose: receives one request, answers it in place or after the writer did, and is used again. M says what
//          the method is:
//            struct M { using Request, Reply, Service; static constexpr Method kMethod; int kPosted;
//                       request(service, context, bytes, writer, queue, tag);
//                       bool waits(request);                  // may it need the writer?
//                       Started start(session, request, reply, call);
//                       Status finish(session, request, reply, call);   // after the writer
//                       std::size_t weight(request, reply); };               // bytes the messages keep
// Cost:    no allocation of its own.
template <typename M>
class UnaryCall final : public Event, public Continuation {
 public:
  explicit UnaryCall(CallSet<M>& set) : set_(set) {
    call_.sink = &set.thread().inbox();
    call_.waiter = this;
  }

  // Offers itself to the server for the next request of its method.
  void post() {
    context_.emplace();
    writer_.emplace(&*context_);
    grpc::ServerCompletionQueue& queue = set_.thread().queue();
    M::request(set_.service(), &*context_, &bytes_, &*writer_, queue, static_cast<Event*>(this));
  }

  void ready(bool ok) override {
    if (finishing_) {
      again();
    } else if (ok) {
      begin();
    } else {
      set_.set_aside(*this);  // the server is shut down
    }
  }

  void resume(PendingCall&) override { finish(M::finish(set_.thread().session(), request_, reply_, call_)); }

 private:
  void begin() {
    set_.thread().begun();
    if (!grpc::SerializationTraits<typename M::Request>::Deserialize(&bytes_, &request_).ok()) {
      request_ = {};
      finish({Code::kInvalidArgument, "the message cannot be parsed"});
      return;
    }
    waits_ = M::waits(request_);
    if (waits_) call_.deadline = deadline_of(*context_, set_.thread().session().clock());
    Started outcome = M::start(set_.thread().session(), request_, reply_, call_);
    if (outcome.submitted) {
      replaced_ = true;
      set_.post_one();
    } else {
      finish(std::move(outcome.status));
    }
  }

  // The reply has left: ready for the next request.
  void again() {
    finishing_ = false;
    set_.thread().done();
    if (std::exchange(waits_, false)) call_.clear();
    if (M::weight(request_, reply_) > kKeptMessageBytes) {
      request_ = {};
      reply_ = {};
    }
    if (std::exchange(replaced_, false)) {
      set_.set_aside(*this);
    } else {
      post();
    }
  }

  void finish(Status status) {
    finishing_ = true;
    set_.thread().counters().count(M::kMethod, status.code);
    if (status.ok()) {
      bool owned = false;
      grpc::SerializationTraits<typename M::Reply>::Serialize(reply_, &bytes_, &owned);
      writer_->Finish(bytes_, grpc::Status::OK, static_cast<Event*>(this));
      return;
    }
    if (status.code == Code::kDeadlineExceeded && !call_.applied) {
      context_->AddTrailingMetadata("flashkv-applied", "no");
    }
    writer_->FinishWithError(as_grpc(std::move(status)), static_cast<Event*>(this));
  }

  CallSet<M>& set_;
  std::optional<grpc::ServerContext> context_;
  std::optional<RawWriter> writer_;
  grpc::ByteBuffer bytes_;  // of the request, then of the reply
  typename M::Request request_;
  typename M::Reply reply_;
  PendingCall call_;
  bool finishing_ = false;
  bool waits_ = false;     // the call was used
  bool replaced_ = false;  // another call was offered in this one's place
};

// Purpose: all calls of one method on one thread: M::kPosted of them are always offered or being answered;
//          those that wait for the writer are replaced meanwhile and kept as spares afterwards.
template <typename M>
class CallSet {
 public:
  CallSet(RequestThread& thread, typename M::Service& service) : thread_(thread), service_(service) {}

  void post() {
    for (std::size_t i = 0; i < M::kPosted; ++i) post_one();
  }
  // Another call takes the place of one that has gone to the writer.
  void post_one() {
    std::unique_ptr<UnaryCall<M>> call;
    if (spare_.empty()) {
      call = std::make_unique<UnaryCall<M>>(*this);
    } else {
      call = std::move(spare_.back());
      spare_.pop_back();
    }
    thread_.started();
    call.release()->post();
  }
  void set_aside(UnaryCall<M>& call) {
    std::unique_ptr<UnaryCall<M>> owned(&call);
    if (spare_.size() < M::kPosted) spare_.push_back(std::move(owned));
    thread_.ended();
  }

  RequestThread& thread() noexcept { return thread_; }
  typename M::Service& service() noexcept { return service_; }

 private:
  RequestThread& thread_;
  typename M::Service& service_;
  std::vector<std::unique_ptr<UnaryCall<M>>> spare_;
};

}  // namespace flashkv
