// The keys of a benchmark.
#pragma once

#include <cstdint>
#include <memory>
#include <random>
#include <string>
#include <string_view>

#include "client/kvctl/settings.h"

namespace flashkv::kvctl {

// Purpose: ranks that follow Zipf's law; rank 0 is the most frequent.
// Usage:   Zipf zipf(1'000'000); std::uint64_t rank = zipf(uniform01);
// Threads: immutable, shared by all threads.
// Cost:    one std::pow per draw; the constructor sums n terms, about 20 ns each.
// Source:  Gray et al., Quickly Generating Billion-Record Synthetic Databases, SIGMOD 1994.
class Zipf {
 public:
  // The usual skew of key-value benchmarks (YCSB).
  static constexpr double kExponent = 0.99;

  explicit Zipf(std::uint64_t n, double exponent = kExponent);
  std::uint64_t operator()(double uniform01) const;

 private:
  std::uint64_t n_;
  double zeta_, second_, alpha_, eta_;
};

// Purpose: draws key numbers from a distribution and writes them as keys.
// Usage:   KeyStream keys(settings, zipf, seed); keys.write_next(request.mutable_key());
// Threads: one per object. The same seed gives the same keys.
// Limits:  a key is kPrefix and the number, padded with zeros to key_size; it is longer if these need more.
//          Zipf's ranks are scattered over the numbers, so that hot keys are not neighbors.
class KeyStream {
 public:
  // Keeps the benchmark away from users' keys.
  static constexpr std::string_view kPrefix = "kvbench:";

  // `zipf` null: uniform.
  KeyStream(const BenchSettings& settings, std::shared_ptr<const Zipf> zipf, std::uint64_t seed);

  std::uint64_t next();
  void write_next(std::string* to) { write(next(), to); }
  void write(std::uint64_t number, std::string* to) const;
  // Uniform in [0, 100).
  unsigned percent() { return static_cast<unsigned>(random_() % 100); }

 private:
  std::uint64_t keys_;
  std::size_t width_;
  std::shared_ptr<const Zipf> zipf_;
  std::mt19937_64 random_;
};

}  // namespace flashkv::kvctl
