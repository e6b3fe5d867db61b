// A fixed-size histogram for latencies and sizes, and a variant that one thread writes while others read.
#pragma once

#include <array>
#include <atomic>
#include <bit>
#include <cstddef>
#include <cstdint>

namespace flashkv {

// Purpose: counts of non-negative values in log-linear buckets: 16 equal steps within each power of two.
// Usage:   Histogram h; h.record(elapsed_ns); report(h.percentile(0.99), h.max(), h.count());
// Threads: one at a time; see LiveHistogram for counting while others read.
// Cost:    record() is a few shifts; 4.7 KB, never an allocation.
// Limits:  a percentile is exact below 16 and at most 1/16 too high above that; values of 2^40 (18 minutes
//          in ns) or more share the last bucket; max() and sum() stay exact.
class Histogram {
 public:
  static constexpr unsigned kSubBits = 4;
  static constexpr std::uint64_t kSub = std::uint64_t{1} << kSubBits;  // steps within a power of two
  static constexpr unsigned kMaxBits = 40;
  static constexpr std::size_t kBuckets = (kMaxBits - kSubBits + 1) * kSub;

  static constexpr std::size_t bucket_of(std::uint64_t value) noexcept {
    if (value < kSub) return static_cast<std::size_t>(value);
    const unsigned bits = static_cast<unsigned>(std::bit_width(value));
    if (bits > kMaxBits) return kBuckets - 1;
    const unsigned shift = bits - 1 - kSubBits;
    return static_cast<std::size_t>((shift + 1) * kSub + ((value >> shift) - kSub));
  }
  // The largest value that falls into `bucket`.
  static constexpr std::uint64_t upper_bound(std::size_t bucket) noexcept {
    if (bucket < kSub) return bucket;
    const std::size_t shift = bucket / kSub - 1;
    return ((kSub + bucket % kSub + 1) << shift) - 1;
  }

  void record(std::uint64_t value) noexcept {
    ++counts_[bucket_of(value)];
    ++count_;
    sum_ += value;
    if (value > max_) max_ = value;
  }
  std::uint64_t count() const noexcept { return count_; }
  std::uint64_t sum() const noexcept { return sum_; }
  std::uint64_t max() const noexcept { return max_; }
  std::uint64_t bucket_count(std::size_t bucket) const noexcept { return counts_[bucket]; }
  // The smallest value (rounded up to its bucket) that at least `quantile` (0..1) of the samples do not
  // exceed; 0 without samples.
  std::uint64_t percentile(double quantile) const noexcept {
    if (count_ == 0) return 0;
    const double share = quantile <= 0 ? 0 : quantile >= 1 ? 1 : quantile;
    const double exact = share * static_cast<double>(count_);
    auto rank = static_cast<std::uint64_t>(exact);
    if (static_cast<double>(rank) < exact || rank == 0) ++rank;
    std::uint64_t seen = 0;
    for (std::size_t i = 0; i < kBuckets; ++i) {
      seen += counts_[i];
      if (seen >= rank) return i + 1 == kBuckets || upper_bound(i) > max_ ? max_ : upper_bound(i);
    }
    return max_;
  }

 private:
  friend class LiveHistogram;
  std::array<std::uint64_t, kBuckets> counts_{};
  std::uint64_t count_ = 0;
  std::uint64_t sum_ = 0;
  std::uint64_t max_ = 0;
};

// Purpose: the same counts, recorded by one thread and copied by any.
// Threads: record() from one thread, no read-modify-write; view() from any.
// Limits:  a view taken while the owner records may miss the latest samples; its count() always equals the
//          sum of its buckets.
class LiveHistogram {
 public:
  void record(std::uint64_t value) noexcept {
    bump(counts_[Histogram::bucket_of(value)], 1);
    bump(sum_, value);
    if (value > max_.load(std::memory_order_relaxed)) max_.store(value, std::memory_order_relaxed);
  }
  Histogram view() const noexcept {
    Histogram h;
    for (std::size_t i = 0; i < Histogram::kBuckets; ++i) {
      h.counts_[i] = counts_[i].load(std::memory_order_relaxed);
      h.count_ += h.counts_[i];
    }
    h.sum_ = sum_.load(std::memory_order_relaxed);
    h.max_ = max_.load(std::memory_order_relaxed);
    return h;
  }

 private:
  static void bump(std::atomic<std::uint64_t>& a, std::uint64_t by) noexcept {
    a.store(a.load(std::memory_order_relaxed) + by, std::memory_order_relaxed);
  }
  std::array<std::atomic<std::uint64_t>, Histogram::kBuckets> counts_{};
  std::atomic<std::uint64_t> sum_{0};
  std::atomic<std::uint64_t> max_{0};
};

}  // namespace flashkv
