// Bytes as text: UTF-8, base64, escapes for people, and the durations that flags take.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace flashkv::kvctl {

// RFC 3629: no overlong forms, no surrogates, nothing above U+10FFFF.
bool is_utf8(std::string_view bytes) noexcept;
// RFC 4648, section 4, with padding.
std::string to_base64(std::string_view bytes);
std::optional<std::string> from_base64(std::string_view text);
// The length in bytes of the character at `i` that a terminal would act on, 0 if it is none: C0, DEL, C1, and
// those that end a line or turn the direction of writing. Without `utf8`, every byte above 0x7f.
std::size_t control_at(std::string_view bytes, std::size_t i, bool utf8) noexcept;
// The number of the character that these bytes of UTF-8 encode.
char32_t code_point(std::string_view character) noexcept;
// Characters of UTF-8.
std::size_t columns(std::string_view text) noexcept;
// Escapes those of control_at() as \xNN, and every byte above 0x7f unless the whole is UTF-8.
std::string printable(std::string_view bytes);
// The bytes themselves if they are printable, else in quotes with C escapes.
std::string quoted_unless_printable(std::string_view bytes);
// "0", or numbers with d, h, m, s, ms or us, largest unit first: "90s", "1h30m". Empty also if the sum
// exceeds 2^63 - 1 microseconds.
std::optional<std::chrono::microseconds> parse_duration(std::string_view text);
// As parse_duration() reads it: "1d2h", "29m59s"; milliseconds only below 10 s, otherwise rounded up.
std::string format_duration(std::chrono::milliseconds duration);
// A time still to come, in one unit: "in 29 min", "in 3 h"; "now" if it is past.
std::string format_left(std::chrono::milliseconds left);
// A time that has passed, in one unit: "3 min ago"; "now" below a second.
std::string format_ago(std::chrono::milliseconds ago);
// Three digits are enough for people: "999 B", "1.50 KiB", "12.3 MiB".
std::string format_bytes(std::uint64_t bytes);
// "850 ns", "1.20 us", "12.3 ms", "2.00 s".
std::string format_nanoseconds(std::uint64_t ns);
// "1,234,567".
std::string format_count(std::uint64_t count);

}  // namespace flashkv::kvctl
