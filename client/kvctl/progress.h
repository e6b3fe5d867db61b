// How far long work has come: a bar on a terminal, a line every ten seconds elsewhere.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

namespace flashkv::kvctl {

// Purpose: reports count and rate on standard error, and time left where the total is known.
// Usage:   Progress p("import", total_bytes, quiet); loop { p.at(records, bytes); } p.done(records);
// Threads: one.
// Cost:    at() looks at the clock once in 1,024 calls.
class Progress {
 public:
  // total 0 = unknown; in the unit of at()'s `part`.
  Progress(std::string what, std::uint64_t total, bool quiet);
  void at(std::uint64_t count, std::uint64_t part);
  void done();  // takes the bar off the terminal

 private:
  void report(std::uint64_t count, std::uint64_t part, std::chrono::steady_clock::time_point now);
  std::string what_;
  std::uint64_t total_;
  bool quiet_, terminal_;
  bool shown_ = false;
  std::chrono::steady_clock::time_point start_, next_;
};

}  // namespace flashkv::kvctl
