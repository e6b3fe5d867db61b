// A bare asynchronous gRPC server with the messages of KV.Get and nothing behind them: what a Get would cost
// if the store cost nothing. The yardstick of server_cpu.
//   echo_server HOST:PORT THREADS
#include <grpcpp/grpcpp.h>
#include <signal.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "flashkv/v1/kv.grpc.pb.h"

namespace {

using flashkv::v1::GetRequest;
using flashkv::v1::GetResponse;
using Service = flashkv::v1::KV::WithAsyncMethod_Get<flashkv::v1::KV::Service>;

constexpr int kPosted = 256;  // calls offered per thread, as many as kvd offers
constexpr std::size_t kValueBytes = 100;

// One recycled call: waits for a request, answers it in place, waits again.
class EchoCall {
 public:
  EchoCall(Service& service, grpc::ServerCompletionQueue& queue) : service_(service), queue_(queue) {
    post();
  }

  void ready(bool ok) {
    if (answered_) {
      answered_ = false;
      post();
    } else if (ok) {
      answer();
    }
  }

 private:
  void post() {
    context_.emplace();
    writer_.emplace(&*context_);
    service_.RequestGet(&*context_, &request_, &*writer_, &queue_, &queue_, this);
  }

  void answer() {
    static const std::string value(kValueBytes, 'v');
    reply_.mutable_header()->set_revision(1'000);
    reply_.mutable_header()->set_store_id(0x0123'4567'89ab'cdef);
    auto& kv = *reply_.mutable_kv();
    kv.set_key(request_.key());
    kv.set_value(value);
    kv.set_create_revision(1'000);
    kv.set_mod_revision(1'000);
    kv.set_version(1);
    answered_ = true;
    writer_->Finish(reply_, grpc::Status::OK, this);
  }

  Service& service_;
  grpc::ServerCompletionQueue& queue_;
  std::optional<grpc::ServerContext> context_;
  std::optional<grpc::ServerAsyncResponseWriter<GetResponse>> writer_;
  GetRequest request_;
  GetResponse reply_;
  bool answered_ = false;
};

void serve(Service& service, grpc::ServerCompletionQueue& queue) {
  std::vector<std::unique_ptr<EchoCall>> calls;
  for (int i = 0; i < kPosted; ++i) calls.push_back(std::make_unique<EchoCall>(service, queue));
  void* tag = nullptr;
  bool ok = false;
  while (queue.Next(&tag, &ok)) static_cast<EchoCall*>(tag)->ready(ok);
}

void wait_for_stop(const sigset_t& signals) {
  int got = 0;
  sigwait(&signals, &got);
}

}  // namespace

int main(int argc, char** argv) {
  const int threads = argc == 3 ? std::atoi(argv[2]) : 0;
  if (threads < 1) {
    std::fprintf(stderr, "usage: echo_server HOST:PORT THREADS\n");
    return 2;
  }
  sigset_t signals;  // blocked before any thread starts, so that only sigwait() sees them
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);

  Service service;
  grpc::ServerBuilder builder;
  int port = 0;
  builder.AddListeningPort(argv[1], grpc::InsecureServerCredentials(), &port);
  builder.RegisterService(&service);
  std::vector<std::unique_ptr<grpc::ServerCompletionQueue>> queues;
  for (int i = 0; i < threads; ++i) queues.push_back(builder.AddCompletionQueue());
  const std::unique_ptr<grpc::Server> server = builder.BuildAndStart();
  if (!server) {
    for (auto& queue : queues) queue->Shutdown();
    std::fprintf(stderr, "echo_server: cannot listen on %s\n", argv[1]);
    return 3;
  }
  std::vector<std::thread> workers;
  for (auto& queue : queues) workers.emplace_back([&service, &q = *queue] { serve(service, q); });
  std::printf("listening on port %d\n", port);
  std::fflush(stdout);
  wait_for_stop(signals);
  server->Shutdown(std::chrono::system_clock::now() + std::chrono::seconds(1));
  for (auto& queue : queues) queue->Shutdown();
  for (auto& worker : workers) worker.join();
  return 0;
}
