// The one function that concurrent_hash_map takes from libtbb, which Debian has as a shared library only:
// what it calls when it cannot go on. With it here, no libtbb is needed where the program runs.
#include <oneapi/tbb/detail/_exception.h>

#include <new>
#include <stdexcept>

namespace tbb::detail::r1 {

void throw_exception(exception_id what) {
  if (what == exception_id::bad_alloc) throw std::bad_alloc();
  throw std::runtime_error("oneTBB: concurrent_hash_map gave up");
}

}  // namespace tbb::detail::r1
