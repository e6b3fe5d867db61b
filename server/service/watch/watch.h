// One watch of a stream.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "server/service/watch/key_range.h"
#include "storage/sync/clock.h"
#include "storage/watch/history_reader.h"

namespace flashkv {

class WatchStream;

// Purpose: what a client asked for, and how far it has got.
// Threads: its stream's.
struct Watch {
  WatchStream* stream = nullptr;
  std::uint64_t id = 0;
  KeyRange range;
  std::uint64_t from = 0;  // earlier revisions are not its
  bool prev_kv = false;
  bool may_split = false;  // a large revision
  bool left_out[3] = {};   // by EventKind
  Nanos progress_interval = 0;
  Nanos quiet_since = 0;   // the last reply, for the interval
  std::uint64_t cost = 1;  // against --max-watches

  // Synced: in the hub's index and fed from its cursor; else it reads on by itself.
  bool synced = false;
  HistoryCursor cursor;
  bool in_index = false;
  std::size_t slot = 0;  // its place there

  // Events read and not yet in a reply, serialized.
  std::string ready;
  std::uint64_t ready_revision = 0;  // of the last event read
  std::size_t revision_bytes = 0;    // of its events
  bool touched = false;              // in the hub's list of those to be looked at after the slice
  bool split = false;                // a part of ready_revision has been sent
  bool too_large = false;            // ready_revision does not fit into a reply

  bool wants(const WatchEvent& e) const noexcept {
    return e.revision >= from && !left_out[static_cast<std::size_t>(e.kind)];
  }
};

}  // namespace flashkv
