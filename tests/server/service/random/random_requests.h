// Random requests of the KV service: mostly valid, on few keys, so that they meet.
#pragma once

#include <cstdint>
#include <memory>
#include <random>
#include <string>

#include "flashkv/v1/kv.pb.h"

namespace flashkv::test {

// Purpose: draws requests, every option of them, and in one of some twenty an option that may be wrong.
// Usage:   RandomRequests draw(seed);  v1::PutRequest put = draw.put();
// Threads: one. The same seed draws the same requests on every machine.
class RandomRequests {
 public:
  explicit RandomRequests(std::uint64_t seed) : dice_(seed) {}

  v1::GetRequest get(std::uint64_t newest);
  v1::MultiGetRequest multi_get(std::uint64_t newest);
  v1::PutRequest put(std::uint64_t newest);
  v1::DeleteRequest erase();
  v1::ExpireRequest expire();
  v1::IncrementRequest increment();
  v1::AppendRequest append();
  v1::TxnRequest txn(std::uint64_t newest);
  v1::ScanRequest scan(std::uint64_t newest);

  // 0 to n - 1.
  std::uint64_t below(std::uint64_t n) { return dice_() % n; }
  bool one_in(std::uint64_t n) { return below(n) == 0; }

 private:
  std::string key();
  std::string bound();
  std::string value();
  std::int64_t ttl();
  std::int64_t number();
  v1::Ack ack();
  std::uint64_t revision(std::uint64_t newest);
  std::uint64_t at_least(std::uint64_t newest);
  // 0 to `last`, rarely another.
  int choice(int last);
  v1::Op op(std::uint64_t newest);
  v1::Compare compare(std::uint64_t newest);

  std::mt19937_64 dice_;
};

}  // namespace flashkv::test
