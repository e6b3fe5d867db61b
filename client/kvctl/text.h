// Bytes as text: UTF-8, base64, and the quantities that flags take.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace flashkv::kvctl {

// RFC 3629: no overlong forms, no surrogates, nothing above U+10FFFF.
bool is_utf8(std::string_view bytes) noexcept;
// RFC 4648, section 4, with padding.
std::string to_base64(std::string_view bytes);
std::optional<std::string> from_base64(std::string_view text);
// "0", or a number with us, ms, s, m or h.
std::optional<std::chrono::microseconds> parse_duration(std::string_view text);

}  // namespace flashkv::kvctl
