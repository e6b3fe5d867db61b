// One read section of each policy, compiled for locked_instructions.py to look at.
#include <cstdint>

#include "storage/engine/flashmap/guard_asymmetric.h"
#include "storage/engine/flashmap/guard_refcount.h"

namespace {
struct Half {
  std::uint64_t revision = 0;
  std::uintptr_t word = 1;
  std::uintptr_t generation() const { return word; }
};
}  // namespace

extern "C" std::uint64_t asymmetric_section(flashkv::flashmap::AsymmetricGuards<Half>::Reader& reader) {
  const auto half = reader.enter();
  const std::uint64_t revision = half->revision;
  reader.leave(half);
  return revision;
}

extern "C" std::uint64_t refcount_section(flashkv::flashmap::RefcountGuards<Half>::Reader& reader) {
  const auto half = reader.enter();
  const std::uint64_t revision = half->revision;
  reader.leave(half);
  return revision;
}
