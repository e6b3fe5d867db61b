// What this process has used of the machine.
#pragma once

#include <cstdint>

namespace flashkv {

struct ProcessUsage {
  std::uint64_t user_cpu_us = 0;
  std::uint64_t system_cpu_us = 0;
  std::uint64_t resident_bytes = 0;
  std::uint64_t uptime_ms = 0;
};

// Sources: getrusage(2), /proc/self/statm; uptime counts from the first call.
ProcessUsage process_usage();

}  // namespace flashkv
