#include "client/kvctl/bench/load.h"

#include <grpcpp/completion_queue.h>

#include <optional>

#include "client/flashkv/messages.h"
#include "client/flashkv/transport.h"
#include "client/kvctl/interrupt.h"

namespace flashkv::kvctl {
namespace {
enum class Kind { kGet, kMultiGet, kPut };
}

void LoadResult::merge(const LoadResult& other) {
  latency_ns.merge(other.latency_ns);
  answered += other.answered;
  hits += other.hits;
  misses += other.misses;
  for (const auto& [code, count] : other.errors) errors[code] += count;
  if (first_code == client::Errc{}) {
    first_code = other.first_code;
    first_error = other.first_error;
  }
}

// One call in flight. Its messages are reused.
struct Load::Call {
  client::Client* client = nullptr;
  Kind kind = Kind::kGet;
  Clock::time_point due;
  std::optional<grpc::ClientContext> context;
  grpc::Status status;
  v1::GetRequest get;
  v1::MultiGetRequest multi_get;
  v1::PutRequest put;
  v1::GetResponse got;
  v1::MultiGetResponse multi_got;
  v1::PutResponse done;
  std::unique_ptr<grpc::ClientAsyncResponseReader<v1::GetResponse>> get_reader;
  std::unique_ptr<grpc::ClientAsyncResponseReader<v1::MultiGetResponse>> multi_get_reader;
  std::unique_ptr<grpc::ClientAsyncResponseReader<v1::PutResponse>> put_reader;
};

struct Load::State {
  State(std::vector<client::Client>& clients, const BenchSettings& wanted, std::shared_ptr<const Zipf> zipf,
        std::uint64_t seed, double per_second)
      : settings(wanted), keys(wanted, std::move(zipf), seed), rate(per_second), calls(wanted.streams) {
    for (std::size_t i = 0; i < calls.size(); ++i) {
      calls[i].client = &clients[i % clients.size()];
      calls[i].put.set_value(std::string(settings.value_size, 'v'));
      calls[i].put.set_ack(client::to_wire(settings.ack));
      idle.push_back(&calls[i]);
    }
  }

  void start(Call& call, Clock::time_point due) {
    call.due = due;
    call.context.emplace();
    call.client->transport().prepare(*call.context, call.client->options().timeout);
    auto& stub = *call.client->transport().kv;
    const bool read = keys.percent() < settings.get_percent;
    call.kind = !read ? Kind::kPut : settings.mget > 0 ? Kind::kMultiGet : Kind::kGet;
    if (call.kind == Kind::kPut) {
      keys.write_next(call.put.mutable_key());
      call.put_reader = stub.AsyncPut(&*call.context, call.put, &queue);
      call.put_reader->Finish(&call.done, &call.status, &call);
    } else if (call.kind == Kind::kMultiGet) {
      call.multi_get.clear_keys();
      for (unsigned i = 0; i < settings.mget; ++i) keys.write_next(call.multi_get.add_keys());
      call.multi_get_reader = stub.AsyncMultiGet(&*call.context, call.multi_get, &queue);
      call.multi_get_reader->Finish(&call.multi_got, &call.status, &call);
    } else {
      keys.write_next(call.get.mutable_key());
      call.get_reader = stub.AsyncGet(&*call.context, call.get, &queue);
      call.get_reader->Finish(&call.got, &call.status, &call);
    }
    ++in_flight;
  }

  void count_keys(const Call& call) {
    if (call.kind == Kind::kGet) ++(call.got.has_kv() ? result.hits : result.misses);
    if (call.kind == Kind::kMultiGet)
      for (const v1::Lookup& lookup : call.multi_got.results())
        ++(lookup.found() ? result.hits : result.misses);
  }

  void finish(Call& call) {
    --in_flight;
    const auto took = Clock::now() - call.due;
    if (call.status.ok()) {
      ++result.answered;
      count_keys(call);
      result.latency_ns.record(static_cast<std::uint64_t>(took.count() > 0 ? took.count() : 0));
    } else {
      ++result.errors[static_cast<client::Errc>(call.status.error_code())];
      if (result.first_code == client::Errc{}) {
        result.first_code = static_cast<client::Errc>(call.status.error_code());
        result.first_error = call.status.error_message();
      }
    }
    idle.push_back(&call);
  }

  // When the next request is due; in a closed loop, now.
  Clock::time_point due(Clock::time_point now) const {
    if (rate <= 0) return now;
    const auto after = std::chrono::duration<double>(static_cast<double>(issued) / rate);
    return begin + std::chrono::duration_cast<Clock::duration>(after);
  }

  const BenchSettings& settings;
  KeyStream keys;
  const double rate;
  std::vector<Call> calls;
  std::vector<Call*> idle;
  grpc::CompletionQueue queue;
  Clock::time_point begin;
  std::uint64_t issued = 0, in_flight = 0;
  LoadResult result;
};

Load::Load(std::vector<client::Client>& clients, const BenchSettings& settings,
           std::shared_ptr<const Zipf> zipf, std::uint64_t seed, double rate)
    : state_(std::make_unique<State>(clients, settings, std::move(zipf), seed, rate)) {}

Load::~Load() {
  state_->queue.Shutdown();
  void* tag = nullptr;
  bool ok = false;
  while (state_->queue.Next(&tag, &ok)) {
  }
}

LoadResult Load::run(Clock::time_point until, std::atomic<std::int64_t>& budget) {
  State& s = *state_;
  s.begin = Clock::now();
  bool open = true;
  for (;;) {
    auto now = Clock::now();
    open = open && now < until && interrupted == 0;
    while (open && !s.idle.empty() && s.due(now) <= now) {
      if (budget.fetch_sub(1, std::memory_order_relaxed) <= 0) {
        open = false;
        break;
      }
      Call& call = *s.idle.back();
      s.idle.pop_back();
      s.start(call, s.due(now));
      ++s.issued;
      now = Clock::now();
    }
    if (!open && s.in_flight == 0) return std::move(s.result);
    auto wait = now + std::chrono::milliseconds(100);
    if (open && !s.idle.empty()) wait = std::min(wait, s.due(now));
    if (open) wait = std::min(wait, until);
    void* tag = nullptr;
    bool ok = false;
    const auto wall = std::chrono::system_clock::now() +
                      std::chrono::duration_cast<std::chrono::system_clock::duration>(wait - now);
    if (s.queue.AsyncNext(&tag, &ok, wall) == grpc::CompletionQueue::GOT_EVENT)
      s.finish(*static_cast<Call*>(tag));
  }
}

}  // namespace flashkv::kvctl
