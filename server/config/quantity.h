// Parses and formats sizes, durations, counts and switches.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "storage/sync/clock.h"

namespace flashkv {

inline constexpr std::string_view kSizeForm = "bytes, or a number with KiB, MiB or GiB";
inline constexpr std::string_view kDurationForm = "0, or a number with us, ms, s, m or h";

// "8MiB" -> 8388608. nullopt if it is not a size or does not fit.
std::optional<std::uint64_t> parse_size(std::string_view text);
// 8388608 -> "8MiB", in the largest unit without a fraction.
std::string size_text(std::uint64_t bytes);
// "250us" -> 250000. "0" needs no unit; every other number does.
std::optional<Nanos> parse_duration(std::string_view text);
// 86400000000000 -> "24h", likewise; in whole microseconds.
std::string duration_text(Nanos nanos);
std::optional<std::uint64_t> parse_count(std::string_view text);
// true, false, on, off, yes, no, 1, 0.
std::optional<bool> parse_switch(std::string_view text);

}  // namespace flashkv
