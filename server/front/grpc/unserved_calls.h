// Calls of methods that kvd does not serve.
#pragma once

#include <grpcpp/generic/async_generic_service.h>

#include <memory>
#include <unordered_map>

#include "server/front/grpc/request_thread.h"

namespace flashkv {

// Purpose: ends every call of a method without a row, unary or streaming, at once: UNIMPLEMENTED, with the
//          method's name. A call that is taken is replaced at once.
// Threads: its request thread.
// Limits:  kPosted calls wait for clients.
class UnservedCalls final : public CallGroup {
 public:
  static constexpr int kPosted = 2;

  UnservedCalls(RequestThread& thread, grpc::AsyncGenericService& service);
  ~UnservedCalls() override;
  void post() override;

 private:
  class Call;
  void post_one();
  void taken();
  void ended(Call& call);

  RequestThread& thread_;
  grpc::AsyncGenericService& service_;
  std::unordered_map<Call*, std::unique_ptr<Call>> calls_;
};

}  // namespace flashkv
