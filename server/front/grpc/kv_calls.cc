#include "server/front/grpc/kv_calls.h"

#include "server/front/grpc/unary_call.h"
#include "server/service/kv_service.h"

namespace flashkv {
namespace {

// What all KV methods have in common: R is the request, A the reply.
template <typename R, typename A, Method Name, std::size_t Posted>
struct KvMethod {
  using Request = R;
  using Reply = A;
  using Service = ServedKv;
  static constexpr Method kMethod = Name;
  static constexpr std::size_t kPosted = Posted;
  static std::size_t weight(const R& request, const A& reply) {
    return request.ByteSizeLong() + static_cast<std::size_t>(reply.GetCachedSize());
  }
};

struct GetMethod : KvMethod<v1::GetRequest, v1::GetResponse, Method::kGet, 256> {
  static void request(Service& s, grpc::ServerContext* c, grpc::ByteBuffer* r, RawWriter* w,
                      grpc::ServerCompletionQueue& q, Event* tag) {
    s.RequestGet(c, r, w, &q, &q, tag);
  }
  static bool waits(const Request& r) { return r.at_least_revision() != 0; }
  static Started start(Session& s, const Request& r, Reply& reply, PendingCall& call) {
    return s.kv().get(s, r, reply, call);
  }
  static Status finish(Session& s, const Request& r, Reply& reply, PendingCall& call) {
    return s.kv().finish_get(s, r, call, reply);
  }
};

struct MultiGetMethod : KvMethod<v1::MultiGetRequest, v1::MultiGetResponse, Method::kMultiGet, 64> {
  static void request(Service& s, grpc::ServerContext* c, grpc::ByteBuffer* r, RawWriter* w,
                      grpc::ServerCompletionQueue& q, Event* tag) {
    s.RequestMultiGet(c, r, w, &q, &q, tag);
  }
  static bool waits(const Request& r) { return r.at_least_revision() != 0; }
  static Started start(Session& s, const Request& r, Reply& reply, PendingCall& call) {
    return s.kv().multi_get(s, r, reply, call);
  }
  static Status finish(Session& s, const Request& r, Reply& reply, PendingCall& call) {
    return s.kv().finish_multi_get(s, r, call, reply);
  }
  // The elements keep more memory than their bytes.
  static std::size_t weight(const Request& r, const Reply& reply) {
    return KvMethod::weight(r, reply) + static_cast<std::size_t>(r.keys_size()) * 128;
  }
};

struct PutMethod : KvMethod<v1::PutRequest, v1::PutResponse, Method::kPut, 256> {
  static void request(Service& s, grpc::ServerContext* c, grpc::ByteBuffer* r, RawWriter* w,
                      grpc::ServerCompletionQueue& q, Event* tag) {
    s.RequestPut(c, r, w, &q, &q, tag);
  }
  static bool waits(const Request&) { return true; }
  static Started start(Session& s, const Request& r, Reply&, PendingCall& call) {
    return s.kv().put(r, call);
  }
  static Status finish(Session& s, const Request&, Reply& reply, PendingCall& call) {
    return s.kv().finish_put(call, reply);
  }
};

struct DeleteMethod : KvMethod<v1::DeleteRequest, v1::DeleteResponse, Method::kDelete, 64> {
  static void request(Service& s, grpc::ServerContext* c, grpc::ByteBuffer* r, RawWriter* w,
                      grpc::ServerCompletionQueue& q, Event* tag) {
    s.RequestDelete(c, r, w, &q, &q, tag);
  }
  static bool waits(const Request&) { return true; }
  static Started start(Session& s, const Request& r, Reply&, PendingCall& call) {
    return s.kv().erase(r, call);
  }
  static Status finish(Session& s, const Request&, Reply& reply, PendingCall& call) {
    return s.kv().finish_erase(call, reply);
  }
};

class KvCalls final : public CallGroup {
 public:
  KvCalls(RequestThread& thread, ServedKv& service)
      : gets_(thread, service),
        multi_gets_(thread, service),
        puts_(thread, service),
        deletes_(thread, service) {}
  void post() override {
    gets_.post();
    multi_gets_.post();
    puts_.post();
    deletes_.post();
  }

 private:
  CallSet<GetMethod> gets_;
  CallSet<MultiGetMethod> multi_gets_;
  CallSet<PutMethod> puts_;
  CallSet<DeleteMethod> deletes_;
};

}  // namespace

std::unique_ptr<CallGroup> make_kv_calls(RequestThread& thread, ServedKv& service) {
  return std::make_unique<KvCalls>(thread, service);
}

}  // namespace flashkv
