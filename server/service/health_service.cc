#include "server/service/health_service.h"

#include <utility>

namespace flashkv {
namespace {

namespace health = grpc::health::v1;
constexpr Code kNotFound{5};
constexpr Nanos kJournalGap = 1'000 * kNanosPerMilli;

health::HealthCheckResponse::ServingStatus status_of(const HealthState& state, const std::string& name) {
  return state.serving(name) ? health::HealthCheckResponse::SERVING
                             : health::HealthCheckResponse::NOT_SERVING;
}

}  // namespace

Started check_health(const HealthState& health, const health::HealthCheckRequest& request,
                     health::HealthCheckResponse& reply) {
  if (!health.knows(request.service())) return {{kNotFound, "service: unknown name"}};
  reply.set_status(status_of(health, request.service()));
  return {};
}

void HealthWatch::on_message(google::protobuf::io::ZeroCopyInputStream& bytes, std::size_t) {
  health::HealthCheckRequest request;
  if (!request.ParseFromZeroCopyStream(&bytes)) {
    finish({Code::kInvalidArgument, "the message is not a HealthCheckRequest"});
    return;
  }
  asked_ = true;
  service_ = request.service();
  known_ = stream_.session().health().knows(service_);
  if (service_ == HealthState::kJournalName) stream_.wake_after(kJournalGap);
  stream_.count(Code::kOk);
  go_on();
}

void HealthWatch::on_writable() {
  writing_ = false;
  go_on();
}

void HealthWatch::on_end() {
  if (!asked_) finish({Code::kInvalidArgument, "the stream ended without a HealthCheckRequest"});
  go_on();
}

// The journal's thread has no way to tell a stream.
void HealthWatch::on_timer() {
  if (finished_) return;
  stream_.wake_after(kJournalGap);
  go_on();
}

HealthWatch::Serving HealthWatch::now() const {
  return known_ ? status_of(stream_.session().health(), service_)
                : health::HealthCheckResponse::SERVICE_UNKNOWN;
}

void HealthWatch::go_on() {
  if (finished_ || writing_) return;
  if (stream_.gone()) {
    finish({});
  } else if (asked_ && now() != told_) {
    told_ = now();
    health::HealthCheckResponse reply;
    reply.set_status(told_);
    writing_ = true;
    stream_.write(MessageBytes(reply), false);
  } else if (stream_.draining()) {
    finish({Code::kUnavailable, "the server is draining"});
  }
}

void HealthWatch::finish(Status status) {
  if (std::exchange(finished_, true)) return;
  stream_.finish(std::move(status));
}

}  // namespace flashkv
