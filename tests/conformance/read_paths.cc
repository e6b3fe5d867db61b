// The reads of each engine that claims to read without a read-modify-write, of one key and of many, for
// read_path.py to look at.
#include <cstdint>
#include <cstdio>
#include <span>

#include "storage/engine/critnib/critnib.h"
#include "storage/engine/cuckoo/copying.h"
#include "storage/engine/flashmap/any_flashmap.h"
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

template <typename Reader>
std::uint64_t read_batch(Reader& reader, std::span<const Probe> probes,
                         std::span<const Record*> found) noexcept {
  auto guard = reader.enter();
  guard.find_batch(probes, found);
  return guard.revision();
}

using reclaim::Urcu;

}  // namespace

// Readers of one key and of many, and what the linker is to keep of them.
#define FLASHKV_READ_PATHS(name, ...)                                                                   \
  extern "C" [[gnu::noinline]] std::uint64_t read_##name(__VA_ARGS__::Reader& reader, const Probe& p) { \
    return read(reader, p);                                                                             \
  }                                                                                                     \
  extern "C" [[gnu::noinline]] std::uint64_t read_##name##_batch(                                       \
      __VA_ARGS__::Reader& reader, std::span<const Probe> probes, std::span<const Record*> found) {     \
    return read_batch(reader, probes, found);                                                           \
  }                                                                                                     \
  const void* volatile kept_##name[] = {reinterpret_cast<const void*>(&read_##name),                    \
                                        reinterpret_cast<const void*>(&read_##name##_batch)};
#define FLASHKV_PLAIN_READ_PATHS(name, ...)                        \
  static_assert(__VA_ARGS__::traits().read_rmw == ReadRmw::kNone); \
  FLASHKV_READ_PATHS(name, __VA_ARGS__)

FLASHKV_PLAIN_READ_PATHS(flashmap, AsymmetricFlashmap)
FLASHKV_PLAIN_READ_PATHS(relativistic, Relativistic<Urcu>)
FLASHKV_PLAIN_READ_PATHS(rcu_hash, RcuHash<Urcu>)
FLASHKV_PLAIN_READ_PATHS(radix, RadixEngine<Urcu>)
FLASHKV_PLAIN_READ_PATHS(radix_compressed, CompressedRadixEngine<Urcu>)
FLASHKV_PLAIN_READ_PATHS(critnib, CritnibEngine<Urcu>)
FLASHKV_PLAIN_READ_PATHS(critnib_leak, LeakingCritnibEngine<Urcu>)
FLASHKV_PLAIN_READ_PATHS(cuckoo_leak, CuckooLeak)
FLASHKV_PLAIN_READ_PATHS(perfect_hash_leak, PerfectHashLeak)

// liburcu keeps a fence for kernels without membarrier() beside its plain way: those that its section has
// alone, and no others, may be found in a read that uses one.
extern "C" [[gnu::noinline]] void read_section_alone(Urcu::Section& section) {
  section.lock();
  section.unlock();
}

const void* volatile kept_section = reinterpret_cast<const void*>(&read_section_alone);

// The check must find them where they are.
FLASHKV_READ_PATHS(cuckoo_deletion_lock, CuckooDeletionLock)
FLASHKV_READ_PATHS(perfect_hash_deletion_lock, PerfectHashDeletionLock)

}  // namespace flashkv

int main() { std::puts("read paths: for objdump"); }
