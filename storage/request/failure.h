// Records why a request failed, in code that must not throw.
#pragma once

#include <new>
#include <string_view>

#include "storage/request/status.h"

namespace flashkv {

// The message when memory is short: fits into a std::string without an allocation.
inline constexpr std::string_view kOutOfMemory = "out of memory";

// Always sets the code; sets the message if memory allows, else kOutOfMemory.
inline void fail(Status& status, Code code, std::string_view message) noexcept {
  status.code = code;
  try {
    status.message.assign(message);
  } catch (const std::bad_alloc&) {
    status.message.assign(kOutOfMemory);
  }
}

}  // namespace flashkv
