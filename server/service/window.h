// A bound on what one stream may have in flight.
#pragma once

#include <cstddef>

namespace flashkv {

// Purpose: counts a stream's messages that have been read but not answered, and their bytes.
// Limits:  a message is admitted while both counts are below their bounds, so the bytes may exceed theirs by
//          one message.
class Window {
 public:
  constexpr Window(std::size_t max_messages, std::size_t max_bytes)
      : max_messages_(max_messages), max_bytes_(max_bytes) {}

  bool has_room() const noexcept { return messages_ < max_messages_ && bytes_ < max_bytes_; }
  void admit(std::size_t bytes) noexcept {
    ++messages_;
    bytes_ += bytes;
  }
  void release(std::size_t bytes) noexcept {
    --messages_;
    bytes_ -= bytes;
  }

 private:
  const std::size_t max_messages_;
  const std::size_t max_bytes_;
  std::size_t messages_ = 0;
  std::size_t bytes_ = 0;
};

}  // namespace flashkv
