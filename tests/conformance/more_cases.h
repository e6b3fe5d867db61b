// Engines in other forms than they are served in, for what depends on the form.
#pragma once

#include <cstdint>
#include <vector>

#include "tests/support/engine_cases.h"

namespace flashkv::test {

// Trees of other widths and orders than the default, and a critnib whose removed nodes serve again at once.
const std::vector<EngineCase>& shaped_cases();
// Engines without the overlay that gives them batches: what is applied reaches them change by change, and
// readers see it before it is published.
const std::vector<EngineCase>& bare_cases();

// Bits of the hash that are left to an engine: all, none, few at the low end, at the high end, or apart; so
// that words begin alike, end alike, or are shared.
const std::vector<std::uint64_t>& all_masks();

// What the server has, not the plain maps of the tests.
bool is_product(const EngineCase& which);
// The engines that walk by the bits of the hash.
bool is_word_engine(const EngineCase& which);
// The engines whose table follows the number of keys in both directions.
bool is_resizing(const EngineCase& which);

// Both lists, one after the other.
std::vector<EngineCase> operator+(std::vector<EngineCase> some, const std::vector<EngineCase>& more);
// Those of `all` for which `wanted` holds.
template <typename F>
std::vector<EngineCase> only(const std::vector<EngineCase>& all, F wanted) {
  std::vector<EngineCase> chosen;
  for (const EngineCase& c : all) {
    if (wanted(c)) chosen.push_back(c);
  }
  return chosen;
}

}  // namespace flashkv::test
