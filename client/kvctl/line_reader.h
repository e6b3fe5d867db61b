// Lines of a file or a pipe, without getting stuck on one that has nothing to say.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace flashkv::kvctl {

// Purpose: reads lines from a descriptor and comes back now and then while a pipe is silent, so that the
//          caller can send what it holds and notice Ctrl-C.
// Usage:   LineReader in(fd); std::string_view line;
//          for (auto what = in.next(line); what == LineReader::kLine; what = in.next(line)) use(line);
// Threads: one.
// Lifetime: the descriptor is the caller's; a line is valid until the next call.
// Cost:    one read of 1 MiB for many lines, no copy of a line; memory grows with the longest line.
// Errors:  kFailed where the descriptor cannot be read (errno says why).
class LineReader {
 public:
  enum Next { kLine, kEnd, kIdle, kFailed };  // kIdle: nothing came for 100 ms, or a signal did

  explicit LineReader(int fd) : fd_(fd), buffer_(kRead, '\0') {}

  // A last line without a newline is a line.
  Next next(std::string_view& line);
  std::uint64_t consumed() const { return consumed_; }  // bytes of the lines given out, newlines included

 private:
  static constexpr std::size_t kRead = std::size_t{1} << 20;
  static constexpr int kIdleMs = 100;

  Next fill();

  int fd_;
  std::string buffer_;
  std::size_t begin_ = 0, searched_ = 0, end_ = 0;  // of what is read and not given out
  bool at_end_ = false;
  std::uint64_t consumed_ = 0;
};

}  // namespace flashkv::kvctl
