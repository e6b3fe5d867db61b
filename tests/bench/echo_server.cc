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
#include <utility>
#include <vector>

#include "flashkv/v1/kv.grpc.pb.h"

namespace {

using flashkv::v1::GetRequest;
using flashkv::v1::GetResponse;
using Service = flashkv::v1::KV::WithAsyncMethod_Get<flashkv::v1::KV::Service>;

// As in kvd (server/front/grpc/unary_call.h): what a call costs depends on how many wait for clients.
constexpr std::size_t kPosted = 8;     // calls that wait for clients, per thread
constexpr std::size_t kMaxSpare = 64;  // idle calls kept for reuse, per thread
constexpr std::size_t kValueBytes = 100;

class EchoThread;

// Receives one request, answers it in place, and is reused.
class EchoCall {
 public:
  explicit EchoCall(EchoThread& owner) : owner_(owner) {}

  void post();
  void ready(bool ok);

 private:
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

  EchoThread& owner_;
  std::optional<grpc::ServerContext> context_;
  std::optional<grpc::ServerAsyncResponseWriter<GetResponse>> writer_;
  GetRequest request_;
  GetResponse reply_;
  bool answered_ = false;
};

// One queue and its calls. A call that is taken is replaced at once. run() returns once the server is shut
// down and every call has ended.
class EchoThread {
 public:
  EchoThread(Service& echo, grpc::ServerCompletionQueue& calls) : service(echo), queue(calls) {}

  void run() {
    for (std::size_t i = 0; i < kPosted; ++i) post_one();
    void* tag = nullptr;
    bool ok = false;
    while (pending_ != 0 && queue.Next(&tag, &ok)) static_cast<EchoCall*>(tag)->ready(ok);
  }

  void post_one() {
    std::unique_ptr<EchoCall> call;
    if (spare_.empty()) {
      call = std::make_unique<EchoCall>(*this);
    } else {
      call = std::move(spare_.back());
      spare_.pop_back();
    }
    ++pending_;
    call.release()->post();
  }

  void ended(EchoCall& call) {
    std::unique_ptr<EchoCall> owned(&call);
    if (spare_.size() < kMaxSpare) spare_.push_back(std::move(owned));
    --pending_;
  }

  Service& service;
  grpc::ServerCompletionQueue& queue;

 private:
  std::vector<std::unique_ptr<EchoCall>> spare_;
  std::size_t pending_ = 0;
};

void EchoCall::post() {
  context_.emplace();
  writer_.emplace(&*context_);
  owner_.service.RequestGet(&*context_, &request_, &*writer_, &owner_.queue, &owner_.queue, this);
}

void EchoCall::ready(bool ok) {
  if (ok && !answered_) {
    owner_.post_one();
    answer();
    return;
  }
  answered_ = false;
  writer_.reset();
  context_.reset();
  owner_.ended(*this);
}

void shut_down(grpc::ServerCompletionQueue& queue) {
  queue.Shutdown();
  void* tag = nullptr;
  bool ok = false;
  while (queue.Next(&tag, &ok)) {
  }
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
  for (auto& queue : queues) workers.emplace_back([&service, &q = *queue] { EchoThread(service, q).run(); });
  std::printf("listening on port %d\n", port);
  std::fflush(stdout);
  wait_for_stop(signals);
  server->Shutdown(std::chrono::system_clock::now() + std::chrono::seconds(1));
  for (auto& worker : workers) worker.join();
  for (auto& queue : queues) shut_down(*queue);
  return 0;
}
