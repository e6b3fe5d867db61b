// How many sockets the process may have open.
#pragma once

#include <cstdint>

namespace flashkv {

// Raises the soft limit of open files to the hard one: gRPC's listener does not recover from running out.
// False and `limit`: even that is less than `connections` need.
bool raise_file_limit(std::uint64_t connections, std::uint64_t& limit) noexcept;

}  // namespace flashkv
