#include "server/front/grpc/grpc_server.h"

#include <grpc/grpc.h>
#include <grpc/support/log.h>
#include <grpcpp/ext/proto_server_reflection_plugin.h>
#include <grpcpp/resource_quota.h>
#include <grpcpp/server_builder.h>

#include <chrono>
#include <thread>
#include <vector>

#include "server/front/grpc/request_thread.h"
#include "server/front/grpc/stream_call.h"
#include "server/front/grpc/table_service.h"
#include "server/front/grpc/unary_call.h"
#include "server/front/grpc/unserved_calls.h"
#include "server/process/log.h"

namespace flashkv {
namespace {

constexpr int kPingIntervalMs = 5'000;          // clients may ping this often, even without calls
constexpr int kKeepaliveMs = 60'000;            // a connection idle this long is probed ...
constexpr int kKeepaliveTimeoutMs = 20'000;     // ... and closed when it stays silent this long
constexpr int kReflectionThreads = 16;          // the library's own, one per open reflection stream
constexpr Nanos kLinger = 50 * kNanosPerMilli;  // for the last replies to be sent

// gRPC's own messages are logged at debug level. A failing accept is an error: that listener never takes
// another connection.
void log_from_grpc(gpr_log_func_args* args) {
  const bool deaf = args->severity == GPR_LOG_SEVERITY_ERROR &&
                    std::string_view(args->message).find("accept") != std::string_view::npos;
  log::write(deaf ? log::Level::kError : log::Level::kDebug, "grpc", {{"detail", args->message}});
}

void set_limits(const Config& config, grpc::ServerBuilder& builder) {
  builder.SetMaxReceiveMessageSize(static_cast<int>(config.limits.max_request_bytes + kEnvelopeBytes));
  builder.SetMaxSendMessageSize(-1);
  builder.AddChannelArgument(GRPC_ARG_MAX_CONCURRENT_STREAMS, static_cast<int>(config.max_streams));
  builder.AddChannelArgument(GRPC_ARG_ALLOW_REUSEPORT, 0);
  builder.AddChannelArgument(GRPC_ARG_HTTP2_MIN_RECV_PING_INTERVAL_WITHOUT_DATA_MS, kPingIntervalMs);
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_PERMIT_WITHOUT_CALLS, 1);
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIME_MS, kKeepaliveMs);
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, kKeepaliveTimeoutMs);
  // gRPC decompresses a message before it checks the size, so compressed messages are refused.
  builder.SetCompressionAlgorithmSupportStatus(GRPC_COMPRESS_GZIP, false);
  builder.SetCompressionAlgorithmSupportStatus(GRPC_COMPRESS_DEFLATE, false);
  grpc::ResourceQuota quota("kvd");
  quota.SetMaxThreads(kReflectionThreads);
  quota.Resize(max_received_bytes(config));
  builder.SetResourceQuota(quota);
  builder.SetSyncServerOption(grpc::ServerBuilder::SyncServerOption::NUM_CQS, 1);
  builder.SetSyncServerOption(grpc::ServerBuilder::SyncServerOption::MIN_POLLERS, 1);
  builder.SetSyncServerOption(grpc::ServerBuilder::SyncServerOption::MAX_POLLERS, 1);
}

std::string with_port(const std::string& listen, int port) {
  if (listen.starts_with("unix:")) return listen;
  return listen.substr(0, listen.rfind(':') + 1) + std::to_string(port);
}

}  // namespace

std::uint64_t max_received_bytes(const Config& config) {
  return config.max_connections * kConnectionBytes + kQueuesInTransit * config.store.limits.max_queue_bytes +
         kRequestsInTransit * config.limits.max_request_bytes;
}

struct GrpcServer::Wiring {
  TableServices services;
  grpc::AsyncGenericService unserved;
  std::vector<std::unique_ptr<RequestThread>> threads;
  std::unique_ptr<grpc::Server> server;
};

GrpcServer::GrpcServer(const Config& config, Services services)
    : config_(config), services_(services), wiring_(std::make_unique<Wiring>()) {}

GrpcServer::~GrpcServer() { stop(0); }

Status GrpcServer::start() {
  gpr_set_log_function(log_from_grpc);
  grpc::reflection::InitProtoReflectionServerBuilderPlugin();
  Wiring& w = *wiring_;
  grpc::ServerBuilder builder;
  set_limits(config_, builder);
  int port = 0;
  builder.AddListeningPort(config_.listen, grpc::InsecureServerCredentials(), &port);
  for (const auto& service : w.services.all) builder.RegisterService(service.get());
  builder.RegisterAsyncGenericService(&w.unserved);
  std::vector<std::unique_ptr<grpc::ServerCompletionQueue>> queues;
  for (unsigned i = 0; i < config_.threads; ++i) queues.push_back(builder.AddCompletionQueue());
  w.server = builder.BuildAndStart();
  if (!w.server) {
    for (auto& queue : queues) queue->Shutdown();
    return {Code::kUnavailable, "--listen: cannot listen on " + config_.listen};
  }
  address_ = with_port(config_.listen, port);
  for (auto& queue : queues) {
    auto& thread = w.threads.emplace_back(std::make_unique<RequestThread>(std::move(queue), services_));
    for (std::size_t i = 0; i < method_table().size(); ++i) {
      const auto row = static_cast<MethodId>(i);
      if (method_table()[row].make_unary != nullptr) {
        thread->add(std::make_unique<UnaryCalls>(*thread, *w.services.of_row[row], row));
      } else {
        thread->add(std::make_unique<StreamCalls>(*thread, *w.services.of_row[row], row));
      }
    }
    thread->add(std::make_unique<UnservedCalls>(*thread, w.unserved));
  }
  for (auto& thread : w.threads) thread->start();
  return {};
}

MethodCounts GrpcServer::counts() const {
  MethodCounts sum{};
  for (const auto& thread : wiring_->threads) thread->counters().add_to(sum);
  return sum;
}

void GrpcServer::begin_drain() {
  for (const auto& thread : wiring_->threads) thread->drain();
}

// The library's Shutdown() waits until every connection is closed, which a silent peer never does. So once no
// call is left, grpc_server_cancel_all_calls() closes the connections.
bool GrpcServer::stop(Nanos patience) {
  Wiring& w = *wiring_;
  if (!w.server) return true;
  using std::chrono::nanoseconds;
  const auto end = std::chrono::steady_clock::now() + nanoseconds(patience);
  std::thread closing([&w] { w.server->Shutdown(); });
  const auto in_flight = [&w] {
    std::uint64_t sum = 0;
    for (const auto& thread : w.threads) sum += thread->in_flight();
    return sum;
  };
  // Sleeps before the first check: calls that have already arrived must be taken first.
  do {
    std::this_thread::sleep_for(nanoseconds(kLinger));
  } while (in_flight() != 0 && std::chrono::steady_clock::now() < end);
  const bool answered = in_flight() == 0;
  grpc_server_cancel_all_calls(w.server->c_server());
  closing.join();
  for (const auto& thread : w.threads) thread->join();
  w.threads.clear();
  w.server.reset();
  return answered;
}

}  // namespace flashkv
