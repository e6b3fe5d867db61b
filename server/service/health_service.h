// grpc.health.v1, independent of the transport.
#pragma once

#include "grpc/health/v1/health.pb.h"
#include "server/service/pending_call.h"
#include "server/service/server_stream.h"

namespace flashkv {

// Answers at once; a name that HealthState does not know is NOT_FOUND.
Started check_health(const HealthState& health, const grpc::health::v1::HealthCheckRequest& request,
                     grpc::health::v1::HealthCheckResponse& reply);

// Purpose: Watch: sends the state at once and again whenever it changes. When the server drains, it sends
//          NOT_SERVING and ends with UNAVAILABLE. An unknown name gets SERVICE_UNKNOWN, and the stream stays
//          open.
// Threads: its session's.
// Limits:  one message in flight; a slow client gets only the latest state.
class HealthWatch final : public StreamHandler {
 public:
  explicit HealthWatch(ServerStream& stream) : stream_(stream) {}

  void on_open() override { stream_.read(); }
  void on_message(google::protobuf::io::ZeroCopyInputStream& bytes, std::size_t size) override;
  void on_writable() override;
  void on_end() override;
  void on_timer() override;
  void on_notice() override { go_on(); }
  bool delays_stop() const override { return false; }

 private:
  using Serving = grpc::health::v1::HealthCheckResponse::ServingStatus;

  Serving now() const;
  void go_on();
  void finish(Status status);

  ServerStream& stream_;
  bool asked_ = false;  // the client's message has arrived
  std::string service_;
  bool known_ = false;  // it named a service that exists
  bool writing_ = false;
  bool finished_ = false;
  Serving told_ = grpc::health::v1::HealthCheckResponse::UNKNOWN;
};

}  // namespace flashkv
