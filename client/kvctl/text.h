// Bytes as text: UTF-8, base64, escapes for people, and the durations that flags take.
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
// Escapes control characters (C0, DEL and C1) as \xNN, and every byte above 0x7f unless the whole is UTF-8.
std::string printable(std::string_view bytes);
// The bytes themselves if they are printable, else in quotes with C escapes.
std::string quoted_unless_printable(std::string_view bytes);
// "0", or numbers with d, h, m, s, ms or us, largest unit first: "90s", "1h30m". Empty also if the sum
// exceeds 2^63 - 1 microseconds.
std::optional<std::chrono::microseconds> parse_duration(std::string_view text);
// As parse_duration() reads it: "1d2h", "29m59s"; milliseconds only below 10 s, otherwise rounded up.
std::string format_duration(std::chrono::milliseconds duration);

}  // namespace flashkv::kvctl
