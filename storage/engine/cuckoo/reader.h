// The read side of the cuckoo engines: a guard reads one table for as long as it lives.
#pragma once

#include <cstdint>
#include <span>

#include "storage/engine/cuckoo/table.h"
#include "storage/table/engine.h"

namespace flashkv::cuckoo {

// Purpose: EngineReader and EngineGuard over an Access to the published table, with
//            Held enter() noexcept;          Held has `const Table* table`, which does not change
//            void leave(const Held&) noexcept;
// Threads: bound to one; any number of guards of one reader may nest.
// Cost:    the access's cost and a load of the revision.
template <typename Access>
class Reader {
 public:
  class Guard {
   public:
    explicit Guard(Access& access) noexcept
        : access_(access), held_(access.enter()), revision_(held_.table->revision()) {}
    Guard(const Guard&) = delete;
    Guard& operator=(const Guard&) = delete;
    ~Guard() { access_.leave(held_); }

    std::uint64_t revision() const noexcept { return revision_; }
    const Record* find(const Probe& probe) const noexcept { return held_.table->find(probe); }
    void find_batch(std::span<const Probe> probes, std::span<const Record*> found) const noexcept {
      held_.table->find_batch(probes, found);
    }

   private:
    Access& access_;
    const typename Access::Held held_;
    const std::uint64_t revision_;
  };

  explicit Reader(Access& access) noexcept : access_(&access) {}
  Guard enter() noexcept { return Guard(*access_); }

 private:
  Access* access_;
};

}  // namespace flashkv::cuckoo
