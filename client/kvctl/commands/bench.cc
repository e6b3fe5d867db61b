// bench: puts load on a server and measures it.
#include <atomic>
#include <limits>
#include <thread>

#include "client/flashkv/writer.h"
#include "client/kvctl/bench/load.h"
#include "client/kvctl/bench/report.h"
#include "client/kvctl/commands.h"
#include "client/kvctl/exit_code.h"
#include "client/kvctl/interrupt.h"
#include "client/kvctl/output.h"
#include "client/kvctl/progress.h"
#include "flashkv/v1/admin.pb.h"

namespace flashkv::kvctl {
namespace {

// Writes every key once, so that every read is a hit.
std::optional<client::Error> load_keys(client::Client& client, const Settings& settings) {
  const BenchSettings& bench = settings.bench;
  const KeyStream keys(bench, nullptr, 0);
  client::Writer writer(client, {});
  Progress progress("load", bench.keys, settings.quiet);
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

struct Measured {
  LoadResult load;
  double seconds = 0;
  double server_cpu_us = 0;
};

double cpu_us(const v1::StatsResponse& s) { return static_cast<double>(s.cpu_user_us() + s.cpu_system_us()); }

client::Result<Measured> measure(client::Client& client, const BenchSettings& bench) {
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
  for (unsigned i = 0; i < bench.clients; ++i)
    threads.emplace_back([&, i] {
      Load load(connections[i], bench, zipf, bench.seed * 1000 + i, bench.rate / bench.clients);
      results[i] = load.run(until, budget);
    });
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
  if (bench.load)
    if (auto failed = load_keys(client, settings)) return fail(*failed, settings);
  auto measured = measure(client, bench);
  if (!measured) return fail(measured.error(), settings);
  Output(settings.format).fields(report_rows(measured->load, measured->seconds, measured->server_cpu_us));
  if (measured->load.errors.empty()) return kDone;
  const client::Error first{.code = measured->load.first_code, .message = measured->load.first_error};
  return fail(first, settings);
}

}  // namespace flashkv::kvctl
