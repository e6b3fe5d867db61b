// libcuckoo's concurrent cuckoo table.
#include <cstdlib>
#include <libcuckoo/cuckoohash_map.hh>

#include "storage/record/same_key.h"
#include "storage/table/any_engine_of.h"
#include "tests/bench/engines/baseline_engine.h"
#include "tests/bench/engines/baselines.h"

namespace flashkv::bench {
namespace {

struct AsIs {
  std::size_t operator()(std::uint64_t hash) const noexcept { return hash; }
};

// From hash to record: its smallest slot. Its locks cover a lookup, a grace period the record found.
class LibcuckooMap {
 public:
  static constexpr std::string_view kName = "libcuckoo";
  static constexpr ReadRmw kReadRmw = ReadRmw::kLock;
  using Section = reclaim::DefaultPeriods::Section;

  LibcuckooMap() = default;
  LibcuckooMap(const LibcuckooMap&) = delete;
  LibcuckooMap& operator=(const LibcuckooMap&) = delete;
  ~LibcuckooMap() {
    for (const auto& entry : map_.lock_table()) entry.second->release();
  }
  Section make_section(Retired& retired) { return retired.make_section(); }

  const Record* find(const Probe& probe) const noexcept {
    const Record* found = nullptr;
    map_.find_fn(probe.hash, [&](Record* const& record) { found = record; });
    return found != nullptr && same_key(*found, probe.key) ? found : nullptr;
  }
  std::size_t put(Record* record, std::uint64_t hash, Retired& retired) noexcept {
    Record* old = nullptr;
    map_.upsert(
        hash,
        [&](Record*& value) {
          old = value;
          value = record;
        },
        record);
    if (old == nullptr) return 0;
    if (old->key() != record->key()) std::abort();  // two keys with one 64-bit hash
    retired.record(old);
    return old->bytes();
  }
  std::size_t take(const Probe& probe, Retired& retired) noexcept {
    Record* old = nullptr;
    map_.erase_fn(probe.hash, [&](Record*& value) {
      if (!same_key(*value, probe.key)) return false;
      old = value;
      return true;
    });
    if (old == nullptr) return 0;
    retired.record(old);
    return old->bytes();
  }
  // A slot is hash and record, a partial hash and a mark.
  std::uint64_t index_bytes() const noexcept { return map_.capacity() * 18; }

 private:
  libcuckoo::cuckoohash_map<std::uint64_t, Record*, AsIs> map_;
};

}  // namespace

std::unique_ptr<AnyEngine> make_libcuckoo_engine(const EngineOptions& options) {
  return std::make_unique<AnyEngineOf<BaselineEngine<LibcuckooMap>>>(options);
}

}  // namespace flashkv::bench
