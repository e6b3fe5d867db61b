// The writer seen through the store's door: how long it waits for readers, and how much it writes.
//   store_bench [--smoke] [--json] [--guard auto|refcount|asymmetric] [--seconds S] [--watch-history BYTES]
//
// wait       publish interval 1 ms, one reader flat out, a steady trickle of Puts: what each opening of the
//            staged state waited. Target p99 <= 10 us, p99.9 <= 200 us; turns put off are counted beside it.
// mutations  Puts into existing keys, 1,024 a publish, one reader flat out, once as one request of 1,024
//            operations and once as 1,024 requests of one, each without and with the ordered index. Target
//            >= 1 M/s of the writer's turns, in which it waits for the reader too, and >= 300 K/s with the
//            index; making the requests is not part of them. Bytes a key: records, both indexes, spare nodes.
// scan       a pin of a million keys is scanned again and again, while 100,000 Puts a second come 100 at a
//            time: how long they took, and the writer's longest step.
// expiry     a million keys that expire within one second, one reader flat out on others. Targets: its p99.9
//            at most twice that of before, or 1 ms; no piece above the batch limit of 1,024.
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <thread>
#include <utility>

#include "tests/bench/store_expiry.h"
#include "tests/bench/store_load.h"
#include "tests/bench/store_scan.h"

namespace flashkv::bench {
namespace {

constexpr std::uint64_t kFillOps =
    65'536;  // large, so that filling adds next to no openings to those measured

struct Options {
  bool smoke = false;
  bool json = false;
  GuardChoice guard = GuardChoice::kAuto;
  double seconds = 5;
  std::uint64_t watch_history = 0;  // bytes; 0 = none is kept
  std::uint64_t keys() const { return smoke ? 20'000 : 1'000'000; }
};

constexpr std::uint64_t kBesideScan = 100'000;  // Puts a second

std::unique_ptr<Store> open_filled(const Options& options, PublishPolicy policy, bool ordered_index = true) {
  StoreOptions store_options;
  store_options.ordered_index = ordered_index;
  store_options.guard = options.guard;
  store_options.limits.watch_history_bytes = options.watch_history;
  store_options.policy = policy;
  Status why;
  auto store = Store::open(store_options, why);
  if (!store) {
    std::fprintf(stderr, "store_bench: %s\n", why.message.c_str());
    std::exit(3);
  }
  BatchWriter writer(*store, 1, kFillOps);
  for (std::uint64_t first = 0; first < options.keys(); first += kFillOps) writer.put(first, options.keys());
  return store;
}

void report_wait(const Options& options) {
  const auto store = open_filled(options, PublishPolicy{.interval = kNanosPerMilli});
  BusyReader reader(*store, options.keys());
  const std::uint64_t puts = trickle(*store, options.keys(), options.seconds);
  const std::uint64_t reads = reader.stop();
  const WriterStatsView w = store->stats().writer;
  store->stop(kNanosPerMilli * 1'000);
  const Histogram& wait = w.wait_ns;
  const double p99 = static_cast<double>(wait.percentile(0.99)) / 1e3;
  const double p999 = static_cast<double>(wait.percentile(0.999)) / 1e3;
  const double worst = static_cast<double>(wait.max()) / 1e3;
  if (options.json) {
    std::printf(
        "{\"bench\":\"wait\",\"guard\":\"%s\",\"samples\":%llu,\"p99_us\":%.3f,\"p999_us\":%.3f,\"max_us\":%."
        "3f,"
        "\"deferrals\":%llu,\"publishes\":%llu,\"puts\":%llu,\"reads\":%llu}\n",
        store->stats().guard.c_str(), ull(wait.count()), p99, p999, worst, ull(w.deferrals), ull(w.publishes),
        ull(puts), ull(reads));
    return;
  }
  std::printf("wait for readers, %s guard, publish interval 1 ms, one reader flat out\n",
              store->stats().guard.c_str());
  std::printf(
      "  p99 %.1f us (target <= 10)  p99.9 %.1f us (target <= 200)  max %.1f us  over %llu openings\n", p99,
      p999, worst, ull(wait.count()));
  std::printf("  %llu turns put off, %llu publishes, %llu puts, %llu reads\n", ull(w.deferrals),
              ull(w.publishes), ull(puts), ull(reads));
  const Interruptions machine = interruptions(options.seconds);
  std::printf(
      "  a thread that only spins stood still for 10 us more at %.3f %% of all instants, for 200 us at "
      "%.3f %%; longest %.0f us\n",
      machine.over_10us * 100, machine.over_200us * 100, machine.longest_us);
}

void report_mutations(const Options& options, std::size_t requests, std::size_t ops, bool ordered_index) {
  const auto store = open_filled(options, PublishPolicy{.max_batch = 1'024}, ordered_index);
  BusyReader reader(*store, options.keys());
  BatchWriter writer(*store, requests, ops);
  const auto begin = std::chrono::steady_clock::now();
  const auto end = begin + std::chrono::duration<double>(options.seconds);
  while (std::chrono::steady_clock::now() < end) writer.put_scattered(options.keys());
  const std::uint64_t reads = reader.stop();
  // At rest: what the last batch replaced is freed.
  std::this_thread::sleep_for(std::chrono::nanoseconds(2 * Writer::kCollectGap));
  store->step();
  const WriterStatsView w = store->stats().writer;
  const EngineStats e = store->engine_stats();
  const double bytes_a_key =
      static_cast<double>(e.record_bytes + e.index_bytes + w.ordered_bytes) / static_cast<double>(e.keys);
  store->stop(kNanosPerMilli * 1'000);
  const double rate = static_cast<double>(writer.written()) / writer.turns_seconds();
  const double cpu_rate = static_cast<double>(writer.written()) / writer.turns_cpu_seconds();
  if (options.json) {
    std::printf(
        "{\"bench\":\"mutations\",\"guard\":\"%s\",\"ordered_index\":%s,\"requests\":%zu,\"ops\":%zu,"
        "\"written\":%llu,\"per_second\":%.0f,\"per_cpu_second\":%.0f,\"bytes_a_key\":%.1f,\"deferrals\":%"
        "llu,"
        "\"reads\":%llu}\n",
        store->stats().guard.c_str(), ordered_index ? "true" : "false", requests, ops, ull(writer.written()),
        rate, cpu_rate, bytes_a_key, ull(w.deferrals), ull(reads));
    return;
  }
  std::printf(
      "mutations, %s guard, ordered index %s, %llu keys, a publish per %zu x %zu puts, one reader flat out\n",
      store->stats().guard.c_str(), ordered_index ? "on" : "off", ull(options.keys()), requests, ops);
  std::printf(
      "  %.2f M/s of the writer's turns (target >= %s), %.2f M/s of their CPU time, %.1f bytes a key\n",
      rate / 1e6, ordered_index ? "0.3" : "1", cpu_rate / 1e6, bytes_a_key);
  std::printf("  %llu written, %llu turns put off, %llu reads\n", ull(writer.written()), ull(w.deferrals),
              ull(reads));
}

void report_scan(const Options& options) {
  const auto store = open_filled(options, PublishPolicy{.max_batch = 1'024});
  const ScanBeside s = scan_beside_writes(*store, options.keys(), kBesideScan, options.seconds);
  store->stop(kNanosPerMilli * 1'000);
  const auto us = [](std::uint64_t ns) { return static_cast<double>(ns) / 1e3; };
  if (options.json) {
    std::printf(
        "{\"bench\":\"scan\",\"guard\":\"%s\",\"scans\":%llu,\"scan_keys_per_second\":%.0f,"
        "\"written_per_second\":%.0f,\"turn_p99_us\":%.3f,\"turn_max_us\":%.3f,\"late_max_us\":%.3f,"
        "\"step_max_us\":%.3f,\"step_cpu_max_us\":%.3f,\"most_pinned_bytes\":%llu}\n",
        store->stats().guard.c_str(), ull(s.scans), s.scan_keys_per_second, s.written_per_second,
        us(s.turn_ns.percentile(0.99)), us(s.turn_ns.max()), us(s.late_ns.max()), us(s.step_ns.max()),
        us(s.step_cpu_ns.max()), ull(s.most_pinned_bytes));
    return;
  }
  std::printf("scan of %llu keys, %llu puts a second asked for, 100 a publish\n", ull(options.keys()),
              ull(kBesideScan));
  std::printf("  %llu scans, %.1f M keys/s copied; %.0f puts/s, at most %.1f MiB pinned\n", ull(s.scans),
              s.scan_keys_per_second / 1e6, s.written_per_second,
              static_cast<double>(s.most_pinned_bytes) / (1 << 20));
  for (const auto& [what, times] :
       {std::pair{"100 puts", &s.turn_ns}, std::pair{"late", &s.late_ns},
        std::pair{"other steps", &s.step_ns}, std::pair{"their CPU", &s.step_cpu_ns}}) {
    std::printf("  %-12s p50 %.0f us  p99 %.0f  p99.9 %.0f  max %.0f  over %llu\n", what,
                us(times->percentile(0.5)), us(times->percentile(0.99)), us(times->percentile(0.999)),
                us(times->max()), ull(times->count()));
  }
}

void report_expiry(const Options& options) {
  StoreOptions store_options;
  store_options.guard = options.guard;
  store_options.limits.watch_history_bytes = options.watch_history;
  const MassExpiry e = expire(store_options, options.keys() / 10, options.keys(), options.seconds);
  const auto us = [](std::uint64_t ns) { return static_cast<double>(ns) / 1e3; };
  if (options.json) {
    std::printf(
        "{\"bench\":\"expiry\",\"keys\":%llu,\"quiet_reads\":%llu,\"quiet_p999_us\":%.3f,\"during_reads\":%"
        "llu,"
        "\"during_p999_us\":%.3f,\"steps\":%llu,\"step_p999_us\":%.3f,\"step_max_us\":%.3f,\"step_cpu_max_"
        "us\":%.3f,"
        "\"largest_piece\":%llu,\"gone_seconds\":%.3f}\n",
        ull(e.keys), ull(e.quiet_ns.count()), us(e.quiet_ns.percentile(0.999)), ull(e.during_ns.count()),
        us(e.during_ns.percentile(0.999)), ull(e.step_ns.count()), us(e.step_ns.percentile(0.999)),
        us(e.step_ns.max()), us(e.step_cpu_ns.max()), ull(e.largest_piece), e.gone_seconds);
    return;
  }
  std::printf("expiry of %llu keys within 1 s, one reader flat out on %llu others\n", ull(e.keys),
              ull(options.keys() / 10));
  for (const auto& [when, times] : {std::pair{"quiet", &e.quiet_ns}, std::pair{"during", &e.during_ns}}) {
    std::printf("  reads, %-6s  p50 %.2f us  p99 %.2f  p99.9 %.2f  max %.0f  over %llu\n", when,
                us(times->percentile(0.5)), us(times->percentile(0.99)), us(times->percentile(0.999)),
                us(times->max()), ull(times->count()));
  }
  for (const auto& [what, times] : {std::pair{"time", &e.step_ns}, std::pair{"CPU", &e.step_cpu_ns}}) {
    std::printf("  steps, %-5s  p50 %.0f us  p99 %.0f  p99.9 %.0f  max %.0f  over %llu\n", what,
                us(times->percentile(0.5)), us(times->percentile(0.99)), us(times->percentile(0.999)),
                us(times->max()), ull(times->count()));
  }
  std::printf("  at most %llu keys a step; all gone %.3f s after the first was due\n", ull(e.largest_piece),
              e.gone_seconds);
}

bool parse(int argc, char** argv, Options& options) {
  for (int i = 1; i < argc; ++i) {
    const std::string_view argument = argv[i];
    const bool has_value = i + 1 < argc;
    if (argument == "--smoke") {
      options.smoke = true;
      options.seconds = 0.3;
    } else if (argument == "--json") {
      options.json = true;
    } else if (argument == "--seconds" && has_value) {
      options.seconds = std::atof(argv[++i]);
    } else if (argument == "--watch-history" && has_value) {
      options.watch_history = std::strtoull(argv[++i], nullptr, 10);
    } else if (argument == "--guard" && has_value) {
      const std::string_view guard = argv[++i];
      if (guard != "auto" && guard != "refcount" && guard != "asymmetric") return false;
      options.guard = guard == "refcount"     ? GuardChoice::kRefcount
                      : guard == "asymmetric" ? GuardChoice::kAsymmetric
                                              : GuardChoice::kAuto;
    } else {
      return false;
    }
  }
  return options.seconds > 0;
}

}  // namespace
}  // namespace flashkv::bench

int main(int argc, char** argv) {
  flashkv::bench::Options options;
  if (!flashkv::bench::parse(argc, argv, options)) {
    std::fprintf(stderr,
                 "usage: store_bench [--smoke] [--json] [--guard auto|refcount|asymmetric] [--seconds S] "
                 "[--watch-history BYTES]\n");
    return 2;
  }
  report_wait(options);
  for (const bool ordered_index : {false, true}) {
    report_mutations(options, 1, 1'024, ordered_index);
    report_mutations(options, 1'024, 1, ordered_index);
  }
  report_scan(options);
  report_expiry(options);
  return 0;
}
