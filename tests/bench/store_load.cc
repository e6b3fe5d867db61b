#include "tests/bench/store_load.h"

#include <sched.h>
#include <time.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string_view>

namespace flashkv::bench {
namespace {

constexpr std::size_t kTrickleOps = 64;
constexpr std::string_view kValue = "sixteen bytes...";

std::uint64_t scattered(std::uint64_t i) noexcept { return (i * 0x9E37'79B9'7F4A'7C15U) >> 20; }

// What the store's own thread does between turns, without the wake-up: nobody submits meanwhile.
void sleep_until(Nanos time) {
  const Nanos left = time == kNever ? 0 : time - system_clock().now();
  if (left > 0) std::this_thread::sleep_for(std::chrono::nanoseconds(left));
}

}  // namespace

double thread_cpu_seconds() noexcept {
  timespec t{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
  return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_nsec) * 1e-9;
}

void pin_to(int processor) {
  cpu_set_t set;
  CPU_ZERO(&set);
  CPU_SET(processor, &set);
  if (std::thread::hardware_concurrency() > 1) sched_setaffinity(0, sizeof set, &set);
}

void give_up(const char* why) {
  std::fprintf(stderr, "store_bench: %s\n", why);
  std::exit(3);
}

Key key_of(std::uint64_t i) noexcept {
  Key key{'k', 'e', 'y', '-'};
  for (std::size_t at = key.size(); at-- > 4; i /= 10) key[at] = static_cast<char>('0' + i % 10);
  return key;
}

void CountingSink::complete(Request* first) noexcept {
  std::uint64_t n = 0;
  for (const Request* r = first; r != nullptr; r = r->next) {
    if (!r->status.ok()) errors_.fetch_add(1, std::memory_order_relaxed);
    ++n;
  }
  answers_.fetch_add(n, std::memory_order_release);
}

BatchWriter::BatchWriter(Store& store, std::size_t requests, std::size_t ops)
    : store_(store), ops_per_request_(ops), keys_(requests * ops), ops_(requests * ops), requests_(requests) {
  pin_to(0);
}

void BatchWriter::fill(std::size_t i, std::uint64_t key) {
  keys_[i] = key_of(key);
  Op& op = ops_[i];
  op.kind = OpKind::kPut;
  op.key = std::string_view(keys_[i].data(), keys_[i].size());
  op.record = Record::make(op.key, kValue, Record::Expiry::kNone);
  if (!op.record) give_up("out of memory");
}

void BatchWriter::submit(std::size_t ops) {
  for (std::size_t r = 0, first = 0; first < ops; ++r, first += ops_per_request_) {
    Request& request = requests_[r];
    request = Request{};
    request.ops = std::span<Op>(ops_).subspan(first, std::min(ops_per_request_, ops - first));
    request.sink = &sink_;
    if (!store_.submit(request).ok()) give_up("the queue refused a request");
    ++submitted_;
  }
}

void BatchWriter::turn(std::size_t ops) {
  submit(ops);
  const auto began = std::chrono::steady_clock::now();
  const double cpu_began = thread_cpu_seconds();
  for (;;) {
    const Nanos next = store_.step();
    if (sink_.answers() >= submitted_) break;
    sleep_until(next);
  }
  turns_cpu_seconds_ += thread_cpu_seconds() - cpu_began;
  turns_seconds_ += std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count();
  if (sink_.errors() != 0) give_up("a Put failed");
  written_ += ops;
}

void BatchWriter::put(std::uint64_t first, std::uint64_t keys) {
  const std::size_t n = static_cast<std::size_t>(std::min<std::uint64_t>(ops_.size(), keys - first));
  for (std::size_t i = 0; i < n; ++i) fill(i, first + i);
  turn(n);
}

void BatchWriter::prepare_scattered(std::uint64_t keys) {
  for (std::size_t i = 0; i < ops_.size(); ++i) fill(i, scattered(scatter_++) % keys);
}

void BatchWriter::put_scattered(std::uint64_t keys) {
  prepare_scattered(keys);
  turn_prepared();
}

BusyReader::BusyReader(Store& store, std::uint64_t keys) {
  thread_ = std::thread([this, &store, keys] { run(store, keys); });
}

void BusyReader::run(Store& store, std::uint64_t keys) {
  pin_to(1);
  const auto reader = store.make_reader();
  std::string value;
  Lookup hit;
  hit.value = &value;
  std::uint64_t reads = 0;
  std::uint64_t missing = 0;
  while (!stopping_.load(std::memory_order_relaxed)) {
    const Key key = key_of(scattered(reads++ * 7) % keys);
    reader->get(std::string_view(key.data(), key.size()), hit);
    if (!hit.found || value != kValue) ++missing;
  }
  reads_ = reads;
  missing_ = missing;
}

std::uint64_t BusyReader::stop() {
  stopping_.store(true, std::memory_order_relaxed);
  if (thread_.joinable()) thread_.join();
  if (missing_ != 0) give_up("a reader missed a key that was never deleted");
  return reads_;
}

Interruptions interruptions(double seconds) {
  Interruptions found;
  std::thread([&] {
    pin_to(1);
    using Us = std::chrono::duration<double, std::micro>;
    const auto began = std::chrono::steady_clock::now();
    const auto end = began + std::chrono::duration<double>(seconds);
    for (auto last = began; last < end;) {
      const auto now = std::chrono::steady_clock::now();
      const double gap = Us(now - last).count();
      last = now;
      found.over_10us += std::max(0.0, gap - 10);
      found.over_200us += std::max(0.0, gap - 200);
      found.longest_us = std::max(found.longest_us, gap);
    }
  }).join();
  found.over_10us /= seconds * 1e6;
  found.over_200us /= seconds * 1e6;
  return found;
}

std::uint64_t trickle(Store& store, std::uint64_t keys, double seconds) {
  BatchWriter writer(store, 1, kTrickleOps);
  const auto end = std::chrono::steady_clock::now() + std::chrono::duration<double>(seconds);
  while (std::chrono::steady_clock::now() < end) writer.put_scattered(keys);
  return writer.written();
}

}  // namespace flashkv::bench
