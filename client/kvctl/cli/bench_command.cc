#include <cstdio>

#include "client/kvctl/cli/command_flags.h"
#include "client/kvctl/cli/flags.h"

namespace flashkv::kvctl {
namespace {

const std::map<std::string, Distribution> kDistributions{{"uniform", Distribution::kUniform},
                                                         {"zipf", Distribution::kZipf}};

constexpr std::chrono::hours kLongestRun{24 * 365};

void take_mix(const std::string& text, BenchSettings& bench) {
  unsigned gets = 0;
  unsigned puts = 0;
  char rest = 0;
  const bool read = std::sscanf(text.c_str(), "%u:%u%c", &gets, &puts, &rest) == 2;
  if (!read || gets > 100 || puts > 100 || gets + puts != 100)
    throw CLI::ValidationError("--mix", "\"" + text + "\" is not GETS:PUTS in percent, such as 95:5");
  bench.get_percent = gets;
}

void add_calls(CLI::App& sub, BenchSettings& bench) {
  sub.add_option("-c,--clients", bench.clients, "threads")
      ->check(decimal)
      ->check(CLI::Range(1, 256))
      ->capture_default_str();
  sub.add_option("--streams", bench.streams, "calls in flight per client; messages with --pipeline")
      ->check(decimal)
      ->check(CLI::Range(1, 10'000))
      ->capture_default_str();
  sub.add_option("--pipeline", bench.pipeline, "calls per message of a Pipeline stream; 0 = single calls")
      ->check(decimal)
      ->check(CLI::Range(0, 10'000))
      ->capture_default_str();
  sub.add_option("--connections", bench.connections, "connections per client")
      ->check(decimal)
      ->check(CLI::Range(1, 1'000))
      ->capture_default_str();
  sub.add_option_function<std::string>(
      "--mix", [&bench](const std::string& text) { take_mix(text, bench); }, "GETS:PUTS in percent [100:0]");
  sub.add_option("--mget", bench.mget, "keys per MultiGet; 0 = use Get")
      ->check(decimal)
      ->check(CLI::Range(0, 10'000))
      ->capture_default_str();
  add_ack(sub, bench.ack, "state a put must reach before it is answered");
}

void add_keys(CLI::App& sub, BenchSettings& bench) {
  sub.add_option("--keys", bench.keys, "number of keys")
      ->check(decimal)
      ->check(CLI::Range(1ULL, 4'000'000'000ULL))
      ->capture_default_str();
  sub.add_option("--key-size", bench.key_size, "bytes per key, at least the prefix and the number")
      ->check(decimal)
      ->check(CLI::Range(1, 65'535))
      ->capture_default_str();
  sub.add_option("--value-size", bench.value_size, "bytes per value")
      ->check(decimal)
      ->check(CLI::Range(0, 1 << 30))
      ->capture_default_str();
  add_choice(sub, "--dist", bench.distribution, kDistributions,
             "distribution of the keys; zipf has exponent 0.99");
  sub.add_flag_callback(
      "--no-load", [&bench] { bench.load = false; }, "do not write the keys first");
  sub.add_flag("--keep", bench.keep, "leave the keys there, for a later run with --no-load");
  sub.add_option("--seed", bench.seed, "seed for choosing keys")->check(decimal)->capture_default_str();
}

}  // namespace

void add_bench(CLI::App& app, Settings& s) {
  CLI::App* sub = add_command(
      app, "bench",
      "put load on a server and print the results. All keys begin with \"kvbench:\": other keys are "
      "never touched, and what was written is deleted in the end",
      s, Command::kBench);
  BenchSettings& bench = s.bench;
  add_calls(*sub, bench);
  add_keys(*sub, bench);
  auto* requests = sub->add_option("-n,--requests", bench.requests, "total requests")->check(request_count);
  add_duration(
      *sub, "-d,--duration",
      [&bench](auto us) {
        if (us > kLongestRun) throw CLI::ValidationError("-d,--duration", "must be at most 8760h");
        bench.duration = whole_ms(us);
      },
      "length of the run [10s]")
      ->excludes(requests);
  sub->add_option("--rate", bench.rate, "total requests per second; 0 = as fast as replies arrive")
      ->check(request_rate)
      ->capture_default_str();
}

}  // namespace flashkv::kvctl
