#include "storage/apply/compare.h"

#include <compare>
#include <cstdint>
#include <string_view>

namespace flashkv {
namespace {

bool matches(std::strong_ordering order, Comparison wanted) noexcept {
  switch (wanted) {
    case Comparison::kEqual:
      return order == 0;
    case Comparison::kNotEqual:
      return order != 0;
    case Comparison::kGreater:
      return order > 0;
    case Comparison::kLess:
      return order < 0;
  }
  return false;
}

bool number_holds(std::uint64_t stored, const Compare& c) noexcept {
  return matches(stored <=> c.number, c.comparison);
}

}  // namespace

bool holds(const Compare& c, const Record* current) noexcept {
  const bool present = current != nullptr;
  switch (c.target) {
    case Target::kVersion:
      return number_holds(present ? current->version() : 0, c);
    case Target::kCreate:
      return number_holds(present ? current->create_revision() : 0, c);
    case Target::kMod:
      return number_holds(present ? current->mod_revision() : 0, c);
    case Target::kValue:
      return present && matches(current->value() <=> c.value, c.comparison);
    case Target::kExists:
      return present == (c.comparison == Comparison::kEqual);
  }
  return false;
}

}  // namespace flashkv
