// Every method that is not served answers UNIMPLEMENTED.
#pragma once

#include <grpcpp/generic/async_generic_service.h>

#include <memory>
#include <vector>

#include "server/front/grpc/request_thread.h"

namespace flashkv {

// Purpose: the catch-all of one thread: unary or streaming, known or not, a call without a handler of its own
//          is ended at once with UNIMPLEMENTED and its name, and never hangs.
class UnservedCalls final : public CallGroup {
 public:
  UnservedCalls(RequestThread& thread, grpc::AsyncGenericService& service);
  ~UnservedCalls() override;
  void post() override;

 private:
  class Call;
  RequestThread& thread_;
  grpc::AsyncGenericService& service_;
  std::vector<std::unique_ptr<Call>> calls_;
};

}  // namespace flashkv
