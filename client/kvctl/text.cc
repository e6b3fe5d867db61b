#include "client/kvctl/text.h"

#include <absl/strings/escaping.h>

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <cstdio>
#include <initializer_list>
#include <limits>

namespace flashkv::kvctl {
namespace {

struct Lead {
  int following;         // number of continuation bytes
  unsigned char lo, hi;  // range of the first of them
};

std::optional<Lead> lead_of(unsigned char c) noexcept {
  if (c < 0x80) return Lead{0, 0, 0};
  if (c >= 0xC2 && c <= 0xDF) return Lead{1, 0x80, 0xBF};
  if (c == 0xE0) return Lead{2, 0xA0, 0xBF};
  if (c == 0xED) return Lead{2, 0x80, 0x9F};
  if (c >= 0xE1 && c <= 0xEF) return Lead{2, 0x80, 0xBF};
  if (c == 0xF0) return Lead{3, 0x90, 0xBF};
  if (c >= 0xF1 && c <= 0xF3) return Lead{3, 0x80, 0xBF};
  if (c == 0xF4) return Lead{3, 0x80, 0x8F};
  return std::nullopt;
}

void append_hex(std::string& to, unsigned char byte) {
  constexpr const char* kDigits = "0123456789abcdef";
  to += "\\x";
  to += kDigits[byte >> 4];
  to += kDigits[byte & 15];
}

// In the largest unit of which there is at least one; `step` units make the next one.
std::string with_unit(std::uint64_t number, unsigned step, std::initializer_list<const char*> units) {
  if (number < step) return std::to_string(number) + " " + *units.begin();
  double value = static_cast<double>(number);
  const auto* unit = units.begin();
  // 999.5 would be shown as 1000: four digits.
  for (; value >= static_cast<double>(step) - 0.5 && unit + 1 != units.end(); ++unit) value /= step;
  char text[32];
  std::snprintf(text, sizeof text, "%.*f %s", value < 9.995 ? 2 : value < 99.95 ? 1 : 0, value, *unit);
  return text;
}

// Largest first.
struct DurationUnit {
  std::string_view name;
  std::int64_t us;
};
constexpr DurationUnit kDurationUnits[] = {{"d", 86'400'000'000}, {"h", 3'600'000'000}, {"m", 60'000'000},
                                           {"s", 1'000'000},      {"ms", 1'000},        {"us", 1}};

}  // namespace

bool is_utf8(std::string_view bytes) noexcept {
  std::size_t i = 0;
  while (i < bytes.size()) {
    const auto lead = lead_of(static_cast<unsigned char>(bytes[i++]));
    if (!lead) return false;
    for (int n = 0; n < lead->following; ++n, ++i) {
      if (i == bytes.size()) return false;
      const auto c = static_cast<unsigned char>(bytes[i]);
      if (c < (n == 0 ? lead->lo : 0x80) || c > (n == 0 ? lead->hi : 0xBF)) return false;
    }
  }
  return true;
}

char32_t code_point(std::string_view character) noexcept {
  const auto lead = static_cast<unsigned char>(character.front());
  char32_t number = character.size() == 1 ? lead : lead & (0x7fU >> character.size());
  for (const char c : character.substr(1)) number = (number << 6) | (static_cast<unsigned char>(c) & 0x3fU);
  return number;
}

std::size_t control_at(std::string_view bytes, std::size_t i, bool utf8) noexcept {
  const auto byte = static_cast<unsigned char>(bytes[i]);
  if (byte < 0x20 || byte == 0x7f || (byte >= 0x80 && !utf8)) return 1;
  if (byte == 0xC2) return static_cast<unsigned char>(bytes[i + 1]) < 0xA0 ? 2 : 0;
  if (byte != 0xE2) return 0;
  // Left-to-right and right-to-left marks; line and paragraph separators, embeddings and overrides; isolates.
  const char32_t c = code_point(bytes.substr(i, 3));
  return (c >= 0x200E && c <= 0x200F) || (c >= 0x2028 && c <= 0x202E) || (c >= 0x2066 && c <= 0x2069) ? 3 : 0;
}

std::size_t columns(std::string_view text) noexcept {
  return static_cast<std::size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return (c & 0xC0) != 0x80; }));
}

std::string to_base64(std::string_view bytes) {
  std::string text;
  absl::Base64Escape({bytes.data(), bytes.size()}, &text);
  return text;
}

std::optional<std::string> from_base64(std::string_view text) {
  std::string bytes;
  if (!absl::Base64Unescape({text.data(), text.size()}, &bytes)) return std::nullopt;
  return bytes;
}

std::string printable(std::string_view bytes) {
  std::string out;
  const bool utf8 = is_utf8(bytes);
  for (std::size_t i = 0; i < bytes.size();) {
    std::size_t control = control_at(bytes, i, utf8);
    if (control == 0) out += bytes[i++];
    for (; control > 0; --control) append_hex(out, static_cast<unsigned char>(bytes[i++]));
  }
  return out;
}

std::string quoted_unless_printable(std::string_view bytes) {
  if (printable(bytes) == bytes) return std::string(bytes);
  std::string escaped;
  for (const char c : bytes) {
    if (c == '"' || c == '\\') escaped += '\\';
    escaped += c;
  }
  return '"' + printable(escaped) + '"';
}

std::optional<std::chrono::microseconds> parse_duration(std::string_view text) {
  if (text == "0") return std::chrono::microseconds(0);
  if (text.empty()) return std::nullopt;
  std::int64_t sum = 0;
  const DurationUnit* allowed = std::begin(kDurationUnits);
  while (!text.empty()) {
    std::int64_t number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc{} || number < 0) return std::nullopt;
    text.remove_prefix(static_cast<std::size_t>(end - text.data()));
    const std::string_view name = text.substr(0, std::min(text.find_first_of("0123456789"), text.size()));
    text.remove_prefix(name.size());
    const auto unit = std::find_if(allowed, std::end(kDurationUnits),
                                   [name](const DurationUnit& each) { return each.name == name; });
    if (unit == std::end(kDurationUnits)) return std::nullopt;
    std::int64_t product = 0;
    if (__builtin_mul_overflow(number, unit->us, &product) || __builtin_add_overflow(sum, product, &sum))
      return std::nullopt;
    allowed = unit + 1;
  }
  return std::chrono::microseconds(sum);
}

std::string format_duration(std::chrono::milliseconds duration) {
  constexpr std::int64_t kUsPerMs = 1'000, kUsPerSecond = 1'000'000;
  std::int64_t left = duration.count() * kUsPerMs;
  if (left >= 10 * kUsPerSecond) left = (left + kUsPerSecond - 1) / kUsPerSecond * kUsPerSecond;
  std::string text;
  for (const DurationUnit& unit : kDurationUnits) {
    if (left >= unit.us) text += std::to_string(left / unit.us) + std::string(unit.name);
    left %= unit.us;
  }
  return text.empty() ? "0" : text;
}

std::string format_left(std::chrono::milliseconds left) {
  using namespace std::chrono;
  if (left <= milliseconds(0)) return "now";
  // A unit is used from two of it on: "in 100 min" is as exact as a person wants it, "in 1 h" is not.
  if (left >= days(2)) return "in " + std::to_string(duration_cast<days>(left).count()) + " d";
  if (left >= hours(2)) return "in " + std::to_string(duration_cast<hours>(left).count()) + " h";
  if (left >= minutes(2)) return "in " + std::to_string(duration_cast<minutes>(left).count()) + " min";
  return "in " + std::to_string(ceil<seconds>(left).count()) + " s";
}

std::string format_ago(std::chrono::milliseconds ago) {
  using namespace std::chrono;
  if (ago < seconds(1)) return "now";
  if (ago >= days(2)) return std::to_string(duration_cast<days>(ago).count()) + " d ago";
  if (ago >= hours(2)) return std::to_string(duration_cast<hours>(ago).count()) + " h ago";
  if (ago >= minutes(2)) return std::to_string(duration_cast<minutes>(ago).count()) + " min ago";
  return std::to_string(duration_cast<seconds>(ago).count()) + " s ago";
}

std::string format_bytes(std::uint64_t bytes) {
  return with_unit(bytes, 1024, {"B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"});
}

std::string format_nanoseconds(std::uint64_t ns) { return with_unit(ns, 1000, {"ns", "us", "ms", "s"}); }

std::string format_count(std::uint64_t count) {
  std::string text = std::to_string(count);
  for (std::size_t i = text.size(); i > 3; i -= 3) text.insert(i - 3, 1, ',');
  return text;
}

}  // namespace flashkv::kvctl
