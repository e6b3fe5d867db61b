// A history with a map in the place of the table.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "storage/watch/history.h"
#include "storage/watch/history_reader.h"

namespace flashkv::test {

// Purpose: writes to a map and to a history as the staged state does.
// Usage:   LoggedMap map(max_bytes);  map.put("a", "1");  map.erase("a");  map.publish();
// Threads: one; readers of the history are on others.
class LoggedMap {
 public:
  explicit LoggedMap(std::uint64_t max_bytes) : history(max_bytes, 0) {}
  LoggedMap(const LoggedMap&) = delete;
  LoggedMap& operator=(const LoggedMap&) = delete;
  ~LoggedMap() {
    for (auto& [key, record] : records_) record->release();
  }

  // Each a revision of its own, unless it is in a transaction.
  void put(const std::string& key, std::string_view value) { change(key, &value, EventKind::kPut); }
  void erase(const std::string& key) { change(key, nullptr, EventKind::kDelete); }
  void expire(const std::string& key) { change(key, nullptr, EventKind::kExpire); }
  template <typename Changes>
  void transaction(Changes changes) {
    ++revision;
    in_transaction_ = true;
    changes();
    in_transaction_ = false;
  }
  void publish() { history.publish(revision); }

  WatchHistory history;
  std::uint64_t revision = 0;
  bool out_of_memory = false;

 private:
  void change(const std::string& key, const std::string_view* value, EventKind kind) {
    const auto found = records_.find(key);
    Record* const base = found == records_.end() ? nullptr : found->second;
    if (!history.reserve(1, base != nullptr ? base->bytes() : 0)) {
      out_of_memory = true;
      return;
    }
    if (!in_transaction_) ++revision;
    RecordPtr made;
    if (value != nullptr) {
      made = Record::make(key, *value, Record::Expiry::kNone);
      made->stamp(revision, revision, 1);
    }
    history.append({revision, made.get(), base, kind});
    if (base != nullptr) base->release();
    if (made != nullptr) {
      made->retain();
      records_[key] = made.release();
    } else {
      records_.erase(found);
    }
  }

  std::map<std::string, Record*> records_;
  bool in_transaction_ = false;
};

// An event in words: "3 PUT a=2 (1)", "4 DELETE a (2)".
inline std::string words_of(const WatchEvent& e) {
  static constexpr const char* kNames[] = {"PUT", "DELETE", "EXPIRE"};
  std::string words = std::to_string(e.revision) + " " + kNames[static_cast<int>(e.kind)] + " ";
  words.append(e.key());
  if (e.kv != nullptr) words.append("=").append(e.kv->value());
  if (e.prev != nullptr) words.append(" (").append(e.prev->value()).append(")");
  return words;
}

// All events from the cursor on, in words.
inline std::vector<std::string> read_all(HistoryReader& reader, HistoryCursor& at) {
  std::vector<std::string> words;
  while (reader.read(at, 3, [&](const WatchEvent& e) {
    words.push_back(words_of(e));
    return true;
  }) == ReadEnd::kStopped) {
  }
  return words;
}

}  // namespace flashkv::test
