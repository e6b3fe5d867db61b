// Watching keys: changes as they happen, across lost connections.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <flashkv/client.h>

namespace flashkv::client {

enum class EventType { kPut = 1, kDelete = 2, kExpire = 3 };

struct Event {
  EventType type = EventType::kPut;
  KeyValue kv;                      // of a removed key: its name and the revision only
  std::optional<KeyValue> prev_kv;  // if asked for, and the key existed
};

// At most one of key, prefix, and start with end; none: all keys.
struct WatchOptions {
  std::string key{};
  std::string prefix{};
  std::string start{}, end{};  // keys >= start and < end; empty end = to the last key
  std::uint64_t from = 0;      // the first revision; 0 = what comes from now on
  bool prev_kv = false;
  std::vector<EventType> leave_out{};
  // How often the server says how far a quiet watch has got, so that it can resume later than its last event.
  std::chrono::milliseconds progress{60'000};
};

// Events in order. Those of one revision come together, unless `more` is set.
struct Events {
  std::vector<Event> events;   // none: the time is over, or there was nothing up to `revision`
  std::uint64_t revision = 0;  // everything up to it has been handed out; 0 = not known yet
  bool more = false;           // the last revision goes on in the next Events
};

// Purpose: hands out each change of the watched keys once, in order, and resumes where it was after a lost
//          connection.
// Usage:   Watcher watcher(client, {.prefix = "config/"});
//          for (;;) {
//            auto got = watcher.next(std::chrono::seconds(1));
//            if (!got) return report(got.error(), watcher.compact_revision());
//            for (const Event& e : got->events) apply(e);
//          }
// Threads: next() from one at a time; cancel() from any.
// Lifetime: the client outlives it. Its destructor ends the watch.
// Cost:    one stream; no thread of its own.
// Limits:  one reply of the server is read ahead, of about 1 MiB unless a single event is larger. What the
//          caller does not take stays on the server, in its bounded history: who is too slow for it, or away
//          for too long, gets kOutOfRange.
// Errors:  all are final; make another Watcher to go on.
//            kOutOfRange         events were lost: those before compact_revision() are gone. Read the keys
//                                again, and watch from the revision of that read on, plus one.
//            kDataLoss           the server has started without its data; the same, from its beginning.
//            kUnavailable        the first connection failed. Later ones are tried again, for ever, after
//                                0.1 s and then up to 2 s.
//            kCancelled          by cancel().
//          Others as documented for Watch in kv.proto.
class Watcher {
 public:
  Watcher(Client& client, WatchOptions options);
  Watcher(const Watcher&) = delete;
  Watcher& operator=(const Watcher&) = delete;
  ~Watcher();

  // The next events, or none after `timeout`.
  Result<Events> next(std::chrono::milliseconds timeout);
  // next() returns kCancelled, also one that waits, within 0.1 s.
  void cancel() noexcept;
  // With kOutOfRange: the first revision that can still be watched; 0 = not known.
  std::uint64_t compact_revision() const noexcept;
  // How often the connection was made anew.
  std::uint64_t reconnects() const noexcept;
  // Whether the server feeds the watch now.
  bool connected() const noexcept;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace flashkv::client
