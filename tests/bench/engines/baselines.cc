#include "tests/bench/engines/baselines.h"

#include <array>

namespace flashkv::bench {

std::span<const Baseline> baselines() {
  static constexpr std::array kBaselines{
      Baseline{"shared_mutex", &make_shared_mutex_table},
      Baseline{"rculfhash", &make_rculfhash_table},
      Baseline{"libcuckoo", &make_libcuckoo_table},
      Baseline{"tbb", &make_tbb_table},
  };
  return kBaselines;
}

}  // namespace flashkv::bench
