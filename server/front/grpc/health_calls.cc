#include "server/front/grpc/health_calls.h"

#include <grpcpp/support/async_stream.h>

#include <unordered_map>
#include <unordered_set>

#include "server/front/grpc/unary_call.h"

namespace flashkv {
namespace {

namespace health = grpc::health::v1;
using Serving = health::HealthCheckResponse::ServingStatus;
constexpr Code kNotFound{5};

Serving status_of(const HealthState& state) {
  return state.serving() ? health::HealthCheckResponse::SERVING : health::HealthCheckResponse::NOT_SERVING;
}

struct CheckMethod {
  using Request = health::HealthCheckRequest;
  using Reply = health::HealthCheckResponse;
  using Service = HealthService;
  static constexpr Method kMethod = Method::kHealthCheck;
  static constexpr std::size_t kPosted = 8;
  static void request(Service& s, grpc::ServerContext* c, grpc::ByteBuffer* r, RawWriter* w,
                      grpc::ServerCompletionQueue& q, Event* tag) {
    s.RequestCheck(c, r, w, &q, &q, tag);
  }
  static bool waits(const Request&) { return false; }
  static Started start(Session& s, const Request& r, Reply& reply, PendingCall&) {
    if (!HealthState::knows(r.service())) return {{kNotFound, "service: no such name"}};
    reply.set_status(status_of(s.health()));
    return {};
  }
  static Status finish(Session&, const Request&, Reply&, PendingCall&) { return {}; }
  static std::size_t weight(const Request& r, const Reply&) { return r.ByteSizeLong(); }
};

class HealthCalls;

// One watcher: written to when the state differs from what it was told last.
class WatchCall {
 public:
  explicit WatchCall(HealthCalls& owner) : owner_(owner) {}
  void post();
  void tell();

 private:
  void on_open(bool ok);
  void on_write(bool ok);
  void on_gone(bool);
  void on_finish(bool);
  void finish();
  void close_when_done();

  HealthCalls& owner_;
  grpc::ServerContext context_;
  health::HealthCheckRequest request_;
  health::HealthCheckResponse told_;
  grpc::ServerAsyncWriter<health::HealthCheckResponse> writer_{&context_};
  bool told_once_ = false;
  bool writing_ = false;
  bool gone_ = false;  // the client left, or the call has ended: its last event but one
  bool finishing_ = false;
  bool finished_ = false;
  MemberEvent<WatchCall, &WatchCall::on_open> open_event_{*this};
  MemberEvent<WatchCall, &WatchCall::on_write> write_event_{*this};
  MemberEvent<WatchCall, &WatchCall::on_gone> gone_event_{*this};
  MemberEvent<WatchCall, &WatchCall::on_finish> finish_event_{*this};
};

class HealthCalls final : public CallGroup {
 public:
  HealthCalls(RequestThread& thread, HealthService& service)
      : thread_(thread), service_(service), checks_(thread, service) {}

  void post() override {
    checks_.post();
    for (int i = 0; i < 2; ++i) post_watch();
  }
  void notice() override {
    for (WatchCall* watch : open_) watch->tell();
  }
  void opened(WatchCall& watch) {
    open_.insert(&watch);
    thread_.counters().count(Method::kHealthWatch, Code::kOk);
    post_watch();
  }
  void closed(WatchCall& watch) {
    open_.erase(&watch);
    all_.erase(&watch);
    thread_.ended();
  }
  RequestThread& thread() { return thread_; }
  HealthService& service() { return service_; }

 private:
  void post_watch() {
    auto watch = std::make_unique<WatchCall>(*this);
    thread_.started();
    watch->post();
    WatchCall* const name = watch.get();
    all_.emplace(name, std::move(watch));
  }

  RequestThread& thread_;
  HealthService& service_;
  CallSet<CheckMethod> checks_;
  std::unordered_map<WatchCall*, std::unique_ptr<WatchCall>> all_;
  std::unordered_set<WatchCall*> open_;
};

void WatchCall::post() {
  context_.AsyncNotifyWhenDone(static_cast<Event*>(&gone_event_));
  grpc::ServerCompletionQueue& queue = owner_.thread().queue();
  owner_.service().RequestWatch(&context_, &request_, &writer_, &queue, &queue,
                                static_cast<Event*>(&open_event_));
}

void WatchCall::on_open(bool ok) {
  if (!ok) {
    owner_.closed(*this);
    return;
  }
  owner_.opened(*this);
  tell();
}

void WatchCall::tell() {
  if (writing_ || finishing_) return;
  const Serving now = HealthState::knows(request_.service()) ? status_of(owner_.thread().session().health())
                                                             : health::HealthCheckResponse::SERVICE_UNKNOWN;
  if (gone_ || (told_once_ && told_.status() == now)) {
    if (gone_ || owner_.thread().draining()) finish();
    return;
  }
  told_once_ = writing_ = true;
  told_.set_status(now);
  writer_.Write(told_, static_cast<Event*>(&write_event_));
}

void WatchCall::on_write(bool) {
  writing_ = false;
  tell();
}

void WatchCall::on_gone(bool) {
  gone_ = true;
  tell();
  close_when_done();
}

void WatchCall::finish() {
  finishing_ = true;
  writer_.Finish({grpc::StatusCode::UNAVAILABLE, "the server is draining"},
                 static_cast<Event*>(&finish_event_));
}

void WatchCall::on_finish(bool) {
  finished_ = true;
  close_when_done();
}

void WatchCall::close_when_done() {
  if (finished_ && gone_ && !writing_) owner_.closed(*this);
}

}  // namespace

std::unique_ptr<CallGroup> make_health_calls(RequestThread& thread, HealthService& service) {
  return std::make_unique<HealthCalls>(thread, service);
}

}  // namespace flashkv
