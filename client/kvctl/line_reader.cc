#include "client/kvctl/line_reader.h"

#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace flashkv::kvctl {

void LineReader::consume(std::size_t end) {
  consumed_ += end - begin_;
  begin_ = searched_ = end;
}

LineReader::Next LineReader::next(std::string_view& line) {
  for (;;) {
    const auto* newline =
        static_cast<const char*>(std::memchr(buffer_.data() + searched_, '\n', end_ - searched_));
    const std::size_t stop = newline != nullptr ? static_cast<std::size_t>(newline - buffer_.data()) : end_;
    if (skipping_) {
      skipping_ = newline == nullptr && !at_end_;
      consume(newline != nullptr ? stop + 1 : stop);
      if (!skipping_) continue;
    } else if (stop - begin_ > longest_) {
      skipping_ = true;
      return kTooLong;
    } else if (newline != nullptr || (at_end_ && begin_ != end_)) {
      line = std::string_view(buffer_).substr(begin_, stop - begin_);
      consume(newline != nullptr ? stop + 1 : stop);
      return kLine;
    } else if (at_end_) {
      return kEnd;
    }
    searched_ = end_;
    if (const Next filled = fill(); filled != kLine) return filled;
  }
}

// kLine: more bytes arrived, or the end was reached.
LineReader::Next LineReader::fill() {
  pollfd ready{.fd = fd_, .events = POLLIN, .revents = 0};
  const int polled = ::poll(&ready, 1, kIdleMs);
  if (polled == 0) return kIdle;
  if (polled < 0) return errno == EINTR ? kIdle : kFailed;
  if (begin_ > 0) {
    std::memmove(buffer_.data(), buffer_.data() + begin_, end_ - begin_);
    end_ -= begin_;
    searched_ -= begin_;
    begin_ = 0;
  }
  // Room for the longest line and one read.
  if (end_ == buffer_.size()) buffer_.resize(std::min(2 * buffer_.size(), std::max(longest_, kRead) + kRead));
  const ssize_t got = ::read(fd_, buffer_.data() + end_, buffer_.size() - end_);
  if (got < 0) return errno == EINTR || errno == EAGAIN ? kIdle : kFailed;
  at_end_ = got == 0;
  end_ += static_cast<std::size_t>(got);
  return kLine;
}

}  // namespace flashkv::kvctl
