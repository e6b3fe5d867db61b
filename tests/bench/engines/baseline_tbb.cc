// oneTBB's concurrent_hash_map.
#include <oneapi/tbb/concurrent_hash_map.h>

#include <cstdlib>
#include <memory>

#include "storage/record/same_key.h"
#include "storage/table/any_engine_of.h"
#include "tests/bench/engines/baseline_engine.h"
#include "tests/bench/engines/baselines.h"

namespace flashkv::bench {
namespace {

struct AsIs {
  static std::size_t hash(std::uint64_t hash) noexcept { return hash; }
  static bool equal(std::uint64_t a, std::uint64_t b) noexcept { return a == b; }
};

// From hash to record. An accessor covers a lookup, a grace period the record found.
class TbbMap {
 public:
  static constexpr std::string_view kName = "tbb";
  static constexpr ReadRmw kReadRmw = ReadRmw::kLock;
  using Section = reclaim::DefaultPeriods::Section;

  TbbMap() = default;
  TbbMap(const TbbMap&) = delete;
  TbbMap& operator=(const TbbMap&) = delete;
  ~TbbMap() {
    for (const auto& entry : map_) entry.second->release();
  }
  Section make_section(Retired& retired) { return retired.make_section(); }

  const Record* find(const Probe& probe) const noexcept {
    Map::const_accessor at;
    if (!map_.find(at, probe.hash)) return nullptr;
    const Record* found = at->second;
    return same_key(*found, probe.key) ? found : nullptr;
  }
  std::size_t put(Record* record, std::uint64_t hash, Retired& retired) noexcept {
    Map::accessor at;
    if (map_.insert(at, {hash, record})) return 0;
    Record* old = at->second;
    if (old->key() != record->key()) std::abort();  // two keys with one 64-bit hash
    at->second = record;
    retired.record(old);
    return old->bytes();
  }
  std::size_t take(const Probe& probe, Retired& retired) noexcept {
    Map::accessor at;
    if (!map_.find(at, probe.hash) || !same_key(*at->second, probe.key)) return 0;
    Record* old = at->second;
    map_.erase(at);
    retired.record(old);
    return old->bytes();
  }
  // A bucket is a lock and a link; a node a link, a lock, the hash and the record.
  std::uint64_t index_bytes() const noexcept { return map_.bucket_count() * 16 + map_.size() * 32; }

 private:
  using Map = oneapi::tbb::concurrent_hash_map<std::uint64_t, Record*, AsIs,
                                               std::allocator<std::pair<const std::uint64_t, Record*>>>;
  Map map_;
};

}  // namespace

std::unique_ptr<AnyEngine> make_tbb_engine(const EngineOptions& options) {
  return std::make_unique<AnyEngineOf<BaselineEngine<TbbMap>>>(options);
}

}  // namespace flashkv::bench
