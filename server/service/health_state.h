// Whether the server takes traffic.
#pragma once

#include <atomic>
#include <string_view>

namespace flashkv {

// Purpose: the state that grpc.health.v1 reports on every front.
// Threads: any.
class HealthState {
 public:
  static constexpr std::string_view kServiceName = "flashkv.v1.KV";
  // True for the names a client may ask about: "" (the whole server) and the KV service.
  static bool knows(std::string_view name) { return name.empty() || name == kServiceName; }

  bool serving() const noexcept { return serving_.load(std::memory_order_acquire); }
  void set_serving(bool serving) noexcept { serving_.store(serving, std::memory_order_release); }

 private:
  std::atomic<bool> serving_{false};
};

}  // namespace flashkv
