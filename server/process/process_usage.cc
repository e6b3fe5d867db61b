#include "server/process/process_usage.h"

#include <sys/resource.h>
#include <unistd.h>

#include <chrono>
#include <fstream>

namespace flashkv {
namespace {

std::uint64_t micros(const timeval& t) {
  return static_cast<std::uint64_t>(t.tv_sec) * 1'000'000 + static_cast<std::uint64_t>(t.tv_usec);
}

}  // namespace

ProcessUsage process_usage() {
  using Steady = std::chrono::steady_clock;
  static const Steady::time_point started = Steady::now();
  ProcessUsage usage;
  rusage times{};
  getrusage(RUSAGE_SELF, &times);
  usage.user_cpu_us = micros(times.ru_utime);
  usage.system_cpu_us = micros(times.ru_stime);
  std::uint64_t total_pages = 0;
  std::uint64_t resident_pages = 0;
  std::ifstream("/proc/self/statm") >> total_pages >> resident_pages;
  usage.resident_bytes = resident_pages * static_cast<std::uint64_t>(sysconf(_SC_PAGESIZE));
  usage.uptime_ms = static_cast<std::uint64_t>(
      std::chrono::duration_cast<std::chrono::milliseconds>(Steady::now() - started).count());
  return usage;
}

}  // namespace flashkv
