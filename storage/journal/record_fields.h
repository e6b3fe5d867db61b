// A record's revisions and expiry as they are stored in front of its value.
#pragma once

#include <bit>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace flashkv {

// Purpose: the format of a stored value: create revision, mod revision, version and expiry, 64 bits each,
//          lowest byte first; then the value's bytes.
// Usage:   write: fields.store(buffer);   read: if (!fields.load(stored)) damaged; value =
//          fields.value_of(stored)
struct RecordFields {
  static constexpr std::size_t kBytes = 32;

  std::uint64_t create_revision = 0;
  std::uint64_t mod_revision = 0;
  std::uint64_t version = 0;
  std::int64_t expires_at_ms = 0;  // Unix milliseconds, 0 = never

  void store(char* to) const noexcept {
    const std::uint64_t words[] = {create_revision, mod_revision, version,
                                   static_cast<std::uint64_t>(expires_at_ms)};
    for (const std::uint64_t word : words) {
      for (unsigned shift = 0; shift < 64; shift += 8) *to++ = static_cast<char>(word >> shift);
    }
  }

  // False: too short, or no record that the store could have made.
  bool load(std::string_view stored) noexcept {
    if (stored.size() < kBytes) return false;
    const auto word = [&stored](std::size_t number) {
      std::uint64_t w = 0;
      for (unsigned i = 0; i < 8; ++i)
        w |= std::uint64_t{static_cast<unsigned char>(stored[number * 8 + i])} << (8 * i);
      return w;
    };
    create_revision = word(0);
    mod_revision = word(1);
    version = word(2);
    expires_at_ms = static_cast<std::int64_t>(word(3));
    return create_revision != 0 && create_revision <= mod_revision && version != 0 && expires_at_ms >= 0;
  }

  static std::string_view value_of(std::string_view stored) noexcept { return stored.substr(kBytes); }
};

}  // namespace flashkv
