#include "server/front/grpc/unserved_calls.h"

#include <utility>

namespace flashkv {

class UnservedCalls::Call final : public Event {
 public:
  explicit Call(UnservedCalls& owner) : owner_(owner) {}

  void post() {
    grpc::ServerCompletionQueue& queue = owner_.thread_.queue();
    owner_.service_.RequestCall(&context_, &stream_, &queue, &queue, static_cast<Event*>(this));
  }

  void ready(bool ok) override {
    if (!ok || std::exchange(finishing_, true)) {
      owner_.ended(*this);
      return;
    }
    owner_.taken();
    stream_.Finish({grpc::StatusCode::UNIMPLEMENTED, context_.method() + ": not available in this version"},
                   static_cast<Event*>(this));
  }

 private:
  UnservedCalls& owner_;
  grpc::GenericServerContext context_;
  grpc::GenericServerAsyncReaderWriter stream_{&context_};
  bool finishing_ = false;
};

UnservedCalls::UnservedCalls(RequestThread& thread, grpc::AsyncGenericService& service)
    : thread_(thread), service_(service) {}

UnservedCalls::~UnservedCalls() = default;

void UnservedCalls::post() {
  for (int i = 0; i < kPosted; ++i) post_one();
}

void UnservedCalls::post_one() {
  auto call = std::make_unique<Call>(*this);
  thread_.started();
  call->post();
  Call* const name = call.get();
  calls_.emplace(name, std::move(call));
}

void UnservedCalls::taken() {
  thread_.counters().count(kUnserved, Code::kUnimplemented);
  post_one();
}

void UnservedCalls::ended(Call& call) {
  calls_.erase(&call);
  thread_.ended();
}

}  // namespace flashkv
