#include "server/admin_service.h"
#include "server/front/grpc/kv_calls.h"
#include "server/front/grpc/unary_call.h"

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
  static Status finish(Session&, const R&, A&, Submission&) { return {}; }
  static std::size_t weight(const R&, const A& reply) {
    return static_cast<std::size_t>(reply.GetCachedSize());
  }
};

struct StatsMethod : AdminMethod<v1::StatsRequest, v1::StatsResponse, Method::kStats> {
  static void request(Service& s, grpc::ServerContext* c, grpc::ByteBuffer* r, RawWriter* w,
                      grpc::ServerCompletionQueue& q, Event* tag) {
    s.RequestStats(c, r, w, &q, &q, tag);
  }
  static Outcome start(Session& s, const Request&, Reply& reply, Submission&) {
    return {s.admin().stats(reply)};
  }
};

struct GetPolicyMethod
    : AdminMethod<v1::GetPublishPolicyRequest, v1::GetPublishPolicyResponse, Method::kGetPublishPolicy> {
  static void request(Service& s, grpc::ServerContext* c, grpc::ByteBuffer* r, RawWriter* w,
                      grpc::ServerCompletionQueue& q, Event* tag) {
    s.RequestGetPublishPolicy(c, r, w, &q, &q, tag);
  }
  static Outcome start(Session& s, const Request&, Reply& reply, Submission&) {
    return {s.admin().get_policy(reply)};
  }
};

struct SetPolicyMethod
    : AdminMethod<v1::SetPublishPolicyRequest, v1::SetPublishPolicyResponse, Method::kSetPublishPolicy> {
  static void request(Service& s, grpc::ServerContext* c, grpc::ByteBuffer* r, RawWriter* w,
                      grpc::ServerCompletionQueue& q, Event* tag) {
    s.RequestSetPublishPolicy(c, r, w, &q, &q, tag);
  }
  static Outcome start(Session& s, const Request& r, Reply&, Submission& submission) {
    return s.admin().set_policy(r, submission);
  }
  static Status finish(Session& s, const Request&, Reply& reply, Submission& submission) {
    return s.admin().set_policy_done(submission, reply);
  }
};

struct PublishMethod : AdminMethod<v1::PublishRequest, v1::PublishResponse, Method::kPublish> {
  static void request(Service& s, grpc::ServerContext* c, grpc::ByteBuffer* r, RawWriter* w,
                      grpc::ServerCompletionQueue& q, Event* tag) {
    s.RequestPublish(c, r, w, &q, &q, tag);
  }
  static Outcome start(Session& s, const Request&, Reply&, Submission& submission) {
    return s.admin().publish(submission);
  }
  static Status finish(Session& s, const Request&, Reply& reply, Submission& submission) {
    return s.admin().publish_done(submission, reply);
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
