// Progress of long work: a bar on a terminal, otherwise a line every ten seconds.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

namespace flashkv::kvctl {

struct ProgressState {
  std::uint64_t count = 0;            // records
  std::uint64_t part = 0, total = 0;  // in any one unit; total 0 = unknown
  double seconds = 0;                 // since the start
  const char* noun = "records";       // of the count
};

// One line of at most `width` columns: count and rate; with a known total also a bar, a percentage and the
// time left. The bar shrinks first, then goes; what still does not fit is cut off. width 0 = unlimited.
std::string progress_line(const std::string& what, const ProgressState& state, std::size_t width);

// Purpose: reports progress on standard error.
// Usage:   Progress p({.what = "import", .total = total_bytes, .quiet = quiet});
//          loop { p.at(records, bytes); } p.done();
// Threads: one.
// Cost:    at() reads the clock.
class Progress {
 public:
  struct Work {
    std::string what;
    const char* noun = "records";
    std::uint64_t total = 0;  // in the unit of at()'s `part`; 0 = unknown
    bool quiet = false;
  };
  explicit Progress(Work work);
  void at(std::uint64_t count, std::uint64_t part);
  void done();  // clears the bar

 private:
  void report(std::uint64_t count, std::uint64_t part, std::chrono::steady_clock::time_point now);
  Work work_;
  bool terminal_;
  bool shown_ = false;
  std::chrono::steady_clock::time_point start_, next_;
};

}  // namespace flashkv::kvctl
