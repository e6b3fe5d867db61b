// Lookups: each guard against the same table without any, and against the best set we did not write.
#include <atomic>
#include <barrier>
#include <boost/unordered/unordered_flat_set.hpp>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <thread>

#include "tests/bench/flashmap_bench.h"
#include "tests/bench/interleaved.h"

namespace flashkv::bench {
namespace {

constexpr std::uint64_t kHot = 1'000;
constexpr std::uint64_t kLarge = 1'000'000;
constexpr std::size_t kMultiGet = 64;

struct RecordHash {
  using is_transparent = void;
  using is_avalanching = void;
  std::size_t operator()(std::string_view key) const noexcept { return kHash(key); }
  std::size_t operator()(const Record* record) const noexcept { return kHash(record->key()); }
};
struct RecordEqual {
  using is_transparent = void;
  bool operator()(const Record* a, const Record* b) const noexcept { return a == b; }
  bool operator()(const Record* a, std::string_view key) const noexcept { return same_key(*a, key); }
  bool operator()(std::string_view key, const Record* a) const noexcept { return same_key(*a, key); }
};
using BoostSet = boost::unordered_flat_set<const Record*, RecordHash, RecordEqual>;

// One table, looked into in four ways.
class Contest {
 public:
  explicit Contest(std::uint64_t keys) {
    fill(map_, keys);
    for (std::uint64_t n = 0; n < keys; ++n) set_.insert(map_.find(probe_of(Key(n))));
    half_ = &map_.table().half(1 - map_.table().staged());
    set_pointer_ = &set_;
  }

  std::uint64_t unsynchronised(std::span<const Key> keys) {
    std::uint64_t sum = 0;
    for (const Key& key : keys) sum += half_.load(std::memory_order_relaxed)->find(probe_of(key))->version();
    return sum;
  }
  std::uint64_t boost_set(std::span<const Key> keys) {
    std::uint64_t sum = 0;
    for (const Key& key : keys)
      sum += (*set_pointer_.load(std::memory_order_relaxed)->find(key.view()))->version();
    return sum;
  }
  std::uint64_t asymmetric(std::span<const Key> keys) {
    Map::Reader reader = map_.make_reader();
    std::uint64_t sum = 0;
    for (const Key& key : keys) sum += reader.enter().find(probe_of(key))->version();
    return sum;
  }
  std::uint64_t refcount(std::span<const Key> keys) {
    RefcountPolicy::Reader reader = refcounts_.make_reader();
    std::uint64_t sum = 0;
    for (const Key& key : keys) {
      const flashmap::Half* half = reader.enter();
      sum += half->find(probe_of(key))->version();
      reader.leave(half);
    }
    return sum;
  }
  std::uint64_t together(std::span<const Key> keys) {
    Map::Reader reader = map_.make_reader();
    std::array<Probe, kMultiGet> probes;
    std::array<const Record*, kMultiGet> found;
    std::uint64_t sum = 0;
    for (std::size_t first = 0; first + kMultiGet <= keys.size(); first += kMultiGet) {
      for (std::size_t i = 0; i < kMultiGet; ++i) probes[i] = probe_of(keys[first + i]);
      const Map::Guard guard = reader.enter();
      guard.find_batch(probes, found);
      for (const Record* record : found) sum += record->version();
    }
    return sum;
  }

 private:
  using RefcountPolicy = flashmap::RefcountGuards<const flashmap::Half>;
  Map map_{kHash};
  RefcountPolicy refcounts_{&map_.table().half(1 - map_.table().staged()),
                            &map_.table().half(map_.table().staged())};
  BoostSet set_;
  std::atomic<const flashmap::Half*> half_;
  std::atomic<const BoostSet*> set_pointer_;
};

using Way = std::uint64_t (Contest::*)(std::span<const Key>);

// ns of CPU time a lookup, on that many threads at once, each with its own draw of keys.
class Threads {
 public:
  Threads(Contest& contest, std::vector<std::vector<Key>> draws, std::uint64_t repeat)
      : contest_(contest), draws_(std::move(draws)), repeat_(repeat) {}

  double run(Way way) const {
    std::vector<double> ns(draws_.size());
    std::barrier start(static_cast<std::ptrdiff_t>(draws_.size()));
    const auto work = [&](std::size_t t) {
      std::uint64_t sum = (contest_.*way)(std::span(draws_[t]).first(1));
      start.arrive_and_wait();
      const double begin = thread_cpu_seconds();
      for (std::uint64_t i = 0; i < repeat_; ++i) sum += (contest_.*way)(draws_[t]);
      ns[t] = (thread_cpu_seconds() - begin) * 1e9 / static_cast<double>(repeat_ * draws_[t].size());
      if (sum == 0) std::abort();
    };
    std::vector<std::thread> others;
    for (std::size_t t = 1; t < draws_.size(); ++t) others.emplace_back(work, t);
    work(0);
    for (std::thread& other : others) other.join();
    double sum = 0;
    for (const double n : ns) sum += n;
    return sum / static_cast<double>(ns.size());
  }

 private:
  Contest& contest_;
  std::vector<std::vector<Key>> draws_;
  std::uint64_t repeat_;
};

Threads draw(Contest& contest, std::uint64_t keys, unsigned threads) {
  const std::uint64_t count = keys <= kHot ? 4'096 : 65'536;
  std::vector<std::vector<Key>> draws;
  for (unsigned t = 0; t < threads; ++t) draws.push_back(random_keys(keys, count, t + 1));
  return {contest, std::move(draws), (keys <= kHot ? 131'072 : 65'536) / count};
}

}  // namespace

void lookup(const Options& options) {
  std::vector<std::uint64_t> sizes{kHot, kLarge};
  if (options.keys != 0) sizes = {options.keys};
  for (const std::uint64_t keys : sizes) {
    const auto contest = std::make_unique<Contest>(keys);
    for (const unsigned threads : {1U, 2U}) {
      const Threads all = draw(*contest, keys, threads);
      Interleaved race;
      race.add("no guard", [&] { return all.run(&Contest::unsynchronised); });
      race.add("asymmetric guard", [&] { return all.run(&Contest::asymmetric); });
      race.add("refcount guard", [&] { return all.run(&Contest::refcount); });
      race.add("boost::unordered_flat_set", [&] { return all.run(&Contest::boost_set); });
      race.run(options.rounds);
      std::printf("lookup, %llu keys, %u thread(s), against no guard\n",
                  static_cast<unsigned long long>(keys), threads);
      race.print("ns");
    }
  }
}

void batch_lookup(const Options& options) {
  const std::uint64_t keys = options.keys != 0 ? options.keys : kLarge;
  const auto contest = std::make_unique<Contest>(keys);
  const Threads one = draw(*contest, keys, 1);
  Interleaved race;
  race.add("64 together", [&] { return one.run(&Contest::together); });
  race.add("one by one", [&] { return one.run(&Contest::asymmetric); });
  race.run(options.rounds);
  std::printf("batched lookup, %llu keys, against 64 together\n", static_cast<unsigned long long>(keys));
  race.print("ns");
}

}  // namespace flashkv::bench
