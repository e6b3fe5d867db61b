// The published roots that somebody reads, and what has to stay for them.
#pragma once

#include <cstddef>
#include <cstdint>

#include "storage/order/node.h"
#include "storage/order/retired.h"

namespace flashkv::order {

// Purpose: a published state of the index that stays as it is while it is held.
// Threads: given out and returned by the writer; what is here may be read by any thread it was handed to.
struct Pin {
  Root root;
  std::uint64_t revision = 0;
  std::uint64_t keys = 0;
};

// Purpose: the list of pins, by revision. An item that leaves the index goes to the newest pin that is older
//          than its retirement, if that pin leads to it at all; when the pin is returned, the item goes to
//          the next older pin, or is freed. So what waits is exactly what some pin leads to (I5).
// Usage:   const Pin* pin = pins.take(root, revision, keys);  ... pins.give_back(pin);
//          pins.keep(batch, pool);                            // at a publish: what the batch retired
//          while (pins.collect(1'000, pool)) ...;             // what pins that were given back held
// Threads: the writer's.
// Lifetime: every pin is given back before its destruction, and clear() called.
// Cost:    keep() reads each item once; so does collect() for each pin that held the item, in slices.
// Errors:  take() alone may fail.
class Pins {
 public:
  Pins() = default;
  Pins(const Pins&) = delete;
  Pins& operator=(const Pins&) = delete;
  ~Pins();

  // Null when memory is short. `revision` is not below that of any pin; pins of one revision share a state.
  const Pin* take(Root root, std::uint64_t revision, std::uint64_t keys) noexcept;
  void give_back(const Pin* pin) noexcept;

  // Divides a batch's retired items, at its publish.
  void keep(Retired& batch, NodePool& pool) noexcept;
  // Frees about `most` items that no pin leads to any more. True: there are more to look at.
  bool collect(std::size_t most, NodePool& pool) noexcept;

  std::size_t size() const noexcept { return held_; }
  // The revision of the oldest; 0 without pins.
  std::uint64_t oldest() const noexcept;
  // Adds up what waits, for pins or for collect().
  std::uint64_t nodes() const noexcept {
    return sum(newest_, &Retired::nodes) + sum(returned_, &Retired::nodes);
  }
  std::uint64_t records() const noexcept {
    return sum(newest_, &Retired::records) + sum(returned_, &Retired::records);
  }
  std::uint64_t bytes() const noexcept { return held_bytes() + sum(returned_, &Retired::bytes); }
  // What pins that are held lead to.
  std::uint64_t held_bytes() const noexcept { return sum(newest_, &Retired::bytes); }

 private:
  struct State : Pin {
    State* older = nullptr;
    std::size_t holders = 0;
    Retired retired;  // after this revision and before the next newer pin's
  };
  static std::uint64_t sum(const State* list, std::uint64_t (Retired::*of)() const noexcept) noexcept;

  State* newest_ = nullptr;    // held
  State* returned_ = nullptr;  // nobody holds them, but their items are not decided about yet
  std::size_t held_ = 0;
};

}  // namespace flashkv::order
