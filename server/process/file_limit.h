// The limit on open files.
#pragma once

#include <cstdint>

namespace flashkv {

struct FileLimit {
  std::uint64_t open_files = 0;   // the limit on file descriptors
  std::uint64_t connections = 0;  // of those, how many may be connections
};

// Raises the soft limit to the hard one: gRPC's listener does not recover from running out of descriptors.
FileLimit raise_file_limit() noexcept;

}  // namespace flashkv
