// The interface through which a thread reads the store.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace flashkv {

// One answer of a read, filled in by ReadHandle. `value` receives the value's bytes (null: not needed); its
// capacity is reused, so a recycled string costs no allocation.
struct Lookup {
  bool found = false;
  std::uint64_t create_revision = 0;
  std::uint64_t mod_revision = 0;
  std::uint64_t version = 0;
  std::int64_t expires_at_ms = 0;
  std::string* value = nullptr;
};

// Purpose: one thread's reader.
// Usage:   auto reader = store.make_reader();  std::string value;  Lookup hit{.value = &value};
//          std::uint64_t revision = reader->get("color", hit);
// Threads: bound to the thread that uses it first; one per thread, made once, never per request.
// Lifetime: destroyed before its store.
// Cost:    one virtual call; no lock, no allocation but the value's own, no shared write.
// Both reads return the revision of the state they saw. An expired key is not found.
class ReadHandle {
 public:
  virtual ~ReadHandle() = default;
  virtual std::uint64_t get(std::string_view key, Lookup& out) = 0;
  // All answers come from one state (for an engine without atomic_batch the caller must refuse more than one
  // key with FAILED_PRECONDITION). out[i] answers keys[i]; equal lengths. If the values together exceed
  // max_bytes, complete is false and the answers are unusable.
  virtual std::uint64_t multi_get(std::span<const std::string_view> keys, std::span<Lookup> out,
                                  std::uint64_t max_bytes, bool& complete) = 0;
  // Every read that starts from now on sees at least this revision.
  virtual std::uint64_t published_revision() const noexcept = 0;
};

}  // namespace flashkv
