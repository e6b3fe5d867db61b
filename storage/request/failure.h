// Writing down why a request failed, where nothing may throw.
#pragma once

#include <new>
#include <string_view>

#include "storage/request/status.h"

namespace flashkv {

// What a request is told when memory is short: fits into a std::string without an allocation.
inline constexpr std::string_view kOutOfMemory = "out of memory";

// Sets the code in any case, and the message as far as memory allows.
inline void fail(Status& status, Code code, std::string_view message) noexcept {
  status.code = code;
  try {
    status.message.assign(message);
  } catch (const std::bad_alloc&) {
    status.message.assign(kOutOfMemory);
  }
}

}  // namespace flashkv
