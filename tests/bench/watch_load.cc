// Watches over gRPC while keys change at a fixed rate, and what they cost the server: the load of watch_cost.
//   watch_load HOST:PORT PID WATCHES PREFIXES RATE SECONDS     prints one JSON object
// WATCHES in equal parts on so many prefixes, 100 to a stream and ten connections in all; RATE puts of 100
// bytes a second over one Write stream, spread over the prefixes. A value carries the time it was sent. Every
// event is counted and its place in the order of its stream's watch checked.
#include <grpcpp/grpcpp.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <memory>
#include <string>
#include <thread>
#include <unordered_map>
#include <vector>

#include "flashkv/v1/kv.grpc.pb.h"

namespace {

using flashkv::v1::KV;
using flashkv::v1::WatchRequest;
using flashkv::v1::WatchResponse;

constexpr std::size_t kValueBytes = 100;
constexpr std::uint64_t kWatchesOfStream = 100;
constexpr std::uint64_t kConnections = 10;
constexpr std::uint64_t kBatchesPerSecond = 100;
constexpr std::chrono::seconds kQuiet{10};  // without an event: the rest is missing

std::int64_t now_us() {
  const auto now = std::chrono::steady_clock::now().time_since_epoch();
  return std::chrono::duration_cast<std::chrono::microseconds>(now).count();
}

std::string prefix_of(std::uint64_t i) { return "watched/" + std::to_string(i) + "/"; }

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

struct Counters {
  std::atomic<std::uint64_t> created{0};
  std::atomic<std::uint64_t> events{0};
  std::atomic<std::uint64_t> bad{0};
};

// One stream and its watches. Reads and writes may come at the same time; they share nothing.
class Stream final : public grpc::ClientBidiReactor<WatchRequest, WatchResponse> {
 public:
  Stream(KV::Stub& stub, Counters& counters, std::uint64_t first, std::uint64_t end, std::uint64_t prefixes)
      : counters_(counters), next_(first), end_(end), prefixes_(prefixes) {
    stub.async()->Watch(&context_, this);
    send_next();
    StartRead(&reply_);
    StartCall();
  }
  ~Stream() override {
    context_.TryCancel();
    while (!done_) std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  const std::vector<std::uint32_t>& lags_us() const { return lags_us_; }

 private:
  void send_next() {
    if (next_ == end_) return;
    request_.mutable_create()->set_watch_id(next_ + 1);
    request_.mutable_create()->set_prefix(prefix_of(next_ % prefixes_));
    ++next_;
    StartWrite(&request_);
  }
  void OnWriteDone(bool ok) override {
    if (ok) send_next();
  }
  void OnReadDone(bool ok) override {
    if (!ok) return;
    if (reply_.canceled()) ++counters_.bad;
    if (reply_.created()) ++counters_.created;
    take_events();
    StartRead(&reply_);
  }
  void take_events() {
    const std::int64_t now = now_us();
    std::uint64_t& seen = seen_[reply_.watch_id()];
    const std::string prefix = prefix_of((reply_.watch_id() - 1) % prefixes_);
    for (const auto& event : reply_.events()) {
      const auto& kv = event.kv();
      std::int64_t sent = 0;
      if (kv.value().size() == kValueBytes) std::memcpy(&sent, kv.value().data(), sizeof sent);
      const bool good = sent != 0 && kv.mod_revision() >= seen && kv.key().starts_with(prefix);
      counters_.bad += good ? 0 : 1;
      seen = kv.mod_revision();
      lags_us_.push_back(static_cast<std::uint32_t>(std::max<std::int64_t>(now - sent, 0)));
    }
    counters_.events += static_cast<std::uint64_t>(reply_.events_size());
  }
  void OnDone(const grpc::Status&) override { done_ = true; }

  Counters& counters_;
  grpc::ClientContext context_;
  WatchRequest request_;
  WatchResponse reply_;
  std::uint64_t next_;
  const std::uint64_t end_;
  const std::uint64_t prefixes_;
  std::unordered_map<std::uint64_t, std::uint64_t> seen_;  // by watch: the last revision
  std::vector<std::uint32_t> lags_us_;
  std::atomic<bool> done_{false};
};

// Puts at a fixed rate; how many, or 0 if one failed.
std::uint64_t put(KV::Stub& stub, std::uint64_t prefixes, std::uint64_t rate, std::uint64_t seconds) {
  grpc::ClientContext context;
  const auto stream = stub.Write(&context);
  flashkv::v1::WriteRequest request;
  flashkv::v1::WriteResponse reply;
  std::uint64_t done = 0;
  auto due = std::chrono::steady_clock::now();
  std::string value(kValueBytes, 'v');
  for (std::uint64_t batch = 0; batch < seconds * kBatchesPerSecond; ++batch) {
    std::this_thread::sleep_until(due);
    due += std::chrono::microseconds(1'000'000 / kBatchesPerSecond);
    request.clear_ops();
    const std::int64_t now = now_us();
    std::memcpy(value.data(), &now, sizeof now);
    for (std::uint64_t n = 0; n < rate / kBatchesPerSecond; ++n, ++done) {
      auto& put = *request.add_ops()->mutable_put();
      put.set_key(prefix_of(done % prefixes) + std::to_string(done / prefixes % 10));
      put.set_value(value);
    }
    if (!stream->Write(request) || !stream->Read(&reply) || reply.error().code() != 0) return 0;
  }
  stream->WritesDone();
  return stream->Finish().ok() ? done : 0;
}

// Waits until the counter has reached `wanted`, or has not moved for long.
bool wait_for(const std::atomic<std::uint64_t>& counter, std::uint64_t wanted) {
  auto moved = std::chrono::steady_clock::now();
  for (std::uint64_t last = counter; counter < wanted;) {
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
    const auto now = std::chrono::steady_clock::now();
    if (const std::uint64_t is = counter; is != last) {
      last = is;
      moved = now;
    } else if (now - moved > kQuiet) {
      return false;
    }
  }
  return true;
}

int run(const std::string& endpoint, const std::string& pid, std::uint64_t watches, std::uint64_t prefixes,
        std::uint64_t rate, std::uint64_t seconds) {
  Counters counters;
  grpc::ChannelArguments own_connection;
  own_connection.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  std::vector<std::unique_ptr<KV::Stub>> stubs;
  for (std::uint64_t i = 0; i < kConnections; ++i) {
    stubs.push_back(
        KV::NewStub(grpc::CreateCustomChannel(endpoint, grpc::InsecureChannelCredentials(), own_connection)));
  }
  std::vector<std::unique_ptr<Stream>> streams;
  for (std::uint64_t first = 0; first < watches; first += kWatchesOfStream) {
    const std::uint64_t end = std::min(watches, first + kWatchesOfStream);
    streams.push_back(
        std::make_unique<Stream>(*stubs[streams.size() % kConnections], counters, first, end, prefixes));
  }
  if (!wait_for(counters.created, watches)) {
    std::fprintf(stderr, "watch_load: the server did not take all watches\n");
    return 3;
  }
  const double cpu = cpu_seconds(pid);
  const std::uint64_t puts = put(*stubs[0], prefixes, rate, seconds);
  const bool whole = puts != 0 && wait_for(counters.events, puts * (watches / prefixes));
  const double used = cpu_seconds(pid) - cpu;
  std::vector<std::uint32_t> lags;
  for (const auto& stream : streams)
    lags.insert(lags.end(), stream->lags_us().begin(), stream->lags_us().end());
  streams.clear();
  if (!whole || counters.bad != 0 || lags.size() != puts * (watches / prefixes)) {
    std::fprintf(stderr, "watch_load: %llu puts, %zu events, %llu of them wrong\n",
                 static_cast<unsigned long long>(puts), lags.size(),
                 static_cast<unsigned long long>(counters.bad));
    return 1;
  }
  std::sort(lags.begin(), lags.end());
  const double events = static_cast<double>(lags.size());
  std::printf(
      "{\"puts\":%llu,\"events\":%.0f,\"server_cpu_us_per_put\":%.3f,\"server_cpu_us_per_event\":%.3f,"
      "\"lag_p50_us\":%u,\"lag_p99_us\":%u,\"lag_max_us\":%u}\n",
      static_cast<unsigned long long>(puts), events, used * 1e6 / static_cast<double>(puts),
      used * 1e6 / events, lags[lags.size() / 2], lags[lags.size() - 1 - lags.size() / 100], lags.back());
  return 0;
}

std::uint64_t number(const char* text) { return std::strtoull(text, nullptr, 10); }

}  // namespace

int main(int argc, char** argv) {
  if (argc != 7 || number(argv[4]) == 0 || number(argv[3]) % number(argv[4]) != 0 ||
      number(argv[5]) < kBatchesPerSecond) {
    std::fprintf(stderr,
                 "usage: watch_load HOST:PORT PID WATCHES PREFIXES RATE SECONDS\n"
                 "WATCHES is a multiple of PREFIXES, RATE at least 100\n");
    return 2;
  }
  return run(argv[1], argv[2], number(argv[3]), number(argv[4]), number(argv[5]), number(argv[6]));
}
