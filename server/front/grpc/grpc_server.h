// The gRPC front.
#pragma once

#include <memory>
#include <string>

#include "server/config/config.h"
#include "server/front/front.h"
#include "server/service/session.h"

namespace flashkv {

// The terms of max_received_bytes(): what the library may hold of received data, over all connections.
inline constexpr std::uint64_t kConnectionBytes = std::uint64_t{64} << 10;  // buffers of one connection
inline constexpr std::uint64_t kQueuesInTransit = 2;     // a full queue's messages, received and parsed
inline constexpr std::uint64_t kRequestsInTransit = 64;  // of the largest size, partly received
std::uint64_t max_received_bytes(const Config& config);

// Purpose: serves the method table and reflection through gRPC's C++ library, on one address, with
//          Config::threads request threads.
// Lifetime: `config` outlives it.
// Limits:  from Config: message size, streams per connection, max_received_bytes().
class GrpcServer final : public Front {
 public:
  GrpcServer(const Config& config, Services services);
  ~GrpcServer() override;

  Status start() override;
  const std::string& address() const override { return address_; }
  MethodCounts counts() const override;
  void begin_drain() override;
  bool stop(Nanos patience) override;

 private:
  struct Wiring;
  const Config& config_;
  Services services_;
  std::string address_;
  std::unique_ptr<Wiring> wiring_;
};

}  // namespace flashkv
