// The second level: a few words, each in a slot of its own.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <string_view>

#include "storage/engine/parts/collision_chain.h"
#include "storage/record/hash.h"
#include "storage/sync/sync.h"

namespace flashkv::perfect_hash {

// Purpose: a pseudo-random sequence of odd numbers, the same for the same seed.
class Multipliers {
 public:
  explicit Multipliers(std::uint64_t seed) noexcept : hash_(seed) {}
  std::uint64_t next() noexcept {
    ++count_;
    return hash_({reinterpret_cast<const char*>(&count_), sizeof count_}) | 1;
  }

 private:
  const KeyHash hash_;
  std::uint64_t count_ = 0;
};

// A word and its leaf; the leaf may be empty.
struct Entry {
  std::uint64_t word = 0;
  Leaf leaf;
};

// Purpose: m entries and about 2m(m-1) slots; a multiplier found by trial gives each word a slot of its own,
//          which names the entry. A lookup reads one slot and one entry, whatever m is.
// Usage:   Bucket* b = Bucket::make(entries, multipliers);   // nullptr: no memory, or the same word twice
//          Leaf l = b->look(word);                           // empty if the word is not in it
// Threads: made and changed by the writer alone; never changed once a reader can find it.
// Cost:    16 bytes, 16 a word and one a slot: 26 a word for two words, 45 for 15. look(): up to three lines.
//          make(): m steps a try; if the words differ, a try succeeds with probability 1/2 or more.
// Limits:  kMostWords.
// Source:  M. Fredman, J. Komlos, E. Szemeredi, "Storing a sparse table with O(1) worst case access time"
//          (1984); M. Dietzfelbinger and others, "Dynamic perfect hashing" (1994); the multiplicative family:
//          M. Dietzfelbinger and others, "A reliable randomized algorithm for the closest-pair problem"
//          (1997).
class Bucket {
 public:
  static constexpr std::size_t kMostWords = std::numeric_limits<std::uint8_t>::max();
  // Tries before the number of slots is doubled. A try fails with probability at most 1/2.
  static constexpr unsigned kTries = 32;
  static constexpr unsigned kDoublings = 4;

  static constexpr std::size_t slots_for(std::size_t words) noexcept {
    return words < 2 ? 1 : 2 * words * (words - 1);
  }
  static constexpr std::size_t bytes_for(std::size_t words, std::size_t slots) noexcept {
    return sizeof(Bucket) + words * sizeof(Entry) + slots;
  }

  // Makes a bucket of 1 to kMostWords entries. `hint`, the multiplier that these words had before, is tried
  // first.
  static Bucket* make(std::span<const Entry> entries, Multipliers& multipliers,
                      std::uint64_t hint = 0) noexcept;
  static void destroy(Bucket* bucket) noexcept {
    if (bucket != nullptr) bucket->~Bucket();
    ::operator delete(bucket);
  }

  Leaf look(std::uint64_t word) const noexcept {
    const Entry* e = entry(word);
    return e != nullptr ? e->leaf : Leaf();
  }
  // For prefetching: the line that look() reads only after the bucket's first.
  const void* place(std::uint64_t word) const noexcept { return slot(word); }

  // For the writer. A leaf may be changed only while no reader can find the bucket.
  std::span<const Entry> entries() const noexcept { return {first(), words_}; }
  std::span<Entry> entries() noexcept { return {const_cast<Entry*>(first()), words_}; }
  const Entry* entry(std::uint64_t word) const noexcept {
    const std::uint8_t which = *slot(word);
    if (which == kNone) return nullptr;
    const Entry* e = first() + which;
    return e->word == word ? e : nullptr;
  }
  std::uint64_t multiplier() const noexcept { return multiplier_; }
  std::size_t slots() const noexcept { return slots_; }
  std::size_t bytes() const noexcept { return bytes_for(words_, slots_); }

 private:
  static constexpr std::uint8_t kNone = kMostWords;

  Bucket(std::size_t words, std::size_t slots) noexcept
      : slots_(static_cast<std::uint32_t>(slots)), words_(static_cast<std::uint32_t>(words)) {}
  const Entry* first() const noexcept { return reinterpret_cast<const Entry*>(this + 1); }
  // The upper half of the product, scaled to the number of slots.
  const std::uint8_t* slot(std::uint64_t word) const noexcept {
    return reinterpret_cast<const std::uint8_t*>(first() + words_) +
           (((multiplier_ * word) >> 32) * slots_ >> 32);
  }
  bool place_all(std::uint64_t multiplier) noexcept;

  sync::Plain<std::uint64_t> multiplier_ = 1;
  const std::uint32_t slots_;
  const std::uint32_t words_;
};
static_assert(sizeof(Bucket) % alignof(Entry) == 0, "the entries follow the header at once");

}  // namespace flashkv::perfect_hash
