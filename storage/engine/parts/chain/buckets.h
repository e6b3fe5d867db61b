// An array of chain heads, with its mask.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <new>
#include <span>
#include <type_traits>

#include "storage/engine/parts/chain/node.h"

namespace flashkv::chain {

// Purpose: a power of two of links, all null at first; a hash selects one.
// Usage:   auto buckets = Buckets::make(20);  if (!buckets) ...;  buckets->link(hash).load(...)
// Threads: the links are atomic, everything else is fixed.
// Cost:    8 bytes per bucket. The system zeroes the pages of a large array when they are first touched, so
//          making one takes no time.
class Buckets {
 public:
  // Null when memory is short.
  static std::unique_ptr<Buckets> make(unsigned log2) noexcept {
    std::unique_ptr<Buckets> made(new (std::nothrow) Buckets(log2));
    return made && made->links_ != nullptr ? std::move(made) : nullptr;
  }
  Buckets(const Buckets&) = delete;
  Buckets& operator=(const Buckets&) = delete;
  ~Buckets() { std::free(links_); }

  Link& link(std::uint64_t hash) const noexcept { return links_[hash & mask_]; }
  std::uint64_t index(std::uint64_t hash) const noexcept { return hash & mask_; }
  std::uint64_t size() const noexcept { return mask_ + 1; }
  std::uint64_t bytes() const noexcept { return size() * sizeof(Link); }
  unsigned log2() const noexcept { return static_cast<unsigned>(__builtin_popcountll(mask_)); }

 private:
  // Zero bytes are null links, and links need no destructor.
  static_assert(sizeof(Link) == sizeof(Node*) && std::is_trivially_destructible_v<Link>);

  explicit Buckets(unsigned log2) noexcept
      : mask_((std::uint64_t{1} << log2) - 1),
        links_(static_cast<Link*>(std::calloc(std::size_t{1} << log2, sizeof(Link)))) {}

  const std::uint64_t mask_;
  Link* const links_;
};

}  // namespace flashkv::chain
