// Closed-loop Gets from one thread, and what they cost the server: the load of server_cpu.
//   get_load fill HOST:PORT KEYS                              writes KEYS records of 100-byte values
//   get_load get  HOST:PORT PID CLIENTS STREAMS REQUESTS KEYS prints one JSON object
// CLIENTS connections with STREAMS calls in flight each. Every answer is checked: status OK, a value of 100
// bytes, the key that was asked for; one that is not counts as bad.
#include <grpcpp/grpcpp.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "flashkv/v1/kv.grpc.pb.h"

namespace {

using flashkv::v1::GetRequest;
using flashkv::v1::GetResponse;
using flashkv::v1::KV;

constexpr std::size_t kValueBytes = 100;
constexpr std::uint64_t kOpsPerWrite = 1'000;

std::string key_of(std::uint64_t i) {
  std::array<char, 17> text{};
  std::snprintf(text.data(), text.size(), "key-%012llu",
                static_cast<unsigned long long>(i % 1'000'000'000'000));
  return text.data();
}

// A channel of its own: channels with equal arguments would share one connection.
std::shared_ptr<grpc::Channel> connect(const std::string& endpoint) {
  grpc::ChannelArguments arguments;
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  return grpc::CreateCustomChannel(endpoint, grpc::InsecureChannelCredentials(), arguments);
}

// utime + stime of a process, in seconds.
double cpu_seconds(const std::string& pid) {
  std::ifstream stat("/proc/" + pid + "/stat");
  std::string text;
  std::getline(stat, text);
  const std::size_t name_end = text.rfind(')');
  if (name_end == std::string::npos) return 0;
  unsigned long user = 0;
  unsigned long system = 0;
  std::sscanf(text.c_str() + name_end + 1, " %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu", &user,
              &system);
  return static_cast<double>(user + system) / static_cast<double>(sysconf(_SC_CLK_TCK));
}

struct Run {
  std::uint64_t started = 0;
  std::uint64_t limit = 0;
  std::uint64_t keys = 1;
  std::uint64_t bad = 0;

  bool more() const { return started < limit; }
  // A multiplicative walk visits the keys evenly and in no order that a cache could guess.
  std::uint64_t next_key() { return (started++ * 0x9E37'79B9'7F4A'7C15U >> 20) % keys; }
};

// One call in flight; used again for the next request.
class GetCall {
 public:
  GetCall(KV::Stub& stub, grpc::CompletionQueue& queue) : stub_(stub), queue_(queue) {}

  void start(Run& run) {
    context_.emplace();
    request_.set_key(key_of(run.next_key()));
    stub_.AsyncGet(&*context_, request_, &queue_).swap(reader_);
    reader_->Finish(&reply_, &status_, this);
  }
  bool good() const {
    return status_.ok() && reply_.kv().key() == request_.key() && reply_.kv().value().size() == kValueBytes;
  }

 private:
  KV::Stub& stub_;
  grpc::CompletionQueue& queue_;
  std::optional<grpc::ClientContext> context_;
  GetRequest request_;
  GetResponse reply_;
  grpc::Status status_;
  std::unique_ptr<grpc::ClientAsyncResponseReader<GetResponse>> reader_;
};

void drive(std::vector<std::unique_ptr<GetCall>>& calls, grpc::CompletionQueue& queue, Run& run) {
  std::size_t in_flight = 0;
  for (auto& call : calls) {
    if (!run.more()) break;
    call->start(run);
    ++in_flight;
  }
  void* tag = nullptr;
  bool ok = false;
  while (in_flight > 0 && queue.Next(&tag, &ok)) {
    GetCall& call = *static_cast<GetCall*>(tag);
    if (!ok || !call.good()) ++run.bad;
    if (run.more()) {
      call.start(run);
    } else {
      --in_flight;
    }
  }
}

int get(const std::string& endpoint, const std::string& pid, std::size_t clients, std::size_t streams,
        std::uint64_t requests, std::uint64_t keys) {
  grpc::CompletionQueue queue;
  std::vector<std::unique_ptr<KV::Stub>> stubs;
  std::vector<std::unique_ptr<GetCall>> calls;
  for (std::size_t c = 0; c < clients; ++c) {
    stubs.push_back(KV::NewStub(connect(endpoint)));
    for (std::size_t s = 0; s < streams; ++s) calls.push_back(std::make_unique<GetCall>(*stubs[c], queue));
  }
  Run warm_up{0, requests / 20 + calls.size(), keys, 0};
  drive(calls, queue, warm_up);
  Run run{0, requests, keys, warm_up.bad};
  const double cpu = cpu_seconds(pid);
  const auto start = std::chrono::steady_clock::now();
  drive(calls, queue, run);
  const std::chrono::duration<double> wall = std::chrono::steady_clock::now() - start;
  std::printf("{\"requests\":%llu,\"bad\":%llu,\"seconds\":%.6f,\"server_cpu_us_per_get\":%.4f}\n",
              static_cast<unsigned long long>(requests), static_cast<unsigned long long>(run.bad),
              wall.count(), (cpu_seconds(pid) - cpu) * 1e6 / static_cast<double>(requests));
  queue.Shutdown();
  return run.bad == 0 ? 0 : 1;
}

int fill(const std::string& endpoint, std::uint64_t keys) {
  const auto stub = KV::NewStub(connect(endpoint));
  grpc::ClientContext context;
  const auto stream = stub->Write(&context);
  flashkv::v1::WriteRequest request;
  flashkv::v1::WriteResponse reply;
  for (std::uint64_t i = 0; i < keys;) {
    request.clear_ops();
    for (std::uint64_t n = 0; n < kOpsPerWrite && i < keys; ++n, ++i) {
      auto& put = *request.add_ops()->mutable_put();
      put.set_key(key_of(i));
      put.set_value(std::string(kValueBytes, 'v'));
    }
    if (!stream->Write(request) || !stream->Read(&reply) || reply.error().code() != 0) break;
  }
  stream->WritesDone();
  const grpc::Status status = stream->Finish();
  if (status.ok() && reply.error().code() == 0) return 0;
  std::fprintf(stderr, "get_load: fill: %s%s\n", status.error_message().c_str(),
               reply.error().message().c_str());
  return 3;
}

std::uint64_t number(const char* text) { return std::strtoull(text, nullptr, 10); }

}  // namespace

int main(int argc, char** argv) {
  if (argc == 4 && std::strcmp(argv[1], "fill") == 0) return fill(argv[2], number(argv[3]));
  if (argc == 8 && std::strcmp(argv[1], "get") == 0) {
    return get(argv[2], argv[3], number(argv[4]), number(argv[5]), number(argv[6]), number(argv[7]));
  }
  std::fprintf(stderr,
               "usage: get_load fill HOST:PORT KEYS | get HOST:PORT PID CLIENTS STREAMS REQUESTS KEYS\n");
  return 2;
}
