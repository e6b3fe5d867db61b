#include "server/config/quantity.h"

#include <array>
#include <charconv>
#include <limits>
#include <utility>

namespace flashkv {
namespace {

struct Unit {
  std::string_view name;
  std::uint64_t factor;
};

constexpr std::array<Unit, 5> kSizes{{{"", 1},
                                      {"B", 1},
                                      {"KiB", std::uint64_t{1} << 10},
                                      {"MiB", std::uint64_t{1} << 20},
                                      {"GiB", std::uint64_t{1} << 30}}};
constexpr std::array<Unit, 5> kDurations{{{"us", 1'000},
                                          {"ms", 1'000'000},
                                          {"s", 1'000'000'000},
                                          {"m", 60'000'000'000},
                                          {"h", 3'600'000'000'000}}};
constexpr std::uint64_t kMost = std::numeric_limits<std::int64_t>::max();

// A decimal number followed by one of the units.
template <std::size_t N>
std::optional<std::uint64_t> parse_quantity(std::string_view text, const std::array<Unit, N>& units) {
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{}) return std::nullopt;
  const std::string_view unit(end, static_cast<std::size_t>(text.data() + text.size() - end));
  for (const Unit& known : units) {
    if (known.name != unit) continue;
    if (number > kMost / known.factor) return std::nullopt;
    return number * known.factor;
  }
  return std::nullopt;
}

// In the largest unit that leaves no fraction; 0 in the smallest.
template <std::size_t N>
std::string quantity_text(std::uint64_t quantity, const std::array<Unit, N>& units) {
  const Unit* unit = &units.front();
  for (const Unit& larger : units) {
    if (larger.factor > 1 && quantity >= larger.factor && quantity % larger.factor == 0) unit = &larger;
  }
  return std::to_string(quantity / unit->factor) + std::string(unit->name);
}

}  // namespace

std::optional<std::uint64_t> parse_size(std::string_view text) { return parse_quantity(text, kSizes); }

std::string size_text(std::uint64_t bytes) { return quantity_text(bytes, kSizes); }

std::string duration_text(Nanos nanos) {
  return quantity_text(static_cast<std::uint64_t>(nanos), kDurations);
}

std::optional<Nanos> parse_duration(std::string_view text) {
  if (text == "0") return 0;
  const auto nanos = parse_quantity(text, kDurations);
  if (!nanos) return std::nullopt;
  return static_cast<Nanos>(*nanos);
}

std::optional<std::uint64_t> parse_count(std::string_view text) {
  constexpr std::array<Unit, 1> kPlain{{{"", 1}}};
  return parse_quantity(text, kPlain);
}

std::optional<bool> parse_switch(std::string_view text) {
  for (const std::string_view yes : {"true", "on", "yes", "1"}) {
    if (text == yes) return true;
  }
  for (const std::string_view no : {"false", "off", "no", "0"}) {
    if (text == no) return false;
  }
  return std::nullopt;
}

}  // namespace flashkv
