// flashmap's table under std::shared_mutex: what its two halves and its guards are there to avoid.
#include <cstdlib>
#include <mutex>
#include <shared_mutex>

#include "storage/engine/flashmap/twin_table.h"
#include "storage/engine/parts/section_reader.h"
#include "storage/sync/sync.h"
#include "storage/table/any_engine_of.h"
#include "tests/bench/engines/baselines.h"

namespace flashkv::bench {
namespace {

// Purpose: an Engine of one half. A TwinTable whose halves are never exchanged is one index that changes in
//          place: the writer has the lock from try_begin_batch() to publish(), so that a batch shows at once,
//          and lets go of what it replaces on the spot. Readers share the lock for as long as they use the
//          record.
// Threads, Lifetime: as Engine.
// Cost:    a read: a shared lock and its release, and flashmap's three lines.
// Limits:  the other half's buckets are allocated, and never touched; the writer notes what a replay would
//          copy.
class SharedMutexFlashmap {
 public:
  class Section {
   public:
    explicit Section(std::shared_mutex& mutex) noexcept : mutex_(&mutex) {}
    void lock() noexcept { mutex_->lock_shared(); }
    void unlock() noexcept { mutex_->unlock_shared(); }

   private:
    std::shared_mutex* mutex_;
  };
  using Reader = SectionReader<SharedMutexFlashmap, Section>;

  explicit SharedMutexFlashmap(const EngineOptions& options) : table_(options.hash) {}
  static constexpr Traits traits() noexcept {
    return {.name = "shared_mutex",
            .atomic_batch = true,
            .linearizable = true,
            .bounded_garbage = true,
            .read_rmw = ReadRmw::kLock};
  }
  Reader make_reader() { return Reader(*this, Section(mutex_)); }
  const Record* lookup(const Probe& probe) const noexcept { return table_.find(probe); }
  void lookup_batch(std::span<const Probe> probes, std::span<const Record*> found) const noexcept {
    table_.half(table_.staged()).find_batch(probes, found);
  }

  bool try_begin_batch(Nanos) noexcept {
    if (!own_.owns_lock()) own_.lock();
    return true;
  }
  Record* find(const Probe& probe) noexcept { return table_.find(probe); }
  void prefetch(std::span<const Probe> probes) noexcept { table_.prefetch(probes); }
  bool reserve(std::span<const Probe> probes) noexcept { return table_.reserve(probes); }
  void upsert(Record* record, std::uint64_t hash) noexcept { table_.upsert(record, hash); }
  void erase(const Probe& probe) noexcept { table_.erase(probe); }
  void publish(std::uint64_t revision) noexcept {
    // The unused half is of revision 0, so that no record has to wait for it.
    if (table_.stats().retired_bytes != 0) std::abort();
    published_.store(revision, sync::kRelease);
    own_.unlock();
  }
  std::uint64_t published() const noexcept { return published_.load(sync::kAcquire); }
  EngineStats stats() const noexcept { return table_.stats(); }

 private:
  std::shared_mutex mutex_;
  std::unique_lock<std::shared_mutex> own_{mutex_, std::defer_lock};
  flashmap::TwinTable table_;
  alignas(sync::kOwnLine) sync::Atomic<std::uint64_t> published_{0};
};
static_assert(Engine<SharedMutexFlashmap>);

}  // namespace
}  // namespace flashkv::bench

namespace flashkv {
template <>
inline constexpr bool kReadersMoveAtOnce<bench::SharedMutexFlashmap> = true;
}  // namespace flashkv

namespace flashkv::bench {

std::unique_ptr<AnyEngine> make_shared_mutex_engine(const EngineOptions& options) {
  return std::make_unique<AnyEngineOf<SharedMutexFlashmap>>(options);
}

}  // namespace flashkv::bench
