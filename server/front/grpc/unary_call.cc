#include "server/front/grpc/unary_call.h"

#include <grpcpp/support/proto_buffer_reader.h>
#include <grpcpp/support/slice.h>

#include <utility>

#include "server/front/grpc/deadline.h"

namespace flashkv {

UnaryCall::UnaryCall(UnaryCalls& owner) : owner_(owner), state_(method_table()[owner.row()].make_unary()) {
  state_->pending.sink = &owner.thread().inbox();
  state_->pending.waiter = this;
}

void UnaryCall::post() {
  context_.emplace();
  writer_.emplace(&*context_);
  owner_.service().request_unary(owner_.row(), *context_, request_, *writer_, owner_.thread().queue(), *this);
}

void UnaryCall::ready(bool ok) {
  if (finishing_) {
    end();
  } else if (ok) {
    begin();
  } else {
    owner_.set_aside(*this);  // the server is shut down
  }
}

void UnaryCall::resume(PendingCall&) { finish(state_->finish(owner_.thread().session())); }

void UnaryCall::begin() {
  timed_ = {.method = owner_.row(),
            .came = owner_.thread().session().meter().now(),
            .request_bytes = request_.Length()};
  owner_.taken(*this);
  bool parsed = false;
  {
    grpc::ProtoBufferReader reader(&request_);
    parsed = reader.status().ok() && state_->parse(reader, request_.Length());
  }
  request_.Clear();
  if (!parsed) {
    finish({Code::kInvalidArgument, "the message cannot be parsed"});
    return;
  }
  Session& session = owner_.thread().session();
  if (state_->may_wait()) state_->pending.deadline = deadline_of(*context_, session.clock());
  Started started = state_->start(session);
  if (!started.submitted) finish(std::move(started.status));
}

void UnaryCall::finish(Status status) {
  finishing_ = true;
  timed_.code = status.code;
  owner_.thread().counters().count(owner_.row(), status.code);
  if (status.ok()) {
    grpc::Slice slice(state_->reply_size());
    // The slice is new: nothing else refers to its bytes yet.
    state_->write_reply(const_cast<std::uint8_t*>(slice.begin()));
    timed_.reply_bytes = slice.size();
    owner_.thread().session().meter().answered(timed_);
    writer_->Finish(grpc::ByteBuffer(&slice, 1), grpc::Status::OK, static_cast<Event*>(this));
    return;
  }
  owner_.thread().session().meter().answered(timed_);
  if (status.code == Code::kDeadlineExceeded && !state_->pending.applied) {
    context_->AddTrailingMetadata("flashkv-applied", "no");
  }
  writer_->FinishWithError(as_grpc(std::move(status)), static_cast<Event*>(this));
}

void UnaryCall::end() {
  finishing_ = false;
  writer_.reset();
  context_.reset();
  state_->recycle();
  owner_.ended(*this);
}

void UnaryCalls::post() {
  for (std::size_t i = 0; i < kPosted; ++i) post_one();
}

void UnaryCalls::post_one() {
  std::unique_ptr<UnaryCall> call;
  if (spare_.empty()) {
    call = std::make_unique<UnaryCall>(*this);
  } else {
    call = std::move(spare_.back());
    spare_.pop_back();
  }
  thread_.started();
  call.release()->post();
}

void UnaryCalls::taken(UnaryCall& call) {
  thread_.idle_memory().take(call.state().kept_bytes());
  thread_.begun();
  post_one();
}

void UnaryCalls::ended(UnaryCall& call) {
  thread_.done();
  if (!thread_.idle_memory().keep(call.state().kept_bytes())) call.state().forget();
  set_aside(call);
}

void UnaryCalls::set_aside(UnaryCall& call) {
  std::unique_ptr<UnaryCall> owned(&call);
  if (spare_.size() < kMaxSpare) {
    spare_.push_back(std::move(owned));
  } else {
    thread_.idle_memory().take(call.state().kept_bytes());
  }
  thread_.ended();
}

}  // namespace flashkv
