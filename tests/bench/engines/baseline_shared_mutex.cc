// std::shared_mutex over std::unordered_map.
#include <shared_mutex>
#include <unordered_map>

#include "storage/engine/basic_table.h"
#include "storage/engine/flashmap/same_key.h"
#include "tests/bench/engines/baseline_engine.h"
#include "tests/bench/engines/baselines.h"

namespace flashkv::bench {
namespace {

struct AsIs {
  std::size_t operator()(std::uint64_t hash) const noexcept { return hash; }
};

// Readers share the lock for as long as they use the record; the writer has it for each change. Keys with the
// same 64-bit hash share a chain.
class SharedMutexMap {
 public:
  static constexpr std::string_view kName = "shared_mutex";
  static constexpr ReadRmw kReadRmw = ReadRmw::kLock;

  class Section {
   public:
    explicit Section(std::shared_mutex& mutex) noexcept : mutex_(&mutex) {}
    void lock() noexcept { mutex_->lock_shared(); }
    void unlock() noexcept { mutex_->unlock_shared(); }

   private:
    std::shared_mutex* mutex_;
  };
  SharedMutexMap() = default;
  SharedMutexMap(const SharedMutexMap&) = delete;
  SharedMutexMap& operator=(const SharedMutexMap&) = delete;
  ~SharedMutexMap() {
    for (const auto& [hash, record] : map_) record->release();
  }
  Section make_section(Retired&) { return Section(mutex_); }

  const Record* find(const Probe& probe) const noexcept {
    const auto at = where(probe);
    return at == map_.end() ? nullptr : at->second;
  }
  std::size_t put(Record* record, std::uint64_t hash, Retired&) noexcept {
    const auto at = where({record->key(), hash});
    const std::unique_lock lock(mutex_);
    if (at == map_.end()) {
      map_.emplace(hash, record);
      return 0;
    }
    Record* old = at->second;
    map_.erase(at, at)->second = record;  // of nothing: makes the iterator one that can write
    const std::size_t bytes = old->bytes();
    old->release();
    return bytes;
  }
  std::size_t take(const Probe& probe, Retired&) noexcept {
    const auto at = where(probe);
    if (at == map_.end()) return 0;
    Record* old = at->second;
    const std::size_t bytes = old->bytes();
    {
      const std::unique_lock lock(mutex_);
      map_.erase(at);
    }
    old->release();
    return bytes;
  }
  // libstdc++: a pointer a bucket; a node is a link, the hash and the record.
  std::uint64_t index_bytes() const noexcept { return map_.bucket_count() * 8 + map_.size() * 24; }

 private:
  using Map = std::unordered_multimap<std::uint64_t, Record*, AsIs>;
  Map::const_iterator where(const Probe& probe) const noexcept {
    const auto [first, last] = map_.equal_range(probe.hash);
    for (auto at = first; at != last; ++at) {
      if (flashmap::same_key(*at->second, probe.key)) return at;
    }
    return map_.end();
  }

  std::shared_mutex mutex_;
  Map map_;
};

}  // namespace

std::unique_ptr<Table> make_shared_mutex_table(const EngineOptions& options) {
  return std::make_unique<BasicTable<BaselineEngine<SharedMutexMap>>>(options);
}

}  // namespace flashkv::bench
