// How readers of the plain maps come in, and how they look for many keys.
#pragma once

#include <cstddef>
#include <span>

#include "storage/record/record.h"
#include "storage/table/engine.h"

namespace flashkv::test {

// A reader whose guards need nothing but what all threads share.
template <typename Shared, typename Guard>
class EnteringReader {
 public:
  explicit EnteringReader(Shared& shared) noexcept : shared_(&shared) {}
  Guard enter() noexcept { return Guard(*shared_); }

 private:
  Shared* shared_;
};

template <typename Guard>
void find_one_by_one(const Guard& guard, std::span<const Probe> probes,
                     std::span<const Record*> found) noexcept {
  for (std::size_t i = 0; i < probes.size(); ++i) found[i] = guard.find(probes[i]);
}

}  // namespace flashkv::test
