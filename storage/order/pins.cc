#include "storage/order/pins.h"

#include <new>
#include <utility>

#include "storage/sync/sync.h"

namespace flashkv::order {

Pins::~Pins() {
  if (newest_ != nullptr || returned_ != nullptr) sync::fatal("the ordered index died with pins");
}

const Pin* Pins::take(Root root, std::uint64_t revision, std::uint64_t keys) noexcept {
  if (newest_ == nullptr || newest_->revision != revision) {
    auto* state = new (std::nothrow) State;
    if (state == nullptr) return nullptr;
    state->root = root;
    state->revision = revision;
    state->keys = keys;
    state->older = std::exchange(newest_, state);
  }
  ++newest_->holders;
  ++held_;
  return newest_;
}

void Pins::give_back(const Pin* pin) noexcept {
  State** link = &newest_;
  while (*link != nullptr && *link != pin) link = &(*link)->older;
  State* state = *link;
  if (state == nullptr) sync::fatal("a pin that the ordered index did not give out");
  --held_;
  if (--state->holders > 0) return;
  *link = state->older;
  if (state->retired.empty()) {
    delete state;
  } else {
    state->older = std::exchange(returned_, state);
  }
}

void Pins::keep(Retired& batch, NodePool& pool) noexcept {
  Retired* keeper = newest_ == nullptr ? nullptr : &newest_->retired;
  batch.sift(keeper, newest_ == nullptr ? 0 : newest_->revision, Retired::kAll, pool);
}

bool Pins::collect(std::size_t most, NodePool& pool) noexcept {
  while (returned_ != nullptr && most > 0) {
    // A pin between this revision and the items' retirement would have got them itself.
    State* keeper = newest_;
    while (keeper != nullptr && keeper->revision > returned_->revision) keeper = keeper->older;
    const std::size_t done = returned_->retired.sift(keeper == nullptr ? nullptr : &keeper->retired,
                                                     keeper == nullptr ? 0 : keeper->revision, most, pool);
    most -= done < most ? done : most;
    if (returned_->retired.empty()) delete std::exchange(returned_, returned_->older);
  }
  return returned_ != nullptr;
}

std::uint64_t Pins::oldest() const noexcept {
  std::uint64_t revision = 0;
  for (const State* s = newest_; s != nullptr; s = s->older) revision = s->revision;
  return revision;
}

std::uint64_t Pins::sum(const State* list, std::uint64_t (Retired::*of)() const noexcept) noexcept {
  std::uint64_t all = 0;
  for (const State* s = list; s != nullptr; s = s->older) all += (s->retired.*of)();
  return all;
}

}  // namespace flashkv::order
