// How many connections the process may have open.
#pragma once

#include <cstdint>

namespace flashkv {

struct FileLimit {
  std::uint64_t open_files = 0;   // the limit on file descriptors
  std::uint64_t connections = 0;  // how many of them may be connections
};

// Raises the soft limit on open files to the hard one: gRPC's listener does not recover from running out.
FileLimit raise_file_limit() noexcept;

}  // namespace flashkv
