#include "server/front/grpc/kv_calls.h"
#include "server/front/grpc/unary_call.h"
#include "server/service/admin_service.h"

namespace flashkv {
namespace {

template <typename R, typename A, Method Name>
struct AdminMethod {
  using Request = R;
  using Reply = A;
  using Service = ServedAdmin;
  static constexpr Method kMethod = Name;
  static constexpr std::size_t kPosted = 2;
  static bool waits(const R&) { return true; }
  static Status finish(Session&, const R&, A&, PendingCall&) { return {}; }
  static std::size_t weight(const R&, const A& reply) {
    return static_cast<std::size_t>(reply.GetCachedSize());
  }
};

struct StatsMethod : AdminMethod<v1::StatsRequest, v1::StatsResponse, Method::kStats> {
  static void request(Service& s, grpc::ServerContext* c, grpc::ByteBuffer* r, RawWriter* w,
                      grpc::ServerCompletionQueue& q, Event* tag) {
    s.RequestStats(c, r, w, &q, &q, tag);
  }
  static Started start(Session& s, const Request&, Reply& reply, PendingCall&) {
    return {s.admin().stats(reply)};
  }
};

struct GetPolicyMethod
    : AdminMethod<v1::GetPublishPolicyRequest, v1::GetPublishPolicyResponse, Method::kGetPublishPolicy> {
  static void request(Service& s, grpc::ServerContext* c, grpc::ByteBuffer* r, RawWriter* w,
                      grpc::ServerCompletionQueue& q, Event* tag) {
    s.RequestGetPublishPolicy(c, r, w, &q, &q, tag);
  }
  static Started start(Session& s, const Request&, Reply& reply, PendingCall&) {
    return {s.admin().get_policy(reply)};
  }
};

struct SetPolicyMethod
    : AdminMethod<v1::SetPublishPolicyRequest, v1::SetPublishPolicyResponse, Method::kSetPublishPolicy> {
  static void request(Service& s, grpc::ServerContext* c, grpc::ByteBuffer* r, RawWriter* w,
                      grpc::ServerCompletionQueue& q, Event* tag) {
    s.RequestSetPublishPolicy(c, r, w, &q, &q, tag);
  }
  static Started start(Session& s, const Request& r, Reply&, PendingCall& call) {
    return s.admin().set_policy(r, call);
  }
  static Status finish(Session& s, const Request&, Reply& reply, PendingCall& call) {
    return s.admin().finish_set_policy(call, reply);
  }
};

struct PublishMethod : AdminMethod<v1::PublishRequest, v1::PublishResponse, Method::kPublish> {
  static void request(Service& s, grpc::ServerContext* c, grpc::ByteBuffer* r, RawWriter* w,
                      grpc::ServerCompletionQueue& q, Event* tag) {
    s.RequestPublish(c, r, w, &q, &q, tag);
  }
  static Started start(Session& s, const Request&, Reply&, PendingCall& call) {
    return s.admin().publish(call);
  }
  static Status finish(Session& s, const Request&, Reply& reply, PendingCall& call) {
    return s.admin().finish_publish(call, reply);
  }
};

class AdminCalls final : public CallGroup {
 public:
  AdminCalls(RequestThread& thread, ServedAdmin& service)
      : stats_(thread, service), get_(thread, service), set_(thread, service), publish_(thread, service) {}
  void post() override {
    stats_.post();
    get_.post();
    set_.post();
    publish_.post();
  }

 private:
  CallSet<StatsMethod> stats_;
  CallSet<GetPolicyMethod> get_;
  CallSet<SetPolicyMethod> set_;
  CallSet<PublishMethod> publish_;
};

}  // namespace

std::unique_ptr<CallGroup> make_admin_calls(RequestThread& thread, ServedAdmin& service) {
  return std::make_unique<AdminCalls>(thread, service);
}

}  // namespace flashkv
