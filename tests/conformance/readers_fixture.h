// Readers on several threads and the writer they read beside, with values that prove themselves.
#pragma once

#include <atomic>
#include <functional>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "tests/conformance/engine_test.h"

namespace flashkv::test {

// Purpose: permanent keys, which every batch writes anew; passing ones, which come and go in tides; absent
//          ones, which never are. run() keeps readers of all three busy beside a writer.
// Usage:   start(1'500);  run([this] { tide(100); });
// Threads: the test's is the writer.
class ReadersTest : public ConformanceTest {
 protected:
  static constexpr std::size_t kPermanent = 40;
  static constexpr std::size_t kAbsent = 24;
  static constexpr unsigned kReaders = 3;

  // Starts with the options the test has set.
  void start(std::size_t passing);
  // One batch that rewrites every permanent key.
  void write(const std::function<void()>& more = [] {});
  // Of the passing keys [first, last) those that there are; inside write().
  void come(std::size_t first, std::size_t last);
  void go(std::size_t first, std::size_t last);
  // Up to all keys and down to the permanent ones, `stride` keys a batch.
  void rise(std::size_t stride);
  void fall(std::size_t stride);
  // Returns once every reader has read, the writer has ended, and all is as it should be.
  void run(const std::function<void()>& writer);

  std::size_t passing() const { return passing_; }
  std::uint64_t index_bytes() { return engine().table().stats().index_bytes; }

 private:
  // What one reader knows.
  struct Eye {
    std::mt19937_64 random;
    std::unique_ptr<ReadHandle> reader;
    std::uint64_t newest = 0;
    std::vector<std::uint64_t> newest_of = {};
  };

  void read(unsigned seed);
  void read_one(Eye& eye);
  void read_all(Eye& eye);
  void read_held(Eye& eye);
  void check(std::string_view key, const Lookup& hit);

  std::size_t passing_ = 0;
  std::vector<std::string> keys_;  // permanent, passing, absent
  std::vector<Probe> probes_;
  std::atomic<std::uint64_t> written_{0};
  std::atomic<unsigned> reading_{0};
  std::atomic<bool> done_{false};
};

}  // namespace flashkv::test
