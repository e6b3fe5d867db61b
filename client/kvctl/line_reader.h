// Lines of a file or a pipe, without blocking on a silent one.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace flashkv::kvctl {

// Purpose: reads lines from a descriptor and returns every 100 ms while a pipe is silent, so that the caller
//          can flush what it holds and notice Ctrl-C.
// Usage:   LineReader in(fd, kLongest); std::string_view line;
//          for (auto what = in.next(line); what == LineReader::kLine; what = in.next(line)) use(line);
// Threads: one.
// Lifetime: the caller owns the descriptor; a line is valid until the next call.
// Cost:    one read of up to 1 MiB serves many lines; lines are not copied.
// Limits:  a line of more than `longest` bytes is reported once as kTooLong and then skipped as it arrives;
//          the buffer never exceeds longest + 1 MiB.
// Errors:  kFailed if the descriptor cannot be read (see errno).
class LineReader {
 public:
  enum Next { kLine, kTooLong, kEnd, kIdle, kFailed };  // kIdle: no input for 100 ms, or a signal

  LineReader(int fd, std::size_t longest) : fd_(fd), longest_(longest), buffer_(kRead, '\0') {}

  // The last line needs no newline.
  Next next(std::string_view& line);
  // Bytes of the lines returned or skipped, with their newlines.
  std::uint64_t consumed() const { return consumed_; }

 private:
  static constexpr std::size_t kRead = std::size_t{1} << 20;
  static constexpr int kIdleMs = 100;

  Next fill();
  void consume(std::size_t end);

  int fd_;
  std::size_t longest_;
  std::string buffer_;
  std::size_t begin_ = 0, searched_ = 0, end_ = 0;  // begin and end of the unconsumed bytes
  bool at_end_ = false;
  bool skipping_ = false;  // the rest of a line that was too long
  std::uint64_t consumed_ = 0;
};

}  // namespace flashkv::kvctl
