// A std::map whose nodes are allocated in advance, so that changing it cannot fail.
#pragma once

#include <map>
#include <new>
#include <string_view>
#include <utility>
#include <vector>

#include "storage/record/record.h"

namespace flashkv::test {

// Purpose: maps keys to records for the test engines: slow, simple, and obviously correct.
// Usage:   if (!map.reserve(2)) reject;
//          Record* replaced = map.put(record);  Record* removed = map.erase(key);
// Threads: one.
// Lifetime: borrows the records; a key is the view of its record's own bytes.
class PreparedMap {
 public:
  // Makes room for `keys` calls of put(); returns false if there is no memory.
  bool reserve(std::size_t keys) noexcept try {
    spare_.reserve(spare_.size() + keys);
    for (std::size_t i = 0; i < keys; ++i) {
      Map one;
      one.emplace(std::string_view{}, nullptr);
      spare_.push_back(one.extract(one.begin()));
    }
    return true;
  } catch (const std::bad_alloc&) {
    return false;
  }
  void drop_reservations() noexcept { spare_.clear(); }

  Record* find(std::string_view key) const noexcept {
    const auto it = map_.find(key);
    return it == map_.end() ? nullptr : it->second;
  }
  Record* put(Record* record) noexcept {
    const auto it = map_.find(record->key());
    Map::node_type node;
    if (it != map_.end()) {
      node = map_.extract(it);
    } else {
      node = std::move(spare_.back());
      spare_.pop_back();
    }
    Record* replaced = node.mapped();
    node.key() = record->key();
    node.mapped() = record;
    map_.insert(std::move(node));
    return replaced;
  }
  Record* erase(std::string_view key) noexcept {
    const auto it = map_.find(key);
    if (it == map_.end()) return nullptr;
    Record* removed = it->second;
    map_.erase(it);
    return removed;
  }
  const std::map<std::string_view, Record*>& all() const noexcept { return map_; }

 private:
  using Map = std::map<std::string_view, Record*>;
  Map map_;
  std::vector<Map::node_type> spare_;
};

}  // namespace flashkv::test
