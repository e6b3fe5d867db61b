// Which watches an event concerns.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "server/service/watch/watch.h"

namespace flashkv {

// Purpose: finds the watches of a key: those of the one key in a hash table, ranges in an interval tree (a
//          treap by their starts, in which each node knows the furthest end below it). Watches of the same
//          range share an entry.
// Usage:   index.add(watch);  index.match(key, [](Watch& w) { ... });  index.remove(watch);
// Threads: one.
// Lifetime: holds no watch; each is removed before it goes. Not changed while match() runs.
// Cost:    match(): a hash lookup, and O(log n) comparisons for each range that contains the key, whatever
//          the number of others. add(), remove(): O(log n).
class WatchIndex {
 public:
  WatchIndex() = default;
  WatchIndex(const WatchIndex&) = delete;
  WatchIndex& operator=(const WatchIndex&) = delete;

  void add(Watch& watch);
  void remove(Watch& watch);
  bool empty() const noexcept { return size_ == 0; }
  std::size_t size() const noexcept { return size_; }

  template <typename Take>
  void match(std::string_view key, Take take) const {
    if (const auto one = keys_.find(key); one != keys_.end()) {
      for (Watch* w : one->second) take(*w);
    }
    stab(root_.get(), key, take);
  }
  // Every watch, for whatever concerns all.
  template <typename Take>
  void for_each(Take take) const {
    for (const auto& [key, watches] : keys_) {
      for (Watch* w : watches) take(*w);
    }
    walk(root_.get(), take);
  }

 private:
  using Watches = std::vector<Watch*>;
  struct Node {
    explicit Node(const KeyRange& r, std::uint64_t drawn) : range(r), priority(drawn) {}
    const KeyRange range;
    const std::uint64_t priority;
    Watches watches;
    std::unique_ptr<Node> left, right;
    const KeyRange* furthest = &range;  // the one that ends last, of this node and those below
  };
  using Link = std::unique_ptr<Node>;
  struct Hash : std::hash<std::string_view> {
    using is_transparent = void;
  };

  static int order(const KeyRange& a, const KeyRange& b) noexcept;
  static void refresh(Node& node) noexcept;
  static Link merged(Link low, Link high);
  Node& insert(Link& link, const KeyRange& range);
  static void erase(Link& link, Watch& watch);
  static void put(Watches& watches, Watch& watch);
  static void take_out(Watches& watches, Watch& watch) noexcept;

  template <typename Take>
  static void stab(const Node* node, std::string_view key, Take& take) {
    if (node == nullptr || !node->furthest->ends_after(key)) return;
    stab(node->left.get(), key, take);
    if (key < node->range.start) return;
    if (node->range.ends_after(key)) {
      for (Watch* w : node->watches) take(*w);
    }
    stab(node->right.get(), key, take);
  }
  template <typename Take>
  static void walk(const Node* node, Take& take) {
    if (node == nullptr) return;
    walk(node->left.get(), take);
    for (Watch* w : node->watches) take(*w);
    walk(node->right.get(), take);
  }

  std::unordered_map<std::string, Watches, Hash, std::equal_to<>> keys_;
  Link root_;
  std::uint64_t random_ = 0x9e3779b97f4a7c15;
  std::size_t size_ = 0;
};

}  // namespace flashkv
