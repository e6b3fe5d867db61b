// The read side of engines whose reads are a read section around a walk.
#pragma once

#include <cstdint>
#include <span>
#include <utility>

#include "storage/table/engine.h"

namespace flashkv {

// A read section for engines that never free anything a reader may hold.
struct NoSection {
  void lock() noexcept {}
  void unlock() noexcept {}
};

// Purpose: EngineReader and EngineGuard over an engine T with
//            std::uint64_t published() noexcept;
//            const Record* lookup(const Probe&) const noexcept;
//            void lookup_batch(std::span<const Probe>, std::span<const Record*>) const noexcept;
//          and sections S (reclaim/grace_period.h, or NoSection).
// Usage:   SectionReader<T, S> make_reader() { return {*this, periods_.make_section()}; }
// Threads: bound to one.
// Cost:    the section's cost and one load of the published revision.
template <typename T, typename S>
class SectionReader {
 public:
  class Guard {
   public:
    Guard(T& table, S& section) noexcept : table_(table), section_(section) {
      section_.lock();
      revision_ = table_.published();
    }
    Guard(const Guard&) = delete;
    Guard& operator=(const Guard&) = delete;
    ~Guard() { section_.unlock(); }

    std::uint64_t revision() const noexcept { return revision_; }
    const Record* find(const Probe& probe) const noexcept { return table_.lookup(probe); }
    void find_batch(std::span<const Probe> probes, std::span<const Record*> found) const noexcept {
      table_.lookup_batch(probes, found);
    }

   private:
    T& table_;
    S& section_;
    std::uint64_t revision_;
  };

  SectionReader(T& table, S section) noexcept : table_(&table), section_(std::move(section)) {}
  Guard enter() noexcept { return Guard(*table_, section_); }

 private:
  T* table_;
  S section_;
};

}  // namespace flashkv
