#include "server/service/watch/watch_index.h"

#include <utility>

namespace flashkv {

int WatchIndex::order(const KeyRange& a, const KeyRange& b) noexcept {
  if (const int starts = a.start.compare(b.start); starts != 0) return starts;
  if (a.to_last != b.to_last) return a.to_last ? 1 : -1;
  return a.end.compare(b.end);
}

void WatchIndex::refresh(Node& node) noexcept {
  node.furthest = &node.range;
  for (const Node* below : {node.left.get(), node.right.get()}) {
    if (below == nullptr || node.furthest->to_last) continue;
    if (below->furthest->to_last || below->furthest->end > node.furthest->end)
      node.furthest = below->furthest;
  }
}

void WatchIndex::put(Watches& watches, Watch& watch) {
  watches.push_back(&watch);
  watch.slot = watches.size() - 1;
}

void WatchIndex::take_out(Watches& watches, Watch& watch) noexcept {
  watches[watch.slot] = watches.back();
  watches[watch.slot]->slot = watch.slot;
  watches.pop_back();
}

// Everything in `low` is ordered before everything in `high`.
WatchIndex::Link WatchIndex::merged(Link low, Link high) {
  if (low == nullptr) return high;
  if (high == nullptr) return low;
  Link& top = low->priority > high->priority ? low : high;
  if (&top == &low) {
    low->right = merged(std::move(low->right), std::move(high));
  } else {
    high->left = merged(std::move(low), std::move(high->left));
  }
  refresh(*top);
  return std::move(top);
}

WatchIndex::Node& WatchIndex::insert(Link& link, const KeyRange& range) {
  if (link == nullptr) {
    random_ ^= random_ << 13;  // xorshift64
    random_ ^= random_ >> 7;
    random_ ^= random_ << 17;
    link = std::make_unique<Node>(range, random_);
    return *link;
  }
  const int side = order(range, link->range);
  if (side == 0) return *link;
  Link& below = side < 0 ? link->left : link->right;
  Node& node = insert(below, range);
  if (below->priority > link->priority) {  // rotate it up
    Link up = std::move(below);
    Link& inner = side < 0 ? up->right : up->left;
    below = std::move(inner);
    refresh(*link);
    inner = std::move(link);
    link = std::move(up);
  }
  refresh(*link);
  return node;
}

void WatchIndex::erase(Link& link, Watch& watch) {
  const int side = order(watch.range, link->range);
  if (side != 0) {
    erase(side < 0 ? link->left : link->right, watch);
  } else {
    take_out(link->watches, watch);
    if (!link->watches.empty()) return;
    link = merged(std::move(link->left), std::move(link->right));
  }
  if (link != nullptr) refresh(*link);
}

void WatchIndex::add(Watch& watch) {
  if (watch.range.is_one_key()) {
    put(keys_[watch.range.start], watch);
  } else {
    put(insert(root_, watch.range).watches, watch);
  }
  ++size_;
}

void WatchIndex::remove(Watch& watch) {
  if (!watch.range.is_one_key()) {
    erase(root_, watch);
  } else {
    const auto one = keys_.find(watch.range.start);
    take_out(one->second, watch);
    if (one->second.empty()) keys_.erase(one);
  }
  --size_;
}

}  // namespace flashkv
