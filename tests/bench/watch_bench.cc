// What watches cost a request thread, without a transport: reading the history, finding the watches, making
// the replies.
//   watch_bench [--watches N] [--prefixes N] [--mutations N] [--batch N]
//
// N watches in equal parts on so many prefixes, 100 to a stream; then Puts of 100 bytes to keys of all
// prefixes, `batch` to a publish. Printed is the thread's time for each mutation and for each event that a
// watch gets.
#include <charconv>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <deque>
#include <memory>
#include <string>
#include <vector>

#include <google/protobuf/io/zero_copy_stream_impl_lite.h>

#include "server/service/admin_service.h"
#include "server/service/kv_service.h"
#include "server/service/watch/watch_hub.h"
#include "server/service/watch/watch_stream.h"

namespace flashkv::bench {
namespace {

constexpr std::uint64_t kHistory = std::uint64_t{64} << 20;
constexpr std::uint64_t kWatchesOfStream = 100;

struct Options {
  std::uint64_t watches = 10'000;
  std::uint64_t prefixes = 1'000;
  std::uint64_t mutations = 100'000;
  std::uint64_t batch = 100;
};

// Keeps the calls that are handed back until the loop takes them.
class Mailbox final : public CompletionSink {
 public:
  void complete(Request* first) noexcept override {
    for (; first != nullptr; first = first->next) {
      if (auto* call = static_cast<PendingCall*>(first); call->waiter != nullptr) calls_.push_back(call);
    }
  }
  bool deliver() {
    if (calls_.empty()) return false;
    PendingCall* const call = calls_.front();
    calls_.pop_front();
    call->waiter->resume(*call);
    return true;
  }

 private:
  std::deque<PendingCall*> calls_;
};

// A client that takes every reply at once.
class Sinkhole final : public ServerStream {
 public:
  Sinkhole(Session& session, Mailbox& mailbox) : session_(session), mailbox_(mailbox) {}
  void open() {
    handler_ = std::make_unique<WatchStream>(*this);
    handler_->on_open();
  }
  void send(const v1::WatchRequest& request) {
    const std::string bytes = request.SerializeAsString();
    google::protobuf::io::ArrayInputStream in(bytes.data(), static_cast<int>(bytes.size()));
    handler_->on_message(in, bytes.size());
  }
  void take() {
    while (std::exchange(writing_, false)) handler_->on_writable();
  }

  void read() override {}
  void write(MessageBytes bytes, bool) override {
    writing_ = true;
    bytes_ += bytes.size();
    ++replies_;
  }
  bool writable() const override { return !writing_; }
  std::size_t bytes_in_flight() const override { return 0; }
  bool gone() const override { return false; }
  void finish(Status) override {}
  void cut(Status) override {}
  void wake_after(Nanos) override {}
  void count(Code) override {}
  Session& session() override { return session_; }
  CompletionSink& completions() override { return mailbox_; }
  Nanos deadline() const override { return kNever; }
  bool draining() const override { return false; }
  std::uint64_t bytes() const { return bytes_; }
  std::uint64_t replies() const { return replies_; }

 private:
  Session& session_;
  Mailbox& mailbox_;
  std::unique_ptr<WatchStream> handler_;
  bool writing_ = false;
  std::uint64_t bytes_ = 0;
  std::uint64_t replies_ = 0;
};

std::string prefix_of(std::uint64_t n) {
  std::string prefix = "tenant-";
  return prefix.append(std::to_string(n)).append("/");
}

void publish_batch(Store& store, std::uint64_t first, const Options& o) {
  std::vector<std::string> keys(o.batch);
  std::vector<Op> ops(o.batch);
  const std::string value(100, 'v');
  for (std::uint64_t i = 0; i < o.batch; ++i) {
    keys[i] = prefix_of((first + i) * 7'919 % o.prefixes).append("key");
    ops[i].kind = OpKind::kPut;
    ops[i].key = keys[i];
    ops[i].record = Record::make(keys[i], value, Record::Expiry::kNone);
  }
  Mailbox nobody;
  std::deque<PendingCall> calls(o.batch);  // a revision each
  for (std::uint64_t i = 0; i < o.batch; ++i) {
    calls[i].ops = {&ops[i], 1};
    calls[i].sink = &nobody;
    if (!store.submit(calls[i]).ok()) std::abort();
  }
  while (store.published_revision() < store.assigned_revision() || store.stats().writer.queue_requests != 0)
    store.step();
}

void run(const Options& o) {
  StoreOptions options;
  options.limits.watch_history_bytes = kHistory;
  Status why;
  const auto store = Store::open(options, why);
  RequestLimits limits;
  limits.max_watches = o.watches;
  KvService kv(*store, limits);
  AdminService admin(*store, 1);
  HealthState health;
  Session session(Services{*store, kv, admin, health, system_clock()});
  session.open_reader();
  Mailbox mailbox;
  std::deque<Sinkhole> streams;
  for (std::uint64_t n = 0; n < o.watches; ++n) {
    if (n % kWatchesOfStream == 0) streams.emplace_back(session, mailbox).open();
    v1::WatchRequest request;
    request.mutable_create()->set_prefix(prefix_of(n % o.prefixes));
    streams.back().send(request);
    streams.back().take();
  }
  std::chrono::nanoseconds spent{0};
  for (std::uint64_t first = 0; first < o.mutations; first += o.batch) {
    publish_batch(*store, first, o);
    const auto began = std::chrono::steady_clock::now();
    while (mailbox.deliver()) {
      for (Sinkhole& s : streams) s.take();
    }
    spent += std::chrono::steady_clock::now() - began;
  }
  std::uint64_t bytes = 0, replies = 0;
  for (const Sinkhole& s : streams) {
    bytes += s.bytes();
    replies += s.replies();
  }
  const auto events =
      static_cast<double>(o.mutations) * static_cast<double>(o.watches) / static_cast<double>(o.prefixes);
  const auto ns = static_cast<double>(spent.count());
  std::printf("%llu watches on %llu prefixes, %llu mutations, %llu a publish\n",
              static_cast<unsigned long long>(o.watches), static_cast<unsigned long long>(o.prefixes),
              static_cast<unsigned long long>(o.mutations), static_cast<unsigned long long>(o.batch));
  std::printf("  %.0f ns a mutation, %.0f ns an event sent; %.0f events in %llu replies, %.1f MB\n",
              ns / static_cast<double>(o.mutations), events > 0 ? ns / events : 0, events,
              static_cast<unsigned long long>(replies), static_cast<double>(bytes) / 1e6);
  streams.clear();
  session.close_reader();
}

bool parse(int argc, char** argv, Options& o) {
  for (int i = 1; i + 1 < argc; i += 2) {
    std::uint64_t* const to = std::strcmp(argv[i], "--watches") == 0     ? &o.watches
                              : std::strcmp(argv[i], "--prefixes") == 0  ? &o.prefixes
                              : std::strcmp(argv[i], "--mutations") == 0 ? &o.mutations
                              : std::strcmp(argv[i], "--batch") == 0     ? &o.batch
                                                                         : nullptr;
    const char* const end = argv[i + 1] + std::strlen(argv[i + 1]);
    if (to == nullptr || std::from_chars(argv[i + 1], end, *to).ptr != end) return false;
  }
  return argc % 2 == 1 && o.watches > 0 && o.prefixes > 0 && o.batch > 0;
}

}  // namespace
}  // namespace flashkv::bench

int main(int argc, char** argv) {
  flashkv::bench::Options options;
  if (!flashkv::bench::parse(argc, argv, options)) {
    std::fprintf(stderr, "usage: watch_bench [--watches N] [--prefixes N] [--mutations N] [--batch N]\n");
    return 2;
  }
  flashkv::bench::run(options);
  return 0;
}
