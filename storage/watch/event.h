// One change of one key, as watchers see it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "storage/record/record.h"

namespace flashkv {

enum class EventKind : std::uint8_t { kPut, kDelete, kExpire };

// Purpose: what a revision did to a key. Put, Increment, Append and Expire all make a kPut: the key has a new
//          record. A key whose time has come is removed by a kExpire with a revision of its own, also where a
//          request puts it again before that; such a put then finds no previous record.
// Lifetime: inside the read section it was found in.
struct WatchEvent {
  std::uint64_t revision = 0;
  const Record* kv = nullptr;    // what a kPut wrote; else null
  const Record* prev = nullptr;  // what it replaced or removed; null = the key was new
  EventKind kind = EventKind::kPut;

  std::string_view key() const noexcept { return kv != nullptr ? kv->key() : prev->key(); }
};

// Purpose: a block of consecutive events. Sealed (count no longer changes) once the next block has begun.
// Threads: the writer's; readers see the events that are published.
struct EventChunk {
  static constexpr std::uint32_t kEvents = 127;

  std::uint64_t last_revision = 0;  // of the events in it
  std::uint64_t bytes = 0;          // its own, and of the records that it keeps from being freed
  EventChunk* next = nullptr;       // among the spare ones
  std::uint32_t count = 0;
  WatchEvent events[kEvents];
};
static_assert(sizeof(EventChunk) <= 4096, "a chunk is a page");

}  // namespace flashkv
