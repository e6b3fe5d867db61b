#include "tests/bench/engines/machine.h"

#include <sched.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <fstream>
#include <string>
#include <vector>

#include "tests/bench/engines/allocator.h"

namespace flashkv::bench {
namespace {

std::string first_line(const char* path) {
  std::ifstream file(path);
  std::string line;
  std::getline(file, line);
  return line;
}

std::string processor_model() {
  std::ifstream file("/proc/cpuinfo");
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with("model name")) return line.substr(line.find(':') + 2);
  }
  return "unknown";
}

std::vector<int> allowed_processors() {
  cpu_set_t set;
  CPU_ZERO(&set);
  std::vector<int> allowed;
  if (sched_getaffinity(getpid(), sizeof set, &set) == 0) {
    for (int cpu = 0; cpu < CPU_SETSIZE; ++cpu) {
      if (CPU_ISSET(cpu, &set)) allowed.push_back(cpu);
    }
  }
  if (allowed.empty()) allowed.push_back(0);
  return allowed;
}

// Read once, by main: threads narrow their own sets afterwards.
const std::vector<int>& allowed() {
  static const std::vector<int> processors = allowed_processors();
  return processors;
}

void pin_to(int cpu) {
  cpu_set_t set;
  CPU_ZERO(&set);
  CPU_SET(cpu, &set);
  sched_setaffinity(0, sizeof set, &set);
}

std::string today() {
  const std::time_t now = std::time(nullptr);
  std::tm parts{};
  gmtime_r(&now, &parts);
  char text[32];
  std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &parts);
  return text;
}

}  // namespace

unsigned processors() { return static_cast<unsigned>(allowed().size()); }
void pin_to_first() { pin_to(allowed().front()); }
void pin_to_last(unsigned from_the_end) {
  const std::size_t count = allowed().size();
  pin_to(allowed()[count - 1 - from_the_end % count]);
}

double memory_gib() {
  constexpr double kGib = 1024.0 * 1024 * 1024;
  double bytes = static_cast<double>(sysconf(_SC_PHYS_PAGES)) * static_cast<double>(sysconf(_SC_PAGESIZE));
  const std::string group = first_line("/sys/fs/cgroup/memory.max");
  if (!group.empty() && group != "max") bytes = std::min(bytes, std::strtod(group.c_str(), nullptr));
  return bytes / kGib;
}

double resident_bytes() {
  give_back_memory();
  long pages = 0, resident = 0;
  std::FILE* statm = std::fopen("/proc/self/statm", "r");
  if (statm == nullptr || std::fscanf(statm, "%ld %ld", &pages, &resident) != 2) std::abort();
  std::fclose(statm);
  return static_cast<double>(resident) * static_cast<double>(sysconf(_SC_PAGESIZE));
}

nlohmann::ordered_json describe_machine() {
  utsname kernel{};
  uname(&kernel);
  const std::string governor = first_line("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor");
  nlohmann::ordered_json machine;
  machine["date"] = today();
  machine["processor"] = processor_model();
  machine["processors"] = processors();
  machine["memory_gib"] = memory_gib();
  machine["kernel"] = std::string(kernel.sysname) + " " + kernel.release;
  machine["architecture"] = kernel.machine;
  machine["governor"] = governor.empty() ? "unknown" : governor;
  machine["huge_pages"] = first_line("/sys/kernel/mm/transparent_hugepage/enabled");
  machine["load_at_start"] = std::strtod(first_line("/proc/loadavg").c_str(), nullptr);
  return machine;
}

nlohmann::ordered_json describe_program() {
  nlohmann::ordered_json program;
  program["compiler"] = "g++ " __VERSION__;
  program["flags"] = FLASHKV_BENCH_FLAGS;
  program["linked"] = FLASHKV_BENCH_LINKED;
  program["allocator"] = allocator_name();
  program["pinned"] = "writer on the first processor, readers on the last ones";
  return program;
}

}  // namespace flashkv::bench
