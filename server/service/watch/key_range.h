// The keys that a watch is about.
#pragma once

#include <string>
#include <string_view>
#include <utility>

namespace flashkv {

// Purpose: an interval of keys, [start, end).
// Usage:   KeyRange::of_prefix("user/").contains("user/7")
struct KeyRange {
  std::string start;
  std::string end;
  bool to_last = false;  // no end: up to the last key; `end` is empty then

  static KeyRange of_key(std::string_view key) { return {std::string(key), std::string(key) + '\0', false}; }
  // Ends at the prefix with its last byte increased; a prefix of nothing but 0xff has no end.
  static KeyRange of_prefix(std::string_view prefix) {
    std::string end(prefix);
    while (!end.empty() && end.back() == '\xff') end.pop_back();
    if (end.empty()) return {std::string(prefix), "", true};
    end.back() = static_cast<char>(static_cast<unsigned char>(end.back()) + 1);
    return {std::string(prefix), std::move(end), false};
  }
  static KeyRange of(std::string start, std::string end) {
    const bool to_last = end.empty();
    return {std::move(start), std::move(end), to_last};
  }

  bool is_one_key() const noexcept {
    return !to_last && end.size() == start.size() + 1 && end.back() == '\0' && end.starts_with(start);
  }
  bool ends_after(std::string_view key) const noexcept { return to_last || key < end; }
  bool contains(std::string_view key) const noexcept { return start <= key && ends_after(key); }
};

}  // namespace flashkv
