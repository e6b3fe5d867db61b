#include "client/kvctl/bench/pipelined_load.h"

#include <algorithm>
#include <string>
#include <thread>
#include <utility>

#include "client/flashkv/pipeline.h"
#include "client/kvctl/interrupt.h"

namespace flashkv::kvctl {

using Clock = Load::Clock;

// One pipeline and the results of its calls, which the pipeline's own thread records.
class PipelinedLoad::Connection {
 public:
  Connection(client::Client& client, const BenchSettings& settings)
      : settings_(settings),
        value_(settings.value_size, 'v'),
        pipeline_(client, {.calls_per_message = settings.pipeline,
                           .bytes_per_message = std::size_t{1} << 20,
                           .window = std::size_t{settings.pipeline} * settings.streams}) {}

  // False: the connection is broken.
  bool issue(KeyStream& keys, Clock::time_point due) {
    if (keys.percent() >= settings_.get_percent) {
      keys.write_next(&key_);
      return pipeline_.put(key_, value_, {.ack = settings_.ack},
                           [this, due](client::Result<client::PutResult> put) { record(due, put); });
    }
    if (settings_.mget > 0) {
      several_.resize(settings_.mget);
      for (std::string& each : several_) keys.write_next(&each);
      return pipeline_.multi_get(several_, {}, [this, due](client::Result<client::MultiGetResult> got) {
        if (!record(due, got)) return;
        for (const auto& kv : got->kvs) ++(kv ? result_.hits : result_.misses);
      });
    }
    keys.write_next(&key_);
    return pipeline_.get(key_, {}, [this, due](client::Result<client::GetResult> got) {
      if (record(due, got)) ++(got->kv ? result_.hits : result_.misses);
    });
  }
  bool flush() { return pipeline_.flush(); }
  LoadResult finish() {
    const auto broken = pipeline_.close();
    if (broken && result_.errors.empty()) count(*broken);
    return std::move(result_);
  }

 private:
  template <typename T>
  bool record(Clock::time_point due, const client::Result<T>& result) {
    if (!result) {
      count(result.error());
      return false;
    }
    ++result_.answered;
    const auto took = Clock::now() - due;
    result_.latency_ns.record(static_cast<std::uint64_t>(std::max<std::int64_t>(took.count(), 0)));
    return true;
  }
  void count(const client::Error& error) {
    ++result_.errors[error.code];
    if (result_.first_code != client::Errc{}) return;
    result_.first_code = error.code;
    result_.first_error = error.message;
  }

  const BenchSettings& settings_;
  const std::string value_;
  std::string key_;
  std::vector<std::string> several_;
  LoadResult result_;
  client::Pipeline pipeline_;  // the last: its thread writes to the others
};

PipelinedLoad::PipelinedLoad(std::vector<client::Client>& clients, const BenchSettings& settings,
                             std::shared_ptr<const Zipf> zipf, std::uint64_t seed, double rate)
    : settings_(settings), keys_(settings, std::move(zipf), seed), rate_(rate) {
  for (client::Client& each : clients) connections_.push_back(std::make_unique<Connection>(each, settings));
}

PipelinedLoad::~PipelinedLoad() = default;

Clock::time_point PipelinedLoad::due(Clock::time_point now) const {
  if (rate_ <= 0) return now;
  const auto after = std::chrono::duration<double>(static_cast<double>(issued_) / rate_);
  return begin_ + std::chrono::duration_cast<Clock::duration>(after);
}

// A message's worth of calls to one connection, then to the next.
bool PipelinedLoad::issue(Clock::time_point due) {
  Connection& next = *connections_[issued_ / settings_.pipeline % connections_.size()];
  ++issued_;
  return next.issue(keys_, due);
}

LoadResult PipelinedLoad::run(Clock::time_point until, std::atomic<std::int64_t>& budget) {
  begin_ = Clock::now();
  bool sound = true;
  for (auto now = begin_; sound && now < until && interrupted == 0; now = Clock::now()) {
    const auto next = due(now);
    if (next > now) {
      for (auto& each : connections_) sound = each->flush() && sound;
      std::this_thread::sleep_until(std::min({next, until, now + std::chrono::milliseconds(100)}));
    } else if (budget.fetch_sub(1, std::memory_order_relaxed) <= 0) {
      break;
    } else {
      sound = issue(next);
    }
  }
  LoadResult all;
  for (auto& each : connections_) all.merge(each->finish());
  return all;
}

}  // namespace flashkv::kvctl
