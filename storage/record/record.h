// One key with its value: the block that every index points at.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <cstring>
#include <memory>
#include <string_view>

#include "storage/record/large_block.h"

namespace flashkv {

// The place of a record in a list of those that expire (expiry/timer_wheel.h); null = in none.
struct ExpiryLink {
  ExpiryLink* next = nullptr;
  ExpiryLink* prev = nullptr;
};

// Purpose: one immutable allocation: revisions, sizes, key bytes, value bytes and, where asked for, an
//          expiry and a link. Both halves of a double-buffered table point at the SAME record; a new value is
//          a new record.
// Usage:   RecordPtr r = Record::make("color", "blue", Expiry::kNone);
//          if (!r) ...;                         // out of memory, nothing happened
//          r->stamp(create, mod, version);      // the writer, once, before a reader can find it
//          table.upsert(r.release(), hash);     // from here on the table owns it
// Threads: made by any thread; stamped, counted and linked by the writer alone; read by everyone after
//          publish, but for the count and the link.
// Lifetime: freed by release() at the last owner. Owners are what keeps it findable (a table counts as one,
//          however many halves it has; later also history and pins, hence up to 2^32 - 1), never a reader: a
//          read section covers it until it is copied.
// Cost:    32 bytes + key + value (+ 24 with an expiry: the instant and two links); from large_block::kLeast
//          up, rounded as large_block.h says.
// Limits:  kMaxKeyBytes, kMaxValueBytes; a caller checks sizes before it asks.
class Record {
 public:
  static constexpr std::size_t kMaxKeyBytes = 65'535;
  static constexpr std::size_t kMaxValueBytes = std::size_t{1} << 30;
  // Of the three counters of 64 bits the version spares 16 for the key's size, and so makes room for 32 bits
  // of owners: it counts the changes of one key, and 2^48 of them take nine years at a million a second. It
  // stays there rather than begin again; revisions, which all keys share, have all their bits.
  static constexpr unsigned kVersionBits = 48;
  static constexpr std::uint64_t kMaxVersion = (std::uint64_t{1} << kVersionBits) - 1;

  enum class Expiry : bool { kNone = false, kRoom = true };  // kRoom: set_expires_at_ms may be called
  struct Deleter {
    void operator()(Record* r) const noexcept { destroy(r); }
  };
  using Ptr = std::unique_ptr<Record, Deleter>;

  // One owner-less record, unstamped; null when memory is short.
  static Ptr make(std::string_view key, std::string_view value, Expiry expiry) noexcept;
  // The same with the value in two parts, head first (Append).
  static Ptr make(std::string_view key, std::string_view head, std::string_view tail, Expiry expiry) noexcept;
  // A copy that no table owns, stamps and expiry included; null when memory is short.
  Ptr clone() const noexcept;
  // The same with an empty value.
  Ptr clone_without_value() const noexcept;
  // The bytes a record of this shape takes, from the allocator or, where it is large, from the system.
  static constexpr std::size_t bytes_for(std::size_t key, std::size_t value, Expiry expiry) noexcept {
    const std::size_t used = kHeaderBytes + key + value + (expiry == Expiry::kRoom ? kExpiryBytes : 0);
    return used < large_block::kLeast ? used : large_block::bytes_for(used);
  }

  std::string_view key() const noexcept { return {data(), key_size_}; }
  std::string_view value() const noexcept { return {data() + key_size_, value_size_}; }
  std::uint64_t create_revision() const noexcept { return create_revision_; }
  std::uint64_t mod_revision() const noexcept { return mod_revision_; }
  std::uint64_t version() const noexcept { return version_; }  // 1 = never rewritten
  bool has_expiry_room() const noexcept { return has_expiry_ != 0; }
  // Unix milliseconds, 0 = never.
  std::int64_t expires_at_ms() const noexcept {
    if (has_expiry_ == 0) return 0;
    std::int64_t at;
    std::memcpy(&at, data() + key_size_ + value_size_, sizeof at);
    return at;
  }
  std::size_t bytes() const noexcept {
    return bytes_for(key_size_, value_size_, static_cast<Expiry>(has_expiry_ != 0));
  }

  void stamp(std::uint64_t create, std::uint64_t mod, std::uint64_t version) noexcept {
    create_revision_ = create;
    mod_revision_ = mod;
    version_ = std::min(version, kMaxVersion) & kMaxVersion;
  }
  // Both only on a record made with Expiry::kRoom; the instant before a reader can find it, the link at any
  // time.
  void set_expires_at_ms(std::int64_t at) noexcept {
    std::memcpy(data() + key_size_ + value_size_, &at, sizeof at);
  }

  ExpiryLink& expiry_link() noexcept { return reinterpret_cast<ExpiryLink*>(this)[-1]; }
  static Record& of(ExpiryLink& link) noexcept { return *reinterpret_cast<Record*>(&link + 1); }

  void retain() noexcept { ++owners_; }
  // Frees the record when this was the last owner.
  void release() noexcept {
    if (--owners_ == 0) destroy(this);
  }

  Record(const Record&) = delete;
  Record& operator=(const Record&) = delete;

  // Records alive in the process: exact at any quiet moment. Counted in every build that checks itself
  // (NDEBUG unset), 0 otherwise: a shared counter has no place in a release build.
  static std::int64_t live() noexcept;

 private:
  static constexpr std::size_t kHeaderBytes = 32;
  // The instant is behind the value, the link before the header: there it is aligned, and a reader finds the
  // key where it is without one.
  static constexpr std::size_t kExpiryBytes = sizeof(std::int64_t) + sizeof(ExpiryLink);
  Record() = default;
  Ptr clone_with(std::string_view value) const noexcept;
  static void destroy(Record* r) noexcept;
  char* data() noexcept { return reinterpret_cast<char*>(this) + kHeaderBytes; }
  const char* data() const noexcept { return reinterpret_cast<const char*>(this) + kHeaderBytes; }

  std::uint64_t mod_revision_ = 0;
  std::uint64_t create_revision_ = 0;
  std::uint64_t version_ : kVersionBits = 0;
  std::uint64_t key_size_ : 64 - kVersionBits = 0;
  std::uint32_t value_size_ : 31 = 0;
  std::uint32_t has_expiry_ : 1 = 0;
  std::uint32_t owners_ = 0;  // a word of its own: the writer counts while readers read the sizes
};

using RecordPtr = Record::Ptr;

}  // namespace flashkv
