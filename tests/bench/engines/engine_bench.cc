// Compares all registered engines with each other, with what their structures cost unsynchronised, and with
// maps that others wrote. Prints; judges nothing. See engine_bench.md.
#include <cstdio>
#include <fstream>

#include "tests/bench/engines/contestant.h"
#include "tests/bench/engines/machine.h"
#include "tests/bench/engines/options.h"
#include "tests/bench/engines/report.h"
#include "tests/bench/engines/workloads.h"

namespace flashkv::bench {
namespace {

nlohmann::ordered_json describe_options(const Options& options, int argc, char** argv) {
  std::string command;
  for (int i = 0; i < argc; ++i) command.append(i > 0 ? " " : "").append(argv[i]);
  return {{"command", command},
          {"contestants", options.contestants},
          {"workloads", options.workloads},
          {"keys", options.keys},
          {"key_bytes", sizeof(Key)},
          {"value_bytes", sizeof(Key)},
          {"readers", options.readers},
          {"seconds", options.seconds},
          {"pairs", options.pairs},
          {"memory_gib", options.memory_gib},
          {"smoke", options.smoke}};
}

// What the server would know about each contestant.
nlohmann::ordered_json describe_contestants(const Options& options) {
  constexpr const char* kRmw[] = {"none", "one", "two", "lock"};
  nlohmann::ordered_json all = nlohmann::ordered_json::array();
  for (const std::string& name : options.contestants) {
    const Contestant one = contestant(name);
    const Traits& traits = make_contestant(one)->traits();
    all.push_back({{"name", name},
                   {"kind", one.baseline ? "baseline" : "engine"},
                   {"atomic_batch", traits.atomic_batch},
                   {"bounded_garbage", traits.bounded_garbage},
                   {"read_rmw", kRmw[static_cast<std::size_t>(traits.read_rmw)]}});
  }
  return all;
}

bool write_json(const std::string& path, const nlohmann::ordered_json& all) {
  std::ofstream file(path);
  file << all.dump(1) << '\n';
  if (file.flush()) return true;
  std::fprintf(stderr, "engine_bench: cannot write %s\n", path.c_str());
  return false;
}

}  // namespace
}  // namespace flashkv::bench

int main(int argc, char** argv) {
  using namespace flashkv::bench;
  Options options;
  int exit_code = 0;
  if (!parse_options(argc, argv, options, exit_code)) return exit_code;
  nlohmann::ordered_json all{{"machine", describe_machine()},
                             {"program", describe_program()},
                             {"options", describe_options(options, argc, argv)},
                             {"contestants", describe_contestants(options)}};
  std::printf("%s\n%s\n\n", all["machine"].dump().c_str(), all["program"].dump().c_str());
  Report report;
  for (const Workload& workload : workloads()) {
    for (const std::string& name : options.workloads) {
      if (name != workload.name) continue;
      std::printf("== %s: %s\n", name.c_str(), workload.what.data());
      workload.run(options, report);
      all["rows"] = report.json();
      if (!options.json.empty() && !write_json(options.json, all)) return 3;  // each time: hours may follow
    }
  }
  return 0;
}
