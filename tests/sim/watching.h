// Watchers of a simulated store's history.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "storage/watch/history_reader.h"
#include "tests/sim/model.h"

namespace flashkv::sim {

// Purpose: reads the history as watches do, and compares each event with the model: every change of every
//          published revision once, in order, with what it replaced, or the announcement that it is gone.
// Usage:   Watcher watcher(store.history());  std::string wrong = watcher.look(model, most);
// Threads: one.
class Watcher {
 public:
  explicit Watcher(WatchHistory& history) : reader_(history), at_(reader_.now()) {}

  // Reads up to `most` events. Returns what is wrong; empty = nothing.
  std::string look(const Model& model, std::size_t most);
  std::uint64_t events() const { return events_; }
  std::uint64_t compactions() const { return compactions_; }

 private:
  std::string check(const Model& model, const WatchEvent& event);
  std::string check_read(const Model& model, std::uint64_t revision);

  HistoryReader reader_;
  HistoryCursor at_;
  std::uint64_t first_ = 0;               // the last revision before its first
  std::uint64_t read_ = 0;                // the revision of the event before
  std::vector<std::string> of_revision_;  // the keys that it changed
  std::uint64_t events_ = 0;
  std::uint64_t compactions_ = 0;
};

}  // namespace flashkv::sim
