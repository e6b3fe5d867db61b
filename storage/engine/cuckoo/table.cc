#include "storage/engine/cuckoo/table.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <new>

namespace flashkv::cuckoo {
namespace {

constexpr std::size_t kGroup = 32;

void* allocate(unsigned log2) noexcept {
  return ::operator new (Table::bytes_for(log2), std::align_val_t{alignof(Table)}, std::nothrow);
}

void fetch_record(const Slot* slot) noexcept {
  if (slot == nullptr || Leaf(slot->word).is_chain()) return;
  const auto* record = reinterpret_cast<const char*>(slot->word);
  __builtin_prefetch(record);
  __builtin_prefetch(record + 64);
}

}  // namespace

Table* Table::make(unsigned log2, std::uint64_t seed) noexcept {
  void* block = allocate(log2);
  if (block == nullptr) return nullptr;
  auto* table = new (block) Table(log2, seed);
  table->clear(seed);
  return table;
}

Table* Table::make_first() {
  Table* table = make(kLeastLog2, kFirstSeed);
  if (table == nullptr) throw std::bad_alloc();
  return table;
}

Table* Table::copy() const noexcept {
  void* block = allocate(log2_);
  if (block == nullptr) return nullptr;
  auto* table = new (block) Table(log2_, seed_);
  table->assign(*this);
  table->set_revision(revision());
  return table;
}

void Table::destroy(Table* table) noexcept { ::operator delete (table, std::align_val_t{alignof(Table)}); }

void Table::assign(const Table& other) noexcept {
  if (other.log2_ != log2_) sync::fatal("a table copied into one of another size");
  seed_ = other.seed_;
  std::memcpy(static_cast<void*>(buckets()), other.buckets(), bucket_count() * sizeof(Bucket));
}

void Table::clear(std::uint64_t seed) noexcept {
  seed_ = seed;
  std::memset(static_cast<void*>(buckets()), 0, bucket_count() * sizeof(Bucket));
}

void Table::find_batch(std::span<const Probe> probes, std::span<const Record*> found) const noexcept {
  std::array<Places, kGroup> at;
  std::array<const Slot*, kGroup> slots;
  for (std::size_t first = 0; first < probes.size(); first += kGroup) {
    const std::size_t size = std::min(kGroup, probes.size() - first);
    for (std::size_t i = 0; i < size; ++i) {
      at[i] = places(probes[first + i].hash);
      __builtin_prefetch(&buckets()[at[i].first]);
      __builtin_prefetch(&buckets()[at[i].second]);
    }
    for (std::size_t i = 0; i < size; ++i) {
      const std::uint64_t hash = probes[first + i].hash;
      slots[i] = slot_in(buckets()[at[i].first], hash);
      if (slots[i] == nullptr) slots[i] = slot_in(buckets()[at[i].second], hash);
      fetch_record(slots[i]);
    }
    for (std::size_t i = 0; i < size; ++i) found[first + i] = match(slots[i], probes[first + i]);
  }
}

void Table::prefetch(std::span<const Probe> probes) const noexcept {
  for (std::size_t first = 0; first < probes.size(); first += kGroup) {
    const auto group = probes.subspan(first, std::min(kGroup, probes.size() - first));
    for (const Probe& p : group) {
      const Places at = places(p.hash);
      __builtin_prefetch(&buckets()[at.first], 1);
      __builtin_prefetch(&buckets()[at.second], 1);
    }
    for (const Probe& p : group) fetch_record(slot(p.hash));
  }
}

}  // namespace flashkv::cuckoo
