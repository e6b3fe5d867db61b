// Writing to a table as the store's writer does: open, prepare and apply request by request, publish.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "storage/table/any_engine.h"
#include "tests/bench/key.h"

namespace flashkv::bench {

// What batches took, from the try_begin_batch() that succeeded to publish(): waiting for a reader that the
// machine took off its core is neither the engine's work nor in these.
struct WriteTime {
  double wall = 0;    // seconds
  double cpu = 0;     // of the writing thread
  double waited = 0;  // before it: seconds until try_begin_batch() succeeded
};

// Purpose: the writer of one table. One request a key.
// Usage:   TableWriter w(*table);  w.fill(1'000'000);  w.drop_reservations();
//          WriteTime t = w.put(keys, 64);   // a publish for every 64
// Threads: one at a time; may move to another when that one has been joined.
// Limits:  a table that takes no more (leaking engines at their bound) makes exhausted() true; from then on
//          nothing is written.
class TableWriter {
 public:
  explicit TableWriter(AnyEngine& table);

  WriteTime put(std::span<const Key> keys, std::size_t publish_every);
  // Erases some keys and puts others in one batch.
  WriteTime exchange(std::span<const Key> erased, std::span<const Key> put);
  // Keys first to last - 1.
  void fill(std::uint64_t first, std::uint64_t last);
  // Empty batches until nothing waits for readers and no resize is under way, a second at most.
  void drop_reservations();

  std::uint64_t written() const noexcept { return written_; }
  std::uint64_t deferred() const noexcept { return deferred_; }
  bool exhausted() const noexcept { return exhausted_; }

 private:
  void make_records(std::span<const Key> keys);
  void open(WriteTime& from);
  void apply(std::span<const Key> keys, std::size_t first_record);
  void publish(WriteTime from, WriteTime& sum);

  AnyEngine& table_;
  KeyHash hash_;
  std::vector<RecordPtr> records_;
  std::uint64_t revision_;
  std::uint64_t written_ = 0;
  std::uint64_t deferred_ = 0;
  bool exhausted_ = false;
};

}  // namespace flashkv::bench
