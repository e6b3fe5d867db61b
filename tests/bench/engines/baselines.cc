#include "tests/bench/engines/baselines.h"

#include <array>

namespace flashkv::bench {

std::span<const Baseline> baselines() {
  static constexpr std::array kBaselines{
      Baseline{"shared_mutex", &make_shared_mutex_engine},
      Baseline{"rculfhash", &make_rculfhash_engine},
      Baseline{"libcuckoo", &make_libcuckoo_engine},
      Baseline{"tbb", &make_tbb_engine},
  };
  return kBaselines;
}

}  // namespace flashkv::bench
