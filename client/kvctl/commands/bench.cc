// bench: puts load on a server and measures it.
#include <algorithm>
#include <atomic>
#include <chrono>
#include <limits>
#include <thread>

#include "client/flashkv/writer.h"
#include "client/kvctl/bench/load.h"
#include "client/kvctl/bench/pipelined_load.h"
#include "client/kvctl/bench/report.h"
#include "client/kvctl/commands.h"
#include "client/kvctl/exit_code.h"
#include "client/kvctl/interrupt.h"
#include "client/kvctl/output.h"
#include "client/kvctl/progress.h"
#include "flashkv/v1/admin.pb.h"

namespace flashkv::kvctl {
namespace {

constexpr std::chrono::milliseconds kLookEvery{10};

// Writes every key once, so that every read is a hit.
std::optional<client::Error> load_keys(client::Client& client, const Settings& settings) {
  const BenchSettings& bench = settings.bench;
  const KeyStream keys(bench, nullptr, 0);
  client::Writer writer(client, {});
  Progress progress({.what = "load", .total = bench.keys, .quiet = settings.quiet});
  const std::string value(bench.value_size, 'v');
  std::string key;
  for (std::uint64_t i = 0; i < bench.keys && interrupted == 0; ++i) {
    keys.write(i, &key);
    if (!writer.put(key, value)) break;
    progress.at(i, i);
  }
  auto failed = writer.close();
  progress.done();
  return failed;
}

// Deletes what load_keys() and the puts have written, also after Ctrl-C: the next one kills the program.
std::optional<client::Error> delete_keys(client::Client& client, const Settings& settings) {
  constexpr std::uint64_t kKeysPerTxn = 1000;
  const BenchSettings& bench = settings.bench;
  const KeyStream keys(bench, nullptr, 0);
  Progress progress({.what = "delete", .total = bench.keys, .quiet = settings.quiet});
  for (std::uint64_t first = 0; first < bench.keys; first += kKeysPerTxn) {
    client::Txn txn;
    for (std::uint64_t i = first; i < std::min(bench.keys, first + kKeysPerTxn); ++i) {
      client::DeleteOp op;
      keys.write(i, &op.key);
      txn.success.emplace_back(std::move(op));
    }
    if (auto done = client.txn(txn); !done) return done.error();
    progress.at(first, first);
  }
  progress.done();
  return std::nullopt;
}

// Shows how far the run is until all of its threads have ended.
void watch(const BenchSettings& bench, bool quiet, const std::atomic<std::int64_t>& budget,
           const std::atomic<unsigned>& running) {
  const std::int64_t whole = budget.load(std::memory_order_relaxed);
  const bool timed = bench.requests == 0;
  Progress progress({.what = "bench",
                     .noun = "requests",
                     .total = timed ? static_cast<std::uint64_t>(bench.duration.count()) : bench.requests,
                     .quiet = quiet});
  const auto begin = Load::Clock::now();
  while (running.load(std::memory_order_acquire) > 0) {
    std::this_thread::sleep_for(kLookEvery);
    const auto sent = static_cast<std::uint64_t>(
        std::max<std::int64_t>(0, whole - std::max<std::int64_t>(0, budget.load(std::memory_order_relaxed))));
    const auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(Load::Clock::now() - begin);
    progress.at(sent, timed ? static_cast<std::uint64_t>(ms.count()) : sent);
  }
  progress.done();
}

struct Measured {
  LoadResult load;
  double seconds = 0;
  double server_cpu_us = 0;
};

double cpu_us(const v1::StatsResponse& s) { return static_cast<double>(s.cpu_user_us() + s.cpu_system_us()); }

client::Result<Measured> measure(client::Client& client, const Settings& settings) {
  const BenchSettings& bench = settings.bench;
  const auto zipf =
      bench.distribution == Distribution::kZipf ? std::make_shared<const Zipf>(bench.keys) : nullptr;
  std::vector<std::vector<client::Client>> connections(bench.clients);
  int number = 0;
  for (auto& of_thread : connections)
    for (unsigned i = 0; i < bench.connections; ++i) {
      client::ClientOptions options = client.options();
      options.connection = ++number;
      auto opened = client::Client::open(options);
      if (!opened) return opened.error();
      if (auto there = opened->health(); !there) return there.error();
      of_thread.push_back(std::move(*opened));
    }
  auto before = client.stats();
  if (!before) return before.error();
  std::atomic<std::int64_t> budget = bench.requests > 0 ? static_cast<std::int64_t>(bench.requests)
                                                        : std::numeric_limits<std::int64_t>::max();
  const auto begin = Load::Clock::now();
  const auto until = bench.requests > 0 ? Load::Clock::time_point::max() : begin + bench.duration;
  std::vector<LoadResult> results(bench.clients);
  std::vector<std::thread> threads;
  std::atomic<unsigned> running = bench.clients;
  for (unsigned i = 0; i < bench.clients; ++i)
    threads.emplace_back([&, i] {
      const std::uint64_t seed = bench.seed * 1000 + i;
      const double rate = bench.rate / bench.clients;
      results[i] = bench.pipeline > 0
                       ? PipelinedLoad(connections[i], bench, zipf, seed, rate).run(until, budget)
                       : Load(connections[i], bench, zipf, seed, rate).run(until, budget);
      running.fetch_sub(1, std::memory_order_release);
    });
  watch(bench, settings.quiet, budget, running);
  for (std::thread& t : threads) t.join();
  Measured measured;
  measured.seconds = std::chrono::duration<double>(Load::Clock::now() - begin).count();
  auto after = client.stats();
  if (!after) return after.error();
  measured.server_cpu_us = cpu_us(**after) - cpu_us(**before);
  for (const LoadResult& r : results) measured.load.merge(r);
  return measured;
}

}  // namespace

int run_bench(client::Client& client, const Settings& settings) {
  const BenchSettings& bench = settings.bench;
  const InterruptScope ctrl_c;
  if (auto there = client.health(); !there) return fail(there.error(), settings);
  std::optional<client::Error> failed;
  if (bench.load) failed = load_keys(client, settings);
  std::optional<client::Result<Measured>> measured;
  if (!failed) measured = measure(client, settings);
  const bool wrote = bench.load || bench.get_percent < 100;
  const auto left = wrote && !bench.keep ? delete_keys(client, settings) : std::nullopt;
  if (failed) return fail(*failed, settings);
  if (!*measured) return fail(measured->error(), settings);
  Output(settings.format)
      .fields(report_rows((*measured)->load, (*measured)->seconds, (*measured)->server_cpu_us));
  const LoadResult& load = (*measured)->load;
  if (!load.errors.empty()) return fail({.code = load.first_code, .message = load.first_error}, settings);
  if (left) {
    complain("keys that begin with kvbench: are still there");
    return fail(*left, settings);
  }
  return kDone;
}

}  // namespace flashkv::kvctl
