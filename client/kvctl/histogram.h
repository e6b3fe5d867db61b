// A latency histogram with log-linear buckets.
#pragma once

#include <algorithm>
#include <bit>
#include <cstdint>
#include <vector>

namespace flashkv::kvctl {

// Purpose: percentiles of many samples in 30 KiB: 64 equal buckets within each power of two.
// Usage:   LatencyHistogram h; h.record(ns); h.merge(other); h.percentile(0.999);
// Threads: one per histogram; merge them once the threads have ended.
// Limits:  a percentile is at most 1/64 too high, and exact below 64; max() is exact.
class LatencyHistogram {
 public:
  LatencyHistogram() : counts_(64 * (64 - 6 + 1)) {}

  void record(std::uint64_t value) {
    ++counts_[bucket_of(value)];
    ++count_;
    max_ = std::max(max_, value);
  }
  void merge(const LatencyHistogram& other) {
    for (std::size_t i = 0; i < counts_.size(); ++i) counts_[i] += other.counts_[i];
    count_ += other.count_;
    max_ = std::max(max_, other.max_);
  }
  std::uint64_t count() const { return count_; }
  std::uint64_t max() const { return max_; }
  std::uint64_t percentile(double quantile) const {
    const auto wanted = static_cast<std::uint64_t>(quantile * static_cast<double>(count_) + 0.999999);
    std::uint64_t seen = 0;
    for (std::size_t i = 0; i < counts_.size(); ++i) {
      seen += counts_[i];
      if (seen > 0 && seen >= wanted) return std::min(upper_bound(i), max_);
    }
    return max_;
  }

 private:
  static std::size_t bucket_of(std::uint64_t value) {
    if (value < 64) return static_cast<std::size_t>(value);
    const auto shift = static_cast<std::uint64_t>(std::bit_width(value)) - 7;
    return static_cast<std::size_t>((shift + 1) * 64 + ((value >> shift) - 64));
  }
  static std::uint64_t upper_bound(std::size_t bucket) {
    if (bucket < 64) return bucket;
    const std::uint64_t shift = bucket / 64 - 1;
    return ((64 + bucket % 64 + 1) << shift) - 1;
  }

  std::vector<std::uint64_t> counts_;
  std::uint64_t count_ = 0, max_ = 0;
};

}  // namespace flashkv::kvctl
