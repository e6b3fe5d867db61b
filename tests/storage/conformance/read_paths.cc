// One read of each engine that claims to read without a read-modify-write, for read_path.py to look at.
#include <cstdint>
#include <cstdio>

#include "storage/engine/critnib/critnib.h"
#include "storage/engine/cuckoo/copying.h"
#include "storage/engine/flashmap_table.h"
#include "storage/engine/perfect_hash/perfect_hash.h"
#include "storage/engine/radix/radix.h"
#include "storage/engine/rcu_hash/rcu_hash.h"
#include "storage/engine/relativistic/relativistic.h"
#include "storage/reclaim/urcu.h"

namespace flashkv {
namespace {

template <typename Reader>
std::uint64_t read(Reader& reader, const Probe& probe) noexcept {
  auto guard = reader.enter();
  const Record* found = guard.find(probe);
  return found != nullptr ? found->mod_revision() : guard.revision();
}

using reclaim::Urcu;

}  // namespace

#define FLASHKV_READ_PATH(name, ...)                                                             \
  static_assert(__VA_ARGS__::traits().read_rmw == ReadRmw::kNone);                               \
  extern "C" [[gnu::noinline]] std::uint64_t name(__VA_ARGS__::Reader& reader, const Probe& p) { \
    return read(reader, p);                                                                      \
  }

FLASHKV_READ_PATH(read_flashmap, AsymmetricFlashmap)
FLASHKV_READ_PATH(read_relativistic, Relativistic<Urcu>)
FLASHKV_READ_PATH(read_rcu_hash, RcuHash<Urcu>)
FLASHKV_READ_PATH(read_radix, RadixEngine<Urcu>)
FLASHKV_READ_PATH(read_radix_compressed, CompressedRadixEngine<Urcu>)
FLASHKV_READ_PATH(read_critnib, CritnibEngine<Urcu>)
FLASHKV_READ_PATH(read_critnib_leak, LeakingCritnibEngine<Urcu>)
FLASHKV_READ_PATH(read_cuckoo_leak, CuckooLeak)
FLASHKV_READ_PATH(read_perfect_hash_leak, PerfectHashLeak)

// liburcu keeps a fence for kernels without membarrier() beside its plain way: those that its section has alone,
// and no others, may be found in a read that uses one.
extern "C" [[gnu::noinline]] void read_section_alone(Urcu::Section& section) {
  section.lock();
  section.unlock();
}

// The check must find them where they are.
extern "C" [[gnu::noinline]] std::uint64_t read_cuckoo_deletion_lock(CuckooDeletionLock::Reader& reader,
                                                                     const Probe& p) {
  return read(reader, p);
}

}  // namespace flashkv

int main() {
  // Taken so that the linker keeps them.
  const void* volatile kept[] = {
      reinterpret_cast<const void*>(&flashkv::read_flashmap),
      reinterpret_cast<const void*>(&flashkv::read_relativistic),
      reinterpret_cast<const void*>(&flashkv::read_rcu_hash),
      reinterpret_cast<const void*>(&flashkv::read_radix),
      reinterpret_cast<const void*>(&flashkv::read_radix_compressed),
      reinterpret_cast<const void*>(&flashkv::read_critnib),
      reinterpret_cast<const void*>(&flashkv::read_critnib_leak),
      reinterpret_cast<const void*>(&flashkv::read_cuckoo_leak),
      reinterpret_cast<const void*>(&flashkv::read_perfect_hash_leak),
      reinterpret_cast<const void*>(&flashkv::read_section_alone),
      reinterpret_cast<const void*>(&flashkv::read_cuckoo_deletion_lock),
  };
  std::printf("%zu read paths\n", sizeof kept / sizeof kept[0]);
}
