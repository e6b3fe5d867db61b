#include "server/front/grpc/unserved_calls.h"

#include <optional>

namespace flashkv {
namespace {

constexpr int kPosted = 4;

}  // namespace

class UnservedCalls::Call final : public Event {
 public:
  explicit Call(UnservedCalls& owner) : owner_(owner) {}

  void post() {
    context_.emplace();
    stream_.emplace(&*context_);
    grpc::ServerCompletionQueue& queue = owner_.thread_.queue();
    owner_.service_.RequestCall(&*context_, &*stream_, &queue, &queue, static_cast<Event*>(this));
  }

  void ready(bool ok) override {
    if (finishing_) {
      finishing_ = false;
      post();
    } else if (ok) {
      finishing_ = true;
      owner_.thread_.counters().count(kUnserved, Code::kUnimplemented);
      stream_->Finish(
          {grpc::StatusCode::UNIMPLEMENTED, context_->method() + ": not available in this version"},
          static_cast<Event*>(this));
    } else {
      owner_.thread_.ended();
    }
  }

 private:
  UnservedCalls& owner_;
  std::optional<grpc::GenericServerContext> context_;
  std::optional<grpc::GenericServerAsyncReaderWriter> stream_;
  bool finishing_ = false;
};

UnservedCalls::UnservedCalls(RequestThread& thread, grpc::AsyncGenericService& service)
    : thread_(thread), service_(service) {}

UnservedCalls::~UnservedCalls() = default;

void UnservedCalls::post() {
  for (int i = 0; i < kPosted; ++i) {
    calls_.push_back(std::make_unique<Call>(*this));
    thread_.started();
    calls_.back()->post();
  }
}

}  // namespace flashkv
