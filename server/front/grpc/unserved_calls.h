// Calls of methods that are not served.
#pragma once

#include <grpcpp/generic/async_generic_service.h>

#include <memory>
#include <unordered_map>

#include "server/front/grpc/request_thread.h"

namespace flashkv {

// Purpose: ends every call that has no row, unary or streaming, at once with UNIMPLEMENTED and its name. A
//          call that is taken is replaced at once.
// Threads: its request thread.
// Limits:  kPosted calls are offered.
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
