// This process's CPU time, memory and uptime.
#pragma once

#include <cstdint>

namespace flashkv {

struct ProcessUsage {
  std::uint64_t user_cpu_us = 0;
  std::uint64_t system_cpu_us = 0;
  std::uint64_t resident_bytes = 0;
  std::uint64_t uptime_ms = 0;
};

// From getrusage(2) and /proc/self/statm; uptime counts from the first call.
ProcessUsage process_usage();

}  // namespace flashkv
