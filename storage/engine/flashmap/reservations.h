// The keys that reserve() promised room for and that have not been written yet.
#pragma once

#include <algorithm>
#include <cstdint>
#include <span>
#include <vector>

namespace flashkv::flashmap {

// Purpose: outstanding reservations, by hash, so that a split knows how many go to each side.
// Usage:   if (!r.reserve(n)) fail;  r.add(hash) n times;  ... if (r.take(hash)) --segment.reserved;
// Threads: the writer alone.
// Cost:    add and take: one word each, as long as keys are written in the order they were reserved in;
//          taking one out of order scans the outstanding ones.
class Reservations {
 public:
  // Makes room for n more without allocating; returns false if there is no memory.
  bool reserve(std::size_t n) noexcept try {
    if (hashes_.capacity() - hashes_.size() < n) {
      hashes_.reserve(std::max(hashes_.size() + n, 2 * hashes_.capacity()));
    }
    cursor_ = hashes_.size();
    return true;
  } catch (const std::bad_alloc&) {
    return false;
  }
  void add(std::uint64_t hash) noexcept { hashes_.push_back(hash); }

  // Removes one reservation for that hash; returns false if there is none.
  bool take(std::uint64_t hash) noexcept {
    std::size_t at = cursor_;
    if (at == hashes_.size() || hashes_[at] != hash) {
      at = position(cursor_, hashes_.size(), hash);
      if (at == hashes_.size()) {
        at = position(first_, cursor_, hash);
        if (at == cursor_) return false;
      }
    }
    hashes_[at] = hashes_[first_];
    ++first_;
    cursor_ = at + 1;
    if (first_ == hashes_.size()) clear();
    return true;
  }
  // Removes the newest n, after a reserve() that failed.
  void drop_newest(std::size_t n) noexcept { hashes_.resize(hashes_.size() - n); }
  void clear() noexcept {
    hashes_.clear();
    first_ = cursor_ = 0;
  }

  std::span<const std::uint64_t> outstanding() const noexcept { return std::span(hashes_).subspan(first_); }
  std::size_t bytes() const noexcept { return hashes_.capacity() * sizeof(std::uint64_t); }

 private:
  std::size_t position(std::size_t from, std::size_t to, std::uint64_t hash) const noexcept {
    const auto begin = hashes_.begin();
    const auto found =
        std::find(begin + static_cast<std::ptrdiff_t>(from), begin + static_cast<std::ptrdiff_t>(to), hash);
    return static_cast<std::size_t>(found - begin);
  }

  std::vector<std::uint64_t> hashes_;
  std::size_t first_ = 0;   // the ones before it are taken
  std::size_t cursor_ = 0;  // where the next one is expected
};

}  // namespace flashkv::flashmap
