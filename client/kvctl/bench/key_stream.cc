#include "client/kvctl/bench/key_stream.h"

#include <cmath>
#include <utility>

namespace flashkv::kvctl {

Zipf::Zipf(std::uint64_t n, double exponent) : n_(n), zeta_(0) {
  for (std::uint64_t i = 1; i <= n; ++i) zeta_ += 1.0 / std::pow(static_cast<double>(i), exponent);
  second_ = 1.0 + std::pow(0.5, exponent);
  alpha_ = 1.0 / (1.0 - exponent);
  eta_ =
      n < 3 ? 1.0 : (1.0 - std::pow(2.0 / static_cast<double>(n), 1.0 - exponent)) / (1.0 - second_ / zeta_);
}

std::uint64_t Zipf::operator()(double uniform01) const {
  const double at = uniform01 * zeta_;
  if (at < 1.0 || n_ == 1) return 0;
  if (at < second_ || n_ == 2) return 1;
  const auto rank =
      static_cast<std::uint64_t>(static_cast<double>(n_) * std::pow(eta_ * uniform01 - eta_ + 1.0, alpha_));
  return rank < n_ ? rank : n_ - 1;
}

KeyStream::KeyStream(const BenchSettings& settings, std::shared_ptr<const Zipf> zipf, std::uint64_t seed)
    : keys_(settings.keys), width_(settings.key_size), zipf_(std::move(zipf)), random_(seed) {}

std::uint64_t KeyStream::next() {
  if (!zipf_) return random_() % keys_;
  // A prime larger than keys_ may be: multiplying by it permutes the numbers below keys_.
  constexpr std::uint64_t kPrime = 4'294'967'291;
  const double uniform01 = static_cast<double>(random_() >> 11) * 0x1.0p-53;
  return (*zipf_)(uniform01)*kPrime % keys_;
}

void KeyStream::write(std::uint64_t number, std::string* to) const {
  const std::string digits = std::to_string(number);
  to->assign(kPrefix);
  if (kPrefix.size() + digits.size() < width_) to->append(width_ - kPrefix.size() - digits.size(), '0');
  to->append(digits);
}

}  // namespace flashkv::kvctl
