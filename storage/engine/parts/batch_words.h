// The words that a batch has promised to change, and the chains it may need for them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string_view>

#include "storage/engine/parts/collision_chain.h"

namespace flashkv {

// Purpose: the promises that reserve() gave since the last publish, by word: several keys of one batch may
//          share a word, and keys with neighbouring words share nodes.
// Usage:   BatchWords::Promise p;
//          if (!words.add(word, key, leaf_there, p)) reject;   // and reserve nodes by p
//          leaf.with(record, words.chains());
//          words.drop_reservations();                          // publish: promises lapse
// Threads: one writer.
// Cost:    add(): a node of an ordered map. Chains are reserved only where two keys may share a word.
// Errors:  add() returns false when memory is short; then nothing has changed.
class BatchWords {
 public:
  struct Promise {
    std::uint32_t changes = 0;           // promised at this word, this one included
    std::optional<std::uint64_t> below;  // the nearest words of the batch, by number
    std::optional<std::uint64_t> above;
  };

  bool add(std::uint64_t word, std::string_view key, Leaf leaf, Promise& promise) noexcept;
  // Undoes one add() of the word.
  void remove(std::uint64_t word) noexcept;
  void drop_reservations() noexcept;
  ChainMemory& chains() noexcept { return chains_; }
  bool empty() const noexcept { return words_.empty(); }
  // The number of changes promised for the word.
  std::size_t changes(std::uint64_t word) const noexcept {
    const auto at = words_.find(word);
    return at == words_.end() ? 0 : at->second.changes;
  }

 private:
  struct Count {
    std::uint32_t changes = 0;
    std::uint32_t chains = 0;
  };
  bool reserve_chains(Count& count, std::size_t records) noexcept;

  std::map<std::uint64_t, Count> words_;
  ChainMemory chains_;
};

}  // namespace flashkv
