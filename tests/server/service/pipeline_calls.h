// Messages of a Pipeline stream.
#pragma once

#include <cstdint>
#include <string>

#include "flashkv/v1/kv.pb.h"

namespace flashkv::test {

// One message and its calls, numbered from `first` on.
class Calls {
 public:
  explicit Calls(std::uint64_t first = 1) : next_(first) {}

  v1::Call& add() {
    v1::Call& call = *message_.add_calls();
    call.set_id(next_++);
    return call;
  }
  Calls& get(const std::string& key, std::uint64_t at_least = 0) {
    v1::GetRequest& request = *add().mutable_get();
    request.set_key(key);
    request.set_at_least_revision(at_least);
    return *this;
  }
  Calls& put(const std::string& key, const std::string& value = "v", bool prev_kv = false) {
    v1::PutRequest& request = *add().mutable_put();
    request.set_key(key);
    request.set_value(value);
    request.set_prev_kv(prev_kv);
    return *this;
  }
  const v1::PipelineRequest& message() const { return message_; }

 private:
  v1::PipelineRequest message_;
  std::uint64_t next_;
};

}  // namespace flashkv::test
