#include "storage/record/record.h"

#include <cstddef>
#include <cstdlib>
#include <new>

#include "storage/record/large_block.h"

namespace flashkv {
namespace {
#ifndef NDEBUG
std::atomic<std::int64_t> live_records{0};
#endif
}  // namespace

static_assert(sizeof(Record) == 32, "the header of a record is the memory cost of every key");
static_assert(Record::kMaxKeyBytes >> (64 - Record::kVersionBits) == 0 && Record::kMaxValueBytes >> 31 == 0,
              "the sizes fit their bits");
static_assert(sizeof(ExpiryLink) % alignof(std::max_align_t) == 0,
              "a record behind its link is aligned as one without");

RecordPtr Record::make(std::string_view key, std::string_view head, std::string_view tail,
                       Expiry expiry) noexcept {
  const std::size_t value_size = head.size() + tail.size();
  if (key.size() > kMaxKeyBytes || value_size > kMaxValueBytes) return nullptr;
  const std::size_t bytes = bytes_for(key.size(), value_size, expiry);
  void* block =
      bytes < large_block::kLeast ? ::operator new(bytes, std::nothrow) : large_block::allocate(bytes);
  if (block == nullptr) return nullptr;
  if (expiry == Expiry::kRoom) block = new (block) ExpiryLink + 1;
  RecordPtr r(new (block) Record);
  r->key_size_ = static_cast<std::uint16_t>(key.size());
  r->value_size_ = static_cast<std::uint32_t>(value_size) & 0x7fff'ffffU;
  r->has_expiry_ = expiry == Expiry::kRoom ? 1 : 0;
  char* to = r->data();
  if (!key.empty()) std::memcpy(to, key.data(), key.size());
  to += key.size();
  if (!head.empty()) std::memcpy(to, head.data(), head.size());
  if (!tail.empty()) std::memcpy(to + head.size(), tail.data(), tail.size());
  if (expiry == Expiry::kRoom) r->set_expires_at_ms(0);
#ifndef NDEBUG
  live_records.fetch_add(1, std::memory_order_relaxed);
#endif
  return r;
}

RecordPtr Record::make(std::string_view key, std::string_view value, Expiry expiry) noexcept {
  return make(key, value, {}, expiry);
}

RecordPtr Record::clone() const noexcept { return clone_with(value()); }
RecordPtr Record::clone_without_value() const noexcept { return clone_with({}); }

RecordPtr Record::clone_with(std::string_view value) const noexcept {
  RecordPtr r = make(key(), value, static_cast<Expiry>(has_expiry_ != 0));
  if (!r) return r;
  r->stamp(create_revision_, mod_revision_, version_);
  if (has_expiry_ != 0) r->set_expires_at_ms(expires_at_ms());
  return r;
}

void Record::destroy(Record* r) noexcept {
#ifndef NDEBUG
  live_records.fetch_sub(1, std::memory_order_relaxed);
#endif
  const std::size_t bytes = r->bytes();
  void* block = r->has_expiry_ != 0 ? static_cast<void*>(&r->expiry_link()) : r;
  r->~Record();
  if (bytes < large_block::kLeast) {
    ::operator delete(block);
  } else {
    large_block::release(block, bytes);
  }
}

std::int64_t Record::live() noexcept {
#ifndef NDEBUG
  return live_records.load(std::memory_order_relaxed);
#else
  return 0;
#endif
}

}  // namespace flashkv
