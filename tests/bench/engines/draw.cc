#include "tests/bench/engines/draw.h"

#include <cmath>

#include "tests/bench/key.h"

namespace flashkv::bench {
namespace {

// 53 random bits as a number from 0 up to 1.
double unit(std::uint64_t& state) { return static_cast<double>(next_random(state) >> 11) * 0x1p-53; }

class Zipf {
 public:
  explicit Zipf(std::uint64_t keys) : keys_(keys) {
    for (std::uint64_t i = 1; i <= keys; ++i) zeta_ += 1 / std::pow(static_cast<double>(i), kExponent);
    const double two = 1 + std::pow(0.5, kExponent);
    eta_ = (1 - std::pow(2 / static_cast<double>(keys), 1 - kExponent)) / (1 - two / zeta_);
  }
  // 0 is the most popular.
  std::uint64_t rank(std::uint64_t& state) const {
    const double u = unit(state);
    const double uz = u * zeta_;
    if (uz < 1) return 0;
    if (uz < 1 + std::pow(0.5, kExponent)) return 1;
    const double at = static_cast<double>(keys_) * std::pow(eta_ * u - eta_ + 1, 1 / (1 - kExponent));
    return std::min(static_cast<std::uint64_t>(at), keys_ - 1);
  }

 private:
  static constexpr double kExponent = 0.99;
  std::uint64_t keys_;
  double zeta_ = 0;
  double eta_ = 0;
};

std::uint64_t scattered(std::uint64_t rank, std::uint64_t keys) {
  std::uint64_t mixed = (rank + 1) * 0x9e37'79b9'7f4a'7c15;
  mixed ^= mixed >> 32;
  return mixed % keys;
}

}  // namespace

std::vector<Draw> make_draws(const std::string& distribution, std::uint64_t keys, unsigned threads,
                             std::size_t length) {
  const bool zipf = distribution == "zipf";
  const Zipf ranks(zipf ? keys : 2);
  std::vector<Draw> draws(threads, Draw(length));
  for (unsigned t = 0; t < threads; ++t) {
    std::uint64_t state = 2 * t + 1;
    for (int warm = 0; warm < 16; ++warm) next_random(state);
    for (std::uint32_t& n : draws[t]) {
      const std::uint64_t key = zipf ? scattered(ranks.rank(state), keys) : (next_random(state) >> 16) % keys;
      n = static_cast<std::uint32_t>(key);
    }
  }
  return draws;
}

}  // namespace flashkv::bench
