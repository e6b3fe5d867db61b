#include "tests/support/failing_new.h"

#include <sys/mman.h>

#include <cerrno>
#include <cstdlib>
#include <new>

namespace flashkv::test {
constinit thread_local long allocations_left = -1;
constinit thread_local bool fail_once = false;
constinit thread_local bool allocation_failed = false;
}  // namespace flashkv::test

namespace {

bool fails() noexcept {
  using namespace flashkv::test;
  if (allocations_left < 0) return false;
  if (allocations_left-- > 0) return false;
  if (!fail_once) allocations_left = 0;
  return allocation_failed = true;
}
}  // namespace

// For large arrays: the linker redirects every call of calloc() here (--wrap=calloc).
extern "C" void* __real_calloc(std::size_t count, std::size_t size);
extern "C" void* __wrap_calloc(std::size_t count, std::size_t size) {
  return fails() ? nullptr : __real_calloc(count, size);
}

// For large records (--wrap=mmap).
extern "C" void* __real_mmap(void* at, std::size_t size, int protection, int flags, int file, off_t offset);
extern "C" void* __wrap_mmap(void* at, std::size_t size, int protection, int flags, int file, off_t offset) {
  if (!fails()) return __real_mmap(at, size, protection, flags, file, offset);
  errno = ENOMEM;
  return MAP_FAILED;
}

void* operator new(std::size_t size, const std::nothrow_t&) noexcept {
  return fails() ? nullptr : std::malloc(size == 0 ? 1 : size);
}
void* operator new(std::size_t size) {
  void* block = operator new(size, std::nothrow);
  if (block == nullptr) throw std::bad_alloc();
  return block;
}
void* operator new(std::size_t size, std::align_val_t align, const std::nothrow_t&) noexcept {
  const auto a = static_cast<std::size_t>(align);
  return fails() ? nullptr : std::aligned_alloc(a, (size + a - 1) / a * a);
}
void* operator new(std::size_t size, std::align_val_t align) {
  void* block = operator new(size, align, std::nothrow);
  if (block == nullptr) throw std::bad_alloc();
  return block;
}
void operator delete(void* block) noexcept { std::free(block); }
void operator delete(void* block, std::size_t) noexcept { std::free(block); }
void operator delete(void* block, std::align_val_t) noexcept { std::free(block); }
void operator delete(void* block, std::size_t, std::align_val_t) noexcept { std::free(block); }
